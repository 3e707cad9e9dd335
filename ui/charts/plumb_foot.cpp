// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_foot.h"

#include <QPainter>
#include <QStyle>

#include "ui/charts/plumb_paint.h"
#include "ui/charts/plumb_table.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {
constexpr int kSampleGap = 6;
constexpr int kRoom = 3; ///< as much as a legend entry has
int sampleWidth(KeySample::Kind kind) {
    return kind == KeySample::Kind::Shade ? 24 : 10;
}
} // namespace

PlumbFoot::PlumbFoot(const PlumbTable* table, QWidget* parent) : QWidget(parent), m_table(table) {
    setFixedHeight(kBobHeight);
    connect(table, &PlumbTable::chartColumnMoved, this, qOverload<>(&QWidget::update));
}

void PlumbFoot::paintEvent(QPaintEvent* event) {
    Q_UNUSED(event)
    const PlumbData* shown = m_table->plumbModel().chart();
    if (!shown || shown->measurements.empty())
        return;
    QPainter painter(this);
    const QRect column = m_table->chartColumn();
    const int left = mapFromGlobal(m_table->mapToGlobal(QPoint(column.left(), 0))).x();
    paintPlumbBob(painter, QRectF(left, 0, column.width(), height()), shown->chart, {palette(), font(), {}});
}

KeySample::KeySample(Kind kind, const QString& text, QWidget* parent) : QWidget(parent), m_kind(kind), m_text(text) {
    setAccessibleName(text);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize KeySample::sizeHint() const {
    return {kRoom + sampleWidth(m_kind) + kSampleGap + fontMetrics().horizontalAdvance(m_text) + 1,
            fontMetrics().height() + 6};
}

void KeySample::paintEvent(QPaintEvent* event) {
    Q_UNUSED(event)
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect box = QStyle::alignedRect(layoutDirection(), Qt::AlignLeft | Qt::AlignVCenter,
                                          {sampleWidth(m_kind), m_kind == Kind::Shade ? 14 : 10},
                                          rect().adjusted(kRoom, 0, -kRoom, 0));
    const QColor ink = theme::muted(palette());
    if (m_kind == Kind::Shade) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme::band(palette()));
        painter.drawRoundedRect(box, 3, 3);
    } else if (m_kind == Kind::Absent) {
        painter.setPen(QPen(ink, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        for (const int x : {2, 6}) {
            const QPointF tip(box.left() + x, QRectF(box).center().y());
            painter.drawPolyline(QPolygonF({tip + QPointF(3.5, -3.5), tip, tip + QPointF(3.5, 3.5)}));
        }
    } else {
        painter.setPen(QPen(ink, 1.4));
        painter.setBrush(m_kind == Kind::Filled ? ink : theme::card(palette()));
        painter.drawEllipse(QRectF(box).center(), 4, 4);
    }
    painter.setPen(theme::muted(palette()));
    const QRect text = QStyle::visualRect(layoutDirection(), rect(),
                                          rect().adjusted(kRoom + sampleWidth(m_kind) + kSampleGap, 0, 0, 0));
    painter.drawText(text,
                     static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter) |
                         Qt::TextSingleLine,
                     m_text);
}

} // namespace plumbline::ui
