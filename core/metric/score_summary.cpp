// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/score_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumbline::metric {
namespace {

template <class T>
ScoreSummary summarise(std::span<const T> scores, std::span<const std::int32_t> groups, std::size_t groupCount) {
    ScoreSummary summary;
    summary.groupMean.resize(groupCount);
    summary.gap.resize(groupCount);
    summary.gapError.resize(groupCount);

    // Sums of differences from the first score, which is of their size: scores of one prompt lie close together.
    std::vector<double> sums(groupCount, 0.0), squaresOf(groupCount, 0.0);
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
        squaresOf[g] += difference * difference;
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
    const double total = squares - sum * sum / number;
    double between = -sum * sum / number;
    for (std::size_t g = 0; g < groupCount; ++g)
        if (counts[g] > 0)
            between += sums[g] * sums[g] / static_cast<double>(counts[g]);
    // Equal scores leave a rest of rounding, not a variance.
    if (total > 1e-13 * squares && total > 0)
        summary.explained = std::clamp(between / total, 0.0, 1.0);
    /// Squared standard error of a mean.
    const auto errorOf = [](double sumOf, double squareOf, std::int64_t n) {
        const auto size = static_cast<double>(n);
        return std::max(0.0, squareOf - sumOf * sumOf / size) / (size - 1) / size;
    };
    for (std::size_t g = 0; g < groupCount; ++g) {
        if (counts[g] == 0)
            continue;
        if (const std::int64_t others = count - counts[g]; counts[g] > 1 && others > 1)
            summary.gapError[g] = std::sqrt(errorOf(sums[g], squaresOf[g], counts[g]) +
                                            errorOf(sum - sums[g], squares - squaresOf[g], others));
        const double mean = sums[g] / static_cast<double>(counts[g]);
        summary.groupMean[g] = *origin + mean;
        if (counts[g] < count)
            summary.gap[g] = mean - (sum - sums[g]) / static_cast<double>(count - counts[g]);
    }
    return summary;
}

/// Scores that cut the rows into parts of some 64 Ki rows each, from a sample; ascending, without repetitions.
template <class T>
std::vector<T> cutsOf(std::span<const T> scores) {
    constexpr std::size_t kPart = std::size_t{1} << 16, kSample = 4096;
    std::vector<T> sample;
    for (std::size_t row = 0; row < scores.size(); row += std::max<std::size_t>(1, scores.size() / kSample))
        if (!std::isnan(scores[row]))
            sample.push_back(scores[row]);
    std::sort(sample.begin(), sample.end());
    std::vector<T> cuts;
    const std::size_t parts = scores.size() / kPart;
    for (std::size_t part = 1; part < parts && !sample.empty(); ++part)
        cuts.push_back(sample[part * sample.size() / parts]);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    return cuts;
}

/// Part by part from the lowest scores up, so that the rows are never all copied.
template <class T>
std::vector<std::optional<double>> deltas(std::span<const T> scores, std::span<const std::int32_t> groups,
                                          std::size_t groupCount) {
    constexpr T kLowest = -std::numeric_limits<T>::infinity();
    struct Row {
        T score;
        std::int32_t group;
    };
    std::vector<std::int64_t> counts(groupCount, 0), dominance(groupCount, 0);
    std::int64_t n = 0;
    for (const std::int32_t group : groups)
        if (group >= 0) {
            ++counts[static_cast<std::size_t>(group)];
            ++n;
        }
    const std::vector<T> cuts = cutsOf(scores);
    std::vector<Row> rows;
    std::int64_t below = 0; // rows of the parts before
    for (std::size_t part = 0; part <= cuts.size(); ++part) {
        rows.clear();
        for (std::size_t row = 0; row < scores.size(); ++row) {
            const T score = std::isnan(scores[row]) ? kLowest : scores[row];
            if (groups[row] >= 0 && (part == 0 || score >= cuts[part - 1]) && (part == cuts.size() || score < cuts[part]))
                rows.push_back({score, groups[row]});
        }
        std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.score < b.score; });
        // Going up: a row is above all rows before its tie and below all after it. Whole numbers, so exact.
        for (std::size_t begin = 0; begin < rows.size();) {
            std::size_t end = begin;
            while (end < rows.size() && rows[end].score == rows[begin].score)
                ++end;
            const auto place = below + static_cast<std::int64_t>(begin) - (n - below - static_cast<std::int64_t>(end));
            for (std::size_t i = begin; i < end; ++i)
                dominance[static_cast<std::size_t>(rows[i].group)] += place;
            begin = end;
        }
        below += static_cast<std::int64_t>(rows.size());
    }
    // Of pairs within the group one is as much above as the other below: they cancel.
    std::vector<std::optional<double>> result(groupCount);
    for (std::size_t g = 0; g < groupCount; ++g)
        if (counts[g] > 0 && counts[g] < n)
            result[g] = static_cast<double>(dominance[g]) /
                        (static_cast<double>(counts[g]) * static_cast<double>(n - counts[g]));
    return result;
}

} // namespace

std::vector<std::optional<double>> cliffsDeltas(std::span<const double> scores, std::span<const std::int32_t> groups,
                                                std::size_t groupCount) {
    return deltas(scores, groups, groupCount);
}
std::vector<std::optional<double>> cliffsDeltas(std::span<const float> scores, std::span<const std::int32_t> groups,
                                                std::size_t groupCount) {
    return deltas(scores, groups, groupCount);
}

ScoreSummary summariseScores(std::span<const double> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount) {
    return summarise(scores, groups, groupCount);
}
ScoreSummary summariseScores(std::span<const float> scores, std::span<const std::int32_t> groups,
                             std::size_t groupCount) {
    return summarise(scores, groups, groupCount);
}

} // namespace plumbline::metric
