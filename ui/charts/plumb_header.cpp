// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_header.h"

#include <QPainter>

#include "ui/charts/chart_text.h"
#include "ui/charts/plumb_delegate.h"
#include "ui/charts/plumb_model.h"
#include "ui/charts/plumb_paint.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

PlumbHeader::PlumbHeader(const PlumbModel* model, QWidget* parent)
    : QHeaderView(Qt::Horizontal, parent), m_model(model) {
    setSectionsClickable(true);
    setHighlightSections(false);
    setSectionsMovable(false);
}

QSize PlumbHeader::sectionSizeFromContents(int section) const {
    const QSize size = QHeaderView::sectionSizeFromContents(section);
    return {size.width(), fontMetrics().height() + 2 * theme::kGrid};
}

void PlumbHeader::setBeginningShown(bool on) {
    m_beginningShown = on;
    viewport()->update();
}

void PlumbHeader::paintSection(QPainter* painter, const QRect& rect, int section) const {
    painter->save();
    painter->fillRect(rect, theme::card(palette()));
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme::line(palette()));
    const bool sorted = isSortIndicatorShown() && sortIndicatorSection() == section;
    const bool rightAligned =
        model()->headerData(section, orientation(), Qt::TextAlignmentRole).toInt() & Qt::AlignRight;

    if (section == PlumbModel::Chart && m_model->chart()) {
        paintPlumbAxis(*painter, rect, m_model->chart()->chart, {palette(), font(), {}});
    } else {
        painter->setPen(sorted ? palette().color(QPalette::WindowText) : theme::muted(palette()));
        painter->setFont(font());
        const QRect area = rect.adjusted(kCellRoom, 0, -kCellRoom, 0);
        QString text = model()->headerData(section, orientation()).toString();
        if (section == PlumbModel::Prompt && m_beginningShown && m_model->chart() && m_model->chart()->commonPrefix > 0)
            text = m_model->chart()->commonBeginning() + QChar(u'…');
        painter->drawText(area, Qt::AlignVCenter | Qt::TextSingleLine | (rightAligned ? Qt::AlignRight : Qt::AlignLeft),
                          fontMetrics().elidedText(text, Qt::ElideRight, area.width()));
    }
    if (sorted) {
        // Under the text, where it takes no room from it: the line of the sorted column is strong.
        painter->fillRect(QRect(rect.left() + kCellRoom, rect.bottom() - 1, rect.width() - 2 * kCellRoom, 2),
                          theme::mix(theme::line(palette()), palette().color(QPalette::WindowText), 0.35));
        const qreal sign = sortIndicatorOrder() == Qt::AscendingOrder ? -1 : 1;
        const qreal y = rect.center().y() + 1;
        QPointF tip(rightAligned ? rect.left() + 5 : rect.right() - 7, y);
        if (section == PlumbModel::Chart && m_model->chart()) // beside the word plumb
            tip.setX(plumbPixel(rect, m_model->chart()->chart.axis.x(0)) +
                     QFontMetrics(theme::strongFont(font())).horizontalAdvance(ChartWords::tr("plumb")) / 2.0 + 8);
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme::muted(palette()), 1.5));
        painter->drawPolyline(
            QPolygonF({tip + QPointF(-3, -1.5 * sign), tip + QPointF(0, 1.5 * sign), tip + QPointF(3, -1.5 * sign)}));
    }
    painter->restore();
}

} // namespace plumbline::ui
