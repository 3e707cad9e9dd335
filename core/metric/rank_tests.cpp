// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <boost/math/special_functions/gamma.hpp>

namespace plumbline::metric {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Two-sided p of a standard normal z >= 0; never 0, so that it stays a p-value.
double normalP(double z) {
    return std::clamp(std::erfc(z / std::sqrt(2.0)), std::numeric_limits<double>::min(), 1.0);
}

double asDouble(std::int64_t n) {
    return static_cast<double>(n);
}

/// Ranks of numbers and the sum of t^3 - t over the groups of t equal values.
struct Ranked {
    std::vector<double> rank;
    double ties = 0;
};

Ranked rankNumbers(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i]; });
    Ranked ranked{std::vector<double>(values.size()), 0};
    for (std::size_t first = 0; first < order.size();) {
        std::size_t end = first + 1;
        while (end < order.size() && values[order[end]] == values[order[first]])
            ++end;
        const auto equal = static_cast<double>(end - first);
        ranked.ties += equal * equal * equal - equal;
        const double rank = (static_cast<double>(first + 1) + static_cast<double>(end)) / 2;
        for (std::size_t at = first; at < end; ++at)
            ranked.rank[order[at]] = rank;
        first = end;
    }
    return ranked;
}

std::vector<double> numbersOf(std::span<const double> values) {
    std::vector<double> numbers;
    numbers.reserve(values.size());
    std::ranges::copy_if(values, std::back_inserter(numbers), [](double value) { return !std::isnan(value); });
    return numbers;
}

/// P(U <= u) for samples of `a` and `b` numbers without ties, all orders alike. The largest of i + j numbers is of the
/// first sample with chance i / (i + j), and then lies above all j of the second.
double mannWhitneyTail(std::size_t a, std::size_t b, std::size_t u) {
    std::vector<std::vector<double>> chance(a + 1, std::vector<double>(u + 1)); // of (i, j): [i][U]
    for (std::vector<double>& row : chance)
        row[0] = 1; // j = 0
    for (std::size_t j = 1; j <= b; ++j)
        for (std::size_t i = 1; i <= a; ++i) {
            const double first = static_cast<double>(i) / static_cast<double>(i + j);
            for (std::size_t s = 0; s <= u; ++s)
                chance[i][s] = (1 - first) * chance[i][s] + (s >= j ? first * chance[i - 1][s - j] : 0);
        }
    return std::accumulate(chance[a].begin(), chance[a].end(), 0.0);
}

/// Numbers of pairs of equal values, and the sums over the groups of t equal values that Kendall's variance has.
struct TieSums {
    std::int64_t pairs = 0;
    double cubic = 0;  ///< t (t - 1) (2 t + 5)
    double triple = 0; ///< t (t - 1) (t - 2)
};

template <class Equal>
TieSums tieSums(std::size_t n, const Equal& equalToPrevious) {
    TieSums sums;
    std::size_t run = n > 0 ? 1 : 0;
    for (std::size_t i = 1; i <= n; ++i) {
        if (i < n && equalToPrevious(i)) {
            ++run;
            continue;
        }
        const auto t = static_cast<double>(run);
        sums.pairs += static_cast<std::int64_t>(run) * (static_cast<std::int64_t>(run) - 1) / 2;
        sums.cubic += t * (t - 1) * (2 * t + 5);
        sums.triple += t * (t - 1) * (t - 2);
        run = 1;
    }
    return sums;
}

/// Sorts, and counts the pairs that were out of order.
std::int64_t sortCounting(std::vector<double>& values, std::vector<double>& scratch, std::size_t from, std::size_t to) {
    if (to - from < 2)
        return 0;
    const std::size_t middle = from + (to - from) / 2;
    std::int64_t swaps = sortCounting(values, scratch, from, middle) + sortCounting(values, scratch, middle, to);
    std::size_t left = from, right = middle, at = from;
    while (left < middle || right < to) {
        if (right == to || (left < middle && values[left] <= values[right])) {
            scratch[at++] = values[left++];
        } else {
            swaps += static_cast<std::int64_t>(middle - left);
            scratch[at++] = values[right++];
        }
    }
    std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(from), scratch.begin() + static_cast<std::ptrdiff_t>(to),
              values.begin() + static_cast<std::ptrdiff_t>(from));
    return swaps;
}

/// P(number of inversions of a random order of n <= `most`).
double inversionTail(std::size_t n, std::size_t most) {
    std::vector<double> chance(most + 1), next(most + 1);
    chance[0] = 1;
    for (std::size_t i = 2; i <= n; ++i) { // the i-th comes before 0 to i - 1 of the others
        double window = 0;
        for (std::size_t s = 0; s <= most; ++s) {
            window += chance[s];
            if (s >= i)
                window -= chance[s - i];
            next[s] = window / static_cast<double>(i);
        }
        chance.swap(next);
    }
    return std::accumulate(chance.begin(), chance.end(), 0.0);
}

} // namespace

std::vector<double> midranks(std::span<const double> values) {
    const Ranked ranked = rankNumbers(numbersOf(values));
    std::vector<double> ranks(values.size(), kNan);
    std::size_t at = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isnan(values[i]))
            ranks[i] = ranked.rank[at++];
    return ranks;
}

RankSum mannWhitney(std::span<const double> x, std::span<const double> y, PMethod method) {
    std::vector<double> values = numbersOf(x);
    const std::size_t nX = values.size();
    std::ranges::copy_if(y, std::back_inserter(values), [](double value) { return !std::isnan(value); });
    const std::size_t nY = values.size() - nX;
    RankSum result;
    result.nX = static_cast<std::int64_t>(nX);
    result.nY = static_cast<std::int64_t>(nY);
    if (nX == 0 || nY == 0)
        return result;

    const Ranked ranked = rankNumbers(values);
    const double a = asDouble(result.nX), b = asDouble(result.nY), n = a + b;
    const double ranks =
        std::accumulate(ranked.rank.begin(), ranked.rank.begin() + static_cast<std::ptrdiff_t>(nX), 0.0);
    result.u = ranks - a * (a + 1) / 2;
    result.superiority = result.u / (a * b);
    result.cliffsDelta = 2 * *result.superiority - 1;
    const double variance = a * b / 12 * (n + 1 - ranked.ties / (n * (n - 1)));
    // All alike: the variance is 0 up to rounding.
    const bool constant = ranked.ties >= n * n * n - n;
    if (!constant && variance > 0)
        result.z = (result.u - a * b / 2) / std::sqrt(variance);
    if (method == PMethod::Auto && ranked.ties == 0 && std::min(nX, nY) <= 8 && std::max(nX, nY) <= 500) {
        const double smaller = std::min(result.u, a * b - result.u);
        result.p = std::min(
            1.0, 2 * mannWhitneyTail(std::min(nX, nY), std::max(nX, nY), static_cast<std::size_t>(smaller + 0.25)));
        result.exact = true;
    } else if (result.z) {
        result.p = normalP(std::max(0.0, std::abs(result.u - a * b / 2) - 0.5) / std::sqrt(variance));
    } else {
        result.p = 1.0;
    }
    return result;
}

SignedRank wilcoxonSignedRank(std::span<const double> differences, PMethod method) {
    SignedRank result;
    std::vector<double> sizes;
    std::vector<bool> positive;
    for (const double difference : differences) {
        if (std::isnan(difference))
            continue;
        if (difference == 0) {
            ++result.zeros;
            continue;
        }
        sizes.push_back(std::abs(difference));
        positive.push_back(difference > 0);
    }
    result.n = static_cast<std::int64_t>(sizes.size());
    if (sizes.empty()) {
        if (result.zeros > 0)
            result.p = 1.0;
        return result;
    }
    const Ranked ranked = rankNumbers(sizes);
    for (std::size_t i = 0; i < sizes.size(); ++i)
        (positive[i] ? result.wPlus : result.wMinus) += ranked.rank[i];
    const double n = asDouble(result.n), total = n * (n + 1) / 2;
    result.rankBiserial = (result.wPlus - result.wMinus) / total;
    const double sd = std::sqrt(n * (n + 1) * (2 * n + 1) / 24 - ranked.ties / 48);
    result.z = (result.wPlus - total / 2) / sd;
    if (method == PMethod::Auto && sizes.size() <= 50) {
        // Twice the ranks are whole numbers, ties or not; each has a sign by the toss of a coin.
        const auto smaller = static_cast<std::size_t>(2 * std::min(result.wPlus, result.wMinus) + 0.25);
        std::vector<double> chance(smaller + 1);
        chance[0] = 1;
        for (const double rank : ranked.rank) {
            const auto step = static_cast<std::size_t>(2 * rank + 0.25);
            for (std::size_t s = smaller + 1; s-- > 0;)
                chance[s] = (chance[s] + (s >= step ? chance[s - step] : 0)) / 2;
        }
        result.p = std::min(1.0, 2 * std::accumulate(chance.begin(), chance.end(), 0.0));
        result.exact = true;
    } else {
        result.p = normalP(std::max(0.0, std::abs(result.wPlus - total / 2) - 0.5) / sd);
    }
    return result;
}

RankCorrelation kendallTau(std::span<const double> x, std::span<const double> y, PMethod method) {
    RankCorrelation result;
    std::vector<std::pair<double, double>> pairs;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
        if (!std::isnan(x[i]) && !std::isnan(y[i]))
            pairs.emplace_back(x[i], y[i]);
    result.n = static_cast<std::int64_t>(pairs.size());
    if (pairs.size() < 2)
        return result;
    std::ranges::sort(pairs);
    const TieSums tiesX = tieSums(pairs.size(), [&](std::size_t i) { return pairs[i].first == pairs[i - 1].first; });
    const TieSums tiesBoth = tieSums(pairs.size(), [&](std::size_t i) { return pairs[i] == pairs[i - 1]; });
    std::vector<double> second(pairs.size()), scratch(pairs.size());
    std::ranges::transform(pairs, second.begin(), [](const auto& pair) { return pair.second; });
    result.discordant = sortCounting(second, scratch, 0, second.size());
    const TieSums tiesY = tieSums(second.size(), [&](std::size_t i) { return second[i] == second[i - 1]; });
    const std::int64_t all = result.n * (result.n - 1) / 2;
    result.concordant = all - tiesX.pairs - tiesY.pairs + tiesBoth.pairs - result.discordant;
    if (tiesX.pairs == all || tiesY.pairs == all)
        return result;
    const double difference = asDouble(result.concordant - result.discordant);
    result.tau = std::clamp(
        difference / std::sqrt(asDouble(all - tiesX.pairs)) / std::sqrt(asDouble(all - tiesY.pairs)), -1.0, 1.0);
    const double n = asDouble(result.n);
    if (method == PMethod::Auto && tiesX.pairs == 0 && tiesY.pairs == 0 && result.n <= 33) {
        const auto rarer = static_cast<std::size_t>(std::min(result.concordant, result.discordant));
        result.p = std::min(1.0, 2 * inversionTail(pairs.size(), rarer));
        result.exact = true;
    } else {
        double variance = (n * (n - 1) * (2 * n + 5) - tiesX.cubic - tiesY.cubic) / 18 +
                          2 * asDouble(tiesX.pairs) * asDouble(tiesY.pairs) / (n * (n - 1));
        if (result.n > 2)
            variance += tiesX.triple * tiesY.triple / (9 * n * (n - 1) * (n - 2));
        result.p = variance > 0 ? normalP(std::abs(difference) / std::sqrt(variance)) : 1.0;
    }
    return result;
}

GroupRanks kruskalWallis(std::span<const double> values, std::span<const std::int32_t> codes) {
    GroupRanks result;
    std::vector<double> numbers;
    std::vector<std::size_t> groupOf;
    std::size_t places = 0;
    for (std::size_t i = 0; i < std::min(values.size(), codes.size()); ++i) {
        if (codes[i] < 0)
            continue;
        places = std::max(places, static_cast<std::size_t>(codes[i]) + 1);
        if (std::isnan(values[i]))
            continue;
        numbers.push_back(values[i]);
        groupOf.push_back(static_cast<std::size_t>(codes[i]));
    }
    const Ranked ranked = rankNumbers(numbers);
    std::vector<double> sum(places), count(places);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        sum[groupOf[i]] += ranked.rank[i];
        ++count[groupOf[i]];
    }
    result.n = static_cast<std::int64_t>(numbers.size());
    result.meanRank.resize(places);
    const double n = asDouble(result.n);
    double between = 0;
    for (std::size_t g = 0; g < places; ++g) {
        if (count[g] == 0)
            continue;
        ++result.groups;
        result.meanRank[g] = sum[g] / count[g];
        const double distance = *result.meanRank[g] - (n + 1) / 2;
        between += count[g] * distance * distance;
    }
    if (result.groups < 2)
        return result;
    if (ranked.ties >= n * n * n - n) {
        result.p = 1.0;
        return result;
    }
    result.h = 12 * between / (n * (n + 1)) / (1 - ranked.ties / (n * n * n - n));
    result.epsilonSquared = *result.h / (n - 1);
    result.p = std::clamp(boost::math::gamma_q(asDouble(result.groups - 1) / 2, *result.h / 2),
                          std::numeric_limits<double>::min(), 1.0);
    return result;
}

} // namespace plumbline::metric
