// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/report_drawings.h"

#include <algorithm>

#include <QPainter>
#include <QSvgRenderer>
#include <QTextFormat>

namespace plumbline::ui {

namespace {

const QString kChart = QStringLiteral("chart:");
const QString kPicture = QStringLiteral("picture:");

/// The item that a name "kind:number" is of; null for another name.
template <class Items>
const typename Items::value_type* find(const Items& items, const QString& name, const QString& kind) {
    bool isNumber = false;
    const auto number = name.startsWith(kind) ? name.mid(kind.size()).toULongLong(&isNumber) : 0;
    return isNumber && number < items.size() ? &items[number] : nullptr;
}

} // namespace

Drawings::Drawings(QSizeF page) : m_page(page) {}

Drawings::~Drawings() = default;

QString Drawings::addChart(const QString& svg) {
    m_charts.push_back(std::make_unique<QSvgRenderer>(svg.toUtf8()));
    return kChart + QString::number(m_charts.size() - 1);
}

QString Drawings::addPicture(const QByteArray& jpeg) {
    m_pictures.push_back(QImage::fromData(jpeg));
    return kPicture + QString::number(m_pictures.size() - 1);
}

QSvgRenderer* Drawings::chart(const QString& name) const {
    const auto* found = find(m_charts, name, kChart);
    return found != nullptr ? found->get() : nullptr;
}

const QImage* Drawings::picture(const QString& name) const {
    return find(m_pictures, name, kPicture);
}

QSizeF Drawings::intrinsicSize(QTextDocument*, int, const QTextFormat& format) {
    const QString name = format.toImageFormat().name();
    if (const QSvgRenderer* drawn = chart(name); drawn != nullptr && drawn->isValid()) {
        const QSizeF wanted = drawn->viewBoxF().size() * (kDotsPerInch / kPixelsPerInch);
        return wanted * std::min({1.0, m_page.width() / wanted.width(), 0.9 * m_page.height() / wanted.height()});
    }
    const double side = m_page.width() / kPicturesARow * 0.9;
    return picture(name) != nullptr ? QSizeF(side, side) : QSizeF();
}

void Drawings::drawObject(QPainter* painter, const QRectF& rect, QTextDocument*, int, const QTextFormat& format) {
    const QString name = format.toImageFormat().name();
    if (QSvgRenderer* drawn = chart(name)) {
        drawn->render(painter, rect);
    } else if (const QImage* image = picture(name); image != nullptr && !image->isNull()) {
        const QSizeF size = QSizeF(image->size()).scaled(rect.size(), Qt::KeepAspectRatio);
        painter->drawImage(QRectF(rect.topLeft(), size), *image);
    }
}

} // namespace plumbline::ui
