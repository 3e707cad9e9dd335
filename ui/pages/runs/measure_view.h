// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QSplitter>

#include "core/data/measure_table.h"
#include "ui/charts/grid.h"

class QLabel;
class QLineEdit;
class QListWidget;
class QToolButton;

namespace plumbline::ui {

class EmptyState;
class NumbersTable;

/// The measures of a run beside its rankings: their names on the left, under the families that were chosen; of the
/// chosen one its definition, source and family of tests in words, what its tests found, and its numbers.
class MeasureView : public QSplitter {
    Q_OBJECT
public:
    explicit MeasureView(QWidget* parent = nullptr);

    /// Those of `tables` that are about `attribute` or about no single one. The one that was shown stays, if there is
    /// one of its kind. `level`: of the run's tests.
    void setTables(std::vector<MeasureTable> tables, const QString& run, const std::string& attribute, double level);
    const NumbersTable* numbers() const { return m_numbers; }
    /// While it is shown it has the close-up's room as well; hidden behind the chart it must not keep the window high.
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void shown(); ///< another table
    void newAuditRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void colourHeadings();
    QWidget* buildList();
    QWidget* buildPanel();
    void showTable();
    void showCount();
    const MeasureTable* current() const;

    std::vector<MeasureTable> m_tables;
    QString m_run;
    double m_level = 0.05;
    QWidget* m_side;
    QWidget* m_panel;
    EmptyState* m_empty;
    QListWidget* m_list;
    QLabel* m_fewer; ///< what to do where nothing was measured beside the rankings
    QLabel* m_title;
    QLineEdit* m_find;
    QLabel* m_definition;
    QToolButton* m_more;
    QLabel* m_wholeText;
    QLabel* m_warnings;
    QLabel* m_found;
    NumbersTable* m_numbers;
};

/// A table of measures as it is shown and copied, in the order in which it is read.
Grid measureGrid(const MeasureTable& table, double level);

} // namespace plumbline::ui
