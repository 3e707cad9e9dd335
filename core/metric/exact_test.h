// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace plumbline::metric {

/// Under a random ranking of `n` rows the number of a group's rows among the first `top` is hypergeometric. These are
/// the tails of that law, without random draws: what a permutation p tends to with ever more draws, and not
/// bounded below by their number.
struct CountTest {
    double p = 1;         ///< two-sided: twice the smaller tail, at most 1
    double smallestP = 1; ///< of the most extreme count that is possible: above the level, the test can never reject
};
/// `group` of the `n` rows are the group's, `inTop` of them are among the first `top`.
/// Nothing if these cannot be counts of one pool.
std::optional<CountTest> exactTest(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop);

/// The counts that this test can tell from chance: the largest count whose lower tail and the smallest whose upper tail
/// has a two-sided p of at most `level`; absent where no possible count has one.
struct CriticalCounts {
    std::optional<std::int64_t> low, high;
};
CriticalCounts criticalCounts(std::int64_t n, std::int64_t group, std::int64_t top, double level);

/// One tail of the same law: the chance that the group has at least (at most) `inTop` rows among the first `top`. 0 and
/// 1 where that is impossible or certain.
double atLeastInTop(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop);
double atMostInTop(std::int64_t n, std::int64_t group, std::int64_t top, std::int64_t inTop);

/// Where the count lies under a random ranking: the smallest counts that have at least the shares (1 - coverage) / 2 and
/// (1 + coverage) / 2 of the law at or below them. `n`, `group` and `top` must be of one pool.
struct CountRange {
    std::int64_t low = 0, high = 0;
};
CountRange centralCounts(std::int64_t n, std::int64_t group, std::int64_t top, double coverage);

} // namespace plumbline::metric
