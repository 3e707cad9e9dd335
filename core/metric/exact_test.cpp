// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/exact_test.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace plumbline::metric {
namespace {

// A tail that underflowed is not impossible, only tiny.
constexpr double kTiny = std::numeric_limits<double>::min();

struct Counts {
    std::int64_t n, group, top;
    std::int64_t least() const { return std::max<std::int64_t>(0, top + group - n); }
    std::int64_t most() const { return std::min(group, top); }
    bool ofOnePool() const { return n > 0 && group >= 0 && group <= n && top >= 0 && top <= n; }
};

/// Relative weights of a count's tails (itself included), of all counts, and of the first and the last one.
struct Weights {
    double atMost = 0, atLeast = 0, total = 0, first = 0, last = 0;
};

/// Shows each count with its relative weight: outwards from the mode, where the weight is set to 1, by the ratio of
/// neighbours, and no further than to the first of at most `negligible`: no factorials, so no overflow, and the work is
/// some standard deviations whatever the pool's size.
template <class Add>
void eachWeight(const Counts& c, double negligible, const Add& add) {
    const auto ratioUp = [&](std::int64_t x) { // weight(x + 1) / weight(x)
        return static_cast<double>(c.group - x) / static_cast<double>(x + 1) * static_cast<double>(c.top - x) /
               static_cast<double>(c.n - c.group - c.top + x + 1);
    };
    const std::int64_t least = c.least(), most = c.most();
    const double expectedMode =
        (static_cast<double>(c.top) + 1) * (static_cast<double>(c.group) + 1) / (static_cast<double>(c.n) + 2);
    const std::int64_t mode = std::clamp(static_cast<std::int64_t>(expectedMode), least, most);

    add(mode, 1);
    double weight = 1;
    for (std::int64_t x = mode; x < most && weight > negligible; ++x) {
        weight *= ratioUp(x);
        add(x + 1, weight);
    }
    weight = 1;
    for (std::int64_t x = mode; x > least && weight > negligible; --x) {
        weight /= ratioUp(x - 1);
        add(x - 1, weight);
    }
}

Weights weigh(const Counts& c, std::int64_t inTop) {
    const std::int64_t least = c.least(), most = c.most();
    Weights sums;
    eachWeight(c, 0, [&](std::int64_t x, double weight) {
        sums.total += weight;
        if (x <= inTop)
            sums.atMost += weight;
        if (x >= inTop)
            sums.atLeast += weight;
        if (x == least)
            sums.first = weight;
        if (x == most)
            sums.last = weight;
    });
    return sums;
}

} // namespace

std::optional<CountTest> exactTest(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop) {
    const Counts counts{n, group, top};
    if (!counts.ofOnePool() || inTop < counts.least() || inTop > counts.most())
        return std::nullopt;
    if (counts.least() == counts.most())
        return CountTest{1, 1};
    const Weights w = weigh(counts, inTop);
    const auto twoSided = [&](double tail) { return std::clamp(2 * tail / w.total, kTiny, 1.0); };
    return CountTest{twoSided(std::min(w.atMost, w.atLeast)), twoSided(std::min(w.first, w.last))};
}

double atLeastInTop(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop) {
    const Counts counts{n, group, top};
    if (!counts.ofOnePool() || inTop <= counts.least())
        return 1;
    if (inTop > counts.most())
        return 0;
    const Weights w = weigh(counts, inTop);
    return std::clamp(w.atLeast / w.total, kTiny, 1.0);
}

double atMostInTop(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop) {
    const Counts counts{n, group, top};
    if (!counts.ofOnePool() || inTop >= counts.most())
        return 1;
    if (inTop < counts.least())
        return 0;
    const Weights w = weigh(counts, inTop);
    return std::clamp(w.atMost / w.total, kTiny, 1.0);
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

CountRange centralCounts(std::int64_t n, std::int64_t group, std::int64_t top, double coverage) {
    const Counts counts{n, group, top};
    std::vector<double> up, down; // weights from the mode on, and below it
    std::int64_t mode = counts.least();
    double total = 0, below = 0;
    eachWeight(counts, 1e-20, [&](std::int64_t x, double weight) {
        if (up.empty())
            mode = x;
        (x < mode ? down : up).push_back(weight);
        total += weight;
        below += x < mode ? weight : 0;
    });
    const auto quantile = [&](double share) {
        const double wanted = share * total * (1 - 1e-12); // a sum in another order is no other count
        double atMost = below;
        if (atMost >= wanted) {
            std::int64_t x = mode - 1;
            for (const double weight : down) {
                if (atMost - weight < wanted)
                    break;
                atMost -= weight;
                --x;
            }
            return x;
        }
        std::int64_t x = mode;
        for (const double weight : up) {
            atMost += weight;
            if (atMost >= wanted)
                break;
            ++x;
        }
        return std::min(x, counts.most());
    };
    return {quantile((1 - coverage) / 2), quantile((1 + coverage) / 2)};
}

} // namespace plumbline::metric
