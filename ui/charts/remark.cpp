// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/remark.h"

#include <QPaintDevice>
#include <QPainter>
#include <QPalette>

#include "ui/charts/chart_text.h"
#include "ui/widgets/icons.h"

namespace plumbline::ui {

QString remarkText(const Remark& remark) {
    if (remark.text.isEmpty())
        return remark.flagged ? ChartWords::tr("Flagged.") : QString();
    return remark.flagged ? ChartWords::tr("Flagged. Note: %1").arg(remark.text)
                          : ChartWords::tr("Note: %1").arg(remark.text);
}

void paintRemark(QPainter& painter, const QRectF& square, const Remark& remark, const QPalette& palette) {
    if (remark.isEmpty())
        return;
    const QPixmap sign =
        iconPixmap(remark.flagged ? QStringLiteral("flag") : QStringLiteral("remark"), qRound(square.width()),
                   palette.color(QPalette::Text), painter.device()->devicePixelRatioF());
    painter.drawPixmap(square.topLeft(), sign);
}

} // namespace plumbline::ui
