// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/score_spread.h"

#include <algorithm>
#include <cmath>

#include "core/metric/classification/binary.h"
#include "core/metric/exact_test.h"
#include "core/metric/family.h"

namespace plumbline::metric {
namespace {

constexpr double kCoverage = 0.95;
constexpr double kFewestBins = 8, kMostBins = 100;

struct Scored {
    float score;
    std::uint32_t group;
    bool operator<(const Scored& other) const { return score < other.score; }
};

double number(std::int64_t count) {
    return static_cast<double>(count);
}

/// Edges of bins of the width that Freedman and Diaconis advise ("On the histogram as a density estimator", Zeitschrift
/// für Wahrscheinlichkeitstheorie und verwandte Gebiete 57, 1981): 2 × interquartile range / n^(1/3).
std::vector<double> binEdges(const std::vector<Scored>& sorted) {
    const double low = sorted.front().score, high = sorted.back().score;
    if (!(low < high)) { // one score only: a bin around it
        const double half = std::max(1e-3, 1e-3 * std::abs(low));
        return {low - half, low + half};
    }
    const std::size_t n = sorted.size();
    const double middle = static_cast<double>(sorted[n - 1 - n / 4].score) - sorted[n / 4].score;
    const double width = 2 * middle / std::cbrt(static_cast<double>(n));
    const double wanted = width > 0 ? std::ceil((high - low) / width) : kMostBins;
    const auto bins = static_cast<std::size_t>(std::clamp(wanted, kFewestBins, kMostBins));
    std::vector<double> edges;
    for (std::size_t i = 0; i <= bins; ++i)
        edges.push_back(i == bins ? high : low + (high - low) * static_cast<double>(i) / static_cast<double>(bins));
    return edges;
}

/// The median of numbers that are shown to it in ascending order.
class Median {
public:
    explicit Median(std::int64_t n) : m_n(n) {}
    void add(double value) {
        if (m_seen == (m_n - 1) / 2)
            m_median = value / 2;
        if (m_seen == m_n / 2)
            m_median += value / 2;
        ++m_seen;
    }
    double value() const { return m_median; }

private:
    std::int64_t m_n, m_seen = 0;
    double m_median = 0;
};

} // namespace

Result<ScoreSpread> scoreSpread(const Attribute& attribute, std::span<const float> scores, const KSpec& k,
                                double confidence) {
    if (scores.size() != attribute.codes.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                    std::to_string(attribute.codes.size()) + " images"}});
    ScoreSpread spread;
    std::vector<std::int64_t> sizes(attribute.groups.size(), 0);
    std::vector<Scored> sorted;
    sorted.reserve(scores.size());
    for (std::size_t row = 0; row < scores.size(); ++row) {
        if (attribute.codes[row] == Attribute::kUnlabelled)
            continue;
        if (!std::isfinite(scores[row])) {
            ++spread.notFinite;
            continue;
        }
        sorted.push_back({scores[row], static_cast<std::uint32_t>(attribute.codes[row])});
        ++sizes[sorted.back().group];
    }
    if (sorted.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    std::sort(sorted.begin(), sorted.end());
    spread.n = static_cast<std::int64_t>(sorted.size());
    spread.k = std::clamp<std::int64_t>(k.resolve(spread.n), 1, spread.n);
    spread.kScore = sorted[static_cast<std::size_t>(spread.n - spread.k)].score;
    spread.edges = binEdges(sorted);
    const std::size_t bins = spread.edges.size() - 1;
    spread.counts.assign(bins, 0);

    std::vector<std::size_t> place(sizes.size(), 0); // of an attribute's group among those that are there
    std::vector<Median> medians;
    for (std::size_t g = 0; g < sizes.size(); ++g) {
        if (sizes[g] == 0)
            continue;
        place[g] = spread.groups.size();
        ScoreSpread::Group& group = spread.groups.emplace_back();
        group.name = attribute.groups[g];
        group.n = sizes[g];
        group.counts.assign(bins, 0);
        medians.emplace_back(group.n);
    }
    for (Scored& each : sorted)
        each.group = static_cast<std::uint32_t>(place[each.group]);

    // Between two of a group's scores its distribution function stands still while that of the others rises, so the two
    // are furthest apart at one of its scores, or just below one.
    std::vector<KsTest> tests(spread.groups.size());
    std::vector<std::int64_t> seen(spread.groups.size(), 0);
    const auto look = [&](std::size_t g, std::int64_t allAtOrBelow, double score) {
        ScoreSpread::Group& group = spread.groups[g];
        const std::int64_t others = spread.n - group.n, othersBelow = allAtOrBelow - seen[g];
        if (others == 0)
            return;
        const double distance = std::abs(number(seen[g]) / number(group.n) - number(othersBelow) / number(others));
        if (distance > tests[g].statistic) {
            tests[g] = {distance, {}, seen[g], othersBelow, group.n, others};
            group.place = score;
        }
    };
    Median median(spread.n);
    std::size_t bin = 0;
    std::vector<std::uint32_t> here; // groups that have the score
    for (std::size_t first = 0; first < sorted.size();) {
        const double score = sorted[first].score;
        std::size_t end = first;
        here.clear();
        for (; end < sorted.size() && sorted[end].score == sorted[first].score; ++end)
            here.push_back(sorted[end].group);
        while (bin + 1 < bins && score >= spread.edges[bin + 1])
            ++bin;
        for (const std::uint32_t g : here) {
            ++spread.groups[g].counts[bin];
            medians[g].add(score);
            median.add(score);
        }
        spread.counts[bin] += static_cast<std::int64_t>(here.size());
        std::vector<std::uint32_t> once = here;
        std::sort(once.begin(), once.end());
        once.erase(std::unique(once.begin(), once.end()), once.end());
        for (const std::uint32_t g : once)
            if (first > 0)
                look(g, static_cast<std::int64_t>(first), sorted[first - 1].score);
        for (const std::uint32_t g : here)
            ++seen[g];
        for (const std::uint32_t g : once)
            look(g, static_cast<std::int64_t>(end), score);
        first = end;
    }
    spread.median = median.value();

    std::vector<double> tested;
    for (std::size_t g = 0; g < spread.groups.size(); ++g) {
        ScoreSpread::Group& group = spread.groups[g];
        group.median = medians[g].value();
        if (tests[g].statistic == 0)
            group.place = group.median;
        for (const std::int64_t inBin : spread.counts) {
            const CountRange chance = centralCounts(spread.n, inBin, group.n, kCoverage);
            group.nullLow.push_back(number(chance.low) / number(group.n));
            group.nullHigh.push_back(number(chance.high) / number(group.n));
        }
        if (spread.groups.size() < 2)
            continue;
        KsTest& test = tests[g];
        test.a = group.n;
        test.b = spread.n - group.n;
        group.atOrBelow = number(test.atOrBelowA) / number(test.a);
        group.others = number(test.atOrBelowB) / number(test.b);
        const double size = number(test.a) * number(test.b) / number(spread.n);
        const auto effective = static_cast<std::int64_t>(std::nearbyint(size));
        group.distance.value = test.statistic;
        const Interval interval = ksInterval(test, confidence);
        group.distance.ciLow = interval.low;
        group.distance.ciHigh = interval.high;
        group.distance.nullP95 = std::min(1.0, std::sqrt(-std::log(0.05 / 2) / (2 * size)));
        if (effective > 0) {
            group.distance.pValue = kolmogorovUpperTail(effective, test.statistic);
            tested.push_back(*group.distance.pValue);
        }
    }
    tested = falseDiscoveryAdjusted(tested);
    std::size_t next = 0;
    for (ScoreSpread::Group& group : spread.groups)
        if (group.distance.pValue)
            group.distance.falseDiscovery = tested[next++];
    return spread;
}

} // namespace plumbline::metric
