// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/data/measure.h"

namespace plumbline::metric {

/// Skew@k, MaxSkew@k, MinSkew@k: Geyik, Ambler, Kenthapadi, "Fairness-Aware Ranking in Search & Recommendation
/// Systems", KDD 2019:  Skew_g = ln(p_g / q_g),  p_g = c_g / k, maximum and minimum over the groups; for CLIP Berg et
/// al., "A Prompt Array Keeps the Bias Away", AACL 2022 (code oxai/debias-vision-lang), and Zhang, Guo, Kankanhalli,
/// "Joint Vision-Language Social Bias Removal for CLIP", CVPR 2025 (code VL_Debiasing), which differ in the points
/// below.
struct Rules {
    bool keepTies = false;       ///< every row that ties with the k-th is counted too (pandas nlargest(keep="all"))
    bool divideByK = false;      ///< shares and Z are over the k asked for, even if more or fewer rows are counted
    bool absentIsOneRow = false; ///< an absent group counts as if it had one row
    bool maxFromZero = false;    ///< MaxSkew starts at 0
    std::optional<Target::Kind> onlyTarget; ///< the published code knows this target only
    bool minOfReplaced = false;  ///< a group that counts as one row counts so in MinSkew, too
    bool absentIsZero = false;   ///< an absent group enters MaxSkew and MinSkew as a skew of 0
    bool maxOfAbsolute = false;  ///< MaxSkew is the largest absolute skew, infinite with an absent group
    bool twoGroups = false;      ///< the published code knows two groups only
    bool float32 = false;        ///< scores are rounded to 32 bits before they are ranked
    bool notNumbersFirst = false; ///< scores that are NaN rank first, not last
    bool stopsBeyondPool = false; ///< the published code stops where k exceeds the pool
    enum class Ndkl {
        Prefixes,     ///< of Geyik et al., over the rows counted
        WholeList,    ///< the same over the whole ranking
        PoolWeighted, ///< HOWARD24: discounted mean of sum_g (n_g/n) skew_g, absent groups dropped
    } ndkl = Ndkl::Prefixes;
};
Rules rulesOf(Definition definition);

/// One group's skew from its count among the top rows, ln of its target share; -inf for an absent group (unless the
/// rules say otherwise).
double skewOf(std::uint32_t count, double divisor, double logTarget, const Rules& rules);

struct SkewRange {
    double max, min; ///< min is -inf when a group is absent from the top rows
};
/// Over the groups; one with logTarget -inf is not in the pool and is passed over. Absent groups take no part in max
/// (unless the rules say otherwise). Requires one group with a count at least.
SkewRange skewRange(std::span<const std::uint32_t> counts, double divisor, std::span<const double> logTarget,
                    const Rules& rules);

} // namespace plumbline::metric
