// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_export.h"

#include <QBuffer>
#include <QFileInfo>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include "ui/bridge/json.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr qreal kPngScale = 2;
constexpr int kLogicalDpi = 96;

/// All at once or not at all: an older file of that name survives a full disk.
Result<void> writeFile(const QString& path, const QByteArray& bytes) {
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        return fail(ErrorCode::FileUnwritable,
                    {{"path", encoded(path).toStdString()}, {"reason", file.errorString().toStdString()}});
    return {};
}

QByteArray svg(const ChartSource& chart, const QPalette& palette) {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    const QSize size = chart.pictureSize();
    generator.setOutputDevice(&buffer);
    generator.setResolution(kLogicalDpi);
    generator.setSize(size);
    generator.setViewBox(QRect({0, 0}, size));
    chart.paintPicture(generator, size, palette);
    // Title and description by hand: Qt 6.4 writes them unescaped, and "p < 0.001" is no markup.
    QByteArray drawing = buffer.data();
    const qsizetype start = drawing.indexOf('>', drawing.indexOf("<svg")) + 1;
    const QString words = QStringLiteral("\n<title>%1</title>\n<desc>%2</desc>")
                              .arg(chart.chartTitle().toHtmlEscaped(), chart.chartSummary().toHtmlEscaped());
    drawing.insert(start, words.toUtf8());
    return drawing;
}

QByteArray pdf(const ChartSource& chart, const QPalette& palette) {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    const QSize size = chart.pictureSize();
    {
        QPdfWriter writer(&buffer);
        writer.setResolution(kLogicalDpi);
        writer.setPageSize(QPageSize(QSizeF(size) / kLogicalDpi, QPageSize::Inch, QString(), QPageSize::ExactMatch));
        writer.setPageMargins({});
        writer.setTitle(chart.chartTitle());
        chart.paintPicture(writer, size, palette);
    }
    return buffer.data();
}

QByteArray png(const ChartSource& chart, const QPalette& palette) {
    QImage image = chartImage(chart, palette, kPngScale);
    image.setText(QStringLiteral("Title"), chart.chartTitle());
    image.setText(QStringLiteral("Description"), chart.chartSummary());
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return buffer.data();
}

} // namespace

QImage chartImage(const ChartSource& chart, const QPalette& palette, qreal scale) {
    const QSize size = chart.pictureSize();
    QImage image(size * scale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(scale);
    image.fill(theme::card(palette));
    chart.paintPicture(image, size, palette);
    return image;
}

Result<void> savePicture(const ChartSource& chart, const QString& path) {
    const QPalette palette = theme::ownPalette(false); // pictures go into documents
    const QString ending = QFileInfo(path).suffix().toLower();
    if (ending == QLatin1String("png"))
        return writeFile(path, png(chart, palette));
    if (ending == QLatin1String("svg"))
        return writeFile(path, svg(chart, palette));
    if (ending == QLatin1String("pdf"))
        return writeFile(path, pdf(chart, palette));
    return fail(ErrorCode::InvalidArgument,
                {{"name", "file name"}, {"value", encoded(path).toStdString()}, {"expected", ".png, .svg or .pdf"}});
}

Result<void> saveNumbers(const ChartSource& chart, const QString& path) {
    const Grid grid = chart.chartNumbers();
    const bool tabs = QFileInfo(path).suffix().compare(QLatin1String("tsv"), Qt::CaseInsensitive) == 0;
    return writeFile(path, (tabs ? grid.tsv() : grid.csv()).toUtf8());
}

} // namespace plumbline::ui
