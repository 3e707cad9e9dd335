// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_picture.h"

#include <algorithm>

#include <QPainter>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kEdge = 16;
constexpr int kCell = 8;

int rowHeight(const PlumbData& data, const QFont& font) {
    int lanes = 1;
    for (const report::Row& row : data.chart.rows)
        lanes = std::max(lanes, row.lanes);
    return plumbRowHeight(lanes, font);
}

struct Heights {
    int title, axis, row, key;
};
Heights heights(const PlumbData& data, const QFont& font) {
    const int line = QFontMetrics(font).height();
    return {line * 2 + 8, line + 16, rowHeight(data, font), line + 8};
}

/// The lines that the legend's entries take at that width.
std::vector<std::vector<int>> legendLines(const PlumbData& data, int width, const QFont& font) {
    std::vector<std::vector<int>> lines(1);
    const QFontMetrics metrics(font);
    int x = 0;
    for (int i = 0; i < static_cast<int>(data.chart.styles.size()); ++i) {
        const int item =
            36 + metrics.horizontalAdvance(QString::fromStdString(data.chart.styles[static_cast<std::size_t>(i)].name));
        if (x > 0 && x + item > width) {
            lines.emplace_back();
            x = 0;
        }
        x += item;
        lines.back().push_back(i);
    }
    return lines;
}

void text(QPainter& painter, const QRectF& rect, Qt::Alignment alignment, const QString& words, const QColor& colour) {
    painter.setPen(colour);
    const QString fitted = painter.fontMetrics().elidedText(words, Qt::ElideRight, static_cast<int>(rect.width()));
    painter.drawText(rect, static_cast<int>(alignment | Qt::AlignVCenter) | Qt::TextSingleLine, fitted);
}

} // namespace

QSize plumbPictureSize(const PlumbData& data, int width, const QFont& font) {
    const Heights h = heights(data, font);
    const int lines = static_cast<int>(legendLines(data, width - 2 * kEdge, font).size()) + 1;
    return {width, 2 * kEdge + h.title + h.axis + h.row * static_cast<int>(data.chart.rows.size()) + kBobHeight +
                       h.key * lines};
}

void paintPlumbPicture(QPaintDevice& device, const QSize& size, const PlumbModel& model, const std::vector<int>& order,
                       const QString& title, const PlumbLook& look) {
    const PlumbData& data = *model.chart();
    const Heights h = heights(data, look.font);
    const QColor ink = look.palette.color(QPalette::WindowText), quiet = theme::muted(look.palette);
    QPainter painter(&device);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(QRectF({0, 0}, size), theme::card(look.palette));

    // Columns.
    const int whole = size.width() - 2 * kEdge;
    const QFontMetrics metrics(look.font), small(theme::smallFont(look.font));
    int promptWidth = metrics.horizontalAdvance(ChartWords::tr("Prompt")),
        verdictWidth = metrics.horizontalAdvance(ChartWords::tr("Verdict"));
    int plantedColumn = data.planted.empty() ? 0 : metrics.horizontalAdvance(ChartWords::tr("Planted"));
    for (const report::PlantedView& view : data.planted)
        plantedColumn = std::max(plantedColumn, plantedWidth(view, true, look.font));
    if (plantedColumn > 0)
        plantedColumn += 2 * kCell;
    for (const int row : order) {
        promptWidth =
            std::max(promptWidth, metrics.horizontalAdvance(model.index(row, PlumbModel::Prompt).data().toString()));
        verdictWidth =
            std::max(verdictWidth, metrics.horizontalAdvance(model.index(row, PlumbModel::Verdict).data().toString()));
    }
    promptWidth = std::min(promptWidth + kCell, whole * 28 / 100);
    verdictWidth = std::min(verdictWidth + 2 * kCell, whole * 36 / 100);
    const int numberColumn = metrics.horizontalAdvance(QStringLiteral("0.00")) + 6 +
                             small.horizontalAdvance(QStringLiteral("0.00–0.00")) + kCell;
    const int chartWidth = whole - promptWidth - verdictWidth - plantedColumn - numberColumn;
    const qreal left = kEdge, chartLeft = left + promptWidth, verdictLeft = chartLeft + chartWidth;
    const qreal plantedLeft = verdictLeft + verdictWidth, numberLeft = plantedLeft + plantedColumn;
    qreal y = kEdge;

    painter.setFont(theme::strongFont(look.font));
    text(painter, {left, y, qreal(whole), metrics.height() + 4.0}, Qt::AlignLeft, title, ink);
    painter.setFont(look.font);
    text(painter, {left, y + metrics.height() + 2, qreal(whole), metrics.height() + 4.0}, Qt::AlignLeft,
         ChartWords::tr("Share of each group in the top, against the target") + QStringLiteral(" · ") +
             correctionText(data),
         quiet);
    y += h.title;

    text(painter, {left, y, qreal(promptWidth), qreal(h.axis)}, Qt::AlignLeft, ChartWords::tr("Prompt"), quiet);
    paintPlumbAxis(painter, {chartLeft, y, qreal(chartWidth), qreal(h.axis)}, data.chart, look);
    painter.setFont(look.font);
    text(painter, {verdictLeft + kCell, y, verdictWidth - 2.0 * kCell, qreal(h.axis)}, Qt::AlignLeft,
         ChartWords::tr("Verdict"), quiet);
    if (plantedColumn > 0)
        text(painter, {plantedLeft, y, plantedColumn - 2.0 * kCell, qreal(h.axis)}, Qt::AlignLeft,
             ChartWords::tr("Planted"), quiet);
    text(painter, {numberLeft, y, qreal(numberColumn), qreal(h.axis)}, Qt::AlignRight, ChartWords::tr("MaxSkew"),
         quiet);
    y += h.axis;

    for (const int row : order) {
        const report::Row& line = data.chart.rows[static_cast<std::size_t>(row)];
        painter.setPen(QPen(theme::line(look.palette), 0.5));
        painter.drawLine(QPointF(left, y), QPointF(left + whole, y));
        paintPlumbRow(painter, {chartLeft, y, qreal(chartWidth), qreal(h.row)}, data.chart, line, look);
        painter.setFont(look.font);
        const QModelIndex verdict = model.index(row, PlumbModel::Verdict),
                          value = model.index(row, PlumbModel::MaxSkew);
        text(painter, {left, y, promptWidth - kCell * 1.0, qreal(h.row)}, Qt::AlignLeft,
             model.index(row, PlumbModel::Prompt).data().toString(), ink);
        text(painter, {verdictLeft + kCell, y, verdictWidth - 2.0 * kCell, qreal(h.row)}, Qt::AlignLeft,
             verdict.data().toString(), verdict.data(PlumbModel::QuietRole).toBool() ? quiet : ink);
        if (plantedColumn > 0)
            paintPlanted(painter, {plantedLeft, y, plantedColumn - 2.0 * kCell, qreal(h.row)},
                         data.planted[static_cast<std::size_t>(row)], data.favouredStyle(row), true, look);
        const QString interval = value.data(PlumbModel::IntervalRole).toString();
        QRectF number(numberLeft, y, numberColumn, h.row);
        if (!interval.isEmpty()) {
            painter.setFont(theme::smallFont(look.font));
            text(painter, number, Qt::AlignRight, interval, quiet);
            number.setRight(number.right() - small.horizontalAdvance(interval) - 6);
            painter.setFont(look.font);
        }
        text(painter, number, Qt::AlignRight, value.data().toString(), ink);
        y += h.row;
    }
    paintPlumbBob(painter, {chartLeft, y, qreal(chartWidth), qreal(kBobHeight)}, data.chart, look);
    y += kBobHeight;

    painter.setFont(look.font);
    for (const auto& entries : legendLines(data, whole, look.font)) {
        qreal x = left;
        for (const int i : entries) {
            const report::GroupStyle& style = data.chart.styles[static_cast<std::size_t>(i)];
            const QString name = QString::fromStdString(style.name);
            if (look.hiddenGroups.contains(i))
                painter.setOpacity(0.35);
            paintMark(painter, style, {x + 6, y + h.key / 2.0}, kMarkSize, MarkFill::Filled, look.palette);
            painter.setPen(ink);
            const int width = metrics.horizontalAdvance(name) + 2;
            painter.drawText(QRectF(x + 18, y, width, h.key), Qt::AlignVCenter | Qt::TextSingleLine, name);
            painter.setOpacity(1);
            x += 36 + metrics.horizontalAdvance(name);
        }
        y += h.key;
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme::band(look.palette));
    painter.drawRoundedRect(QRectF(left, y + h.key / 2.0 - 7, 24, 14), 3, 3);
    text(painter, {left + 30, y, whole - 30.0, qreal(h.key)}, Qt::AlignLeft,
         ChartWords::tr(
             "what chance alone would show (95 %) · filled marks lean · hollow marks could be chance · lines: 95 % "
             "intervals over images"),
         quiet);
}

} // namespace plumbline::ui
