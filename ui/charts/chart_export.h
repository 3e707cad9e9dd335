// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QImage>
#include <QPaintDevice>
#include <QSize>
#include <QString>

#include "core/base/error.h"
#include "ui/charts/grid.h"

namespace plumbline::ui {

/// What every chart can do beside being looked at. Pictures are painted anew at their own size (never grabbed from
/// the screen), so vector formats stay vectors and any scale is sharp.
class ChartSource {
public:
    virtual ~ChartSource() = default;
    /// For file names, picture titles and screen readers.
    virtual QString chartTitle() const = 0;
    /// A few sentences that say what the chart shows.
    virtual QString chartSummary() const = 0;
    /// The same as a table.
    virtual Grid chartNumbers() const = 0;
    /// In logical pixels.
    virtual QSize pictureSize() const = 0;
    /// Opens its own painter on the device, which is as large as `size` logical pixels.
    virtual void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const = 0;
};

/// Writes .png (at twice the size), .svg or .pdf by the ending of the name, on white. Errors: FileUnwritable,
/// InvalidArgument for another ending.
Result<void> savePicture(const ChartSource& chart, const QString& path);
/// Writes .csv or tab-separated .tsv. Errors: FileUnwritable.
Result<void> saveNumbers(const ChartSource& chart, const QString& path);
/// The picture in a palette's colours, `scale` pixels a logical pixel.
QImage chartImage(const ChartSource& chart, const QPalette& palette, qreal scale);

} // namespace plumbline::ui
