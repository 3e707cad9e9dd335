// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/measure_table.h"
#include "core/metric/classification/classified.h"
#include "core/metric/rates.h"
#include "core/metric/resampling.h"

/// What the measures of this folder share: which rows take part, and how numbers become rows of a table.
namespace plumbline::metric {

/// No least, largest or worst of several groups is taken over a group of fewer images (METHODS A10).
inline constexpr std::int64_t kFewestOfACell = 10;
inline std::int64_t cellFloor(const Resampling& options) {
    return options.minGroup > kFewestOfACell ? options.minGroup : kFewestOfACell;
}

/// A value with Wilson's interval.
MetricValue valueOf(const Rate& rate);
MetricValue valueOf(double value, const Interval& interval);
/// A rate among `alternatives` of its kind, for extremesInterval. n > 0.
Estimate estimateOf(const Rate& rate, double confidence, std::size_t alternatives);
/// The level that leaves each tail the share of one among `alternatives`.
double strictConfidence(double confidence, std::size_t alternatives);

MeasureRow& addRow(MeasureTable& table, std::vector<std::string> keys, std::string_view measure, MetricValue value,
                   std::int64_t n, bool enough);

/// Largest, smallest and range of several estimates, with their intervals. At least one.
struct Extremes {
    double max = 0, min = 0;
    ExtremesInterval interval;
};
Extremes extremesOf(std::span<const Estimate> estimates);

/// sum w_i x_i of independent estimates and its interval by the method of variance estimates recovery (Zou and Donner,
/// Statistics in Medicine 27(10), 2008): the distances of the single limits are joined as squares.
struct Combined {
    double value = 0;
    Interval interval;
};
Combined combine(std::span<const double> weights, std::span<const double> values, std::span<const Interval> intervals);

/// The mean of several gaps, each at least 0, and the root of their mean square, with intervals. Noise raises a gap, so
/// the lower ends come from lower ends of the gaps that hold together (`strict`; their mean, their root mean square: 0
/// where every gap's is), the upper ends from the single upper ends (`own`) by variance estimates recovery.
Combined meanOfGaps(std::span<const double> gaps, std::span<const Interval> own, std::span<const Interval> strict);
Combined rmsOfGaps(std::span<const double> gaps, std::span<const Interval> own, std::span<const Interval> strict);

/// The rows that take part: they have a group, and what else is asked for.
struct Kept {
    std::vector<std::uint32_t> rows;  ///< into the input
    std::vector<std::int32_t> group;  ///< one a kept row: index into `names`
    std::vector<std::string> names;   ///< of the groups that have a kept row, in the attribute's order
    std::vector<std::int64_t> counts; ///< of each
};
/// `usable`: one an image. The groups without a usable row and the rows left out are warned of in `table`.
Kept keep(const Attribute& attribute, const std::vector<bool>& usable, std::string_view whyNot, MeasureTable& table);

/// Sizes match, codes lie in their lists. Errors: InvalidArgument.
Result<void> check(const Attribute& attribute, std::size_t rows);
Result<void> check(const Classified& classified);
Result<void> check(const Resampling& options);
Result<void> checkSize(std::string_view name, std::size_t size, std::size_t expected);

} // namespace plumbline::metric
