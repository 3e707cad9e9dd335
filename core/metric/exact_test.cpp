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

/// All of the weights that are not negligible.
struct Law {
    Law(const Counts& counts, double negligible) {
        eachWeight(counts, negligible, [this](std::int64_t x, double weight) {
            if (up.empty())
                mode = x;
            (x < mode ? down : up).push_back(weight);
            total += weight;
            below += x < mode ? weight : 0;
        });
    }
    std::vector<double> up, down; ///< from the mode on; below it
    std::int64_t mode = 0;
    double total = 0, below = 0; ///< of all; of those below the mode
};

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
    const Counts counts{n, group, top};
    CriticalCounts critical;
    if (!counts.ofOnePool() || counts.least() == counts.most())
        return critical;
    const Law law(counts, 0);
    if (2 * std::min(law.total - law.below, law.below + law.up.front()) <= level * law.total)
        return critical; // even the likeliest count: nothing tells counts apart at such a level
    // Inwards from the counts whose weight is nothing: as far as the tail stays within the level.
    const auto within = [&](const std::vector<double>& weights, std::size_t nearest) {
        double tail = 0;
        std::size_t at = weights.size();
        while (at > nearest && 2 * (tail + weights[at - 1]) <= level * law.total)
            tail += weights[--at];
        return at; // the nearest weight in the tail, or as many as there are
    };
    if (const std::size_t at = within(law.down, 0); at < law.down.size())
        critical.low = law.mode - 1 - static_cast<std::int64_t>(at);
    if (const std::size_t at = within(law.up, 1); at < law.up.size())
        critical.high = law.mode + static_cast<std::int64_t>(at);
    return critical;
}

CountRange centralCounts(std::int64_t n, std::int64_t group, std::int64_t top, double coverage) {
    const Counts counts{n, group, top};
    const auto [up, down, mode, total, below] = Law(counts, 1e-20);
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
