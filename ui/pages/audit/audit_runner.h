// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "core/data/audit.h"
#include "core/store/project.h"
#include "ui/pages/context.h"
#include "ui/widgets/message_bar.h"

namespace plumbline::ui {

/// Starts audits and goes on with interrupted ones, through the engine; knows which run is being worked on.
class AuditRunner : public QObject {
    Q_OBJECT
public:
    explicit AuditRunner(const Context& context, QObject* parent = nullptr);

    void start(const AuditConfig& config);
    /// Two runs, without and with a fitted method of the project at that strength; finished() names the second.
    void startWith(const AuditConfig& config, qint64 transform, double strength);
    void resume(qint64 run);
    /// An audit started here is running.
    bool isRunning() const;
    /// The run was cancelled or failed, or is marked as running although nobody here works on it: it can go on.
    bool canGoOn(const store::RunRecord& run) const;

Q_SIGNALS:
    void started();
    void finished(qint64 run);
    /// A run ended without a result (cancelled, failed); the lists show which.
    void stopped();
    void raised(const plumbline::ui::Message& message);

private:
    void begin(const QString& title, const QString& method, const QJsonObject& params, const QString& answerName);
    void answered(const Outcome<QJsonObject>& answer, const QString& name, qint64 resumed);
    void sayStopped(const Stop& why, qint64 run);
    std::int64_t newestRun() const;

    Context m_context;
    qint64 m_resumed = 0;   ///< the run that goes on; 0: a new one
    qint64 m_newestBefore = 0; ///< runs with a higher id were begun by us
};

} // namespace plumbline::ui
