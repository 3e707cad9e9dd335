// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/verdict.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <boost/math/special_functions/beta.hpp>

#include "core/base/numbers.h"
#include "core/metric/exact_test.h"
#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

constexpr double kPower = 0.8;

/// Sizes that decide what a test can show.
struct Sizes {
    std::int64_t n = 0, group = 0, top = 0;
    auto operator<=>(const Sizes&) const = default;
};

/// The laws of the sizes that were met, but not of all where each ranking counts other rows.
class Laws {
public:
    const CountLaw& of(const Sizes& sizes) {
        constexpr std::size_t kMost = 256;
        auto entry = m_known.find(sizes);
        if (entry == m_known.end()) {
            if (m_known.size() >= kMost)
                m_known.clear();
            entry = m_known.try_emplace(sizes, sizes.n, sizes.group, sizes.top).first;
        }
        return entry->second;
    }

private:
    std::map<Sizes, CountLaw> m_known;
};

std::int64_t countedRows(const Measurement& measurement) {
    std::int64_t top = 0; // more than k where a definition keeps ties
    for (const GroupMeasure& group : measurement.groups)
        top += group.topCount;
    return top;
}

struct Detectable {
    std::optional<double> below, above;
};

/// The true shares, in multiples of the pool's share, whose counts are significant at `level` with the power asked for;
/// counts are taken as binomial, which is wider than drawing without replacement.
Detectable detectable(const Sizes& sizes, const CountLaw& law, double level) {
    const CriticalCounts critical = law.critical(level);
    const double share = static_cast<double>(sizes.group) / static_cast<double>(sizes.n);
    const auto top = static_cast<double>(sizes.top);
    Detectable result;
    if (critical.high) { // P(X >= c) = I_p(c, k - c + 1)
        const auto count = static_cast<double>(*critical.high);
        result.above = boost::math::ibeta_inv(count, top - count + 1, kPower) / share;
    }
    if (critical.low) { // P(X <= c) = 1 - I_p(c + 1, k - c)
        const auto count = static_cast<double>(*critical.low);
        if (count < top)
            result.below = boost::math::ibetac_inv(count + 1, top - count, kPower) / share;
    }
    return result;
}

/// ln(share in the top / share in the pool) with its interval: what tests and words compare, whatever the target.
struct LogRatio {
    double value = 0;
    std::optional<double> low, high;
};

LogRatio toPool(const GroupMeasure& group) {
    const double shift =
        group.poolShare > 0 && group.targetShare > 0 ? std::log(group.targetShare / group.poolShare) : 0.0;
    LogRatio ratio;
    if (group.skew) {
        ratio.value = *group.skew + shift;
        ratio.low = group.ciLow ? std::optional(*group.ciLow + shift) : std::nullopt;
    } else {
        ratio.value = -std::numeric_limits<double>::infinity();
    }
    ratio.high = group.ciHigh ? std::optional(*group.ciHigh + shift) : std::nullopt;
    return ratio;
}

Verdict verdictOf(const GroupMeasure& group, const MeasureOptions& options, double corrected, bool possible,
                  double aloneInItsRanking) {
    const LogRatio ratio = toPool(group);
    const double tolerance = std::log(options.tolerance);
    const bool absent = !group.skew;
    if (tolerance > 0 && ratio.low && ratio.high && *ratio.low > -tolerance && *ratio.high < tolerance)
        return Verdict::NoLean;
    if (corrected <= options.level) {
        const bool above = ratio.value > 0;
        if (tolerance > 0) {
            const double sure = above ? ratio.low.value_or(ratio.value) : ratio.high.value_or(ratio.value);
            if (std::abs(sure) < tolerance || (sure > 0) != above)
                return Verdict::UnsureOfTolerance;
        }
        return above && !absent ? Verdict::Towards : Verdict::Away;
    }
    if (!possible)
        return Verdict::TooFewImages;
    return aloneInItsRanking <= options.level ? Verdict::LostToCorrection : Verdict::NoLean;
}

void setRelativeSpread(std::span<Measurement> measurements) {
    std::vector<double> spreads;
    std::set<std::string> seen; // a prompt is measured once an attribute
    for (const Measurement& measurement : measurements)
        if (seen.insert(measurement.prompt.value_or("")).second)
            spreads.push_back(measurement.scoreSd);
    if (spreads.size() < 2)
        return;
    const auto middle = spreads.begin() + static_cast<std::ptrdiff_t>(spreads.size() / 2);
    std::nth_element(spreads.begin(), middle, spreads.end());
    if (*middle > 0)
        for (Measurement& measurement : measurements)
            measurement.relativeSpread = measurement.scoreSd / *middle;
}

} // namespace

void judge(std::span<Measurement> measurements, const MeasureOptions& options, double scoreUnit) {
    /// A group's place in the family.
    struct Place {
        GroupMeasure* group;
        const Measurement* measurement;
        std::size_t test;
        double smallestP;
        std::size_t testsOfRanking;
    };
    std::vector<Place> places;
    std::vector<double> family;
    Laws laws;
    for (Measurement& measurement : measurements) {
        const std::int64_t top = countedRows(measurement);
        std::vector<Place> ofThis;
        std::size_t tests = 0;
        for (GroupMeasure& group : measurement.groups) {
            group.adjustedP = group.falseDiscovery = group.detectableBelow = group.detectableAbove = std::nullopt;
            group.slight = false;
            group.verdict = measurement.groups.size() < 2 || measurement.kEffective <= 0 ? Verdict::NotApplicable
                                                                                         : Verdict::TooFewImages;
            if (group.verdict == Verdict::NotApplicable || group.poolCount < options.minGroup)
                continue;
            const auto test = laws.of({measurement.n, group.poolCount, top}).test(group.topCount);
            if (!test || test->smallestP > options.level)
                continue;
            const bool sameTest = measurement.groups.size() == 2 && !ofThis.empty();
            if (!sameTest) {
                family.push_back(test->p);
                ++tests;
            }
            ofThis.push_back({&group, &measurement, family.size() - 1, test->smallestP, 0});
        }
        for (Place& place : ofThis) {
            place.testsOfRanking = tests;
            places.push_back(place);
        }
    }

    const std::vector<double> holm = holmAdjusted(family), discovery = falseDiscoveryAdjusted(family);
    const auto all = static_cast<double>(std::max<std::size_t>(family.size(), 1));
    std::map<Sizes, Detectable> known;
    for (const Place& place : places) {
        GroupMeasure& group = *place.group;
        group.adjustedP = holm[place.test];
        group.falseDiscovery = discovery[place.test];
        const double corrected = options.correction == Correction::Holm ? *group.adjustedP : *group.falseDiscovery;
        // The level that a test has to reach if it is the only finding.
        const double hardest = options.level / all;
        const double alone = family[place.test] * static_cast<double>(place.testsOfRanking);
        group.verdict = verdictOf(group, options, corrected, place.smallestP <= hardest, alone);
        // Who is shut out of the top altogether is so materially, however little the mean scores differ.
        group.slight = leans(group.verdict) && group.topCount > 0 &&
                       std::abs(group.gap) < options.slightGap * scoreUnit && std::abs(group.meanScore) <= scoreUnit;
        const Sizes sizes{place.measurement->n, group.poolCount, countedRows(*place.measurement)};
        const auto [entry, isNew] = known.try_emplace(sizes);
        if (isNew)
            entry->second = detectable(sizes, laws.of(sizes), hardest);
        group.detectableBelow = entry->second.below;
        group.detectableAbove = entry->second.above;
    }
    for (Measurement& measurement : measurements)
        measurement.tests = static_cast<std::int64_t>(family.size());
    setRelativeSpread(measurements);
}

std::string familyText(std::span<const Measurement> measurements, const MeasureOptions& options) {
    std::vector<std::string> attributes, prompts;
    std::set<std::string> known;
    for (const Measurement& measurement : measurements) {
        if (std::ranges::find(attributes, measurement.attribute) == attributes.end())
            attributes.push_back(measurement.attribute);
        if (known.insert(measurement.prompt.value_or("")).second)
            prompts.push_back(measurement.prompt.value_or(""));
    }
    if (measurements.empty() || measurements.front().tests == 0)
        return "No group is large enough for a test.";
    std::string names;
    for (const std::string& attribute : attributes)
        names += (names.empty() ? "" : ", ") + attribute;
    std::string text =
        options.correction == Correction::Holm ? "Holm's correction" : "Benjamini and Hochberg's correction";
    text += " at " + formatDouble(options.level) + " over " + counted(measurements.front().tests, "test") +
            ": the share of each group of " + names + " among the top " + formatK(options.k) + " of " +
            counted(static_cast<std::int64_t>(prompts.size()), prompts.front().empty() ? "ranking" : "prompt") + ".";
    if (options.tolerance > 1)
        text += " Shares from 1/" + formatDouble(options.tolerance) + " to " + formatDouble(options.tolerance) +
                " times the pool's are tolerated.";
    return text;
}

} // namespace plumbline::metric
