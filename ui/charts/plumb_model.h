// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include "core/data/measure.h"
#include "core/report/planted.h"
#include "core/report/plumb_chart.h"
#include "ui/charts/grid.h"
#include "ui/charts/remark.h"

namespace plumbline::ui {

/// What one plumb chart shows: the measurements of one attribute, one a prompt, and their geometry.
/// Made off the main thread, never changed afterwards.
struct PlumbData {
    std::vector<Measurement> measurements;
    report::PlumbChart chart;
    MeasureOptions options;     ///< of the audit: how the verdicts were corrected
    qsizetype commonPrefix = 0; ///< characters that all prompts begin with, up to a word's end: shown quietly
    std::vector<report::PlantedView> planted; ///< one a measurement where the truth is known of any, otherwise none
    report::PlantedSummary truth;
    bool isExplored = false; ///< looked at, at another k or target; not what the run measured

    /// `groups`: all groups of the attribute in byte order. `probe`, `planted`: what was asked, and what is known to
    /// have been planted in the model.
    static std::shared_ptr<const PlumbData> make(std::vector<Measurement> measurements,
                                                 const std::vector<std::string>& groups, const ProbeSet& probe = {},
                                                 const std::vector<PlantedLean>& planted = {},
                                                 const MeasureOptions& options = {});
    QString prompt(int row) const;
    /// The style of the group that was favoured; null where none was, or it is not in the chart.
    const report::GroupStyle* favouredStyle(int row) const;
    /// "a photo of ", or empty.
    QString commonBeginning() const;
};

/// The plumb chart as a table: a row a prompt. Texts say everything that the painted chart says.
class PlumbModel : public QAbstractTableModel {
    Q_OBJECT
public:
    /// Planted is for models whose planted leans are known (PlumbData::planted).
    enum Column { Prompt, Chart, Verdict, Planted, MaxSkew, Gap, Chance, Ndkl, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole + 1,
        IntervalRole, ///< the interval of a number, for smaller type
        QuietRole     ///< bool: a cell of the second level of emphasis
    };

    explicit PlumbModel(QObject* parent = nullptr);

    void setChart(std::shared_ptr<const PlumbData> data);
    /// Other numbers of the same prompts: rows keep their selection.
    void updateChart(std::shared_ptr<const PlumbData> data);
    const PlumbData* chart() const { return m_data.get(); }
    /// What was noted of the prompts, one a measurement, or none at all; a new chart has none.
    /// False where it is as it was.
    bool setRemarks(std::vector<Remark> remarks);
    Remark remark(int row) const;

    /// Rows with all their numbers, also those that the chart only paints: for copying and saving.
    Grid grid(const std::vector<int>& rows) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    /// Whose gap of mean scores stands for the row: that of the lean, otherwise the largest; null where there is none.
    const GroupMeasure* effectGroup(int row) const;
    QString display(int row, int column) const;
    QString accessible(int row, int column) const;
    QVariant sortKey(int row, int column) const;

    std::shared_ptr<const PlumbData> m_data;
    std::vector<Remark> m_remarks;
};

/// Sorts by strength of the lean, prompt or value. What is undefined comes last in either order.
class PlumbProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit PlumbProxy(QObject* parent = nullptr);

protected:
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
};

} // namespace plumbline::ui
