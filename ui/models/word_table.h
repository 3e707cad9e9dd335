// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QStringList>

#include "core/data/probe.h"

namespace plumbline::ui {

/// The prompts of the templates with an attribute's words, side by side: a row a template and concept, a column a word.
class WordTable : public QAbstractTableModel {
    Q_OBJECT
public:
    explicit WordTable(QObject* parent = nullptr);

    void setProbe(const ProbeSet& probe);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    /// The word, where all templates have the same in this column.
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<QStringList> m_templates; ///< each with every word
    QStringList m_headers, m_concepts;
};

} // namespace plumbline::ui
