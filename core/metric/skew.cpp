// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/skew.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumbline::metric {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Rules rulesOf(Definition definition) {
    Rules rules;
    rules.onlyTarget = onlyTarget(definition);
    switch (definition) {
    case Definition::Geyik:
        break;
    case Definition::Berg:
    case Definition::VlDebiasing:
        rules.keepTies = rules.divideByK = rules.absentIsOneRow = rules.maxFromZero = true;
        break;
    case Definition::Bend:
        rules.maxFromZero = true;
        break;
    case Definition::SocialCounterfactuals:
        rules.absentIsZero = rules.float32 = rules.notNumbersFirst = rules.stopsBeyondPool = true;
        rules.ndkl = Rules::Ndkl::PoolWeighted;
        break;
    case Definition::VisoGender:
        rules.divideByK = rules.absentIsOneRow = rules.minOfReplaced = true;
        rules.ndkl = Rules::Ndkl::WholeList;
        break;
    case Definition::Sfid:
        rules.maxOfAbsolute = rules.twoGroups = true;
        break;
    }
    return rules;
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
        if (counts[g] == 0 && rules.absentIsZero) {
            range.max = std::max(range.max, 0.0);
            range.min = std::min(range.min, 0.0);
            continue;
        }
        range.max = std::max(range.max, rules.maxOfAbsolute ? std::abs(skew) : skew);
        range.min = std::min(range.min, counts[g] == 0 && !rules.minOfReplaced ? -kInfinity : skew);
    }
    return range;
}

} // namespace plumbline::metric
