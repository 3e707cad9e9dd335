// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/probes_page.h"

#include <algorithm>
#include <iterator>

#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/probe/probe_set.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/models/prompt_table.h"
#include "ui/models/word_table.h"
#include "ui/pages/probes/difference_view.h"
#include "ui/pages/probes/import_dialog.h"
#include "ui/pages/probes/probe_text.h"
#include "ui/pages/probes/token_counter.h"
#include "ui/pages/probes/versions_dialog.h"
#include "ui/widgets/file_dialog.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {

constexpr int kSaveDelayMs = 600;

QLabel* label(const QString& text, QWidget* buddy) {
    auto* result = new QLabel(text);
    result->setBuddy(buddy);
    result->setWordWrap(true);
    return result;
}

QPlainTextEdit* editor(const QString& name, const QString& placeholder) {
    auto* edit = new QPlainTextEdit;
    edit->setAccessibleName(name);
    edit->setPlaceholderText(placeholder);
    edit->setTabChangesFocus(true);
    edit->setLineWrapMode(QPlainTextEdit::NoWrap);
    return edit;
}

bool same(const ProbeSet& a, const ProbeSet& b) {
    return a.name == b.name && a.version == b.version && a.source == b.source && a.templates == b.templates &&
           std::ranges::equal(a.concepts, b.concepts, [](const Concept& x, const Concept& y) {
               return x.text == y.text && x.group == y.group;
           });
}

} // namespace

ProbesPage::ProbesPage(const Context& context, QWidget* parent)
    : Page(tr("Probes"), tr("What the model is asked: every concept in every template, or prompts as they stand."), parent),
      m_context(context), m_table(new TableView), m_name(new QLineEdit), m_version(new QLineEdit),
      m_source(new QLineEdit),
      m_templates(editor(tr("Templates"), tr("a photo of a {}\n\nEmpty: the lines below are whole prompts."))),
      m_concepts(editor(tr("Concepts"), tr("# occupation\nnurse\nengineer\n# trait\nkind person"))),
      m_state(caption({})), m_asked(caption({})), m_versions(new QPushButton(tr("Versions…"))),
      m_copy(new QPushButton(tr("Copy to edit"))), m_remove(new QPushButton(tr("Remove"))),
      m_prompts(new PromptTable(this)), m_promptView(new TableView), m_words(new WordTable(this)), m_wordView(new TableView),
      m_sideBySide(new QCheckBox(tr("Words side &by side"))), m_faults(caption({})), m_summary(heading({})), m_model(new QComboBox),
      m_other(new QComboBox), m_difference(new DifferenceView(tr("Difference between the two probe sets"))),
      m_tokens(new TokenCounter(context, m_prompts, this)) {
    QPushButton* import = addButton(tr("Import…"));
    import->setToolTip(tr("Read a probe file: JSON, a CSV with the columns template and concept, or a text file with one "
                          "concept a line (a line with {} is a template)"));
    connect(import, &QPushButton::clicked, this, [this] {
        const QString file =
            chooseFile(window(), tr("Choose a probe file"), m_context.settings->folder(QStringLiteral("probe")),
                       tr("Probe sets (*.json *.csv *.tsv *.txt);;All files (*)"));
        if (!file.isEmpty())
            importFile(file);
    });
    connect(addPrimaryButton(tr("New probe set")), &QPushButton::clicked, this, &ProbesPage::newProbe);

    m_table->setSource(m_context.lists->probes(), kSortRole);
    m_table->setStretchColumn(ProbeTable::Name);
    m_table->setAccessibleName(tr("Probe sets"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* list = new Surface(Surface::Kind::Card);
    list->column()->addWidget(m_table);

    auto* edit = new Surface(Surface::Kind::Card);
    edit->column()->addWidget(m_state);
    auto* top = new QHBoxLayout;
    top->addWidget(m_versions);
    top->addWidget(m_copy);
    top->addWidget(m_remove);
    top->addStretch();
    edit->column()->addLayout(top);
    m_asked->setWordWrap(true);
    edit->column()->addWidget(m_asked);
    m_versions->setToolTip(tr("The states of this set that the project keeps: what runs asked, and what you saved"));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(theme::kGrid);
    grid->setVerticalSpacing(theme::kGrid);
    m_version->setPlaceholderText(tr("1"));
    m_source->setPlaceholderText(tr("who wrote it, where it was published"));
    m_name->setAccessibleName(tr("Name"));
    grid->addWidget(label(tr("&Name"), m_name), 0, 0);
    grid->addWidget(m_name, 0, 1);
    grid->addWidget(label(tr("&Version"), m_version), 0, 2);
    grid->addWidget(m_version, 0, 3);
    grid->addWidget(label(tr("&Source"), m_source), 1, 0);
    grid->addWidget(m_source, 1, 1, 1, 3);
    grid->setColumnStretch(1, 4);
    grid->setColumnStretch(3, 1);
    edit->column()->addLayout(grid);
    edit->column()->addSpacing(theme::kHalf);
    edit->column()->addWidget(label(tr("&Templates, one a line; {} stands for the concept"), m_templates));
    edit->column()->addWidget(m_templates, 2);
    edit->column()->addWidget(label(tr("Con&cepts, one a line; “# group” starts a group"), m_concepts));
    edit->column()->addWidget(m_concepts, 5);
    m_faults->setWordWrap(true);
    m_faults->setAccessibleName(tr("What is wrong with the set"));
    edit->column()->addWidget(m_faults);
    m_templates->setToolTip(tr("“{gender: woman|man}” in a template asks it with each word in turn: prompts that differ "
                               "in that word only. Put the article inside: {a man|an old man}"));

    auto* result = new Surface(Surface::Kind::Card);
    m_promptView->setSource(m_prompts);
    m_promptView->setAccessibleName(tr("Prompts that come of it"));
    m_promptView->setSortingEnabled(false);
    m_promptView->setStretchColumn(PromptTable::Text);
    m_promptView->horizontalHeader()->moveSection(PromptTable::Tokens, PromptTable::Text); // never cut by long prompts
    m_wordView->setSource(m_words);
    m_wordView->setAccessibleName(tr("Prompts that differ in one word, side by side"));
    m_wordView->setSortingEnabled(false);
    m_wordView->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_sideBySide->setToolTip(tr("Each row has the prompts that differ only in the attribute's word"));
    m_promptView->verticalHeader()->setDefaultSectionSize(m_promptView->fontMetrics().height() + theme::kGrid);
    m_summary->setWordWrap(true);
    result->column()->addWidget(m_summary);
    m_other->setObjectName(QStringLiteral("otherProbe"));
    m_other->setAccessibleName(tr("Probe set to compare with"));
    m_other->setToolTip(tr("Shows what this set asks that the other does not (+), and the other way round (-)"));
    m_other->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_difference->setLineWrapMode(QPlainTextEdit::WidgetWidth);
    auto* comparing = new QHBoxLayout;
    auto* otherLabel = label(tr("Compare &with"), m_other);
    otherLabel->setWordWrap(false);
    theme::setMuted(otherLabel);
    comparing->addWidget(otherLabel);
    comparing->addWidget(m_other, 1);
    result->column()->addLayout(comparing);
    result->column()->addWidget(m_sideBySide);
    result->column()->addWidget(m_promptView, 1);
    result->column()->addWidget(m_wordView, 1);
    result->column()->addWidget(m_difference, 1);
    auto* counting = new QHBoxLayout;
    auto* countLabel = label(tr("Tokens count&ed by"), m_model);
    countLabel->setWordWrap(false);
    theme::setMuted(countLabel);
    m_model->setAccessibleName(tr("Model that counts the tokens"));
    counting->addWidget(countLabel);
    counting->addWidget(m_model, 1);
    result->column()->addLayout(counting);

    auto* all = new QSplitter;
    all->setChildrenCollapsible(false);
    all->addWidget(list);
    all->addWidget(edit);
    all->addWidget(result);
    all->setSizes({312, 350, 374});
    all->setStretchFactor(0, 2);
    all->setStretchFactor(1, 3);
    all->setStretchFactor(2, 4);
    body()->addWidget(all, 1);

    m_saving.setSingleShot(true);
    m_saving.setInterval(kSaveDelayMs);
    connect(&m_saving, &QTimer::timeout, this, &ProbesPage::flush);
    for (QLineEdit* line : {m_name, m_version, m_source})
        connect(line, &QLineEdit::textEdited, this, &ProbesPage::edited);
    for (QPlainTextEdit* text : {m_templates, m_concepts})
        connect(text, &QPlainTextEdit::textChanged, this, &ProbesPage::edited);
    connect(m_sideBySide, &QCheckBox::toggled, this, &ProbesPage::updateView);
    connect(m_versions, &QPushButton::clicked, this, &ProbesPage::showVersions);
    connect(m_copy, &QPushButton::clicked, this, &ProbesPage::copyCurrent);
    connect(m_remove, &QPushButton::clicked, this, &ProbesPage::removeCurrent);
    connect(m_table, &TableView::currentSourceChanged, this, &ProbesPage::load);
    connect(m_model, &QComboBox::currentIndexChanged, this, [this] {
        m_tokenProblem.clear();
        m_tokens->setModel(m_model->currentData().toLongLong());
    });
    connect(m_other, &QComboBox::currentIndexChanged, this, &ProbesPage::updateDifference);
    connect(m_tokens, &TokenCounter::counted, this, [this] {
        m_tokenProblem.clear();
        updateSummary();
    });
    connect(m_tokens, &TokenCounter::failed, this, [this](const QString& why) {
        m_tokenProblem = why;
        updateSummary();
    });
    connect(m_context.lists, &ProjectLists::refreshed, this, &ProbesPage::updateState);
    connect(m_context.lists, &ProjectLists::refreshed, this, &ProbesPage::refreshAsked);
    updateState();
}

ProbesPage::~ProbesPage() = default;

void ProbesPage::newProbe() {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this] { newProbe(); });
        return;
    }
    addProbe({tr("New probe set").toStdString(), "1", {}, {"a photo of a {}"}, {}});
}

void ProbesPage::importFile(const QString& file) {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this, file] { importFile(file); });
        return;
    }
    m_context.settings->setFolder(QStringLiteral("probe"), QFileInfo(file).absolutePath());
    m_context.project->ask<ProbeSet>( // whose thread may wait for a disk
        this, [file](store::Project&) { return probe::readProbeSet(localPath(file)); },
        [this, file](const Result<ProbeSet>& probe) {
            if (!probe) {
                Q_EMIT raised(Message::of(probe.error()));
                return;
            }
            auto* dialog = new ImportDialog(file, *probe, this);
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &QDialog::accepted, this, [this, probe = *probe] { addProbe(probe); });
            dialog->open();
        });
}

void ProbesPage::addProbe(const ProbeSet& probe) {
    flush();
    m_context.project->history()->edit<std::int64_t>(
        this, tr("adding %1").arg(fromUtf8(probe.name)),
        [probe](store::Project& project) { return project.addProbe(probe); },
        [this](const Result<std::int64_t>& id) {
            if (!id) {
                Q_EMIT raised(Message::of(id.error()));
                return;
            }
            m_toSelect = *id;
            updateState();
        });
}

void ProbesPage::copyCurrent() {
    const auto* record = m_context.lists->probes()->recordById(m_loaded);
    if (record == nullptr)
        return;
    ProbeSet copy = record->probe;
    copy.name = tr("%1 (copy)").arg(fromUtf8(copy.name)).toStdString();
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this, copy] { addProbe(copy); });
        return;
    }
    addProbe(copy);
}

void ProbesPage::removeCurrent() {
    flush();
    const auto* record = m_context.lists->probes()->recordById(m_loaded);
    if (record == nullptr || ProbeTable::isBuiltIn(record->id))
        return;
    const QString name = fromUtf8(typed().name);
    m_context.project->history()->edit(
        this, tr("removing %1").arg(name), [id = record->id](store::Project& project) { return project.removeProbe(id); },
        [this, name](const Result<void>& result) {
            if (!result)
                Q_EMIT raised(Message::of(result.error()));
            else
                Q_EMIT raised(Message::removed(name, m_context.project->history()));
        });
}

void ProbesPage::showVersions() {
    flush();
    VersionsDialog dialog(m_context, m_loaded, this);
    connect(&dialog, &VersionsDialog::returned, this, &ProbesPage::fill);
    connect(&dialog, &VersionsDialog::failed, this,
            [this](const Error& error) { Q_EMIT raised(Message::of(error)); });
    dialog.exec();
}

void ProbesPage::refreshAsked() {
    if (m_loaded <= 0 || !m_context.project->isOpen()) {
        m_lastRun = 0;
        updateAsked();
        return;
    }
    m_context.project->ask<std::vector<ProbeState>>(
        this, [id = m_loaded](store::Project& project) { return probeStates(project, id); },
        [this, id = m_loaded](const Result<std::vector<ProbeState>>& states) {
            if (!states || id != m_loaded)
                return; // what cannot be read is said by the lists
            m_lastRun = 0;
            for (const ProbeState& state : *states)
                if (!state.runs.empty() && state.runs.back() > m_lastRun) {
                    m_lastRun = state.runs.back();
                    m_lastAsked = probe::contentSha256(state.probe);
                }
            updateAsked();
        });
}

void ProbesPage::updateAsked() {
    QString text;
    if (m_lastRun > 0)
        text = (probe::contentSha256(typed()) == m_lastAsked ? tr("As run %1 asked it.") : tr("Differs from what run %1 asked."))
                   .arg(m_lastRun);
    m_asked->setText(text);
    m_asked->setVisible(!text.isEmpty());
}

void ProbesPage::load() {
    const auto* record = m_context.lists->probes()->record(m_table->currentSource());
    const qint64 id = record != nullptr ? record->id : 0;
    if (id == m_loaded)
        return;
    flush();
    m_loaded = id;
    m_lastRun = 0;
    fill(record != nullptr ? record->probe : ProbeSet());
    refreshAsked();
    updateState();
}

void ProbesPage::fill(const ProbeSet& probe) {
    m_stored = probe;
    const QScopedValueRollback loading(m_loading, true);
    m_name->setText(fromUtf8(probe.name));
    m_version->setText(fromUtf8(probe.version));
    m_source->setText(fromUtf8(probe.source));
    for (QLineEdit* line : {m_name, m_source})
        line->setCursorPosition(0); // a long one shows how it begins
    m_templates->setPlainText(textOf(probe.templates));
    m_concepts->setPlainText(textOf(probe.concepts));
    preview(probe);
}

ProbeSet ProbesPage::typed() const {
    ProbeSet probe;
    probe.name = m_name->text().trimmed().toStdString();
    probe.version = m_version->text().trimmed().toStdString();
    probe.source = m_source->text().trimmed().toStdString();
    probe.templates = linesOf(m_templates->toPlainText());
    probe.concepts = conceptsOf(m_concepts->toPlainText());
    return probe;
}

void ProbesPage::edited() {
    if (m_loading)
        return;
    m_dirty = true;
    preview(typed());
    m_state->setText(tr("Storing…"));
    m_saving.start();
}

void ProbesPage::preview(const ProbeSet& probe) {
    m_prompts->setProbe(probe);
    m_words->setProbe(probe);
    updateSummary();
    updateFaults(probe);
    updateView();
}

void ProbesPage::updateFaults(const ProbeSet& probe) {
    constexpr std::size_t kMost = 3;
    std::vector<std::string> faults = probe::faults(probe);
    std::ranges::move(probe::articleHints(probe), std::back_inserter(faults));
    QStringList lines;
    for (std::size_t i = 0; i < std::min(kMost, faults.size()); ++i)
        lines.append(tr("Please check: %1.").arg(fromUtf8(faults[i])));
    if (faults.size() > kMost)
        lines.append(tr("%Ln more", nullptr, static_cast<int>(faults.size() - kMost)));
    m_faults->setText(lines.join(u'\n'));
    m_faults->setVisible(!lines.isEmpty());
}

void ProbesPage::updateView() {
    const bool differ = m_context.lists->probes()->recordById(m_other->currentData().toLongLong()) != nullptr;
    const bool haveWords = m_words->columnCount() > 0, sideBySide = haveWords && m_sideBySide->isChecked();
    m_sideBySide->setVisible(!differ && haveWords);
    m_promptView->setVisible(!differ && !sideBySide);
    m_wordView->setVisible(!differ && sideBySide);
    m_difference->setVisible(differ);
}

void ProbesPage::updateDifference() {
    const auto* other = m_context.lists->probes()->recordById(m_other->currentData().toLongLong());
    updateView();
    if (other == nullptr)
        m_difference->say({});
    else
        m_difference->compare(other->probe, typed());
}

void ProbesPage::flush() {
    m_saving.stop();
    updateDifference();
    updateAsked();
    if (!std::exchange(m_dirty, false) || m_loaded <= 0 || !m_context.project->isOpen())
        return;
    ++m_storing;
    const ProbeSet probe = m_stored = typed();
    m_context.project->history()->edit(
        this, tr("changing %1").arg(fromUtf8(probe.name)),
        [id = m_loaded, probe](store::Project& project) { return project.updateProbe(id, probe); },
        [this](const Result<void>& result) {
            --m_storing;
            if (!result)
                Q_EMIT raised(Message::of(result.error()));
            else if (!m_dirty && m_storing == 0)
                m_state->setText(tr("Stored in this project"));
        },
        QStringLiteral("probe/%1").arg(m_loaded));
}

void ProbesPage::updateSummary() {
    const int count = m_prompts->rowCount();
    QString text = count == 0 ? tr("No prompts yet") : tr("%Ln prompt(s)", nullptr, count);
    if (const int cut = m_prompts->truncatedCount(); cut > 0)
        text += QStringLiteral(" · ") + tr("%Ln longer than the model reads", nullptr, cut);
    m_summary->setText(text);
    m_model->setToolTip(m_tokenProblem);
    m_promptView->setColumnHidden(PromptTable::Tokens, m_model->count() == 0 || !m_tokenProblem.isEmpty());
}

void ProbesPage::updateState() {
    ProbeTable* probes = m_context.lists->probes();
    if (const QModelIndex fresh = probes->indexOf(m_toSelect); m_toSelect != 0 && fresh.isValid()) {
        m_toSelect = 0;
        m_table->setCurrentSource(fresh);
        m_name->setFocus();
        m_name->selectAll();
    } else if (!m_table->currentIndex().isValid() && probes->rowCount() > 0) {
        m_table->setCurrentSource(probes->index(0, 0));
    }

    const auto* record = probes->recordById(m_loaded);
    // Undone, or changed by another program: what is shown follows, unless something else is being typed.
    if (record != nullptr && !m_dirty && m_storing == 0 && !same(record->probe, m_stored))
        fill(record->probe);
    const bool isOwn = record != nullptr && !ProbeTable::isBuiltIn(m_loaded);
    const bool canEdit = isOwn && m_context.isWritable();
    for (QLineEdit* line : {m_name, m_version, m_source})
        line->setReadOnly(!canEdit);
    for (QPlainTextEdit* text : {m_templates, m_concepts})
        text->setReadOnly(!canEdit);
    m_copy->setEnabled(record != nullptr && (m_context.isWritable() || !m_context.project->isOpen()));
    m_copy->setText(isOwn ? tr("Duplicate") : tr("Copy to edit"));
    m_remove->setVisible(isOwn);
    m_versions->setVisible(isOwn);
    m_remove->setEnabled(canEdit);
    if (!m_dirty && m_storing == 0) // it says so once it is true
        m_state->setText(record == nullptr ? QString()
                         : isOwn           ? tr("Stored in this project")
                                           : tr("Built in, cannot be changed"));

    // The models that can count; the choice stays.
    const qint64 chosen = m_model->currentData().toLongLong();
    QList<std::pair<qint64, QString>> models;
    for (const auto& model : m_context.lists->models()->records())
        models.append({model.id, fromUtf8(model.name)});
    bool same = models.size() == m_model->count();
    for (int i = 0; same && i < m_model->count(); ++i)
        same = models[i].first == m_model->itemData(i).toLongLong() && models[i].second == m_model->itemText(i);
    if (!same) {
        m_model->clear();
        for (const auto& [id, name] : models)
            m_model->addItem(name, id);
        m_model->setCurrentIndex(std::max(m_model->findData(chosen), models.isEmpty() ? -1 : 0));
    }
    m_model->setEnabled(m_model->count() > 0);
    m_model->setPlaceholderText(tr("no model yet"));

    // The sets that this one can be held against; the choice stays.
    {
        const QVariant other = m_other->currentData();
        const QSignalBlocker quiet(m_other);
        m_other->clear();
        m_other->addItem(tr("no other set"), 0);
        for (const auto& probe : probes->records())
            if (probe.id != m_loaded)
                m_other->addItem(probe.probe.name.empty() ? tr("Untitled") : fromUtf8(probe.probe.name),
                                 QVariant::fromValue<qlonglong>(probe.id));
        m_other->setCurrentIndex(std::max(m_other->findData(other), 0));
        m_other->setEnabled(m_other->count() > 1);
    }
    updateDifference();
    updateSummary();
}

} // namespace plumbline::ui
