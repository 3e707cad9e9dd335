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
};

/// `groups`: one a score, negative for a row that takes no part; below `groupCount`.
ScoreSummary summariseScores(std::span<const double> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount);
ScoreSummary summariseScores(std::span<const float> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount);

} // namespace plumbline::metric
