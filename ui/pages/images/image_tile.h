// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace plumbline::ui {

/// An image of an ImageTable as a tile: thumbnail, the end of its file's name, and a sign where a check found
/// something.
class ImageTile : public QStyledItemDelegate {
    Q_OBJECT
public:
    /// `side`: of the thumbnail. `withLabels`: a second line with the image's labels.
    explicit ImageTile(int side, bool withLabels, QObject* parent);
    void setBlurred(bool on) { m_blurred = on; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    int m_side;
    bool m_withLabels, m_blurred = false;
};

} // namespace plumbline::ui
