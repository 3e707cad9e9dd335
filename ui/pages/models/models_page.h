// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QStackedWidget;

namespace plumbline::ui {

class FactSheet;
class TableView;

/// The models of the project, and the provenance card of the chosen one.
class ModelsPage : public Page {
    Q_OBJECT
public:
    explicit ModelsPage(const Context& context, QWidget* parent = nullptr);

    /// Reads a model folder and adds it to the open project.
    void addModel(const QString& folder, const QString& vocabulary = {});
    void chooseModelFolder();

    TableView* table() const { return m_table; }

Q_SIGNALS:
    /// The page wants a model folder while no project is open.
    void projectNeeded(std::function<void()> then);

private:
    void chooseVocabulary(const QString& folder);
    void showCurrent();
    void removeCurrent();
    void updateState();
    void added(const QString& folder, const QString& vocabulary, const QJsonObject& answer);

    Context m_context;
    QStackedWidget* m_stack;
    TableView* m_table;
    FactSheet* m_card;
    QLabel* m_cardTitle;
    QPushButton* m_add;
    QPushButton* m_vocabulary;
    QPushButton* m_remove;
    QString m_shownCard; ///< what the card shows: record, weights, vocabulary
    qint64 m_toSelect = 0; ///< a model just added, until the table has it
};

} // namespace plumbline::ui
