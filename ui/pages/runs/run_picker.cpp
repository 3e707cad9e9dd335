// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/run_picker.h"

#include <algorithm>

#include <QAbstractItemView>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyledItemDelegate>

#include "ui/models/record_tables.h"
#include "ui/pages/runs/run_words.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kArrowRoom = 24;

/// Two lines a run: title and state, then what was asked.
class RunDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QFontMetrics strong(theme::strongFont(option.font)), plain(option.font);
        const int first = strong.horizontalAdvance(index.data().toString()) + theme::kMargin +
                          plain.horizontalAdvance(index.data(RunPicker::StateRole).toString());
        return {std::max(first, plain.horizontalAdvance(index.data(RunPicker::LineRole).toString())) + 2 * theme::kGrid,
                2 * plain.height() + 2 * theme::kGrid};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& styleOption, const QModelIndex& index) const override {
        QStyleOptionViewItem option = styleOption;
        initStyleOption(&option, index);
        painter->save();
        const bool chosen = option.state & (QStyle::State_Selected | QStyle::State_MouseOver);
        painter->fillRect(option.rect, chosen ? theme::selection(option.palette) : theme::card(option.palette));
        const QRect area = option.rect.adjusted(theme::kGrid, theme::kGrid - 2, -theme::kGrid, -theme::kGrid + 2);
        const QRect first(area.left(), area.top(), area.width(), area.height() / 2);
        const QRect second = first.translated(0, area.height() / 2);
        const QString state = index.data(RunPicker::StateRole).toString();
        const bool done = index.data(RunPicker::DoneRole).toBool();
        painter->setFont(option.font);
        painter->setPen(done ? theme::muted(option.palette) : theme::signal(Severity::Warning, option.palette));
        painter->drawText(first, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, state);
        painter->setPen(theme::muted(option.palette));
        painter->drawText(
            second, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
            option.fontMetrics.elidedText(index.data(RunPicker::LineRole).toString(), Qt::ElideRight, second.width()));
        painter->setFont(theme::strongFont(option.font));
        painter->setPen(option.palette.color(QPalette::Text));
        const int room = first.width() - option.fontMetrics.horizontalAdvance(state) - theme::kGrid;
        painter->drawText(
            first, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
            QFontMetrics(theme::strongFont(option.font)).elidedText(index.data().toString(), Qt::ElideMiddle, room));
        painter->restore();
    }
};

} // namespace

RunPicker::RunPicker(QWidget* parent) : QComboBox(parent) {
    setItemDelegate(new RunDelegate(this));
    setMaxVisibleItems(12);
    setSizeAdjustPolicy(QComboBox::AdjustToContents);
    setAccessibleName(tr("Run"));
    setToolTip(tr("Choose another run"));
    connect(this, &QComboBox::currentIndexChanged, this, [this] { Q_EMIT runChosen(currentRun()); });
}

void RunPicker::setRuns(const std::vector<store::RunRecord>& runs) {
    const qint64 before = currentRun();
    {
        const QSignalBlocker quiet(this);
        clear();
        for (const store::RunRecord& run : runs) {
            addItem(runTitle(run));
            const int row = count() - 1;
            setItemData(row, qlonglong(run.id), IdRole);
            setItemData(row, runLine(run), LineRole);
            setItemData(row, runStateText(run), StateRole);
            setItemData(row, run.state == RunState::Done, DoneRole);
            setItemData(row,
                        runTitle(run) + QStringLiteral(", ") + runStateText(run) + QStringLiteral(", ") + runLine(run),
                        Qt::AccessibleTextRole);
        }
        const int same = findData(qlonglong(before), IdRole);
        setCurrentIndex(same >= 0 ? same : count() > 0 ? 0 : -1);
    }
    int width = 0;
    for (int row = 0; row < count(); ++row)
        width = std::max(width, view()->sizeHintForIndex(model()->index(row, 0)).width());
    view()->setMinimumWidth(width + theme::kMargin);
    updateGeometry();
    if (currentRun() != before)
        Q_EMIT runChosen(currentRun());
}

qint64 RunPicker::currentRun() const {
    return currentData(IdRole).toLongLong();
}

void RunPicker::setCurrentRun(qint64 id) {
    if (const int row = findData(qlonglong(id), IdRole); row >= 0)
        setCurrentIndex(row);
}

QSize RunPicker::sizeHint() const {
    const QFontMetrics metrics(theme::titleFont(font()));
    int width = 0;
    for (int row = 0; row < count(); ++row)
        width = std::max(width, metrics.horizontalAdvance(itemText(row)));
    // Advances are rounded: two pixels more than the sum keep a text that fits from being cut.
    return {width + kArrowRoom + theme::kGrid + 2, metrics.height() + theme::kGrid};
}

void RunPicker::paintEvent(QPaintEvent* event) {
    Q_UNUSED(event)
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool ring = hasFocus() && window()->testAttribute(Qt::WA_KeyboardFocusChange);
    if (underMouse() || ring) {
        painter.setPen(ring ? QPen(theme::accent(palette()), 1.5) : QPen(Qt::NoPen));
        painter.setBrush(
            theme::mix(theme::page(palette()), palette().color(QPalette::WindowText), underMouse() ? 0.06 : 0));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), theme::kHalf, theme::kHalf);
    }
    const QFont font = theme::titleFont(this->font());
    painter.setFont(font);
    painter.setPen(palette().color(QPalette::WindowText));
    const int room = width() - kArrowRoom - theme::kGrid;
    const QString text = QFontMetrics(font).elidedText(currentText(), Qt::ElideMiddle, room);
    const QRect area = QStyle::visualRect(layoutDirection(), rect(), rect().adjusted(theme::kHalf, 0, -kArrowRoom, 0));
    painter.drawText(
        area, static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter), text);
    const int textWidth = QFontMetrics(font).horizontalAdvance(text);
    const QPointF tip = QStyle::visualPos(layoutDirection(), rect(),
                                          QPoint(theme::kHalf + textWidth + theme::kGrid + 5, height() / 2 + 1));
    painter.setPen(QPen(theme::muted(palette()), 1.8));
    painter.drawPolyline(QPolygonF({tip + QPointF(-4, -2), tip + QPointF(0, 2), tip + QPointF(4, -2)}));
}

} // namespace plumbline::ui
