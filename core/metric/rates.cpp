// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/rates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/special_functions/erf.hpp>

namespace plumbline::metric {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::optional<double> bounded(double end) {
    return std::isfinite(end) ? std::optional(end) : std::nullopt;
}

} // namespace

double normalQuantile(double confidence) {
    return std::sqrt(2.0) * boost::math::erf_inv(confidence);
}

Rate wilson(std::int64_t count, std::int64_t n, double confidence) {
    Rate rate{count, n, {}, {}, {}};
    if (n <= 0)
        return rate;
    const double z = normalQuantile(confidence), z2 = z * z;
    const auto size = static_cast<double>(n);
    const double p = static_cast<double>(count) / size;
    const double centre = (p + z2 / (2 * size)) / (1 + z2 / size);
    const double half = z / (1 + z2 / size) * std::sqrt(p * (1 - p) / size + z2 / (4 * size * size));
    rate.value = p;
    // At 0 and n the formula's end is 0 and 1 up to rounding.
    rate.low = count == 0 ? 0.0 : std::max(0.0, centre - half);
    rate.high = count == n ? 1.0 : std::min(1.0, centre + half);
    return rate;
}

Interval rateDifference(const Rate& a, const Rate& b, double confidence) {
    const Rate x = wilson(a.count, a.n, confidence), y = wilson(b.count, b.n, confidence);
    if (!x.value || !y.value)
        return {};
    const double difference = *x.value - *y.value;
    return {difference - std::hypot(*x.value - *x.low, *y.high - *y.value),
            difference + std::hypot(*x.high - *x.value, *y.value - *y.low)};
}

Interval rateRatio(const Rate& a, const Rate& b, double confidence) {
    const Rate x = wilson(a.count, a.n, confidence), y = wilson(b.count, b.n, confidence);
    if (!x.value || !y.value || (x.count == 0 && y.count == 0))
        return {};
    if (x.count == 0) // no value on the log scale: the upper end from the ends
        return {0.0, *y.low > 0 ? std::optional(*x.high / *y.low) : std::nullopt};
    if (y.count == 0)
        return {*x.low / *y.high, std::nullopt};
    const double ratio = std::log(*x.value / *y.value);
    const auto down = [](const Rate& rate) { return std::log(*rate.value / *rate.low); };
    const auto up = [](const Rate& rate) { return std::log(*rate.high / *rate.value); };
    return {bounded(std::exp(ratio - std::hypot(down(x), up(y)))),
            bounded(std::exp(ratio + std::hypot(up(x), down(y))))};
}

double fisherExact(const Rate& a, const Rate& b) {
    if (a.n <= 0 || b.n <= 0)
        return 1.0;
    const std::int64_t hits = a.count + b.count, all = a.n + b.n;
    const std::int64_t least = std::max<std::int64_t>(0, hits - b.n), most = std::min(hits, a.n);
    if (least == most)
        return 1.0;
    // Weights relative to the observed table, walking outwards by the ratio of neighbours.
    const auto ratioUp = [&](std::int64_t x) {
        return static_cast<double>(a.n - x) / static_cast<double>(x + 1) * static_cast<double>(hits - x) /
               static_cast<double>(all - a.n - hits + x + 1);
    };
    constexpr double kTie = 1 + 1e-7; // as R's fisher.test: tables as likely up to rounding count
    double extreme = 1, total = 1, weight = 1;
    for (std::int64_t x = a.count; x < most; ++x) {
        weight *= ratioUp(x);
        total += weight;
        if (weight <= kTie)
            extreme += weight;
        if (weight == 0)
            break;
    }
    weight = 1;
    for (std::int64_t x = a.count; x > least; --x) {
        weight /= ratioUp(x - 1);
        total += weight;
        if (weight <= kTie)
            extreme += weight;
        if (weight == 0)
            break;
    }
    if (!std::isfinite(total)) // the observed table is out of all proportion to the likely ones
        return std::numeric_limits<double>::min();
    return std::clamp(extreme / total, std::numeric_limits<double>::min(), 1.0);
}

ExtremesInterval extremesInterval(std::span<const Estimate> estimates) {
    if (estimates.empty())
        return {};
    double maxLow = -kInfinity, maxHigh = -kInfinity, minLow = kInfinity, minHigh = kInfinity;
    double rangeLow = 0, rangeHigh = 0;
    for (const Estimate& estimate : estimates) {
        maxLow = std::max(maxLow, estimate.strict.low.value_or(-kInfinity));
        maxHigh = std::max(maxHigh, estimate.own.high.value_or(kInfinity));
        minLow = std::min(minLow, estimate.own.low.value_or(-kInfinity));
        minHigh = std::min(minHigh, estimate.strict.high.value_or(kInfinity));
    }
    // Of every pair the distance of the single intervals, joined as independent (MOVER).
    for (const Estimate& a : estimates)
        for (const Estimate& b : estimates) {
            const double difference = a.value - b.value;
            if (&a == &b || difference < 0)
                continue;
            const auto reach = [](double from, const std::optional<double>& end) {
                return end ? std::abs(from - *end) : kInfinity;
            };
            rangeLow = std::max(rangeLow,
                                difference - std::hypot(reach(a.value, a.strict.low), reach(b.value, b.strict.high)));
            rangeHigh =
                std::max(rangeHigh, difference + std::hypot(reach(a.value, a.own.high), reach(b.value, b.own.low)));
        }
    ExtremesInterval result{{bounded(maxLow), bounded(maxHigh)}, {bounded(minLow), bounded(minHigh)}, {}};
    if (estimates.size() > 1)
        result.range = {rangeLow, bounded(rangeHigh)};
    return result;
}

} // namespace plumbline::metric
