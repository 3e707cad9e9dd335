// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QRectF>
#include <QStyleOptionViewItem>

class QPainter;

namespace plumbline::ui {

/// A thumbnail that fills its box, a plain area while there is none, words where there can be none; with a frame where
/// the tile is selected or has the keyboard. `blurred`: so coarse that nobody is recognised, while colours still tell
/// images apart.
void paintThumbnail(QPainter& painter, const QRectF& box, const QImage& image, bool isMissing, bool blurred,
                    const QStyleOptionViewItem& option);

/// Whether the user wants people unrecognisable: remembered between starts, off at first.
bool areThumbnailsBlurred();
void rememberThumbnailsBlurred(bool on);

} // namespace plumbline::ui
