// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_delegate.h"

#include <QAbstractProxyModel>
#include <QApplication>
#include <QPainter>
#include <QTextLayout>

#include "ui/charts/plumb_model.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kIntervalGap = 6, kRemark = 14;

QModelIndex sourceOf(const QModelIndex& index) {
    const auto* proxy = qobject_cast<const QAbstractProxyModel*>(index.model());
    return proxy ? proxy->mapToSource(index) : index;
}

QRect content(const QStyleOptionViewItem& option) {
    return option.rect.adjusted(kCellRoom, 0, -kCellRoom, 0);
}

} // namespace

int numberWidth(const QString& number, const QString& interval, const QFont& font) {
    const int plain = QFontMetrics(font).horizontalAdvance(number);
    return interval.isEmpty() ? plain
                              : plain + kIntervalGap + QFontMetrics(theme::smallFont(font)).horizontalAdvance(interval);
}

int remarkWidth(const Remark& remark) {
    return remark.isEmpty() ? 0 : kRemark + kIntervalGap;
}

PlumbDelegate::PlumbDelegate(const PlumbModel* model, QObject* parent) : QStyledItemDelegate(parent), m_model(model) {
}

QSize PlumbDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const int width =
        numberWidth(index.data().toString(), index.data(PlumbModel::IntervalRole).toString(), option.font);
    return {width + 2 * kCellRoom, plumbRowHeight(1, option.font)};
}

void PlumbDelegate::paint(QPainter* painter, const QStyleOptionViewItem& styleOption, const QModelIndex& index) const {
    QStyleOptionViewItem option = styleOption;
    initStyleOption(&option, index);
    option.font = theme::tabularFont(option.font);
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    option.showDecorationSelected = true;
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1),
                      theme::mix(theme::card(option.palette), theme::line(option.palette), 0.6));

    const QModelIndex source = sourceOf(index);
    const PlumbData* data = m_model->chart();
    painter->save();
    switch (index.column()) {
    case PlumbModel::Prompt:
        paintPrompt(painter, option, source);
        break;
    case PlumbModel::Chart:
        if (data) {
            // The rule between rows must not cut the plumb line.
            const QRectF cell = option.rect;
            const bool chosen = option.state & QStyle::State_Selected;
            paintPlumbRow(*painter, cell, data->chart, data->chart.rows[static_cast<std::size_t>(source.row())],
                          {option.palette, option.font, m_hidden,
                           chosen ? theme::selection(option.palette) : theme::card(option.palette)});
        }
        break;
    case PlumbModel::Planted:
        if (data && !data->planted.empty())
            paintPlanted(*painter, content(option), data->planted[static_cast<std::size_t>(source.row())],
                         data->favouredStyle(source.row()), m_plantedInWords, {option.palette, option.font, {}});
        break;
    default:
        paintText(painter, option, index);
    }
    painter->restore();

    if (option.state & QStyle::State_HasFocus) {
        QStyleOptionFocusRect focus;
        focus.QStyleOption::operator=(option);
        focus.state |= QStyle::State_KeyboardFocusChange;
        style->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter, option.widget);
    }
}

void PlumbDelegate::paintPrompt(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QRect rect = content(option);
    if (const Remark remark = m_model->remark(index.row()); !remark.isEmpty()) {
        const QRect sign(rect.right() - kRemark + 1, rect.center().y() - kRemark / 2, kRemark, kRemark);
        paintRemark(*painter, sign, remark, option.palette);
        rect.setRight(sign.left() - kIntervalGap);
    }
    const QFontMetrics metrics(option.font);
    QString text = index.data().toString();
    text.replace(u'\n', u' ');
    qsizetype quiet = m_model->chart() ? m_model->chart()->commonPrefix : 0;
    // The distinctive part comes last: the common beginning goes first, then the middle.
    if (m_beginningHidden && quiet > 0) {
        text = QChar(u'…') + text.mid(quiet);
        quiet = 0;
    }
    text = metrics.elidedText(text, Qt::ElideMiddle, rect.width());
    QTextLayout layout(text, option.font);
    QTextOption direction(Qt::AlignLeft);
    direction.setWrapMode(QTextOption::NoWrap);
    direction.setTextDirection(text.isRightToLeft() ? Qt::RightToLeft : Qt::LeftToRight);
    layout.setTextOption(direction);
    QTextCharFormat beginning;
    beginning.setForeground(theme::muted(option.palette));
    if (quiet > 0)
        layout.setFormats({{0, static_cast<int>(std::min(quiet, text.size())), beginning}});
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(QWIDGETSIZE_MAX);
    layout.endLayout();
    const qreal x = line.naturalTextRect().x();
    painter->setPen(option.palette.color(QPalette::Text));
    layout.draw(painter, QPointF(rect.left() - x, rect.center().y() + 0.5 - line.height() / 2));
}

void PlumbDelegate::paintText(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QRect rect = content(option);
    const QString interval = index.data(PlumbModel::IntervalRole).toString();
    if (!interval.isEmpty()) {
        const QFont small = theme::smallFont(option.font);
        painter->setFont(small);
        painter->setPen(theme::muted(option.palette));
        painter->drawText(rect, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, interval);
        rect.setRight(rect.right() - QFontMetrics(small).horizontalAdvance(interval) - kIntervalGap);
    }
    const bool isQuiet = index.data(PlumbModel::QuietRole).toBool();
    painter->setFont(option.font);
    painter->setPen(isQuiet ? theme::muted(option.palette) : option.palette.color(QPalette::Text));
    const int alignment = index.data(Qt::TextAlignmentRole).toInt() | Qt::TextSingleLine;
    painter->drawText(rect, alignment,
                      QFontMetrics(option.font).elidedText(index.data().toString(), Qt::ElideRight, rect.width()));
}

} // namespace plumbline::ui
