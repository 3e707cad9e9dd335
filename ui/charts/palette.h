// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPainterPath>
#include <QPalette>
#include <QPixmap>

#include "core/report/group_style.h"

class QPainter;

namespace plumbline::ui {

/// Group colours and mark shapes: core/report decides which group has which, this file turns them into Qt's terms.
/// All colours are taken from a palette at the moment of painting, so a live switch between light and dark needs no
/// code.

/// The inside of marks and bars.
QColor groupFill(const report::GroupStyle& style, const QPalette& palette);
/// Outlines, thin lines and text-like signs: at least 3 : 1 against the card.
QColor groupStroke(const report::GroupStyle& style, const QPalette& palette);

/// Of signs for a change to the better and to the worse: blue and vermillion, which colour-blind people tell apart.
QColor betterColour(const QPalette& palette);
QColor worseColour(const QPalette& palette);

/// The outline of a mark `size` pixels across.
QPainterPath markPath(report::MarkShape shape, QPointF centre, qreal size);

/// Filled marks lean; hollow ones could be chance.
enum class MarkFill { Filled, Hollow };
void paintMark(QPainter& painter, const report::GroupStyle& style, QPointF centre, qreal size, MarkFill fill,
               const QPalette& palette);

/// A mark alone on a transparent ground, for legends and item views.
QPixmap markPixmap(const report::GroupStyle& style, int size, qreal devicePixelRatio, const QPalette& palette);

} // namespace plumbline::ui
