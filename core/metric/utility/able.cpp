// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/utility/able.h"

#include <algorithm>
#include <cmath>

#include "core/metric/resampling.h"

namespace plumbline::metric {

namespace {

/// Interval of a function that rises with the accuracy and falls with the skew, from the intervals of both.
template <class Function>
Interval intervalOf(const AbleParts& parts, const Function& function) {
    const double accuracy = *parts.accuracy.value, skew = *parts.maxSkew.value;
    const std::optional<double> value = function(accuracy, skew);
    const auto end = [&](const std::optional<double>& accuracyEnd, const std::optional<double>& skewEnd,
                         double sign) -> std::optional<double> {
        if (!value || !accuracyEnd || !skewEnd)
            return std::nullopt;
        const std::optional<double> a = function(*accuracyEnd, skew), s = function(accuracy, *skewEnd);
        if (!a || !s)
            return std::nullopt;
        return *value + sign * std::hypot(*a - *value, *s - *value);
    };
    return {end(parts.accuracy.low, parts.maxSkew.ciHigh, -1), end(parts.accuracy.high, parts.maxSkew.ciLow, 1)};
}

/// Within what is possible.
Interval bounded(Interval interval) {
    if (interval.low)
        interval.low = std::max(0.0, *interval.low);
    if (interval.high)
        interval.high = std::min(1.0, *interval.high);
    return interval;
}

} // namespace

std::optional<double> able(double accuracy, double maxSkew) {
    if (!(accuracy >= 0.0 && accuracy <= 1.0) || !std::isfinite(maxSkew))
        return std::nullopt;
    return accuracy == 0.0 ? 0.0 : 2.0 / (1.0 / accuracy + std::exp(maxSkew));
}

std::optional<double> ableExcess(double accuracy, double maxSkew, double neutral) {
    return able(accuracy, std::max(0.0, maxSkew - neutral));
}

MeasureTable ableTable(std::span<const AbleParts> models) {
    MeasureTable table;
    table.id = "able";
    table.title = "ABLE: accuracy and bias in one number";
    table.definition = "able = 2 / (1 / accuracy + exp(MaxSkew)), the harmonic mean of zero-shot top-1 accuracy and "
                       "exp(-MaxSkew) with equal "
                       "target shares; higher is better, at most 1. able_reference: what a ranking blind to the "
                       "attribute has (MaxSkew at "
                       "its neutral level): compare able with it, not with 1. able_excess: Plumbline's own, with "
                       "max(0, MaxSkew - neutral "
                       "level) in the place of MaxSkew. Not comparable across attributes with different numbers of "
                       "groups. Interval: from "
                       "those of accuracy and MaxSkew, as independent.";
    table.source = "Zhang, Guo, Kankanhalli, CVPR 2025 (eval_train.py); reference and excess: Plumbline's own";
    table.countOf = "images of the accuracy";
    table.keys = {"attribute"};
    for (const AbleParts& parts : models) {
        if (!parts.uniformTarget)
            table.warnings.push_back("MaxSkew of " + parts.attribute +
                                     " is not against equal shares, so its ABLE is not that of the paper.");
        if (!parts.accuracy.value || !parts.maxSkew.value) {
            table.warnings.push_back("Without " + std::string(parts.accuracy.value ? "MaxSkew" : "an accuracy") +
                                     " there is no ABLE of " + parts.attribute + ".");
            continue;
        }
        const double accuracy = *parts.accuracy.value, skew = *parts.maxSkew.value;
        const auto add = [&](const char* name, const std::optional<double>& value, const Interval& interval,
                             std::optional<double> neutral) {
            MetricValue row;
            row.value = value;
            setInterval(row, bounded(interval));
            row.neutral = neutral;
            table.rows.push_back({{parts.attribute}, name, row, parts.accuracy.n, true});
        };
        const std::optional<double> reference =
            parts.maxSkew.neutral ? able(accuracy, *parts.maxSkew.neutral) : std::nullopt;
        add("able", able(accuracy, skew), intervalOf(parts, able), reference);
        if (!parts.maxSkew.neutral)
            continue;
        const double neutral = *parts.maxSkew.neutral;
        const auto atNeutral = [&](double a, double) { return able(a, neutral); };
        add("able_reference", reference, intervalOf(parts, atNeutral), {});
        const auto excess = [&](double a, double s) { return ableExcess(a, s, neutral); };
        add("able_excess", excess(accuracy, skew), intervalOf(parts, excess), able(accuracy, 0.0));
    }
    return table;
}

} // namespace plumbline::metric
