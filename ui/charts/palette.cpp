// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/palette.h"

#include <QPainter>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

QColor groupFill(const report::GroupStyle& style, const QPalette& palette) {
    return QColor::fromRgb(report::paletteColour(style.colour, theme::isDark(palette)));
}

QColor groupStroke(const report::GroupStyle& style, const QPalette& palette) {
    return QColor::fromRgb(report::paletteStroke(style.colour, theme::isDark(palette)));
}

QColor betterColour(const QPalette& palette) {
    return QColor::fromRgb(report::paletteStroke(0, theme::isDark(palette)));
}

QColor worseColour(const QPalette& palette) {
    return QColor::fromRgb(report::paletteStroke(1, theme::isDark(palette)));
}

QPainterPath markPath(report::MarkShape shape, QPointF centre, qreal size) {
    QPainterPath path;
    const qreal half = size / 2;
    const auto outline = report::markOutline(shape);
    if (outline.empty()) {
        path.addEllipse(centre, half * report::kCircleRadius, half * report::kCircleRadius);
        return path;
    }
    QPolygonF polygon;
    for (const auto& [x, y] : outline)
        polygon << centre + half * QPointF(x, y);
    path.addPolygon(polygon);
    path.closeSubpath();
    return path;
}

void paintMark(QPainter& painter, const report::GroupStyle& style, QPointF centre, qreal size, MarkFill fill,
               const QPalette& palette) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(groupStroke(style, palette), 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(fill == MarkFill::Filled ? groupFill(style, palette) : theme::card(palette));
    painter.drawPath(markPath(style.shape, centre, size));
    painter.restore();
}

QPixmap markPixmap(const report::GroupStyle& style, int size, qreal devicePixelRatio, const QPalette& palette) {
    QPixmap pixmap(QSize(size, size) * devicePixelRatio);
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paintMark(painter, style, QPointF(size, size) / 2, size - 4, MarkFill::Filled, palette);
    return pixmap;
}

} // namespace plumbline::ui
