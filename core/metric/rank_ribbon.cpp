// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/rank_ribbon.h"

#include <algorithm>
#include <cmath>

#include "core/metric/exact_test.h"
#include "core/metric/pool.h"
#include "core/metric/rank_order.h"
#include "core/metric/skew.h"

namespace plumbline::metric {
namespace {

constexpr double kCoverage = 0.95;

/// `points` of the ranks up to `last`, evenly, with the first and the last; all where there are no more.
std::vector<std::int64_t> spreadRanks(std::int64_t last, std::size_t points) {
    const std::int64_t most = std::min(last, static_cast<std::int64_t>(std::max<std::size_t>(2, points)));
    std::vector<std::int64_t> ranks;
    for (std::int64_t i = 0; i < most; ++i)
        ranks.push_back(most == 1 ? 1 : 1 + i * (last - 1) / (most - 1));
    return ranks;
}

} // namespace

Result<RankRibbon> rankRibbon(const Attribute& attribute, const MeasureOptions& options, std::span<const float> scores,
                              std::int64_t depth, std::size_t points) {
    if (scores.size() != attribute.codes.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                    std::to_string(attribute.codes.size()) + " images"}});
    Attribute ranked = attribute;
    for (std::size_t row = 0; row < scores.size(); ++row)
        if (std::isnan(scores[row]))
            ranked.codes[row] = Attribute::kUnlabelled;
    PLUMBLINE_TRY(const Pool pool, makePool(ranked, options.target, rulesOf(options.definition)));

    RankRibbon ribbon;
    ribbon.n = pool.n;
    ribbon.k = std::clamp<std::int64_t>(options.k.resolve(pool.n), 1, pool.n);
    depth = std::clamp<std::int64_t>(depth, 1, pool.n);
    const auto counted = static_cast<std::size_t>(std::max(depth, ribbon.k)); // k may lie beyond what is given
    const RankOrder order = rankOrder(scores, pool.groupOfRow, counted);
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        RankRibbon::Group& group = ribbon.groups.emplace_back();
        group.name = pool.groups[g];
        group.images = pool.counts[g];
        group.target = pool.share[g];
        const CountRange chance = centralCounts(pool.n, group.images, ribbon.k, kCoverage);
        group.topLow = static_cast<double>(chance.low) / static_cast<double>(ribbon.k);
        group.topHigh = static_cast<double>(chance.high) / static_cast<double>(ribbon.k);
    }
    for (std::int64_t rank = 0; rank < ribbon.k; ++rank)
        ++ribbon.groups[static_cast<std::size_t>(pool.groupOfRow[order.rows[static_cast<std::size_t>(rank)]])].inTop;
    for (RankRibbon::Group& group : ribbon.groups)
        group.topShare = static_cast<double>(group.inTop) / static_cast<double>(ribbon.k);

    ribbon.ranks = spreadRanks(depth, points);
    ribbon.places.reserve(static_cast<std::size_t>(depth));
    std::vector<std::int64_t> counts(ribbon.groups.size(), 0);
    std::size_t point = 0;
    for (std::int64_t rank = 1; rank <= depth; ++rank) {
        const std::uint32_t row = order.rows[static_cast<std::size_t>(rank - 1)];
        const auto group = static_cast<std::uint32_t>(pool.groupOfRow[row]);
        ribbon.places.push_back({row, group, scores[row]});
        ++counts[group];
        if (ribbon.groups[group].best == 0)
            ribbon.groups[group].best = rank;
        if (point == ribbon.ranks.size() || ribbon.ranks[point] != rank)
            continue;
        ++point;
        for (std::size_t g = 0; g < counts.size(); ++g) {
            const CountRange chance = centralCounts(pool.n, pool.counts[g], rank, kCoverage);
            const auto share = [rank](std::int64_t count) {
                return static_cast<double>(count) / static_cast<double>(rank);
            };
            ribbon.groups[g].share.push_back(share(counts[g]));
            ribbon.groups[g].nullLow.push_back(share(chance.low));
            ribbon.groups[g].nullHigh.push_back(share(chance.high));
        }
    }
    return ribbon;
}

} // namespace plumbline::metric
