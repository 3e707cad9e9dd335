// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/ranking/rerank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <tuple>

#include "core/base/numbers.h"
#include "core/metric/pool.h"
#include "core/metric/ranking.h"

namespace plumbline::debias {
namespace {

constexpr double kGuard = 1e-9; // METHODS 0.2, rule 7

/// The items of each group, best first, and who is next.
class Queues {
public:
    Queues(const RankedItems& items, std::size_t groups) : m_places(groups), m_next(groups, 0) {
        for (std::size_t place = 0; place < items.group.size(); ++place)
            m_places[static_cast<std::size_t>(items.group[place])].push_back(static_cast<std::uint32_t>(place));
    }
    std::size_t groups() const { return m_places.size(); }
    bool empty(std::size_t group) const { return m_next[group] == m_places[group].size(); }
    std::uint32_t front(std::size_t group) const { return m_places[group][m_next[group]]; }
    std::uint32_t take(std::size_t group) { return m_places[group][m_next[group]++]; }
    std::size_t taken(std::size_t group) const { return m_next[group]; }

    /// Of the groups that `allowed` names, the one whose next item stood first; nothing where none has one.
    template <class Allowed>
    std::optional<std::size_t> best(const Allowed& allowed) const {
        std::optional<std::size_t> found;
        for (std::size_t g = 0; g < groups(); ++g)
            if (!empty(g) && allowed(g) && (!found || front(g) < front(*found)))
                found = g;
        return found;
    }
    std::optional<std::size_t> best() const {
        return best([](std::size_t) { return true; });
    }

private:
    std::vector<std::vector<std::uint32_t>> m_places;
    std::vector<std::size_t> m_next;
};

/// The chosen items, then the others in their old order.
std::vector<std::uint32_t> withTheRest(std::vector<std::uint32_t> chosen, std::size_t all) {
    std::vector<bool> taken(all, false);
    for (const std::uint32_t place : chosen)
        taken[place] = true;
    chosen.reserve(all);
    for (std::uint32_t place = 0; place < all; ++place)
        if (!taken[place])
            chosen.push_back(place);
    return chosen;
}

std::vector<std::uint32_t> placeByPlace(RankingAlgorithm algorithm, Queues& queues, std::span<const double> share,
                                        std::size_t k) {
    std::vector<std::uint32_t> chosen;
    for (std::size_t r = 1; r <= k; ++r) {
        const auto wanted = [&](std::size_t g) { return static_cast<double>(r) * share[g]; };
        const auto count = [&](std::size_t g) { return static_cast<double>(queues.taken(g)); };
        auto group = queues.best([&](std::size_t g) { return count(g) < std::floor(wanted(g) + kGuard); });
        if (!group) {
            const auto belowMost = [&](std::size_t g) { return count(g) < std::ceil(wanted(g) - kGuard); };
            double soonest = -1; // no group has to be the soonest: the best of all
            if (algorithm != RankingAlgorithm::DetGreedy) {
                // The place at which the group's next item is due at last.
                const auto due = [&](std::size_t g) {
                    const double place = std::ceil(wanted(g) - kGuard) / share[g];
                    return algorithm == RankingAlgorithm::DetRelaxed ? std::ceil(place - kGuard) : place;
                };
                for (std::size_t g = 0; g < queues.groups(); ++g)
                    if (!queues.empty(g) && belowMost(g) && (soonest < 0 || due(g) < soonest))
                        soonest = due(g);
                group = queues.best(
                    [&](std::size_t g) { return belowMost(g) && due(g) <= soonest * (1 + kGuard) + kGuard; });
            } else {
                group = queues.best(belowMost);
            }
        }
        if (!group)
            group = queues.best();
        chosen.push_back(queues.take(*group));
    }
    return chosen;
}

std::vector<std::uint32_t> constSort(Queues& queues, std::span<const double> share, std::size_t k) {
    constexpr double kNever = 1e9; // a place that no ranking reaches
    // The place at which the group's next item is due: the first r with floor(r q) above its count.
    const auto nextDue = [&](std::size_t g) {
        if (queues.empty(g) || !(share[g] > 0))
            return kNever;
        const double count = static_cast<double>(queues.taken(g)) + 1;
        double r = std::max(1.0, std::floor((count - kGuard) / share[g]));
        while (r < kNever && std::floor(r * share[g] + kGuard) < count)
            ++r;
        return std::min(r, kNever);
    };
    std::vector<std::uint32_t> chosen;
    std::vector<double> deadline;
    while (chosen.size() < k) {
        double r = kNever;
        for (std::size_t g = 0; g < queues.groups(); ++g)
            r = std::min(r, nextDue(g));
        if (r >= kNever)
            break;
        std::vector<bool> due(queues.groups());
        for (std::size_t g = 0; g < queues.groups(); ++g)
            due[g] = nextDue(g) <= r;
        while (chosen.size() < k) {
            const auto group = queues.best([&](std::size_t g) { return due[g]; });
            if (!group)
                break;
            due[*group] = false;
            chosen.push_back(queues.take(*group));
            deadline.push_back(r);
            // The item above may come down to place s + 1 (counted from 1) if it is not due before.
            for (std::size_t s = chosen.size() - 1;
                 s > 0 && chosen[s - 1] > chosen[s] && deadline[s - 1] >= static_cast<double>(s + 1); --s) {
                std::swap(chosen[s - 1], chosen[s]);
                std::swap(deadline[s - 1], deadline[s]);
            }
        }
    }
    // Nothing more is ever due: what is left by score.
    while (chosen.size() < k)
        chosen.push_back(queues.take(*queues.best()));
    return chosen;
}

/// P(Binomial(r, p) <= x) of every place r and count x.
class FairIrCounts {
public:
    FairIrCounts(std::size_t k, double p) : m_upTo(k) {
        std::vector<double> chance{1.0}; // of each count among the first r
        for (std::vector<double>& upTo : m_upTo) {
            chance.push_back(0);
            for (std::size_t c = chance.size() - 1; c > 0; --c)
                chance[c] = chance[c] * (1 - p) + chance[c - 1] * p;
            chance[0] *= 1 - p;
            upTo.resize(chance.size());
            std::partial_sum(chance.begin(), chance.end(), upTo.begin());
        }
    }

    std::vector<std::uint32_t> table(double alpha) const {
        std::vector<std::uint32_t> least;
        std::uint32_t x = 0; // never falls from one place to the next
        for (const std::vector<double>& upTo : m_upTo) {
            while (x + 1 < upTo.size() && upTo[x] < alpha - 1e-12)
                ++x;
            least.push_back(x);
        }
        return least;
    }

private:
    std::vector<std::vector<double>> m_upTo;
};

/// adjustedAlpha, remembered: every prompt of an audit asks for the same.
double rememberedAlpha(std::size_t k, double p, double alpha) {
    static std::mutex mutex;
    static std::map<std::tuple<std::size_t, double, double>, double> known;
    const std::lock_guard lock(mutex);
    if (known.size() > 100) // pools that differ from prompt to prompt
        known.clear();
    const auto [place, isNew] = known.try_emplace({k, p, alpha}, 0.0);
    if (isNew)
        place->second = adjustedAlpha(k, p, alpha);
    return place->second;
}

} // namespace

std::optional<RankingAlgorithm> rankingAlgorithmFromName(std::string_view name) {
    for (const RankingAlgorithm algorithm :
         {RankingAlgorithm::DetGreedy, RankingAlgorithm::DetCons, RankingAlgorithm::DetRelaxed,
          RankingAlgorithm::DetConstSort, RankingAlgorithm::FairIr})
        if (rankingAlgorithmName(algorithm) == name)
            return algorithm;
    return std::nullopt;
}

std::string_view rankingAlgorithmName(RankingAlgorithm algorithm) {
    constexpr std::string_view names[] = {"det-greedy", "det-cons", "det-relaxed", "det-const-sort", "fa-ir"};
    return names[static_cast<std::size_t>(algorithm)];
}

std::vector<std::uint32_t> rerankByShares(RankingAlgorithm algorithm, const RankedItems& items,
                                          std::span<const double> share, std::size_t k) {
    Queues queues(items, share.size());
    k = std::min(k, items.group.size());
    return withTheRest(algorithm == RankingAlgorithm::DetConstSort ? constSort(queues, share, k)
                                                                   : placeByPlace(algorithm, queues, share, k),
                       items.group.size());
}

std::vector<std::uint32_t> rerankFairIr(const RankedItems& items, std::int32_t protectedGroup,
                                        std::span<const std::uint32_t> least) {
    std::vector<std::int32_t> isProtected(items.group.size());
    std::ranges::transform(items.group, isProtected.begin(), [&](std::int32_t g) { return g == protectedGroup; });
    Queues queues({items.score, isProtected}, 2);
    std::vector<std::uint32_t> chosen;
    for (std::size_t r = 0; r < std::min(least.size(), items.group.size()); ++r) {
        bool next = !queues.empty(1);
        if (next && queues.taken(1) >= least[r] && !queues.empty(0))
            next = items.score[queues.front(1)] >= items.score[queues.front(0)];
        chosen.push_back(queues.take(next ? 1 : 0));
    }
    return withTheRest(std::move(chosen), items.group.size());
}

std::vector<std::uint32_t> fairIrTable(std::size_t k, double p, double alpha) {
    return FairIrCounts(k, p).table(alpha);
}

double fairIrFailure(std::span<const std::uint32_t> table, double p) {
    if (table.empty())
        return 0;
    // Once a path has as many as the last place asks for, it cannot fail any more: these are kept as one.
    const std::size_t enough = table.back();
    std::vector<double> chance(enough + 1, 0.0);
    chance[0] = 1;
    double failed = 0;
    for (const std::uint32_t least : table) {
        for (std::size_t c = enough + 1; c-- > 0;)
            chance[c] = (c == enough ? chance[c] : chance[c] * (1 - p)) + (c > 0 ? chance[c - 1] * p : 0.0);
        for (std::size_t c = 0; c < least; ++c) {
            failed += chance[c];
            chance[c] = 0;
        }
    }
    return failed;
}

double adjustedAlpha(std::size_t k, double p, double alpha) {
    const FairIrCounts counts(k, p);
    double low = 0, high = alpha; // one test cannot fail more often than all together
    if (fairIrFailure(counts.table(alpha), p) <= alpha)
        return alpha;
    for (int i = 0; i < 40; ++i) {
        const double middle = (low + high) / 2;
        (fairIrFailure(counts.table(middle), p) <= alpha ? low : high) = middle;
    }
    return low;
}

Outcome<std::vector<float>> rerank(const RankingRule& rule, std::span<const float> scores,
                                   const std::vector<std::int32_t>& codes, const KSpec& k, Feedback& feedback) {
    if (scores.size() != codes.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                    std::to_string(codes.size()) + " images"}});
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));

    // The places of the images with a finite score; those of the labelled ones among them are dealt anew.
    std::vector<float> finite(scores.begin(), scores.end());
    for (float& score : finite)
        if (!std::isfinite(score))
            score = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::uint32_t> rows = metric::topRows(std::span<const float>(finite), finite.size());
    Attribute ranked{"groups", rule.groups, {}};
    for (const std::uint32_t row : rows)
        if (codes[row] >= 0)
            ranked.codes.push_back(codes[row]);
    if (ranked.codes.empty())
        return std::vector<float>(scores.begin(), scores.end());
    PLUMBLINE_TRY(const metric::Pool pool, metric::makePool(ranked, rule.target, {}));

    std::vector<float> labelledScores;
    std::vector<std::uint32_t> labelledRows;
    for (const std::uint32_t row : rows)
        if (codes[row] >= 0) {
            labelledScores.push_back(scores[row]);
            labelledRows.push_back(row);
        }
    const KSpec& asked = rule.k ? *rule.k : k;
    const std::int64_t first = std::min(asked.resolve(pool.n), pool.n);
    if (first < 1)
        return fail(ErrorCode::KInvalid, {{"value", formatK(asked)}});

    const RankedItems items{labelledScores, pool.groupOfRow};
    std::vector<std::uint32_t> order;
    if (rule.algorithm == RankingAlgorithm::FairIr) {
        const auto group = std::ranges::find(pool.groups, rule.protectedGroup);
        if (group == pool.groups.end())
            return std::vector<float>(scores.begin(), scores.end()); // nobody to protect
        const auto g = static_cast<std::size_t>(group - pool.groups.begin());
        const double p = rule.p ? *rule.p : pool.share[g];
        if (!(p >= kFairIrLeastP && p <= kFairIrMostP))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "p"},
                         {"value", formatDouble(p)},
                         {"expected", "a share of " + rule.protectedGroup + " from 0.02 to 0.98"}});
        if (first < kFairIrLeastK || first > kFairIrMostK)
            return fail(ErrorCode::InvalidArgument, {{"name", "k"},
                                                     {"value", std::to_string(first)},
                                                     {"expected", "10 to 400 images to re-rank with FA*IR"}});
        const auto places = static_cast<std::size_t>(first);
        const double alpha = rule.adjusted ? rememberedAlpha(places, p, rule.alpha) : rule.alpha;
        order = rerankFairIr(items, static_cast<std::int32_t>(g), fairIrTable(places, p, alpha));
    } else {
        order = rerankByShares(rule.algorithm, items, pool.share, static_cast<std::size_t>(first));
    }

    std::vector<float> result(scores.begin(), scores.end());
    std::size_t labelled = 0;
    float above = 0;
    std::uint32_t rowAbove = 0;
    for (std::size_t place = 0; place < rows.size(); ++place) {
        const std::uint32_t row = codes[rows[place]] < 0 ? rows[place] : labelledRows[order[labelled++]];
        float score = scores[rows[place]];
        if (place > 0 && (score > above || (score == above && row < rowAbove)))
            score = row < rowAbove ? std::nextafter(above, -std::numeric_limits<float>::infinity()) : above;
        result[row] = score;
        above = score;
        rowAbove = row;
    }
    return result;
}

} // namespace plumbline::debias
