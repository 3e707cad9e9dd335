// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/prompt_table.h"

#include <algorithm>

#include "core/data/probe_templates.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

namespace {
constexpr qint64 kMostRows = 1'000'000; // no set with more is read or audited
}

PromptTable::PromptTable(QObject* parent) : QAbstractTableModel(parent) {}

void PromptTable::setProbe(const ProbeSet& probe) {
    QStringList templates, concepts;
    for (const std::string& text : plainTemplates(probe))
        templates.append(fromUtf8(text));
    for (const Concept& each : probe.concepts)
        concepts.append(fromUtf8(each.text));
    set(std::move(templates), std::move(concepts));
}

void PromptTable::setPrompts(const QStringList& prompts) {
    set({}, prompts);
}

void PromptTable::set(QStringList templates, QStringList concepts) {
    if (templates == m_templates && concepts == m_concepts)
        return;
    beginResetModel();
    m_templates = std::move(templates);
    m_concepts = std::move(concepts);
    m_counts.clear();
    m_truncated.clear();
    endResetModel();
}

QString PromptTable::prompt(int row) const {
    const auto concepts = static_cast<int>(m_concepts.size());
    if (m_templates.isEmpty())
        return m_concepts.at(row);
    QString text = m_templates.at(row / concepts);
    if (const auto place = text.indexOf(QLatin1String("{}")); place >= 0)
        text.replace(place, 2, m_concepts.at(row % concepts));
    return text;
}

QStringList PromptTable::prompts() const {
    QStringList all;
    for (int row = 0; row < rowCount(); ++row)
        all.append(prompt(row));
    return all;
}

void PromptTable::setCounts(const std::vector<int>& counts, const std::vector<bool>& truncated, int contextLength) {
    const auto expected = static_cast<std::size_t>(rowCount());
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
    if (parent.isValid())
        return 0;
    const auto rows = static_cast<qint64>(m_concepts.size()) * std::max<qint64>(m_templates.size(), 1);
    return static_cast<int>(std::min(rows, kMostRows));
}

int PromptTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 2; }

QVariant PromptTable::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const auto row = static_cast<std::size_t>(index.row());
    const bool counted = row < m_counts.size();
    if (index.column() == Text) {
        if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
            return prompt(index.row());
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
