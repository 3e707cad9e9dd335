// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QPointF>

#include "core/report/group_style.h"
#include "ui/charts/plot_chart.h"

namespace plumbline::ui {

/// A method dialled from nothing to the whole: what each strength costs and brings.
struct TradeoffCurve {
    struct Point {
        double strength = 0;
        std::optional<double> x, y;             ///< on the audit rows
        std::optional<double> selectX, selectY; ///< on the rows by which it was chosen
    };
    QString name;
    report::GroupStyle style;
    std::vector<Point> points; ///< by ascending strength, the first untouched
    int chosen = -1;           ///< index of the strength that was chosen
};

struct TradeoffAxis {
    QString title;       ///< "accuracy of race, %"
    QString better = {}; ///< "lower is fairer"
    int decimals = 2;
};

/// Fairness against utility, a curve a method. The curve in focus is drawn in full, with its select rows dashed and a
/// ring that a strength moves along it; of the others a thin line and the chosen point are left.
class TradeoffChart : public PlotChart {
    Q_OBJECT
public:
    explicit TradeoffChart(QWidget* parent = nullptr) : PlotChart(parent) {}

    void setCurves(std::vector<TradeoffCurve> curves, TradeoffAxis x, TradeoffAxis y, const QString& title);
    /// `curve` -1: none.
    void setFocusOn(int curve, int point);
    /// Where the ring is, in the axes' numbers; nothing where there is none.
    std::optional<QPointF> ring() const;

    QString chartTitle() const override { return m_title; }
    QString chartSummary() const override;
    Grid chartNumbers() const override;

protected:
    void draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const override;
    QString hint(const QCustomPlot& plot, QPointF place) const override;

private:
    const TradeoffCurve* focused() const;
    QString pointText(const TradeoffCurve& curve, const TradeoffCurve::Point& point) const;
    void fitAxes(QCustomPlot& plot) const;
    void drawCurve(QCustomPlot& plot, const QPalette& palette, const TradeoffCurve& curve, bool inFocus) const;
    void drawMarks(QCustomPlot& plot, const QPalette& palette) const;

    std::vector<TradeoffCurve> m_curves;
    TradeoffAxis m_x, m_y;
    QString m_title;
    int m_focus = -1, m_point = -1;
};

} // namespace plumbline::ui
