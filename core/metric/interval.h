// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/metric/bootstrap.h"

namespace plumbline::metric {

/// A two-sided interval; an absent end is unbounded or undefined.
struct Interval {
    std::optional<double> low, high;
};

/// What a group's skew interval rests on.
struct SkewEvidence {
    std::int64_t count = 0, rows = 0; ///< of the group among the top rows, and all of them
    std::int64_t poolCount = 0,
                 pool = 0; ///< of the group in the pool, and all of it; 0 where the target is a fixed share
    double skew = 0;       ///< observed; of an absent group the skew that one row would have
    GroupSpread spread;    ///< not used for an absent group
};

/// Interval of a group's skew ln p - ln q over images.
///
/// With few rows of a group the bootstrap's own percentiles move in steps of ln 2 and lean to the wrong side. So the
/// bootstrap gives the variance and a Beta distribution the shape: the interval of p is Jeffreys' (Brown, Cai,
/// DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16(2), 2001) for the number of rows
/// that would have that variance (Korn and Graubard, "Confidence intervals for proportions with small expected number
/// of positive counts estimated from survey data", Survey Methodology 24(2), 1998). Where the target is the pool's
/// shares, q is estimated too: its own interval is joined to that of p by the method of variance estimates recovery
/// (Zou and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27(10), 2008;
/// with correlation: Donner and Zou, Statistical Methods in Medical Research 21(4), 2012). A group that is absent from
/// the top rows, or alone there, has Clopper and Pearson's bound of p on the side where p is not certain.
Interval skewInterval(const SkewEvidence& evidence, double confidence);

/// Intervals of the largest and the smallest of several skews. The largest true skew is at least that of any group and
/// at most that of its own group, so the upper end is the highest of the groups' upper ends, and the lower end the
/// highest of their lower ends, each with an equal part of that tail (Bonferroni): covers at least as often as the
/// groups' intervals do, also where all groups are alike, where resampled maxima never do. `sharesAddUp`: the top
/// shares have sum 1, so the largest skew is at least 0 and the smallest at most 0.
struct RangeInterval {
    Interval max, min;
};
RangeInterval skewRangeInterval(std::span<const SkewEvidence> groups, bool sharesAddUp, double confidence);

/// Interval from bootstrap draws: their spread, taken around the value instead of around their own mean. Of a number
/// that noise raises it is an interval of its mean over pools of this size: compare it with the null, not with 0.
Interval centredInterval(double value, std::vector<double> draws, double confidence);

/// Interval of Bias@K: 2 s - 1 with Jeffreys' interval of the share s = a / (a + b), for as many rows as would give it the
/// variance `spread` of the bootstrap. Nothing where both groups are absent.
Interval biasInterval(std::int64_t positive, std::int64_t negative, double spread, double confidence);

/// Interval of the smallest over the largest share of the top rows, from the groups' own intervals as in
/// skewRangeInterval.
Interval countRatioInterval(std::span<const SkewEvidence> groups, double confidence);

} // namespace plumbline::metric
