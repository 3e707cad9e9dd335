// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models/models_page.h"

#include <memory>

#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "core/base/path.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/models/card_facts.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/file_dialog.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {
const QString kFolder = QStringLiteral("model");

/// Qt's name of a stored path. A name that is not UTF-8 has none; it then stays in its encoded form.
QString qtPath(const std::string& encodedPath) {
    return QFile::decodeName(QByteArray::fromStdString(decodePath(encodedPath).string()));
}

/// Of the messages about the tokenizer of one model.
QString vocabularyKey(const QString& path) { return QStringLiteral("vocabulary/") + path; }
} // namespace

ModelsPage::ModelsPage(const Context& context, QWidget* parent)
    : Page(tr("Models"), tr("The CLIP models of this project, and how each was read."), parent),
      m_context(context), m_stack(new QStackedWidget), m_table(new TableView), m_card(new FactSheet),
      m_cardTitle(heading({})), m_checkRow(new QWidget), m_checkText(caption({})),
      m_checkNow(new QPushButton(tr("Check now"))), m_add(addPrimaryButton(tr("Add model"))),
      m_vocabulary(new QPushButton(tr("Choose tokenizer"))), m_remove(new QPushButton(tr("Remove"))) {
    auto* empty = new EmptyState(QStringLiteral("models"),
                                 tr("No model yet. Add a CLIP: a folder in the Hugging Face or OpenCLIP form, or a file "
                                    "of weights. Or drop it anywhere on this window."));
    connect(empty->addButton(tr("Add model folder…")), &QPushButton::clicked, this, &ModelsPage::chooseModelFolder);
    connect(empty->addButton(tr("Add model file…"), false), &QPushButton::clicked, this, &ModelsPage::chooseModelFile);

    m_table->setSource(m_context.lists->models(), kSortRole);
    m_table->setStretchColumn(ModelTable::Name);
    m_table->setAccessibleName(tr("Models"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* list = new Surface(Surface::Kind::Card);
    list->column()->addWidget(m_table);

    auto* card = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    m_cardTitle->setWordWrap(true); // "organisation/name" may be long
    top->addWidget(m_cardTitle, 1);
    top->addWidget(m_vocabulary);
    top->addWidget(m_remove);
    auto* missing = new QHBoxLayout(m_checkRow);
    missing->setContentsMargins(0, 0, 0, 0);
    missing->setSpacing(theme::kGrid);
    m_checkText->setWordWrap(true);
    missing->addWidget(m_checkText, 1);
    missing->addWidget(m_checkNow);
    card->column()->addLayout(top);
    card->column()->addWidget(m_checkRow);
    card->column()->addWidget(m_card, 1);
    m_card->setAccessibleName(tr("Provenance card of the model"));
    m_remove->setToolTip(tr("Remove the model from this project. Its files and finished runs stay."));

    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(list);
    both->addWidget(card);
    both->setStretchFactor(0, 1);
    both->setStretchFactor(1, 1);
    both->setSizes({640, 400});
    m_stack->addWidget(empty);
    m_stack->addWidget(both);
    body()->addWidget(m_stack, 1);

    auto* add = new QMenu(m_add);
    add->addAction(tr("Add model &folder…"), this, &ModelsPage::chooseModelFolder);
    add->addAction(tr("Add model f&ile…"), this, &ModelsPage::chooseModelFile);
    m_add->setMenu(add);
    m_vocabulary->setMenu(vocabularyMenu());
    m_vocabulary->setToolTip(tr("Use the tokenizer of another folder or file for this model."));
    connect(m_remove, &QPushButton::clicked, this, &ModelsPage::removeCurrent);
    connect(m_checkNow, &QPushButton::clicked, this, [this] {
        if (const auto* record = m_context.lists->models()->record(m_table->currentSource()))
            check(record->id, fromUtf8(record->name));
    });
    connect(m_table, &TableView::currentSourceChanged, this, &ModelsPage::showCurrent);
    connect(m_context.lists, &ProjectLists::refreshed, this, &ModelsPage::updateState);
    // Another project has other models of the same numbers.
    connect(m_context.project, &ProjectService::closed, this, [this] { m_checks.clear(); });
    updateState();
}

void ModelsPage::chooseModelFolder() { chooseModel(Kind::Folder); }

void ModelsPage::chooseModelFile() { chooseModel(Kind::File); }

void ModelsPage::chooseModel(Kind kind) {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this, kind] { chooseModel(kind); });
        return;
    }
    const QString start = m_context.settings->folder(kFolder);
    const QString path = kind == Kind::Folder ? chooseFolder(window(), tr("Choose a CLIP model folder"), start)
                                              : chooseFile(window(), tr("Choose a CLIP model file"), start,
                                                           tr("Weights (*.safetensors *.bin *.pt *.pth *.ckpt)"));
    if (path.isEmpty())
        return;
    m_context.settings->setFolder(kFolder, QFileInfo(path).absolutePath());
    addModel(path);
}

void ModelsPage::send(const QString& path, const QString& vocabulary, Engine::Answer answer) {
    // A model that is added again need not be checked as it was.
    for (const auto& record : m_context.lists->models()->records())
        if (record.path == encoded(path).toStdString())
            cancelCheck(record.id);
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("path"), encoded(path));
    if (!vocabulary.isEmpty())
        params.insert(QStringLiteral("vocab"), encoded(vocabulary));
    m_context.work->start(QStringLiteral("model"), tr("Adding model %1").arg(modelPathText(path)),
                          QStringLiteral("project/addModel"), params, this, std::move(answer));
}

void ModelsPage::addModel(const QString& path, const QString& vocabulary) {
    send(path, vocabulary, [this, path, vocabulary](const Outcome<QJsonObject>& answer) {
        if (answer) {
            added(path, vocabulary, *answer);
            return;
        }
        if (answer.error().cancelled())
            return;
        Message message = Message::of(answer.error().error());
        if (answer.error().error().code == ErrorCode::VocabularyInvalid) // the model's own may be the one that is not
            message.actions = vocabularyActions(path);
        Q_EMIT raised(message);
    });
}

void ModelsPage::added(const QString& path, const QString& vocabulary, const QJsonObject& answer) {
    const qint64 id = answer.value(u"id").toInteger();
    // A model that was there before has only been read anew.
    if (!m_context.lists->models()->indexOf(id).isValid() && std::exchange(m_added, id) != id)
        m_context.project->history()->added(
            tr("adding a model"), [id](store::Project& project) { return project.removeModel(id); });
    m_toSelect = id;
    updateState();
    const auto card = modelCardFrom(answer.value(u"card").toObject());
    if (!card) {
        Q_EMIT raised(Message::of(card.error()));
        return;
    }
    const QString name = fromUtf8(card->config.name);
    if (card->vocabulary.empty() && vocabulary.isEmpty()) {
        findVocabulary(path, id, *card);
        return;
    }
    if (!vocabulary.isEmpty()) {
        if (card->config.clipTokenizer) // which other models without one need, too
            m_context.settings->setVocabulary(vocabulary);
        Q_EMIT raised({Severity::Note,
                       tr("%1 uses the tokenizer of %2.").arg(name, vocabulary),
                       {},
                       {},
                       vocabularyKey(path)});
    }
    check(id, name);
}

void ModelsPage::findVocabulary(const QString& path, qint64 id, const ModelCard& card) {
    const QString remembered = m_context.settings->vocabulary();
    if (!card.config.clipTokenizer || remembered.isEmpty()) {
        askForVocabulary(path, card);
        check(id, fromUtf8(card.config.name));
        return;
    }
    send(path, remembered, [this, path, id, card, remembered](const Outcome<QJsonObject>& answer) {
        if (answer) {
            added(path, remembered, *answer);
            return;
        }
        if (answer.error().cancelled())
            return;
        askForVocabulary(path, card, errorText(answer.error().error()));
        check(id, fromUtf8(card.config.name));
    });
}

void ModelsPage::askForVocabulary(const QString& path, const ModelCard& card, const QString& details) {
    const QString name = fromUtf8(card.config.name);
    const QString tokenizer = fromUtf8(card.config.tokenizerName);
    QString sentence;
    if (card.config.clipTokenizer)
        sentence = tr("%1 brings no tokenizer, so prompts cannot be asked yet. Choose a folder with CLIP's vocab.json and "
                      "merges.txt, or the file bpe_simple_vocab_16e6.txt.gz or tokenizer.json.")
                       .arg(name);
    else if (tokenizer.isEmpty())
        sentence = tr("%1 brings no tokenizer, so prompts cannot be asked yet. It was not trained with CLIP's: put its own "
                      "tokenizer.json or SentencePiece model into its folder and add it again, or choose it here.")
                       .arg(name);
    else
        sentence = tr("%1 brings no tokenizer, so prompts cannot be asked yet. It was trained with %2: put that one's "
                      "tokenizer.json or SentencePiece model into its folder and add it again, or choose it here.")
                       .arg(name, tokenizer);
    Q_EMIT raised({Severity::Warning, sentence, details, vocabularyActions(path), vocabularyKey(path)});
}

std::vector<Message::Action> ModelsPage::vocabularyActions(const QString& model) {
    return {{tr("Choose folder…"), [this, model] { chooseVocabulary(model, Kind::Folder); }},
            {tr("Choose file…"), [this, model] { chooseVocabulary(model, Kind::File); }}};
}

QMenu* ModelsPage::vocabularyMenu() {
    auto* menu = new QMenu(m_vocabulary);
    const auto choose = [this](Kind kind) {
        if (const auto* record = m_context.lists->models()->record(m_table->currentSource()))
            chooseVocabulary(qtPath(record->path), kind);
    };
    menu->addAction(tr("From a &folder…"), this, [choose] { choose(Kind::Folder); });
    menu->addAction(tr("From a f&ile…"), this, [choose] { choose(Kind::File); });
    return menu;
}

void ModelsPage::chooseVocabulary(const QString& model, Kind kind) {
    const QString start = m_context.settings->vocabulary().isEmpty() ? model : m_context.settings->vocabulary();
    const QString vocabulary =
        kind == Kind::Folder
            ? chooseFolder(window(), tr("Choose a folder with a tokenizer"), start)
            : chooseFile(window(), tr("Choose a tokenizer"), start, tr("Tokenizers (*.gz *.json *.model)"));
    if (!vocabulary.isEmpty())
        addModel(model, vocabulary);
}

// ---------------------------------------------------------------------------------------------------------------------
// Hashes and self-check

void ModelsPage::check(qint64 id, const QString& name) {
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("id"), id);
    auto request = std::make_shared<qint64>(0);
    *request = m_context.work->start(QStringLiteral("check"), tr("Checking model %1").arg(name),
                                     QStringLiteral("project/checkModel"), params, this,
                                     [this, id, name, request](const Outcome<QJsonObject>& answer) {
                                         if (m_checks.value(id) == *request)
                                             m_checks.remove(id);
                                         showCheck();
                                         if (answer)
                                             checked(name, *answer);
                                         else if (!answer.error().cancelled())
                                             Q_EMIT raised(Message::of(answer.error().error()));
                                     });
    m_checks.insert(id, *request);
    showCheck();
}

void ModelsPage::cancelCheck(qint64 id) {
    if (m_checks.contains(id))
        m_context.work->cancel(m_checks.value(id));
}

void ModelsPage::checked(const QString& name, const QJsonObject& answer) {
    const auto card = modelCardFrom(answer.value(u"card").toObject());
    if (!card) {
        Q_EMIT raised(Message::of(card.error()));
        return;
    }
    if (card->selfCheck.passed)
        return;
    QStringList findings;
    for (const auto& finding : card->selfCheck.findings)
        findings.append(fromUtf8(finding));
    Q_EMIT raised({Severity::Warning,
                   tr("The self-check of %1 found something that makes its numbers doubtful.").arg(name),
                   findings.join(u'\n')});
}

void ModelsPage::showCheck() {
    const auto* record = m_context.lists->models()->record(m_table->currentSource());
    const bool runs = record != nullptr && m_checks.contains(record->id);
    m_checkRow->setVisible(record != nullptr && (runs || !isChecked(record->card)));
    m_checkText->setText(runs ? tr("Hashes and self-check are being computed. The model can be used meanwhile.")
                              : tr("Hashes and self-check have not been computed yet."));
    m_checkNow->setVisible(!runs);
    m_checkNow->setEnabled(m_context.isWritable());
}

void ModelsPage::showCurrent() {
    const auto* record = m_context.lists->models()->record(m_table->currentSource());
    m_vocabulary->setEnabled(record != nullptr && m_context.isWritable());
    m_remove->setEnabled(record != nullptr && m_context.isWritable());
    showCheck();
    if (!isVisible())
        return; // showEvent() comes: a project that opens has more to do than a card that nobody looks at
    // A refresh of the lists is no reason to build forty labels again.
    const QString shownCard = record != nullptr ? QStringLiteral("%1 %2 %3").arg(record->id).arg(
                                                      fromUtf8(record->card.contentSha256), fromUtf8(record->card.vocabulary))
                                                : QString();
    if (std::exchange(m_shownCard, shownCard) == shownCard)
        return;
    m_cardTitle->setText(record != nullptr ? breakable(fromUtf8(record->name)) : QString());
    m_card->setGroups(record != nullptr ? cardFacts(record->card) : std::vector<FactSheet::Group>());
}

void ModelsPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    QTimer::singleShot(0, this, &ModelsPage::showCurrent); // once the room is there
}

void ModelsPage::removeCurrent() {
    const auto* record = m_context.lists->models()->record(m_table->currentSource());
    if (record == nullptr)
        return;
    cancelCheck(record->id);
    const QString name = fromUtf8(record->name);
    m_context.project->history()->edit(
        this, tr("removing %1").arg(name), [id = record->id](store::Project& project) { return project.removeModel(id); },
        [this, name](const Result<void>& result) {
            if (!result)
                Q_EMIT raised(Message::of(result.error()));
            else
                Q_EMIT raised(Message::removed(name, m_context.project->history()));
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
