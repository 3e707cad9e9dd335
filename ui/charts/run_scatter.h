// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "core/report/group_style.h"
#include "ui/charts/plot_chart.h"
#include "ui/charts/tradeoff_chart.h"

namespace plumbline::ui {

/// A run with its utility and its fairness, each with its interval where there is one.
struct ScatterPoint {
    QString name;
    report::GroupStyle style;
    std::optional<double> x, xLow, xHigh, y, yLow, yHigh;
};

/// Fairness against utility, a mark a run.
class RunScatter : public PlotChart {
    Q_OBJECT
public:
    explicit RunScatter(QWidget* parent = nullptr) : PlotChart(parent) {}

    void setPoints(std::vector<ScatterPoint> points, TradeoffAxis x, TradeoffAxis y, const QString& title);
    const std::vector<ScatterPoint>& points() const { return m_points; }

    QString chartTitle() const override { return m_title; }
    QString chartSummary() const override;
    Grid chartNumbers() const override;

protected:
    void draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const override;
    QString hint(const QCustomPlot& plot, QPointF place) const override;

private:
    QString pointText(const ScatterPoint& point) const;

    std::vector<ScatterPoint> m_points;
    TradeoffAxis m_x, m_y;
    QString m_title;
};

} // namespace plumbline::ui
