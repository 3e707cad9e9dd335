// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "ui/models/record_tables.h"

namespace plumbline::ui {

class ProjectService;

/// What the open project holds, as tables that every page shares. Read again, in one go and on the project's thread,
/// whenever something was committed.
class ProjectLists : public QObject {
    Q_OBJECT
public:
    explicit ProjectLists(ProjectService* project, QObject* parent = nullptr);

    ModelTable* models() { return &m_models; }
    ImageSetTable* imageSets() { return &m_imageSets; }
    ProbeTable* probes() { return &m_probes; }
    RunTable* runs() { return &m_runs; }
    StudyTable* studies() { return &m_studies; }
    /// False between opening a project and the first answer.
    bool isLoaded() const { return m_loaded; }

Q_SIGNALS:
    /// The tables are up to date with the project (also after it was closed: then they are empty).
    void refreshed();
    void failed(const plumbline::Error& error);

private:
    void refresh();
    void clear();

    ProjectService* m_project;
    ModelTable m_models;
    ImageSetTable m_imageSets;
    ProbeTable m_probes;
    RunTable m_runs;
    StudyTable m_studies;
    bool m_loaded = false;
    bool m_asking = false;
    bool m_again = false; ///< something changed while we were asking
};

} // namespace plumbline::ui
