// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QImage>
#include <QObject>
#include <QSizeF>
#include <QString>
#include <QTextObjectInterface>

class QSvgRenderer;

namespace plumbline::ui {

constexpr int kDotsPerInch = 600; ///< of a report on paper
constexpr double kPixelsPerInch = 96; ///< of the page that the report is made for
constexpr int kPicturesARow = 6;

/// The charts and pictures of a report on paper: a QTextDocument asks for them by the names of its images. Charts stay
/// vectors.
class Drawings : public QObject, public QTextObjectInterface {
    Q_OBJECT
    Q_INTERFACES(QTextObjectInterface)

public:
    /// `page`: the room for them, in dots.
    explicit Drawings(QSizeF page);
    ~Drawings() override;

    /// Their names.
    QString addChart(const QString& svg);
    QString addPicture(const QByteArray& jpeg);

    QSizeF intrinsicSize(QTextDocument* document, int position, const QTextFormat& format) override;
    void drawObject(QPainter* painter, const QRectF& rect, QTextDocument* document, int position,
                    const QTextFormat& format) override;

private:
    QSvgRenderer* chart(const QString& name) const;
    const QImage* picture(const QString& name) const;

    QSizeF m_page;
    std::vector<std::unique_ptr<QSvgRenderer>> m_charts;
    std::vector<QImage> m_pictures;
};

} // namespace plumbline::ui
