// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/data/measure_table.h"
#include "core/metric/interval.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// What the measures that give tables share.

/// A row with this value and interval; enough evidence from options.minGroup on.
MeasureRow makeRow(std::vector<std::string> keys, std::string measure, std::optional<double> value,
                   const Interval& interval, std::int64_t n, const Resampling& options);

/// InvalidArgument with its three arguments.
tl::unexpected<Error> badArgument(std::string name, std::string value, std::string expected);

/// Lists the names of distinct groups that have a row: index into `groups`, in order.
std::vector<std::size_t> presentGroups(const std::vector<std::int32_t>& codes, std::size_t groups);

} // namespace plumbline::metric
