// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/run_scatter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/charts/qcp.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr double kPadding = 0.15, kSmallestRange = 1e-3, kReach = 14, kMark = 12;
constexpr int kAxisRoom = 60, kTickWidth = 60, kTickHeight = 32;

void fit(QCPAxis& axis, const std::vector<ScatterPoint>& points, auto... members) {
    double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    for (const ScatterPoint& point : points)
        for (const std::optional<double>& value : {point.*members...})
            if (value && std::isfinite(*value)) {
                low = std::min(low, *value);
                high = std::max(high, *value);
            }
    if (low > high) {
        low = 0;
        high = 1;
    }
    const double around = std::max(high - low, kSmallestRange) * kPadding;
    axis.setRange(low - around, high + around);
}

} // namespace

void RunScatter::setPoints(std::vector<ScatterPoint> points, TradeoffAxis x, TradeoffAxis y, const QString& title) {
    m_points = std::move(points);
    m_x = std::move(x);
    m_y = std::move(y);
    m_title = title;
    refresh();
}

QString RunScatter::pointText(const ScatterPoint& point) const {
    const auto said = [](const TradeoffAxis& axis, std::optional<double> value, std::optional<double> low,
                         std::optional<double> high) {
        const QString range = rangeText(low, high, false, axis.decimals);
        const QString number = QStringLiteral("%1 %2").arg(axis.title, numberText(value, axis.decimals));
        return range.isEmpty() ? number : QStringLiteral("%1 (%2)").arg(number, range);
    };
    return QStringLiteral("%1: %2; %3")
        .arg(point.name, said(m_x, point.x, point.xLow, point.xHigh), said(m_y, point.y, point.yLow, point.yHigh));
}

QString RunScatter::chartSummary() const {
    QStringList parts;
    for (const ScatterPoint& point : m_points)
        parts << pointText(point);
    return parts.join(QStringLiteral(". "));
}

Grid RunScatter::chartNumbers() const {
    Grid grid;
    grid.addColumn(tr("run"));
    grid.addEstimate(m_x.title);
    grid.addEstimate(m_y.title);
    for (const ScatterPoint& point : m_points) {
        grid.rows << Grid::Row{Grid::Cell(point.name), Grid::estimate(point.x, point.xLow, point.xHigh, m_x.decimals),
                               Grid::estimate(point.y, point.yLow, point.yHigh, m_y.decimals)};
        grid.styles << point.style;
    }
    return grid;
}

void RunScatter::draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const {
    styleAxes(plot, palette, font());
    plot.xAxis->grid()->setVisible(true);
    const bool drawable = std::ranges::any_of(m_points, [](const auto& point) { return point.x && point.y; });
    plot.xAxis->setVisible(drawable);
    plot.yAxis->setVisible(drawable);
    if (!drawable)
        return;
    using P = ScatterPoint;
    fit(*plot.xAxis, m_points, &P::x, &P::xLow, &P::xHigh);
    fit(*plot.yAxis, m_points, &P::y, &P::yLow, &P::yHigh);
    const QFontMetrics metrics(theme::smallFont(font()));
    const auto label = [&](const TradeoffAxis& axis, int room) {
        const QString whole = QStringLiteral("%1 (%2)").arg(axis.title, axis.better);
        return axis.better.isEmpty() || metrics.horizontalAdvance(whole) > room ? axis.title : whole;
    };
    plot.xAxis->setLabel(label(m_x, size.width() - kAxisRoom));
    plot.yAxis->setLabel(label(m_y, size.height() - kAxisRoom));
    setRoundTicks(*plot.xAxis, size.width() / kTickWidth);
    setRoundTicks(*plot.yAxis, size.height() / kTickHeight);
    const auto whisker = [&](QPointF from, QPointF to, const QColor& colour) {
        auto* line = new QCPItemLine(&plot); // the plot owns it
        line->start->setCoords(from);
        line->end->setCoords(to);
        line->setPen(QPen(colour, 1.4));
    };
    for (const ScatterPoint& point : m_points) {
        if (!point.x || !point.y)
            continue;
        const QColor stroke = groupStroke(point.style, palette);
        if (point.xLow && point.xHigh)
            whisker({*point.xLow, *point.y}, {*point.xHigh, *point.y}, stroke);
        if (point.yLow && point.yHigh)
            whisker({*point.x, *point.yLow}, {*point.x, *point.yHigh}, stroke);
        QCPGraph* mark = plot.addGraph();
        mark->setLineStyle(QCPGraph::lsNone);
        mark->setScatterStyle(QCPScatterStyle(markPath(point.style.shape, {}, kMark), QPen(stroke, 1.3),
                                              groupFill(point.style, palette), 6));
        mark->setData({*point.x}, {*point.y}, true);
        auto* text = new QCPItemText(&plot);
        text->position->setCoords(*point.x, *point.y);
        const bool right = plot.xAxis->range().upper - *point.x < 0.35 * plot.xAxis->range().size();
        text->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
        text->setPadding(QMargins(9, 5, 9, 5));
        text->setFont(theme::strongFont(theme::smallFont(font())));
        text->setColor(palette.color(QPalette::WindowText));
        text->setText(point.name);
    }
}

QString RunScatter::hint(const QCustomPlot& plot, QPointF place) const {
    QString words;
    double nearest = kReach;
    for (const ScatterPoint& point : m_points) {
        if (!point.x || !point.y)
            continue;
        const QPointF at(plot.xAxis->coordToPixel(*point.x), plot.yAxis->coordToPixel(*point.y));
        if (const double distance = QLineF(at, place).length(); distance < nearest) {
            nearest = distance;
            words = pointText(point);
        }
    }
    return words;
}

} // namespace plumbline::ui
