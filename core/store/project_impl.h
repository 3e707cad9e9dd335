// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/store: what the parts of Project share. Only for files that include SQLiteCpp.

#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"
#include "core/store/database.h"
#include "core/store/project.h"

namespace plumbline::store {

struct Project::Impl {
    std::filesystem::path path;
    bool readOnly = false;
    detail::DatabasePtr database;

    SQLite::Database& db() { return *database; }
    SQLite::Statement prepare(const std::string& sql) { return SQLite::Statement(db(), sql); }

    /// Runs `work` (which returns a Result) on one consistent view.
    template <class Work>
    std::invoke_result_t<Work> read(Work&& work) {
        return detail::guarded(path, [&]() -> std::invoke_result_t<Work> {
            const detail::ReadTransaction transaction(db());
            return work();
        });
    }

    /// Runs `work` in one write transaction, which is committed if it succeeds.
    template <class Work>
    std::invoke_result_t<Work> write(Work&& work, detail::Durability durability = detail::Durability::PowerLoss) {
        if (readOnly)
            return fail(ErrorCode::ProjectReadOnly, {{"path", encodePath(path)}});
        return detail::guarded(path, [&]() -> std::invoke_result_t<Work> {
            detail::WriteTransaction transaction(db(), durability);
            auto result = work();
            if (result)
                transaction.commit();
            return result;
        });
    }

    tl::unexpected<Error> damaged(std::string reason) const {
        return fail(ErrorCode::ProjectDamaged, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
    }

    /// A stored JSON text as a value; text that does not read back means that the file is damaged.
    template <class T>
    Result<T> stored(const std::string& text, Result<T> (*fromJson)(const nlohmann::json&)) const {
        auto value = parseJson(text, "a record").and_then(fromJson);
        if (!value)
            return damaged(std::string(value.error().arg("path")) + ", " + std::string(value.error().arg("reason")));
        return value;
    }

    // Within a transaction:
    /// The image set, hidden or not.
    Result<ImageSet> loadImageSet(std::int64_t id);
    Result<std::vector<Attribute>> loadAttributes(std::int64_t imageSet, std::size_t images);
    Result<std::optional<ImageCheck>> loadImageCheck(std::int64_t imageSet, std::size_t images);
    Result<std::vector<ModelRecord>> loadModels(std::optional<std::int64_t> id);
    Result<std::vector<ImageSetRecord>> loadImageSets();
    Result<std::vector<RunRecord>> loadRuns(std::optional<std::int64_t> id);
    Result<std::vector<StudyRecord>> loadStudies(std::optional<std::int64_t> id);
    Result<RunState> runState(std::int64_t id);
    Result<bool> keepProbe(std::int64_t id);
    /// Keeps the sets that are in this state.
    void keepProbesThatAsk(const std::string& state);
    /// InvalidArgument for a run that is done.
    Result<void> expectUnfinished(std::int64_t id);
    /// Deletes the hidden image sets that no run needs any more.
    void dropUnneededImageSets();
};

inline tl::unexpected<Error> unknownRecord(std::string kind, std::int64_t id) {
    return fail(ErrorCode::RecordUnknown, {{"kind", std::move(kind)}, {"id", std::to_string(id)}});
}

inline tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

} // namespace plumbline::store
