// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/comparison.h"
#include "core/data/note.h"
#include "core/report/html_report.h"
#include "core/store/project.h"

namespace plumbline::cli {

/// What a report of a stored run is made of.
struct RunReport {
    struct After {
        AuditResult result;
        std::string name;
        std::int64_t run = 0;
        std::vector<DebiasCard> cards;
    };
    AuditResult result;
    std::int64_t run = 0;
    std::vector<After> after;
    std::string auditor, imagesName;
    std::optional<ModelCard> model;
    std::optional<ImageSet> images;
    std::vector<LabelSource> labelSources;
    std::optional<ImageCheck> imageCheck;
    bool builtInProbe = false;
    report::Evidence evidence;
    std::vector<Note> notes;
    std::vector<report::EvidenceImage> notedImages;
    std::optional<RunComparison> comparison;

    report::ReportInput input() const;
};

/// Whether the name of this probe set is enough to find it.
bool isBuiltIn(const ProbeSet& probe);

/// The number of the newest finished run where `run` is 0. Errors: RecordUnknown; InvalidArgument (it is not finished,
/// none is).
Result<std::int64_t> finishedRun(store::Project& project, std::int64_t run);
/// A finished run with the debiased runs that were compared with it; of a debiased run, the one that it was compared
/// with and itself. `others`: runs that it is compared with, too (none: no comparison). Nothing is written to the
/// project. Errors: those of the store and of audit::compareRuns; InvalidArgument (the runs cannot be compared);
/// Cancelled.
Outcome<RunReport> readRunReport(store::Project& project, std::int64_t run, const std::vector<std::int64_t>& others,
                                 report::EvidenceKind evidence, Feedback& feedback);
/// As its name ends: .html, .csv (the run's numbers) or .json. Errors: InvalidArgument (another end), FileUnwritable,
/// DiskFull, Internal.
Result<void> writeRunReport(const RunReport& report, const std::string& file);
/// The same check without writing.
Result<void> checkReportFile(const std::string& file);

} // namespace plumbline::cli
