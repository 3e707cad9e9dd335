// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/joint_draws.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/parallel.h"
#include "core/metric/rank_order.h"

namespace plumbline::metric {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLargestK = 100'000'000;

/// How far a ranking can be walked before k rows are collected: the number of draws among the first L ranks has mean L
/// and a standard deviation below its root, so ten of them are never needed (1e-20); a walk that runs out all the same
/// has fewer rows, and its shares are over those.
std::size_t depthFor(std::size_t rows, std::size_t n) {
    return std::min(n, rows + static_cast<std::size_t>(10 * std::sqrt(static_cast<double>(rows))) + 100);
}

} // namespace

Result<JointPool> JointPool::create(const Attribute& attribute, const MeasureOptions& options) {
    JointPool joint;
    joint.rules = rulesOf(options.definition);
    if (!(options.confidence > 0.0 && options.confidence < 1.0))
        return fail(ErrorCode::InvalidArgument, {{"name", "confidence"},
                                                 {"value", formatDouble(options.confidence)},
                                                 {"expected", "a number between 0 and 1"}});
    PLUMBLINE_TRY(joint.pool, makePool(attribute, options.target, joint.rules));
    if (!(options.k.fraction >= 0.0 && options.k.fraction <= 1.0))
        return fail(ErrorCode::KInvalid, {{"value", formatDouble(options.k.fraction)}});
    joint.k = options.k.resolve(joint.pool.n);
    if (joint.k < 1 || joint.k > kLargestK)
        return fail(ErrorCode::KInvalid, {{"value", std::to_string(joint.k)}});
    joint.rows = static_cast<std::size_t>(std::min(joint.k, joint.pool.n));
    for (std::size_t row = 0; row < joint.pool.groupOfRow.size(); ++row)
        if (joint.pool.groupOfRow[row] >= 0) {
            joint.rowOf.push_back(static_cast<std::uint32_t>(row));
            joint.group.push_back(static_cast<std::uint32_t>(joint.pool.groupOfRow[row]));
        }
    if (joint.applicable())
        joint.tables.emplace(joint.rules.keepTies ? joint.n() : joint.rows);
    if (joint.rules.divideByK)
        joint.normaliserOfK = ndklNormaliser(joint.k);
    return joint;
}

RankValues JointPool::measure(std::span<const std::uint32_t> groups, std::span<const double> logShare, NdklSum& scratch,
                              bool* anyAbsent) const {
    scratch.reset(groups.size());
    for (const std::uint32_t g : groups)
        scratch.add(g);
    const auto divisor = static_cast<double>(rules.divideByK ? k : static_cast<std::int64_t>(groups.size()));
    double max = rules.maxFromZero ? 0.0 : -kInfinity, min = kInfinity;
    for (std::size_t g = 0; g < logShare.size(); ++g) {
        if (logShare[g] == -kInfinity)
            continue;
        const std::uint32_t count = scratch.counts()[g];
        const double skew = std::log(std::max<std::uint32_t>(count, 1) / divisor) - logShare[g];
        if (count > 0 || rules.absentIsOneRow)
            max = std::max(max, skew);
        min = std::min(min, skew);
        if (count == 0 && anyAbsent != nullptr)
            *anyAbsent = true;
    }
    const double normaliser = rules.divideByK ? normaliserOfK : tables->normaliser(groups.size());
    return {max, min, scratch.value(logShare, normaliser)};
}

JointPool::Extremes JointPool::extremes(std::span<const std::uint32_t> groups, std::span<const double> logShare) const {
    std::vector<std::uint32_t> counts(logShare.size(), 0);
    for (const std::uint32_t g : groups)
        ++counts[g];
    const auto divisor = static_cast<double>(rules.divideByK ? k : static_cast<std::int64_t>(groups.size()));
    double max = rules.maxFromZero ? 0.0 : -kInfinity, min = kInfinity;
    Extremes result;
    for (std::uint32_t g = 0; g < counts.size(); ++g) {
        if (logShare[g] == -kInfinity)
            continue;
        const double skew = std::log(std::max<std::uint32_t>(counts[g], 1) / divisor) - logShare[g];
        if ((counts[g] > 0 || rules.absentIsOneRow) && skew > max) {
            max = skew;
            result.largest = g;
        }
        if (skew < min) {
            min = skew;
            result.smallest = g;
        }
    }
    return result;
}

RankValues JointPool::skewsOf(const Extremes& of, std::span<const std::uint32_t> groups,
                              std::span<const double> logShare) const {
    const auto divisor = static_cast<double>(rules.divideByK ? k : static_cast<std::int64_t>(groups.size()));
    const auto skew = [&](const std::optional<std::uint32_t>& which) {
        if (!which)
            return 0.0;
        const auto count = static_cast<double>(std::max<std::ptrdiff_t>(1, std::ranges::count(groups, *which)));
        // A group of which no image was drawn: as if one had been.
        const double share = logShare[*which] == -kInfinity ? -std::log(static_cast<double>(n())) : logShare[*which];
        return std::log(count / divisor) - share;
    };
    return {skew(of.largest), skew(of.smallest), 0.0};
}

double JointPool::ndkl(std::span<const std::uint32_t> groups, std::span<const double> logShare,
                       NdklSum& scratch) const {
    scratch.reset(groups.size());
    for (const std::uint32_t g : groups)
        scratch.add(g);
    return scratch.value(logShare, tables->normaliser(groups.size()));
}

RankValues JointPool::neutral(std::span<const std::int64_t> counts) const {
    std::int64_t all = 0;
    for (const std::int64_t count : counts)
        all += count;
    double max = -kInfinity, min = kInfinity, divergence = 0;
    for (std::size_t g = 0; g < counts.size(); ++g) {
        if (counts[g] == 0)
            continue;
        const double share = static_cast<double>(counts[g]) / static_cast<double>(all);
        const double skew = pool.target == Target::Kind::Pool ? 0.0 : std::log(share) - pool.logShare[g];
        max = std::max(max, skew);
        min = std::min(min, skew);
        divergence += share * skew;
    }
    return {max, min, std::max(0.0, divergence)};
}

Outcome<JointRankings> rankJointly(const JointPool& pool, std::span<const float> scores, std::size_t prompts,
                                   Feedback& feedback) {
    const std::size_t all = pool.pool.groupOfRow.size();
    JointRankings result;
    result.prompts = prompts;
    result.depth = pool.rules.keepTies ? pool.n() : depthFor(pool.rows, pool.n());
    result.places.resize(prompts * result.depth);
    if (pool.rules.keepTies)
        result.tieEnd.resize(prompts * result.depth);
    std::vector<std::uint32_t> placeOf(all, 0);
    for (std::size_t i = 0; i < pool.n(); ++i)
        placeOf[pool.rowOf[i]] = static_cast<std::uint32_t>(i);
    const bool done = forEachReplicate(
        prompts, feedback, [] { return 0; },
        [&](int, std::size_t p) {
            const std::span<const float> mine = scores.subspan(p * all, all);
            const RankOrder order = rankOrder(mine, pool.pool.groupOfRow, result.depth);
            for (std::size_t rank = 0; rank < result.depth; ++rank)
                result.places[p * result.depth + rank] = placeOf[order.rows[rank]];
            if (!pool.rules.keepTies)
                return;
            auto end = static_cast<std::uint32_t>(result.depth);
            for (std::size_t rank = result.depth; rank-- > 0;) {
                // A score that is not a number ties with none.
                if (rank + 1 < result.depth && !(mine[order.rows[rank]] == mine[order.rows[rank + 1]]))
                    end = static_cast<std::uint32_t>(rank + 1);
                result.tieEnd[p * result.depth + rank] = end;
            }
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return result;
}

void drawImages(const JointPool& pool, std::uint64_t seed, std::uint64_t replicate, Multiplicity& drawn,
                std::vector<std::int64_t>& counts) {
    const std::size_t n = pool.n();
    drawn.assign(n, 0);
    RandomStream random(seed, streamId("bootstrap/joint-images"), replicate);
    for (std::size_t i = 0; i < n; ++i) {
        std::uint8_t& times = drawn[random.below(n)];
        if (times < 255) // of 256 draws or more of one image among n: never
            ++times;
    }
    counts.assign(pool.pool.groups.size(), 0);
    for (std::size_t i = 0; i < n; ++i)
        counts[pool.group[i]] += drawn[i];
}

Parts dealParts(const JointPool& pool, std::size_t parts, std::uint64_t seed) {
    std::vector<std::uint32_t> order(pool.n());
    std::iota(order.begin(), order.end(), 0U);
    RandomStream random(seed, streamId("jackknife-parts"), 0);
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random.below(i)]);
    Parts result{std::vector<std::uint8_t>(pool.n()), std::min({parts, pool.n(), std::size_t{256}})};
    for (std::size_t i = 0; i < order.size(); ++i)
        result.partOf[order[i]] = static_cast<std::uint8_t>(i % result.count);
    return result;
}

void leaveOut(const JointPool& pool, const Parts& parts, std::size_t part, Multiplicity& kept,
              std::vector<std::int64_t>& counts) {
    kept.resize(pool.n());
    counts.assign(pool.pool.groups.size(), 0);
    for (std::size_t i = 0; i < pool.n(); ++i) {
        kept[i] = parts.partOf[i] != part;
        counts[pool.group[i]] += kept[i];
    }
}

void walk(const JointPool& pool, std::size_t rows, std::span<const std::uint32_t> ranking,
          std::span<const std::uint32_t> tieEnd, std::span<const std::uint8_t> drawn,
          std::vector<std::uint32_t>& groups) {
    groups.clear();
    std::size_t end = 0;
    for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
        if (groups.size() >= rows && rank >= end)
            return;
        const std::uint32_t place = ranking[rank];
        std::size_t times = drawn.empty() ? 1 : drawn[place];
        if (tieEnd.empty())
            times = std::min(times, rows - groups.size());
        if (times == 0)
            continue;
        const bool before = groups.size() < rows;
        groups.insert(groups.end(), times, pool.group[place]);
        if (before && groups.size() >= rows)
            end = tieEnd.empty() ? 0 : tieEnd[rank];
    }
}

void walkExchanged(const JointPool& pool, std::span<const std::uint32_t> first, std::span<const std::uint32_t> second,
                   std::span<const std::uint8_t> swapped, bool complement, std::vector<std::uint32_t>& groups) {
    // Which ranking a place is taken from is drawn, so no jump could be foreseen: both are written, and kept or not.
    groups.resize(pool.rows + 2);
    std::size_t rows = 0;
    for (std::size_t rank = 0; rank < first.size() && rows < pool.rows; ++rank) {
        // At the same rank the lower row comes first, whichever ranking it is from.
        const std::uint32_t a = first[rank], b = second[rank], low = std::min(a, b), high = std::max(a, b);
        const bool takeA = (swapped[a] != 0) == complement, takeB = (swapped[b] != 0) != complement;
        groups[rows] = pool.group[low];
        rows += static_cast<std::size_t>(a <= b ? takeA : takeB);
        groups[rows] = pool.group[high];
        rows += static_cast<std::size_t>(a <= b ? takeB : takeA);
    }
    groups.resize(std::min(rows, pool.rows));
}

namespace {

/// Calls use(g, difference) with the mean of each group minus that of all others; `add(g, sum, count)` adds the blocks
/// of group g. A group without an image is passed over. How many there are.
template <class Add, class Use>
int eachGap(std::size_t groups, const Add& add, const Use& use) {
    double all = 0, images = 0;
    std::vector<std::array<double, 2>> of(groups);
    for (std::size_t g = 0; g < groups; ++g) {
        of[g] = {0, 0};
        add(g, of[g][0], of[g][1]);
        all += of[g][0];
        images += of[g][1];
    }
    int defined = 0;
    for (std::size_t g = 0; g < groups; ++g) {
        const auto [sum, count] = of[g];
        if (count <= 0 || count >= images)
            continue;
        use(g, sum / count - (all - sum) / (images - count));
        ++defined;
    }
    return defined;
}

} // namespace

double ScoreBlocks::gap(std::size_t prompt, std::span<const float> weight, std::span<const float> signs) const {
    const std::size_t groups = begin.size() - 1;
    const float* mine = sums.data() + prompt * blocks();
    double gaps = 0;
    const int defined = eachGap(
        groups,
        [&](std::size_t g, double& sum, double& count) {
            for (std::size_t b = begin[g]; b < begin[g + 1]; ++b) {
                sum += static_cast<double>(weight[b]) * static_cast<double>(mine[b]);
                count += static_cast<double>(weight[b]) * size[b];
            }
        },
        [&](std::size_t g, double difference) {
            gaps += signs.empty() ? std::abs(difference) : static_cast<double>(signs[prompt * groups + g]) * difference;
        });
    return defined > 0 ? gaps / defined : std::nan("");
}

double ScoreBlocks::spread(std::size_t prompt, std::span<const float> weight) const {
    const std::size_t from = prompt * blocks();
    double sum = 0, square = 0, images = 0;
    for (std::size_t b = 0; b < blocks(); ++b) {
        const auto times = static_cast<double>(weight[b]);
        sum += times * static_cast<double>(sums[from + b]);
        square += times * static_cast<double>(squares[from + b]);
        images += times * size[b];
    }
    const double variance = images > 1 ? (square - sum * sum / images) / (images - 1) : 0.0;
    return variance > 0 ? std::sqrt(variance) : 1.0;
}

std::vector<float> ScoreBlocks::signs() const {
    const std::size_t groups = begin.size() - 1;
    std::vector<float> result(prompts * groups, 0.0F);
    for (std::size_t p = 0; p < prompts; ++p)
        eachGap(
            groups,
            [&](std::size_t g, double& sum, double& count) {
                for (std::size_t b = begin[g]; b < begin[g + 1]; ++b) {
                    sum += static_cast<double>(sums[p * blocks() + b]);
                    count += size[b];
                }
            },
            [&](std::size_t g, double difference) { result[p * groups + g] = difference < 0 ? -1.0F : 1.0F; });
    return result;
}

ExchangedGaps::ExchangedGaps(const ScoreBlocks& first, const ScoreBlocks& second) : m_frame(first) {
    const std::size_t blocks = first.blocks(), groups = first.begin.size() - 1;
    m_difference.resize(first.prompts * blocks);
    m_sums.resize(first.prompts * groups * 2, 0.0);
    m_images.resize(groups, 0.0);
    for (std::size_t g = 0; g < groups; ++g)
        for (std::size_t b = first.begin[g]; b < first.begin[g + 1]; ++b) {
            m_images[g] += first.size[b];
            for (std::size_t p = 0; p < first.prompts; ++p) {
                const double a = static_cast<double>(first.sums[p * blocks + b]);
                const double c = static_cast<double>(second.sums[p * blocks + b]);
                m_difference[p * blocks + b] = c - a;
                m_sums[(p * groups + g) * 2] += a;
                m_sums[(p * groups + g) * 2 + 1] += c;
            }
        }
}

std::array<double, 2> ExchangedGaps::of(std::size_t prompt, std::span<const float> swapped) const {
    const std::size_t groups = m_images.size();
    const double* const difference = m_difference.data() + prompt * m_frame.blocks();
    std::vector<double> moved(groups);
    for (std::size_t g = 0; g < groups; ++g) {
        constexpr std::size_t kLanes = 4; // added side by side: no sum waits for the one before
        std::array<double, kLanes> sums{};
        std::size_t b = m_frame.begin[g];
        for (; b + kLanes <= m_frame.begin[g + 1]; b += kLanes)
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                sums[lane] += static_cast<double>(swapped[b + lane]) * difference[b + lane];
        for (; b < m_frame.begin[g + 1]; ++b)
            sums[0] += static_cast<double>(swapped[b]) * difference[b];
        moved[g] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    std::array<double, 2> result{};
    for (std::size_t model = 0; model < 2; ++model) {
        double gaps = 0;
        const int defined = eachGap(
            groups,
            [&](std::size_t g, double& sum, double& count) {
                sum = m_sums[(prompt * groups + g) * 2 + model] + (model == 0 ? moved[g] : -moved[g]);
                count = m_images[g];
            },
            [&](std::size_t, double gap) { gaps += std::abs(gap); });
        result[model] = defined > 0 ? gaps / defined : std::nan("");
    }
    return result;
}

Outcome<BlocksOfBoth> makeBlocks(const JointPool& pool, std::span<const float> first, std::span<const float> second,
                                 std::size_t prompts, std::uint64_t seed, Feedback& feedback) {
    const std::size_t all = pool.pool.groupOfRow.size(), groups = pool.pool.groups.size();
    std::vector<std::uint8_t> whole(pool.n(), 1);
    for (const std::span<const float> scores : {first, second})
        for (std::size_t p = 0; p < prompts && !scores.empty(); ++p)
            for (std::size_t i = 0; i < pool.n(); ++i)
                whole[i] &= static_cast<std::uint8_t>(std::isfinite(scores[p * all + pool.rowOf[i]]));

    // Every group's images in random order, dealt to its blocks in turn.
    std::vector<std::vector<std::uint32_t>> members(groups);
    for (std::size_t i = 0; i < pool.n(); ++i)
        if (whole[i] != 0)
            members[pool.group[i]].push_back(static_cast<std::uint32_t>(i));
    ScoreBlocks frame;
    frame.prompts = prompts;
    frame.leftOut = std::ranges::count(whole, std::uint8_t{0});
    std::vector<std::uint32_t> blockOf(pool.n(), 0);
    for (std::size_t g = 0; g < groups; ++g) {
        std::vector<std::uint32_t>& mine = members[g];
        RandomStream random(seed, streamId("score-blocks"), g);
        for (std::size_t i = mine.size(); i > 1; --i)
            std::swap(mine[i - 1], mine[random.below(i)]);
        const std::size_t from = frame.size.size(), blocks = std::min(mine.size(), ScoreBlocks::kBlocks);
        frame.begin.push_back(from);
        frame.size.resize(from + blocks, 0.0);
        for (std::size_t i = 0; i < mine.size(); ++i) {
            blockOf[mine[i]] = static_cast<std::uint32_t>(from + i % blocks);
            ++frame.size[from + i % blocks];
        }
    }
    frame.begin.push_back(frame.size.size());

    BlocksOfBoth both{frame, {}};
    if (!second.empty())
        both.second = frame;
    for (ScoreBlocks* blocks : {&both.first, &both.second}) {
        const std::span<const float> scores = blocks == &both.first ? first : second;
        if (scores.empty())
            continue;
        blocks->sums.assign(prompts * frame.blocks(), 0.0F);
        blocks->squares.assign(prompts * frame.blocks(), 0.0F);
        blocks->sd.assign(prompts, 0.0);
        const bool done = forEachReplicate(
            prompts, feedback, [&] { return std::vector<std::array<double, 2>>(frame.blocks()); },
            [&](std::vector<std::array<double, 2>>& sums, std::size_t p) {
                const float* mine = scores.data() + p * all;
                double sum = 0, squares = 0, count = 0, origin = 0;
                for (std::size_t i = 0; i < pool.n(); ++i) {
                    if (whole[i] == 0)
                        continue;
                    if (count == 0)
                        origin = static_cast<double>(mine[pool.rowOf[i]]);
                    const double score = static_cast<double>(mine[pool.rowOf[i]]) - origin;
                    sum += score;
                    squares += score * score;
                    ++count;
                }
                if (count < 2)
                    return;
                const double mean = sum / count;
                const double sd = std::sqrt(std::max(0.0, squares - sum * mean) / (count - 1));
                blocks->sd[p] = sd;
                if (!(sd > 0))
                    return;
                std::ranges::fill(sums, std::array<double, 2>{});
                for (std::size_t i = 0; i < pool.n(); ++i) {
                    if (whole[i] == 0)
                        continue;
                    const double score = (static_cast<double>(mine[pool.rowOf[i]]) - origin - mean) / sd;
                    sums[blockOf[i]][0] += score;
                    sums[blockOf[i]][1] += score * score;
                }
                for (std::size_t b = 0; b < sums.size(); ++b) {
                    blocks->sums[p * sums.size() + b] = static_cast<float>(sums[b][0]);
                    blocks->squares[p * sums.size() + b] = static_cast<float>(sums[b][1]);
                }
            });
        if (!done)
            return tl::unexpected<Stop>(Cancelled{});
    }
    return both;
}

void drawBlocks(const ScoreBlocks& blocks, std::uint64_t seed, std::uint64_t replicate, std::vector<float>& weight) {
    weight.assign(blocks.blocks(), 0.0F);
    RandomStream random(seed, streamId("bootstrap/score-blocks"), replicate);
    for (std::size_t g = 0; g + 1 < blocks.begin.size(); ++g) {
        const std::size_t count = blocks.begin[g + 1] - blocks.begin[g];
        for (std::size_t i = 0; i < count; ++i)
            weight[blocks.begin[g] + random.below(count)] += 1.0F;
    }
}

PromptClusters clusterPrompts(std::span<const std::int32_t> concepts, std::size_t prompts) {
    PromptClusters result;
    if (concepts.empty()) {
        result.cluster.resize(prompts);
        std::iota(result.cluster.begin(), result.cluster.end(), 0);
        result.count = prompts;
        return result;
    }
    std::map<std::int32_t, std::int32_t> numbers;
    for (const std::int32_t concept_ : concepts)
        result.cluster.push_back(
            numbers.try_emplace(concept_, static_cast<std::int32_t>(numbers.size())).first->second);
    result.count = numbers.size();
    return result;
}

MeanOverPrompts meanOverPrompts(std::span<const double> values, const PromptClusters& clusters) {
    MeanOverPrompts result;
    result.clusters = clusters.count;
    std::vector<double> sums(clusters.count, 0.0), counts(clusters.count, 0.0);
    double sum = 0;
    for (std::size_t p = 0; p < values.size(); ++p) {
        sums[static_cast<std::size_t>(clusters.cluster[p])] += values[p];
        ++counts[static_cast<std::size_t>(clusters.cluster[p])];
        sum += values[p];
    }
    const auto number = static_cast<double>(values.size());
    result.mean = sum / number;
    if (clusters.count < 2)
        return result;
    double squares = 0;
    for (std::size_t c = 0; c < clusters.count; ++c)
        squares += std::pow(sums[c] - counts[c] * result.mean, 2);
    const auto clustersNumber = static_cast<double>(clusters.count);
    result.standardError = std::sqrt(clustersNumber / (clustersNumber - 1) * squares) / number;
    return result;
}

} // namespace plumbline::metric
