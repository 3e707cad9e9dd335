// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace plumbline::metric {

/// Two-sided p of a count.
struct CountTest {
    double p = 1;         ///< twice the smaller tail, at most 1
    double smallestP = 1; ///< of the most extreme count that is possible: above the level, the test can never reject
};

/// The counts that a test can tell from chance: the largest count whose lower tail and the smallest whose upper tail
/// has a two-sided p of at most the level; absent where no possible count has one.
struct CriticalCounts {
    std::optional<std::int64_t> low, high;
};

/// Where a count lies: the smallest counts that have at least the shares (1 - coverage) / 2 and (1 + coverage) / 2 of
/// the law at or below them.
struct CountRange {
    std::int64_t low = 0, high = 0;
};

/// Under a random ranking of `n` rows, `group` of which are a group's, the number of these among the first `top` is
/// hypergeometric. This is that law with its tails, without random draws: what a permutation p tends to with ever more
/// draws, and not bounded below by their number. Making it takes the work of some 77 standard deviations of the count,
/// a question that of some eight: worth keeping for rankings of the same sizes. `negligible`: the share of the
/// likeliest count's chance below which counts may be left out, where no p is asked for.
class CountLaw {
public:
    CountLaw(std::int64_t n, std::int64_t group, std::int64_t top, double negligible = 0);

    /// Nothing if these cannot be counts of one pool.
    std::optional<CountTest> test(std::int64_t inTop) const;
    CriticalCounts critical(double level) const;
    /// One tail: the chance that the group has at least (at most) `inTop` rows among the first. 0 and 1 where that is
    /// impossible or certain, or these are no counts of one pool (1).
    double atLeast(std::int64_t inTop) const;
    double atMost(std::int64_t inTop) const;
    CountRange central(double coverage) const; ///< of counts of one pool

private:
    double tailFrom(std::int64_t inTop) const;
    double tailTo(std::int64_t inTop) const;

    std::int64_t m_n, m_group, m_top, m_mode = 0;
    std::vector<double> m_up, m_upTo; ///< weights from the mode on, and their sums up to each
    std::vector<double> m_down;       ///< weights below the mode, from it on
    double m_total = 1;
};

/// The same, for a single question.
std::optional<CountTest> exactTest(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop);
CountRange centralCounts(std::int64_t n, std::int64_t group, std::int64_t top, double coverage);

} // namespace plumbline::metric
