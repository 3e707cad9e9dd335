// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "core/data/measure_table.h"

namespace plumbline::report {

/// The order in which a table of measures is read, and what its tests found.
struct MeasureOrder {
    std::vector<std::size_t> rows; ///< of MeasureTable::rows, each once
    std::size_t tested = 0;        ///< rows with a test that counts
    std::size_t found = 0;         ///< of them significant after correction: they come first, the surest first
};

/// A table that is seen at a glance keeps its order. In a longer one the findings come first, then what is about all
/// images at once (no key is given), then the rest in its order.
MeasureOrder readingOrder(const MeasureTable& table, double level = 0.05);

/// Rows that are seen at a glance.
constexpr std::size_t kGlance = 12;

} // namespace plumbline::report
