// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/icons.h"

#include <QApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QSvgRenderer>

namespace plumbline::ui {

namespace {

QString file(const QString& name) { return QStringLiteral(":/icons/%1.svg").arg(name); }

class PaletteIconEngine : public QIconEngine {
public:
    explicit PaletteIconEngine(QString name) : m_name(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const int size = std::min(rect.width(), rect.height());
        const QPixmap pixmap = iconPixmap(m_name, size, QApplication::palette().color(group, QPalette::WindowText),
                                          painter->device()->devicePixelRatioF());
        painter->drawPixmap(rect.x() + (rect.width() - size) / 2, rect.y() + (rect.height() - size) / 2, pixmap);
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap result(size);
        result.fill(Qt::transparent);
        QPainter painter(&result);
        paint(&painter, QRect({}, size), mode, state);
        return result;
    }
    QIconEngine* clone() const override { return new PaletteIconEngine(*this); }

private:
    QString m_name;
};

} // namespace

QIcon icon(const QString& name) { return QIcon(new PaletteIconEngine(name)); }

QPixmap iconPixmap(const QString& name, int size, const QColor& colour, qreal scale) {
    QPixmap pixmap(QSize(size, size) * scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer(file(name)).render(&painter, QRectF(0, 0, pixmap.width(), pixmap.height()));
    painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
    painter.fillRect(pixmap.rect(), colour);
    painter.end();
    pixmap.setDevicePixelRatio(scale);
    return pixmap;
}

QIcon programIcon() {
    QIcon result;
    for (const int size : {16, 32, 48, 64, 128}) {
        QPixmap pixmap(size, size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        QSvgRenderer(file(QStringLiteral("plumbline"))).render(&painter);
        painter.end();
        result.addPixmap(pixmap);
    }
    return result;
}

} // namespace plumbline::ui
