// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include <QAbstractTableModel>
#include <QString>
#include <QVariant>

namespace plumbline::ui {

constexpr int kRecordIdRole = Qt::UserRole + 1;
/// What a column sorts by, where that is not the text.
constexpr int kSortRole = Qt::UserRole + 2;

/// A table of records of the project file, one a row, known by their `id`. setRecords() changes only what differs, so
/// that selection, scroll position and the keyboard's place survive a refresh.
template <class Record>
class RecordTable : public QAbstractTableModel {
public:
    using Value = std::function<QVariant(const Record&)>;
    struct Column {
        Column(QString title_, Value text_, Value sortKey_ = nullptr, bool isNumber_ = false, Value toolTip_ = nullptr)
            : title(std::move(title_)), text(std::move(text_)), sortKey(std::move(sortKey_)), isNumber(isNumber_),
              toolTip(std::move(toolTip_)) {}
        QString title;
        Value text, sortKey; ///< no sort key: sorted by the text
        bool isNumber;
        Value toolTip;
    };

    explicit RecordTable(std::vector<Column> columns, QObject* parent = nullptr)
        : QAbstractTableModel(parent), m_columns(std::move(columns)) {}

    /// The order given is the order shown. Ids must be distinct.
    void setRecords(std::vector<Record> records) {
        for (std::size_t row = m_records.size(); row-- > 0;)
            if (find(records, m_records[row].id) == records.end()) {
                beginRemoveRows({}, static_cast<int>(row), static_cast<int>(row));
                m_records.erase(m_records.begin() + static_cast<std::ptrdiff_t>(row));
                endRemoveRows();
            }
        for (std::size_t row = 0; row < records.size(); ++row) {
            const auto old = find(m_records, records[row].id);
            const auto at = m_records.begin() + static_cast<std::ptrdiff_t>(row);
            if (old == m_records.end()) {
                beginInsertRows({}, static_cast<int>(row), static_cast<int>(row));
                m_records.insert(at, std::move(records[row]));
                endInsertRows();
                continue;
            }
            if (old != at) {
                const int from = static_cast<int>(old - m_records.begin());
                beginMoveRows({}, from, from, {}, static_cast<int>(row)); // everything before `row` is in place already
                std::rotate(at, old, old + 1);
                endMoveRows();
            }
            m_records[row] = std::move(records[row]);
            Q_EMIT dataChanged(index(static_cast<int>(row), 0),
                               index(static_cast<int>(row), static_cast<int>(m_columns.size()) - 1));
        }
    }

    const std::vector<Record>& records() const { return m_records; }
    const Record* record(const QModelIndex& at) const {
        const auto row = static_cast<std::size_t>(at.row());
        return at.isValid() && row < m_records.size() ? &m_records[row] : nullptr;
    }
    const Record* recordById(std::int64_t id) const {
        const auto it = find(m_records, id);
        return it == m_records.end() ? nullptr : &*it;
    }
    QModelIndex indexOf(std::int64_t id) const {
        const auto it = find(m_records, id);
        return it == m_records.end() ? QModelIndex() : index(static_cast<int>(it - m_records.begin()), 0);
    }

    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_records.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
    }
    QVariant data(const QModelIndex& at, int role = Qt::DisplayRole) const override {
        if (!checkIndex(at, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
            return {};
        const Record& record = m_records[static_cast<std::size_t>(at.row())];
        const Column& column = m_columns[static_cast<std::size_t>(at.column())];
        switch (role) {
        case Qt::DisplayRole: return column.text(record);
        case Qt::ToolTipRole: return column.toolTip ? column.toolTip(record) : QVariant();
        case Qt::TextAlignmentRole: return alignment(column);
        case kRecordIdRole: return static_cast<qlonglong>(record.id);
        case kSortRole: return column.sortKey ? column.sortKey(record) : column.text(record);
        default: return {};
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override {
        if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
            return {};
        const Column& column = m_columns[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole)
            return column.title;
        return role == Qt::TextAlignmentRole ? alignment(column) : QVariant();
    }

private:
    template <class Records>
    static auto find(Records& records, std::int64_t id) {
        return std::find_if(records.begin(), records.end(), [id](const Record& record) { return record.id == id; });
    }
    static QVariant alignment(const Column& column) {
        return int(Qt::AlignVCenter | (column.isNumber ? Qt::AlignRight : Qt::AlignLeft));
    }

    std::vector<Column> m_columns;
    std::vector<Record> m_records;
};

} // namespace plumbline::ui
