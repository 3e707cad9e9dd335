// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/sample_project.h"

#include <algorithm>

#include "core/audit/project_audit.h"
#include "core/base/path.h"
#include "core/clip/encoder.h"
#include "core/formats/label_table.h"
#include "core/probe/probe_set.h"
#include "core/sample/planting.h"
#include "core/sample/sample_folder.h"

namespace plumbline::sample {

namespace {

namespace fs = std::filesystem;

Result<std::int64_t> imageSetOf(store::Project& project, const ImageSet& set) {
    return audit::imageSetIn(project, set, "Sample portraits");
}

Result<void> addProbe(store::Project& project) {
    const ProbeSet probe = sampleProbe();
    PLUMBLINE_TRY(const std::vector<store::ProbeRecord> records, project.probes());
    const auto same = [&](const store::ProbeRecord& record) {
        return probe::contentSha256(record.probe) == probe::contentSha256(probe);
    };
    if (std::none_of(records.begin(), records.end(), same))
        PLUMBLINE_CHECK(project.addProbe(probe));
    return {};
}

/// A finished run of this very question, 0 if there is none.
Result<std::int64_t> finishedRun(store::Project& project, const AuditConfig& config) {
    PLUMBLINE_TRY(const std::vector<store::RunRecord> runs, project.runs());
    for (const store::RunRecord& run : runs)
        if (run.state == RunState::Done && run.config.modelId == config.modelId &&
            run.config.imageSetId == config.imageSetId && run.config.attributes == config.attributes &&
            probe::contentSha256(run.config.probe) == probe::contentSha256(config.probe))
            return run.id;
    return 0;
}

Outcome<std::int64_t> auditModel(store::Project& project, const fs::path& folder, const std::string& name,
                                 std::int64_t imageSet, store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<store::ModelRecord> models, project.models());
    const auto known = std::find_if(models.begin(), models.end(), [&folder](const store::ModelRecord& model) {
        return model.path == encodePath(folder);
    });
    AuditConfig config;
    config.modelPath = encodePath(folder);
    config.imageSetId = imageSet;
    config.attributes = {kGender, kSkinTone};
    config.probe = sampleProbe();
    if (known != models.end()) {
        config.modelId = known->id;
        PLUMBLINE_TRY(const std::int64_t run, finishedRun(project, config));
        if (run != 0)
            return run;
    }
    feedback.progress("loading-model", 0, 0);
    PLUMBLINE_TRY(const std::unique_ptr<clip::Encoder> encoder, clip::Encoder::load(folder, {}, feedback));
    store::ModelRecord model;
    model.name = name;
    model.path = config.modelPath;
    PLUMBLINE_TRY(model.card, encoder->card(feedback));
    PLUMBLINE_TRY(config.modelId, project.addModel(model));
    PLUMBLINE_TRY(const std::int64_t run, project.beginRun(config));
    PLUMBLINE_CHECK(audit::runInProject(project, run, *encoder, cache, feedback));
    return run;
}

} // namespace

Outcome<OpenedSample> openSample(const fs::path& folder, store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_CHECK(writeSample(folder, feedback));
    std::error_code error;
    const fs::path home = fs::canonical(folder, error);
    if (error)
        return fail(ErrorCode::FileUnreadable, {{"path", encodePath(folder)}, {"reason", error.message()}});
    const fs::path path = home / "sample.plumb";
    PLUMBLINE_TRY(store::Project project,
                  fs::exists(path, error) ? store::Project::open(path) : store::Project::create(path));
    if (project.access() == store::Project::Access::ReadOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", encodePath(path)}});

    formats::LabelOptions options;
    options.where = {{"split", kAuditSplit}};
    PLUMBLINE_TRY(const ImageSet set, formats::readImageSet(home / "images", home / "labels.csv", options, feedback));
    PLUMBLINE_TRY(const std::int64_t imageSet, imageSetOf(project, set));
    PLUMBLINE_CHECK(addProbe(project));
    PLUMBLINE_CHECK(auditModel(project, home / "model-fair", "Sample, fair", imageSet, cache, feedback));
    OpenedSample opened{path, 0};
    PLUMBLINE_TRY(opened.run, auditModel(project, home / "model", "Sample, planted", imageSet, cache, feedback));
    PLUMBLINE_CHECK(project.checkpoint());
    return opened;
}

} // namespace plumbline::sample
