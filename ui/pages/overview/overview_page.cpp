// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/overview/overview_page.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/overview/sample_opener.h"
#include "ui/pages/overview/step_row.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {

constexpr int kStartWidth = 72 * theme::kGrid;

QString namesOf(const auto& records) {
    QStringList names;
    for (const auto& record : records)
        names.append(fromUtf8(record.name));
    if (constexpr qsizetype kMost = 3; names.size() > kMost)
        names = names.first(kMost) << QStringLiteral("…");
    return names.join(QStringLiteral(", "));
}

} // namespace

OverviewPage::OverviewPage(const Context& context, AuditRunner* runner, SampleOpener* sample, QWidget* parent)
    : Page({}, {}, parent), m_context(context), m_runner(runner), m_sampleOpener(sample), m_stack(new QStackedWidget) {
    m_stack->addWidget(buildStart());
    m_stack->addWidget(buildProject());
    body()->addWidget(m_stack, 1);
    connect(m_context.settings, &Settings::recentProjectsChanged, this, &OverviewPage::refreshRecent);
    connect(m_context.lists, &ProjectLists::refreshed, this, &OverviewPage::refreshProject);
    connect(m_context.project, &ProjectService::opened, this, &OverviewPage::refreshProject);
    connect(m_runner, &AuditRunner::started, this, &OverviewPage::refreshProject);
    connect(m_runner, &AuditRunner::finished, this, &OverviewPage::refreshProject);
    connect(m_runner, &AuditRunner::stopped, this, &OverviewPage::refreshProject);
    refreshRecent();
    refreshProject();
}

QWidget* OverviewPage::buildStart() {
    auto* place = new QWidget;
    auto* card = new Surface(Surface::Kind::Card);
    card->setFixedWidth(kStartWidth);
    auto* column = card->column();
    column->setContentsMargins(theme::kMargin, theme::kMargin, theme::kMargin, theme::kMargin);
    column->setSpacing(theme::kGrid);
    auto* sentence = new QLabel(tr("A project keeps the models, the labelled images, the prompts and every result of an "
                                   "audit in one file. Nothing leaves this computer."));
    sentence->setWordWrap(true);
    column->addWidget(sentence);
    column->addSpacing(theme::kGrid);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(theme::kGrid);
    m_new = makePrimary(new QPushButton(tr("New project…")));
    m_open = new QPushButton(tr("Open project…"));
    buttons->addWidget(m_new);
    buttons->addWidget(m_open);
    buttons->addStretch(1);
    column->addLayout(buttons);
    auto* drop = caption(tr("Or drop a CLIP model folder, an image folder, a table of labels or a project anywhere on this "
                            "window."));
    drop->setWordWrap(true);
    column->addWidget(drop);
    column->addSpacing(theme::kSpace);
    m_sample = new QPushButton(tr("Open the sample"));
    auto* sample = caption(tr("2,000 drawn portraits and two small CLIP models. What one of them leans towards was planted, so the truth is "
                              "known. Takes about half a minute; nothing is downloaded."));
    sample->setWordWrap(true);
    m_sample->setAccessibleDescription(sample->text());
    auto* withSample = new QHBoxLayout;
    withSample->setSpacing(theme::kSpace);
    withSample->addWidget(m_sample);
    withSample->addWidget(sample, 1);
    column->addLayout(withSample);
    column->addSpacing(theme::kSpace);
    m_recentTitle = heading(tr("Recent projects"));
    m_recent = new QListWidget;
    m_recent->setFrameShape(QFrame::NoFrame);
    m_recent->viewport()->setAutoFillBackground(false);
    m_recent->setAccessibleName(tr("Recent projects"));
    m_recent->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_recent->setTextElideMode(Qt::ElideMiddle);
    m_recentTitle->setBuddy(m_recent);
    column->addWidget(m_recentTitle);
    column->addWidget(m_recent);

    auto* all = new QVBoxLayout(place);
    all->setContentsMargins(0, 0, 0, 0);
    auto* line = new QHBoxLayout;
    line->addWidget(card);
    line->addStretch(1);
    all->addLayout(line);
    all->addStretch(1);
    connect(m_new, &QPushButton::clicked, this, &OverviewPage::newProjectWanted);
    connect(m_open, &QPushButton::clicked, this, &OverviewPage::openProjectWanted);
    connect(m_sample, &QPushButton::clicked, m_sampleOpener, &SampleOpener::open);
    connect(m_sampleOpener, &SampleOpener::started, m_sample, [this] { m_sample->setEnabled(false); });
    connect(m_sampleOpener, &SampleOpener::ended, m_sample, [this] { m_sample->setEnabled(true); });
    connect(m_recent, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { Q_EMIT projectChosen(item->data(Qt::UserRole).toString()); });
    connect(m_recent, &QListWidget::itemClicked, this,
            [this](const QListWidgetItem* item) { Q_EMIT projectChosen(item->data(Qt::UserRole).toString()); });
    return place;
}

QWidget* OverviewPage::buildProject() {
    auto* place = new QWidget;
    auto* all = new QVBoxLayout(place);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(theme::kSpace);

    auto* steps = new Surface(Surface::Kind::Card);
    m_modelStep = new StepRow(tr("Model"), tr("Add model folder…"));
    m_imageStep = new StepRow(tr("Images"), tr("Add images…"));
    m_probeStep = new StepRow(tr("Prompts"), tr("Open probes"));
    m_runStep = new StepRow(tr("Audit"), tr("New audit"));
    steps->column()->setSpacing(0);
    for (StepRow* step : {m_modelStep, m_imageStep, m_probeStep, m_runStep})
        steps->column()->addWidget(step);
    all->addWidget(steps);

    auto* runs = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    top->addWidget(heading(tr("Newest runs")), 1);
    m_goOn = new QPushButton(tr("Go on"));
    m_goOn->setToolTip(tr("Go on with the chosen run where it stopped"));
    m_showRun = new QPushButton(tr("Show"));
    m_showRun->setToolTip(tr("Show the results of the chosen run"));
    top->addWidget(m_goOn);
    top->addWidget(m_showRun);
    runs->column()->addLayout(top);
    m_runs = new TableView;
    m_runs->setSource(m_context.lists->runs(), kSortRole);
    m_runs->setStretchColumn(RunTable::Asked);
    m_runs->setAccessibleName(tr("Newest runs"));
    m_runs->setSelectionMode(QAbstractItemView::SingleSelection);
    m_runStack = new QStackedWidget;
    auto* none = caption(tr("No run yet. Its results will be here and under Runs."));
    none->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_runStack->addWidget(none);
    m_runStack->addWidget(m_runs);
    runs->column()->addWidget(m_runStack, 1);
    all->addWidget(runs, 1);

    connect(m_modelStep->button(), &QPushButton::clicked, this, &OverviewPage::addModelWanted);
    connect(m_imageStep->button(), &QPushButton::clicked, this, &OverviewPage::addImagesWanted);
    connect(m_probeStep->button(), &QPushButton::clicked, this, &OverviewPage::probesWanted);
    connect(m_runStep->button(), &QPushButton::clicked, this, &OverviewPage::auditWanted);
    const auto chosen = [this] {
        const auto* run = m_context.lists->runs()->record(m_runs->currentSource());
        return run != nullptr ? run->id : 0;
    };
    connect(m_runs, &TableView::currentSourceChanged, this, &OverviewPage::updateRunButtons);
    connect(m_runs, &QAbstractItemView::activated, this, [this, chosen] { Q_EMIT runChosen(chosen()); });
    connect(m_showRun, &QPushButton::clicked, this, [this, chosen] { Q_EMIT runChosen(chosen()); });
    connect(m_goOn, &QPushButton::clicked, this, [this, chosen] { m_runner->resume(chosen()); });
    return place;
}

void OverviewPage::focusFirst() {
    if (!m_context.project->isOpen()) {
        (m_recent->count() > 0 ? static_cast<QWidget*>(m_recent) : m_new)->setFocus();
        return;
    }
    for (StepRow* step : {m_modelStep, m_imageStep, m_runStep})
        if (!step->isDone()) {
            step->button()->setFocus();
            return;
        }
    m_runs->setFocus();
}

void OverviewPage::refreshRecent() {
    m_recent->clear();
    for (const QString& path : m_context.settings->recentProjects()) {
        const QFileInfo file(path);
        QString folder = file.absolutePath();
        if (folder.startsWith(QDir::homePath()))
            folder.replace(0, QDir::homePath().size(), QStringLiteral("~"));
        auto* item = new QListWidgetItem(QStringLiteral("%1   %2").arg(file.completeBaseName(), folder), m_recent);
        item->setData(Qt::UserRole, path);
        item->setToolTip(path);
    }
    const bool any = m_recent->count() > 0;
    m_recentTitle->setVisible(any);
    m_recent->setVisible(any);
    if (any)
        m_recent->setFixedHeight(m_recent->count() * m_recent->sizeHintForRow(0) + theme::kGrid);
}

void OverviewPage::refreshProject() {
    const bool isOpen = m_context.project->isOpen();
    m_stack->setCurrentIndex(isOpen ? 1 : 0);
    if (!isOpen) {
        setTitle(tr("Start"));
        setLine(tr("Finds out whether a CLIP model leans, how sure that is, and which images caused it."));
        return;
    }
    const QFileInfo file(m_context.project->path());
    setTitle(file.completeBaseName());
    setLine(m_context.project->isReadOnly() ? tr("%1 · read-only").arg(file.absoluteFilePath()) : file.absoluteFilePath());

    const auto& models = m_context.lists->models()->records();
    const auto& sets = m_context.lists->imageSets()->records();
    const auto& runs = m_context.lists->runs()->records();
    const auto own = std::count_if(m_context.lists->probes()->records().begin(),
                                   m_context.lists->probes()->records().end(),
                                   [](const auto& record) { return !ProbeTable::isBuiltIn(record.id); });
    const auto builtIn = m_context.lists->probes()->rowCount() - static_cast<int>(own);
    const auto done = std::count_if(runs.begin(), runs.end(), [](const auto& run) { return run.state == RunState::Done; });

    m_modelStep->setState(!models.empty(), models.empty(),
                          models.empty() ? tr("A CLIP folder in the Hugging Face or OpenCLIP form") : namesOf(models));
    m_imageStep->setState(!sets.empty(), !models.empty() && sets.empty(),
                          sets.empty() ? tr("A folder of photographs and a table that says who is on them") : namesOf(sets));
    m_probeStep->setState(builtIn + own > 0, false,
                          own > 0 ? tr("%Ln probe set(s) of this project", nullptr, static_cast<int>(own)) +
                                        QStringLiteral(", ") + tr("%Ln built in", nullptr, builtIn)
                                  : tr("%Ln built-in probe set(s); or write your own", nullptr, builtIn));
    m_runStep->setState(done > 0, done == 0 && !models.empty() && !sets.empty(),
                        m_runner->isRunning() ? tr("An audit is running; its progress is at the bottom of the window")
                        : done > 0            ? tr("%Ln finished run(s)", nullptr, static_cast<int>(done))
                                              : tr("Choose what to compare, and run"));
    for (StepRow* step : {m_modelStep, m_imageStep})
        step->button()->setEnabled(m_context.isWritable());
    m_runStep->button()->setEnabled(m_context.isWritable() && !models.empty() && !sets.empty());
    m_runStack->setCurrentIndex(runs.empty() ? 0 : 1);
    if (!runs.empty() && !m_runs->currentIndex().isValid())
        m_runs->setCurrentSource(m_context.lists->runs()->index(0, 0));
    updateRunButtons();
}

void OverviewPage::updateRunButtons() {
    const auto* run = m_context.lists->runs()->record(m_runs->currentSource());
    m_showRun->setVisible(run != nullptr);
    m_showRun->setEnabled(run != nullptr && run->state == RunState::Done);
    m_goOn->setVisible(run != nullptr && m_runner->canGoOn(*run));
    m_goOn->setEnabled(!m_runner->isRunning());
}

} // namespace plumbline::ui
