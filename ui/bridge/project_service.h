// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <QObject>
#include <QPointer>
#include <QString>

#include "core/base/error.h"
#include "core/store/project.h"

namespace plumbline::ui {

class EditHistory;

/// The open project. All access to the file happens on one worker thread; the main thread asks by a query that runs
/// there and gets the value back by a callback. The file is also watched for what the engine commits.
class ProjectService : public QObject {
    Q_OBJECT
public:
    explicit ProjectService(QObject* parent = nullptr);
    ~ProjectService() override;

    /// Answered by opened() or failed(). An open project is closed first.
    void create(const QString& path);
    void open(const QString& path);
    void close();

    bool isOpen() const;
    bool isReadOnly() const;
    QString path() const;
    /// What was edited here, to be undone.
    EditHistory* history() const;

    /// Runs `query` on the worker thread with the open project, then `done` on the main thread unless `context` is gone.
    /// Does nothing while no project is open.
    template <class T>
    void ask(QObject* context, std::function<Result<T>(store::Project&)> query, std::function<void(Result<T>)> done) {
        QPointer<QObject> alive(context);
        run([this, alive, query = std::move(query), done = std::move(done)](store::Project& project) mutable {
            auto result = std::make_shared<Result<T>>(query(project));
            deliver([alive, result, done = std::move(done)] {
                if (alive)
                    done(std::move(*result));
            });
        });
    }

Q_SIGNALS:
    void opened();
    void closed();
    void failed(const plumbline::Error& error);
    /// Something was committed, by us or by the engine.
    void changed();

private:
    void run(std::function<void(store::Project&)> job);
    /// Queues a call on the main thread.
    void deliver(std::function<void()> call);
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace plumbline::ui
