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
constexpr qsizetype kTextsAtOnce = 4000; // some milliseconds to write and to read
}

TokenCounter::TokenCounter(const Context& context, PromptTable* prompts, QWidget* page)
    : QObject(page), m_context(context), m_prompts(prompts), m_page(page) {
    page->installEventFilter(this);
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelayMs);
    connect(&m_delay, &QTimer::timeout, this, &TokenCounter::ask);
    connect(prompts, &QAbstractItemModel::modelReset, this, [this] {
        if (m_asked != 0) // about prompts that are no more
            m_context.engine->cancel(std::exchange(m_asked, 0));
        m_delay.start();
    });
}

void TokenCounter::setModel(qint64 id) {
    if (std::exchange(m_model, id) == id)
        return;
    if (m_asked != 0) // counts of another model
        m_context.engine->cancel(std::exchange(m_asked, 0));
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
    m_counts.clear();
    m_truncated.clear();
    askForNext();
}

void TokenCounter::askForNext() {
    const auto* model = m_context.lists->models()->recordById(m_model);
    if (model == nullptr)
        return;
    QJsonArray texts;
    for (int row = static_cast<int>(m_counts.size()); row < m_prompts->rowCount() && texts.size() < kTextsAtOnce; ++row)
        texts.append(m_prompts->prompt(row));
    QJsonObject params{{QStringLiteral("path"), fromUtf8(model->path)}, {QStringLiteral("texts"), texts}};
    if (!model->vocabPath.empty())
        params.insert(QStringLiteral("vocab"), fromUtf8(model->vocabPath));
    auto mine = std::make_shared<qint64>(0);
    m_asked = *mine = m_context.engine->request(
        QStringLiteral("model/tokenize"), params, this, [this, mine, asked = texts.size()](const Outcome<QJsonObject>& answer) {
            if (*mine != m_asked)
                return; // of an earlier question
            m_asked = 0;
            if (!answer) {
                if (!answer.error().cancelled())
                    Q_EMIT failed(errorText(answer.error().error()));
                return;
            }
            const QJsonArray counts = answer->value(u"counts").toArray(), cuts = answer->value(u"truncated").toArray();
            for (const QJsonValue count : counts)
                m_counts.push_back(count.toInt());
            for (const QJsonValue cut : cuts)
                m_truncated.push_back(cut.toBool());
            if (counts.size() == asked && m_counts.size() < static_cast<std::size_t>(m_prompts->rowCount())) {
                askForNext();
                return;
            }
            m_prompts->setCounts(m_counts, m_truncated, answer->value(u"context_length").toInt());
            Q_EMIT counted();
        });
}

} // namespace plumbline::ui
