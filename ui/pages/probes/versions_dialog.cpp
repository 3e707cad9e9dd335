// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/versions_dialog.h"

#include <algorithm>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/probe/probe_set.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/models/project_lists.h"
#include "ui/pages/probes/difference_view.h"
#include "ui/widgets/form.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {

constexpr int kWidth = 720, kHeight = 560;

QString titleOf(const ProbeState& state) {
    if (state.id == 0)
        return VersionsDialog::tr("As it is now");
    return state.probe.version.empty() ? VersionsDialog::tr("Without a number")
                                       : VersionsDialog::tr("Version %1").arg(fromUtf8(state.probe.version));
}

/// "1, 2, 5"
QString runsText(const ProbeState& state) {
    QStringList runs;
    for (const std::int64_t run : state.runs)
        runs.append(QString::number(run));
    return runs.join(QStringLiteral(", "));
}

} // namespace

Result<std::vector<ProbeState>> probeStates(store::Project& project, std::int64_t probe) {
    PLUMBLINE_TRY(const auto probes, project.probes());
    PLUMBLINE_TRY(const auto versions, project.probeVersions(probe));
    PLUMBLINE_TRY(const auto runs, project.runs());
    std::vector<ProbeState> states;
    for (const auto& record : probes)
        if (record.id == probe)
            states.push_back({0, record.probe, {}, {}});
    for (const auto& version : versions)
        states.push_back({version.id, version.state, version.kept, {}});
    for (ProbeState& state : states) {
        const std::string asks = probe::contentSha256(state.probe);
        for (auto run = runs.rbegin(); run != runs.rend(); ++run)
            if (probe::contentSha256(run->config.probe) == asks)
                state.runs.push_back(run->id);
    }
    return states;
}

VersionsDialog::VersionsDialog(const Context& context, std::int64_t probe, QWidget* parent)
    : QDialog(parent), m_context(context), m_probe(probe),
      m_states(new RecordTable<ProbeState>(
          {
              {tr("Version"), titleOf},
              {tr("Kept since"), [](const ProbeState& state) { return momentText(state.kept); }},
              {tr("Prompts"),
               [](const ProbeState& state) { return QLocale().toString(promptCount(state.probe)); }, nullptr, true},
              {tr("Asked by runs"), runsText, nullptr, false, runsText},
          },
          this)),
      m_said(hint(tr("What a run asked is kept as the run begins. Other states are kept when you save them."))),
      m_table(new TableView), m_other(new QComboBox), m_difference(new DifferenceView(tr("Difference between the two versions"))),
      m_keep(new QPushButton(tr("&Save as version"))), m_back(new QPushButton(tr("&Go back to this version"))) {
    setWindowTitle(tr("Versions"));
    m_table->setSource(m_states);
    m_table->setSortingEnabled(false);
    m_table->setStretchColumn(3);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setAccessibleName(tr("Versions of the probe set"));
    m_other->setAccessibleName(tr("Version to compare with"));
    m_other->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_keep->setToolTip(tr("Keeps the set as it is now, under the version that its editor names"));
    m_back->setToolTip(tr("Makes the chosen state the newest; the set as it is now is kept as a version"));

    auto* comparing = new QHBoxLayout;
    auto* label = new QLabel(tr("What it asks &otherwise than"));
    label->setBuddy(m_other);
    comparing->addWidget(label);
    comparing->addWidget(m_other, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->addButton(m_keep, QDialogButtonBox::ActionRole);
    buttons->addButton(m_back, QDialogButtonBox::ActionRole);
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_said);
    column->addWidget(m_table, 2);
    column->addLayout(comparing);
    column->addWidget(m_difference, 3);
    column->addWidget(buttons);
    resize(kWidth, kHeight);

    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_keep, &QPushButton::clicked, this, &VersionsDialog::keep);
    connect(m_back, &QPushButton::clicked, this, &VersionsDialog::goBack);
    connect(m_table, &TableView::currentSourceChanged, this, &VersionsDialog::updateChoice);
    connect(m_other, &QComboBox::currentIndexChanged, this, &VersionsDialog::updateChoice);
    connect(m_context.lists, &ProjectLists::refreshed, this, &VersionsDialog::refresh);
    updateChoice();
    refresh();
}

VersionsDialog::~VersionsDialog() = default;

void VersionsDialog::refresh() {
    m_context.project->ask<std::vector<ProbeState>>(
        this, [probe = m_probe](store::Project& project) { return probeStates(project, probe); },
        [this](Result<std::vector<ProbeState>> states) {
            if (states)
                list(std::move(*states));
            else
                Q_EMIT failed(states.error());
        });
}

void VersionsDialog::list(std::vector<ProbeState> states) {
    QList<std::pair<QString, qint64>> others;
    for (const ProbeState& state : states) {
        const QString moment = momentText(state.kept);
        others.append({moment.isEmpty() ? titleOf(state) : tr("%1, kept since %2").arg(titleOf(state), moment), state.id});
    }
    m_states->setRecords(std::move(states));
    fillBox(m_other, others);
    if (!m_table->currentIndex().isValid())
        m_table->setCurrentSource(m_states->index(std::min(1, m_states->rowCount() - 1), 0));
    updateChoice();
}

void VersionsDialog::keep() {
    m_keep->setEnabled(false);
    m_context.project->history()->edit<bool>(
        this, tr("keeping a version"), [probe = m_probe](store::Project& project) { return project.keepProbe(probe); },
        [this](const Result<bool>& kept) {
            if (!kept)
                Q_EMIT failed(kept.error());
            else
                m_said->setText(*kept ? tr("The set as it is now is kept.") : tr("This state is kept already."));
            m_keep->setEnabled(true);
        });
}

void VersionsDialog::goBack() {
    const ProbeState* chosen = m_states->record(m_table->currentSource());
    if (chosen == nullptr || chosen->id == 0)
        return;
    m_context.project->history()->edit(
        this, tr("going back to a version"),
        [version = chosen->id](store::Project& project) { return project.returnToVersion(version); },
        [this, probe = chosen->probe](const Result<void>& result) {
            if (!result) {
                Q_EMIT failed(result.error());
                return;
            }
            Q_EMIT returned(probe);
            accept();
        });
}

void VersionsDialog::updateChoice() {
    const ProbeState* chosen = m_states->record(m_table->currentSource());
    const ProbeState* other = m_states->recordById(m_other->currentData().toLongLong());
    if (chosen == nullptr || other == nullptr)
        m_difference->say({});
    else if (chosen->id == other->id)
        m_difference->say(tr("This is the same version. Choose another above or below."));
    else
        m_difference->compare(other->probe, chosen->probe);
    m_back->setEnabled(chosen != nullptr && chosen->id != 0 && m_context.isWritable());
    m_keep->setEnabled(m_states->rowCount() > 0 && m_context.isWritable());
}

} // namespace plumbline::ui
