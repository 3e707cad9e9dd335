// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <QString>

class QPainter;
class QPalette;

namespace plumbline::ui {

/// What the user noted of a row or an image.
struct Remark {
    bool flagged = false;
    QString text;
    bool isEmpty() const { return !flagged && text.isEmpty(); }
    bool operator==(const Remark&) const = default;
};

/// "Flagged. Note: two people." Empty where nothing was noted.
QString remarkText(const Remark& remark);
/// A flag, or the sign of a note, in this square; nothing where nothing was noted.
void paintRemark(QPainter& painter, const QRectF& square, const Remark& remark, const QPalette& palette);

} // namespace plumbline::ui
