// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/ranking_table.h"

#include <set>

namespace plumbline::report {

MeasureTable rankingTable(std::span<const Measurement> measurements, const std::string& attribute) {
    MeasureTable table;
    table.id = "ranking_numbers";
    table.title = "Further numbers of the rankings · " + attribute;
    table.countOf = "images";
    table.keys = {"prompt"};
    table.attribute = attribute;
    std::set<std::string> explained;
    for (const Measurement& measurement : measurements) {
        if (measurement.attribute != attribute)
            continue;
        if (table.source.empty())
            table.source = measurement.definitionText;
        for (const NamedValue& named : measurement.more) {
            table.rows.push_back({{measurement.prompt.value_or("")}, named.name, named.value, measurement.n, true});
            if (explained.insert(named.name).second)
                table.definition += (table.definition.empty() ? "" : "\n") + named.name + ": " + named.meaning;
        }
    }
    return table;
}

} // namespace plumbline::report
