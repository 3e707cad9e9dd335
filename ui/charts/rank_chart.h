// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QSet>

#include "core/data/measure.h"
#include "core/report/group_style.h"
#include "ui/charts/plot_chart.h"

namespace plumbline::ui {

/// Close-up of one prompt by rank: either the groups' shares, or NDKL; each with what chance alone would show.
class RankChart : public PlotChart {
    Q_OBJECT
public:
    enum class What { Shares, Ndkl };

    explicit RankChart(What what, QWidget* parent = nullptr);

    /// `styles`: of all groups; `focus`: the group whose band is drawn (-1: the first). No curve: still being computed.
    void setCurve(std::shared_ptr<const RankCurve> curve, const std::vector<report::GroupStyle>& styles, int focus,
                  const QString& prompt);
    /// Why there is no curve.
    void setMessage(const QString& message);

    QString chartTitle() const override;
    QString chartSummary() const override;
    Grid chartNumbers() const override;

protected:
    void draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const override;
    QString hint(const QCustomPlot& plot, QPointF place) const override;

private:
    void drawShares(QCustomPlot& plot, const QPalette& palette, const QSize& size) const;
    void drawNdkl(QCustomPlot& plot, const QPalette& palette) const;
    const report::GroupStyle* styleOf(const std::string& group) const;
    std::size_t focusGroup() const;

    What m_what;
    std::shared_ptr<const RankCurve> m_curve;
    std::vector<report::GroupStyle> m_styles;
    int m_focus = -1;
    QString m_prompt, m_message;
};

} // namespace plumbline::ui
