// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"
#include "tests/metric/population.h"

/// Whether intervals cover and p-values keep their level. The quick runs have fixed seeds;
/// PLUMBLINE_FULL_CALIBRATION=1 runs more and prints the tables of core/metric/README.md and
/// core/metric/classification; a larger number is the number of runs, to look at a setting more closely.
namespace plumbline::test {

inline bool full() {
    return std::getenv("PLUMBLINE_FULL_CALIBRATION") != nullptr;
}

/// Whether an interval held the truth, how wide it was, and how small the p-values are.
struct Tally {
    std::vector<double> values, widths;              ///< of the runs with an interval
    std::vector<double> p;                           ///< of the runs with a test
    int runs = 0, covered = 0, below = 0, above = 0; ///< below: the truth is below the interval
    double width = 0;
    int tests = 0;
    std::array<int, 3> small{}; ///< p at most .01, .05, .10

    void interval(const MetricValue& value, double truth) {
        if (!value.ciLow || !value.ciHigh)
            return;
        ++runs;
        below += truth < *value.ciLow - 1e-12;
        above += truth > *value.ciHigh + 1e-12;
        covered += *value.ciLow - 1e-12 <= truth && truth <= *value.ciHigh + 1e-12;
        width += *value.ciHigh - *value.ciLow;
        widths.push_back(*value.ciHigh - *value.ciLow);
        if (value.value)
            values.push_back(*value.value);
    }
    void test(const MetricValue& value) {
        if (!value.pValue)
            return;
        ++tests;
        p.push_back(*value.pValue);
        constexpr std::array kLevels{0.01, 0.05, 0.10};
        for (std::size_t i = 0; i < kLevels.size(); ++i)
            small[i] += *value.pValue <= kLevels[i] + 1e-12;
    }
    /// The median width over that of a normal interval which knew the spread of the value over the runs: of every
    /// method for a value without bias the best there is. NaN where the value does not vary.
    double widthOverBest() const {
        if (widths.empty() || values.size() < 2)
            return std::nan("");
        std::vector<double> sorted = widths;
        std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2));
        const auto n = static_cast<double>(values.size());
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
        double squares = 0;
        for (const double value : values)
            squares += (value - mean) * (value - mean);
        return sorted[sorted.size() / 2] / (2 * 1.959964 * std::sqrt(squares / (n - 1)));
    }
    /// What other runs found.
    void add(const Tally& other) {
        for (const auto list : {&Tally::values, &Tally::widths, &Tally::p})
            (this->*list).insert((this->*list).end(), (other.*list).begin(), (other.*list).end());
        for (const auto count : {&Tally::runs, &Tally::covered, &Tally::below, &Tally::above, &Tally::tests})
            this->*count += other.*count;
        width += other.width;
        for (std::size_t i = 0; i < small.size(); ++i)
            small[i] += other.small[i];
    }
};

using Tallies = std::map<std::string, Tally>;

/// Empty where every interval covers 93 % or more (less three standard errors of the runs), and no more small p-values
/// than the level and three standard errors allow. Prints the lot in a full run: runs, covered %,
/// truth below / above %, mean width, median width over the best one, small p, and the p-values' distance from the
/// uniform distribution (for continuous tests; 1 % point 1.63).
inline std::string judged(const char* setting, const Tallies& tallies) {
    std::string bad;
    for (const auto& [name, tally] : tallies) {
        const auto runs = static_cast<double>(tally.runs), tests = static_cast<double>(tally.tests);
        if (full()) {
            std::printf("| %s | %s | %d | %.1f | %.1f / %.1f | %.4f | %.2f | %d / %d / %d of %d | %.2f |\n", setting,
                        name.c_str(), tally.runs, 100 * tally.covered / runs, 100 * tally.below / runs,
                        100 * tally.above / runs, tally.width / runs, tally.widthOverBest(), tally.small[0],
                        tally.small[1], tally.small[2], tally.tests, kolmogorovSmirnov(tally.p));
            std::fflush(stdout);
        }
        if (tally.runs > 0 && tally.covered < 0.93 * runs - 3 * std::sqrt(runs * 0.07 * 0.93))
            bad += name + " covers " + std::to_string(tally.covered) + " of " + std::to_string(tally.runs) + "; ";
        constexpr std::array kLevels{0.01, 0.05, 0.10};
        for (std::size_t i = 0; i < kLevels.size(); ++i)
            if (tally.small[i] > 1 + kLevels[i] * tests + 3 * std::sqrt(tests * kLevels[i] * (1 - kLevels[i])))
                bad += name + " has " + std::to_string(tally.small[i]) + " of " + std::to_string(tally.tests) +
                       " p at most " + std::to_string(kLevels[i]) + "; ";
    }
    return bad;
}

/// `quick` runs in the tests, otherwise `most` or as many as are asked for.
inline int runs(int quick, int most = 1000) {
    const char* asked = std::getenv("PLUMBLINE_FULL_CALIBRATION");
    const int count = asked ? std::atoi(asked) : 0;
    return count > 1 ? count : full() ? most : quick;
}

inline metric::Resampling resampling(int run, int draws) {
    metric::Resampling options;
    options.seed = static_cast<std::uint64_t>(run) + 1;
    options.nullDraws = options.bootstrapDraws = full() ? 400 : draws;
    return options;
}

/// An index drawn by its weight.
inline std::int32_t drawn(RandomStream& random, const std::vector<double>& weights) {
    double left = random.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
        left -= weights[i];
        if (left < 0)
            return static_cast<std::int32_t>(i);
    }
    return static_cast<std::int32_t>(weights.size()) - 1;
}

inline const MetricValue& at(const MeasureTable& table, const std::vector<std::string>& keys, const char* measure) {
    static const MetricValue kNone;
    const MeasureRow* row = table.find(keys, measure);
    return row ? row->value : kNone;
}

inline double normalCdf(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

} // namespace plumbline::test
