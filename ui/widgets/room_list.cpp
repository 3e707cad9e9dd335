// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/room_list.h"

#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/bridge/error_texts.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

enum Role { KeyRole = Qt::UserRole + 1, IconRole, CountRole };
constexpr int kIcon = 16;

class RoomDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {20 * theme::kGrid, option.fontMetrics.height() + theme::kSpace};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QPalette& palette = option.palette;
        const bool selected = option.state & QStyle::State_Selected;
        const bool hovered = option.state & QStyle::State_MouseOver;
        const QRect area = option.rect.adjusted(0, 1, 0, -1);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        if (selected || hovered) {
            painter->setBrush(selected ? theme::card(palette)
                                       : theme::mix(theme::sidebar(palette), theme::card(palette), 0.5));
            painter->drawRoundedRect(area, theme::kRadius, theme::kRadius);
        }
        if (selected) {
            painter->setBrush(theme::accent(palette));
            painter->drawRoundedRect(QRectF(area.left(), area.top() + theme::kGrid, 3, area.height() - theme::kSpace),
                                     1.5, 1.5);
        }
        if (option.state & QStyle::State_HasFocus && option.state & QStyle::State_KeyboardFocusChange) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(theme::accent(palette), 1.5));
            painter->drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), theme::kRadius - 1, theme::kRadius - 1);
        }
        const QColor text = selected ? palette.color(QPalette::WindowText) : theme::muted(palette);
        const int left = area.left() + theme::kSpace;
        painter->drawPixmap(left, area.center().y() - kIcon / 2 + 1,
                            iconPixmap(index.data(IconRole).toString(), kIcon, text,
                                       painter->device()->devicePixelRatioF()));
        painter->setPen(text);
        painter->setFont(selected ? theme::strongFont(option.font) : option.font);
        const QRect words = area.adjusted(theme::kSpace + kIcon + theme::kGrid + theme::kHalf, 0, -theme::kSpace, 0);
        painter->drawText(words, Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
        if (const qint64 count = index.data(CountRole).toLongLong(); count > 0) {
            painter->setFont(theme::tabularFont(theme::smallFont(option.font)));
            painter->setPen(theme::muted(palette));
            painter->drawText(words, Qt::AlignVCenter | Qt::AlignRight, countText(count));
        }
        painter->restore();
    }
};

} // namespace

RoomList::RoomList(QWidget* parent) : QListWidget(parent) {
    setItemDelegate(new RoomDelegate(this));
    setFrameShape(NoFrame);
    setAccessibleName(tr("Rooms of the project"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    connect(this, &QListWidget::currentItemChanged, this, [this](const QListWidgetItem* item) {
        if (item != nullptr)
            Q_EMIT roomChosen(item->data(KeyRole).toString());
    });
}

void RoomList::addRoom(const QString& key, const QString& label, const QString& iconName) {
    auto* item = new QListWidgetItem(label, this);
    item->setData(KeyRole, key);
    item->setData(IconRole, iconName);
    item->setData(CountRole, 0);
    item->setToolTip(tr("%1 (Ctrl+%2)").arg(label).arg(count()));
}

void RoomList::setCount(const QString& key, qint64 count) {
    if (auto* item = room(key)) {
        item->setData(CountRole, count);
        item->setData(Qt::AccessibleDescriptionRole, count > 0 ? countText(count) : QString());
    }
}

QString RoomList::currentRoom() const {
    return currentItem() != nullptr ? currentItem()->data(KeyRole).toString() : QString();
}

void RoomList::setCurrentRoom(const QString& key) {
    if (auto* item = room(key))
        setCurrentItem(item);
}

QStringList RoomList::rooms() const {
    QStringList keys;
    for (int row = 0; row < count(); ++row)
        keys.append(item(row)->data(KeyRole).toString());
    return keys;
}

QSize RoomList::sizeHint() const { return {20 * theme::kGrid, 30 * theme::kGrid}; }

QListWidgetItem* RoomList::room(const QString& key) const {
    for (int row = 0; row < count(); ++row)
        if (item(row)->data(KeyRole).toString() == key)
            return item(row);
    return nullptr;
}

} // namespace plumbline::ui
