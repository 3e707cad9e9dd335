// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include "core/base/clock.h"
#include "core/store/project_impl.h"

namespace plumbline::store {

namespace {

/// A relative name that leads nowhere but into its folder: a project may come from a stranger.
bool staysInside(const std::string& name) {
    const std::filesystem::path path(name);
    if (name.empty() || path.is_absolute() || name.find('\0') != std::string::npos)
        return false;
    for (const auto& part : path)
        if (part == ".." || part == "." || part.empty())
            return false;
    return true;
}

std::optional<RunState> stateFromName(const std::string& name) {
    for (const RunState state : {RunState::Running, RunState::Cancelled, RunState::Failed, RunState::Done})
        if (runStateName(state) == name)
            return state;
    return std::nullopt;
}

} // namespace

Result<std::vector<StudyRecord>> Project::Impl::loadStudies(std::optional<std::int64_t> id) {
    auto statement = prepare(std::string("SELECT id, state, config, error, created, finished FROM study ") +
                             (id ? "WHERE id = ?" : "ORDER BY id DESC"));
    if (id)
        statement.bind(1, *id);
    std::vector<StudyRecord> records;
    while (statement.executeStep()) {
        StudyRecord& record = records.emplace_back();
        record.id = statement.getColumn(0).getInt64();
        const std::optional<RunState> state = stateFromName(statement.getColumn(1).getString());
        if (!state)
            return damaged("study " + std::to_string(record.id) + " has an unknown state");
        record.state = *state;
        PLUMBLINE_TRY(record.config,
                      stored<DebiasStudyConfig>(statement.getColumn(2).getString(), debiasStudyConfigFromJson));
        if (!statement.getColumn(3).isNull()) {
            PLUMBLINE_TRY(record.error, stored<Error>(statement.getColumn(3).getString(), errorFromJson));
        }
        record.created = statement.getColumn(4).getString();
        if (!statement.getColumn(5).isNull())
            record.finished = statement.getColumn(5).getString();
    }
    return records;
}

Result<std::int64_t> Project::beginStudy(const DebiasStudyConfig& config) {
    return m_impl->write([&]() -> Result<std::int64_t> {
        auto statement = m_impl->prepare("INSERT INTO study (state, config, created) VALUES (?, ?, ?)");
        statement.bind(1, std::string(runStateName(RunState::Running)));
        statement.bind(2, toJson(config).dump());
        statement.bind(3, utcNow());
        statement.exec();
        return m_impl->db().getLastInsertRowid();
    });
}

Result<void> Project::setStudyState(std::int64_t id, RunState state, const std::optional<Error>& error) {
    if (state == RunState::Done)
        return invalid("study state", std::string(runStateName(state)),
                       "the end of a study with its result (finishStudy)");
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("UPDATE study SET state = ?, error = ? WHERE id = ? AND state <> ?");
        statement.bind(1, std::string(runStateName(state)));
        if (error)
            statement.bind(2, toJson(*error).dump());
        statement.bind(3, id);
        statement.bind(4, std::string(runStateName(RunState::Done)));
        if (statement.exec() == 0)
            return unknownRecord("unfinished study", id);
        return {};
    });
}

Result<void> Project::finishStudy(std::int64_t id, const DebiasStudy& result) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare(
            "UPDATE study SET state = ?, result = ?, error = NULL, finished = ? WHERE id = ? AND state <> ?");
        statement.bind(1, std::string(runStateName(RunState::Done)));
        statement.bind(2, toJson(result).dump());
        statement.bind(3, utcNow());
        statement.bind(4, id);
        statement.bind(5, std::string(runStateName(RunState::Done)));
        if (statement.exec() == 0)
            return unknownRecord("unfinished study", id);
        return {};
    });
}

Result<std::vector<StudyRecord>> Project::studies() {
    return m_impl->read([&] { return m_impl->loadStudies({}); });
}

Result<StudyRecord> Project::study(std::int64_t id) {
    return m_impl->read([&]() -> Result<StudyRecord> {
        PLUMBLINE_TRY(std::vector<StudyRecord> records, m_impl->loadStudies(id));
        if (records.empty())
            return unknownRecord("study", id);
        return std::move(records.front());
    });
}

Result<DebiasStudy> Project::studyResult(std::int64_t id) {
    return m_impl->read([&]() -> Result<DebiasStudy> {
        auto statement = m_impl->prepare("SELECT result FROM study WHERE id = ? AND result IS NOT NULL");
        statement.bind(1, id);
        if (!statement.executeStep())
            return unknownRecord("finished study", id);
        return m_impl->stored<DebiasStudy>(statement.getColumn(0).getString(), debiasStudyFromJson);
    });
}

Result<void> Project::removeStudy(std::int64_t id) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("DELETE FROM study WHERE id = ?");
        statement.bind(1, id);
        if (statement.exec() == 0)
            return unknownRecord("study", id);
        return {};
    });
}

Result<std::int64_t> Project::addTransform(std::int64_t study, const std::string& name,
                                           std::span<const TransformFile> files) {
    for (const TransformFile& file : files)
        if (!staysInside(file.name))
            return invalid("file", encodeName(file.name), "a relative name inside the transform's folder");
    return m_impl->write([&]() -> Result<std::int64_t> {
        auto statement = m_impl->prepare("INSERT INTO transform (study, name, created) VALUES (?, ?, ?)");
        if (study != 0)
            statement.bind(1, study);
        statement.bind(2, name);
        statement.bind(3, utcNow());
        statement.exec();
        const std::int64_t id = m_impl->db().getLastInsertRowid();
        for (const TransformFile& file : files) {
            auto insert = m_impl->prepare("INSERT INTO transform_file (transform, name, bytes) VALUES (?, ?, ?)");
            insert.bind(1, id);
            insert.bind(2, file.name);
            insert.bind(3, file.bytes.data(), static_cast<int>(file.bytes.size()));
            insert.exec();
        }
        return id;
    });
}

Result<std::vector<TransformRecord>> Project::transforms() {
    return m_impl->read([&]() -> Result<std::vector<TransformRecord>> {
        auto statement = m_impl->prepare("SELECT id, study, name, created FROM transform ORDER BY id");
        std::vector<TransformRecord> records;
        while (statement.executeStep())
            records.push_back({statement.getColumn(0).getInt64(),
                               statement.getColumn(1).isNull() ? 0 : statement.getColumn(1).getInt64(),
                               statement.getColumn(2).getString(), statement.getColumn(3).getString()});
        return records;
    });
}

Result<std::vector<TransformFile>> Project::transformFiles(std::int64_t id) {
    return m_impl->read([&]() -> Result<std::vector<TransformFile>> {
        auto statement = m_impl->prepare("SELECT name, bytes FROM transform_file WHERE transform = ? ORDER BY name");
        statement.bind(1, id);
        std::vector<TransformFile> files;
        while (statement.executeStep()) {
            const SQLite::Column bytes = statement.getColumn(1);
            files.push_back(
                {statement.getColumn(0).getString(),
                 std::string(static_cast<const char*>(bytes.getBlob()), static_cast<std::size_t>(bytes.getBytes()))});
            if (!staysInside(files.back().name))
                return m_impl->damaged("a file of transform " + std::to_string(id) + " has a name outside its folder");
        }
        if (files.empty())
            return unknownRecord("transform", id);
        return files;
    });
}

} // namespace plumbline::store
