// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>
#include <QStringList>

#include "core/data/probe.h"

namespace plumbline::ui {

/// The expanded prompts of a probe set, with their number of tokens once a model has counted them. A prompt's text is
/// made when it is asked for, so that a set of a thousand concepts in eighty templates costs nothing until it is seen.
class PromptTable : public QAbstractTableModel {
    Q_OBJECT
public:
    enum ColumnIndex { Text, Tokens };

    explicit PromptTable(QObject* parent = nullptr);

    void setProbe(const ProbeSet& probe);
    /// Prompts as they stand.
    void setPrompts(const QStringList& prompts);
    QString prompt(int row) const;
    QStringList prompts() const;
    /// One a prompt, in order; other sizes are ignored (an answer to an earlier question).
    void setCounts(const std::vector<int>& counts, const std::vector<bool>& truncated, int contextLength);
    /// How many prompts the model would cut.
    int truncatedCount() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    /// Without templates each of `concepts` is a prompt.
    void set(QStringList templates, QStringList concepts);

    QStringList m_templates, m_concepts;
    std::vector<int> m_counts;
    std::vector<bool> m_truncated;
    int m_contextLength = 0;
};

} // namespace plumbline::ui
