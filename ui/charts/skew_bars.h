// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/plot_chart.h"
#include "ui/charts/plumb_model.h"

namespace plumbline::ui {

/// Close-up of one prompt: a bar a group from plumb to its skew, with interval and null band, on the scale of the
/// plumb chart above it.
class SkewBars : public PlotChart {
    Q_OBJECT
public:
    explicit SkewBars(QWidget* parent = nullptr);

    void setPrompt(std::shared_ptr<const PlumbData> chart, int measurement);

    QString chartTitle() const override;
    QString chartSummary() const override;
    Grid chartNumbers() const override;
    QSize pictureSize() const override;

protected:
    void draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const override;
    QString hint(const QCustomPlot& plot, QPointF place) const override;

private:
    const Measurement* measurement() const;
    const report::Row* row() const;

    std::shared_ptr<const PlumbData> m_chart;
    int m_measurement = -1;
};

/// The table of numbers of one prompt: a row a group.
Grid numbersGrid(const PlumbData& chart, int measurement);

} // namespace plumbline::ui
