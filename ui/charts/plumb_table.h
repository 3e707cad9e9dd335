// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

#include "ui/charts/plumb_model.h"

namespace plumbline::ui {

class PlumbDelegate;
class PlumbHeader;

/// The table of the plumb chart: columns that share the width sensibly, copy as tab-separated text, the plumb line
/// going on below the last row.
class PlumbTable : public QTableView {
    Q_OBJECT
public:
    explicit PlumbTable(QWidget* parent = nullptr);

    void setChart(std::shared_ptr<const PlumbData> chart);
    /// Other numbers of the same prompts; what is chosen and in sight stays.
    void updateChart(std::shared_ptr<const PlumbData> chart);
    const PlumbModel& plumbModel() const { return *m_model; }
    void setRemarks(std::vector<Remark> remarks);
    void setHiddenGroups(const QSet<int>& groups);
    void setFilter(const QString& text);

    /// The measurement of the current row, -1 without one.
    int currentMeasurement() const;
    /// Measurements in the order shown.
    std::vector<int> shownMeasurements() const;
    /// In sight, and after them those of `beyond` rows below and above.
    std::vector<int> measurementsInSight(int beyond = 0) const;
    void setCurrentMeasurement(int measurement);
    /// Header and all rows, without scrolling.
    int contentHeight() const;
    /// Left edge and width of the chart column in this widget's coordinates.
    QRect chartColumn() const;
    /// The whole column, or one cell of the current row, in this widget's coordinates; empty where it is not in sight.
    QRect columnRect(int column) const;
    QRect currentCell(int column) const;
    /// Copies the selected rows, or all if none is, as tab-separated text.
    void copy() const;

Q_SIGNALS:
    void currentMeasurementChanged(int measurement);
    /// Columns were resized or scrolled.
    void chartColumnMoved();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    void shareWidth();
    void setRowHeight();
    int contentWidth(int column, int limit) const;
    int plantedColumnWidth(bool withWords) const;
    int shortPromptWidth() const;

    PlumbModel* m_model;
    PlumbProxy* m_proxy;
    PlumbDelegate* m_delegate;
    PlumbHeader* m_header;
    int m_lastMeasurement = -1;
};

} // namespace plumbline::ui
