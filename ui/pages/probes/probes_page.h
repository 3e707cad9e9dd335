// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

#include "core/data/probe.h"
#include "core/store/project.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPlainTextEdit;

namespace plumbline::ui {

class DifferenceView;

class PromptTable;
class TableView;
class TokenCounter;
class WordTable;

/// Probe sets: the built-in ones to read and copy, those of the project to edit. What is typed is stored by itself
/// shortly after; the prompts that come of it stand beside it all the time.
class ProbesPage : public Page {
    Q_OBJECT
public:
    explicit ProbesPage(const Context& context, QWidget* parent = nullptr);
    ~ProbesPage() override;

    void newProbe();
    /// Stores what was typed and is not stored yet.
    void flush();
    /// Reads a probe file, shows what came of it and adds it to the project.
    void importFile(const QString& file);

    TableView* table() const { return m_table; }
    PromptTable* prompts() const { return m_prompts; }

Q_SIGNALS:
    void projectNeeded(std::function<void()> then);

private:
    void addProbe(const ProbeSet& probe);
    void copyCurrent();
    void removeCurrent();
    void showVersions();
    void refreshAsked();
    void updateAsked();
    void load();
    /// The fields, as this set has them.
    void fill(const ProbeSet& probe);
    void edited();
    void preview(const ProbeSet& probe);
    ProbeSet typed() const;
    void updateState();
    void updateSummary();
    void updateView();
    void updateDifference();
    void updateFaults(const ProbeSet& probe);

    Context m_context;
    TableView* m_table;
    QLineEdit* m_name;
    QLineEdit* m_version;
    QLineEdit* m_source;
    QPlainTextEdit* m_templates;
    QPlainTextEdit* m_concepts;
    QLabel* m_state;
    QLabel* m_asked; ///< how the set differs from what was last asked of it
    QPushButton* m_versions;
    QPushButton* m_copy;
    QPushButton* m_remove;
    PromptTable* m_prompts;
    TableView* m_promptView;
    WordTable* m_words; ///< prompts that differ in an attribute's word only
    TableView* m_wordView;
    QCheckBox* m_sideBySide;
    QLabel* m_faults; ///< why the set as it is typed would be refused as a file
    QLabel* m_summary;
    QComboBox* m_model;
    QComboBox* m_other;           ///< the set that this one is held against
    DifferenceView* m_difference; ///< in the place of the prompts, while there is one
    TokenCounter* m_tokens;
    QString m_tokenProblem;
    QTimer m_saving;
    qint64 m_loaded = 0; ///< the record in the editor
    ProbeSet m_stored;   ///< as it was read, or as it was last given to the project
    qint64 m_toSelect = 0;
    qint64 m_lastRun = 0;      ///< the newest run that asked a state of the set; 0: none
    std::string m_lastAsked;   ///< the hash of what it asked
    bool m_loading = false;
    bool m_dirty = false; ///< typed and not given to the project yet
    int m_storing = 0;    ///< given to it and not stored yet
};

} // namespace plumbline::ui
