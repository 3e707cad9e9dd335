// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QPainter;
class QWidget;

namespace plumbline::ui {

/// Where the keyboard is: the style's focus rectangle around `surface` (the widget itself, or its viewport) if `widget`
/// has the keyboard and a key brought it there.
void paintFocusRing(QPainter& painter, const QWidget& widget, const QWidget& surface);

} // namespace plumbline::ui
