// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"

#include "core/base/clock.h"
#include "core/store/project_impl.h"
#include "embedded/store_schema.h"

namespace plumbline::store {

namespace {

/// "PLMB": what `file` and other programs see at offset 68 of the header.
constexpr std::int32_t kApplicationId = 0x504C4D42;

const detail::Format& projectFormat() {
    static const std::vector<std::string> ladder = [] {
        std::vector<std::string> scripts;
        for (const std::string_view script : embedded::store_schema)
            scripts.emplace_back(script);
        return scripts;
    }();
    static const detail::Format format{kApplicationId, ladder, 4096, true};
    return format;
}

} // namespace

Project::Project() : m_impl(std::make_unique<Impl>()) {
}
Project::~Project() = default;
Project::Project(Project&&) noexcept = default;
Project& Project::operator=(Project&&) noexcept = default;

Result<Project> Project::create(const std::filesystem::path& path) {
    PLUMBLINE_TRY(auto database, detail::createDatabase(path, projectFormat()));
    Project project;
    project.m_impl->path = path;
    project.m_impl->database = std::move(database);
    return project;
}

Result<Project> Project::open(const std::filesystem::path& path, Access access) {
    PLUMBLINE_TRY(auto opened, detail::openDatabase(path, projectFormat(), access == Access::ReadOnly));
    Project project;
    project.m_impl->path = path;
    project.m_impl->readOnly = opened.readOnly;
    project.m_impl->database = std::move(opened.database);
    return project;
}

const std::filesystem::path& Project::path() const {
    return m_impl->path;
}

Project::Access Project::access() const {
    return m_impl->readOnly ? Access::ReadOnly : Access::ReadWrite;
}

Result<std::int64_t> Project::changeCounter() {
    return detail::guarded(m_impl->path, [&]() -> Result<std::int64_t> {
        // data_version leaves out this connection's own changes; total_changes counts nothing else.
        const std::int64_t others = m_impl->db().execAndGet("PRAGMA data_version").getInt64();
        return others + m_impl->db().getTotalChanges();
    });
}

Result<void> Project::checkpoint() {
    if (m_impl->readOnly)
        return {};
    return detail::guarded(m_impl->path, [&]() -> Result<void> {
        auto statement = m_impl->prepare("PRAGMA wal_checkpoint(TRUNCATE)");
        if (statement.executeStep() && statement.getColumn(0).getInt() != 0)
            return fail(ErrorCode::ProjectBusy, {{"path", encodePath(m_impl->path)}});
        return {};
    });
}

Result<void> Project::saveCopy(const std::filesystem::path& path) {
    return detail::copyDatabase(m_impl->db(), path);
}

Result<void> Project::check() {
    return detail::guarded(m_impl->path, [&]() -> Result<void> {
        auto statement = m_impl->prepare("PRAGMA quick_check(1)");
        if (!statement.executeStep())
            return m_impl->damaged("it cannot be checked");
        if (const std::string answer = statement.getColumn(0).getString(); answer != "ok")
            return m_impl->damaged(answer);
        return {};
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Models

Result<std::int64_t> Project::addModel(const ModelRecord& record) {
    return m_impl->write([&]() -> Result<std::int64_t> {
        auto statement =
            m_impl->prepare("INSERT INTO model (path, name, vocab_path, card, added) VALUES (?, ?, ?, ?, ?) "
                            "ON CONFLICT (path) DO UPDATE SET name = excluded.name, "
                            "vocab_path = excluded.vocab_path, card = excluded.card RETURNING id");
        statement.bind(1, record.path);
        statement.bind(2, record.name);
        statement.bind(3, record.vocabPath);
        statement.bind(4, toJson(record.card).dump());
        statement.bind(5, record.added.empty() ? utcNow() : record.added);
        statement.executeStep();
        return statement.getColumn(0).getInt64();
    });
}

Result<std::vector<ModelRecord>> Project::Impl::loadModels(std::optional<std::int64_t> id) {
    auto statement = prepare("SELECT id, path, name, vocab_path, card, added FROM model "
                             "WHERE ?1 IS NULL OR id = ?1 ORDER BY id");
    if (id)
        statement.bind(1, *id);
    std::vector<ModelRecord> records;
    while (statement.executeStep()) {
        ModelRecord record;
        record.id = statement.getColumn(0).getInt64();
        record.path = statement.getColumn(1).getString();
        record.name = statement.getColumn(2).getString();
        record.vocabPath = statement.getColumn(3).getString();
        PLUMBLINE_TRY(record.card, stored(statement.getColumn(4).getString(), modelCardFromJson));
        record.added = statement.getColumn(5).getString();
        records.push_back(std::move(record));
    }
    return records;
}

Result<std::vector<ModelRecord>> Project::models() {
    return m_impl->read([&] { return m_impl->loadModels(std::nullopt); });
}

Result<ModelRecord> Project::model(std::int64_t id) {
    return m_impl->read([&]() -> Result<ModelRecord> {
        PLUMBLINE_TRY(auto records, m_impl->loadModels(id));
        if (records.empty())
            return unknownRecord("model", id);
        return std::move(records.front());
    });
}

Result<void> Project::removeModel(std::int64_t id) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("DELETE FROM model WHERE id = ?");
        statement.bind(1, id);
        if (statement.exec() == 0)
            return unknownRecord("model", id);
        return {};
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Probes

Result<std::int64_t> Project::addProbe(const ProbeSet& probe) {
    return m_impl->write([&]() -> Result<std::int64_t> {
        auto statement = m_impl->prepare("INSERT INTO probe (probe, added) VALUES (?, ?)");
        statement.bind(1, toJson(probe).dump());
        statement.bind(2, utcNow());
        statement.exec();
        return m_impl->db().getLastInsertRowid();
    });
}

Result<void> Project::updateProbe(std::int64_t id, const ProbeSet& probe) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("UPDATE probe SET probe = ? WHERE id = ?");
        statement.bind(1, toJson(probe).dump());
        statement.bind(2, id);
        if (statement.exec() == 0)
            return unknownRecord("probe", id);
        return {};
    });
}

Result<std::vector<ProbeRecord>> Project::probes() {
    return m_impl->read([&]() -> Result<std::vector<ProbeRecord>> {
        auto statement = m_impl->prepare("SELECT id, probe, added FROM probe ORDER BY id");
        std::vector<ProbeRecord> records;
        while (statement.executeStep()) {
            ProbeRecord record;
            record.id = statement.getColumn(0).getInt64();
            PLUMBLINE_TRY(record.probe, m_impl->stored(statement.getColumn(1).getString(), probeSetFromJson));
            record.added = statement.getColumn(2).getString();
            records.push_back(std::move(record));
        }
        return records;
    });
}

Result<void> Project::removeProbe(std::int64_t id) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("DELETE FROM probe WHERE id = ?");
        statement.bind(1, id);
        if (statement.exec() == 0)
            return unknownRecord("probe", id);
        return {};
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Settings

Result<void> Project::setSetting(const std::string& key, const std::string& value) {
    return m_impl->write(
        [&]() -> Result<void> {
            auto statement = m_impl->prepare("INSERT INTO setting (key, value) VALUES (?, ?) "
                                             "ON CONFLICT (key) DO UPDATE SET value = excluded.value");
            statement.bind(1, key);
            statement.bind(2, value);
            statement.exec();
            return {};
        },
        detail::Durability::Crash);
}

Result<std::optional<std::string>> Project::setting(const std::string& key) {
    return m_impl->read([&]() -> Result<std::optional<std::string>> {
        auto statement = m_impl->prepare("SELECT value FROM setting WHERE key = ?");
        statement.bind(1, key);
        if (!statement.executeStep())
            return std::nullopt;
        return statement.getColumn(0).getString();
    });
}

} // namespace plumbline::store
