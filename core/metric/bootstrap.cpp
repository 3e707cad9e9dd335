// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/random/binomial_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>

#include "core/base/random.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {
namespace {

constexpr std::size_t kMostStoredRanks = std::size_t{16} << 20; // 64 MiB

/// n sorted uniforms, the smallest first, scaled to [0, n).
class SortedPlaces {
public:
    SortedPlaces(std::uint64_t seed, std::uint64_t stream, std::uint64_t replicate, std::size_t n)
        : m_random(seed, stream, replicate), m_n(n), m_left(n) {}

    bool more() const { return m_left > 0; }
    double next() {
        m_spacings += m_random.exponential() / static_cast<double>(m_left--);
        return static_cast<double>(m_n) * -std::expm1(-m_spacings);
    }
    std::uint32_t rank(double place) const {
        return static_cast<std::uint32_t>(std::min(static_cast<std::size_t>(place), m_n - 1)); // 1 - tiny rounds to n
    }

private:
    RandomStream m_random;
    std::size_t m_n, m_left;
    double m_spacings = 0;
};

/// What Boost.Random wants of a generator.
struct Generator {
    using result_type = std::uint32_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()() { return random.next32(); }
    RandomStream random;
};

/// How many of each group stand in front of a rank.
class PrefixCounts {
public:
    PrefixCounts(std::span<const std::uint32_t> groupAtRank, std::size_t groups)
        : m_groupAtRank(groupAtRank), m_groups(groups) {
        std::vector<std::uint32_t> counts(groups, 0);
        for (std::size_t rank = 0; rank <= groupAtRank.size(); ++rank) {
            if (rank % kStep == 0)
                m_marks.insert(m_marks.end(), counts.begin(), counts.end());
            if (rank < groupAtRank.size())
                ++counts[groupAtRank[rank]];
        }
    }
    void before(std::size_t rank, std::vector<std::uint32_t>& counts) const {
        const auto mark = m_marks.begin() + static_cast<std::ptrdiff_t>(rank / kStep * m_groups);
        counts.assign(mark, mark + static_cast<std::ptrdiff_t>(m_groups));
        for (std::size_t i = rank / kStep * kStep; i < rank; ++i)
            ++counts[m_groupAtRank[i]];
    }

private:
    static constexpr std::size_t kStep = 64;
    std::span<const std::uint32_t> m_groupAtRank;
    std::size_t m_groups;
    std::vector<std::uint32_t> m_marks;
};

/// Of equally long lists of counts, ddof 1.
template <class A, class B>
double covariance(std::span<const A> a, std::span<const B> b) {
    if (a.size() < 2)
        return 0;
    const auto mean = [](const auto& values) {
        double sum = 0;
        for (const auto value : values)
            sum += static_cast<double>(value);
        return sum / static_cast<double>(values.size());
    };
    const double meanA = mean(a), meanB = mean(b);
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += (static_cast<double>(a[i]) - meanA) * (static_cast<double>(b[i]) - meanB);
    return sum / static_cast<double>(a.size() - 1);
}

/// Adds `draws` draws in proportion to the weights: a multinomial by conditional binomials.
template <class Count>
void addMultinomial(std::span<const double> weights, std::int64_t draws, Generator& generator,
                    std::vector<Count>& counts) {
    double left = 0;
    for (const double weight : weights)
        left += weight;
    for (std::size_t g = 0; g < counts.size() && draws > 0; ++g) {
        const bool last = g + 1 == counts.size();
        const double probability = last ? 1.0 : std::clamp(left > 0 ? weights[g] / left : 1.0, 0.0, 1.0);
        const std::int64_t drawn =
            probability >= 1.0 ? draws
                               : boost::random::binomial_distribution<std::int64_t>(draws, probability)(generator);
        counts[g] += static_cast<Count>(drawn);
        draws -= drawn;
        left -= weights[g];
    }
}

/// The groups of the top rows when the last of them stands at `end`.
void drawTop(std::span<const std::uint32_t> groupAtRank, const PrefixCounts& prefix, double end, std::int64_t rows,
             Generator& generator, std::vector<std::uint32_t>& before, std::vector<double>& weights,
             std::vector<std::uint32_t>& counts) {
    const std::size_t rank = std::min(static_cast<std::size_t>(end), groupAtRank.size() - 1);
    prefix.before(rank, before);
    weights.assign(before.begin(), before.end());
    weights[groupAtRank[rank]] += end - static_cast<double>(rank);
    addMultinomial<std::uint32_t>(weights, rows - 1, generator, counts);
    ++counts[groupAtRank[rank]];
}

/// Adds the groups of the n - top draws behind `end` to `counts`.
void addRest(const Pool& pool, std::span<const std::uint32_t> groupAtRank, const PrefixCounts& prefix, double end,
             std::int64_t draws, Generator& generator, std::vector<std::uint32_t>& before, std::vector<double>& weights,
             std::vector<std::int64_t>& counts) {
    if (draws <= 0)
        return;
    const auto rank = static_cast<std::size_t>(end); // this row is partly behind `end`, if it exists
    const bool partly = rank < groupAtRank.size() && end < static_cast<double>(pool.n);
    prefix.before(partly ? rank + 1 : std::min(rank, groupAtRank.size()), before);
    weights.resize(counts.size());
    for (std::size_t g = 0; g < counts.size(); ++g)
        weights[g] = static_cast<double>(pool.counts[g] - std::int64_t{before[g]});
    if (partly)
        weights[groupAtRank[rank]] += static_cast<double>(rank + 1) - end;
    addMultinomial<std::int64_t>(weights, draws, generator, counts);
}

} // namespace

Outcome<BootstrapPlan> BootstrapPlan::draw(const Pool& pool, std::size_t rows, std::uint64_t seed, int draws, Of of,
                                           Feedback& feedback) {
    BootstrapPlan plan;
    plan.m_of = of;
    plan.m_seed = seed;
    plan.m_stream = streamId("bootstrap/top/" + pool.attribute);
    plan.m_n = static_cast<std::size_t>(pool.n);
    plan.m_rows = rows;
    const auto replicates = static_cast<std::size_t>(draws);
    plan.m_ends.resize(replicates);
    const bool store = of == Of::Ranks && rows <= kMostStoredRanks / replicates;
    if (store)
        plan.m_ranks.resize(replicates * rows);
    const bool done = forEachReplicate(
        replicates, feedback, [] { return 0; },
        [&](int, std::size_t i) {
            if (of == Of::Counts) {
                Generator generator{RandomStream(plan.m_seed, plan.m_stream, i)};
                const double before = boost::random::gamma_distribution<double>(static_cast<double>(rows))(generator);
                const double behind =
                    boost::random::gamma_distribution<double>(static_cast<double>(plan.m_n - rows + 1))(generator);
                plan.m_ends[i] = static_cast<double>(plan.m_n) * before / (before + behind);
                return;
            }
            SortedPlaces places(plan.m_seed, plan.m_stream, i, plan.m_n);
            for (std::size_t r = 0; r < rows; ++r) {
                plan.m_ends[i] = places.next();
                if (store)
                    plan.m_ranks[i * rows + r] = places.rank(plan.m_ends[i]);
            }
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));
    const double furthest = *std::max_element(plan.m_ends.begin(), plan.m_ends.end());
    plan.m_reach = std::min(static_cast<std::size_t>(furthest) + 1, plan.m_n);
    return plan;
}

BootstrapPlan::Top BootstrapPlan::top(std::size_t i, std::vector<std::uint32_t>& buffer) const {
    if (!m_ranks.empty())
        return {std::span(m_ranks).subspan(i * m_rows, m_rows), m_ends[i]};
    buffer.resize(m_rows);
    SortedPlaces places(m_seed, m_stream, i, m_n);
    for (std::uint32_t& rank : buffer)
        rank = places.rank(places.next());
    return {buffer, m_ends[i]};
}

BootstrapPlan::Top BootstrapPlan::topWithTies(std::size_t i, std::span<const std::uint32_t> tieEnd,
                                              std::vector<std::uint32_t>& buffer) const {
    buffer.clear();
    SortedPlaces places(m_seed, m_stream, i, m_n);
    std::uint32_t end = 0;
    while (places.more()) {
        const std::uint32_t rank = places.rank(places.next());
        if (buffer.size() >= m_rows && rank >= end)
            break;
        buffer.push_back(rank);
        if (buffer.size() == m_rows)
            end = tieEnd[rank];
    }
    return {buffer, static_cast<double>(end)};
}

Outcome<BootstrapDraws> bootstrap(const Pool& pool, const Rules& rules, const BootstrapPlan& plan,
                                  const RankedGroups& ranked, std::span<const std::uint32_t> counts, std::uint64_t seed,
                                  Feedback& feedback) {
    const std::size_t groups = pool.groups.size();
    const std::size_t replicates = plan.draws();
    const bool poolTarget = pool.target == Target::Kind::Pool;
    const bool weighted = rules.ndkl == Rules::Ndkl::PoolWeighted;
    const std::uint64_t stream = streamId("bootstrap/rest/" + pool.attribute);
    const PrefixCounts prefix(poolTarget || plan.ofCounts() ? ranked.groupAtRank : std::span<const std::uint32_t>(),
                              groups);
    std::uint64_t rows = 0;
    for (const std::uint32_t count : counts)
        rows += count;
    const InfeasibleSchedule schedule(pool.share, plan.ofCounts() ? 0 : static_cast<std::size_t>(rows));

    BootstrapDraws result;
    result.ndkl.resize(weighted ? replicates : 0);
    result.infeasibleIndex.resize(plan.ofCounts() ? 0 : replicates);
    result.infeasibleCount.resize(plan.ofCounts() ? 0 : replicates);
    std::vector<std::uint32_t> topDrawn(replicates * groups);
    std::vector<std::int64_t> poolDrawn(poolTarget ? replicates * groups : 0);

    struct Scratch {
        InfeasibleSum infeasible;
        PoolWeightedSum sum;
        std::vector<std::uint32_t> counts, ranks, before;
        std::vector<std::int64_t> drawn;
        std::vector<double> share, weights;
    };
    const bool done = forEachReplicate(
        replicates, feedback,
        [&] { return Scratch{InfeasibleSum(schedule), PoolWeightedSum(pool.share), {}, {}, {}, {}, pool.share, {}}; },
        [&](Scratch& s, std::size_t i) {
            BootstrapPlan::Top top{};
            s.counts.assign(groups, 0);
            Generator generator{RandomStream(seed, stream, i)};
            if (plan.ofCounts()) {
                top.end = plan.end(i);
                drawTop(ranked.groupAtRank, prefix, top.end, static_cast<std::int64_t>(plan.rows()), generator,
                        s.before, s.weights, s.counts);
            } else {
                top = rules.keepTies ? plan.topWithTies(i, ranked.tieEnd, s.ranks) : plan.top(i, s.ranks);
                s.infeasible.reset();
                for (const std::uint32_t rank : top.ranks) {
                    const std::uint32_t group = ranked.groupAtRank[rank];
                    ++s.counts[group];
                    s.infeasible.add(group);
                }
                result.infeasibleIndex[i] = static_cast<double>(s.infeasible.index());
                result.infeasibleCount[i] = static_cast<double>(s.infeasible.count());
            }
            if (poolTarget) {
                s.drawn.assign(s.counts.begin(), s.counts.end());
                const std::size_t drawn = plan.ofCounts() ? plan.rows() : top.ranks.size();
                addRest(pool, ranked.groupAtRank, prefix, top.end, pool.n - static_cast<std::int64_t>(drawn), generator,
                        s.before, s.weights, s.drawn);
                for (std::size_t g = 0; g < groups; ++g)
                    s.share[g] = static_cast<double>(s.drawn[g]) / static_cast<double>(pool.n);
            }
            if (weighted) {
                s.sum.reset(s.share);
                for (const std::uint32_t rank : top.ranks)
                    s.sum.add(ranked.groupAtRank[rank]);
                result.ndkl[i] = s.sum.value();
            }
            for (std::size_t g = 0; g < groups; ++g) {
                topDrawn[g * replicates + i] = s.counts[g];
                if (poolTarget)
                    poolDrawn[g * replicates + i] = s.drawn[g];
            }
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));

    if (pool.bias) {
        std::vector<double> shares;
        for (std::size_t i = 0; i < replicates; ++i) {
            const double a = topDrawn[pool.bias->first * replicates + i],
                         b = topDrawn[pool.bias->second * replicates + i];
            if (a + b > 0)
                shares.push_back(a / (a + b));
        }
        result.biasSpread = covariance(std::span<const double>(shares), std::span<const double>(shares));
    }
    result.spread.resize(groups);
    for (std::size_t g = 0; g < groups; ++g) {
        if (counts[g] == 0)
            continue;
        const auto top = std::span<const std::uint32_t>(topDrawn).subspan(g * replicates, replicates);
        GroupSpread& spread = result.spread[g];
        spread.top = covariance(top, top) / (static_cast<double>(counts[g]) * counts[g]);
        if (poolTarget) {
            const auto drawn = std::span<const std::int64_t>(poolDrawn).subspan(g * replicates, replicates);
            const double scale = std::sqrt(covariance(top, top) * covariance(drawn, drawn));
            spread.correlation = scale > 0 ? covariance(top, drawn) / scale : 0.0;
        }
    }
    return result;
}

} // namespace plumbline::metric
