// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/concept_grid.h"

#include <algorithm>

#include <QCoreApplication>

#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"

namespace plumbline::ui {
namespace {
struct Words {
    Q_DECLARE_TR_FUNCTIONS(ConceptGrid)
};
} // namespace

Grid conceptGrid(const LoadedRun& run, std::size_t attribute) {
    const LoadedRun::AttributeChart& chart = run.attributes[attribute];
    std::vector<const ConceptSummary*> summaries;
    bool averaged = false, grouped = false;
    for (const ConceptSummary& summary : run.result.concepts) {
        if (summary.attribute != chart.name)
            continue;
        summaries.push_back(&summary);
        averaged = averaged || summary.prompts > 1;
        grouped = grouped || !summary.group.empty();
    }
    Grid grid;
    if (!averaged)
        return grid;
    grid.addColumn(Words::tr("Concept"));
    if (grouped)
        grid.addColumn(Words::tr("Kind"));
    grid.addNumber(Words::tr("prompts"),
                   Words::tr("Templates that the concept was put into; the columns are means over them"));
    for (const std::string& group : chart.groups)
        grid.addNumber(fromUtf8(group), Words::tr("Mean skew of %1").arg(fromUtf8(group)));
    grid.addNumber(Words::tr("MaxSkew"));
    grid.addNumber(Words::tr("MinSkew"));
    grid.addNumber(Words::tr("NDKL"));
    for (const ConceptSummary* summary : summaries) {
        Grid::Row cells;
        cells << Grid::Cell(fromUtf8(summary->concept_));
        if (grouped)
            cells << Grid::Cell(fromUtf8(summary->group));
        cells << Grid::count(summary->prompts);
        for (const std::string& group : chart.groups) {
            const auto found = std::find_if(summary->groupSkew.begin(), summary->groupSkew.end(),
                                            [&](const auto& each) { return each.first == group; });
            const std::optional<double> skew = found == summary->groupSkew.end() ? std::nullopt : found->second;
            cells << Grid::number(skew, signedText(skew));
        }
        cells << Grid::number(summary->maxSkew) << Grid::number(summary->minSkew, signedText(summary->minSkew))
              << Grid::number(summary->ndkl);
        grid.rows << cells;
    }
    return grid;
}

} // namespace plumbline::ui
