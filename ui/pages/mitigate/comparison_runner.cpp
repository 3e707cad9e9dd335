// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/comparison_runner.h"

#include <algorithm>

#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/models/project_lists.h"

namespace plumbline::ui {

namespace {
const QString kKind = QStringLiteral("mitigate");
const QString kMessage = QStringLiteral("mitigate");
} // namespace

ComparisonRunner::ComparisonRunner(const Context& context, QObject* parent) : QObject(parent), m_context(context) {
}

bool ComparisonRunner::isRunning() const {
    return m_request != 0;
}

bool ComparisonRunner::isOurs(const store::StudyRecord& study) const {
    return isRunning() && study.state == RunState::Running && study.id > m_newestBefore;
}

void ComparisonRunner::start(const DebiasStudyConfig& config) {
    if (isRunning())
        return;
    m_config = config;
    m_newestBefore = 0;
    for (const store::StudyRecord& study : m_context.lists->studies()->records())
        m_newestBefore = std::max<qint64>(m_newestBefore, study.id);
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("config"), toQt(config));
    m_request = m_context.work->start(kKind, tr("Comparing methods"), QStringLiteral("debias/compare"), params, this,
                                      [this](const Outcome<QJsonObject>& answer) { answered(answer); });
    Q_EMIT started();
}

void ComparisonRunner::cancel() {
    m_context.work->cancel(m_request);
}

void ComparisonRunner::answered(const Outcome<QJsonObject>& answer) {
    m_request = 0;
    if (answer) {
        Q_EMIT finished(answer->value(u"study").toInteger());
        return;
    }
    Q_EMIT stopped();
    const std::vector<Message::Action> again{{tr("Start again"), [this, config = m_config] { start(config); }}};
    if (answer.error().cancelled()) {
        Q_EMIT raised({Severity::Note,
                       tr("The comparison was cancelled. What was embedded is kept; a new start is quicker by that."),
                       {},
                       again,
                       kMessage});
        return;
    }
    Message message = Message::of(answer.error().error());
    message.actions = again;
    message.key = kMessage;
    if (answer.error().error().code == ErrorCode::EngineGone)
        message.text = tr("The engine stopped during the comparison. What was embedded is kept.");
    Q_EMIT raised(message);
}

} // namespace plumbline::ui
