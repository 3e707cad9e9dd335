// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/project_service.h"

#include <atomic>
#include <chrono>
#include <optional>

#include <QFile>
#include <QThread>
#include <QTimer>

#include "core/base/vector_state.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

using namespace std::chrono_literals;

namespace {
/// How often the file is asked for commits of other processes: one PRAGMA that reads no page.
constexpr auto kPollInterval = 400ms;
} // namespace

struct ProjectService::Private {
    // Main thread.
    ProjectService* q = nullptr;
    EditHistory* history = nullptr;
    QThread thread;
    QObject* worker = nullptr; ///< lives on the thread; calls are queued to it
    bool isOpen = false;
    bool isReadOnly = false;
    QString path;
    std::atomic<std::uint64_t> generation = 0; ///< of the open project; answers of an earlier one are dropped

    // Worker thread.
    std::optional<store::Project> project;
    QTimer* poll = nullptr;
    std::int64_t counter = 0;
    std::uint64_t projectGeneration = 0; ///< that of `project`

    void start(const QString& file, bool create);
    void checkForChanges();
    template <class Job>
    void queue(Job job) {
        QMetaObject::invokeMethod(worker, std::move(job), Qt::QueuedConnection);
    }
};

ProjectService::ProjectService(QObject* parent) : QObject(parent), d(std::make_unique<Private>()) {
    d->q = this;
    d->history = new EditHistory(this, this);
    d->worker = new QObject;
    d->worker->moveToThread(&d->thread);
    connect(&d->thread, &QThread::finished, d->worker, &QObject::deleteLater);
    d->thread.setObjectName(QStringLiteral("project"));
    d->thread.start();
    d->queue([this] {
        d->poll = new QTimer(d->worker);
        d->poll->setInterval(kPollInterval);
        connect(d->poll, &QTimer::timeout, d->worker, [this] { d->checkForChanges(); });
    });
}

ProjectService::~ProjectService() {
    // Blocking: what was asked before is still done, so nothing that was typed is lost.
    QMetaObject::invokeMethod(
        d->worker, [this] { d->project.reset(); }, Qt::BlockingQueuedConnection);
    d->thread.quit();
    d->thread.wait();
}

void ProjectService::create(const QString& path) {
    close();
    d->start(path, true);
}

void ProjectService::open(const QString& path) {
    close();
    d->start(path, false);
}

void ProjectService::close() {
    ++d->generation;
    d->queue([this] {
        d->poll->stop();
        d->project.reset();
    });
    d->path.clear();
    if (std::exchange(d->isOpen, false))
        Q_EMIT closed();
}

bool ProjectService::isOpen() const { return d->isOpen; }

bool ProjectService::isReadOnly() const { return d->isReadOnly; }

QString ProjectService::path() const { return d->path; }

EditHistory* ProjectService::history() const { return d->history; }

void ProjectService::Private::start(const QString& file, bool create) {
    const std::uint64_t mine = generation;
    queue([this, file, create, mine] {
        projectGeneration = mine;
        auto result = create ? store::Project::create(localPath(file)) : store::Project::open(localPath(file));
        if (!result) {
            q->deliver([this, error = std::move(result).error()] { Q_EMIT q->failed(error); });
            return;
        }
        project.emplace(std::move(*result));
        counter = project->changeCounter().value_or(0);
        poll->start();
        const bool readOnly = project->access() == store::Project::Access::ReadOnly;
        q->deliver([this, file, readOnly] {
            isOpen = true;
            isReadOnly = readOnly;
            path = file;
            Q_EMIT q->opened();
        });
    });
}

void ProjectService::Private::checkForChanges() {
    if (!project)
        return;
    const auto now = project->changeCounter(); // an error here shows itself in the next query
    if (now && *now != std::exchange(counter, *now))
        q->deliver([this] { Q_EMIT q->changed(); });
}

void ProjectService::run(std::function<void(store::Project&)> job) {
    if (!d->isOpen)
        return;
    d->queue([this, job = std::move(job), mine = d->generation.load()] {
        if (!d->project || mine != d->projectGeneration)
            return;
        clearUpperHalves(); // the thread started as the main thread's drawing had left them
        job(*d->project);
        d->checkForChanges();
    });
}

void ProjectService::deliver(std::function<void()> call) {
    QMetaObject::invokeMethod(
        this,
        [this, call = std::move(call), mine = d->projectGeneration] {
            if (mine == d->generation)
                call();
        },
        Qt::QueuedConnection);
}

} // namespace plumbline::ui
