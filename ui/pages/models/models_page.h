// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>

#include "core/data/model_info.h"
#include "ui/bridge/engine.h"
#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QMenu;
class QStackedWidget;

namespace plumbline::ui {

class FactSheet;
class TableView;

/// The models of the project, and the provenance card of the chosen one.
class ModelsPage : public Page {
    Q_OBJECT
public:
    explicit ModelsPage(const Context& context, QWidget* parent = nullptr);

    /// Reads a model, a folder or a file of weights, and adds it to the open project. Its hashes and self-check are
    /// computed afterwards; it can be used meanwhile. `vocabulary`: folder or file of a tokenizer.
    void addModel(const QString& path, const QString& vocabulary = {});
    void chooseModelFolder();
    void chooseModelFile();

    TableView* table() const { return m_table; }

Q_SIGNALS:
    /// The page wants a model while no project is open.
    void projectNeeded(std::function<void()> then);

protected:
    void showEvent(QShowEvent* event) override;

private:
    enum class Kind { Folder, File };
    void chooseModel(Kind kind);
    void chooseVocabulary(const QString& model, Kind kind);
    QMenu* vocabularyMenu();
    std::vector<Message::Action> vocabularyActions(const QString& model);
    void send(const QString& path, const QString& vocabulary, Engine::Answer answer);
    void added(const QString& path, const QString& vocabulary, const QJsonObject& answer);
    /// A model without a tokenizer: CLIP's own, if it needs that and one is remembered; otherwise it is asked for.
    void findVocabulary(const QString& path, qint64 id, const ModelCard& card);
    void askForVocabulary(const QString& path, const ModelCard& card, const QString& details = {});
    void check(qint64 id, const QString& name);
    void cancelCheck(qint64 id);
    void checked(const QString& name, const QJsonObject& answer);
    void showCurrent();
    void showCheck();
    void removeCurrent();
    void updateState();

    Context m_context;
    QStackedWidget* m_stack;
    TableView* m_table;
    FactSheet* m_card;
    QLabel* m_cardTitle;
    QWidget* m_checkRow; ///< what is missing on the card, and the button that computes it
    QLabel* m_checkText;
    QPushButton* m_checkNow;
    QPushButton* m_add;
    QPushButton* m_vocabulary;
    QPushButton* m_remove;
    QString m_shownCard;            ///< what the card shows: record, weights, vocabulary
    qint64 m_added = 0; ///< the newest that can be taken back
    qint64 m_toSelect = 0;          ///< a model just added, until the table has it
    QHash<qint64, qint64> m_checks; ///< models that are being checked, with the number of the engine's request
};

} // namespace plumbline::ui
