// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/plain_tabs.h"

#include <QPainter>
#include <QStyle>
#include <QStyleOptionFocusRect>

#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

QString firstWord(const QString& words) {
    return words.section(u' ', 0, 0);
}

} // namespace

PlainTabs::PlainTabs(QWidget* parent) : QTabBar(parent) {
    setExpanding(false);
    setDrawBase(false);
    setUsesScrollButtons(false);
    setElideMode(Qt::ElideNone);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
}

QSize PlainTabs::sizeFor(const QString& words) const {
    return {fontMetrics().horizontalAdvance(words) + 2 * theme::kGrid, fontMetrics().height() + 2 * theme::kGrid - 2};
}

QSize PlainTabs::tabSizeHint(int index) const {
    return sizeFor(tabText(index));
}

QSize PlainTabs::minimumTabSizeHint(int index) const {
    return sizeFor(firstWord(tabText(index))) - QSize(theme::kGrid, 0);
}

void PlainTabs::tabInserted(int index) {
    QTabBar::tabInserted(index);
    if (firstWord(tabText(index)) != tabText(index))
        setTabToolTip(index, tabText(index));
}

void PlainTabs::paintEvent(QPaintEvent* event) {
    Q_UNUSED(event)
    QPainter painter(this);
    for (int tab = 0; tab < count(); ++tab) {
        if (!isTabVisible(tab))
            continue;
        const QRect rect = tabRect(tab);
        const bool chosen = tab == currentIndex();
        painter.setPen(chosen ? palette().color(QPalette::WindowText) : theme::muted(palette()));
        const bool fits = rect.width() >= tabSizeHint(tab).width();
        painter.drawText(rect, Qt::AlignCenter | Qt::TextSingleLine, fits ? tabText(tab) : firstWord(tabText(tab)));
        if (chosen)
            painter.fillRect(QRect(rect.left() + theme::kHalf, rect.bottom() - 2, rect.width() - 2 * theme::kHalf, 2),
                             theme::accent(palette()));
        if (chosen && hasFocus() && window()->testAttribute(Qt::WA_KeyboardFocusChange)) {
            QStyleOptionFocusRect focus;
            focus.initFrom(this);
            focus.rect = rect;
            focus.state |= QStyle::State_KeyboardFocusChange;
            style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
        }
    }
}

} // namespace plumbline::ui
