// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/base/random.h"
#include "core/metric/divergence.h"
#include "core/metric/ndkl.h"
#include "core/metric/pool.h"

namespace plumbline::metric {

/// Draws of one statistic under the null, sorted. An infinite draw is smaller or larger than every number.
class SortedDraws {
public:
    SortedDraws() = default;
    explicit SortedDraws(std::vector<double> draws);

    /// Add-one Monte-Carlo p-values (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, eq. 4.11):
    /// (1 + draws at least as large [small]) / (draws + 1). Draws that differ from `value` by rounding only count as
    /// equal, that is against the finding.
    double upperP(double value) const;
    double lowerP(double value) const;
    /// How many draws lie above, and how many are equal: what a randomised p-value needs.
    struct Place {
        std::size_t below, equal, above;
    };
    Place place(double value) const;
    /// The smallest draw with at least the share `p` of the draws at or below it.
    double quantile(double p) const;
    /// Absent when a draw is infinite.
    std::optional<double> mean() const;
    std::size_t size() const { return m_draws.size(); }
    bool empty() const { return m_draws.empty(); }

private:
    std::vector<double> m_draws;
};

/// What chance alone shows: the statistics of random rankings of the same pool (permutation null, METHODS A3).
struct NullDistribution {
    SortedDraws maxSkew, minSkew, ndkl;
    std::vector<SortedDraws> topCount;         ///< of each group
    std::array<SortedDraws, kFurther> further; ///< without draws where a number is not defined
};

/// `rows` rows are ranked at random, without replacement; their skews are over `divisor`, NDKL is normalised by
/// `normaliser` (where it runs over the whole list, the tables must cover it). In a draw from whose top rows a group is
/// absent MinSkew is minus infinity, as for an observed ranking: absence is the extreme of the lower tail. The draws
/// depend on the seed, the attribute's name and the pool only. `inBlocks`: beyond rank 4,096 blocks of rows add normal
/// numbers with the means and covariances of draws without replacement; then infeasible index and count have no draws.
/// Only for definitions whose NDKL runs over the rows counted, and pools whose rarest group has some 20 rows by then.
Outcome<NullDistribution> drawNull(const Pool& pool, const Rules& rules, const NdklTables& tables, std::size_t rows,
                                   double divisor, double normaliser, std::uint64_t seed, int draws, bool inBlocks,
                                   Feedback& feedback);

/// Groups of the rows of a random ranking, from the top: draws from the pool without replacement.
class RandomRanking {
public:
    RandomRanking(const Pool& pool, std::uint64_t seed, std::uint64_t stream, std::uint64_t replicate);
    std::uint32_t next();

private:
    RandomStream m_random;
    std::vector<std::uint32_t> m_left;
    std::uint32_t m_total;
};

} // namespace plumbline::metric
