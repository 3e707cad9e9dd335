// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>

#include "core/metric/null_distribution.h"

namespace plumbline::metric {

namespace {

/// Distances of a share's limits from the share, on the logarithmic scale.
struct Reach {
    double down, up;
};

Reach shareReach(double count, double others, double tail) {
    const double all = count + others;
    if (others <= 0)
        return {-std::log(tail) / all, 0.0}; // Clopper and Pearson: tail^(1/all)
    const double here = std::log(count / all);
    return {here - std::log(boost::math::ibeta_inv(count + 0.5, others + 0.5, tail)),
            std::log(boost::math::ibetac_inv(count + 0.5, others + 0.5, tail)) - here};
}

} // namespace

Interval skewInterval(const SkewEvidence& e, double confidence) {
    const double tail = (1.0 - confidence) / 2.0;
    const auto count = static_cast<double>(e.count), rows = static_cast<double>(e.rows);
    if (e.count == 0) // Clopper and Pearson: 1 - tail^(1/rows), in multiples of one row
        return {std::nullopt, e.skew + std::log(-std::expm1(std::log(tail) / rows) * rows)};

    // To first order independent rows give ln p the variance (1 - p) / (rows p).
    const double independent = (rows - count) / rows / count;
    const double inflation = independent > 0 && e.spread.top > 0 ? e.spread.top / independent : 1.0;
    const Reach top = shareReach(count / inflation, (rows - count) / inflation, tail);
    if (e.pool == 0)
        return {e.skew - top.down, e.skew + top.up};
    if (e.rows >= e.pool) // the top rows are the pool: p is q
        return {e.skew, e.skew};
    const Reach pool = shareReach(static_cast<double>(e.poolCount), static_cast<double>(e.pool - e.poolCount), tail);
    const auto joined = [&](double a, double b) {
        return std::sqrt(std::max(0.0, a * a + b * b - 2.0 * e.spread.correlation * a * b));
    };
    return {e.skew - joined(top.down, pool.up), e.skew + joined(top.up, pool.down)};
}

RangeInterval skewRangeInterval(std::span<const SkewEvidence> groups, bool sharesAddUp, double confidence) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double joint = 1.0 - (1.0 - confidence) / static_cast<double>(groups.size());
    double maxLow = sharesAddUp ? 0.0 : -kInfinity, maxHigh = -kInfinity;
    double minLow = kInfinity, minHigh = sharesAddUp ? 0.0 : kInfinity;
    for (const SkewEvidence& group : groups) {
        const Interval own = skewInterval(group, confidence);
        const Interval strict = skewInterval(group, joint);
        maxLow = std::max(maxLow, strict.low.value_or(-kInfinity));
        maxHigh = std::max(maxHigh, own.high.value_or(kInfinity));
        minLow = std::min(minLow, own.low.value_or(-kInfinity));
        minHigh = std::min(minHigh, strict.high.value_or(kInfinity));
    }
    const auto bounded = [](double end) { return std::isfinite(end) ? std::optional(end) : std::nullopt; };
    return {{bounded(maxLow), bounded(maxHigh)}, {bounded(minLow), bounded(minHigh)}};
}

Interval centredInterval(double value, std::vector<double> draws, double confidence) {
    const SortedDraws sorted(std::move(draws));
    const double shift = value - sorted.mean().value_or(value);
    return {sorted.quantile((1.0 - confidence) / 2.0) + shift, sorted.quantile((1.0 + confidence) / 2.0) + shift};
}

Interval biasInterval(std::int64_t positive, std::int64_t negative, double spread, double confidence) {
    const auto a = static_cast<double>(positive), b = static_cast<double>(negative);
    if (a + b <= 0)
        return {};
    const double tail = (1.0 - confidence) / 2.0;
    const double independent = a * b / ((a + b) * (a + b) * (a + b));
    const double inflation = independent > 0 && spread > 0 ? spread / independent : 1.0;
    const double x = a / inflation, y = b / inflation;
    const double low = a <= 0 ? 0.0 : boost::math::ibeta_inv(x + 0.5, y + 0.5, tail);
    const double high = b <= 0 ? 1.0 : boost::math::ibetac_inv(x + 0.5, y + 0.5, tail);
    return {2 * low - 1, 2 * high - 1};
}

Interval countRatioInterval(std::span<const SkewEvidence> groups, double confidence) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double joint = 1.0 - (1.0 - confidence) / static_cast<double>(groups.size());
    double minLow = kInfinity, minHigh = kInfinity, maxLow = -kInfinity, maxHigh = -kInfinity;
    for (SkewEvidence group : groups) {
        group.poolCount = group.pool = 0; // of ln p alone
        // An absent group stands for the skew that one row would have.
        group.skew = std::log(static_cast<double>(std::max<std::int64_t>(group.count, 1)) / static_cast<double>(group.rows));
        const Interval own = skewInterval(group, confidence), strict = skewInterval(group, joint);
        minLow = std::min(minLow, own.low.value_or(-kInfinity));
        minHigh = std::min(minHigh, strict.high.value_or(kInfinity));
        maxLow = std::max(maxLow, strict.low.value_or(-kInfinity));
        maxHigh = std::max(maxHigh, own.high.value_or(kInfinity));
    }
    return {std::exp(minLow - maxHigh), std::min(1.0, std::exp(minHigh - maxLow))};
}

} // namespace plumbline::metric
