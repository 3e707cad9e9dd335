// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/null_distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {

SortedDraws::SortedDraws(std::vector<double> draws) : m_draws(std::move(draws)) {
    std::sort(m_draws.begin(), m_draws.end());
}

SortedDraws::Place SortedDraws::place(double value) const {
    const double rounding = std::isfinite(value) ? 1e-12 * std::max(1.0, std::abs(value)) : 0.0;
    const auto first = std::lower_bound(m_draws.begin(), m_draws.end(), value - rounding);
    const auto last = std::upper_bound(first, m_draws.end(), value + rounding);
    return {static_cast<std::size_t>(first - m_draws.begin()), static_cast<std::size_t>(last - first),
            static_cast<std::size_t>(m_draws.end() - last)};
}

double SortedDraws::upperP(double value) const {
    const Place at = place(value);
    return static_cast<double>(1 + at.equal + at.above) / static_cast<double>(m_draws.size() + 1);
}

double SortedDraws::lowerP(double value) const {
    const Place at = place(value);
    return static_cast<double>(1 + at.equal + at.below) / static_cast<double>(m_draws.size() + 1);
}

double SortedDraws::quantile(double p) const {
    const double rank = std::ceil(p * static_cast<double>(m_draws.size()) - 1e-9);
    return m_draws[std::min(static_cast<std::size_t>(std::max(rank, 1.0)), m_draws.size()) - 1];
}

std::optional<double> SortedDraws::mean() const {
    if (!std::isfinite(m_draws.front()) || !std::isfinite(m_draws.back()))
        return std::nullopt;
    return std::accumulate(m_draws.begin(), m_draws.end(), 0.0) / static_cast<double>(m_draws.size());
}

RandomRanking::RandomRanking(const Pool& pool, std::uint64_t seed, std::uint64_t stream, std::uint64_t replicate)
    : m_random(seed, stream, replicate), m_left(pool.counts.begin(), pool.counts.end()),
      m_total(static_cast<std::uint32_t>(pool.n)) {
}

std::uint32_t RandomRanking::next() {
    // A row of those left: Lemire's method (ACM TOMACS 29(1), 2019) with one 32-bit number, as rows are counted in 32
    // bits.
    std::uint64_t product = std::uint64_t{m_random.next32()} * m_total;
    if (static_cast<std::uint32_t>(product) < m_total) {
        const std::uint32_t threshold = (0 - m_total) % m_total;
        while (static_cast<std::uint32_t>(product) < threshold)
            product = std::uint64_t{m_random.next32()} * m_total;
    }
    --m_total;
    auto place = static_cast<std::uint32_t>(product >> 32);
    std::uint32_t group = 0;
    while (place >= m_left[group])
        place -= m_left[group++];
    --m_left[group];
    return group;
}

namespace {

/// One random ranking whose later rows come in blocks.
class BlockRanking {
public:
    BlockRanking(const Pool& pool, const NdklTables& tables, std::size_t rows)
        : m_pool(pool), m_tables(tables), m_rows(rows), m_count(pool.counts.size()), m_tail(pool.counts.size()),
          m_share(pool.counts.size()), m_drawn(pool.counts.size()) {}

    /// Fills `counts` with the groups' rows; NDKL's sum, before it is normalised.
    double draw(std::uint64_t seed, std::uint64_t stream, std::uint64_t replicate, std::vector<std::uint32_t>& counts) {
        const std::size_t groups = m_pool.counts.size();
        counts.assign(groups, 0);
        std::ranges::fill(m_tail, 0.0);
        double sum = 0;
        RandomRanking ranking(m_pool, seed, stream, replicate);
        const std::size_t singly = std::min(m_rows, kDrawnSingly);
        for (std::size_t rank = 1; rank <= singly; ++rank) {
            const std::uint32_t group = ranking.next();
            const double tail = m_tables.tail(rank, m_rows);
            sum += tail * m_tables.step(++counts[group]);
            m_tail[group] += tail;
        }
        std::ranges::copy(counts, m_count.begin());
        RandomStream random(seed, stream ^ kBlocks, replicate);
        for (std::size_t begin = singly; begin < m_rows;) {
            const std::size_t end = std::min(m_rows, begin + (begin + kPart - 1) / kPart);
            const auto length = static_cast<double>(end - begin),
                       left = static_cast<double>(m_pool.n - std::int64_t(begin));
            const double tail = (m_tables.tail(begin + 1, m_rows) + m_tables.tail(end, m_rows)) / 2;
            const double root = left > 1 ? std::sqrt(length * std::max(0.0, left - length) / (left - 1)) : 0.0;
            double shift = 0; // so that the groups' rows sum up to the block's
            for (std::size_t g = 0; g < groups; ++g) {
                m_share[g] = std::max(0.0, static_cast<double>(m_pool.counts[g]) - m_count[g]) / left;
                m_drawn[g] = std::sqrt(m_share[g]) * random.normal();
                shift += m_drawn[g];
            }
            for (std::size_t g = 0; g < groups; ++g) {
                const double added = length * m_share[g] + root * (m_drawn[g] - m_share[g] * shift);
                const double rows = std::clamp(m_count[g] + added, 0.0, static_cast<double>(m_pool.counts[g]));
                sum += tail * (xLogX(rows) - xLogX(m_count[g]));
                m_tail[g] += tail * (rows - m_count[g]);
                m_count[g] = rows;
            }
            begin = end;
        }
        for (std::size_t g = 0; g < groups; ++g)
            sum -= m_tail[g] * m_pool.logShare[g];
        // Whole rows that sum up: the largest group takes what rounding leaves over.
        auto missing = static_cast<std::int64_t>(m_rows);
        for (std::size_t g = 0; g < groups; ++g) {
            counts[g] = static_cast<std::uint32_t>(std::llround(m_count[g]));
            missing -= counts[g];
        }
        std::uint32_t& largest = *std::ranges::max_element(counts);
        largest = static_cast<std::uint32_t>(std::max<std::int64_t>(0, largest + missing));
        return sum - m_tables.offset(m_rows);
    }

private:
    static constexpr std::size_t kDrawnSingly = 4'096, kPart = 128; ///< blocks of 1/128 of the rank
    static constexpr std::uint64_t kBlocks = 0x626C6F636B73; ///< a stream of its own
    static double xLogX(double x) { return x > 0 ? x * std::log(x) : 0.0; }
    const Pool& m_pool;
    const NdklTables& m_tables;
    std::size_t m_rows;
    std::vector<double> m_count, m_tail, m_share, m_drawn; ///< one a group
};

} // namespace

Outcome<NullDistribution> drawNull(const Pool& pool, const Rules& rules, const NdklTables& tables, std::size_t rows,
                                   double divisor, double normaliser, std::uint64_t seed, int draws, bool inBlocks,
                                   Feedback& feedback) {
    const std::size_t groups = pool.groups.size();
    const auto replicates = static_cast<std::size_t>(draws);
    const std::uint64_t stream = streamId("null/" + pool.attribute);
    std::vector<double> max(replicates), min(replicates), ndkl(replicates);
    std::vector<std::vector<double>> counts(groups, std::vector<double>(replicates));
    std::array<std::vector<double>, kFurther> further;
    for (std::vector<double>& drawn : further)
        drawn.resize(replicates);
    const InfeasibleSchedule schedule(pool.share, inBlocks ? 0 : rows);
    const FurtherRules furtherRules{pool.share, pool.logShare, pool.bias};
    const std::size_t ranks = rules.ndkl == Rules::Ndkl::WholeList ? static_cast<std::size_t>(pool.n) : rows;

    struct Scratch {
        NdklSum sum;
        PoolWeightedSum weighted;
        InfeasibleSum infeasible;
        BlockRanking blocks;
        std::vector<std::uint32_t> counts;
    };
    const bool done = forEachReplicate(
        replicates, feedback,
        [&] {
            return Scratch{NdklSum(tables, groups, ranks),
                           PoolWeightedSum(pool.share),
                           InfeasibleSum(schedule),
                           BlockRanking(pool, tables, rows),
                           {}};
        },
        [&](Scratch& s, std::size_t i) {
            if (inBlocks) {
                ndkl[i] = std::max(0.0, s.blocks.draw(seed, stream, i, s.counts) / normaliser);
            } else {
                s.sum.reset(ranks);
                s.infeasible.reset();
                s.weighted.reset(pool.share);
                RandomRanking ranking(pool, seed, stream, i);
                const bool weighted = rules.ndkl == Rules::Ndkl::PoolWeighted;
                for (std::size_t r = 0; r < rows; ++r) {
                    const std::uint32_t group = ranking.next();
                    s.sum.add(group);
                    s.infeasible.add(group);
                    if (weighted)
                        s.weighted.add(group);
                }
                s.counts.assign(s.sum.counts().begin(), s.sum.counts().end());
                for (std::size_t r = rows; r < ranks; ++r)
                    s.sum.add(ranking.next());
                ndkl[i] = weighted ? s.weighted.value() : s.sum.value(pool.logShare, normaliser);
            }
            const SkewRange range = skewRange(s.counts, divisor, pool.logShare, rules);
            max[i] = range.max;
            min[i] = range.min;
            for (std::size_t g = 0; g < groups; ++g)
                counts[g][i] = s.counts[g];
            FurtherValues values = furtherOf(s.counts, divisor, s.infeasible, furtherRules);
            if (inBlocks)
                for (const Further none : {Further::InfeasibleIndex, Further::InfeasibleCount})
                    values[static_cast<std::size_t>(none)] = std::nan("");
            for (std::size_t f = 0; f < kFurther; ++f)
                further[f][i] = values[f];
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));

    NullDistribution null{
        SortedDraws(std::move(max)), SortedDraws(std::move(min)), SortedDraws(std::move(ndkl)), {}, {}};
    for (std::vector<double>& drawn : counts)
        null.topCount.emplace_back(std::move(drawn));
    for (std::size_t f = 0; f < kFurther; ++f)
        if (std::none_of(further[f].begin(), further[f].end(), [](double value) { return std::isnan(value); }))
            null.further[f] = SortedDraws(std::move(further[f]));
    return null;
}

} // namespace plumbline::metric
