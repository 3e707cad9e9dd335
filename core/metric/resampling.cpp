// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/resampling.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "core/base/random.h"
#include "core/metric/null_distribution.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {

namespace {

using Rows = std::vector<std::uint32_t>;

/// Rows of each code; negative codes take no part.
std::vector<Rows> rowsOf(std::span<const std::int32_t> codes) {
    std::map<std::int32_t, Rows> byCode;
    for (std::size_t i = 0; i < codes.size(); ++i)
        if (codes[i] >= 0)
            byCode[codes[i]].push_back(static_cast<std::uint32_t>(i));
    std::vector<Rows> lists;
    for (auto& [code, rows] : byCode)
        lists.push_back(std::move(rows));
    return lists;
}

/// Calls draw(random, rows) and then the statistics, for each replicate.
template <class Draw>
Outcome<Draws> replicate(int count, std::size_t width, std::string_view stream, const Resampling& options,
                         const Statistics& statistics, Feedback& feedback, const Draw& draw) {
    const auto replicates = static_cast<std::size_t>(std::max(0, count));
    Draws draws(width, std::vector<double>(replicates));
    const std::uint64_t id = streamId(stream);
    struct Scratch {
        Rows rows;
        std::vector<double> values;
    };
    const bool done = forEachReplicate(
        replicates, feedback,
        [&] {
            return Scratch{{}, std::vector<double>(width)};
        },
        [&](Scratch& scratch, std::size_t i) {
            RandomStream random(options.seed, id, i);
            draw(random, scratch.rows);
            std::ranges::fill(scratch.values, std::nan(""));
            statistics(scratch.rows, scratch.values);
            for (std::size_t j = 0; j < width; ++j)
                draws[j][i] = scratch.values[j];
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return draws;
}

} // namespace

Outcome<Draws> bootstrapRows(std::size_t rows, std::span<const std::int32_t> clusters, std::size_t width,
                             std::string_view name, const Resampling& options, const Statistics& statistics,
                             Feedback& feedback) {
    const std::string stream = "bootstrap/" + std::string(name);
    if (clusters.empty())
        return replicate(options.bootstrapDraws, width, stream, options, statistics, feedback,
                         [&](RandomStream& random, Rows& drawn) {
                             drawn.resize(rows);
                             for (std::uint32_t& row : drawn)
                                 row = static_cast<std::uint32_t>(random.below(rows));
                         });
    const std::vector<Rows> members = rowsOf(clusters);
    return replicate(options.bootstrapDraws, width, stream, options, statistics, feedback,
                     [&](RandomStream& random, Rows& drawn) {
                         drawn.clear();
                         for (std::size_t c = 0; c < members.size(); ++c) {
                             const Rows& cluster = members[random.below(members.size())];
                             drawn.insert(drawn.end(), cluster.begin(), cluster.end());
                         }
                     });
}

Outcome<Draws> bootstrapWithinGroups(std::span<const std::int32_t> strata, std::size_t width, std::string_view name,
                                     const Resampling& options, const Statistics& statistics, Feedback& feedback) {
    const std::vector<Rows> members = rowsOf(strata);
    return replicate(options.bootstrapDraws, width, "bootstrap-within/" + std::string(name), options, statistics,
                     feedback, [&](RandomStream& random, Rows& drawn) {
                         drawn.clear();
                         for (const Rows& group : members)
                             for (std::size_t i = 0; i < group.size(); ++i)
                                 drawn.push_back(group[random.below(group.size())]);
                     });
}

Outcome<Draws> permuteRows(std::size_t rows, std::span<const std::int32_t> blocks, std::size_t width,
                           std::string_view name, const Resampling& options, const Statistics& statistics,
                           Feedback& feedback) {
    Rows inOrder(rows);
    std::iota(inOrder.begin(), inOrder.end(), 0U);
    const std::vector<Rows> members = blocks.empty() ? std::vector<Rows>{inOrder} : rowsOf(blocks);
    return replicate(options.nullDraws, width, "permutation/" + std::string(name), options, statistics, feedback,
                     [&](RandomStream& random, Rows& drawn) {
                         drawn = inOrder;
                         for (const Rows& block : members)
                             for (std::size_t i = block.size(); i > 1; --i)
                                 std::swap(drawn[block[i - 1]], drawn[block[random.below(i)]]);
                     });
}

Interval percentileInterval(std::vector<double> draws, double confidence) {
    const std::size_t all = draws.size();
    std::erase_if(draws, [](double draw) { return std::isnan(draw); });
    if (draws.empty() || draws.size() * 10 < all * 9)
        return {};
    const SortedDraws sorted(std::move(draws));
    const auto bounded = [](double end) { return std::isfinite(end) ? std::optional(end) : std::nullopt; };
    return {bounded(sorted.quantile((1.0 - confidence) / 2.0)), bounded(sorted.quantile((1.0 + confidence) / 2.0))};
}

void setNull(MetricValue& value, std::vector<double> draws, Tail tail, double centre) {
    std::erase_if(draws, [](double draw) { return std::isnan(draw); });
    if (draws.empty())
        return;
    const SortedDraws signedDraws(draws);
    value.nullMean = signedDraws.mean();
    const double p95 = signedDraws.quantile(tail == Tail::Lower ? 0.05 : 0.95);
    value.nullP95 = std::isfinite(p95) ? std::optional(p95) : std::nullopt;
    if (!value.value)
        return;
    if (tail == Tail::TwoSided) {
        for (double& draw : draws)
            draw = std::abs(draw - centre);
        const SortedDraws distances(std::move(draws));
        const double p = distances.quantile(0.95);
        value.nullP95 = std::isfinite(p) ? std::optional(p) : std::nullopt; // of the distance from the centre
        value.pValue = distances.upperP(std::abs(*value.value - centre));
    } else {
        value.pValue = tail == Tail::Upper ? signedDraws.upperP(*value.value) : signedDraws.lowerP(*value.value);
    }
}

void setInterval(MetricValue& value, const Interval& interval) {
    value.ciLow = interval.low;
    value.ciHigh = interval.high;
}

} // namespace plumbline::metric
