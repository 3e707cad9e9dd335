// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/word_table.h"

#include "core/data/probe_templates.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

WordTable::WordTable(QObject* parent) : QAbstractTableModel(parent) {}

void WordTable::setProbe(const ProbeSet& probe) {
    beginResetModel();
    m_templates.clear();
    m_headers.clear();
    m_concepts.clear();
    for (const std::string& text : probe.templates) {
        const auto place = attributePlace(text);
        if (!place)
            continue;
        QStringList& plain = m_templates.emplace_back();
        for (const std::string& one : withoutAttribute(text))
            plain.append(fromUtf8(one));
        for (int i = 0; i < plain.size(); ++i) {
            const QString word = fromUtf8(place->words[static_cast<std::size_t>(i)]);
            if (i == m_headers.size())
                m_headers.append(word);
            else if (m_headers[i] != word)
                m_headers[i] = tr("Word %1").arg(i + 1);
        }
    }
    for (const Concept& each : probe.concepts)
        m_concepts.append(fromUtf8(each.text));
    endResetModel();
}

int WordTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_templates.size()) * static_cast<int>(m_concepts.size());
}

int WordTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_headers.size());
}

QVariant WordTable::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid) ||
        (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    const auto concepts = static_cast<int>(m_concepts.size());
    const QStringList& words = m_templates[static_cast<std::size_t>(index.row() / concepts)];
    if (index.column() >= words.size())
        return {};
    QString text = words.at(index.column());
    if (const auto place = text.indexOf(QLatin1String("{}")); place >= 0)
        text.replace(place, 2, m_concepts.at(index.row() % concepts));
    return text;
}

QVariant WordTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section >= m_headers.size())
        return {};
    return m_headers.at(section);
}

} // namespace plumbline::ui
