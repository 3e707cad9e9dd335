// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/audit.h"
#include "core/audit/other_measures.h"
#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/clip/encoder.h"
#include "core/clip/interpolate.h"
#include "core/data/debias.h"
#include "core/data/debias_price.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/data/probe.h"
#include "core/debias/transform.h"

namespace plumbline::audit {

/// What debiasing is judged by: the audit's prompts, and the tasks that must not suffer. Embeddings are raw; prompts,
/// classes and captions are transformed as texts, each on its own (a residual head is not linear, so class prompts are
/// averaged over their templates afterwards).
struct JudgedTexts {
    std::vector<Prompt> prompts;
    debias::TextRows promptRows;      ///< one a prompt
    std::vector<std::string> classes; ///< names, in the order of the class attribute's groups; empty: no task
    debias::TextRows classRows;       ///< classes in every template, template-major
};

/// Labelled images on which it is judged: raw embeddings, usable rows only.
struct JudgedImages {
    std::string name; ///< "audit split", "photographs"
    Embeddings rows;
    std::vector<std::filesystem::path> files; ///< row for row; empty where they are not known
    std::vector<Attribute> attributes;        ///< codes row for row; the first is the one that is to be removed
    std::optional<Attribute> classes;         ///< true classes, groups as JudgedTexts::classes; absent: no task
    debias::TextRows captions;                ///< empty: no retrieval
    std::vector<std::uint32_t> imageOfCaption;
};

/// Which rows of a set fit, choose and audit. Disjoint.
struct Split {
    std::vector<std::uint32_t> fit, select, audit;
};
/// By lot, in these shares (normalised). Rows with the same non-negative number in `together` (identity, counterfactual
/// set) stay together; empty: each row is its own.
Split splitByLot(std::size_t rows, std::span<const std::int32_t> together, const double (&shares)[3],
                 std::uint64_t seed);

/// These rows of a judged set; captions follow their images.
JudgedImages takeRows(const JudgedImages& images, std::span<const std::uint32_t> rows);

/// Everything under one transform: the images and texts as they are after it, and the prompts' scores after
/// re-ranking.
struct Judged {
    Embeddings images;
    std::vector<float> scores;              ///< prompts x images
    std::vector<std::int32_t> predicted;    ///< class of each image; empty without a task
    std::vector<std::int64_t> captionRanks; ///< rank of each caption's image, from 1; empty without captions
    std::vector<std::string> warnings;
    /// What priceOf has found out and would find again, by attribute and seed: which of the probed images the linear
    /// and the neighbours' probe get right. Not for several threads at a time.
    mutable std::map<std::pair<std::string, std::uint64_t>, std::array<std::vector<std::int8_t>, 2>> probeHits;
};
/// Errors: those of transformRows and of a re-ranking; InvalidArgument (texts that a prompt array was not asked of);
/// Cancelled.
Outcome<Judged> judge(const debias::Transform& transform, const JudgedImages& images, const JudgedTexts& texts,
                      const MeasureOptions& options, Feedback& feedback);

/// The scores of every prompt (prompts x images) after the re-rankings of a transform. `images`: raw, as they were
/// before it, for rules that predict their labels; images that are not present have no label. A rule that goes by given
/// labels finds its own attribute among `attributes`, by its name or else by its groups. Error: AttributeUnknown.
Outcome<void> rerankScores(const debias::Transform& transform, const Embeddings& images,
                           const std::vector<bool>& present, std::span<const Attribute> attributes, const KSpec& k,
                           std::vector<float>& scores, Feedback& feedback);

/// Encodes texts with the same model and a prompt array.
using EncodeWithArray =
    std::function<Outcome<Embeddings>(const formats::PromptArray& array, std::span<const std::string> texts)>;
/// That of an encoder, which is loaded once more when it is first asked. It must outlive the function.
EncodeWithArray encodeWithArray(const clip::Encoder& encoder, Feedback& feedback);
/// The texts as the prompt array of the transform has them, where it has one. Errors: InvalidArgument (several arrays),
/// those of `encode`.
Outcome<void> addArrayRows(const debias::Transform& transform, debias::TextRows& rows, const EncodeWithArray& encode);

/// The attributes by whose given labels a transform re-ranks, of a set. Error: AttributeUnknown.
Result<std::vector<Attribute>> labelsOfRankings(const debias::Transform& transform, const ImageSet& set);

/// The price of a transform on the images and prompts of an audit, whose embeddings are those before it: of its
/// attributes, with its classes and captions.
Outcome<MeasureTable> priceOfAudit(const debias::Transform& transform, const Audited& audited,
                                   const EncodeWithArray& encode, Feedback& feedback);

/// The price of another model on the same set and prompts: each model's own image and text embeddings, whose dimensions
/// may differ, on the images that both have.
Outcome<MeasureTable> priceOfModel(const Audited& before, const Audited& after, const std::string& name,
                                   Feedback& feedback);

/// Whether a re-ranking in it goes by the given labels of the images.
bool usesTrueLabels(const debias::Transform& transform);

/// Values without intervals, in the order "max_skew", "min_skew", "ndkl", "max_skew_excess" of every attribute, then
/// "zero_shot_accuracy", "worst_group_accuracy" and "able" where there is a task, "recall_at_5" with captions. Means
/// over the prompts, definition geyik; no MinSkew where a group is absent from the first k of a prompt; ABLE with equal
/// target shares.
std::vector<DebiasNumber> pointsOf(const Judged& judged, const JudgedImages& images, const JudgedTexts& texts,
                                   const MeasureOptions& options);
/// One of them; absent where there is none.
std::optional<double> pointOf(std::span<const DebiasNumber> points, std::string_view attribute,
                              std::string_view measure);

/// Before, after and paired difference (after minus before) of every measure, with intervals: rankings over images
/// (metric::comparePaired), attribute decodability by a linear probe (logistic) and a non-linear one (15 nearest
/// neighbours), both cross-validated on these images, zero-shot accuracy (Newcombe's paired interval, McNemar's exact
/// p), worst group (bootstrap), ABLE, recall of captions.
/// Under kDebiasPriceId.
Outcome<MeasureTable> priceOf(const Judged& before, const Judged& after, const JudgedImages& images,
                              const JudgedTexts& texts, const MeasureOptions& options, Feedback& feedback);

/// A model between a study's own and another of its shape.
struct ModelBetween {
    clip::InterpolateReport report;
    /// Raw embeddings of images, row for row. Error: FileUnreadable where one cannot be embedded.
    std::function<Outcome<Embeddings>(std::span<const std::filesystem::path> files)> images;
    EncodeTexts texts;
};
/// Makes them: (1 - alpha) study's + alpha other. Errors: those of clip::interpolate and Encoder::load.
using InterpolateModels =
    std::function<Outcome<ModelBetween>(const std::filesystem::path& other, double alpha, Feedback& feedback)>;
/// Of this model, through temporary files. `cache` may be null; it must outlive the function.
InterpolateModels interpolateModels(const clip::Encoder& first, store::EmbeddingCache* cache, std::string precision);

/// A method of a study. One that is the method "interpolation" alone is not fitted: its strength is alpha.
struct StudyMethod {
    struct Step {
        DebiasConfig config;
        debias::TextRows texts; ///< what FitInput::texts and words are to be; empty: none
    };
    std::vector<Step> steps;
    std::optional<debias::Transform> fitted; ///< an import, or a fit of its own; absent: the steps are fitted
    std::optional<Error> refused;            ///< why there are no texts for it; absent: there are
};
struct StudyInput {
    DebiasStudyConfig config; ///< what it is made of, for the record
    JudgedImages images;      ///< all rows that take part
    Split split;
    std::vector<JudgedImages> elsewhere; ///< other sets, audited only
    JudgedTexts texts;
    MeasureOptions measure; ///< k is that of the audit rows; the other parts take the same share
    std::vector<StudyMethod> methods;
    EncodeWithArray encodeWithArray; ///< for transforms with a prompt array; empty: they fail
    InterpolateModels between;       ///< for the method "interpolation"; empty: it fails
    DebiasCard card;                 ///< model, images and labels that it is fitted on
    std::string splitText;
};
struct Study {
    DebiasStudy result;
    std::vector<debias::Transform> transforms; ///< one a candidate, at full strength; without parts where it failed
};
/// Sets of the same model: what is fitted, chosen and (unless `audit` is a set of its own) audited, and other sets that
/// are audited only. `encode` encodes texts with that model.
struct StudySets {
    const ImageSet& set;
    const SetEmbeddings& embeddings;
    const ImageSet* audit = nullptr;
    const SetEmbeddings* auditEmbeddings = nullptr;
};
/// Everything that a study needs, from its configuration: attributes and classes of both sets, the split, prompts,
/// class prompts, and for every method the texts that it needs (spurious prompts and pairs from the groups' words,
/// captions, ...). Errors: AttributeUnknown, ProbeEmpty, InvalidArgument (a split column without its three groups, an
/// unknown method, images that are in both sets); those of `encode`. A method that there are no captions for is
/// refused.
Outcome<StudyInput> studyInput(const DebiasStudyConfig& config, const StudySets& sets, const EncodeTexts& encode,
                               Feedback& feedback);

/// Another set of the same model, to be audited only (StudyInput::elsewhere): attributes and classes as `input` has
/// them; a class that `input` does not know takes no part. Errors: AttributeUnknown, AttributeEmpty.
Outcome<JudgedImages> imagesElsewhere(const StudyInput& input, const ImageSet& set, const SetEmbeddings& embeddings,
                                      const std::string& name, Feedback& feedback);

/// Fits each method on the fit rows, chooses its strength on the select rows (the largest ABLE, or without a task the
/// smallest MaxSkew), and only then looks at the audit rows. A method that fails is a candidate with its reason. Of a
/// candidate that interpolates models there is no transform: clip::interpolate makes the model again.
Outcome<Study> runStudy(const StudyInput& input, Feedback& feedback);

} // namespace plumbline::audit
