// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QJsonObject>
#include <QObject>
#include <QString>

#include "core/base/error.h"

namespace plumbline::ui {

/// The engine process (`plumb serve`) and the JSON-RPC 2.0 connection with it over its stdin and stdout
/// (`Content-Length` framing). Starts it on the first request, notices its end, says so and starts it anew.
/// Lives on the main thread; nothing here blocks.
class Engine : public QObject {
    Q_OBJECT
public:
    enum class State { Stopped, Starting, Ready, Gone };
    Q_ENUM(State)

    /// `program`: path of plumb; beside the window's own program by default.
    explicit Engine(QString program, QObject* parent = nullptr);
    ~Engine() override;

    /// Starts the process if none is running; a request does this by itself.
    void start();

    /// The answer to a request: a result, an error, or Cancelled.
    using Answer = std::function<void(Outcome<QJsonObject>)>;
    /// Sends a request; `answer` is called once on the main thread, unless `context` is gone by then.
    /// Returns the request's id. When the engine dies, every open request is answered with EngineGone.
    qint64 request(const QString& method, const QJsonObject& params, QObject* context, Answer answer);
    /// Asks the engine to stop a request; it is answered with Cancelled (within a second).
    void cancel(qint64 id);

    State state() const;
    /// What `initialize` answered: version, threads, blas, slowBlas, precision; empty before.
    QJsonObject info() const;

Q_SIGNALS:
    void stateChanged(plumbline::ui::Engine::State state);
    /// total 0: unknown; secondsLeft < 0: unknown.
    void progress(qint64 id, const QString& stage, qint64 done, qint64 total, double secondsLeft);
    void logLine(const QString& line);
    /// The process ended without being asked to: how, in a sentence.
    void died(const QString& how);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace plumbline::ui
