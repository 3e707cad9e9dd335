// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QSplitter>

#include "core/data/measure_table.h"
#include "ui/charts/grid.h"

class QLabel;
class QListWidget;

namespace plumbline::ui {

class NumbersTable;

/// The measures of a run beside its rankings: their names on the left; of the chosen one its definition, source and
/// family of tests in words, and its numbers.
class MeasureView : public QSplitter {
    Q_OBJECT
public:
    explicit MeasureView(QWidget* parent = nullptr);

    void setTables(std::vector<MeasureTable> tables, const QString& run);
    const NumbersTable* numbers() const { return m_numbers; }

Q_SIGNALS:
    void shown(); ///< another table

private:
    void showTable(int index);

    std::vector<MeasureTable> m_tables;
    QString m_run;
    QListWidget* m_list;
    QLabel* m_title;
    QLabel* m_definition;
    QLabel* m_family;
    QLabel* m_warnings;
    NumbersTable* m_numbers;
};

/// A table of measures as it is shown and copied.
Grid measureGrid(const MeasureTable& table);

} // namespace plumbline::ui
