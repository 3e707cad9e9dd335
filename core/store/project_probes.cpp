// SPDX-License-Identifier: GPL-3.0-or-later
// Versions of probe sets.
#include "core/base/clock.h"
#include "core/store/project_impl.h"

namespace plumbline::store {

namespace {

/// Follows "INSERT INTO probe_version (probe, state, kept) SELECT id, probe, ?1 FROM probe WHERE …".
constexpr const char* kUnlessKept =
    " AND NOT EXISTS (SELECT 1 FROM probe_version WHERE probe_version.probe = probe.id AND state = probe.probe)";

} // namespace

void Project::Impl::keepProbesThatAsk(const std::string& state) {
    auto statement = prepare(
        std::string("INSERT INTO probe_version (probe, state, kept) SELECT id, probe, ?1 FROM probe WHERE probe = ?2") +
        kUnlessKept);
    statement.bind(1, utcNow());
    statement.bind(2, state);
    statement.exec();
}

Result<bool> Project::Impl::keepProbe(std::int64_t id) {
    auto known = prepare("SELECT 1 FROM probe WHERE id = ?");
    known.bind(1, id);
    if (!known.executeStep())
        return unknownRecord("probe", id);
    auto statement = prepare(
        std::string("INSERT INTO probe_version (probe, state, kept) SELECT id, probe, ?1 FROM probe WHERE id = ?2") +
        kUnlessKept);
    statement.bind(1, utcNow());
    statement.bind(2, id);
    return statement.exec() > 0;
}

Result<bool> Project::keepProbe(std::int64_t id) {
    return m_impl->write([&] { return m_impl->keepProbe(id); });
}

Result<std::vector<ProbeVersion>> Project::probeVersions(std::int64_t probe) {
    return m_impl->read([&]() -> Result<std::vector<ProbeVersion>> {
        auto statement = m_impl->prepare("SELECT id, state, kept FROM probe_version WHERE probe = ? ORDER BY id DESC");
        statement.bind(1, probe);
        std::vector<ProbeVersion> versions;
        while (statement.executeStep()) {
            ProbeVersion version;
            version.id = statement.getColumn(0).getInt64();
            version.probe = probe;
            PLUMBLINE_TRY(version.state, m_impl->stored(statement.getColumn(1).getString(), probeSetFromJson));
            version.kept = statement.getColumn(2).getString();
            versions.push_back(std::move(version));
        }
        return versions;
    });
}

Result<void> Project::returnToVersion(std::int64_t version) {
    return m_impl->write([&]() -> Result<void> {
        auto of = m_impl->prepare("SELECT probe FROM probe_version WHERE id = ?");
        of.bind(1, version);
        if (!of.executeStep())
            return unknownRecord("probe version", version);
        PLUMBLINE_CHECK(m_impl->keepProbe(of.getColumn(0).getInt64()));
        auto statement = m_impl->prepare("UPDATE probe SET probe = (SELECT state FROM probe_version WHERE id = ?1) "
                                         "WHERE id = (SELECT probe FROM probe_version WHERE id = ?1)");
        statement.bind(1, version);
        statement.exec();
        return {};
    });
}

} // namespace plumbline::store
