// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QWidget>

#include "ui/charts/chart_export.h"
#include "ui/charts/plumb_model.h"

namespace plumbline::ui {

/// All prompts of an attribute against all its groups: the skew as a number and as a colour, purple below plumb and
/// orange above. What could be chance is pale and hatched and has a hollow circle. It is a table: it sorts, finds,
/// copies and reads aloud. What leans most surely stands first until another order is chosen.
class HeatMap : public QWidget, public ChartSource {
    Q_OBJECT
public:
    explicit HeatMap(QWidget* parent = nullptr);

    void setChart(std::shared_ptr<const PlumbData> shown, const QString& title);
    /// Other numbers of the same prompts; what is chosen and in sight stays.
    void updateChart(std::shared_ptr<const PlumbData> shown, const QString& title);
    /// In sight, and after them those of `beyond` rows below and above.
    std::vector<int> measurementsInSight(int beyond = 0) const;
    GridTable* table() const { return m_table; }
    void setCurrentMeasurement(int measurement);
    /// Of the chosen row; -1 for none.
    int currentMeasurement() const { return measurementOf(m_table->currentGridRow()); }

    QString chartTitle() const override { return m_title; }
    QString chartSummary() const override;
    /// As the plumb chart has them, in the order shown.
    Grid chartNumbers() const override;
    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;

Q_SIGNALS:
    /// A row was chosen: the index of its measurement, -1 for none.
    void currentMeasurementChanged(int measurement);

private:
    const PlumbData* chart() const { return m_model->chart(); }
    /// The measurement of a row of the table's grid; -1 for none.
    int measurementOf(int row) const;

    PlumbModel* m_model; ///< for its numbers
    GridTable* m_table;
    std::vector<int> m_order; ///< the measurement of each row of the grid
    QString m_title;
};

/// Whether a group's skew could be chance: its verdict is no lean, its interval holds 0, or it lies where 19 of 20
/// random rankings lie.
bool couldBeChance(const report::Mark& mark, const GroupMeasure& group);

/// A row a prompt, a column a group; cells that could be chance have Grid::Trend::Unsure.
Grid heatGrid(const PlumbData& data);

/// The colour of a skew, strongest from four times or a quarter of the share on.
QColor heatColour(double skew, bool unsure, const QPalette& palette);
/// Black or white, whichever is easier to read on it.
QColor inkOn(const QColor& ground);

} // namespace plumbline::ui
