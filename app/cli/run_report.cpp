// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/run_report.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/cli/audit_output.h"
#include "app/cli/console.h"
#include "app/cli/table.h"
#include "core/audit/compare_runs.h"
#include "core/audit/project_mitigation.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/image/decode.h"
#include "core/image/preprocess.h"
#include "core/metric/ranking.h"
#include "core/probe/probe_set.h"
#include "core/report/model_card.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kPictureSide = 160, kBlurredSide = 6;

/// As JPEG bytes; empty where the file cannot be read any more.
std::vector<std::uint8_t> picture(store::Project& project, std::int64_t setId, const ImageSet& set, std::int64_t row,
                                  bool blurred) {
    Result<image::Decoded> decoded = fail(ErrorCode::FileNotFound, {});
    if (const auto stored = project.thumbnail(setId, row); stored && *stored) {
        if (!blurred)
            return **stored;
        decoded = image::decode(std::as_bytes(std::span(**stored)), "thumbnail");
    } else {
        decoded = image::decodeFile(set.root / set.files[static_cast<std::size_t>(row)]);
    }
    if (!decoded)
        return {};
    auto jpeg = image::thumbnail(*decoded, blurred ? kBlurredSide : kPictureSide);
    return jpeg ? std::move(*jpeg) : std::vector<std::uint8_t>();
}

Outcome<report::Evidence> readEvidence(store::Project& project, const AuditResult& result, std::int64_t run,
                                       const ImageSet& set, report::EvidenceKind kind, Feedback& feedback) {
    report::Evidence evidence{kind, {}};
    if (kind == report::EvidenceKind::None)
        return evidence;
    const std::vector<std::size_t> prompts = report::promptsOfEvidence(result);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        feedback.progress("evidence", static_cast<std::int64_t>(i), static_cast<std::int64_t>(prompts.size()));
        PLUMBLINE_TRY(const std::vector<float> scores, project.runScores(run, static_cast<std::int64_t>(prompts[i])));
        report::EvidenceRow& row = evidence.rows.emplace_back();
        row.prompt = result.prompts[prompts[i]];
        for (const std::uint32_t at : metric::topRows(std::span(scores), report::kEvidenceImages)) {
            if (at >= set.size())
                continue;
            report::EvidenceImage& image = row.images.emplace_back();
            image.row = at;
            image.file = encodeName(set.files[at]);
            image.score = static_cast<double>(scores[at]);
            if (kind != report::EvidenceKind::Ids)
                image.jpeg = picture(project, result.config.imageSetId, set, at, kind == report::EvidenceKind::Blurred);
        }
    }
    return evidence;
}

/// What notes are about, once each.
std::vector<report::EvidenceImage> notedImages(store::Project& project, const RunReport& report,
                                               report::EvidenceKind kind) {
    std::vector<report::EvidenceImage> images;
    for (const Note& note : report.notes) {
        if (!note.about.image || static_cast<std::size_t>(*note.about.image) >= report.images->size() ||
            std::ranges::find(images, *note.about.image, &report::EvidenceImage::row) != images.end())
            continue;
        report::EvidenceImage& image = images.emplace_back();
        image.row = *note.about.image;
        image.file = encodeName(report.images->files[static_cast<std::size_t>(image.row)]);
        if (kind != report::EvidenceKind::Ids)
            image.jpeg = picture(project, report.result.config.imageSetId, *report.images, image.row,
                                 kind == report::EvidenceKind::Blurred);
    }
    return images;
}

/// "3, 4"
std::string numbersText(const std::vector<std::int64_t>& numbers) {
    std::string text;
    for (const std::int64_t number : numbers)
        text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text;
}

nlohmann::json notesJson(const RunReport& report) {
    nlohmann::json all = nlohmann::json::array();
    for (const Note& note : report.notes) {
        nlohmann::json one = {
            {"run", note.run}, {"flagged", note.flagged}, {"text", note.text}, {"changed", note.changed}};
        if (!note.about.prompt.empty()) {
            one["prompt"] = note.about.prompt;
            one["attribute"] = note.about.attribute;
        }
        if (note.about.image) {
            one["image"] = *note.about.image;
            const auto shown = std::ranges::find(report.notedImages, *note.about.image, &report::EvidenceImage::row);
            if (shown != report.notedImages.end() && report.evidence.kind != report::EvidenceKind::Blurred)
                one["file"] = shown->file;
        }
        all.push_back(std::move(one));
    }
    return all;
}

enum class Format { Html, Csv, Json };

Result<Format> formatOf(const std::string& file) {
    const std::string end = toLowerAscii(fs::path(file).extension().native());
    if (end == ".html" || end == ".htm")
        return Format::Html;
    if (end == ".csv")
        return Format::Csv;
    if (end == ".json")
        return Format::Json;
    return fail(ErrorCode::InvalidArgument, {{"name", "the report's file"},
                                             {"value", encodeName(file)},
                                             {"expected", "a name that ends in .html, .csv or .json"}});
}

} // namespace

bool isBuiltIn(const ProbeSet& probe) {
    const std::vector<ProbeSet> known = probe::builtInProbeSets();
    const auto same = std::ranges::find(known, probe.name, &ProbeSet::name);
    return same != known.end() && probe::contentSha256(*same) == probe::contentSha256(probe);
}

report::ReportInput RunReport::input() const {
    report::ReportInput input;
    input.result = &result;
    input.run = run;
    for (const After& one : after)
        input.mitigated.push_back({&one.result, one.name, one.run, one.cards});
    input.auditor = auditor;
    input.model = model ? &*model : nullptr;
    input.images = images ? &*images : nullptr;
    input.labelSources = labelSources;
    input.imageCheck = imageCheck ? &*imageCheck : nullptr;
    input.imagesName = imagesName;
    input.builtInProbe = builtInProbe;
    input.evidence = evidence;
    input.notes = notes;
    input.notedImages = notedImages;
    input.comparison = comparison ? &*comparison : nullptr;
    return input;
}

Result<std::int64_t> finishedRun(store::Project& project, std::int64_t run) {
    PLUMBLINE_TRY(const std::vector<store::RunRecord> runs, project.runs());
    std::string finished;
    for (const store::RunRecord& one : runs) {
        if (one.state != RunState::Done)
            continue;
        if (run == 0 || one.id == run)
            return one.id;
        finished += (finished.empty() ? "" : ", ") + std::to_string(one.id);
    }
    if (run != 0)
        PLUMBLINE_CHECK(project.run(run));
    return fail(ErrorCode::InvalidArgument,
                {{"name", "the run"},
                 {"value", run ? std::to_string(run) : ""},
                 {"expected",
                  finished.empty() ? "a finished run, of which the project has none" : "a finished run: " + finished}});
}

Outcome<RunReport> readRunReport(store::Project& project, std::int64_t run, const std::vector<std::int64_t>& others,
                                 report::EvidenceKind evidence, Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<store::RunRecord> runs, project.runs());
    PLUMBLINE_TRY(const store::RunRecord asked, project.run(run));
    const auto done = [&](std::int64_t id) {
        const auto found = std::ranges::find(runs, id, &store::RunRecord::id);
        return found != runs.end() && found->state == RunState::Done && !found->config.debias;
    };
    const bool isAfter = asked.config.debias && done(asked.config.debias->baselineRun);
    RunReport report;
    report.run = isAfter ? asked.config.debias->baselineRun : run;
    PLUMBLINE_TRY(report.result, project.runResult(report.run));
    std::vector<std::int64_t> after;
    if (isAfter)
        after.push_back(run);
    else
        for (const store::RunRecord& one : runs)
            if (one.state == RunState::Done && one.config.debias && one.config.debias->baselineRun == run)
                after.insert(after.begin(), one.id); // oldest first
    std::vector<const AuditResult*> results;
    report.after.reserve(after.size());
    for (const std::int64_t id : after) {
        RunReport::After& one = report.after.emplace_back();
        one.run = id;
        PLUMBLINE_TRY(one.result, project.runResult(id));
        results.push_back(&one.result);
        const AppliedDebias& debias = *one.result.config.debias;
        if (debias.transformId != 0)
            if (const auto transform = audit::transformIn(project, debias.transformId, debias.strength))
                for (const debias::Part& part : transform->parts)
                    one.cards.push_back(part.card);
    }
    const std::vector<std::string> names = debiasNames(results);
    for (std::size_t i = 0; i < names.size(); ++i)
        report.after[i].name = names[i];
    report.imagesName = asked.imageSetName;
    report.builtInProbe = isBuiltIn(report.result.config.probe);
    if (auto model = project.model(report.result.config.modelId))
        report.model = std::move(model->card);
    if (auto images = project.runImageSet(report.run))
        report.images = std::move(*images);
    if (report.images) {
        PLUMBLINE_TRY(report.labelSources, project.labelSources(report.result.config.imageSetId));
        PLUMBLINE_TRY(report.imageCheck, project.imageCheck(report.result.config.imageSetId));
        PLUMBLINE_TRY(report.evidence,
                      readEvidence(project, report.result, report.run, *report.images, evidence, feedback));
    }
    after.insert(after.begin(), report.run);
    for (const std::int64_t id : after) {
        PLUMBLINE_TRY(const std::vector<Note> notes, project.notes(id));
        report.notes.insert(report.notes.end(), notes.begin(), notes.end());
    }
    if (report.images && evidence != report::EvidenceKind::None)
        report.notedImages = notedImages(project, report, evidence);
    if (!others.empty()) {
        std::vector<std::int64_t> compared = {run};
        compared.insert(compared.end(), others.begin(), others.end());
        PLUMBLINE_TRY(report.comparison, audit::compareRuns(project, compared, feedback));
        if (!report.comparison->refusals.empty()) {
            std::string why;
            for (const std::string& refusal : report.comparison->refusals)
                why += (why.empty() ? "" : " ") + refusal;
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the runs to compare"},
                         {"value", numbersText(compared)},
                         {"expected", "runs that ask the same of the same images: " + why}});
        }
    }
    return report;
}

Result<void> checkReportFile(const std::string& file) {
    PLUMBLINE_CHECK(formatOf(file));
    return {};
}

Result<void> writeRunReport(const RunReport& report, const std::string& file) {
    PLUMBLINE_TRY(const Format format, formatOf(file));
    const report::ReportInput input = report.input();
    if (format == Format::Html) {
        PLUMBLINE_TRY(const std::string page, report::htmlReport(input));
        return writeOut(file, page);
    }
    if (format == Format::Csv) {
        std::vector<RunOfCsv> runs = {{"", &report.result.measurements}};
        for (const RunReport::After& one : report.after)
            runs.push_back({one.name, &one.result.measurements});
        return writeOut(file, measurementsCsv(runs));
    }
    nlohmann::json all = report::modelCardJson(input);
    all["plumbline"] = resultJson(report.result, report.run);
    for (const RunReport::After& one : report.after) {
        nlohmann::json after = resultJson(one.result, one.run);
        after["name"] = one.name;
        all["plumbline"]["debias"].push_back(std::move(after));
    }
    all["plumbline"]["notes"] = notesJson(report);
    if (report.comparison) {
        RunComparison comparison = *report.comparison;
        if (report.evidence.kind == report::EvidenceKind::None || report.evidence.kind == report::EvidenceKind::Blurred)
            for (MovedImage& one : comparison.moved)
                one.file.clear(); // the row tells it
        all["plumbline"]["comparison"] = toJson(comparison);
    }
    return writeJson(file, all);
}

} // namespace plumbline::cli
