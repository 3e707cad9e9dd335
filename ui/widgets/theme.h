// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>

class QAbstractItemView;
class QApplication;
class QWidget;

namespace plumbline::ui {

/// How grave a message is; also its colour and icon.
enum class Severity { Note, Warning, Error };

/// Spacing, surfaces, colours and fonts of the whole window. Every colour is derived from a QPalette at the moment of
/// painting, so that a light, dark or high-contrast system palette works and a live switch needs no code in a page.
namespace theme {

// The 8-pixel grid.
constexpr int kHalf = 4;
constexpr int kGrid = 8;
constexpr int kSpace = 16;
constexpr int kMargin = 24;
constexpr int kRadius = 6;

enum class Appearance { System, Light, Dark };

/// Fusion with our drawing of its flat parts, and the palette of the appearance. May be called again at any time.
void apply(QApplication& application, Appearance appearance);
/// Our light and our dark palette: for a chosen appearance, and where the desktop has no palette of its own.
QPalette ownPalette(bool dark);

bool isDark(const QPalette& palette);

// Surfaces, from the back to the front.
QColor sidebar(const QPalette& palette);
QColor page(const QPalette& palette);
QColor card(const QPalette& palette);

/// The one accent: selection mark, primary button, focus.
QColor accent(const QPalette& palette);
QColor onAccent(const QPalette& palette);
/// The accent as a tint of the card (selected rows).
QColor selection(const QPalette& palette);
/// Second level of emphasis: captions, units, sources. Contrast at least 4.5:1 on the card.
QColor muted(const QPalette& palette);
/// Hairlines and borders.
QColor line(const QPalette& palette);
/// A neutral area that carries information (bars, null bands).
QColor band(const QPalette& palette);
QColor signal(Severity severity, const QPalette& palette);

/// `amount` 0 gives a, 1 gives b.
QColor mix(const QColor& a, const QColor& b, double amount);

// Three levels of emphasis and the numbers.
QFont titleFont(const QFont& base);
QFont strongFont(const QFont& base);
QFont smallFont(const QFont& base);
/// Digits of one width (the font feature needs Qt 6.7; older Qt takes the font as it is).
QFont tabularFont(const QFont& base);

/// Frameless, transparent, row-wise: a table that lies on a card.
void styleTable(QAbstractItemView* view);
/// Text of the second level of emphasis for this widget.
void setMuted(QWidget* widget);

} // namespace theme
} // namespace plumbline::ui
