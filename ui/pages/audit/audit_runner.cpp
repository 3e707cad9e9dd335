// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/audit_runner.h"

#include <algorithm>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/models/project_lists.h"

namespace plumbline::ui {

namespace {
const QString kKind = QStringLiteral("audit");
const QString kMessage = QStringLiteral("audit");
const QString kRun = QStringLiteral("run"); ///< the answer's field with the run
} // namespace

AuditRunner::AuditRunner(const Context& context, QObject* parent) : QObject(parent), m_context(context) {}

bool AuditRunner::isRunning() const { return m_context.work->isRunning(kKind); }

std::int64_t AuditRunner::newestRun() const {
    std::int64_t newest = 0;
    for (const auto& run : m_context.lists->runs()->records())
        newest = std::max(newest, run.id);
    return newest;
}

bool AuditRunner::canGoOn(const store::RunRecord& run) const {
    if (run.state == RunState::Done || !m_context.isWritable())
        return false;
    const bool isOurs = isRunning() && (m_resumed != 0 ? run.id == m_resumed : run.id > m_newestBefore);
    return !isOurs;
}

void AuditRunner::start(const AuditConfig& config) {
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("config"), toQt(config));
    begin(tr("Audit"), QStringLiteral("audit/run"), params, kRun);
}

void AuditRunner::startWith(const AuditConfig& config, qint64 transform, double strength) {
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("config"), toQt(config));
    params.insert(QStringLiteral("transform"), transform);
    params.insert(QStringLiteral("strength"), strength);
    begin(tr("Audit without and with a method"), QStringLiteral("debias/audit"), params, QStringLiteral("after"));
}

void AuditRunner::begin(const QString& title, const QString& method, const QJsonObject& params,
                        const QString& answerName) {
    if (isRunning())
        return;
    m_resumed = 0;
    m_newestBefore = newestRun();
    m_context.work->start(
        kKind, title, method, params, this,
        [this, answerName](const Outcome<QJsonObject>& answer) { answered(answer, answerName, 0); });
    Q_EMIT started();
}

void AuditRunner::resume(qint64 run) {
    if (isRunning())
        return;
    m_resumed = run;
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("run"), run);
    m_context.work->start(kKind, tr("Run %1").arg(run), QStringLiteral("audit/resume"), params, this,
                          [this, run](const Outcome<QJsonObject>& answer) { answered(answer, kRun, run); });
    Q_EMIT started();
}

void AuditRunner::answered(const Outcome<QJsonObject>& answer, const QString& name, qint64 resumed) {
    if (answer) {
        Q_EMIT finished(answer->value(name).toInteger());
        return;
    }
    Q_EMIT stopped();
    if (resumed != 0) {
        sayStopped(answer.error(), resumed);
        return;
    }
    // Which run was begun for us, the project knows before the lists have been read again.
    m_context.project->ask<std::int64_t>(
        this,
        [before = m_newestBefore](store::Project& project) -> Result<std::int64_t> {
            PLUMBLINE_TRY(const auto runs, project.runs());
            return !runs.empty() && runs.front().id > before ? runs.front().id : 0;
        },
        [this, why = answer.error()](const Result<std::int64_t>& run) { sayStopped(why, run.value_or(0)); });
}

void AuditRunner::sayStopped(const Stop& why, qint64 run) {
    std::vector<Message::Action> goOn;
    if (run != 0)
        goOn.push_back({tr("Go on"), [this, run] { resume(run); }});
    if (why.cancelled()) {
        Q_EMIT raised({Severity::Note,
                       run != 0 ? tr("The audit was cancelled. What was embedded is kept; it can go on where it stopped.")
                                : tr("The audit was cancelled before it began."),
                       {},
                       std::move(goOn),
                       kMessage});
        return;
    }
    Message message = Message::of(why.error());
    message.actions = std::move(goOn);
    message.key = kMessage;
    if (why.error().code == ErrorCode::EngineGone)
        message.text = tr("The engine stopped during the audit. What was embedded is kept; the audit can go on where it "
                          "stopped.");
    Q_EMIT raised(message);
}

} // namespace plumbline::ui
