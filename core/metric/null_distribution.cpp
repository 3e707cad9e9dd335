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

Outcome<NullDistribution> drawNull(const Pool& pool, const Rules& rules, const NdklTables& tables, std::size_t rows,
                                   double divisor, double normaliser, std::uint64_t seed, int draws,
                                   Feedback& feedback) {
    const std::size_t groups = pool.groups.size();
    const auto replicates = static_cast<std::size_t>(draws);
    const std::uint64_t stream = streamId("null/" + pool.attribute);
    std::vector<double> max(replicates), min(replicates), ndkl(replicates);
    std::vector<std::vector<double>> counts(groups, std::vector<double>(replicates));
    std::array<std::vector<double>, kFurther> further;
    for (std::vector<double>& drawn : further)
        drawn.resize(replicates);
    const InfeasibleSchedule schedule(pool.share, rows);
    const FurtherRules furtherRules{pool.share, pool.logShare, pool.bias};
    const std::size_t ranks = rules.ndkl == Rules::Ndkl::WholeList ? static_cast<std::size_t>(pool.n) : rows;

    struct Scratch {
        NdklSum sum;
        PoolWeightedSum weighted;
        InfeasibleSum infeasible;
        std::vector<std::uint32_t> counts;
    };
    const bool done = forEachReplicate(
        replicates, feedback,
        [&] {
            return Scratch{NdklSum(tables, groups, ranks), PoolWeightedSum(pool.share), InfeasibleSum(schedule), {}};
        },
        [&](Scratch& s, std::size_t i) {
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
            const SkewRange range = skewRange(s.counts, divisor, pool.logShare, rules);
            max[i] = range.max;
            min[i] = range.min;
            ndkl[i] = weighted ? s.weighted.value() : s.sum.value(pool.logShare, normaliser);
            for (std::size_t g = 0; g < groups; ++g)
                counts[g][i] = s.counts[g];
            const FurtherValues values = furtherOf(s.counts, divisor, s.infeasible, furtherRules);
            for (std::size_t f = 0; f < kFurther; ++f)
                further[f][i] = values[f];
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));

    NullDistribution null{SortedDraws(std::move(max)), SortedDraws(std::move(min)), SortedDraws(std::move(ndkl)), {}, {}};
    for (std::vector<double>& drawn : counts)
        null.topCount.emplace_back(std::move(drawn));
    for (std::size_t f = 0; f < kFurther; ++f)
        if (std::none_of(further[f].begin(), further[f].end(), [](double value) { return std::isnan(value); }))
            null.further[f] = SortedDraws(std::move(further[f]));
    return null;
}

} // namespace plumbline::metric
