// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/thumbnail_paint.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>
#include <QSettings>
#include <QStandardPaths>

#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kBlurredSide = 6;

const QString kBlurKey = QStringLiteral("images/blur");

QString settingsFile() {
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/plumbline/plumbline.ini");
}

} // namespace

void paintThumbnail(QPainter& painter, const QRectF& box, const QImage& image, bool isMissing, bool blurred,
                    const QStyleOptionViewItem& option) {
    QPainterPath frame;
    frame.addRoundedRect(box, 3, 3);
    if (image.isNull()) {
        painter.fillPath(frame, theme::band(option.palette));
        if (isMissing) {
            painter.setFont(theme::smallFont(option.font));
            painter.setPen(theme::muted(option.palette));
            painter.drawText(box.adjusted(4, 4, -4, -4), Qt::AlignCenter | Qt::TextWordWrap,
                             QCoreApplication::translate("Thumbnail", "not readable"));
        }
    } else {
        const QSize size = box.size().toSize();
        const QImage shown =
            blurred ? image.scaled(kBlurredSide, kBlurredSide, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                          .scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                    : image;
        const qreal scale = std::max(box.width() / shown.width(), box.height() / shown.height());
        const QSizeF part(box.width() / scale, box.height() / scale);
        painter.setClipPath(frame);
        painter.drawImage(
            box, shown,
            QRectF(QPointF((shown.width() - part.width()) / 2, (shown.height() - part.height()) / 2), part));
        painter.setClipping(false);
    }
    if (option.state & (QStyle::State_Selected | QStyle::State_HasFocus)) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme::accent(option.palette), 2));
        painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4);
    }
}

bool areThumbnailsBlurred() {
    return QSettings(settingsFile(), QSettings::IniFormat).value(kBlurKey, false).toBool();
}

void rememberThumbnailsBlurred(bool on) {
    QSettings settings(settingsFile(), QSettings::IniFormat);
    if (settings.value(kBlurKey, false).toBool() != on)
        settings.setValue(kBlurKey, on);
}

} // namespace plumbline::ui
