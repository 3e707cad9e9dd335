// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/project_lists.h"

#include "ui/bridge/project_service.h"

namespace plumbline::ui {

namespace {

struct Lists {
    std::vector<store::ModelRecord> models;
    std::vector<store::ImageSetRecord> imageSets;
    std::vector<store::ProbeRecord> probes;
    std::vector<store::RunRecord> runs;
    std::vector<store::StudyRecord> studies;
};

Result<Lists> readLists(store::Project& project) {
    Lists lists;
    PLUMBLINE_TRY(lists.models, project.models());
    PLUMBLINE_TRY(lists.imageSets, project.imageSets());
    PLUMBLINE_TRY(lists.probes, project.probes());
    PLUMBLINE_TRY(lists.runs, project.runs());
    PLUMBLINE_TRY(lists.studies, project.studies());
    return lists;
}

} // namespace

ProjectLists::ProjectLists(ProjectService* project, QObject* parent) : QObject(parent), m_project(project) {
    m_probes.setRecords(ProbeTable::builtIn());
    connect(project, &ProjectService::opened, this, &ProjectLists::refresh);
    connect(project, &ProjectService::changed, this, &ProjectLists::refresh);
    connect(project, &ProjectService::closed, this, &ProjectLists::clear);
}

void ProjectLists::refresh() {
    if (m_asking) {
        m_again = true;
        return;
    }
    m_asking = true;
    m_project->ask<Lists>(this, readLists, [this](Result<Lists> lists) {
        m_asking = false;
        if (lists) {
            auto probes = ProbeTable::builtIn();
            probes.insert(probes.end(), std::make_move_iterator(lists->probes.begin()),
                          std::make_move_iterator(lists->probes.end()));
            m_models.setRecords(std::move(lists->models));
            m_imageSets.setRecords(std::move(lists->imageSets));
            m_probes.setRecords(std::move(probes));
            m_runs.setRecords(std::move(lists->runs));
            m_studies.setRecords(std::move(lists->studies));
            m_loaded = true;
            Q_EMIT refreshed();
        } else {
            Q_EMIT failed(lists.error());
        }
        if (std::exchange(m_again, false))
            refresh();
    });
}

void ProjectLists::clear() {
    // The answer to a question about a closed project never comes.
    m_asking = m_again = m_loaded = false;
    m_models.setRecords({});
    m_imageSets.setRecords({});
    m_probes.setRecords(ProbeTable::builtIn());
    m_runs.setRecords({});
    m_studies.setRecords({});
    Q_EMIT refreshed();
}

} // namespace plumbline::ui
