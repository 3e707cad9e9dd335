// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/token_counter.h"

#include <memory>

#include <QEvent>
#include <QJsonArray>
#include <QWidget>

#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/models/project_lists.h"
#include "ui/models/prompt_table.h"

namespace plumbline::ui {

namespace {
constexpr int kDelayMs = 500;
}

TokenCounter::TokenCounter(const Context& context, PromptTable* prompts, QWidget* page)
    : QObject(page), m_context(context), m_prompts(prompts), m_page(page) {
    page->installEventFilter(this);
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelayMs);
    connect(&m_delay, &QTimer::timeout, this, &TokenCounter::ask);
    connect(prompts, &QAbstractItemModel::modelReset, &m_delay, qOverload<>(&QTimer::start));
}

void TokenCounter::setModel(qint64 id) {
    if (std::exchange(m_model, id) != id)
        m_delay.start();
}

bool TokenCounter::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Show && m_pending)
        m_delay.start();
    return QObject::eventFilter(watched, event);
}

void TokenCounter::ask() {
    m_pending = !m_page->isVisible();
    if (m_pending)
        return;
    const auto* model = m_context.lists->models()->recordById(m_model);
    if (m_asked != 0)
        m_context.engine->cancel(std::exchange(m_asked, 0));
    if (model == nullptr || m_prompts->rowCount() == 0)
        return;
    QJsonObject params{{QStringLiteral("path"), fromUtf8(model->path)},
                       {QStringLiteral("texts"), QJsonArray::fromStringList(m_prompts->prompts())}};
    if (!model->vocabPath.empty())
        params.insert(QStringLiteral("vocab"), fromUtf8(model->vocabPath));
    auto mine = std::make_shared<qint64>(0);
    m_asked = *mine = m_context.engine->request(
        QStringLiteral("model/tokenize"), params, this, [this, mine](const Outcome<QJsonObject>& answer) {
            if (*mine != m_asked)
                return; // of an earlier question
            m_asked = 0;
            if (!answer) {
                if (!answer.error().cancelled())
                    Q_EMIT failed(errorText(answer.error().error()));
                return;
            }
            std::vector<int> counts;
            std::vector<bool> truncated;
            for (const QJsonValue count : answer->value(u"counts").toArray())
                counts.push_back(count.toInt());
            for (const QJsonValue cut : answer->value(u"truncated").toArray())
                truncated.push_back(cut.toBool());
            m_prompts->setCounts(counts, truncated, answer->value(u"context_length").toInt());
            Q_EMIT counted();
        });
}

} // namespace plumbline::ui
