// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/paired_rates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>

#include "core/metric/rates.h"

namespace plumbline::metric {

std::optional<double> pairedDifference(const PairedCounts& counts) {
    if (counts.n() <= 0)
        return std::nullopt;
    return static_cast<double>(counts.first - counts.second) / static_cast<double>(counts.n());
}

Interval pairedInterval(const PairedCounts& counts, double confidence) {
    if (counts.n() <= 0)
        return {};
    const Rate a = wilson(counts.both + counts.first, counts.n(), confidence);
    const Rate b = wilson(counts.both + counts.second, counts.n(), confidence);
    const auto e = static_cast<double>(counts.both), f = static_cast<double>(counts.first),
               g = static_cast<double>(counts.second), h = static_cast<double>(counts.neither);
    const double product = (e + f) * (g + h) * (e + g) * (f + h);
    double phi = 0;
    if (product > 0) {
        // A positive correlation is made smaller by a correction for continuity, not below 0.
        const double determinant = e * h - f * g;
        const double corrected = determinant > 0 ? std::max(0.0, determinant - (e + f + g + h) / 2) : determinant;
        phi = corrected / std::sqrt(product);
    }
    const auto joined = [&](double x, double y) { return std::sqrt(std::max(0.0, x * x - 2 * phi * x * y + y * y)); };
    const double difference = *a.value - *b.value;
    return {difference - joined(*a.value - *a.low, *b.high - *b.value),
            difference + joined(*a.high - *a.value, *b.value - *b.low)};
}

double mcNemarExact(const PairedCounts& counts) {
    const std::int64_t changed = counts.first + counts.second, fewer = std::min(counts.first, counts.second);
    if (changed == 0 || 2 * fewer == changed)
        return 1;
    // P(X <= fewer) of a binomial with p = 1/2 as an incomplete beta function.
    const double tail = boost::math::ibeta(static_cast<double>(changed - fewer), static_cast<double>(fewer + 1), 0.5);
    return std::clamp(2 * tail, std::numeric_limits<double>::min(), 1.0);
}

} // namespace plumbline::metric
