// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/metric/score_spread.h"
#include "ui/charts/lane_chart.h"

namespace plumbline::ui {

/// How the scores of one prompt lie in each group: an outline of its bins over what shuffled labels would show, with
/// its median, the median of all, and the score from which on images are among the first k.
class ScoreCurves : public LaneChart {
    Q_OBJECT
public:
    using LaneChart::LaneChart;

    void setSpread(std::shared_ptr<const metric::ScoreSpread> spread, const std::vector<report::GroupStyle>& styles,
                   const QString& title);
    const metric::ScoreSpread* spread() const { return m_spread.get(); }

    QString chartSummary() const override;
    /// A row a bin.
    Grid chartNumbers() const override;
    static QString key();

protected:
    void clearData() override { m_spread.reset(); }
    void paintAxis(QPainter& painter, const QRectF& area, const QPalette& palette) const override;
    void paintLane(QPainter& painter, const QRectF& area, std::size_t lane, const QPalette& palette) const override;
    void paintOver(QPainter& painter, const QRectF& area, const QPalette& palette, bool onScreen) const override;
    QString hint(std::size_t lane, const QRectF& area, QPointF place) const override;

private:
    double x(const QRectF& area, double score) const;
    int decimals() const; ///< that tell two neighbouring bins apart

    std::shared_ptr<const metric::ScoreSpread> m_spread;
    double m_top = 1; ///< the largest share of a bin
};

/// The groups' medians and distances from all others, a row a group.
Grid spreadGrid(const metric::ScoreSpread& spread);

} // namespace plumbline::ui
