// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// One prompt of an audit: a concept in a template, measured against one attribute.
struct TemplateMeasurement {
    std::string concept_, template_;
    const Measurement* measurement = nullptr;
};

/// Whether a lean is the concept's or the wording's (METHODS A25, a reconstruction). Keys {"concept", "group"}.
/// Of each group: skew_mean and skew_sd over templates (ddof 1; a template without the group in the top k has no skew)
/// and sign_agreement, the share of templates whose skew has the more frequent sign, where an absent group counts as
/// negative; p of the two-sided sign test. Of the concept: order_agreement, the mean Kendall tau-b between the orders
/// of the groups under two templates, with the null of groups that change places within each template. Intervals are
/// over templates, taken for a sample of the wordings that could be; enough: five templates or more. A lean is robust
/// if its sign holds in kRobustShare of the templates; the warnings name the leans that are not. Errors:
/// InvalidArgument (measurements of several attributes); Cancelled.
Outcome<MeasureTable> templateSensitivity(std::span<const TemplateMeasurement> measurements, const Resampling& options,
                                          Feedback& feedback);
inline constexpr double kRobustShare = 0.8;
inline constexpr std::int64_t kEnoughTemplates = 5;

} // namespace plumbline::metric
