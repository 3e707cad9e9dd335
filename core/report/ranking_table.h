// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/data/measure_table.h"

namespace plumbline::report {

/// Every number of the rankings by one attribute that has no place in the plumb chart, as a table: KL, total variation,
/// entropy and the others of Measurement::more, a row a prompt and number. The definition says what each means.
MeasureTable rankingTable(std::span<const Measurement> measurements, const std::string& attribute);

} // namespace plumbline::report
