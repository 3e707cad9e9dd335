// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "core/data/debias.h"
#include "core/store/project.h"
#include "ui/pages/context.h"
#include "ui/widgets/message_bar.h"

namespace plumbline::ui {

/// Starts comparisons through the engine; knows which one is being worked on.
class ComparisonRunner : public QObject {
    Q_OBJECT
public:
    explicit ComparisonRunner(const Context& context, QObject* parent = nullptr);

    void start(const DebiasStudyConfig& config);
    void cancel();
    bool isRunning() const;
    /// Of the engine's progress; 0: nothing runs.
    qint64 request() const { return m_request; }
    /// It is marked as running and it is we who work on it.
    bool isOurs(const store::StudyRecord& study) const;

Q_SIGNALS:
    void started();
    void finished(qint64 study);
    /// It ended without a result (cancelled, failed); the project shows which.
    void stopped();
    void raised(const plumbline::ui::Message& message);

private:
    void answered(const Outcome<QJsonObject>& answer);

    Context m_context;
    DebiasStudyConfig m_config; ///< of the one that runs, to start it again
    qint64 m_request = 0;
    qint64 m_newestBefore = 0; ///< studies with a higher id were begun by us
};

} // namespace plumbline::ui
