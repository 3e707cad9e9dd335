// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>

namespace plumbline::ui {

class Engine;
class ProjectLists;
class ProjectService;
class RunningWork;
class Settings;

/// What every page is given. The window owns all of it and outlives the pages.
struct Context {
    Engine* engine = nullptr;
    RunningWork* work = nullptr;
    ProjectService* project = nullptr;
    ProjectLists* lists = nullptr;
    Settings* settings = nullptr;

    /// Parameters of a request about the open project: `{project: …}`.
    QJsonObject projectParams() const;
    /// A project is open and may be written.
    bool isWritable() const;
};

} // namespace plumbline::ui
