// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/debias/ranking/rules.h"

namespace plumbline::debias {

/// An ordinary ranking: the score and group of the item at each place, best first.
struct RankedItems {
    std::span<const float> score;        ///< descending
    std::span<const std::int32_t> group; ///< from 0, below the number of shares
};

/// DetGreedy, DetCons, DetRelaxed or DetConstSort (METHODS B9): the old places (from 0) of the items in their new
/// order. The first `k` are chosen, the others follow in their old order. `share`: wanted of each group, q_g >= 0.
///
/// At place r a group is below its least count where it has fewer than floor(r q_g) items, and below its greatest where
/// it has fewer than ceil(r q_g); both with a guard of 1e-9, as 0.29 * 100 is 28.999999999999996.
std::vector<std::uint32_t> rerankByShares(RankingAlgorithm algorithm, const RankedItems& items,
                                          std::span<const double> share, std::size_t k);

/// FA*IR: at place r at least least[r - 1] items of the protected group, else the best item; equal scores favour the
/// protected group. As many places are chosen as `least` has.
std::vector<std::uint32_t> rerankFairIr(const RankedItems& items, std::int32_t protectedGroup,
                                        std::span<const std::uint32_t> least);

// What FA*IR is known to work for (METHODS B9).
inline constexpr std::int64_t kFairIrLeastK = 10, kFairIrMostK = 400;
inline constexpr double kFairIrLeastP = 0.02, kFairIrMostP = 0.98;
inline constexpr double kFairIrLeastAlpha = 0.01, kFairIrMostAlpha = 0.15;

/// Least count of the protected group at places 1 to k: the smallest x with P(Binomial(r, p) <= x) >= alpha.
std::vector<std::uint32_t> fairIrTable(std::size_t k, double p, double alpha);

/// Chance that a ranking whose places are drawn one by one, protected with chance p, is below the table somewhere:
/// exact, over all paths of counts.
double fairIrFailure(std::span<const std::uint32_t> table, double p);

/// The alpha of each place for which the whole table fails a fair ranking with a chance of at most `alpha`, as near to
/// it as a table can be (bisection; the chance rises in steps).
double adjustedAlpha(std::size_t k, double p, double alpha);

} // namespace plumbline::debias
