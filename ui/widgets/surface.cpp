// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/surface.h"

#include <QPainter>
#include <QVBoxLayout>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

Surface::Surface(Kind kind, QWidget* parent) : QWidget(parent), m_kind(kind) {}

QVBoxLayout* Surface::column() {
    auto* box = qobject_cast<QVBoxLayout*>(layout());
    if (box == nullptr) {
        box = new QVBoxLayout(this);
        const int margin = m_kind == Kind::Card ? theme::kSpace : 0;
        box->setContentsMargins(margin, margin, margin, margin);
        box->setSpacing(theme::kGrid);
    }
    return box;
}

void Surface::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    switch (m_kind) {
    case Kind::Sidebar: painter.fillRect(rect(), theme::sidebar(palette())); break;
    case Kind::Page: painter.fillRect(rect(), theme::page(palette())); break;
    case Kind::Card:
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme::card(palette()));
        painter.drawRoundedRect(rect(), theme::kRadius, theme::kRadius);
        break;
    }
}

} // namespace plumbline::ui
