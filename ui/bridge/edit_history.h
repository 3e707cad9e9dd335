// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>
#include <QString>

#include "core/store/project.h"

namespace plumbline::ui {

class ProjectService;

/// The edits of the open project that can be undone and done again, row by row in its file. Lost when it is closed.
/// What the engine added counts, too: taking it back removes it. Work that an audit did is no edit.
class EditHistory : public QObject {
    Q_OBJECT
public:
    /// Edits with one key that follow each other within this time are one step.
    static constexpr qint64 kJoinMs = 10'000;
    /// Of the values that all steps hold; the oldest go first.
    static constexpr std::size_t kMostBytes = std::size_t(256) << 20;

    explicit EditHistory(ProjectService* project, QObject* parent = nullptr);
    ~EditHistory() override;

    /// As ProjectService::ask(), for an edit that can be undone. `name`: what it does, "removing faceclip-a".
    template <class T>
    void edit(QObject* context, const QString& name, std::function<Result<T>(store::Project&)> query,
              std::function<void(Result<T>)> done, const QString& key = {}) {
        auto answer = std::make_shared<std::optional<Result<T>>>();
        record(
            name, key,
            [query = std::move(query), answer](store::Project& project) -> Result<void> {
                answer->emplace(query(project));
                if (!**answer)
                    return tl::unexpected((**answer).error());
                return {};
            },
            [answer, done = std::move(done), alive = QPointer(context)](const std::optional<Error>& failure) {
                if (!alive)
                    return;
                if (*answer)
                    done(std::move(**answer));
                else if (failure) // it was not even begun
                    done(tl::unexpected(*failure));
            });
    }
    /// The same of an edit that answers nothing.
    void edit(QObject* context, const QString& name, std::function<Result<void>(store::Project&)> query,
              std::function<void(Result<void>)> done, const QString& key = {});
    /// Something was added by the engine: `remove` takes it back.
    void added(const QString& name, std::function<Result<void>(store::Project&)> remove);

    void undo();
    void redo();
    /// What undo() would undo; empty where there is nothing.
    QString undoName() const;
    QString redoName() const;

Q_SIGNALS:
    void changed();
    /// A step could not be undone or done again, in a sentence; it is no longer offered.
    void failed(const QString& sentence);

private:
    struct Step {
        QString name, key;
        store::ChangeSet change;
        bool removes = false;                                ///< the change took away what the engine had added
        std::function<Result<void>(store::Project&)> remove; ///< of what the engine added, until it is taken back
    };
    using Done = std::function<void(const std::optional<Error>&)>;

    void record(const QString& name, const QString& key, std::function<Result<void>(store::Project&)> edit, Done done);
    void push(Step step);
    void takeNext();
    void step(bool undo);
    void forget();

    ProjectService* m_project;
    std::vector<Step> m_undo, m_redo;
    QElapsedTimer m_sinceLast;
    bool m_busy = false;        ///< a step is on its way
    int m_open = 0;             ///< edits that are
    std::vector<bool> m_wanted; ///< to undo (or do again) when all of these are done
};

} // namespace plumbline::ui
