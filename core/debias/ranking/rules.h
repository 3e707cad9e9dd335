// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/measure.h"
#include "core/debias/classifier/gaussian.h"

namespace plumbline::debias {

/// METHODS B9: Geyik, Ambler, Kenthapadi, KDD 2019; FairIr: Zehlike et al., CIKM 2017.
enum class RankingAlgorithm { DetGreedy, DetCons, DetRelaxed, DetConstSort, FairIr };
/// The method's name: "det-greedy", …
std::string_view rankingAlgorithmName(RankingAlgorithm algorithm);
std::optional<RankingAlgorithm> rankingAlgorithmFromName(std::string_view name);

/// A re-ranking of the images of a prompt.
struct RankingRule {
    RankingAlgorithm algorithm = RankingAlgorithm::DetGreedy;
    std::optional<KSpec> k;          ///< how many of the first images are re-ranked; absent: the audit's own k
    Target target;                   ///< pool (of the images that are ranked), uniform or custom; no shares by concept
    std::vector<std::string> groups; ///< what the codes of the images mean
    /// Makes the codes from the embeddings (`predictCodes`), in the order of `groups`; absent: the labels are given.
    std::optional<GaussianClassifier> predicted;
    // FA*IR:
    std::string protectedGroup; ///< one of `groups`
    std::optional<double> p;    ///< least share of the protected group; absent: its share in `target`
    double alpha = 0.1;
    bool adjusted = true; ///< for the tests at all the ranks together
};

/// The scores of one prompt after the rule: the j-th highest score goes to the image that is placed j-th, so that
/// whoever ranks by them (ties by row) finds the new order. Where equal scores would bring back the old order, the
/// later one is lowered by as little as float allows. `codes`: one a score, an index into `rule.groups`, or negative
/// for an image without a label. An image without a label keeps its place, one whose score is not finite its score
/// (NaN stays NaN): neither counts among the first k. `k` is the audit's own.
/// Errors: ScoresInvalid (a code short, or outside the groups), KInvalid, TargetInvalid, InvalidArgument (FA*IR beyond
/// the ranges of kFairIr...); Cancelled.
Outcome<std::vector<float>> rerank(const RankingRule& rule, std::span<const float> scores,
                                   const std::vector<std::int32_t>& codes, const KSpec& k, Feedback& feedback);

/// How a change of scores fades where the model is sure. p: softmax over the texts of logitScale times the cosines.
enum class Gate {
    None,    ///< kappa = 1
    Moment,  ///< kappa = (m4 / reference)^-rho, m4 the 4th standardised moment of p (1 where all are alike)
    Entropy, ///< kappa = (-sum p ln p / ln T)^rho, from 0 (sure) to 1
    Max      ///< kappa = (max p)^-rho, from 1 (sure) up
};

/// "none", "moment", "entropy", "max".
std::string_view gateName(Gate gate);
std::optional<Gate> gateFromName(std::string_view name);

/// A change of the scores of a fixed list of texts: kappa(image) bias[text] is added to the logits.
struct ScoreRule {
    std::vector<double> bias;       ///< one a text, in logits
    std::vector<std::string> texts; ///< what they say, one a text; empty where it is not known
    Gate gate = Gate::Moment;
    double rho = 0.4;
    double reference = 250; ///< of Gate::Moment
    double logitScale = 100;
};

/// Cosines of images (rows) and the rule's texts (columns, in order), row-major, to cosines with the rule's change:
/// s' = s + kappa bias / logitScale. A row with a value that is not finite stays. Errors: ScoresInvalid; Cancelled.
Outcome<std::vector<float>> rescore(const ScoreRule& rule, std::span<const float> cosines, Feedback& feedback);

} // namespace plumbline::debias
