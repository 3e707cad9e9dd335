// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/chart_export.h"
#include "ui/charts/grid.h"

namespace plumbline::ui {

/// A table of numbers that copies and saves like a chart; its picture is the table drawn on white.
class NumbersTable : public GridTable, public ChartSource {
    Q_OBJECT
public:
    explicit NumbersTable(QWidget* parent = nullptr) : GridTable(parent) {}
    void setNumbers(const Grid& numbers, const QString& title, const QString& summary);

    QString chartTitle() const override { return m_title; }
    QString chartSummary() const override { return m_summary; }
    Grid chartNumbers() const override { return grid(); }
    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;

private:
    int columnNeed(int column) const;
    QString m_title, m_summary;
};

} // namespace plumbline::ui
