// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/data/measure_table.h"
#include "core/metric/interval.h"
#include "core/metric/rates.h"

namespace plumbline::metric {

/// ABLE (Zhang, Guo, Kankanhalli, "Joint Vision-Language Social Bias Removal for CLIP", CVPR 2025; formula as in its
/// published eval_train.py): harmonic mean of zero-shot top-1 accuracy and exp(-MaxSkew@k) with equal target shares,
///   ABLE = 2 / (1 / accuracy + exp(MaxSkew)),
/// 0 for accuracy 0, at most 1 for MaxSkew >= 0; higher is better. Nothing unless accuracy is within [0, 1] and MaxSkew
/// is finite.
std::optional<double> able(double accuracy, double maxSkew);

/// ABLE with max(0, MaxSkew - neutral level) in the place of MaxSkew, so that an uneven pool costs nothing.
/// A measure of Plumbline's own, not the paper's.
std::optional<double> ableExcess(double accuracy, double maxSkew, double neutral);

/// Accuracy and bias of one model for one attribute.
struct AbleParts {
    std::string attribute;
    std::int64_t groups = 0;   ///< of the attribute: ABLE cannot be compared across attributes with different numbers
    Rate accuracy;             ///< zero-shot top-1 with its interval
    MetricValue maxSkew;       ///< mean MaxSkew over the prompts, with its interval and neutral level
    bool uniformTarget = true; ///< false: the target is not equal shares, so the value is not the paper's
};
/// ABLE, the level that a ranking blind to the attribute has (2 / (1 / accuracy + exp(neutral)), "able_reference"), and
/// "able_excess". ABLE rises with the accuracy and falls with MaxSkew, which are measured on different images: the
/// distances of its ends are those to ABLE at the ends of the one and of the other, joined as independent (method of
/// variance estimates recovery, Zou and Donner, Statistics in Medicine 27(10), 2008).
MeasureTable ableTable(std::span<const AbleParts> models);

} // namespace plumbline::metric
