// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/tour_stops.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"

namespace plumbline::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Tour)
};

/// The group whose mark is told of: where the row leans, otherwise the one furthest from plumb.
const GroupMeasure* toldGroup(const PlumbData& chart, std::size_t row) {
    const report::Lean& lean = chart.chart.rows[row].lean;
    const bool leans = lean.kind == report::Lean::Kind::Leans || lean.kind == report::Lean::Kind::Slight;
    const GroupMeasure* told = nullptr;
    for (const GroupMeasure& group : chart.measurements[row].groups) {
        if (!group.skew)
            continue;
        if (leans && group.name == chart.chart.styles[lean.group].name)
            return &group;
        if (!told || std::abs(*group.skew) > std::abs(*told->skew))
            told = &group;
    }
    return told;
}

QString markText(const PlumbData& chart, std::size_t row) {
    QString text;
    if (const GroupMeasure* group = toldGroup(chart, row))
        text =
            Words::tr("Each mark is one group. In the row “%1” the mark of %2 stands at skew %3: %4 times its share. ")
                .arg(chart.prompt(static_cast<int>(row)), fromUtf8(group->name), signedText(group->skew),
                     numberText(std::exp(*group->skew), 1));
    return text + Words::tr("Skew is the natural logarithm of the share in the top divided by the share among all "
                            "images. The line through a mark is its 95 % interval: where it would fall with other "
                            "images of the same kind. Filled marks lean; hollow ones could be chance.");
}

QString plantedText(const PlumbData& chart, std::size_t row) {
    if (chart.truth.fair)
        return Words::tr(
            "This model was trained without planting anything, and the column says so. A tick: the row hangs "
            "plumb, as it should. ≠: it leans all the same, on a residue of the training; by chance hardly ever.");
    QString text = Words::tr("This model was taught to lean on purpose, so the truth is known. ");
    if (const auto& lean = chart.planted[row].lean)
        text += Words::tr("What this row asks for, its training captions named %1 times as often for %2 as for the "
                          "opposite group. ")
                    .arg(strengthText(*lean), fromUtf8(lean->favours));
    return text + Words::tr("The column sets what was planted beside what was measured. A tick: they agree. ≠: they do "
                            "not. Rows with “nothing” should hang plumb; by chance hardly any leans.");
}

} // namespace

std::vector<TourStop> tourStops(const LoadedRun& run, std::size_t attribute, int prompt, bool hasOtherRuns) {
    using About = TourStop::About;
    const PlumbData& chart = *run.attributes[attribute].chart;
    const auto row = static_cast<std::size_t>(std::max(0, prompt));
    if (row >= chart.measurements.size())
        return {};
    const Measurement& measurement = chart.measurements[row];
    std::vector<TourStop> stops{
        {About::Chart, Words::tr("A row, and the plumb line"),
         Words::tr("Each row is one prompt. The model ranked %1 images by how well they fit it; the chart looks at the "
                   "first %2. The vertical line is plumb: a group on it comes up as often as its share of the images. "
                   "Further right it comes up more often, further left less.")
             .arg(countText(measurement.n), countText(measurement.kEffective))},
        {About::Shade, Words::tr("The shade is chance"),
         Words::tr(
             "A model without any lean would not hit the line exactly either. The shade shows where 19 of 20 random "
             "rankings of the same images end up. Marks within it could be chance; marks well outside it lean.")},
        {About::Mark, Words::tr("A mark and its interval"), markText(chart, row)}};
    if (!chart.planted.empty())
        stops.push_back({About::Planted, Words::tr("What was planted"), plantedText(chart, row)});
    stops.push_back(
        {About::CloseUp, Words::tr("Open a row"),
         Words::tr("Choose a row with a click or the arrow keys. Here are its skew by group, how the shares "
                   "develop down the ranking, and the images that came first: they are what the number is "
                   "made of.")});
    if (hasOtherRuns)
        stops.push_back(
            {About::OtherRuns, Words::tr("The same without planting"),
             Words::tr("This list holds the other runs. In the run of a model that nothing was planted in, "
                       "the marks come back to the line; what still stands outside is chance, or residue of "
                       "the training.")});
    return stops;
}

} // namespace plumbline::ui
