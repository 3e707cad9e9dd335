// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// How far the means of two sets of numbers lie apart, in standard deviations of all of them together: the effect size
/// of WEAT and of C-ASC. With ddof 0 and sets of equal size it is within [-2, 2].
struct EffectSize {
    double meanX = 0, meanY = 0, difference = 0; ///< of the means, X minus Y
    double sum = 0;                              ///< sum over X minus sum over Y
    double sd = 0;                               ///< of X and Y together
    std::optional<double> d;                     ///< difference / sd; absent where all numbers are equal
};
/// Both sets have a number at least. `ddof`: 0 or 1. `scale`: the size of numbers that rounding is judged by.
EffectSize effectSize(std::span<const double> x, std::span<const double> y, int ddof, double scale = 1);

/// Interval of d over the numbers of X and of Y, each a sample of its own. The effect size is bounded, and resampled
/// ones crowd at the bound: their percentiles cover 57 to 91 % for sets of eight. So d is carried over to Cohen's d
/// (the same in standard deviations within the sets, not bounded) and to the scale on which that has a constant
/// variance (asinh; Hedges and Olkin, "Statistical Methods for Meta-Analysis", 1985, 5.A); there the interval is
/// Student's, n - 2 degrees of freedom, with the variance of the bootstrap within the sets, or of the influence
/// function where both have kLargeSet or more. Nothing where d is undefined or a set has one number.
inline constexpr std::size_t kLargeSet = 100;
Outcome<Interval> effectInterval(std::span<const double> x, std::span<const double> y, int ddof, std::string_view name,
                                 const Resampling& options, Feedback& feedback);

/// Welch's interval of the difference of means (Welch, "The generalization of 'Student's' problem when several
/// different population variances are involved", Biometrika 34, 1947). Nothing where a set has one number.
Interval meanDifferenceInterval(std::span<const double> x, std::span<const double> y, double confidence);

} // namespace plumbline::metric
