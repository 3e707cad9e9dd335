// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QRectF>
#include <QSet>

#include "core/report/planted.h"
#include "core/report/plumb_chart.h"

class QPainter;

namespace plumbline::ui {

/// How the plumb chart looks, wherever it is painted: table cells, header, foot and saved pictures.
struct PlumbLook {
    QPalette palette;
    QFont font;
    QSet<int> hiddenGroups; ///< switched off in the legend
    QColor ground = {};     ///< what the row is painted on; the card by default
};

constexpr qreal kMarkSize = 10;

/// The height of a row with that many lanes of marks.
int plumbRowHeight(int lanes, const QFont& font);
/// The pixel of a position 0..1 in a chart cell.
qreal plumbPixel(const QRectF& cell, double x);

/// Band, ticks, the piece of the plumb line, intervals and marks of one row.
void paintPlumbRow(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const report::Row& row,
                   const PlumbLook& look);
/// What was planted: the favoured group's mark (`style` may be null) and words, and at the right whether the
/// measurement agrees, as a sign and, if `withWord`, as a word.
void paintPlanted(QPainter& painter, const QRectF& cell, const report::PlantedView& view,
                  const report::GroupStyle* style, bool withWord, const PlumbLook& look);
/// The width that it needs.
int plantedWidth(const report::PlantedView& view, bool withWord, const QFont& font);
/// Tick labels as far as they fit, and where the plumb line begins.
void paintPlumbAxis(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look);
/// The line over rows that are not there (an empty rest of the table).
void paintPlumbLine(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look);
/// The end of the line with its bob; kBobHeight tall.
void paintPlumbBob(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look);
constexpr int kBobHeight = 22;

} // namespace plumbline::ui
