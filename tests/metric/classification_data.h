// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/numbers.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/classification/classified.h"

/// 240 images, 4 classes, 3 groups from a linear congruential generator, so that the numbers in the tests could be
/// computed from the same data elsewhere (numpy, scipy 1.17, scikit-learn 1.9; the formulas of the definitions).
namespace plumbline::test {

struct ClassificationData {
    std::vector<std::string> classes{"a", "b", "c", "d"};
    std::vector<double> scores;
    std::vector<std::int32_t> truth;
    Attribute attribute{"group", {"x", "y", "z"}, {}};

    ClassificationData() {
        std::uint32_t state = 1;
        const auto uniform = [&state] {
            state = state * 1664525U + 1013904223U;
            return static_cast<double>(state >> 8) / 16777216.0;
        };
        for (int i = 0; i < 240; ++i) {
            truth.push_back(static_cast<std::int32_t>(4 * uniform()));
            attribute.codes.push_back(static_cast<std::int32_t>(3 * uniform()));
            for (std::int32_t c = 0; c < 4; ++c)
                scores.push_back(std::floor(64 * uniform()) / 64 / 8 + (c == truth.back() ? 0.05 : 0) +
                                 (c == attribute.codes.back() ? 0.02 : 0));
        }
    }
    metric::Classified classified() const { return {classes, truth, metric::predict(scores, 4)}; }
};

/// "measure keys: 0.1 for 0.2", or nothing where the number is right.
inline std::string wrong(const MeasureTable& table, const std::vector<std::string>& keys, const std::string& measure,
                         double expected, double tolerance = 1e-12) {
    std::string name = measure;
    for (const std::string& key : keys)
        name += " " + key;
    const MeasureRow* row = table.find(keys, measure);
    if (!row)
        return name + ": no such row; ";
    if (!row->value.value)
        return name + ": absent; ";
    if (!(std::abs(*row->value.value - expected) <= tolerance))
        return name + ": " + formatDouble(*row->value.value) + " for " + formatDouble(expected) + "; ";
    return {};
}

/// What is wrong with a table whatever it measures: an interval that does not hold its value, a p outside (0, 1], a
/// number that is not finite, keys that do not fit.
inline std::string unsound(const MeasureTable& table) {
    std::string bad;
    if (table.id.empty() || table.title.empty() || table.definition.empty() || table.source.empty() ||
        table.countOf.empty())
        bad += "a text of the table is missing; ";
    for (const MeasureRow& row : table.rows) {
        const MetricValue& v = row.value;
        const auto note = [&](const std::string& what) {
            bad += row.measure;
            for (const std::string& key : row.keys)
                bad += " " + key;
            bad += ": " + what + "; ";
        };
        if (row.keys.size() != table.keys.size())
            note("keys");
        for (const auto& number : {v.value, v.ciLow, v.ciHigh, v.nullMean, v.nullP95, v.pValue, v.adjustedP})
            if (number && !std::isfinite(*number))
                note("not finite");
        if ((v.ciLow || v.ciHigh) && !v.value)
            note("an interval of nothing");
        if (v.value && ((v.ciLow && *v.ciLow > *v.value + 1e-9) || (v.ciHigh && *v.ciHigh < *v.value - 1e-9)))
            note("the interval " + formatDouble(v.ciLow.value_or(-99)) + " to " + formatDouble(v.ciHigh.value_or(99)) +
                 " does not hold " + formatDouble(*v.value));
        if (v.pValue && !(*v.pValue > 0 && *v.pValue <= 1))
            note("p");
        if (v.adjustedP && !(*v.adjustedP >= *v.pValue))
            note("adjusted p");
        if (row.n < 0)
            note("n");
    }
    return bad;
}

} // namespace plumbline::test
