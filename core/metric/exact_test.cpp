// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/exact_test.h"

#include <algorithm>
#include <limits>

namespace plumbline::metric {

std::optional<CountTest> exactTest(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop) {
    const std::int64_t least = std::max<std::int64_t>(0, top + group - n);
    const std::int64_t most = std::min(group, top);
    if (n <= 0 || group < 0 || group > n || top < 0 || top > n || inTop < least || inTop > most)
        return std::nullopt;

    // Walk outwards from the mode, where the weight is set to 1, by the ratio of neighbours; stop when a weight
    // underflows. No factorials, so no overflow, and the work is some standard deviations whatever the pool's size.
    const auto ratioUp = [&](std::int64_t x) { // weight(x + 1) / weight(x)
        return static_cast<double>(group - x) / static_cast<double>(x + 1) * static_cast<double>(top - x) /
               static_cast<double>(n - group - top + x + 1);
    };
    const double expectedMode =
        (static_cast<double>(top) + 1) * (static_cast<double>(group) + 1) / (static_cast<double>(n) + 2);
    const std::int64_t mode = std::clamp(static_cast<std::int64_t>(expectedMode), least, most);

    double total = 0, atMost = 0, atLeast = 0, first = 0, last = 0;
    const auto add = [&](std::int64_t x, double weight) {
        total += weight;
        if (x <= inTop)
            atMost += weight;
        if (x >= inTop)
            atLeast += weight;
        if (x == least)
            first = weight;
        if (x == most)
            last = weight;
    };
    add(mode, 1);
    double weight = 1;
    for (std::int64_t x = mode; x < most && weight > 0; ++x) {
        weight *= ratioUp(x);
        add(x + 1, weight);
    }
    weight = 1;
    for (std::int64_t x = mode; x > least && weight > 0; --x) {
        weight /= ratioUp(x - 1);
        add(x - 1, weight);
    }
    // A tail that underflowed is not impossible, only tiny.
    constexpr double kTiny = std::numeric_limits<double>::min();
    const auto twoSided = [&](double tail) { return std::clamp(2 * tail / total, kTiny, 1.0); };
    if (least == most)
        return CountTest{1, 1};
    return CountTest{twoSided(std::min(atMost, atLeast)), twoSided(std::min(first, last))};
}

CriticalCounts criticalCounts(std::int64_t n, std::int64_t group, std::int64_t top, double level) {
    const std::int64_t least = std::max<std::int64_t>(0, top + group - n), most = std::min(group, top);
    CriticalCounts critical;
    if (n <= 0 || group < 0 || group > n || top < 0 || top > n || least == most)
        return critical;
    const auto p = [&](std::int64_t x) { return exactTest(n, group, top, x)->p; };
    // The p falls on both sides of the mode, so each end is found by halving.
    const auto mode =
        std::clamp(static_cast<std::int64_t>((static_cast<double>(top) + 1) * (static_cast<double>(group) + 1) /
                                             (static_cast<double>(n) + 2)),
                   least, most);
    const auto search = [&](std::int64_t inside, std::int64_t extreme) -> std::optional<std::int64_t> {
        if (p(extreme) > level)
            return std::nullopt;
        while (std::abs(extreme - inside) > 1) {
            const std::int64_t middle = inside + (extreme - inside) / 2;
            (p(middle) > level ? inside : extreme) = middle;
        }
        return extreme;
    };
    if (p(mode) <= level) // even the likeliest count: nothing tells counts apart at such a level
        return critical;
    critical.low = search(mode, least);
    critical.high = search(mode, most);
    return critical;
}

} // namespace plumbline::metric
