// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/plain_tabs.h"

#include <QPainter>
#include <QStyle>
#include <QStyleOptionFocusRect>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

PlainTabs::PlainTabs(QWidget* parent) : QTabBar(parent) {
    setExpanding(false);
    setDrawBase(false);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize PlainTabs::tabSizeHint(int index) const {
    return {fontMetrics().horizontalAdvance(tabText(index)) + 2 * theme::kGrid,
            fontMetrics().height() + 2 * theme::kGrid - 2};
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
        painter.drawText(rect, Qt::AlignCenter | Qt::TextSingleLine, tabText(tab));
        if (chosen)
            painter.fillRect(QRect(rect.left() + theme::kGrid, rect.bottom() - 2, rect.width() - 2 * theme::kGrid, 2),
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
