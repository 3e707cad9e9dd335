// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/tile_grid.h"

#include <algorithm>

#include <QPaintEvent>
#include <QPainter>
#include <QScrollBar>

namespace plumbline::ui {

TileGrid::TileGrid(QWidget* parent) : QAbstractItemView(parent) {
    setFrameShape(NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    viewport()->setAutoFillBackground(false);
}

QSize TileGrid::tile() const {
    QStyleOptionViewItem option;
    initViewItemOption(&option);
    return itemDelegate()->sizeHint(option, {}).expandedTo({1, 1});
}

int TileGrid::columns() const {
    return std::max(1, viewport()->width() / tile().width());
}

int TileGrid::rows() const {
    const int count = model() != nullptr ? model()->rowCount(rootIndex()) : 0;
    return (count + columns() - 1) / columns();
}

int TileGrid::verticalOffset() const {
    return verticalScrollBar()->value();
}

QRect TileGrid::visualRect(const QModelIndex& index) const {
    if (!index.isValid())
        return {};
    const QSize size = tile();
    const int row = index.row() / columns(), column = index.row() % columns();
    const int left = isRightToLeft() ? viewport()->width() - (column + 1) * size.width() : column * size.width();
    return {QPoint(left, row * size.height() - verticalOffset()), size};
}

QModelIndex TileGrid::indexAt(const QPoint& point) const {
    if (model() == nullptr)
        return {};
    const QSize size = tile();
    const int x = isRightToLeft() ? viewport()->width() - 1 - point.x() : point.x();
    const int y = point.y() + verticalOffset();
    if (x < 0 || y < 0 || x / size.width() >= columns())
        return {};
    return model()->index(y / size.height() * columns() + x / size.width(), 0, rootIndex());
}

void TileGrid::scrollTo(const QModelIndex& index, ScrollHint hint) {
    if (!index.isValid())
        return;
    const QRect place = visualRect(index);
    const int height = viewport()->height();
    int move = 0;
    if (hint == PositionAtTop)
        move = place.top();
    else if (hint == PositionAtBottom)
        move = place.bottom() + 1 - height;
    else if (hint == PositionAtCenter)
        move = place.center().y() - height / 2;
    else if (place.top() < 0)
        move = place.top();
    else if (place.bottom() >= height)
        move = std::min(place.top(), place.bottom() + 1 - height);
    verticalScrollBar()->setValue(verticalScrollBar()->value() + move);
}

QModelIndex TileGrid::moveCursor(CursorAction action, Qt::KeyboardModifiers) {
    const int count = model() != nullptr ? model()->rowCount(rootIndex()) : 0;
    if (count == 0)
        return {};
    const int at = currentIndex().isValid() ? currentIndex().row() : -1;
    const int page = std::max(1, viewport()->height() / tile().height()) * columns();
    const int forwards = isRightToLeft() ? -1 : 1;
    int to = at;
    switch (action) {
    case MoveLeft:
        to = at - forwards;
        break;
    case MoveRight:
        to = at + forwards;
        break;
    case MovePrevious:
        to = at - 1;
        break;
    case MoveNext:
        to = at + 1;
        break;
    case MoveUp:
        to = at - columns();
        break;
    case MoveDown:
        to = at + columns();
        break;
    case MovePageUp:
        to = at - page;
        break;
    case MovePageDown:
        to = at + page;
        break;
    case MoveHome:
        to = 0;
        break;
    case MoveEnd:
        to = count - 1;
        break;
    }
    // A step up or down that leaves the grid leaves the current tile as it is; a page goes as far as there is.
    if ((action == MoveUp && to < 0) || (action == MoveDown && to >= count))
        to = at;
    return model()->index(std::clamp(to, 0, count - 1), 0, rootIndex());
}

void TileGrid::setSelection(const QRect& rect, QItemSelectionModel::SelectionFlags flags) {
    const QModelIndex index = indexAt(rect.center());
    selectionModel()->select(index.isValid() ? QItemSelection(index, index) : QItemSelection(), flags);
}

QRegion TileGrid::visualRegionForSelection(const QItemSelection& selection) const {
    // Only what is in sight needs to be painted again.
    const QItemSelection selected = selection;
    return selected.isEmpty() ? QRegion() : QRegion(viewport()->rect());
}

void TileGrid::updateGeometries() {
    const int height = tile().height();
    verticalScrollBar()->setSingleStep(height / 2);
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setRange(0, std::max(0, rows() * height - viewport()->height()));
    QAbstractItemView::updateGeometries();
}

void TileGrid::resizeEvent(QResizeEvent* event) {
    // The first tile in sight stays in sight when the number beside each other changes.
    const int before = std::max(1, event->oldSize().width() / tile().width());
    const int first = verticalOffset() / tile().height() * before;
    QAbstractItemView::resizeEvent(event);
    updateGeometries();
    if (model() != nullptr && verticalOffset() > 0 && before != columns())
        scrollTo(model()->index(first, 0, rootIndex()), PositionAtTop);
}

void TileGrid::dataChanged(const QModelIndex& topLeft, const QModelIndex& bottomRight, const QList<int>& roles) {
    Q_UNUSED(topLeft)
    Q_UNUSED(bottomRight)
    Q_UNUSED(roles)
    viewport()->update();
}

void TileGrid::paintEvent(QPaintEvent* event) {
    if (model() == nullptr)
        return;
    QPainter painter(viewport());
    QStyleOptionViewItem option;
    initViewItemOption(&option);
    const QSize size = tile();
    const int count = model()->rowCount(rootIndex());
    const int firstRow = (event->rect().top() + verticalOffset()) / size.height();
    const int lastRow = (event->rect().bottom() + verticalOffset()) / size.height();
    const int end = std::min(count, (lastRow + 1) * columns());
    for (int row = std::max(0, firstRow * columns()); row < end; ++row) {
        const QModelIndex index = model()->index(row, 0, rootIndex());
        QStyleOptionViewItem one = option;
        one.rect = visualRect(index);
        one.state.setFlag(QStyle::State_Selected, selectionModel()->isSelected(index));
        one.state.setFlag(QStyle::State_HasFocus, hasFocus() && index == currentIndex());
        itemDelegate()->paint(&painter, one, index);
    }
}

} // namespace plumbline::ui
