// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>

#include "core/data/labels.h"

namespace plumbline::ui {

/// Fewer images than this are too few to say much about a group.
constexpr qint64 kFewImages = 30;

/// How many images each combination of the groups of two attributes has: a row a group of the first, a column a group
/// of the second, then images without a label, where there are any, and sums.
class GroupCrossing : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { CountRole = Qt::UserRole + 1, ShareRole, FewRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setAttributes(const Attribute& rows, const Attribute& columns);
    void clear();

    struct Cell {
        std::optional<std::int32_t> row, column; ///< codes, kUnlabelled; absent: the sum
    };
    Cell cell(const QModelIndex& index) const;
    /// Combinations of two groups: all, those without an image, those with fewer than kFewImages but one.
    struct Summary {
        qint64 all = 0, empty = 0, few = 0;
    };
    Summary summary() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Side {
        QStringList names;
        std::size_t groups = 0; ///< the names before those of "no label" and "all"
        bool hasUnlabelled = false;
    };
    static Side sideOf(const Attribute& attribute);
    static std::optional<std::int32_t> code(const Side& side, int section);
    qint64 count(const Cell& cell) const;

    Side m_rows, m_columns;
    std::vector<std::int64_t> m_counts; ///< (groups + 1) x (groups + 1)
    qint64 m_most = 0;                  ///< of a combination of two groups
};

} // namespace plumbline::ui
