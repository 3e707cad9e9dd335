// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/data/family.h"
#include "core/report/measure_order.h"
#include "core/report/ranking_table.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

/// "Means over the prompts"; what is of no family stands under the name of all.
std::string familyTitle(const MeasureTable& table) {
    const auto family = familyFromName(table.kind);
    if (table.id == "ranking_numbers")
        return "Rankings";
    return family ? std::string(std::ranges::find(allFamilies(), *family, &FamilyInfo::family)->title)
                  : "Other measures";
}

bool isUtility(const MeasureTable& table) {
    const auto family = familyFromName(table.kind);
    return family == Family::Classes || family == Family::ZeroShot || family == Family::Retrieval ||
           family == Family::Relevance;
}

} // namespace

Html measureSection(const MeasureTable& table, const std::string& id, double level, int headingLevel) {
    const MeasureOrder order = readingOrder(table, level);
    std::string caption;
    if (order.tested > 0)
        caption = std::to_string(order.found) + " of " + count(order.tested, "test is", "tests are") +
                  " significant after correction" +
                  (order.found > 0 && table.rows.size() > kGlance ? "; they come first. " : ". ");
    if (!table.family.empty())
        caption += "Corrected together: " + table.family + ". ";
    std::vector<Table::Column> columns;
    for (const std::string& key : table.keys)
        columns.push_back({key, true});
    for (Table::Column& column : std::vector<Table::Column>{{"Measure", true},
                                                            {"Value", false, true},
                                                            {"95 % interval", false, false, "g-interval"},
                                                            {"p, Holm", false, true, "g-corrected"},
                                                            {"p"},
                                                            {"chance: mean", false, false, "g-chance"},
                                                            {"95 %"},
                                                            {"n"}})
        columns.push_back(std::move(column));
    Table lines(caption + "n counts " + table.countOf + ".", std::move(columns));
    for (const std::size_t index : order.rows) {
        const MeasureRow& row = table.rows[index];
        std::vector<std::string> cells;
        for (const std::string& key : row.keys)
            cells.push_back(key.empty() ? "all" : key);
        const MetricValue& v = row.value;
        std::string measure = row.measure;
        std::ranges::replace(measure, '_', ' ');
        for (std::string& cell :
             std::vector<std::string>{measure, number(v.value), interval(v.ciLow, v.ciHigh, 3),
                                      row.enough || !v.pValue ? pText(v.adjustedP) : "not enough evidence",
                                      pText(v.pValue), number(v.nullMean), number(v.nullP95), std::to_string(row.n)})
            cells.push_back(std::move(cell));
        lines.add(cells, row.enough && v.adjustedP && *v.adjustedP <= level);
    }
    Html all =
        heading(headingLevel, id, table.title) + quiet(table.definition + " " + table.source) + lines.html(kGlance);
    for (const std::string& warning : table.warnings)
        all += quiet(warning);
    return all;
}

std::vector<Section> measureSections(const std::vector<MeasureTable>& tables, const std::string& prefix, double level,
                                     int headingLevel) {
    std::vector<Section> families;
    std::size_t number = 0;
    for (const MeasureTable& table : tables) {
        if (const std::string title = familyTitle(table); families.empty() || families.back().entry.title != title) {
            Section& family = families.emplace_back();
            family.entry = {prefix + "measures-" + std::to_string(families.size()), title, {}};
            family.html = heading(headingLevel, family.entry.id, title);
        }
        const std::string id = prefix + "table-" + std::to_string(++number);
        families.back().entry.inner.emplace_back(id, table.title);
        families.back().html += measureSection(table, id, level, headingLevel + 1);
    }
    return families;
}

Section utilitySection(const AuditResult& result) {
    Section section{{"utility", "Utility: what the model can do", {}}, {}};
    section.html = heading(2, "utility", section.entry.title);
    std::vector<MeasureTable> tables;
    std::ranges::copy_if(result.tables, std::back_inserter(tables), isUtility);
    section.html +=
        paragraph(tables.empty() ? "No task was measured in this run: a model that leans less may also do less. "
                                   "Classes of a label column and captions of the images would show it."
                                 : "How well the model does its tasks, and whether as well for each group.");
    for (const Section& family : measureSections(tables, "utility-", result.config.measure.level, 3)) {
        section.entry.inner.emplace_back(family.entry.id, family.entry.title);
        section.html += family.html;
    }
    return section;
}

std::vector<MeasureTable> otherTablesOf(const AuditResult& result) {
    std::vector<MeasureTable> tables = tablesOf(result);
    std::erase_if(tables, isUtility);
    return tables;
}

std::vector<MeasureTable> tablesOf(const AuditResult& result) {
    std::vector<MeasureTable> tables = result.tables;
    for (const std::string& attribute : result.config.attributes)
        if (MeasureTable table = rankingTable(result.measurements, attribute); !table.rows.empty())
            tables.push_back(std::move(table));
    return tables;
}

} // namespace plumbline::report
