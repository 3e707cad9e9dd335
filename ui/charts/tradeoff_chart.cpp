// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/tradeoff_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/charts/qcp.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr double kQuiet = 0.6;    ///< how far curves out of focus fade into the card
constexpr double kReach = 14;     ///< pixels within which the pointer means a point
constexpr double kPadding = 0.08; ///< of the axes' range, so that marks at its ends are whole
constexpr double kSmallestRange = 1e-3;
constexpr int kAxisRoom = 60;                    ///< pixels that the other axis takes
constexpr int kTickWidth = 60, kTickHeight = 32; ///< pixels a tick

/// A line through the points that have both numbers.
void addLine(QCustomPlot& plot, const std::vector<TradeoffCurve::Point>& points, bool select, const QPen& pen) {
    auto* line = new QCPCurve(plot.xAxis, plot.yAxis); // the plot owns it
    QVector<double> t, x, y;
    for (const TradeoffCurve::Point& point : points) {
        const auto& px = select ? point.selectX : point.x;
        const auto& py = select ? point.selectY : point.y;
        if (!px || !py)
            continue;
        t << static_cast<double>(t.size());
        x << *px;
        y << *py;
    }
    line->setPen(pen);
    line->setData(t, x, y, true);
}

void addMark(QCustomPlot& plot, QPointF at, const QCPScatterStyle& style) {
    QCPGraph* mark = plot.addGraph();
    mark->setLineStyle(QCPGraph::lsNone);
    mark->setScatterStyle(style);
    mark->setData({at.x()}, {at.y()}, true);
}

void addWords(QCustomPlot& plot, QPointF at, const QString& words, const QFont& font, const QColor& colour) {
    auto* text = new QCPItemText(&plot);
    text->position->setCoords(at.x(), at.y());
    const bool right = plot.xAxis->range().upper - at.x() < 0.3 * plot.xAxis->range().size();
    const bool top = plot.yAxis->range().upper - at.y() < 0.15 * plot.yAxis->range().size();
    text->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | (top ? Qt::AlignTop : Qt::AlignBottom));
    text->setPadding(QMargins(9, 5, 9, 5));
    text->setFont(font);
    text->setColor(colour);
    text->setText(words);
}

} // namespace

void TradeoffChart::setCurves(std::vector<TradeoffCurve> curves, TradeoffAxis x, TradeoffAxis y, const QString& title) {
    m_curves = std::move(curves);
    m_x = std::move(x);
    m_y = std::move(y);
    m_title = title;
    refresh();
}

void TradeoffChart::setFocusOn(int curve, int point) {
    m_focus = curve;
    m_point = point;
    refresh();
}

const TradeoffCurve* TradeoffChart::focused() const {
    const auto index = static_cast<std::size_t>(m_focus);
    return m_focus >= 0 && index < m_curves.size() ? &m_curves[index] : nullptr;
}

std::optional<QPointF> TradeoffChart::ring() const {
    const TradeoffCurve* curve = focused();
    const auto index = static_cast<std::size_t>(m_point);
    if (curve == nullptr || m_point < 0 || index >= curve->points.size())
        return std::nullopt;
    const TradeoffCurve::Point& point = curve->points[index];
    return point.x && point.y ? std::optional(QPointF(*point.x, *point.y)) : std::nullopt;
}

QString TradeoffChart::pointText(const TradeoffCurve& curve, const TradeoffCurve::Point& point) const {
    return tr("%1, strength %2: %3 %4; %5 %6")
        .arg(curve.name, numberText(point.strength), m_x.title, numberText(point.x, m_x.decimals), m_y.title,
             numberText(point.y, m_y.decimals));
}

QString TradeoffChart::chartSummary() const {
    QStringList parts;
    if (const TradeoffCurve* curve = focused();
        curve != nullptr && m_point >= 0 && static_cast<std::size_t>(m_point) < curve->points.size())
        parts << pointText(*curve, curve->points[static_cast<std::size_t>(m_point)]);
    for (const TradeoffCurve& curve : m_curves)
        if (curve.chosen >= 0)
            parts << pointText(curve, curve.points[static_cast<std::size_t>(curve.chosen)]);
    return parts.join(QStringLiteral(". "));
}

Grid TradeoffChart::chartNumbers() const {
    Grid grid;
    grid.addColumn(tr("method"));
    grid.addNumber(tr("strength"));
    grid.addNumber(tr("%1, audit rows").arg(m_x.title));
    grid.addNumber(tr("%1, audit rows").arg(m_y.title));
    grid.addNumber(tr("%1, select rows").arg(m_x.title));
    grid.addNumber(tr("%1, select rows").arg(m_y.title));
    grid.addColumn(tr("chosen"));
    for (const TradeoffCurve& curve : m_curves)
        for (std::size_t i = 0; i < curve.points.size(); ++i) {
            const TradeoffCurve::Point& point = curve.points[i];
            grid.rows << Grid::Row{Grid::Cell(curve.name),
                                   Grid::number(point.strength),
                                   Grid::number(point.x, numberText(point.x, m_x.decimals)),
                                   Grid::number(point.y, numberText(point.y, m_y.decimals)),
                                   Grid::number(point.selectX, numberText(point.selectX, m_x.decimals)),
                                   Grid::number(point.selectY, numberText(point.selectY, m_y.decimals)),
                                   Grid::Cell(static_cast<int>(i) == curve.chosen ? tr("chosen") : QString())};
        }
    return grid;
}

void TradeoffChart::fitAxes(QCustomPlot& plot) const {
    struct Ends {
        double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    };
    Ends x, y;
    const auto take = [](Ends& ends, const std::optional<double>& value) {
        if (value && std::isfinite(*value)) {
            ends.low = std::min(ends.low, *value);
            ends.high = std::max(ends.high, *value);
        }
    };
    const TradeoffCurve* focus = focused();
    for (const TradeoffCurve& curve : m_curves)
        for (const TradeoffCurve::Point& point : curve.points) {
            take(x, point.x);
            take(y, point.y);
            if (&curve == focus) {
                take(x, point.selectX);
                take(y, point.selectY);
            }
        }
    for (auto [axis, ends] : {std::pair{plot.xAxis, x}, std::pair{plot.yAxis, y}}) {
        if (ends.low > ends.high)
            ends = {0, 1};
        const double around = std::max(ends.high - ends.low, kSmallestRange) * kPadding;
        axis->setRange(ends.low - around, ends.high + around);
    }
}

void TradeoffChart::drawCurve(QCustomPlot& plot, const QPalette& palette, const TradeoffCurve& curve,
                              bool inFocus) const {
    const QColor stroke = groupStroke(curve.style, palette);
    addLine(plot, curve.points, false,
            inFocus ? QPen(stroke, 2.2) : QPen(theme::mix(stroke, theme::card(palette), kQuiet), 1));
    if (!inFocus)
        return;
    QPen dashed(stroke, 1.4, Qt::CustomDashLine);
    dashed.setDashPattern({4, 3});
    addLine(plot, curve.points, true, dashed);
    for (const TradeoffCurve::Point& point : curve.points)
        if (point.x && point.y)
            addMark(plot, {*point.x, *point.y}, QCPScatterStyle(QCPScatterStyle::ssDisc, stroke, stroke, 3.5));
}

void TradeoffChart::drawMarks(QCustomPlot& plot, const QPalette& palette) const {
    const TradeoffCurve* focus = focused();
    const QColor ink = palette.color(QPalette::WindowText);
    const QFont small = theme::smallFont(font());
    for (const bool front : {false, true})
        for (const TradeoffCurve& curve : m_curves) {
            if ((&curve == focus) != front || curve.chosen < 0)
                continue;
            const TradeoffCurve::Point& point = curve.points[static_cast<std::size_t>(curve.chosen)];
            if (!point.x || !point.y)
                continue;
            const double size = front ? 12 : 9;
            addMark(plot, {*point.x, *point.y},
                    QCPScatterStyle(markPath(curve.style.shape, {}, size), QPen(groupStroke(curve.style, palette), 1.3),
                                    groupFill(curve.style, palette), 6));
            if (front)
                addWords(plot, {*point.x, *point.y}, curve.name, theme::strongFont(small), ink);
        }
    const auto measured = std::ranges::find_if(m_curves, [](const auto& curve) { return !curve.points.empty(); });
    if (measured != m_curves.end()) // every curve begins untouched
        if (const auto& nothing = measured->points.front(); nothing.x && nothing.y) {
            addMark(plot, {*nothing.x, *nothing.y},
                    QCPScatterStyle(QCPScatterStyle::ssCrossSquare, QPen(ink, 1.4), QBrush(theme::card(palette)), 9));
            addWords(plot, {*nothing.x, *nothing.y}, tr("untouched"), small, theme::muted(palette));
        }
    if (const auto at = ring())
        addMark(plot, *at,
                QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(theme::accent(palette), 2), Qt::NoBrush, 19));
}

void TradeoffChart::draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const {
    styleAxes(plot, palette, font());
    plot.xAxis->grid()->setVisible(true);
    const bool drawable = std::ranges::any_of(m_curves, [](const TradeoffCurve& curve) {
        return std::ranges::any_of(curve.points, [](const auto& point) { return point.x && point.y; });
    });
    plot.xAxis->setVisible(drawable);
    plot.yAxis->setVisible(drawable);
    if (!drawable)
        return;
    fitAxes(plot);
    const QFontMetrics metrics(theme::smallFont(font()));
    const auto label = [&](const TradeoffAxis& axis, int room) {
        const QString whole = QStringLiteral("%1 (%2)").arg(axis.title, axis.better);
        return axis.better.isEmpty() || metrics.horizontalAdvance(whole) > room ? axis.title : whole;
    };
    plot.xAxis->setLabel(label(m_x, size.width() - kAxisRoom));
    plot.yAxis->setLabel(label(m_y, size.height() - kAxisRoom));
    setRoundTicks(*plot.xAxis, size.width() / kTickWidth);
    setRoundTicks(*plot.yAxis, size.height() / kTickHeight);
    const TradeoffCurve* focus = focused();
    for (const TradeoffCurve& curve : m_curves)
        if (&curve != focus)
            drawCurve(plot, palette, curve, false);
    if (focus != nullptr)
        drawCurve(plot, palette, *focus, true);
    drawMarks(plot, palette);
}

QString TradeoffChart::hint(const QCustomPlot& plot, QPointF place) const {
    QString words;
    double nearest = kReach;
    for (const TradeoffCurve& curve : m_curves)
        for (const TradeoffCurve::Point& point : curve.points) {
            if (!point.x || !point.y)
                continue;
            const QPointF at(plot.xAxis->coordToPixel(*point.x), plot.yAxis->coordToPixel(*point.y));
            if (const double distance = QLineF(at, place).length(); distance < nearest) {
                nearest = distance;
                words = pointText(curve, point);
            }
        }
    return words;
}

} // namespace plumbline::ui
