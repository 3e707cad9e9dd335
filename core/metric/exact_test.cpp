// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/exact_test.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

namespace plumbline::metric {
namespace {

// A tail that underflowed is not impossible, only tiny. Smaller weights would be multiplied a hundred times slower, and
// the smallest of all would no longer shrink.
constexpr double kTiny = std::numeric_limits<double>::min();

struct Counts {
    std::int64_t n, group, top;
    std::int64_t least() const { return std::max<std::int64_t>(0, top + group - n); }
    std::int64_t most() const { return std::min(group, top); }
    bool ofOnePool() const { return n > 0 && group >= 0 && group <= n && top >= 0 && top <= n; }
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

/// Adds weights that never grow, until one of them no longer changes the sum: none after it would.
double addedTo(double sum, std::span<const double> weights) {
    for (const double weight : weights) {
        const double next = sum + weight;
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

std::span<const double> from(std::span<const double> weights, std::int64_t first) {
    return weights.subspan(std::min(weights.size(), static_cast<std::size_t>(first)));
}

} // namespace

CountLaw::CountLaw(std::int64_t n, std::int64_t group, std::int64_t top, double negligible)
    : m_n(n), m_group(group), m_top(top) {
    const Counts counts{n, group, top};
    if (!counts.ofOnePool() || counts.least() == counts.most())
        return;
    eachWeight(counts, std::max(kTiny, negligible), [this](std::int64_t x, double weight) {
        if (m_up.empty())
            m_mode = x;
        (x < m_mode ? m_down : m_up).push_back(weight);
    });
    m_upTo.resize(m_up.size());
    std::partial_sum(m_up.begin(), m_up.end(), m_upTo.begin());
    m_total = addedTo(m_upTo.back(), m_down);
}

/// The weights of at least, and of at most, so many; both with counts that are possible.
double CountLaw::tailFrom(std::int64_t inTop) const {
    if (inTop >= m_mode)
        return addedTo(0, from(m_up, inTop - m_mode));
    const std::span<const double> down(m_down);
    return addedTo(m_upTo.back(), down.first(std::min(down.size(), static_cast<std::size_t>(m_mode - inTop))));
}
double CountLaw::tailTo(std::int64_t inTop) const {
    if (inTop < m_mode)
        return addedTo(0, from(m_down, m_mode - 1 - inTop));
    return addedTo(m_upTo[std::min(m_upTo.size() - 1, static_cast<std::size_t>(inTop - m_mode))], m_down);
}

std::optional<CountTest> CountLaw::test(std::int64_t inTop) const {
    const Counts counts{m_n, m_group, m_top};
    if (!counts.ofOnePool() || inTop < counts.least() || inTop > counts.most())
        return std::nullopt;
    if (counts.least() == counts.most())
        return CountTest{1, 1};
    const auto twoSided = [&](double tail) { return std::clamp(2 * tail / m_total, kTiny, 1.0); };
    return CountTest{twoSided(std::min(tailTo(inTop), tailFrom(inTop))),
                     twoSided(std::min(tailTo(counts.least()), tailFrom(counts.most())))};
}

double CountLaw::atLeast(std::int64_t inTop) const {
    const Counts counts{m_n, m_group, m_top};
    if (!counts.ofOnePool() || inTop <= counts.least())
        return 1;
    return inTop > counts.most() ? 0 : std::clamp(tailFrom(inTop) / m_total, kTiny, 1.0);
}

double CountLaw::atMost(std::int64_t inTop) const {
    const Counts counts{m_n, m_group, m_top};
    if (!counts.ofOnePool() || inTop >= counts.most())
        return 1;
    return inTop < counts.least() ? 0 : std::clamp(tailTo(inTop) / m_total, kTiny, 1.0);
}

CriticalCounts CountLaw::critical(double level) const {
    CriticalCounts critical;
    if (m_up.empty())
        return critical;
    const double below = addedTo(0, m_down);
    if (2 * std::min(m_total - below, below + m_up.front()) <= level * m_total)
        return critical; // even the likeliest count: nothing tells counts apart at such a level
    // Inwards from the counts whose weight is nothing: as far as the tail stays within the level.
    const auto within = [&](const std::vector<double>& weights, std::size_t nearest) {
        double tail = 0;
        std::size_t at = weights.size();
        while (at > nearest && 2 * (tail + weights[at - 1]) <= level * m_total)
            tail += weights[--at];
        return at; // the nearest weight in the tail, or as many as there are
    };
    if (const std::size_t at = within(m_down, 0); at < m_down.size())
        critical.low = m_mode - 1 - static_cast<std::int64_t>(at);
    if (const std::size_t at = within(m_up, 1); at < m_up.size())
        critical.high = m_mode + static_cast<std::int64_t>(at);
    return critical;
}

CountRange CountLaw::central(double coverage) const {
    if (m_up.empty()) {
        const std::int64_t only = Counts{m_n, m_group, m_top}.most();
        return {only, only};
    }
    const double below = addedTo(0, m_down);
    const auto quantile = [&](double share) {
        const double wanted = share * m_total * (1 - 1e-12); // a sum in another order is no other count
        double atMost = below;
        if (atMost >= wanted) {
            std::int64_t x = m_mode - 1;
            for (const double weight : m_down) {
                if (atMost - weight < wanted)
                    break;
                atMost -= weight;
                --x;
            }
            return x;
        }
        std::int64_t x = m_mode;
        for (const double weight : m_up) {
            atMost += weight;
            if (atMost >= wanted)
                break;
            ++x;
        }
        return std::min(x, Counts{m_n, m_group, m_top}.most());
    };
    return {quantile((1 - coverage) / 2), quantile((1 + coverage) / 2)};
}

std::optional<CountTest> exactTest(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop) {
    return CountLaw(n, group, top).test(inTop);
}

CountRange centralCounts(std::int64_t n, std::int64_t group, std::int64_t top, double coverage) {
    constexpr double kNegligible = 1e-20;
    return CountLaw(n, group, top, kNegligible).central(coverage);
}

} // namespace plumbline::metric
