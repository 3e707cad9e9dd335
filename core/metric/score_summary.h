// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace plumbline::metric {

/// Means and spread of the finite scores of the labelled rows: what a lean rests on.
struct ScoreSummary {
    double mean = 0;
    std::optional<double> sd; ///< ddof 1; absent for fewer than two scores
    double largest = 0;       ///< of the absolute values
    std::int64_t notNumbers = 0, infinite = 0;
    std::vector<std::optional<double>> groupMean; ///< absent for a group without a finite score
    std::vector<std::optional<double>> gap;       ///< mean of the group minus that of all others
    /// Standard error of the gap for independent images with unequal variances (Welch, Biometrika 34, 1947); absent
    /// where either side has fewer than two finite scores.
    std::vector<std::optional<double>> gapError;
    /// eta squared, the share of the variance that lies between the groups: SS between / SS total; absent for constant
    /// scores.
    std::optional<double> explained;
};

/// Cliff's delta of each group against all other rows: P(score above) - P(score below), ties count for neither (Cliff,
/// "Dominance statistics", Psychological Bulletin 114(3), 1993). NaN scores stand below every number, as they rank.
/// Absent for a group without a row, or that is alone. O(n log n).
std::vector<std::optional<double>> cliffsDeltas(std::span<const double> scores, std::span<const std::int32_t> groups,
                                                std::size_t groupCount);
std::vector<std::optional<double>> cliffsDeltas(std::span<const float> scores, std::span<const std::int32_t> groups,
                                                std::size_t groupCount);

/// `groups`: one a score, negative for a row that takes no part; below `groupCount`.
ScoreSummary summariseScores(std::span<const double> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount);
ScoreSummary summariseScores(std::span<const float> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount);

} // namespace plumbline::metric
