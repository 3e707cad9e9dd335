// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/measure_table.h"
#include "core/data/probe.h"

namespace plumbline {

/// What a debiasing method changes.
enum class DebiasTarget {
    Images,         ///< the image embeddings
    Texts,          ///< the text embeddings
    ImagesAndTexts, ///< both
    Ranking,        ///< the order of the images for a prompt
    Scores,         ///< the scores of a fixed list of texts
    Weights         ///< the model itself
};
std::string_view debiasTargetName(DebiasTarget target);

/// A parameter of a method: `plumb debias fit --param NAME=VALUE`. Names as in METHODS section B.
struct DebiasParameter {
    std::string_view name;
    std::string_view standard; ///< the value it has when it is not given; empty: none, see `meaning`
    std::string_view meaning;  ///< a sentence: what it is, its unit, what may be given
};

struct DebiasMethodInfo {
    std::string_view name;   ///< "leace": stable, of the command line and of stored transforms
    std::string_view title;  ///< "LEACE"
    std::string_view about;  ///< a sentence or two: what it does, with its formula
    std::string_view source; ///< paper, and what of it is a reconstruction
    DebiasTarget target = DebiasTarget::Images;
    bool needsLabels = true; ///< of the images to fit on
    bool needsTexts = false; ///< embeddings of texts (spurious prompts, captions)
    std::vector<DebiasParameter> parameters;
    bool imported = false; ///< a published file is taken over; no embeddings are needed
};
/// Every method, in the order in which they are offered.
std::span<const DebiasMethodInfo> allDebiasMethods();
/// Null where there is none of this name.
const DebiasMethodInfo* findDebiasMethod(std::string_view name);

/// What is asked of a fit; enough to repeat it.
struct DebiasConfig {
    std::string method;                                          ///< DebiasMethodInfo::name
    std::string attribute;                                       ///< as in attribute_text.h
    std::vector<std::pair<std::string, std::string>> parameters; ///< those that were given
    std::uint64_t seed = 0;

    /// The value given for a parameter, else the method's standard one (empty where it has none).
    std::string_view parameter(std::string_view name) const;
};

/// A number that a fit tells of itself: "explained variance removed", "training accuracy".
struct DebiasFact {
    std::string name;
    double value = 0;
    std::string meaning;
};

/// What a fitted transform says of itself; stored beside it, complete enough to repeat the fit and to judge an audit
/// that used it.
struct DebiasCard {
    DebiasConfig config;                                      ///< as asked
    std::string name;                                         ///< for people: "LEACE, gender"
    std::string modelSha256, imagesSha256, labelsSha256;      ///< what it was fitted on; empty where not known
    std::string otherModelSha256;                             ///< of the weights it interpolates with; empty: of none
    std::string fitRows;                                      ///< which rows, in words: "split = fit"
    std::vector<std::pair<std::string, std::int64_t>> groups; ///< labelled rows of each group
    bool predictedLabels = false;                             ///< the labels were made by a classifier
    std::int64_t dim = 0;                                     ///< of the embeddings that it takes
    double strength = 1;                                      ///< 0: nothing changes, 1: the whole method
    double seconds = 0;                                       ///< of wall clock, for the fit
    std::vector<DebiasFact> facts;
    std::vector<std::string> warnings; ///< plain sentences
    std::string program;               ///< "plumbline 0.1.0"
    std::string fitted;                ///< UTC, ISO 8601
};

/// A number of a study, of one attribute ("" where it is of none): "max_skew", "zero_shot_accuracy", ...
struct DebiasNumber {
    std::string attribute, measure;
    std::optional<double> value;
};

/// What a method dialled to a strength gives, on the rows that choose and on those that are audited. Values alone: the
/// intervals stand in the price of the strength that was chosen.
struct DebiasPoint {
    double strength = 0;
    std::vector<DebiasNumber> select, audit;
};

/// One method, or several that are applied one after the other, each fitted on what the ones before it leave.
struct DebiasRecipe {
    std::vector<DebiasConfig> steps; ///< an attribute may be empty: it is the study's
};

/// What a study tries where nothing else is said: every method that fits embeddings, with the variants that matter,
/// re-rankings by predicted labels, stacks of both and, as an upper baseline, a re-ranking by the true labels.
std::vector<DebiasRecipe> studyRecipes();

/// One method of a study.
struct DebiasCandidate {
    DebiasRecipe recipe;
    DebiasCard card;                   ///< card.strength: the one chosen on the select rows
    std::int64_t transformId = 0;      ///< record of the project; 0: none was stored
    std::vector<DebiasPoint> curve;    ///< by ascending strength; where there is no dial, 0 and 1
    std::optional<double> selectScore; ///< by which it is compared, on the select rows
    bool usesTrueLabels = false;       ///< it was given the labels of the very images that it ranks
    std::vector<MeasureTable> price;   ///< before, after and paired difference: of the audit rows, then of other sets
    std::string failure;               ///< why it could not be fitted; empty: it was
};

/// What is asked of a study; enough to repeat it.
struct DebiasStudyConfig {
    std::string modelPath, vocabPath;         ///< encodePath form
    std::int64_t modelId = 0, imageSetId = 0; ///< records of the project; 0 outside one
    std::int64_t auditSetId = 0;              ///< the images that are audited, where they are a set of their own
    std::string attribute;                    ///< that is to be removed
    std::vector<std::string> untargeted;      ///< those that are looked at, too
    std::string classes;                      ///< attribute whose zero-shot accuracy is the utility; empty: none
    std::string captions, captionSplit;       ///< as OtherMeasures has them; empty: no retrieval
    ProbeSet probe;
    MeasureOptions measure;
    std::vector<DebiasRecipe> methods;
    std::string splitColumn;                        ///< attribute with the groups fit, select, audit; empty: by lot
    std::string together;                           ///< attribute whose groups are not divided (identity); empty: none
    std::vector<double> shares = {0.5, 0.25, 0.25}; ///< of fit, select and audit rows, by lot
    std::uint64_t seed = 0;
    bool predictedLabels = false; ///< the labels were made by a classifier: the cards say so
    std::string precision = "fp32";
};

/// Several methods, fitted on some rows, chosen on others, audited on a third part.
struct DebiasStudy {
    DebiasStudyConfig config;
    std::int64_t fitRows = 0, selectRows = 0, auditRows = 0;
    std::string split; ///< how the rows were divided, in words
    std::string score; ///< what selectScore is, in words
    std::vector<DebiasCandidate> candidates;
    std::int64_t recommended =
        -1; ///< index of the best selectScore without true labels; -1: none is better than nothing
    std::vector<std::string> warnings;
};

/// Debiasing that a run was made with: a transform, or another model in the place of the first.
struct AppliedDebias {
    std::int64_t transformId = 0; ///< record of the project; 0 outside one
    std::string path;             ///< encodePath form of a transform's folder; empty: of the project
    std::string name;             ///< for people
    std::string sha256;           ///< of the transform's files
    double strength = 1;          ///< of the whole, on top of each part's own
    std::int64_t baselineRun = 0; ///< the run without it on the same images and prompts; 0: none in the project
    std::optional<std::string> model = {}; ///< encodePath form of the other model; then there is no transform
};

} // namespace plumbline
