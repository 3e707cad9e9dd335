// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/edit_history.h"

#include <algorithm>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/project_service.h"

namespace plumbline::ui {

EditHistory::EditHistory(ProjectService* project, QObject* parent) : QObject(parent), m_project(project) {
    connect(project, &ProjectService::closed, this, &EditHistory::forget);
}

EditHistory::~EditHistory() = default;

void EditHistory::edit(QObject* context, const QString& name, std::function<Result<void>(store::Project&)> query,
                       std::function<void(Result<void>)> done, const QString& key) {
    record(name, key, std::move(query),
           [done = std::move(done), alive = QPointer(context)](const std::optional<Error>& failure) {
               if (alive)
                   done(failure ? Result<void>(tl::unexpected(*failure)) : Result<void>());
           });
}

void EditHistory::record(const QString& name, const QString& key, std::function<Result<void>(store::Project&)> edit,
                         Done done) {
    ++m_open;
    m_project->ask<store::ChangeSet>(
        this, [edit = std::move(edit)](store::Project& project) { return project.recorded(edit); },
        [this, name, key, done = std::move(done)](Result<store::ChangeSet> change) {
            if (change && !change->empty()) {
                m_redo.clear();
                push({name, key, std::move(*change), false, nullptr});
            }
            m_open = std::max(0, m_open - 1);
            done(change ? std::nullopt : std::optional(change.error()));
            takeNext();
        });
}

void EditHistory::push(Step step) {
    const bool joins = !m_undo.empty() && !step.key.isEmpty() && m_undo.back().key == step.key &&
                       m_sinceLast.isValid() && m_sinceLast.elapsed() < kJoinMs;
    m_sinceLast.start();
    if (joins)
        if (auto both = store::joined(m_undo.back().change, step.change)) {
            m_undo.back().change = std::move(*both);
            Q_EMIT changed();
            return;
        }
    m_undo.push_back(std::move(step));
    std::size_t bytes = 0;
    for (const Step& each : m_undo)
        bytes += each.change.rows.size();
    while (bytes > kMostBytes && !m_undo.empty()) {
        bytes -= m_undo.front().change.rows.size();
        m_undo.erase(m_undo.begin());
    }
    Q_EMIT changed();
}

void EditHistory::added(const QString& name, std::function<Result<void>(store::Project&)> remove) {
    m_redo.clear();
    push({name, {}, {}, true, std::move(remove)});
}

void EditHistory::undo() {
    m_wanted.push_back(true);
    takeNext();
}

void EditHistory::redo() {
    m_wanted.push_back(false);
    takeNext();
}

/// What is undone is what was edited last, also where the project's thread is still at it.
void EditHistory::takeNext() {
    while (!m_busy && m_open == 0 && !m_wanted.empty()) {
        const bool undo = m_wanted.front();
        m_wanted.erase(m_wanted.begin());
        if (!(undo ? m_undo : m_redo).empty())
            step(undo);
    }
}

void EditHistory::step(bool undo) {
    m_busy = true;
    std::vector<Step>& from = undo ? m_undo : m_redo;
    auto step = std::make_shared<Step>(std::move(from.back()));
    from.pop_back();
    m_sinceLast.invalidate(); // nothing joins a step that was undone
    m_project->ask<store::ChangeSet>(
        this,
        [step, undo](store::Project& project) -> Result<store::ChangeSet> {
            if (undo && step->remove)
                return project.recorded(step->remove);
            // Of what the engine added the change is the removal.
            PLUMBLINE_CHECK(undo != step->removes ? project.takeBack(step->change) : project.makeAgain(step->change));
            return step->change;
        },
        [this, step, undo](Result<store::ChangeSet> change) {
            m_busy = false;
            if (change) {
                step->change = std::move(*change);
                step->remove = nullptr;
                (undo ? m_redo : m_undo).push_back(std::move(*step));
            } else {
                const bool outdated =
                    change.error().code == ErrorCode::InvalidArgument && change.error().arg("name") == "change";
                const QString why =
                    outdated ? tr("What it changed was changed again since.") : errorText(change.error());
                Q_EMIT failed((undo ? tr("Cannot undo %1. %2") : tr("Cannot redo %1. %2")).arg(step->name, why));
            }
            Q_EMIT changed();
            takeNext();
        });
}

QString EditHistory::undoName() const {
    return m_undo.empty() ? QString() : m_undo.back().name;
}

QString EditHistory::redoName() const {
    return m_redo.empty() ? QString() : m_redo.back().name;
}

void EditHistory::forget() {
    m_busy = false;
    m_open = 0;
    m_wanted.clear();
    m_undo.clear();
    m_redo.clear();
    Q_EMIT changed();
}

} // namespace plumbline::ui
