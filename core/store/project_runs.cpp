// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/clock.h"
#include "core/data/probe_templates.h"
#include "core/store/project_impl.h"

namespace plumbline::store {

static_assert(std::endian::native == std::endian::little, "codes and scores are stored as they lie in memory");

namespace {

std::string textsJson(const std::vector<std::string>& texts) {
    nlohmann::json list = nlohmann::json::array();
    for (const std::string& text : texts)
        list.push_back(isUtf8(text) ? text : encodeName(text));
    return list.dump();
}

Result<std::vector<std::string>> textsFromJson(const nlohmann::json& json) {
    std::vector<std::string> texts;
    const auto wrong = [] {
        return fail(ErrorCode::JsonInvalid, {{"path", "warnings"}, {"reason", "a list of texts is expected"}});
    };
    if (!json.is_array())
        return wrong();
    for (const auto& item : json) {
        if (!item.is_string())
            return wrong();
        texts.push_back(item.get<std::string>());
    }
    return texts;
}

void bindOptional(SQLite::Statement& statement, int index, std::optional<double> value) {
    if (value && std::isfinite(*value))
        statement.bind(index, *value);
    else
        statement.bind(index);
}

Result<void> checkResult(const AuditResult& result, std::span<const float> scores) {
    const std::size_t prompts = result.prompts.size();
    if (result.truncated.size() != prompts)
        return invalid("truncated", std::to_string(result.truncated.size()), "one a prompt");
    if (prompts == 0 ? !scores.empty() : scores.size() % prompts != 0)
        return invalid("scores", std::to_string(scores.size()), "as many for each of the prompts");
    return {};
}

} // namespace

Result<RunState> Project::Impl::runState(std::int64_t id) {
    auto statement = prepare("SELECT state FROM run WHERE id = ?");
    statement.bind(1, id);
    if (!statement.executeStep())
        return unknownRecord("run", id);
    const std::string name = statement.getColumn(0).getString();
    for (const RunState state : {RunState::Running, RunState::Cancelled, RunState::Failed, RunState::Done})
        if (runStateName(state) == name)
            return state;
    return damaged("run " + std::to_string(id) + " has an unknown state");
}

Result<void> Project::Impl::expectUnfinished(std::int64_t id) {
    PLUMBLINE_TRY(const RunState state, runState(id));
    if (state == RunState::Done)
        return invalid("run", std::to_string(id), "a run that is not finished: a finished one never changes");
    return {};
}

Result<std::int64_t> Project::beginRun(const AuditConfig& config) {
    return m_impl->write([&]() -> Result<std::int64_t> {
        std::string modelName = encodePath(decodePath(config.modelPath).filename());
        if (config.modelId != 0) {
            auto model = m_impl->prepare("SELECT name FROM model WHERE id = ?");
            model.bind(1, config.modelId);
            if (!model.executeStep())
                return unknownRecord("model", config.modelId);
            modelName = model.getColumn(0).getString();
        }
        std::string setName;
        std::int64_t images = 0;
        if (config.imageSetId != 0) {
            auto set = m_impl->prepare("SELECT name, images FROM image_set WHERE id = ?");
            set.bind(1, config.imageSetId);
            if (!set.executeStep())
                return unknownRecord("image set", config.imageSetId);
            setName = set.getColumn(0).getString();
            images = set.getColumn(1).getInt64();
        }
        auto statement =
            m_impl->prepare("INSERT INTO run (state, config, model_name, image_set, image_set_name, prompts, "
                            "images, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        statement.bind(1, std::string(runStateName(RunState::Running)));
        statement.bind(2, toJson(config).dump());
        statement.bind(3, modelName);
        if (config.imageSetId != 0)
            statement.bind(4, config.imageSetId);
        statement.bind(5, setName);
        statement.bind(6, countPrompts(config.probe));
        statement.bind(7, images);
        statement.bind(8, utcNow());
        statement.exec();
        const std::int64_t id = m_impl->db().getLastInsertRowid();
        m_impl->keepProbesThatAsk(toJson(config.probe).dump());
        return id;
    });
}

Result<void> Project::setRunProgress(std::int64_t id, std::int64_t embedded, std::int64_t images) {
    return m_impl->write(
        [&]() -> Result<void> {
            PLUMBLINE_CHECK(m_impl->expectUnfinished(id));
            auto statement = m_impl->prepare("UPDATE run SET embedded = ?, images = ? WHERE id = ?");
            statement.bind(1, embedded);
            statement.bind(2, images);
            statement.bind(3, id);
            statement.exec();
            return {};
        },
        detail::Durability::Crash);
}

Result<void> Project::setRunState(std::int64_t id, RunState state, const std::optional<Error>& error) {
    if (state == RunState::Done)
        return invalid("run state", std::string(runStateName(state)), "the end of a run with its results (finishRun)");
    return m_impl->write([&]() -> Result<void> {
        PLUMBLINE_CHECK(m_impl->expectUnfinished(id));
        auto statement = m_impl->prepare("UPDATE run SET state = ?, error = ? WHERE id = ?");
        statement.bind(1, std::string(runStateName(state)));
        if (error)
            statement.bind(2, toJson(*error).dump());
        statement.bind(3, id);
        statement.exec();
        return {};
    });
}

Result<void> Project::finishRun(std::int64_t id, const AuditResult& result, std::span<const float> scores) {
    PLUMBLINE_CHECK(checkResult(result, scores));
    return m_impl->write([&]() -> Result<void> {
        PLUMBLINE_CHECK(m_impl->expectUnfinished(id));
        const std::size_t prompts = result.prompts.size();
        const std::size_t columns = prompts == 0 ? 0 : scores.size() / prompts;
        {
            auto set =
                m_impl->prepare("SELECT image_set.images FROM run JOIN image_set ON image_set.id = run.image_set "
                                "WHERE run.id = ?");
            set.bind(1, id);
            if (set.executeStep() && prompts > 0 && set.getColumn(0).getInt64() != static_cast<std::int64_t>(columns))
                return invalid("scores", std::to_string(columns) + " a prompt",
                               set.getColumn(0).getString() + ", one an image of the set");
        }
        auto run = m_impl->prepare("UPDATE run SET state = ?, config = ?, provenance = ?, "
                                   "model_name = coalesce(nullif(model_name, ''), ?), prompts = ?, images = ?, "
                                   "skipped = ?, embedded = ?, error = NULL, warnings = ? WHERE id = ?");
        run.bind(1, std::string(runStateName(RunState::Done)));
        run.bind(2, toJson(result.config).dump());
        run.bind(3, toJson(result.provenance).dump());
        run.bind(4, result.provenance.modelName);
        run.bind(5, static_cast<std::int64_t>(prompts));
        run.bind(6, result.images);
        run.bind(7, result.skipped);
        run.bind(8, result.images - result.skipped);
        run.bind(9, textsJson(result.warnings));
        run.bind(10, id);
        run.exec();

        auto prompt = m_impl->prepare("INSERT INTO run_prompt (run, position, text, truncated, scores) "
                                      "VALUES (?, ?, ?, ?, ?)");
        for (std::size_t i = 0; i < prompts; ++i) {
            const auto row = scores.subspan(i * columns, columns);
            prompt.bind(1, id);
            prompt.bind(2, static_cast<std::int64_t>(i));
            prompt.bind(3, result.prompts[i]);
            prompt.bind(4, result.truncated[i] ? 1 : 0);
            detail::bindBlob(prompt, 5, row.data(), row.size_bytes());
            prompt.exec();
            prompt.reset();
        }

        auto skipped = m_impl->prepare("INSERT INTO run_skipped (run, position, file, reason) VALUES (?, ?, ?, ?)");
        for (std::size_t i = 0; i < result.skippedImages.size(); ++i) {
            skipped.bind(1, id);
            skipped.bind(2, static_cast<std::int64_t>(i));
            skipped.bind(3, result.skippedImages[i].file);
            skipped.bind(4, result.skippedImages[i].reason);
            skipped.exec();
            skipped.reset();
        }

        auto measured =
            m_impl->prepare("INSERT INTO run_measurement (run, position, prompt, attribute, max_skew, min_skew, "
                            "ndkl, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        for (std::size_t i = 0; i < result.measurements.size(); ++i) {
            const Measurement& measurement = result.measurements[i];
            measured.bind(1, id);
            measured.bind(2, static_cast<std::int64_t>(i));
            if (measurement.prompt)
                measured.bind(3, *measurement.prompt);
            else
                measured.bind(3);
            measured.bind(4, measurement.attribute);
            bindOptional(measured, 5, measurement.maxSkew.value);
            bindOptional(measured, 6, measurement.minSkew.value);
            bindOptional(measured, 7, measurement.ndkl.value);
            measured.bind(8, toJson(measurement).dump());
            measured.exec();
            measured.reset();
        }

        auto concepts = m_impl->prepare("INSERT INTO run_concept (run, position, summary) VALUES (?, ?, ?)");
        for (std::size_t i = 0; i < result.concepts.size(); ++i) {
            concepts.bind(1, id);
            concepts.bind(2, static_cast<std::int64_t>(i));
            concepts.bind(3, toJson(result.concepts[i]).dump());
            concepts.exec();
            concepts.reset();
        }

        auto table = m_impl->prepare("INSERT INTO run_table (run, position, id, result) VALUES (?, ?, ?, ?)");
        for (std::size_t i = 0; i < result.tables.size(); ++i) {
            table.bind(1, id);
            table.bind(2, static_cast<std::int64_t>(i));
            table.bind(3, result.tables[i].id);
            table.bind(4, toJson(result.tables[i]).dump());
            table.exec();
            table.reset();
        }
        return {};
    });
}

Result<std::vector<RunRecord>> Project::Impl::loadRuns(std::optional<std::int64_t> id) {
    auto statement =
        prepare("SELECT id, config, provenance, model_name, image_set_name, prompts, images, skipped, "
                "embedded, error, warnings, created FROM run WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC");
    if (id)
        statement.bind(1, *id);
    std::vector<RunRecord> records;
    while (statement.executeStep()) {
        RunRecord record;
        record.id = statement.getColumn(0).getInt64();
        PLUMBLINE_TRY(record.state, runState(record.id));
        PLUMBLINE_TRY(record.config, stored(statement.getColumn(1).getString(), auditConfigFromJson));
        if (!statement.isColumnNull(2)) {
            PLUMBLINE_TRY(record.provenance, stored(statement.getColumn(2).getString(), runProvenanceFromJson));
        }
        record.modelName = statement.getColumn(3).getString();
        record.imageSetName = statement.getColumn(4).getString();
        record.prompts = statement.getColumn(5).getInt64();
        record.images = statement.getColumn(6).getInt64();
        record.skipped = statement.getColumn(7).getInt64();
        record.embedded = statement.getColumn(8).getInt64();
        if (!statement.isColumnNull(9)) {
            PLUMBLINE_TRY(record.error, stored(statement.getColumn(9).getString(), errorFromJson));
        }
        PLUMBLINE_TRY(record.warnings, stored(statement.getColumn(10).getString(), textsFromJson));
        record.created = statement.getColumn(11).getString();
        records.push_back(std::move(record));
    }
    return records;
}

Result<std::vector<RunRecord>> Project::runs() {
    return m_impl->read([&] { return m_impl->loadRuns(std::nullopt); });
}

Result<RunRecord> Project::run(std::int64_t id) {
    return m_impl->read([&]() -> Result<RunRecord> {
        PLUMBLINE_TRY(auto records, m_impl->loadRuns(id));
        if (records.empty())
            return unknownRecord("run", id);
        return std::move(records.front());
    });
}

Result<void> Project::removeRun(std::int64_t id) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("DELETE FROM run WHERE id = ?");
        statement.bind(1, id);
        if (statement.exec() == 0)
            return unknownRecord("run", id);
        m_impl->dropUnneededImageSets();
        return {};
    });
}

Result<AuditResult> Project::runResult(std::int64_t id) {
    return m_impl->read([&]() -> Result<AuditResult> {
        PLUMBLINE_TRY(auto records, m_impl->loadRuns(id));
        if (records.empty() || records.front().state != RunState::Done)
            return unknownRecord("finished run", id);
        RunRecord& record = records.front();
        AuditResult result;
        result.config = std::move(record.config);
        result.provenance = std::move(record.provenance);
        result.images = record.images;
        result.skipped = record.skipped;
        result.warnings = std::move(record.warnings);

        auto prompts = m_impl->prepare("SELECT text, truncated FROM run_prompt WHERE run = ? ORDER BY position");
        prompts.bind(1, id);
        while (prompts.executeStep()) {
            result.prompts.push_back(prompts.getColumn(0).getString());
            result.truncated.push_back(prompts.getColumn(1).getInt() != 0);
        }
        auto skipped = m_impl->prepare("SELECT file, reason FROM run_skipped WHERE run = ? ORDER BY position");
        skipped.bind(1, id);
        while (skipped.executeStep())
            result.skippedImages.push_back({skipped.getColumn(0).getString(), skipped.getColumn(1).getString()});

        auto measured = m_impl->prepare("SELECT result FROM run_measurement WHERE run = ? ORDER BY position");
        measured.bind(1, id);
        while (measured.executeStep()) {
            PLUMBLINE_TRY(auto measurement, m_impl->stored(measured.getColumn(0).getString(), measurementFromJson));
            result.measurements.push_back(std::move(measurement));
        }
        auto concepts = m_impl->prepare("SELECT summary FROM run_concept WHERE run = ? ORDER BY position");
        concepts.bind(1, id);
        while (concepts.executeStep()) {
            PLUMBLINE_TRY(auto summary, m_impl->stored(concepts.getColumn(0).getString(), conceptSummaryFromJson));
            result.concepts.push_back(std::move(summary));
        }
        auto tables = m_impl->prepare("SELECT result FROM run_table WHERE run = ? ORDER BY position");
        tables.bind(1, id);
        while (tables.executeStep()) {
            PLUMBLINE_TRY(auto table, m_impl->stored(tables.getColumn(0).getString(), measureTableFromJson));
            result.tables.push_back(std::move(table));
        }
        return result;
    });
}

Result<std::vector<float>> Project::runScores(std::int64_t id, std::int64_t prompt) {
    return m_impl->read([&]() -> Result<std::vector<float>> {
        PLUMBLINE_TRY(const RunState state, m_impl->runState(id));
        if (state != RunState::Done)
            return unknownRecord("finished run", id);
        auto statement = m_impl->prepare("SELECT scores FROM run_prompt WHERE run = ? AND position = ?");
        statement.bind(1, id);
        statement.bind(2, prompt);
        if (!statement.executeStep())
            return unknownRecord("prompt", prompt);
        const SQLite::Column column = statement.getColumn(0);
        const auto bytes = static_cast<std::size_t>(column.getBytes());
        if (bytes % sizeof(float) != 0)
            return m_impl->damaged("the scores of run " + std::to_string(id) + " are cut off");
        std::vector<float> scores(bytes / sizeof(float));
        if (bytes > 0)
            std::memcpy(scores.data(), column.getBlob(), bytes);
        return scores;
    });
}

Result<ImageSet> Project::runImageSet(std::int64_t id) {
    return m_impl->read([&]() -> Result<ImageSet> {
        auto statement = m_impl->prepare("SELECT image_set FROM run WHERE id = ?");
        statement.bind(1, id);
        if (!statement.executeStep())
            return unknownRecord("run", id);
        return m_impl->loadImageSet(statement.getColumn(0).getInt64()); // 0 where the run had none
    });
}

} // namespace plumbline::store
