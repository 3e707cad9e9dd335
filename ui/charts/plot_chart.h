// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/charts/chart_export.h"

class QCPAxis;
class QCustomPlot;
class QStackedLayout;

namespace plumbline::ui {

class GridTable;

/// A chart drawn by QCustomPlot with its table behind it. The drawing is built anew for each palette, size or picture,
/// so colours follow a live switch and saved pictures are drawn, not grabbed.
class PlotChart : public QWidget, public ChartSource {
    Q_OBJECT
public:
    explicit PlotChart(QWidget* parent = nullptr);

    void showTable(bool on);
    bool showsTable() const;

    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;
    QSize minimumSizeHint() const override { return {240, 160}; }
    QSize sizeHint() const override { return {420, 240}; }

protected:
    /// Fills an empty plot of that size.
    virtual void draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const = 0;
    /// What the pointer's place means, in words; empty for nothing.
    virtual QString hint(const QCustomPlot& plot, QPointF place) const;
    /// Call after the data changed.
    void refresh();

    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void redraw();

    QStackedLayout* m_stack;
    QCustomPlot* m_plot;
    GridTable* m_table;
};

/// Plain axes in the palette's colours: no frame on top and right, hairline grid, the widget's font.
void styleAxes(QCustomPlot& plot, const QPalette& palette, const QFont& font);
/// About `most` ticks at 1, 2 or 5 times a power of ten, with the decimals that tell them apart.
void setRoundTicks(QCPAxis& axis, int most);

} // namespace plumbline::ui
