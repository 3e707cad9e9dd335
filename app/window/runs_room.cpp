// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/runs_room.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <QJsonArray>
#include <QJsonObject>
#include <QVBoxLayout>

#include "ui/bridge/edit_history.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/report/report_writer.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/tour_panel.h"

namespace plumbline::ui {

namespace {
constexpr qsizetype kMostShown = 30;
constexpr double kMostUndone = double(EditHistory::kMostBytes) / 2; ///< bytes of scores
} // namespace

RunsRoom::RunsRoom(const Context& context, AuditRunner* runner, ReportWriter* writer, QWidget* parent)
    : Page({}, {}, parent), m_context(context), m_page(new RunsPage(context.project, context.engine)) {
    body()->addWidget(m_page, 1);
    m_page->setCanGoOn([runner](const store::RunRecord& run) { return runner->canGoOn(run); });
    connect(m_page, &RunsPage::newAuditRequested, this, &RunsRoom::auditWanted);
    connect(m_page, &RunsPage::auditLikeRequested, this, &RunsRoom::auditLikeWanted);
    connect(m_page, &RunsPage::resumeRequested, runner, &AuditRunner::resume);
    connect(m_page, &RunsPage::reportRequested, this,
            [this, writer](qint64 run, const QString& suffix, const QString& evidence) {
                writer->choose({run, {}, evidence, m_context.settings->auditor()}, suffix, window());
            });
    connect(m_page, &RunsPage::previewRequested, this, &RunsRoom::reportWanted);
    connect(m_page, &RunsPage::compareRequested, this, &RunsRoom::compareWanted);
    connect(m_page, &RunsPage::removeRequested, this, &RunsRoom::remove);
    connect(m_page, &RunsPage::verifyRequested, this, &RunsRoom::verify);
    connect(m_page, &RunsPage::messageRaised, this, [this](const QString& text, int severity) {
        Q_EMIT raised({static_cast<Severity>(severity), text});
    });
    connect(m_page, &RunsPage::plantedRunShown, this, [this, settings = context.settings] {
        if (!settings->tourSeen() && !std::exchange(m_tourOffered, true))
            m_page->startTour();
    });
    connect(m_page->tour(), &TourPanel::closed, this, [settings = context.settings](bool forGood) {
        if (forGood)
            settings->setTourSeen(true);
    });
}

void RunsRoom::verify(qint64 run) {
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("run"), run);
    m_context.work->start(
        QStringLiteral("verify"), tr("Repeating run %1").arg(run), QStringLiteral("runs/verify"), params, this,
        [this](const Outcome<QJsonObject>& answer) {
            if (!answer) {
                if (!answer.error().cancelled())
                    Q_EMIT raised(Message::of(answer.error().error()));
                return;
            }
            QStringList details;
            for (const QJsonValue& input : answer->value(u"inputs").toArray())
                if (!input[u"same"].toBool())
                    details << tr("%1: %2, was %3")
                                   .arg(input[u"name"].toString(), input[u"is"].toString(), input[u"was"].toString());
            const QJsonArray differences = answer->value(u"differences").toArray();
            for (qsizetype i = 0; i < std::min(differences.size(), kMostShown); ++i)
                details << tr("%1 %2, was %3")
                               .arg(differences[i][u"where"].toString(), differences[i][u"is"].toString(),
                                    differences[i][u"was"].toString());
            if (differences.size() > kMostShown)
                details << tr("and %n more; plumb verify lists them all", nullptr,
                              static_cast<int>(differences.size() - kMostShown));
            Q_EMIT raised({answer->value(u"same").toBool() ? Severity::Note : Severity::Warning,
                           answer->value(u"verdict").toString(),
                           details.join(u'\n'),
                           {},
                           QStringLiteral("verify")});
        });
}

void RunsRoom::remove(qint64 run) {
    if (!m_context.isWritable()) {
        Q_EMIT raised({Severity::Note, tr("This project is read-only: run %1 stays.").arg(run)});
        return;
    }
    const store::RunRecord* record = m_context.lists->runs()->recordById(run);
    const auto remove = [this, run] {
        m_context.project->history()->edit(
            this, tr("removing run %1").arg(run), [run](store::Project& project) { return project.removeRun(run); },
            [this, run](const Result<void>& result) {
                if (!result)
                    Q_EMIT raised(Message::of(result.error()));
                else
                    Q_EMIT raised(Message::removed(tr("Run %1").arg(run), m_context.project->history()));
            });
    };
    const auto removeForGood = [this, run] {
        m_context.project->ask<std::monostate>(
            this,
            [run](store::Project& project) -> Result<std::monostate> {
                PLUMBLINE_CHECK(project.removeRun(run));
                return {};
            },
            [this](const Result<std::monostate>& result) {
                if (!result)
                    Q_EMIT raised(Message::of(result.error()));
            });
    };
    const double bytes = record == nullptr ? 0 : double(record->prompts) * double(record->images) * sizeof(float);
    if (bytes > kMostUndone)
        Q_EMIT raised({Severity::Warning,
                       tr("Remove run %1? Its scores are too many to be kept for Undo.").arg(run),
                       {},
                       {{tr("Remove run"), removeForGood}},
                       QStringLiteral("runs/remove")});
    else
        remove();
}

bool RunsRoom::startTour() {
    return m_page->startTour();
}

bool RunsRoom::closeTour() {
    const bool wasOpen = m_page->tour()->isOpen();
    m_page->tour()->dismiss();
    return wasOpen;
}

qint64 RunsRoom::shownRun() const {
    return m_page->shownRun();
}

void RunsRoom::showRun(qint64 id) {
    m_page->showRun(id);
}

void RunsRoom::focusFirst() {
    if (m_page->tour()->isOpen()) {
        m_page->tour()->takeKeyboard();
        return;
    }
    if (QWidget* first = m_page->nextInFocusChain(); first != nullptr && m_page->isAncestorOf(first))
        first->setFocus(Qt::OtherFocusReason);
}

} // namespace plumbline::ui
