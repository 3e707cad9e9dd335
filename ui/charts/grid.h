// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>
#include <QList>
#include <QPalette>
#include <QSortFilterProxyModel>
#include <QString>
#include <QTableView>

#include "core/data/measure.h"
#include "core/report/group_style.h"

class QHeaderView;
class QPainter;

namespace plumbline::ui {

/// A small table of values as it is shown and, in full precision, as it is copied and saved.
struct Grid {
    struct Column {
        QString title;
        bool isNumber = false;
        QString toolTip;
        bool isRange = false;     ///< two numbers, which are copied and saved as two columns
        bool hasInterval = false; ///< a number with its interval, copied and saved as three columns
    };
    /// What a change does to a number, as a sign beside it.
    enum class Trend { None, Better, Worse, Unsure };
    struct Cell {
        Cell() = default;
        explicit Cell(QString text) : shown(text), plain(std::move(text)) {}
        Cell(QString shownText, QString plainText) : shown(std::move(shownText)), plain(std::move(plainText)) {}
        QString shown;
        QString plain; ///< for spreadsheets and programs: full precision, a decimal point, empty where undefined
        QString plainHigh;           ///< of a range or interval: its upper end
        QString plainLow;            ///< of an interval: its lower end
        QString note;                ///< a second line in smaller type
        QString toolTip;             ///< empty: the number in full
        Trend trend = Trend::None;
        std::optional<double> value; ///< what it sorts by
    };
    using Row = QList<Cell>;

    QList<Column> columns;
    QList<Row> rows;
    QList<report::GroupStyle> styles; ///< one a row, or none: the mark before its first cell

    void addColumn(const QString& title, const QString& toolTip = {}) { columns << Column{title, false, toolTip}; }
    void addNumber(const QString& title, const QString& toolTip = {}) { columns << Column{title, true, toolTip}; }

    void addRange(const QString& title, const QString& toolTip = {}) { columns << Column{title, true, toolTip, true}; }

    void addEstimate(const QString& title, const QString& toolTip = {}) {
        columns << Column{title, true, toolTip, false, true};
    }

    /// A range as `shown` says, or a dash; it sorts by its lower end.
    static Cell range(std::optional<double> low, std::optional<double> high, const QString& shown);
    /// A number with two decimals, or as `shown` says.
    static Cell number(std::optional<double> value, const QString& shown = {});
    static Cell count(qint64 value);
    /// A number with its interval in smaller type under it.
    static Cell estimate(std::optional<double> value, std::optional<double> low, std::optional<double> high,
                         int decimals = 2);
    /// The same of a measure, or the bound that is known of one that has no value.
    static Cell estimate(const MetricValue& value, int decimals = 2);
    bool hasNotes() const;

    /// With a header line; fields are one line each.
    QString tsv() const;
    /// RFC 4180 with a header line.
    QString csv() const;
};

class GridModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kSortRole = Qt::UserRole + 1;
    static constexpr int kNoteRole = Qt::UserRole + 2;
    static constexpr int kTrendRole = Qt::UserRole + 3;

    explicit GridModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
    void setGrid(Grid grid);
    const Grid& grid() const { return m_grid; }
    /// Marks are drawn in the colours of a palette.
    void setPalette(const QPalette& palette);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    Grid m_grid;
    QPalette m_palette;
    bool m_hasNotes = false;
};

/// Undefined numbers come last in either order.
class GridProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit GridProxy(GridModel* source);
    void setWords(const QStringList& words);

protected:
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    GridModel* m_source;
    QStringList m_words;
};

/// The width of a trend's sign with its gap, and the sign itself: a tick, a cross or a hollow circle, so that it is read
/// without its colour.
constexpr int kTrendWidth = 16;
void paintTrend(QPainter& painter, Grid::Trend trend, QPointF centre, const QPalette& palette);
/// "better", "worse", "cannot tell"; empty for none.
QString trendText(Grid::Trend trend);

/// A grid on the screen: sorts, finds rows, copies selected rows as tab-separated text.
class GridTable : public QTableView {
    Q_OBJECT
public:
    explicit GridTable(QWidget* parent = nullptr);
    void setGrid(const Grid& grid);
    const Grid& grid() const { return m_model->grid(); }
    /// Only rows whose texts (not their numbers) hold every one of these words; all without one.
    void setFilter(const QString& words);
    void copy() const;
    /// Rows are those of the grid, however they are sorted; -1: none.
    int currentGridRow() const;
    void setCurrentGridRow(int row);
    /// Rows of the grid in the order in which they are shown, without those that are filtered out.
    QList<int> shownGridRows() const;

Q_SIGNALS:
    void currentGridRowChanged(int row);

protected:
    /// Gives the table this header in place of its own.
    void takeHeader(QHeaderView* header);
    /// The row of the grid behind an index of this table's model.
    int gridRow(const QModelIndex& index) const;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void dressHeader();
    /// As wide as their contents; a long text is no reason to push every other column out of sight.
    void fitColumns();
    GridModel* m_model;
    GridProxy* m_proxy;
};

/// The rows of a table with so many that are in sight, and after them those of `beyond` rows below and above.
std::vector<int> rowsInSight(const QTableView& table, int rows, int beyond);

} // namespace plumbline::ui
