// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/legend.h"

#include <QPainter>
#include <QStyle>

#include "ui/charts/flow_layout.h"
#include "ui/charts/palette.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {
constexpr int kMark = 14;
constexpr int kGap = 5;
constexpr int kRoom = 3;
} // namespace

LegendItem::LegendItem(const report::GroupStyle& style, QWidget* parent) : QAbstractButton(parent), m_style(style) {
    setText(QString::fromStdString(style.name));
    setCheckable(true);
    setChecked(true);
    setFocusPolicy(Qt::TabFocus);
}

QSize LegendItem::sizeHint() const {
    return {kMark + kGap + fontMetrics().horizontalAdvance(words() + m_remark) + 2 * kRoom + 1,
            std::max(kMark, fontMetrics().height()) + 2 * kRoom};
}

void LegendItem::setRemark(const QString& remark) {
    m_remark = remark;
    updateGeometry();
    update();
}

void LegendItem::setCompact(bool on) {
    m_compact = on;
    setAccessibleName(text());
    updateGeometry();
}

void LegendItem::paintEvent(QPaintEvent* event) {
    Q_UNUSED(event)
    QPainter painter(this);
    const QRect area = QStyle::visualRect(layoutDirection(), rect(), rect().adjusted(kRoom, 0, -kRoom, 0));
    if (underMouse() && isEnabled() && isCheckable()) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme::mix(theme::card(palette()), palette().color(QPalette::WindowText), 0.06));
        painter.drawRoundedRect(rect(), 4, 4);
    }
    const QRect mark = QStyle::alignedRect(layoutDirection(), Qt::AlignLeft | Qt::AlignVCenter, {kMark, kMark}, area);
    const bool on = isChecked() || !isCheckable();
    painter.setOpacity(on ? 1.0 : 0.35);
    paintMark(painter, m_style, QRectF(mark).center(), kMark - 4, on ? MarkFill::Filled : MarkFill::Hollow, palette());
    painter.setOpacity(1);
    QFont font = this->font();
    font.setStrikeOut(!on);
    painter.setFont(font);
    painter.setPen(on ? palette().color(QPalette::WindowText) : theme::muted(palette()));
    QRect text = QStyle::visualRect(layoutDirection(), rect(), area.adjusted(kMark + kGap, 0, 1, 0));
    const int flags = static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter) |
                      Qt::TextSingleLine;
    painter.drawText(text, flags, words());
    if (!m_remark.isEmpty()) {
        text.adjust(fontMetrics().horizontalAdvance(words()), 0, 0, 0);
        font.setStrikeOut(false);
        painter.setFont(font);
        painter.setPen(theme::muted(palette()));
        painter.drawText(text, flags, m_remark);
    }
    paintFocusRing(painter, *this, *this);
}

Legend::Legend(QWidget* parent) : QWidget(parent) {
    setLayout(new FlowLayout(theme::kGrid + theme::kHalf, 2));
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setAccessibleName(tr("Groups"));
}

void Legend::setGroups(const std::vector<report::GroupStyle>& styles) {
    qDeleteAll(m_items);
    m_items.clear();
    for (const report::GroupStyle& style : styles) {
        auto* item = new LegendItem(style, this);
        item->setCheckable(m_switchable);
        item->setChecked(m_switchable);
        item->setCompact(m_compact);
        item->setToolTip(m_switchable ? tr("Shows or hides %1 in the chart").arg(item->text()) : item->text());
        if (!m_switchable)
            item->setFocusPolicy(Qt::NoFocus);
        connect(item, &QAbstractButton::toggled, this, &Legend::hiddenGroupsChanged);
        layout()->addWidget(item);
        item->show();
        m_items.push_back(item);
    }
    for (QWidget* note : m_notes) { // to the end again
        layout()->removeWidget(note);
        layout()->addWidget(note);
    }
    updateGeometry();
}

void Legend::setRemarks(const QStringList& remarks) {
    for (std::size_t i = 0; i < m_items.size(); ++i)
        m_items[i]->setRemark(remarks.value(static_cast<qsizetype>(i)));
}

QSet<int> Legend::hiddenGroups() const {
    QSet<int> hidden;
    for (std::size_t i = 0; i < m_items.size(); ++i)
        if (m_items[i]->isCheckable() && !m_items[i]->isChecked())
            hidden.insert(static_cast<int>(i));
    return hidden;
}

void Legend::addNote(QWidget* note) {
    note->setParent(this);
    layout()->addWidget(note);
    m_notes.push_back(note);
}

void Legend::setSwitchable(bool on) {
    m_switchable = on;
}

} // namespace plumbline::ui
