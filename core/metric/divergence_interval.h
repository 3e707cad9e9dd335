// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/metric/interval.h"

namespace plumbline::metric {

/// The ranking that an interval of a divergence rests on.
struct DivergenceEvidence {
    std::span<const std::uint32_t> groupAtRank; ///< of the rows counted
    std::int64_t n = 0;                         ///< rows of the pool
    std::span<const double> share;              ///< the target's
    bool poolTarget = false;                    ///< the target is the pool's shares, which are estimated too
};

enum class DivergenceKind {
    Ndkl,
    Kl,             ///< of all the rows counted
    TotalVariation, ///< the same
};

struct DivergenceInterval {
    Interval interval;    ///< of the population's value; may lie below the observed value, which noise raises
    double corrected = 0; ///< the value of the population under which what was observed would be the median
};

/// Interval of the divergence that the population has at fixed k/n: with pi(u) its groups' shares among the fraction u
/// that scores highest and q its target, NDKL = (1/Z) sum_i w_i KL(pi(i/n) || q); KL and total variation compare
/// pi(k/n) with q.
///
/// A divergence is at least 0, and noise raises what is observed, most where there is little of it, so that percentiles
/// of resampled values never cover the truth. Instead the interval holds the values that a test does not reject
/// (inversion; Casella and Berger, "Statistical Inference", 2nd ed., 2002, section 9.2.1). Rows of a ranking are, given
/// their scores, independent draws of a group, with shares that change slowly along the ranks; those shares are
/// estimated over the ranks r/2 to 2r (with 20 rows added of the shares found around 2 r, at
/// the end of the whole list's). From the target to these shares
/// and beyond leads a path, each share in proportion to q (share/q)^s (exponential tilting; Efron, "Nonparametric
/// standard errors and confidence intervals", Canadian Journal of Statistics 9(2), 1981), on which the divergence grows
/// with s from 0. At each s rankings are drawn, with the rest of the pool where the target is its shares; s is rejected
/// when the observed value lies beyond the drawn ones' quantile. A second path leads to more of the target's rarest
/// group, which may be missing at the front by chance; the interval takes in both.
///
/// Quantiles: the more cautious one of the drawn and of a gamma distribution with the same three moments; for NDKL,
/// whose shares along the ranks are estimated from few rows, at 0.7 of each tail. In NDKL's long lists blocks of many
/// rows add normal numbers to the counts, with a multinomial's means and covariances, once 50 rows of the target's
/// rarest group are expected, and multinomial counts before. `draws`: rankings at each
/// s, at least 2. `name` separates the streams of different attributes.
Outcome<DivergenceInterval> divergenceInterval(const DivergenceEvidence& evidence, DivergenceKind kind, double observed,
                                               double confidence, std::size_t draws, std::string_view name,
                                               std::uint64_t seed, Feedback& feedback);

} // namespace plumbline::metric
