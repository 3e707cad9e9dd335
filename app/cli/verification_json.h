// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/audit/verify_run.h"

namespace plumbline::cli {

/// What was found in a sentence or two: the same, the same up to rounding, or what is not.
std::string verdictText(const audit::Verification& found);
nlohmann::json verificationJson(const audit::Verification& found);

} // namespace plumbline::cli
