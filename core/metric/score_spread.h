// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/labels.h"
#include "core/data/measure.h"

namespace plumbline::metric {

/// How the scores of one prompt lie in each group of an attribute: counts in bins of equal width that all groups share,
/// medians, and how far each group is from all other images.
struct ScoreSpread {
    std::vector<double> edges;        ///< of the bins, ascending: one more than bins
    std::vector<std::int64_t> counts; ///< of each bin, all groups together; a bin holds its lower edge, the last both
    std::int64_t n = 0;               ///< images with a label and a finite score
    std::int64_t notFinite = 0;       ///< labelled images without a finite score: they have no part
    std::int64_t k = 0;               ///< of the measurement, at most n
    double kScore = 0;                ///< the score at rank k: the first k have no lower one
    double median = 0;                ///< of an even number: the mean of the two in the middle
    struct Group {
        std::string name;
        std::int64_t n = 0;
        double median = 0;
        std::vector<std::int64_t> counts;
        /// Of each bin: where the group's share of its own images would lie if the labels were shuffled, the central
        /// 95 % of each bin by itself (exact, hypergeometric).
        std::vector<double> nullLow, nullHigh;
        /// Kolmogorov and Smirnov's distance from the scores of all other images (`ksTest`, `ksInterval`), 0 to 1;
        /// absent for a single group. nullP95: the limit law's 95 % point (Smirnov, Annals of Mathematical Statistics
        /// 19(2), 1948). falseDiscovery: Benjamini and Hochberg over the groups.
        MetricValue distance;
        double place = 0;                 ///< the score at which the two are furthest apart
        double atOrBelow = 0, others = 0; ///< shares of the group's and of the other images with at most that score
    };
    std::vector<Group> groups; ///< those that have such an image, in byte order of the name
};

/// `scores`: one a row of the attribute. Errors: ScoresInvalid (of another length), AttributeEmpty (no labelled image
/// has a finite score). O(n log n).
Result<ScoreSpread> scoreSpread(const Attribute& attribute, std::span<const float> scores, const KSpec& k,
                                double confidence = 0.95);

} // namespace plumbline::metric
