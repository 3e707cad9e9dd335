// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QFrame>

class QAbstractItemView;
class QLabel;
class QLineEdit;

namespace plumbline::ui {

/// Object name of a page's own line for that, which Ctrl+F goes to where the table has no TableSearch.
inline constexpr const char* kFindLine = "find-line";

/// A line over the lower edge of a table, opened by Ctrl+F, that leaves the rows that hold every word typed; Escape
/// closes it and brings all rows back.
class TableSearch : public QFrame {
    Q_OBJECT
public:
    /// `filter`: lets through the rows that hold these words; `total`: how many rows there are without it.
    TableSearch(QAbstractItemView* table, std::function<void(const QString&)> filter, std::function<int()> total);

    /// That of a table; null where it has none.
    static TableSearch* of(const QWidget* table);

    void open();
    QLineEdit* line() const { return m_line; }

public Q_SLOTS:
    void shut();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void search(const QString& words);
    void count();
    void place();

    QAbstractItemView* m_table;
    std::function<void(const QString&)> m_filter;
    std::function<int()> m_total;
    QLineEdit* m_line;
    QLabel* m_count;
};

} // namespace plumbline::ui
