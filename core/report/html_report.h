// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/debias.h"

namespace plumbline::report {

/// The same audit after debiasing, or of another model.
struct MitigatedRun {
    const AuditResult* result = nullptr;
    std::string name;              ///< "LEACE, gender"; no two of a report are the same
    std::int64_t run = 0;          ///< in the project, 0 without one
    std::vector<DebiasCard> cards; ///< of the methods; empty where they are not known, and for another model
};

/// What goes into a report. What is not known is left out, and said so where a reader would look for it.
struct ReportInput {
    const AuditResult* result = nullptr; ///< what was audited
    std::int64_t run = 0;                ///< in the project, 0 without one
    std::vector<MitigatedRun> mitigated = {};
};

/// A page that opens offline and needs no script: summary, plumb chart and tables by attribute, what debiasing changed,
/// method, and the hashes and settings that repeat it. Well-formed XML, too. Texts from labels and prompts can never
/// become markup (sections/html.h). Error: Internal (a built-in template is broken).
Result<std::string> htmlReport(const ReportInput& input);

} // namespace plumbline::report
