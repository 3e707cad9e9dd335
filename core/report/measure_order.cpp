// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/measure_order.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

namespace plumbline::report {

MeasureOrder readingOrder(const MeasureTable& table, double level) {
    MeasureOrder order;
    order.rows.resize(table.rows.size());
    std::iota(order.rows.begin(), order.rows.end(), std::size_t{0});
    const auto found = [level](const MeasureRow& row) {
        return row.enough && row.value.adjustedP && *row.value.adjustedP <= level;
    };
    for (const MeasureRow& row : table.rows) {
        order.tested += row.enough && row.value.adjustedP;
        order.found += found(row);
    }
    if (table.rows.size() <= kGlance)
        return order;
    std::ranges::stable_sort(order.rows, {}, [&](std::size_t i) {
        const MeasureRow& row = table.rows[i];
        if (found(row))
            return std::tuple(0, *row.value.adjustedP);
        return std::tuple(std::ranges::all_of(row.keys, &std::string::empty) ? 1 : 2, 0.0);
    });
    return order;
}

} // namespace plumbline::report
