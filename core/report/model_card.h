// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/report/html_report.h"

namespace plumbline::report {

/// The audit in the fields of the Model Card Toolkit (schema 0.0.2): model_details, model_parameters, considerations
/// and quantitative_analysis, whose performance_metrics are the skew of every group and the summary measures of every
/// prompt (and, under a slice that names it, of every debiased run) with their intervals. Its numbers are texts there.
nlohmann::json modelCardJson(const ReportInput& input);

} // namespace plumbline::report
