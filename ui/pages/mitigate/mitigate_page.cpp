// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/mitigate_page.h"

#include <algorithm>

#include <QComboBox>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/charts/chart_text.h"
#include "ui/models/project_lists.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/mitigate/audit_with_dialog.h"
#include "ui/pages/mitigate/comparison_form.h"
#include "ui/pages/mitigate/study_progress.h"
#include "ui/pages/mitigate/study_view.h"
#include "ui/pages/mitigate/study_words.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/file_dialog.h"

namespace plumbline::ui {

namespace {
const QString kFolder = QStringLiteral("export");
const QString kMessage = QStringLiteral("mitigate");
} // namespace

MitigatePage::MitigatePage(const Context& context, AuditRunner* audits, QWidget* parent)
    : Page(tr("Mitigate"), tr("Methods against bias, compared by what they bring and cost."), parent),
      m_context(context), m_audits(audits), m_runner(context), m_new(nullptr), m_remove(new QPushButton(tr("Remove…"))),
      m_back(addButton(tr("Back"))), m_picker(new QComboBox), m_stack(new QStackedWidget),
      m_form(new ComparisonForm(context)), m_progress(new StudyProgress(context, &m_runner)), m_stoppedText(new QLabel),
      m_waiting(new QWidget), m_view(new StudyView) {
    buildStudies();
    m_new = addPrimaryButton(tr("New comparison"));
    for (QWidget* each : {buildEmpty(), static_cast<QWidget*>(m_form), static_cast<QWidget*>(m_progress),
                          buildStopped(), m_waiting, static_cast<QWidget*>(m_view)})
        m_stack->addWidget(each);
    body()->addWidget(m_stack, 1);

    connect(m_new, &QPushButton::clicked, this, &MitigatePage::showForm);
    connect(m_back, &QPushButton::clicked, this, &MitigatePage::closeForm);
    connect(m_remove, &QPushButton::clicked, this, &MitigatePage::removeCurrent);
    connect(m_picker, &QComboBox::activated, this, [this] {
        m_following = false;
        m_wanted = 0;
        showCurrent();
    });
    connect(m_form, &ComparisonForm::startWanted, &m_runner, &ComparisonRunner::start);
    connect(&m_runner, &ComparisonRunner::started, this, [this] {
        m_formOpen = false;
        m_following = true;
        m_form->setBusy(true);
        refresh();
    });
    connect(&m_runner, &ComparisonRunner::finished, this, &MitigatePage::finished);
    connect(&m_runner, &ComparisonRunner::stopped, this, [this] {
        m_form->setBusy(false);
        refresh();
    });
    connect(&m_runner, &ComparisonRunner::raised, this, &MitigatePage::raised);
    connect(m_view, &StudyView::raised, this, &MitigatePage::raised);
    connect(m_view, &StudyView::auditWanted, this, &MitigatePage::auditWith);
    connect(m_view, &StudyView::exportWanted, this, &MitigatePage::chooseExport);
    connect(m_context.lists, &ProjectLists::refreshed, this, &MitigatePage::refresh);
    connect(m_context.project, &ProjectService::closed, this, [this] {
        m_formOpen = m_following = false;
        m_wanted = m_loading = m_shown = 0;
        m_study.reset();
        refresh();
    });
    for (auto signal : {&AuditRunner::started, &AuditRunner::stopped})
        connect(m_audits, signal, this, &MitigatePage::refreshActions);
    connect(m_audits, &AuditRunner::finished, this, &MitigatePage::refreshActions);
    refresh();
}

QWidget* MitigatePage::buildEmpty() {
    m_empty = new EmptyState(QStringLiteral("mitigate"), {});
    m_emptyButton = m_empty->addButton({});
    connect(m_emptyButton, &QPushButton::clicked, this, [this] {
        if (!m_context.project->isOpen())
            Q_EMIT projectNeeded([this] { refresh(); });
        else if (m_context.lists->models()->rowCount() == 0)
            Q_EMIT modelWanted();
        else if (m_context.lists->imageSets()->rowCount() == 0)
            Q_EMIT imagesWanted();
        else
            showForm();
    });
    return m_empty;
}

QWidget* MitigatePage::buildStopped() {
    auto* card = new Surface(Surface::Kind::Card);
    m_stopped = card;
    m_stoppedText->setWordWrap(true);
    m_stoppedText->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_again = makePrimary(new QPushButton(tr("Start again")));
    m_again->setToolTip(tr("Start a new comparison with the same choices. What was embedded is not embedded again."));
    connect(m_again, &QPushButton::clicked, this, [this] {
        if (const auto* study = current())
            m_runner.start(DebiasStudyConfig(study->config));
    });
    auto* line = new QHBoxLayout;
    line->addWidget(m_again);
    line->addStretch(1);
    card->column()->addWidget(m_stoppedText);
    card->column()->addLayout(line);
    card->column()->addStretch(1);
    return card;
}

void MitigatePage::buildStudies() {
    m_picker->setModel(m_context.lists->studies());
    m_picker->setAccessibleName(tr("Comparisons, the newest first"));
    m_picker->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_picker->setToolTip(tr("Choose another comparison"));
    m_remove->setToolTip(tr("Remove this comparison and its fitted methods from the project"));
    addToHeader(m_picker);
    addToHeader(m_remove);
}

const store::StudyRecord* MitigatePage::current() const {
    return m_context.lists->studies()->record(
        m_context.lists->studies()->index(std::max(0, m_picker->currentIndex()), 0));
}

void MitigatePage::showForm() {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this] { showForm(); });
        return;
    }
    m_formOpen = true;
    refresh();
    m_form->focusFirst();
}

bool MitigatePage::closeForm() {
    if (!std::exchange(m_formOpen, false))
        return false;
    refresh();
    return true;
}

void MitigatePage::run() {
    if (m_formOpen)
        m_form->start();
    else
        showForm();
}

void MitigatePage::focusFirst() {
    if (m_formOpen)
        m_form->focusFirst();
    else if (m_stack->currentWidget() == m_view)
        m_picker->setFocus(Qt::OtherFocusReason);
    else
        Page::focusFirst();
}

void MitigatePage::showStudy(qint64 id) {
    m_formOpen = m_following = false;
    m_wanted = id;
    refresh();
}

void MitigatePage::finished(qint64 study) {
    m_form->setBusy(false);
    // Whoever went to another comparison meanwhile stays there.
    const bool shown = std::exchange(m_following, false);
    if (shown)
        m_wanted = study;
    refresh();
    Q_EMIT raised({Severity::Note,
                   tr("Comparison %1 is done.").arg(study),
                   {},
                   shown ? std::vector<Message::Action>()
                         : std::vector<Message::Action>{{tr("Show"), [this, study] { showStudy(study); }}},
                   kMessage});
}

void MitigatePage::refresh() {
    StudyTable* studies = m_context.lists->studies();
    if (const QModelIndex wanted = studies->indexOf(m_wanted); m_wanted != 0 && wanted.isValid()) {
        m_picker->setCurrentIndex(wanted.row());
        m_wanted = 0;
    } else if (m_following && studies->rowCount() > 0 && m_runner.isOurs(studies->records().front())) {
        m_picker->setCurrentIndex(0);
    } else if (m_picker->currentIndex() < 0 && studies->rowCount() > 0) {
        m_picker->setCurrentIndex(0);
    }
    refreshEmpty();
    showCurrent();
    refreshActions();
}

void MitigatePage::refreshEmpty() {
    const bool open = m_context.project->isOpen(), model = m_context.lists->models()->rowCount() > 0,
               images = m_context.lists->imageSets()->rowCount() > 0;
    m_empty->setSentence(
        !open     ? tr("Here debiasing methods are compared on the images of a project.")
        : !model  ? tr("Here debiasing methods are compared on a model of this project. It has no model yet.")
        : !images ? tr("Here debiasing methods are compared on labelled images of this project. It has no images yet.")
                  : tr("No comparison yet. Methods are fitted on one part of the images, their strength is chosen on "
                       "another, "
                       "and a third part says what each brings and what it costs."));
    m_emptyButton->setText(!open     ? tr("New project…")
                           : !model  ? tr("Add a model")
                           : !images ? tr("Add images")
                                     : tr("New comparison"));
    m_emptyButton->setEnabled(!open || m_context.isWritable());
}

void MitigatePage::showCurrent() {
    const store::StudyRecord* study = current();
    const bool running = m_runner.isRunning() && (m_following || (study != nullptr && m_runner.isOurs(*study)));
    const bool empty = study == nullptr && !running;
    m_back->setVisible(m_formOpen);
    m_new->setVisible(!m_formOpen && !empty);
    m_new->setEnabled(m_context.isWritable());
    m_picker->setVisible(!m_formOpen && study != nullptr);
    m_remove->setVisible(m_picker->isVisibleTo(this));
    m_remove->setEnabled(m_context.isWritable() && !running);
    if (m_formOpen) {
        m_stack->setCurrentWidget(m_form);
    } else if (running) {
        m_stack->setCurrentWidget(m_progress);
    } else if (study == nullptr) {
        m_stack->setCurrentWidget(m_empty);
    } else if (study->state != RunState::Done) {
        m_stoppedText->setText(study->state == RunState::Cancelled
                                   ? tr("This comparison was stopped before it had a result.")
                               : study->state == RunState::Failed
                                   ? (study->error ? errorText(*study->error) : tr("This comparison failed."))
                                   : tr("This comparison was interrupted, or runs in another program."));
        m_again->setEnabled(m_context.isWritable() && !m_runner.isRunning());
        m_stack->setCurrentWidget(m_stopped);
    } else if (study->id == m_shown) {
        m_stack->setCurrentWidget(m_view);
    } else {
        m_stack->setCurrentWidget(m_waiting);
        load(study->id);
    }
}

void MitigatePage::load(qint64 id) {
    if (std::exchange(m_loading, id) == id)
        return;
    m_context.project->ask<DebiasStudy>(
        this, [id](store::Project& project) { return project.studyResult(id); },
        [this, id](Result<DebiasStudy> result) {
            if (m_loading != id)
                return;
            m_loading = 0;
            if (!result) {
                Q_EMIT raised(Message::of(result.error()));
                return;
            }
            m_study = std::make_shared<const DebiasStudy>(std::move(*result));
            m_shown = id;
            m_view->setStudy(m_study, tr("comparison %1").arg(id));
            showCurrent();
            refreshActions();
        });
}

void MitigatePage::refreshActions() {
    const bool writable = m_context.isWritable();
    m_view->setCanAct(writable && !m_audits->isRunning(),
                      !writable ? tr("This project is read-only.") : tr("An audit is running."));
}

void MitigatePage::removeCurrent() {
    const store::StudyRecord* study = current();
    if (study == nullptr)
        return;
    // Asked where everything is told; nothing is gone before the button there is pressed.
    Q_EMIT raised(
        {Severity::Warning,
         tr("Remove comparison %1 and the methods fitted in it? Runs that were made with them stay.").arg(study->id),
         {},
         {{tr("Remove comparison"), [this, id = study->id] { remove(id); }}},
         QStringLiteral("mitigate/remove")});
}

void MitigatePage::remove(qint64 id) {
    m_context.project->history()->edit(
        this, tr("removing comparison %1").arg(id), [id](store::Project& project) { return project.removeStudy(id); },
        [this](const Result<void>& result) {
            if (!result)
                Q_EMIT raised(Message::of(result.error()));
        });
}

QString MitigatePage::methodAt(int candidate, double strength) const {
    return tr("%1 at strength %2").arg(candidateNames(*m_study)[candidate], numberText(strength));
}

void MitigatePage::auditWith(int candidate, double strength) {
    const qint64 transform = m_study->candidates[static_cast<std::size_t>(candidate)].transformId;
    AuditWithDialog dialog(m_context, m_study->config, methodAt(candidate, strength), window());
    if (dialog.exec() != QDialog::Accepted)
        return;
    if (const auto config = dialog.config())
        m_audits->startWith(*config, transform, strength);
}

void MitigatePage::chooseExport() {
    const QString folder =
        chooseFolder(window(), tr("Choose a folder to write the method into"), m_context.settings->folder(kFolder));
    if (folder.isEmpty())
        return;
    m_context.settings->setFolder(kFolder, folder);
    exportTo(folder);
}

void MitigatePage::exportTo(const QString& folder) {
    const int index = m_view->candidate();
    if (!m_study || index < 0)
        return;
    const DebiasCandidate& candidate = m_study->candidates[static_cast<std::size_t>(index)];
    const double strength = m_view->strength();
    // A folder of its own, so that nothing is written over.
    static const QRegularExpression odd(QStringLiteral("[^\\p{L}\\p{N}.]+"));
    const QString name = QStringLiteral("%1-%2-%3")
                             .arg(fromUtf8(candidate.card.config.method), fromUtf8(m_study->config.attribute))
                             .arg(strength, 0, 'f', 2)
                             .replace(odd, QStringLiteral("-"));
    QString path = QDir(folder).filePath(name);
    for (int n = 2; QFileInfo::exists(path); ++n)
        path = QDir(folder).filePath(QStringLiteral("%1-%2").arg(name).arg(n));
    QJsonObject params = m_context.projectParams();
    const bool model = candidate.transformId == 0; // then it is one between two models
    if (model) {
        params.insert(QStringLiteral("model"), qint64(m_study->config.modelId));
        params.insert(QStringLiteral("other"), fromUtf8(candidate.card.config.parameter("model")));
    } else {
        params.insert(QStringLiteral("transform"), qint64(candidate.transformId));
    }
    params.insert(QStringLiteral("strength"), strength);
    params.insert(QStringLiteral("folder"), encoded(path));
    const QString method = methodAt(index, strength);
    m_context.work->start(
        QStringLiteral("export"), tr("Exporting %1").arg(method),
        model ? QStringLiteral("debias/exportModel") : QStringLiteral("debias/export"), params, this,
        [this, path, method, model](const Outcome<QJsonObject>& answer) {
            if (answer)
                Q_EMIT raised(
                    {Severity::Note, (model ? tr("%1 was written to %2 and is now one of this project's models.")
                                            : tr("%1 was written to %2."))
                                         .arg(method, QDir::toNativeSeparators(path))});
            else if (!answer.error().cancelled())
                Q_EMIT raised(Message::of(answer.error().error()));
        });
}

} // namespace plumbline::ui
