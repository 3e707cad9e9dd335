// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/image_tile.h"

#include <QImage>
#include <QPainter>

#include "ui/charts/thumbnail_paint.h"
#include "ui/models/image_table.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
constexpr int kGap = theme::kHalf;
constexpr int kIcon = 14;
} // namespace

ImageTile::ImageTile(int side, bool withLabels, QObject* parent)
    : QStyledItemDelegate(parent), m_side(side), m_withLabels(withLabels) {
}

QSize ImageTile::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    const int line = QFontMetrics(theme::smallFont(option.font)).height();
    return {m_side + 2 * kGap, m_side + 3 * kGap + (m_withLabels ? 2 : 1) * line};
}

void ImageTile::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    const QRectF box(option.rect.left() + kGap, option.rect.top() + kGap, m_side, m_side);
    paintThumbnail(*painter, box, index.data(ImageTable::ThumbnailRole).value<QImage>(),
                   index.data(ImageTable::MissingRole).toBool(), m_blurred, option);
    if (index.data(ImageTable::FlawsRole).toInt() != 0) {
        const QRectF sign(box.right() - kIcon - 6, box.top() + 2, kIcon + 4, kIcon + 4);
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme::card(option.palette));
        painter->drawRoundedRect(sign, 3, 3);
        painter->drawPixmap(sign.topLeft() + QPointF(2, 2), iconPixmap(QStringLiteral("warning"), kIcon,
                                                                       theme::signal(Severity::Warning, option.palette),
                                                                       painter->device()->devicePixelRatioF()));
    }
    const QFont small = theme::smallFont(option.font);
    const QFontMetrics metrics(small);
    painter->setFont(small);
    painter->setPen(option.palette.color(QPalette::Text));
    QRectF line(box.left(), box.bottom() + kGap, box.width(), metrics.height());
    // Names of a set begin alike and end differently.
    painter->drawText(line, Qt::AlignHCenter | Qt::AlignVCenter,
                      metrics.elidedText(index.data().toString(), Qt::ElideLeft, m_side));
    if (m_withLabels) {
        line.translate(0, metrics.height());
        painter->setPen(theme::muted(option.palette));
        painter->drawText(line, Qt::AlignHCenter | Qt::AlignVCenter,
                          metrics.elidedText(index.data(ImageTable::LabelsRole).toString(), Qt::ElideRight, m_side));
    }
    painter->restore();
}

} // namespace plumbline::ui
