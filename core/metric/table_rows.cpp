// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/table_rows.h"

namespace plumbline::metric {

MeasureRow makeRow(std::vector<std::string> keys, std::string measure, std::optional<double> value,
                   const Interval& interval, std::int64_t n, const Resampling& options) {
    MeasureRow row;
    row.keys = std::move(keys);
    row.measure = std::move(measure);
    row.value.value = value;
    if (value)
        setInterval(row.value, interval);
    row.n = n;
    row.enough = n >= options.minGroup;
    return row;
}

tl::unexpected<Error> badArgument(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

std::vector<std::size_t> presentGroups(const std::vector<std::int32_t>& codes, std::size_t groups) {
    std::vector<bool> seen(groups);
    for (const std::int32_t code : codes)
        if (code >= 0 && static_cast<std::size_t>(code) < groups)
            seen[static_cast<std::size_t>(code)] = true;
    std::vector<std::size_t> present;
    for (std::size_t g = 0; g < groups; ++g)
        if (seen[g])
            present.push_back(g);
    return present;
}

} // namespace plumbline::metric
