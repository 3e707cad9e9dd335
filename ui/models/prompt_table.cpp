// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/prompt_table.h"

#include <algorithm>

namespace plumbline::ui {

PromptTable::PromptTable(QObject* parent) : QAbstractTableModel(parent) {}

void PromptTable::setPrompts(QStringList prompts) {
    if (prompts == m_prompts)
        return;
    beginResetModel();
    m_prompts = std::move(prompts);
    m_counts.clear();
    m_truncated.clear();
    endResetModel();
}

void PromptTable::setCounts(const std::vector<int>& counts, const std::vector<bool>& truncated, int contextLength) {
    const auto expected = static_cast<std::size_t>(m_prompts.size());
    if (counts.size() != expected || truncated.size() != expected || expected == 0)
        return;
    m_counts = counts;
    m_truncated = truncated;
    m_contextLength = contextLength;
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Tokens));
}

int PromptTable::truncatedCount() const {
    return static_cast<int>(std::count(m_truncated.begin(), m_truncated.end(), true));
}

int PromptTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_prompts.size());
}

int PromptTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 2; }

QVariant PromptTable::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const auto row = static_cast<std::size_t>(index.row());
    const bool counted = row < m_counts.size();
    if (index.column() == Text) {
        if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
            return m_prompts.at(index.row());
        return {};
    }
    switch (role) {
    case Qt::DisplayRole:
        if (!counted)
            return {};
        return m_truncated[row] ? tr("%1, cut to %2").arg(m_counts[row]).arg(m_contextLength)
                                : QString::number(m_counts[row]);
    case Qt::ToolTipRole:
        if (counted && m_truncated[row])
            return tr("The model reads only the first %1 tokens of this prompt, as its reference implementation does.")
                .arg(m_contextLength);
        return {};
    case Qt::TextAlignmentRole: return int(Qt::AlignRight | Qt::AlignVCenter);
    default: return {};
    }
}

QVariant PromptTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::DisplayRole)
        return section == Text ? tr("Prompt") : tr("Tokens");
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (section == Tokens ? Qt::AlignRight : Qt::AlignLeft));
    return {};
}

} // namespace plumbline::ui
