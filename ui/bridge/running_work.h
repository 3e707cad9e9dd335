// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractListModel>
#include <QElapsedTimer>

#include "ui/bridge/engine.h"

namespace plumbline::ui {

/// The long requests that the window has open with the engine, for the bottom bar: what, which stage, how far, how long
/// yet. A request that is started here appears until it is answered.
class RunningWork : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { IdRole = Qt::UserRole + 1, StageRole, DoneRole, TotalRole, SecondsLeftRole, CancellingRole };

    explicit RunningWork(Engine* engine, QObject* parent = nullptr);

    /// As Engine::request; `kind` groups requests for isRunning(), `title` is what the user reads.
    qint64 start(const QString& kind, const QString& title, const QString& method, const QJsonObject& params,
                 QObject* context, Engine::Answer answer);
    void cancel(qint64 id);
    void cancelAll();
    bool isRunning(const QString& kind) const;

    enum class End { Done, Cancelled, Failed };
    Q_ENUM(End)

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

Q_SIGNALS:
    void started(const QString& title);
    void ended(const QString& title, plumbline::ui::RunningWork::End how, double seconds);

private:
    struct Item {
        qint64 id = 0;
        QString kind, title, stage;
        qint64 done = 0, total = 0;
        double secondsLeft = -1;
        bool cancelling = false;
        QElapsedTimer time = {};
    };
    int rowOf(qint64 id) const;
    void remove(qint64 id, End how);

    Engine* m_engine;
    std::vector<Item> m_items;
};

} // namespace plumbline::ui
