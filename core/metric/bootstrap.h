// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/metric/divergence.h"
#include "core/metric/pool.h"

namespace plumbline::metric {

/// The bootstrap over images: the pool is a sample of a population, so each replicate draws n images from it with
/// replacement, ranks them and looks at the top k again (k/n fixed; not stratified, the groups' shares of the pool are
/// drawn too). Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7(1), 1979.
///
/// Nothing is copied or sorted. A draw with replacement from the ranked pool is floor(n U), U uniform, so the top k of
/// n draws stand at floor(n U_(1)) <= ... <= floor(n U_(k)), the k smallest of n sorted uniforms, which come one by one
/// from exponential spacings (Renyi 1953):  -ln(1 - U_(i)) = sum_{j<=i} E_j / (n - j + 1).  Given U_(k) the other n - k
/// draws are uniform on what lies behind it, so their groups are multinomial. Exact, and O(k + G) a replicate.
///
/// The places depend on n and k only, so they are drawn once and serve every prompt.
///
/// Where only the groups' counts are wanted, U_(k) comes from its beta law, and the k - 1 draws before it are uniform
/// on what lies before it, so that their groups are multinomial, too: exact, and O(G) a replicate.
class BootstrapPlan {
public:
    enum class Of { Ranks, Counts };
    static Outcome<BootstrapPlan> draw(const Pool& pool, std::size_t rows, std::uint64_t seed, int draws, Of of,
                                       Feedback& feedback);
    bool ofCounts() const { return m_of == Of::Counts; }

    std::size_t draws() const { return m_ends.size(); }
    /// No replicate without ties looks at ranks from here on.
    std::size_t reach() const { return m_reach; }

    struct Top {
        std::span<const std::uint32_t> ranks; ///< ascending, from 0, with repetitions
        double end;                           ///< in [0, n]: where the rest of the draws begins
    };
    /// The top rows of replicate i; `buffer` holds them where they are not stored.
    Top top(std::size_t i, std::vector<std::uint32_t>& buffer) const;
    double end(std::size_t i) const { return m_ends[i]; }
    std::size_t rows() const { return m_rows; }
    /// The same when all rows that tie with the k-th are kept. `tieEnd`: for each rank the first rank of a lower score.
    Top topWithTies(std::size_t i, std::span<const std::uint32_t> tieEnd, std::vector<std::uint32_t>& buffer) const;

private:
    Of m_of = Of::Ranks;
    std::uint64_t m_seed = 0, m_stream = 0;
    std::size_t m_n = 0, m_rows = 0, m_reach = 0;
    std::vector<double> m_ends;
    std::vector<std::uint32_t> m_ranks; ///< draws x rows, or empty where that would be too large
};

/// A ranking as the bootstrap sees it.
struct RankedGroups {
    std::span<const std::uint32_t> groupAtRank; ///< of the first ranks, at least plan.reach()
    std::span<const std::uint32_t> tieEnd;      ///< of every rank; only for definitions that keep ties
};

/// How a group's counts vary over the replicates, relative to those observed: of c*/c (top rows) and n*/n_g (pool).
struct GroupSpread {
    double top = 0;         ///< variance of c*/c, to first order that of ln c*
    double correlation = 0; ///< of c* and n*; 0 where the target is not the pool's shares
};

/// What the replicates say about a ranking.
struct BootstrapDraws {
    std::vector<double> ndkl;        ///< unsorted, one a replicate; only where NDKL is weighted by the pool's shares
    std::vector<GroupSpread> spread; ///< of each group; zeros for one without a top row
    std::vector<double> infeasibleIndex, infeasibleCount; ///< unsorted, against the target as it is observed; none of
                                                          ///< counts
    double biasSpread = 0; ///< variance of the positive group's share of Bias@K's two groups
};

/// `counts` are the top counts observed. A plan of counts is for definitions that neither keep ties nor weight NDKL by
/// the pool's shares.
Outcome<BootstrapDraws> bootstrap(const Pool& pool, const Rules& rules, const BootstrapPlan& plan,
                                  const RankedGroups& ranked, std::span<const std::uint32_t> counts, std::uint64_t seed,
                                  Feedback& feedback);

} // namespace plumbline::metric
