// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QObject>
#include <QTimer>

#include "ui/pages/context.h"

namespace plumbline::ui {

class PromptTable;

/// Has the tokens of a table's prompts counted by a model of the project, shortly after the last change and only while
/// its page is seen, so that the engine is not started for nothing. Long lists are sent in parts.
class TokenCounter : public QObject {
    Q_OBJECT
public:
    TokenCounter(const Context& context, PromptTable* prompts, QWidget* page);
    /// The record of the model that counts; 0: none.
    void setModel(qint64 id);

Q_SIGNALS:
    void counted();
    /// The model cannot count (it has no vocabulary): why, in a sentence.
    void failed(const QString& why);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void ask();
    void askForNext();
    Context m_context;
    PromptTable* m_prompts;
    QWidget* m_page;
    QTimer m_delay;
    qint64 m_model = 0;
    qint64 m_asked = 0;
    std::vector<int> m_counts; ///< of the prompts that were counted so far
    std::vector<bool> m_truncated;
    bool m_pending = false; ///< something changed while the page was not seen
};

} // namespace plumbline::ui
