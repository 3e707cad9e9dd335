// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models/models_page.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "core/base/path.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/models/card_facts.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {
const QString kFolder = QStringLiteral("model");

/// Qt's name of a stored path. A name that is not UTF-8 has none; it then stays in its encoded form.
QString qtPath(const std::string& encodedPath) {
    return QFile::decodeName(QByteArray::fromStdString(decodePath(encodedPath).string()));
}
} // namespace

ModelsPage::ModelsPage(const Context& context, QWidget* parent)
    : Page(tr("Models"), tr("The CLIP models of this project, and how each folder was read."), parent),
      m_context(context), m_stack(new QStackedWidget), m_table(new TableView), m_card(new FactSheet),
      m_cardTitle(heading({})), m_add(addPrimaryButton(tr("Add model folder…"))),
      m_vocabulary(new QPushButton(tr("Choose vocabulary…"))), m_remove(new QPushButton(tr("Remove"))) {
    auto* empty = new EmptyState(QStringLiteral("models"),
                                 tr("No model yet. Add a CLIP folder in the Hugging Face or OpenCLIP form, or drop "
                                    "one anywhere on this window."));
    connect(empty->addButton(tr("Add model folder…")), &QPushButton::clicked, this, &ModelsPage::chooseModelFolder);

    m_table->setSource(m_context.lists->models(), kSortRole);
    m_table->setStretchColumn(ModelTable::Name);
    m_table->setAccessibleName(tr("Models"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* list = new Surface(Surface::Kind::Card);
    list->column()->addWidget(m_table);

    auto* card = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    top->addWidget(m_cardTitle, 1);
    top->addWidget(m_vocabulary);
    top->addWidget(m_remove);
    card->column()->addLayout(top);
    card->column()->addWidget(m_card, 1);
    m_card->setAccessibleName(tr("Provenance card of the model"));
    m_remove->setToolTip(tr("Remove the model from this project. Its files and finished runs stay."));

    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(list);
    both->addWidget(card);
    both->setStretchFactor(0, 1);
    both->setStretchFactor(1, 1);
    both->setSizes({570, 470});
    m_stack->addWidget(empty);
    m_stack->addWidget(both);
    body()->addWidget(m_stack, 1);

    connect(m_add, &QPushButton::clicked, this, &ModelsPage::chooseModelFolder);
    connect(m_remove, &QPushButton::clicked, this, &ModelsPage::removeCurrent);
    connect(m_vocabulary, &QPushButton::clicked, this, [this] {
        if (const auto* record = m_context.lists->models()->record(m_table->currentSource()))
            chooseVocabulary(qtPath(record->path));
    });
    connect(m_table, &TableView::currentSourceChanged, this, &ModelsPage::showCurrent);
    connect(m_context.lists, &ProjectLists::refreshed, this, &ModelsPage::updateState);
    updateState();
}

void ModelsPage::chooseModelFolder() {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this] { chooseModelFolder(); });
        return;
    }
    const QString folder = QFileDialog::getExistingDirectory(window(), tr("Choose a CLIP model folder"),
                                                             m_context.settings->folder(kFolder));
    if (folder.isEmpty())
        return;
    m_context.settings->setFolder(kFolder, QFileInfo(folder).absolutePath());
    addModel(folder);
}

void ModelsPage::addModel(const QString& folder, const QString& vocabulary) {
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("path"), encoded(folder));
    if (!vocabulary.isEmpty())
        params.insert(QStringLiteral("vocab"), encoded(vocabulary));
    m_context.work->start(QStringLiteral("model"), tr("Adding model %1").arg(QFileInfo(folder).fileName()),
                          QStringLiteral("project/addModel"), params, this,
                          [this, folder, vocabulary](const Outcome<QJsonObject>& answer) {
                              if (answer)
                                  added(folder, vocabulary, *answer);
                              else if (!answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                          });
}

void ModelsPage::added(const QString& folder, const QString& vocabulary, const QJsonObject& answer) {
    m_toSelect = answer.value(u"id").toInteger();
    updateState();
    const auto card = modelCardFrom(answer.value(u"card").toObject());
    if (!card) {
        Q_EMIT raised(Message::of(card.error()));
        return;
    }
    const QString name = QFileInfo(folder).fileName();
    const QString key = QStringLiteral("vocabulary/") + folder;
    if (card->vocabulary.empty()) {
        if (const QString remembered = m_context.settings->vocabulary(); vocabulary.isEmpty() && !remembered.isEmpty()) {
            addModel(folder, remembered);
            return;
        }
        Q_EMIT raised({Severity::Warning,
                       tr("%1 brings no tokenizer vocabulary, so prompts cannot be asked yet. Choose a folder with "
                          "vocab.json and merges.txt, or bpe_simple_vocab_16e6.txt.gz.")
                           .arg(name),
                       {},
                       {{tr("Choose vocabulary…"), [this, folder] { chooseVocabulary(folder); }}},
                       key});
        return;
    }
    if (!vocabulary.isEmpty()) {
        m_context.settings->setVocabulary(vocabulary);
        Q_EMIT raised({Severity::Note, tr("%1 uses the vocabulary of %2.").arg(name, vocabulary), {}, {}, key});
    }
    if (!card->selfCheck.passed) {
        QStringList findings;
        for (const auto& finding : card->selfCheck.findings)
            findings.append(fromUtf8(finding));
        Q_EMIT raised({Severity::Warning,
                       tr("The self-check of %1 found something that makes its numbers doubtful.").arg(name),
                       findings.join(u'\n')});
    }
}

void ModelsPage::chooseVocabulary(const QString& folder) {
    const QString vocabulary = QFileDialog::getExistingDirectory(
        window(), tr("Choose a folder with vocab.json and merges.txt, or bpe_simple_vocab_16e6.txt.gz"),
        m_context.settings->vocabulary().isEmpty() ? folder : m_context.settings->vocabulary());
    if (!vocabulary.isEmpty())
        addModel(folder, vocabulary);
}

void ModelsPage::showCurrent() {
    const auto* record = m_context.lists->models()->record(m_table->currentSource());
    m_vocabulary->setEnabled(record != nullptr && m_context.isWritable());
    m_remove->setEnabled(record != nullptr && m_context.isWritable());
    // A refresh of the lists is no reason to build forty labels again.
    const QString shownCard = record != nullptr ? QStringLiteral("%1 %2 %3").arg(record->id).arg(
                                                      fromUtf8(record->card.contentSha256), fromUtf8(record->card.vocabulary))
                                                : QString();
    if (std::exchange(m_shownCard, shownCard) == shownCard)
        return;
    m_cardTitle->setText(record != nullptr ? fromUtf8(record->name) : QString());
    m_card->setGroups(record != nullptr ? cardFacts(record->card) : std::vector<FactSheet::Group>());
}

void ModelsPage::removeCurrent() {
    const auto* record = m_context.lists->models()->record(m_table->currentSource());
    if (record == nullptr)
        return;
    m_context.project->ask<std::monostate>(
        this,
        [id = record->id](store::Project& project) -> Result<std::monostate> {
            PLUMBLINE_CHECK(project.removeModel(id));
            return {};
        },
        [this, removed = *record](const Result<std::monostate>& result) {
            if (!result) {
                Q_EMIT raised(Message::of(result.error()));
                return;
            }
            const auto undo = [this, removed] {
                m_context.project->ask<std::int64_t>(
                    this, [removed](store::Project& project) { return project.addModel(removed); },
                    [this](const Result<std::int64_t>& id) {
                        if (!id)
                            Q_EMIT raised(Message::of(id.error()));
                    });
            };
            Q_EMIT raised({Severity::Note,
                           tr("%1 was removed from the project.").arg(fromUtf8(removed.name)),
                           {},
                           {{tr("Undo"), undo}}});
        });
}

void ModelsPage::updateState() {
    ModelTable* models = m_context.lists->models();
    m_add->setEnabled(!m_context.project->isOpen() || m_context.isWritable());
    m_stack->setCurrentIndex(models->rowCount() > 0 ? 1 : 0);
    m_add->setVisible(models->rowCount() > 0);
    if (const QModelIndex fresh = models->indexOf(m_toSelect); m_toSelect != 0 && fresh.isValid()) {
        m_toSelect = 0;
        m_table->setCurrentSource(fresh);
    } else if (!m_table->currentIndex().isValid() && models->rowCount() > 0) {
        m_table->setCurrentSource(models->index(0, 0));
    }
    showCurrent();
}

} // namespace plumbline::ui
