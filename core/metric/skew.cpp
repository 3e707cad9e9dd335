// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/skew.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumbline::metric {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Rules rulesOf(Definition definition) {
    if (definition == Definition::Geyik)
        return {};
    return {.keepTies = true,
            .divideByK = true,
            .absentIsOneRow = true,
            .maxFromZero = true,
            .uniformOnly = definition == Definition::VlDebiasing};
}

double skewOf(std::uint32_t count, double divisor, double logTarget, const Rules& rules) {
    if (count == 0 && !rules.absentIsOneRow)
        return -kInfinity;
    return std::log(std::max<std::uint32_t>(count, 1) / divisor) - logTarget;
}

SkewRange skewRange(std::span<const std::uint32_t> counts, double divisor, std::span<const double> logTarget,
                    const Rules& rules) {
    SkewRange range{rules.maxFromZero ? 0.0 : -kInfinity, kInfinity};
    for (std::size_t g = 0; g < counts.size(); ++g) {
        if (logTarget[g] == -kInfinity)
            continue;
        const double skew = skewOf(counts[g], divisor, logTarget[g], rules);
        range.max = std::max(range.max, skew);
        range.min = std::min(range.min, counts[g] == 0 ? -kInfinity : skew);
    }
    return range;
}

} // namespace plumbline::metric
