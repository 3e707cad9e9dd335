// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/metric/rank_ribbon.h"
#include "ui/charts/lane_chart.h"

namespace plumbline::ui {

/// The front of a ranking, a lane a group: a line at every rank that the group holds and, below it, its share among the
/// ranks so far, with its target and what chance alone would show. A rank is chosen by the pointer or the arrow keys.
class RankRibbonChart : public LaneChart {
    Q_OBJECT
public:
    using LaneChart::LaneChart;

    /// `styles`: of all groups.
    void setRibbon(std::shared_ptr<const metric::RankRibbon> ribbon, const std::vector<report::GroupStyle>& styles,
                   const QString& title);
    const metric::RankRibbon* ribbon() const { return m_ribbon.get(); }

    /// From 1; 0: none is chosen.
    std::int64_t currentRank() const { return m_current; }
    void setCurrentRank(std::int64_t rank);

    QString chartSummary() const override;
    /// A row for each rank at which shares are given.
    Grid chartNumbers() const override;
    /// What the signs mean.
    static QString key();

Q_SIGNALS:
    void currentRankChanged(qint64 rank);
    /// Twice clicked, or Enter.
    void rankActivated(qint64 rank);

protected:
    void clearData() override;
    void paintAxis(QPainter& painter, const QRectF& area, const QPalette& palette) const override;
    void paintLane(QPainter& painter, const QRectF& area, std::size_t lane, const QPalette& palette) const override;
    void paintOver(QPainter& painter, const QRectF& area, const QPalette& palette, bool onScreen) const override;
    QString hint(std::size_t lane, const QRectF& area, QPointF place) const override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    /// The upper part of a lane has the ranks, the lower the shares.
    static QRectF rankStrip(const QRectF& area);
    static QRectF shareStrip(const QRectF& area);
    double depth() const;
    /// The middle of a rank.
    double x(const QRectF& area, double rank) const;
    std::int64_t rankAt(const QRectF& area, double x) const;
    /// The group's rank next to `rank`; 0: it has none.
    std::int64_t nearest(std::size_t lane, std::int64_t rank) const;
    std::size_t laneOf(std::int64_t rank) const;
    QString placeText(std::int64_t rank) const;
    void paintRanks(QPainter& painter, const QRectF& strip, std::size_t lane, const QPalette& palette) const;
    void paintShares(QPainter& painter, const QRectF& strip, std::size_t lane, const QPalette& palette) const;
    void describe();

    std::shared_ptr<const metric::RankRibbon> m_ribbon;
    std::vector<std::vector<std::int64_t>> m_ranksOf; ///< of each group, ascending
    std::int64_t m_current = 0;
};

} // namespace plumbline::ui
