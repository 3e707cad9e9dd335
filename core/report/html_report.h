// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/data/audit.h"

namespace plumbline::report {

/// One run as a page that opens offline and needs no script: summary, plumb chart and tables by attribute, method, and
/// the hashes and settings that repeat it. Texts from labels and prompts can never become markup: the template engine
/// escapes every value by its place. Error: Internal (the built-in template is broken).
Result<std::string> htmlReport(const AuditResult& result);

} // namespace plumbline::report
