// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>

namespace plumbline::ui {

/// An icon of resources/icons by its file name without ".svg", drawn in the palette's text colour at the moment of
/// painting, sharp at every scale.
QIcon icon(const QString& name);
/// The same in a colour of its own.
QPixmap iconPixmap(const QString& name, int size, const QColor& colour, qreal scale);
/// The program's mark, in its own colours.
QIcon programIcon();

} // namespace plumbline::ui
