// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/score_summary.h"

#include <algorithm>
#include <cmath>

namespace plumbline::metric {
namespace {

template <class T>
ScoreSummary summarise(std::span<const T> scores, std::span<const std::int32_t> groups, std::size_t groupCount) {
    ScoreSummary summary;
    summary.groupMean.resize(groupCount);
    summary.gap.resize(groupCount);

    // Sums of differences from the first score, which is of their size: scores of one prompt lie close together.
    std::vector<double> sums(groupCount, 0.0);
    std::vector<std::int64_t> counts(groupCount, 0);
    std::optional<double> origin;
    double squares = 0;
    for (std::size_t row = 0; row < scores.size(); ++row) {
        if (groups[row] < 0)
            continue;
        const auto score = static_cast<double>(scores[row]);
        if (!std::isfinite(score)) {
            ++(std::isnan(score) ? summary.notNumbers : summary.infinite);
            continue;
        }
        if (!origin)
            origin = score;
        const double difference = score - *origin;
        const auto g = static_cast<std::size_t>(groups[row]);
        sums[g] += difference;
        ++counts[g];
        squares += difference * difference;
        summary.largest = std::max(summary.largest, std::abs(score));
    }

    double sum = 0;
    std::int64_t count = 0;
    for (std::size_t g = 0; g < groupCount; ++g) {
        sum += sums[g];
        count += counts[g];
    }
    if (count == 0)
        return summary;
    const auto number = static_cast<double>(count);
    summary.mean = *origin + sum / number;
    if (count > 1)
        summary.sd = std::sqrt(std::max(0.0, squares - sum * sum / number) / (number - 1.0));
    for (std::size_t g = 0; g < groupCount; ++g) {
        if (counts[g] == 0)
            continue;
        const double mean = sums[g] / static_cast<double>(counts[g]);
        summary.groupMean[g] = *origin + mean;
        if (counts[g] < count)
            summary.gap[g] = mean - (sum - sums[g]) / static_cast<double>(count - counts[g]);
    }
    return summary;
}

} // namespace

ScoreSummary summariseScores(std::span<const double> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount) {
    return summarise(scores, groups, groupCount);
}
ScoreSummary summariseScores(std::span<const float> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount) {
    return summarise(scores, groups, groupCount);
}

} // namespace plumbline::metric
