// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/clip/encoder.h"
#include "core/data/attribute_text.h"
#include "core/data/audit.h"
#include "core/data/image_set.h"
#include "core/debias/transform.h"
#include "core/store/embedding_cache.h"
#include "core/store/project.h"

namespace plumbline::audit {

/// Looks at the beginning of every file and completes the match report: how many carry an EXIF orientation, and which
/// are no pictures at all (a damaged picture is found when it is decoded). Cancelled.
Outcome<void> inspectImages(ImageSet& set, Feedback& feedback);

/// Image embeddings of a set, row for row; `present[i]` is false where an image was skipped (its row is zero).
struct SetEmbeddings {
    Embeddings raw;
    std::vector<bool> present;
    std::vector<Skipped> skipped; ///< all of them
    std::int64_t fromCache = 0;
    std::string imagesSha256; ///< over every file's name and hash, in row order; a missing file counts as empty
};

/// Embeds the images of a set through the cache: rows already known are read, the others are computed and stored in
/// small transactions, so that any stop (cancel, crash, kill -9) loses at most the last second of work.
/// `cache` may be null.
Outcome<SetEmbeddings> embedSet(const clip::Encoder& encoder, const ImageSet& set, store::EmbeddingCache* cache,
                                std::string_view precision, Feedback& feedback);

/// Which images are relevant to a concept: 1 for those whose value of the attribute `config.relevance` is its text, in
/// any case of letters, 0 for the others. Errors: TargetInvalid where no attribute is named, AttributeUnknown.
Result<std::vector<double>> relevanceOf(const AuditConfig& config, const ImageSet& set, const std::string& text);

/// What the scores of an audit are.
struct ScoresAre {
    bool cosines = true;
    std::optional<double> unit =
        1.0; ///< what counts as a cosine of 1, for the bar of a slight lean; absent: no such thing
    std::optional<double> logitScale; ///< of the model, for gaps in logits
};
/// Measurements and concept summaries from scores (prompts x images, NaN where there is none) that were made elsewhere
/// or by measureAll; `present` is false for an image that has no place in the pool. All measurements are judged as one
/// family (metric::judge). The same scores and seed give the same bits, whatever the number of threads.
Outcome<AuditResult> measureScores(const AuditConfig& config, const ImageSet& set, const std::vector<bool>& present,
                                   std::span<const float> scores, const ScoresAre& scoresAre, Feedback& feedback);

/// Scores, measurements and concept summaries from embeddings (raw; prompts x D and images x D).
/// `scores` receives prompts x images: cosines, or for the definitions `berg` and `vl-debiasing` the dot product of the
/// unit-length prompt with the raw image, as their code has it (METHODS 0.2, rule 1); NaN where an image is missing.
/// `logitScale`: of the model, for gaps in logits.
/// `change`, if given, may change the scores before they are measured (a re-ranking); they are no cosines then.
using ChangeScores = std::function<Outcome<void>(std::vector<float>& scores)>;
Outcome<AuditResult> measureAll(const AuditConfig& config, const ImageSet& set, const SetEmbeddings& images,
                                const Embeddings& prompts, std::vector<float>& scores, Feedback& feedback,
                                std::optional<double> logitScale = {}, const ChangeScores& change = {});

/// What the texts of AuditConfig::attributes name.
using plumbline::resolveAttribute;

/// The rows whose thumbnails a finished run should have at once: the first `perPrompt` of every prompt.
std::vector<std::int64_t> topRowsOfAll(std::span<const float> scores, std::size_t prompts, std::size_t images,
                                       std::size_t perPrompt);

/// One whole audit: embeds (resuming from the cache), encodes the prompts, measures and fills in the provenance.
/// With a transform everything is measured after it (config.debias says of it what there is to say), and the price of
/// it (mitigation.h) stands among the tables: before, after and paired difference on the same images and prompts.
/// With `baseline`, another model, the same price of `encoder` in its place stands there.
Outcome<AuditResult> runAudit(const clip::Encoder& encoder, const AuditConfig& config, const ImageSet& set,
                              store::EmbeddingCache* cache, std::vector<float>& scores, Feedback& feedback,
                              const debias::Transform* transform = nullptr, const clip::Encoder* baseline = nullptr);

/// Thumbnails of these rows that the project does not have yet. Unreadable files are passed over.
Outcome<void> ensureThumbnails(store::Project& project, std::int64_t imageSetId, std::span<const std::int64_t> rows,
                               Feedback& feedback);

} // namespace plumbline::audit
