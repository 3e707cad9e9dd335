// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/engine.h"

#include <chrono>
#include <map>
#include <vector>

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonDocument>
#include <QPointer>
#include <QProcess>
#include <QTimer>

#include "ui/bridge/frame_reader.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

using namespace std::chrono_literals;

namespace {

constexpr int kProtocol = 1;
constexpr int kRequestCancelled = -32800;

/// A cancelled request that is still unanswered after this is answered here; the engine may take longer to let go.
constexpr auto kCancelPatience = 1s;
/// An engine that does not let go for this long hangs, and is ended.
constexpr auto kHangPatience = 15s;
/// How long the window waits for the engine's end when it closes: asked, then terminated, then killed.
constexpr int kEndPatienceMs = 1000;
constexpr int kKillPatienceMs = 500;
/// Lines of stderr that are kept for the details of a death.
constexpr qsizetype kKeptLines = 40;

Error gone(const QString& reason, const QString& detail = {}) {
    return {ErrorCode::EngineGone, {{"reason", reason.toStdString()}}, detail.toStdString()};
}

QByteArray message(const QString& method, const QJsonObject& params, qint64 id = 0) {
    QJsonObject json{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                     {QStringLiteral("method"), method},
                     {QStringLiteral("params"), params}};
    if (id != 0)
        json.insert(QStringLiteral("id"), id);
    return FrameReader::frame(QJsonDocument(json).toJson(QJsonDocument::Compact));
}

} // namespace

struct Engine::Private {
    struct Open {
        QPointer<QObject> context;
        Answer answer;
        QByteArray unsent; ///< the frame, until it is written
        bool cancelled = false;
    };

    Engine* q = nullptr;
    QString program;
    QProcess* process = nullptr;
    FrameReader reader;
    QByteArray errorLine;
    QStringList lastLines;
    State state = State::Stopped;
    QJsonObject info;
    qint64 nextId = 1;
    qint64 initializeId = 0;
    std::map<qint64, Open> open;
    std::map<qint64, bool> abandoned; ///< cancelled and answered here, but not yet let go by the engine
    QString failure;                  ///< why we ended the process ourselves

    void setState(State next);
    void start();
    void write(const QByteArray& frame) { process->write(frame); }
    void sendUnsent();
    void readFrames();
    void readErrors();
    void handle(const QJsonObject& json);
    void initialized(const Outcome<QJsonObject>& answer);
    void finish(qint64 id, Outcome<QJsonObject> outcome);
    void answerLater(qint64 id, Outcome<QJsonObject> outcome);
    void abort(const QString& why);
    void ended(const QString& how);
    void log(const QString& line);
    static QString describe(int code, QProcess::ExitStatus status);
};

Engine::Engine(QString program, QObject* parent) : QObject(parent), d(std::make_unique<Private>()) {
    d->q = this;
    d->program = program.isEmpty() ? QCoreApplication::applicationDirPath() + QStringLiteral("/plumb") : std::move(program);
}

Engine::~Engine() {
    QProcess* process = std::exchange(d->process, nullptr);
    if (process == nullptr)
        return;
    process->disconnect(this);
    if (process->state() == QProcess::NotRunning)
        return;
    process->write(message(QStringLiteral("shutdown"), {}, d->nextId));
    process->write(message(QStringLiteral("exit"), {}));
    process->closeWriteChannel();
    if (process->waitForFinished(kEndPatienceMs))
        return;
    process->terminate();
    if (process->waitForFinished(kKillPatienceMs))
        return;
    process->kill();
    process->waitForFinished(kKillPatienceMs);
}

void Engine::start() {
    if (d->process == nullptr)
        d->start();
}

qint64 Engine::request(const QString& method, const QJsonObject& params, QObject* context, Answer answer) {
    const qint64 id = d->nextId++;
    d->open.emplace(id, Private::Open{context, std::move(answer), message(method, params, id), false});
    start();
    if (d->state == State::Ready)
        d->sendUnsent();
    return id;
}

void Engine::cancel(qint64 id) {
    const auto it = d->open.find(id);
    if (it == d->open.end() || it->second.cancelled)
        return;
    it->second.cancelled = true;
    if (!it->second.unsent.isEmpty()) { // the engine never heard of it
        it->second.unsent.clear();
        d->answerLater(id, tl::unexpected(Stop(Cancelled{})));
        return;
    }
    d->write(message(QStringLiteral("$/cancelRequest"), {{QStringLiteral("id"), id}}));
    const QPointer<QProcess> process = d->process;
    QTimer::singleShot(kCancelPatience, this, [this, id] {
        if (d->open.contains(id)) {
            d->abandoned.emplace(id, true);
            d->finish(id, tl::unexpected(Stop(Cancelled{})));
        }
    });
    QTimer::singleShot(kHangPatience, this, [this, id, process] {
        if (d->abandoned.contains(id) && process != nullptr && process == d->process)
            d->abort(tr("it did not stop when asked to"));
    });
}

Engine::State Engine::state() const { return d->state; }

QJsonObject Engine::info() const { return d->info; }

void Engine::Private::setState(State next) {
    if (state == next)
        return;
    state = next;
    Q_EMIT q->stateChanged(next);
}

void Engine::Private::start() {
    reader.clear();
    errorLine.clear();
    lastLines.clear();
    failure.clear();
    info = {};
    process = new QProcess(q);
    process->setProgram(program);
    process->setArguments({QStringLiteral("serve")});
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    // Waiting threads of OpenMP sleep instead of spinning; read when the library is loaded, so it is set here.
    environment.insert(QStringLiteral("GOMP_SPINCOUNT"), QStringLiteral("0"));
    process->setProcessEnvironment(environment);
    QObject::connect(process, &QProcess::readyReadStandardOutput, q, [this] { readFrames(); });
    QObject::connect(process, &QProcess::readyReadStandardError, q, [this] { readErrors(); });
    QObject::connect(process, &QProcess::finished, q, [this](int code, QProcess::ExitStatus status) {
        readErrors();
        readFrames();
        ended(failure.isEmpty() ? describe(code, status) : failure);
    });
    // Queued: start() may fail before request() has returned its id.
    QObject::connect(
        process, &QProcess::errorOccurred, q,
        [this](QProcess::ProcessError error) {
            if (error == QProcess::FailedToStart)
                ended(tr("%1 could not be started").arg(program));
        },
        Qt::QueuedConnection);
    setState(State::Starting);
    initializeId = nextId++;
    open.emplace(initializeId, Open{q, [this](const Outcome<QJsonObject>& answer) { initialized(answer); }, {}, false});
    process->start();
    write(message(QStringLiteral("initialize"),
                  {{QStringLiteral("client"), QStringLiteral("plumbline " PLUMBLINE_VERSION)},
                   {QStringLiteral("protocol"), kProtocol}},
                  initializeId));
}

void Engine::Private::initialized(const Outcome<QJsonObject>& answer) {
    if (!answer) {
        if (process != nullptr && !answer.error().cancelled())
            abort(tr("it did not answer the greeting"));
        return;
    }
    if (const int protocol = answer->value(u"protocol").toInt(); protocol != kProtocol) {
        abort(tr("it speaks version %1 of the protocol, this window version %2").arg(protocol).arg(kProtocol));
        return;
    }
    info = *answer;
    setState(State::Ready);
    sendUnsent();
}

void Engine::Private::sendUnsent() {
    for (auto& [id, request] : open)
        if (!request.unsent.isEmpty())
            write(std::exchange(request.unsent, {}));
}

void Engine::Private::readErrors() {
    errorLine += process->readAllStandardError();
    for (qsizetype end = errorLine.indexOf('\n'); end >= 0; end = errorLine.indexOf('\n')) {
        log(QString::fromUtf8(errorLine.first(end)));
        errorLine.remove(0, end + 1);
    }
}

void Engine::Private::log(const QString& line) {
    lastLines.append(line);
    if (lastLines.size() > kKeptLines)
        lastLines.removeFirst();
    Q_EMIT q->logLine(line);
}

void Engine::Private::readFrames() {
    const QPointer<QProcess> current = process;
    reader.append(process->readAllStandardOutput());
    while (const auto frame = reader.next()) {
        QJsonParseError error;
        const QJsonDocument document = QJsonDocument::fromJson(*frame, &error);
        if (!document.isObject()) {
            abort(tr("it sent something that is not JSON"));
            return;
        }
        handle(document.object());
        if (current == nullptr || current != process) // an answer ended or replaced the process
            return;
    }
    if (const QByteArray stray = reader.takeStrayBytes().trimmed(); !stray.isEmpty())
        log(QString::fromUtf8(stray));
    if (reader.broken())
        abort(tr("it sent a message of an impossible length"));
}

void Engine::Private::handle(const QJsonObject& json) {
    const QJsonObject params = json.value(u"params").toObject();
    const QString method = json.value(u"method").toString();
    if (method == u"progress") {
        const QJsonValue left = params.value(u"seconds_left");
        Q_EMIT q->progress(params.value(u"id").toInteger(), params.value(u"stage").toString(),
                           params.value(u"done").toInteger(), params.value(u"total").toInteger(),
                           left.isDouble() ? left.toDouble() : -1.0);
        return;
    }
    if (method == u"log") {
        log(params.value(u"message").toString());
        return;
    }
    const qint64 id = json.value(u"id").toInteger();
    if (abandoned.erase(id) > 0)
        return;
    if (const QJsonObject error = json.value(u"error").toObject(); !error.isEmpty()) {
        if (error.value(u"code").toInt() == kRequestCancelled)
            finish(id, tl::unexpected(Stop(Cancelled{})));
        else
            finish(id, tl::unexpected(Stop(errorFrom(error))));
        return;
    }
    finish(id, json.value(u"result").toObject());
}

void Engine::Private::finish(qint64 id, Outcome<QJsonObject> outcome) {
    auto node = open.extract(id);
    if (!node.empty() && node.mapped().context)
        node.mapped().answer(std::move(outcome));
}

void Engine::Private::answerLater(qint64 id, Outcome<QJsonObject> outcome) {
    QMetaObject::invokeMethod(
        q, [this, id, outcome = std::move(outcome)] { finish(id, outcome); }, Qt::QueuedConnection);
}

void Engine::Private::abort(const QString& why) {
    failure = why;
    process->kill(); // finished() follows
}

void Engine::Private::ended(const QString& how) {
    if (process == nullptr)
        return;
    if (!errorLine.isEmpty())
        log(QString::fromUtf8(std::exchange(errorLine, {})));
    process->disconnect(q);
    std::exchange(process, nullptr)->deleteLater();
    info = {};
    abandoned.clear();
    // An answer may ask for something new, which starts the next process: only what is open now is answered.
    auto unanswered = std::exchange(open, {});
    unanswered.erase(initializeId);
    setState(State::Gone);
    const QPointer<Engine> alive = q;
    Q_EMIT q->died(how);
    const Error error = gone(how, lastLines.join(u'\n'));
    for (auto& [id, request] : unanswered) {
        if (!alive)
            return;
        if (!request.context)
            continue;
        if (request.cancelled)
            request.answer(tl::unexpected(Stop(Cancelled{})));
        else
            request.answer(tl::unexpected(Stop(error)));
    }
}

QString Engine::Private::describe(int code, QProcess::ExitStatus status) {
    if (status == QProcess::NormalExit)
        return tr("it ended by itself with code %1").arg(code);
    if (code == 9)
        return tr("it was killed by the system, perhaps for lack of memory");
    return tr("it crashed (signal %1)").arg(code);
}

} // namespace plumbline::ui
