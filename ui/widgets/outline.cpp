// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/outline.h"

#include <utility>

#include <QEvent>
#include <QPainter>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
constexpr int kThickness = 2;
/// Between the frame and what it frames.
constexpr int kAir = 1;
} // namespace

Outline::Outline(QWidget* page) : QWidget(page) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void Outline::follow(QWidget* target, std::function<QRect()> part) {
    release();
    m_target = target;
    m_part = std::move(part);
    // Whatever lies between the target and the page can move it.
    for (QWidget* each = target; each != nullptr; each = each == parentWidget() ? nullptr : each->parentWidget())
        each->installEventFilter(this);
    place();
}

void Outline::release() {
    for (QWidget* each = m_target; each != nullptr; each = each == parentWidget() ? nullptr : each->parentWidget())
        each->removeEventFilter(this);
    m_target = nullptr;
    hide();
}

void Outline::place() {
    QRect rect;
    if (m_target != nullptr && m_target->isVisibleTo(parentWidget())) {
        rect = m_part ? m_part() & m_target->rect() : m_target->rect();
        if (!rect.isEmpty()) {
            constexpr int kAround = kThickness + kAir;
            rect.moveTopLeft(m_target->mapTo(parentWidget(), rect.topLeft()));
            rect = rect.adjusted(-kAround, -kAround, kAround, kAround) & parentWidget()->rect();
        }
    }
    setVisible(!rect.isEmpty());
    if (rect.isEmpty())
        return;
    setGeometry(rect);
    raise();
}

void Outline::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme::accent(palette()), kThickness));
    constexpr qreal kHalf = kThickness / 2.0;
    painter.drawRoundedRect(QRectF(rect()).adjusted(kHalf, kHalf, -kHalf, -kHalf), theme::kRadius, theme::kRadius);
}

bool Outline::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
    case QEvent::Move:
    case QEvent::Resize:
    case QEvent::Show:
    case QEvent::Hide:
    case QEvent::LayoutRequest:
        QMetaObject::invokeMethod(this, &Outline::place, Qt::QueuedConnection); // when the layout has settled
        break;
    default:
        break;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace plumbline::ui
