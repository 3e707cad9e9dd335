// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/comparison.h"
#include "core/data/debias.h"
#include "core/data/image_check.h"
#include "core/data/image_set.h"
#include "core/data/label_source.h"
#include "core/data/model_info.h"
#include "core/data/note.h"
#include "core/report/audit_command.h"

namespace plumbline::report {

/// The same audit after debiasing, or of another model.
struct MitigatedRun {
    const AuditResult* result = nullptr;
    std::string name;              ///< "LEACE, gender"; no two of a report are the same
    std::int64_t run = 0;          ///< in the project, 0 without one
    std::vector<DebiasCard> cards; ///< of the methods; empty where they are not known, and for another model
};

/// What a report shows of the images that led to a finding.
enum class EvidenceKind {
    None,
    Ids,       ///< file names
    Blurred,   ///< pictures of a few pixels, without their names
    Thumbnails ///< small pictures with their names
};
/// "none", "ids", "blurred", "thumbnails".
std::string_view evidenceName(EvidenceKind kind);
std::optional<EvidenceKind> evidenceFromName(std::string_view name);

struct EvidenceImage {
    std::int64_t row = 0; ///< of the image set
    std::string file;     ///< encodeName form
    double score = 0;
    std::vector<std::uint8_t> jpeg; ///< empty: none is shown, or it cannot be read any more
};
/// The first images of the ranking for a prompt.
struct EvidenceRow {
    std::string prompt;
    std::vector<EvidenceImage> images;
};
struct Evidence {
    EvidenceKind kind = EvidenceKind::None;
    std::vector<EvidenceRow> rows;
};
/// The prompts whose images belong into a report: indices of AuditResult::prompts, those that lean most surely first.
std::vector<std::size_t> promptsOfEvidence(const AuditResult& result);
constexpr std::size_t kEvidencePrompts = 6, kEvidenceImages = 12;

/// What goes into a report. What is not known is left out, and said so where a reader would look for it.
struct ReportInput {
    const AuditResult* result = nullptr; ///< what was audited
    std::int64_t run = 0;                ///< in the project, 0 without one
    std::vector<MitigatedRun> mitigated = {};
    std::string auditor = {};
    const ModelCard* model = nullptr;
    const ImageSet* images = nullptr; ///< with its labels, those that were not audited, too
    std::vector<LabelSource> labelSources = {}; ///< one an attribute of `images`; or none
    const ImageCheck* imageCheck = nullptr;     ///< of the pictures of `images`
    std::string imagesName = {};
    bool builtInProbe = false; ///< the probe's name is enough to find it
    Evidence evidence = {};
    std::vector<Note> notes = {};                ///< of the run, its findings and its images
    std::vector<EvidenceImage> notedImages = {}; ///< those that notes are about, as far as `evidence.kind` shows them
    const RunComparison* comparison = nullptr;   ///< of this run, the first, with others
};

/// A page that opens offline and needs no script, with what an auditor hands over: summary, scope, cards of model and
/// data, method, results with plumb chart and tables, what debiasing changed, evidence, limitations, tables in the form
/// of public rules, and the command and hashes that repeat it. Well-formed XML, too. Texts from labels, prompts and
/// file names can never become markup (sections/html.h). Its number is the SHA-256 of the bytes between <main> and
/// </main>. Error: Internal (a built-in template is broken).
Result<std::string> htmlReport(const ReportInput& input);

} // namespace plumbline::report
