// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/focus_ring.h"

#include <QPainter>
#include <QStyle>
#include <QStyleOptionFocusRect>
#include <QWidget>

namespace plumbline::ui {

void paintFocusRing(QPainter& painter, const QWidget& widget, const QWidget& surface) {
    if (!widget.hasFocus() || !widget.window()->testAttribute(Qt::WA_KeyboardFocusChange))
        return;
    QStyleOptionFocusRect focus;
    focus.initFrom(&surface);
    focus.state |= QStyle::State_KeyboardFocusChange;
    widget.style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, &widget);
}

} // namespace plumbline::ui
