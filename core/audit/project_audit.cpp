// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/project_audit.h"

#include <algorithm>
#include <chrono>

#include "core/audit/project_mitigation.h"
#include "core/base/path.h"

namespace plumbline::audit {

namespace {

constexpr std::size_t kThumbnailsPerPrompt = 24; // a first screenful; more are made when somebody scrolls

/// Hands everything on, and notes down in the run's row how far the embedding is.
class StoredProgress : public Feedback {
public:
    StoredProgress(Feedback& next, store::Project& project, std::int64_t run)
        : Feedback(&next), m_next(next), m_project(project), m_run(run) {}

    void progress(std::string_view stage, std::int64_t done, std::int64_t total) override {
        m_next.progress(stage, done, total);
        // Reports of this stage come one at a time (the encoder's lock), so the project has one user at a time.
        if (stage != "embedding-images" || std::chrono::steady_clock::now() - m_written < std::chrono::seconds(1))
            return;
        m_written = std::chrono::steady_clock::now();
        static_cast<void>(m_project.setRunProgress(m_run, done, total)); // a busy file is not worth stopping for
    }
    void log(std::string_view message) override { m_next.log(message); }

private:
    Feedback& m_next;
    store::Project& m_project;
    std::int64_t m_run;
    std::chrono::steady_clock::time_point m_written = std::chrono::steady_clock::now();
};

Outcome<AuditResult> runAndStore(store::Project& project, std::int64_t run, const clip::Encoder& encoder,
                                 store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_TRY(const store::RunRecord record, project.run(run));
    PLUMBLINE_TRY(const ImageSet set, project.imageSet(record.config.imageSetId));
    StoredProgress progress(feedback, project, run);
    std::vector<float> scores;
    PLUMBLINE_TRY(AuditResult result, repeatRun(project, record, set, encoder, cache, scores, progress));

    feedback.progress("saving", 0, 0);
    if (result.skipped != set.report.unreadable) {
        MatchReport report = set.report;
        report.unreadable = result.skipped;
        report.unreadableExamples.assign(result.skippedImages.begin(),
                                         result.skippedImages.begin() +
                                             std::min(result.skippedImages.size(), MatchReport::kExamples));
        PLUMBLINE_CHECK(project.updateMatchReport(record.config.imageSetId, report));
    }
    PLUMBLINE_CHECK(project.finishRun(run, result, scores));
    // The run is complete; thumbnails are a convenience that can be made later, so their failure is only told.
    const std::vector<std::int64_t> rows =
        topRowsOfAll(scores, result.prompts.size(), set.size(), kThumbnailsPerPrompt);
    if (auto made = ensureThumbnails(project, record.config.imageSetId, rows, feedback);
        !made && !made.error().cancelled())
        feedback.log("Not all thumbnails could be stored; they are made again when they are needed.");
    return result;
}

} // namespace

Outcome<std::unique_ptr<clip::Encoder>> loadModelOf(const AuditConfig& config, Feedback& feedback) {
    clip::EncoderOptions options;
    options.vocabulary = decodePath(config.vocabPath);
    options.precision = config.precision == "bf16" ? clip::Precision::Bf16 : clip::Precision::Fp32;
    options.threads = config.threads;
    return clip::Encoder::load(decodePath(config.modelPath), options, feedback);
}

Outcome<AuditResult> repeatRun(store::Project& project, const store::RunRecord& record, const ImageSet& set,
                               const clip::Encoder& encoder, store::EmbeddingCache* cache, std::vector<float>& scores,
                               Feedback& feedback) {
    std::optional<debias::Transform> transform;
    std::unique_ptr<clip::Encoder> baseline;
    if (const auto& debias = record.config.debias; debias && debias->model) {
        // The run that it is compared with says which model that was.
        PLUMBLINE_TRY(const store::RunRecord first, project.run(debias->baselineRun));
        PLUMBLINE_TRY(baseline, loadModelOf(first.config, feedback));
    } else if (debias) {
        PLUMBLINE_TRY(transform, transformIn(project, debias->transformId, debias->strength));
    }
    return runAudit(encoder, record.config, set, cache, scores, feedback, transform ? &*transform : nullptr,
                    baseline.get());
}

Result<std::int64_t> imageSetIn(store::Project& project, const ImageSet& set, const std::string& name) {
    PLUMBLINE_TRY(const auto records, project.imageSets());
    for (const store::ImageSetRecord& record : records) {
        if (record.root != encodePath(set.root) || record.images != static_cast<std::int64_t>(set.size()))
            continue;
        PLUMBLINE_TRY(const ImageSet stored, project.imageSet(record.id));
        if (stored.labelsSha256 == set.labelsSha256 && stored.preset == set.preset && stored.files == set.files &&
            readAs(stored.report) == readAs(set.report))
            return record.id;
    }
    return project.addImageSet(set, name);
}

Outcome<AuditResult> runInProject(store::Project& project, std::int64_t run, const clip::Encoder& encoder,
                                  store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_CHECK(project.setRunState(run, RunState::Running));
    Outcome<AuditResult> result = runAndStore(project, run, encoder, cache, feedback);
    if (!result) {
        if (result.error().cancelled())
            PLUMBLINE_CHECK(project.setRunState(run, RunState::Cancelled));
        else // the first error is the one to tell, should storing it fail too
            static_cast<void>(project.setRunState(run, RunState::Failed, result.error().error()));
    }
    return result;
}

} // namespace plumbline::audit
