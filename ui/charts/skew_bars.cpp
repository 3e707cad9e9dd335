// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/skew_bars.h"

#include <algorithm>
#include <cmath>

#include <QFontMetrics>
#include <QSharedPointer>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/charts/qcp.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {
constexpr double kBandThickness = 36; ///< pixels; bars are half as thick
constexpr int kAxisHeight = 56;
constexpr int kSides = 40; ///< what the plot keeps free beside its words, about
constexpr int kBetweenTicks = 8;

int widest(const QSharedPointer<QCPAxisTickerText>& words, const QFontMetrics& metrics) {
    int width = 0;
    for (const QString& text : words->ticks())
        width = std::max(width, metrics.horizontalAdvance(text));
    return width;
}
} // namespace

SkewBars::SkewBars(QWidget* parent) : PlotChart(parent) {
}

void SkewBars::setPrompt(std::shared_ptr<const PlumbData> chart, int measurement) {
    m_chart = std::move(chart);
    m_measurement = measurement;
    refresh();
}

const Measurement* SkewBars::measurement() const {
    return m_chart && m_measurement >= 0 ? &m_chart->measurements[static_cast<std::size_t>(m_measurement)] : nullptr;
}

const report::Row* SkewBars::row() const {
    return m_chart && m_measurement >= 0 ? &m_chart->chart.rows[static_cast<std::size_t>(m_measurement)] : nullptr;
}

QString SkewBars::chartTitle() const {
    return measurement() ? tr("%1 – skew by group").arg(m_chart->prompt(m_measurement)) : tr("Skew by group");
}

QString SkewBars::chartSummary() const {
    return measurement() ? leanText(row()->lean) + QStringLiteral(". ") +
                               marksText(m_chart->chart, *row(), *measurement(), m_chart->options.correction)
                                   .replace(u'\n', QLatin1String(". "))
                         : QString();
}

Grid SkewBars::chartNumbers() const {
    return measurement() ? numbersGrid(*m_chart, m_measurement) : Grid();
}

QSize SkewBars::pictureSize() const {
    const int groups = measurement() ? static_cast<int>(measurement()->groups.size()) : 0;
    return {720, std::clamp(90 + 36 * groups, 200, 620)};
}

void SkewBars::draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const {
    styleAxes(plot, palette, font());
    const Measurement* m = measurement();
    plot.xAxis->setVisible(m != nullptr);
    plot.yAxis->setVisible(m != nullptr);
    plot.yAxis2->setVisible(m != nullptr);
    if (!m)
        return;
    const report::PlumbChart& chart = m_chart->chart;
    const QColor ink = palette.color(QPalette::WindowText);
    const auto groups = static_cast<int>(m->groups.size());

    // Groups from top to bottom in their order; what each bar says in numbers stands at its right.
    QSharedPointer<QCPAxisTickerText> names(new QCPAxisTickerText), values(new QCPAxisTickerText);
    for (int i = 0; i < groups; ++i) {
        const GroupMeasure& group = m->groups[static_cast<std::size_t>(i)];
        names->addTick(-i, QString::fromStdString(group.name));
        const QString range = rangeText(group.ciLow, group.ciHigh, true);
        values->addTick(-i, group.skew
                                ? signedText(group.skew) + (range.isEmpty() ? QString() : QStringLiteral("  ") + range)
                                : tr("none in the top"));
    }
    plot.yAxis->setTicker(names);
    plot.yAxis->setTickLabelColor(ink);
    plot.yAxis->setTickLabelFont(font());
    plot.yAxis->setRange(-groups + 0.4, 0.6);
    plot.yAxis->grid()->setVisible(false);
    plot.yAxis2->setTicker(values);
    plot.yAxis2->setTickLabels(true);
    plot.yAxis2->setBasePen(Qt::NoPen);
    plot.yAxis2->setTickPen(Qt::NoPen);
    plot.yAxis2->setRange(plot.yAxis->range());

    // Ticks nearest to plumb first; one whose words would run into another's goes without.
    const QFontMetrics metrics(plot.xAxis->tickLabelFont());
    const int pixels = size.width() - widest(names, QFontMetrics(font())) - widest(values, metrics) - kSides;
    std::vector<report::Axis::Tick> nearest = chart.axis.ticks;
    std::ranges::stable_sort(nearest, {}, [](const report::Axis::Tick& tick) { return std::abs(tick.skew); });
    std::vector<std::pair<double, double>> taken;
    QSharedPointer<QCPAxisTickerText> ticks(new QCPAxisTickerText);
    for (const report::Axis::Tick& tick : nearest) {
        const double half = metrics.horizontalAdvance(tickText(tick)) / 2.0 + kBetweenTicks / 2.0, x = tick.x * pixels;
        const bool fits = std::ranges::none_of(
            taken, [&](const auto& other) { return x - half < other.second && other.first < x + half; });
        if (fits)
            taken.emplace_back(x - half, x + half);
        ticks->addTick(tick.skew,
                       fits ? tickText(tick) + u'\n' + (tick.skew == 0 ? QStringLiteral("0") : signedText(tick.skew))
                            : QString());
    }
    plot.xAxis->setTicker(ticks);
    // A little more than the axis, so that marks at its ends are whole.
    const double room = 0.03 * (chart.axis.high - chart.axis.low);
    plot.xAxis->setRange(chart.axis.low - room, chart.axis.high + room);
    // Bars and bands keep their thickness until there is no room for it.
    const double category = std::max(12.0, (size.height() - kAxisHeight) / static_cast<double>(std::max(1, groups)));
    const double halfBand = std::min(0.42, kBandThickness / category / 2);
    plot.xAxis->setBasePen(Qt::NoPen);
    plot.xAxis->grid()->setVisible(true);
    plot.xAxis->setTickPen(Qt::NoPen);

    for (int i = 0; i < groups; ++i) {
        const GroupMeasure& group = m->groups[static_cast<std::size_t>(i)];
        const report::Mark& mark = row()->marks[static_cast<std::size_t>(i)];
        const report::GroupStyle& style = chart.styles[mark.group];
        if (group.nullHigh) {
            auto* band = new QCPItemRect(&plot);
            band->setLayer(QStringLiteral("background"));
            band->setPen(Qt::NoPen);
            band->setBrush(theme::band(palette));
            band->topLeft->setCoords(std::max(group.nullLow.value_or(chart.axis.low), chart.axis.low), -i + halfBand);
            band->bottomRight->setCoords(std::min(*group.nullHigh, chart.axis.high), -i - halfBand);
        }
        if (!group.skew)
            continue;
        const double end = std::clamp(*group.skew, chart.axis.low, chart.axis.high);
        auto* bar = new QCPBars(plot.yAxis, plot.xAxis);
        bar->setWidth(halfBand);
        bar->setPen(Qt::NoPen);
        QColor fill = groupFill(style, palette);
        fill.setAlphaF(mark.leans ? 0.85F : 0.4F);
        bar->setBrush(fill);
        bar->setData({static_cast<double>(-i)}, {end});
        bar->setAntialiasedFill(false);

        if (group.ciLow || group.ciHigh) {
            auto* interval = new QCPGraph(plot.yAxis, plot.xAxis);
            interval->setPen(QPen(groupStroke(style, palette), 2));
            const double low = std::clamp(group.ciLow.value_or(chart.axis.low), chart.axis.low, chart.axis.high);
            const double high = std::clamp(group.ciHigh.value_or(chart.axis.high), chart.axis.low, chart.axis.high);
            interval->addData(-i, low);
            interval->addData(-i + 1e-9, high); // a graph's keys must differ for a line to be drawn
        }
        if (end != *group.skew) { // a broken bar goes on beyond the axis
            for (const double at : {0.05, 0.065}) {
                const double x = end + (end < 0 ? at : -at) * (chart.axis.high - chart.axis.low);
                auto* cut = new QCPItemLine(&plot);
                cut->setPen(QPen(theme::card(palette), 2.5));
                cut->start->setCoords(x - room * 0.2, -i - halfBand * 0.7);
                cut->end->setCoords(x + room * 0.2, -i + halfBand * 0.7);
            }
        }
        auto* point = new QCPGraph(plot.yAxis, plot.xAxis);
        point->setLineStyle(QCPGraph::lsNone);
        point->setScatterStyle(QCPScatterStyle(markPath(style.shape, {}, 10), QPen(groupStroke(style, palette), 1.4),
                                               mark.leans ? groupFill(style, palette) : theme::card(palette), 6));
        point->addData(-i, end);
    }

    auto* plumb = new QCPItemStraightLine(&plot);
    plumb->setPen(QPen(ink, 1.5));
    plumb->point1->setCoords(0, 0);
    plumb->point2->setCoords(0, 1);
}

QString SkewBars::hint(const QCustomPlot& plot, QPointF place) const {
    const Measurement* m = measurement();
    if (!m)
        return {};
    const auto i = static_cast<int>(std::lround(-plot.yAxis->pixelToCoord(place.y())));
    if (i < 0 || i >= static_cast<int>(m->groups.size()))
        return {};
    return marksText(m_chart->chart, *row(), *m, m_chart->options.correction).split(u'\n').value(i);
}

Grid numbersGrid(const PlumbData& data, int index) {
    using S = SkewBars; // the context of these words
    const Measurement& m = data.measurements[static_cast<std::size_t>(index)];
    const report::Row& row = data.chart.rows[static_cast<std::size_t>(index)];
    Grid grid;
    const report::PlantedView planted =
        data.planted.empty() ? report::PlantedView() : data.planted[static_cast<std::size_t>(index)];
    grid.addColumn(S::tr("Group"));
    // The verdicts rest on the correction that was chosen.
    const bool falseDiscovery = data.options.correction == Correction::FalseDiscovery;
    // What is found, how sure that is and how much it is come first; what they were computed from follows.
    grid.addColumn(S::tr("verdict"));
    grid.addNumber(S::tr("skew"), S::tr("Natural logarithm of share in the top ÷ target share"));
    grid.addRange(S::tr("95 % interval"), S::tr("Of the skew, over images"));
    grid.addNumber(S::tr("p, %1").arg(falseDiscovery ? S::tr("FDR") : S::tr("Holm")),
                   S::tr("Corrected for all tests of the audit"));
    grid.addNumber(S::tr("gap"), S::tr("Mean score of the group minus that of all others"));
    grid.addRange(S::tr("gap, 95 % interval"), S::tr("Over images"));
    grid.addNumber(S::tr("gap in sd"),
                   S::tr("The gap in standard deviations of the prompt's scores (%1)").arg(numberText(m.scoreSd, 4)));
    grid.addNumber(S::tr("Cliff's delta"),
                   S::tr("How far the scores of the group and of all others lie apart: 0 not at all, 1 or −1 wholly. "
                         "(delta + 1) ÷ 2 is the AUROC of the group from the score"));
    grid.addRange(S::tr("chance"), S::tr("19 of 20 random rankings of the same images have a skew in this range"));
    grid.addNumber(S::tr("in top"), S::tr("Images of the group among the top %1").arg(m.kEffective));
    grid.addNumber(S::tr("share in top"));
    if (m.target != Target::Kind::Pool)
        grid.addNumber(S::tr("target"), S::tr("The share that the group should have"));
    grid.addNumber(S::tr("in pool"), S::tr("Labelled images of the group, of %1").arg(m.n));
    grid.addNumber(S::tr("share"), S::tr("Share of the labelled images"));
    grid.addNumber(S::tr("p"), S::tr("Exact, two-sided: how often a random ranking is at least as far from plumb"));
    grid.addNumber(S::tr("would show"),
                   S::tr("The smallest leans, in multiples of the group's share of the pool, that these images would "
                         "show after correction in four of five cases"));
    grid.addNumber(S::tr("mean score"),
                   S::tr("Mean score of the group's images; all: %1").arg(signedText(m.scoreMean, 4)));
    grid.addNumber(S::tr("gap in logits"), S::tr("The gap times the model's logit scale"));
    if (planted.known)
        grid.addColumn(S::tr("planted"), plantedText(planted));
    for (std::size_t i = 0; i < m.groups.size(); ++i) {
        const GroupMeasure& group = m.groups[i];
        const report::Mark& mark = row.marks[i];
        const auto range = [](std::optional<double> low, std::optional<double> high, int decimals = 2) {
            const QString text = rangeText(low, high, true, decimals);
            return Grid::range(low, high, text);
        };
        Grid::Row cells;
        cells << Grid::Cell(QString::fromStdString(group.name));
        const std::optional<double> corrected = correctedP(mark, group, data.options.correction);
        cells << Grid::Cell(verdictText(mark.verdict, group.slight)) << Grid::number(group.skew, signedText(group.skew))
              << range(group.ciLow, group.ciHigh) << Grid::number(corrected, pText(corrected))
              << Grid::number(group.gap, signedText(group.gap, 4)) << range(group.gapLow, group.gapHigh, 4)
              << Grid::number(group.gapInSd, signedText(group.gapInSd))
              << Grid::number(group.cliffsDelta, signedText(group.cliffsDelta)) << range(group.nullLow, group.nullHigh)
              << Grid::count(group.topCount) << Grid::number(group.topShare, percentText(group.topShare));
        if (m.target != Target::Kind::Pool)
            cells << Grid::number(group.targetShare, percentText(group.targetShare));
        cells << Grid::count(group.poolCount) << Grid::number(group.poolShare, percentText(group.poolShare))
              << Grid::number(mark.p, pText(mark.p)) << Grid::Cell(detectableText(group))
              << Grid::number(group.meanScore, numberText(group.meanScore, 4))
              << Grid::number(group.gapInLogits, signedText(group.gapInLogits));
        if (planted.known) {
            const bool isFavoured = planted.lean && planted.lean->favours == group.name;
            QString text = isFavoured ? S::tr("×%1").arg(strengthText(*planted.lean)) : S::tr("nothing");
            if (const QString word = plantedWord(planted); isFavoured && !word.isEmpty())
                text += QStringLiteral(", ") + word;
            cells << Grid::Cell(text);
        }
        grid.rows << cells;
        grid.styles << data.chart.styles[mark.group];
    }
    return grid;
}

} // namespace plumbline::ui
