// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/overview/sample_opener.h"

#include <QJsonObject>

#include "ui/bridge/json.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"

namespace plumbline::ui {

namespace {
const QString kKind = QStringLiteral("sample");
} // namespace

SampleOpener::SampleOpener(const Context& context, QObject* parent) : QObject(parent), m_context(context) {
}

bool SampleOpener::isRunning() const {
    return m_context.work->isRunning(kKind);
}

void SampleOpener::open() {
    if (isRunning())
        return;
    m_context.work->start(kKind, tr("Sample"), QStringLiteral("sample/open"),
                          {{QStringLiteral("folder"), encoded(m_context.settings->sampleFolder())}}, this,
                          [this](const Outcome<QJsonObject>& answer) { answered(answer); });
    Q_EMIT started();
}

void SampleOpener::answered(const Outcome<QJsonObject>& answer) {
    Q_EMIT ended();
    if (answer) {
        Q_EMIT ready(decoded(answer->value(u"project").toString()), answer->value(u"run").toInteger());
        return;
    }
    Message message = answer.error().cancelled() ? Message{Severity::Note, tr("Opening the sample was cancelled.")}
                                                 : Message::of(answer.error().error());
    message.actions = {{tr("Try again"), [this] { open(); }}};
    message.key = kKind;
    Q_EMIT raised(message);
}

} // namespace plumbline::ui
