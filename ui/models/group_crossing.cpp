// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/group_crossing.h"

#include <algorithm>

#include "core/data/image_catalog.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

GroupCrossing::Side GroupCrossing::sideOf(const Attribute& attribute) {
    Side side;
    for (const std::string& group : attribute.groups)
        side.names.append(fromUtf8(group));
    side.groups = attribute.groups.size();
    side.hasUnlabelled = attribute.unlabelled() > 0;
    if (side.hasUnlabelled)
        side.names.append(tr("no label"));
    side.names.append(tr("all"));
    return side;
}

std::optional<std::int32_t> GroupCrossing::code(const Side& side, int section) {
    if (static_cast<std::size_t>(section) < side.groups)
        return section;
    return side.hasUnlabelled && static_cast<std::size_t>(section) == side.groups
               ? std::optional<std::int32_t>(Attribute::kUnlabelled)
               : std::nullopt;
}

void GroupCrossing::setAttributes(const Attribute& rows, const Attribute& columns) {
    beginResetModel();
    m_rows = sideOf(rows);
    m_columns = sideOf(columns);
    m_counts = crossCounts(rows, columns);
    m_most = 0;
    for (std::size_t row = 0; row < m_rows.groups; ++row)
        for (std::size_t column = 0; column < m_columns.groups; ++column)
            m_most = std::max<qint64>(m_most, m_counts[row * (m_columns.groups + 1) + column]);
    endResetModel();
}

void GroupCrossing::clear() {
    beginResetModel();
    m_rows = m_columns = {};
    m_counts.clear();
    m_most = 0;
    endResetModel();
}

GroupCrossing::Cell GroupCrossing::cell(const QModelIndex& index) const {
    return {code(m_rows, index.row()), code(m_columns, index.column())};
}

qint64 GroupCrossing::count(const Cell& cell) const {
    const auto range = [](const std::optional<std::int32_t>& one,
                          std::size_t groups) -> std::pair<std::size_t, std::size_t> {
        if (!one)
            return {0, groups + 1};
        const std::size_t at = *one == Attribute::kUnlabelled ? groups : static_cast<std::size_t>(*one);
        return {at, at + 1};
    };
    const auto [rowBegin, rowEnd] = range(cell.row, m_rows.groups);
    const auto [columnBegin, columnEnd] = range(cell.column, m_columns.groups);
    qint64 sum = 0;
    for (std::size_t row = rowBegin; row < rowEnd; ++row)
        for (std::size_t column = columnBegin; column < columnEnd; ++column)
            sum += m_counts[row * (m_columns.groups + 1) + column];
    return sum;
}

GroupCrossing::Summary GroupCrossing::summary() const {
    Summary result;
    for (std::size_t row = 0; row < m_rows.groups; ++row)
        for (std::size_t column = 0; column < m_columns.groups; ++column) {
            const qint64 images = m_counts[row * (m_columns.groups + 1) + column];
            ++result.all;
            result.empty += images == 0;
            result.few += images > 0 && images < kFewImages;
        }
    return result;
}

int GroupCrossing::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.names.size());
}

int GroupCrossing::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_columns.names.size());
}

QVariant GroupCrossing::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const Cell at = cell(index);
    const qint64 images = count(at);
    const bool isGroups = at.row.value_or(Attribute::kUnlabelled) != Attribute::kUnlabelled &&
                          at.column.value_or(Attribute::kUnlabelled) != Attribute::kUnlabelled;
    const bool few = isGroups && images < kFewImages;
    switch (role) {
    case Qt::DisplayRole:
        return countText(images);
    case CountRole:
        return images;
    case ShareRole:
        return isGroups && m_most > 0 ? static_cast<double>(images) / static_cast<double>(m_most) : 0.0;
    case FewRole:
        return few;
    case Qt::TextAlignmentRole:
        return int(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: {
        const QString words = tr("%1, %2: %Ln image(s)", nullptr, static_cast<int>(images))
                                  .arg(m_rows.names[index.row()], m_columns.names[index.column()]);
        return few ? tr("%1, too few to say much").arg(words) : words;
    }
    default:
        return {};
    }
}

QVariant GroupCrossing::headerData(int section, Qt::Orientation orientation, int role) const {
    const QStringList& names = orientation == Qt::Horizontal ? m_columns.names : m_rows.names;
    if (role != Qt::DisplayRole || section < 0 || section >= names.size())
        return {};
    return names[section];
}

} // namespace plumbline::ui
