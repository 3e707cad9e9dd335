// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/charts/chart_export.h"
#include "ui/charts/plumb_model.h"

class QLabel;

namespace plumbline::ui {

class Legend;
class PlumbFoot;
class PlumbTable;

/// The plumb chart: its table, and below it the end of the plumb line with its bob, the legend that switches groups,
/// and what shade and filling mean.
class PlumbChartView : public QWidget, public ChartSource {
    Q_OBJECT
public:
    explicit PlumbChartView(QWidget* parent = nullptr);

    void setChart(std::shared_ptr<const PlumbData> shown, const QString& title);
    /// Other numbers of the same prompts and groups; what is chosen, hidden and in sight stays.
    void updateChart(std::shared_ptr<const PlumbData> shown, const QString& title);
    const PlumbData* chart() const;
    PlumbTable* table() const { return m_table; }

    /// Height at which no row needs scrolling.
    int contentHeight() const;

    QString chartTitle() const override { return m_title; }
    QString chartSummary() const override;
    Grid chartNumbers() const override;
    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;

    QSize sizeHint() const override;

Q_SIGNALS:
    /// A row was chosen: the index of its measurement, -1 for none.
    void currentMeasurementChanged(int measurement);

private:
    PlumbTable* m_table;
    PlumbFoot* m_foot;
    Legend* m_legend;
    QLabel* m_correction;
    QWidget* m_absentKey;
    QString m_title;
};

/// "Holm-corrected over 56 tests, 5 %".
QString correctionText(const PlumbData& data);

} // namespace plumbline::ui
