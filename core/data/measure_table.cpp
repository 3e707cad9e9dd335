// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/measure_table.h"

#include <algorithm>

namespace plumbline {

const MeasureRow* MeasureTable::find(const std::vector<std::string>& rowKeys, std::string_view name) const {
    const auto found =
        std::ranges::find_if(rows, [&](const MeasureRow& row) { return row.measure == name && row.keys == rowKeys; });
    return found == rows.end() ? nullptr : &*found;
}

} // namespace plumbline
