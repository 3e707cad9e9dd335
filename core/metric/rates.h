// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/metric/interval.h"

namespace plumbline::metric {

/// z with P(|Z| <= z) = confidence of a standard normal Z; 0 < confidence < 1.
double normalQuantile(double confidence);

/// A rate with its interval; nothing is defined for n = 0 (value and both ends absent).
struct Rate {
    std::int64_t count = 0, n = 0;
    std::optional<double> value, low, high;
};
/// Wilson's score interval (Wilson, JASA 22(158), 1927): covers near its level for every n, also at 0 and n.
Rate wilson(std::int64_t count, std::int64_t n, double confidence);

/// Interval of a - b for independent rates: Newcombe's hybrid score interval (Newcombe, "Interval estimation for the
/// difference between independent proportions", Statistics in Medicine 17(8), 1998, method 10).
Interval rateDifference(const Rate& a, const Rate& b, double confidence);
/// Interval of a / b for independent rates, from Wilson's by the method of variance estimates recovery on the log scale
/// (Zou and Donner 2008); no upper end where b's interval reaches 0.
Interval rateRatio(const Rate& a, const Rate& b, double confidence);

/// Two-sided Fisher exact p of two independent rates (sum of all tables at most as likely); 1 where a rate has n = 0.
double fisherExact(const Rate& a, const Rate& b);

/// One of several estimates of the same kind, with intervals at the level asked for and at the level that leaves each
/// tail the share of one among all (Bonferroni).
struct Estimate {
    double value = 0;
    Interval own, strict;
};
/// Intervals of the largest and the smallest true value and of their difference. Resampled maxima and ranges are biased
/// where the true values are alike (a true range of 0 is never covered), so the ends come from the single intervals, as
/// in skewRangeInterval: they cover at least as often as those do. `range.low` is at least 0.
struct ExtremesInterval {
    Interval max, min, range;
};
ExtremesInterval extremesInterval(std::span<const Estimate> estimates);

} // namespace plumbline::metric
