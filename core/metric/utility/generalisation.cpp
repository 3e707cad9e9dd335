// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/utility/generalisation.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

std::string nameOf(const SetAttribute& what) {
    return what.set + ", " + what.attribute;
}

} // namespace

const GeneralisationCell* GeneralisationMatrix::find(const SetAttribute& fitted, const SetAttribute& audited,
                                                     std::string_view measure) const {
    for (const GeneralisationCell& cell : cells)
        if (cell.fitted == fitted && cell.audited == audited && cell.measure == measure)
            return &cell;
    return nullptr;
}

MeasureTable generalisationTable(const GeneralisationMatrix& matrix) {
    MeasureTable table;
    table.id = "generalisation";
    table.title = "Does the change hold elsewhere?";
    table.definition = "Of each set and attribute that a change was fitted on, its effect on each set and attribute "
                       "that was audited: the "
                       "measure before and after, and the paired difference (after minus before) on the same images "
                       "and prompts. Another "
                       "set: out of domain. Another attribute: harm across attributes. Intervals and p are those of "
                       "the paired difference.";
    table.source = "Zhang, Guo, Kankanhalli, CVPR 2025 (protocol)";
    table.countOf = "images audited";
    table.keys = {"fitted on", "audited on", "kind"};

    std::set<std::string> measures;
    std::set<std::tuple<SetAttribute, SetAttribute, std::string>> seen;
    std::vector<std::string> twice, outside, missing;
    for (const GeneralisationCell& cell : matrix.cells) {
        measures.insert(cell.measure);
        const std::string name = cell.measure + " of " + nameOf(cell.audited) + " fitted on " + nameOf(cell.fitted);
        if (!seen.emplace(cell.fitted, cell.audited, cell.measure).second)
            twice.push_back(name);
        if (std::ranges::find(matrix.rows, cell.fitted) == matrix.rows.end() ||
            std::ranges::find(matrix.columns, cell.audited) == matrix.columns.end())
            outside.push_back(name);
    }
    if (measures.empty())
        measures.insert("max_skew");
    for (const SetAttribute& fitted : matrix.rows)
        for (const SetAttribute& audited : matrix.columns)
            for (const std::string& measure : measures) {
                const GeneralisationCell* cell = matrix.find(fitted, audited, measure);
                if (cell == nullptr) {
                    missing.push_back(measure + " of " + nameOf(audited) + " fitted on " + nameOf(fitted));
                    continue;
                }
                const bool sameSet = fitted.set == audited.set, sameAttribute = fitted.attribute == audited.attribute;
                const char* kind = sameSet         ? sameAttribute ? "in domain" : "other attribute"
                                   : sameAttribute ? "other set"
                                                   : "other set and attribute";
                const auto add = [&](const char* part, const MetricValue& value) {
                    table.rows.push_back(
                        {{nameOf(fitted), nameOf(audited), kind}, measure + part, value, cell->n, cell->enough});
                };
                // Only the differences are tested here.
                MetricValue before = cell->before, after = cell->after;
                before.pValue.reset();
                after.pValue.reset();
                add("_before", before);
                add("_after", after);
                add("_difference", cell->difference);
            }
    if (!missing.empty())
        table.warnings.push_back("Not audited: " + listed(missing) + ".");
    if (!twice.empty())
        table.warnings.push_back("Given more than once, the first counts: " + listed(twice) + ".");
    if (!outside.empty())
        table.warnings.push_back("Outside the rows and columns of the matrix, so left out: " + listed(outside) + ".");
    correctFamily(table, "differences of the cells");
    return table;
}

} // namespace plumbline::metric
