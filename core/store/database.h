// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/store and its tests: what the project file and the embedding cache have in common as SQLite files.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "core/base/error.h"

namespace SQLite {
class Database;
class Statement;
} // namespace SQLite

namespace plumbline::store::detail {

using DatabasePtr = std::shared_ptr<SQLite::Database>; // shared for its deleter alone: the type stays opaque here

/// A kind of file: its mark in SQLite's header and the ladder that builds its schema.
struct Format {
    std::int32_t applicationId = 0;
    std::span<const std::string> ladder; ///< script i leads from user_version i to i + 1
    int pageSize = 4096;                 ///< of new files
    bool backup = false;                 ///< keep a copy of the old file beside it before the first step
};

struct Opened {
    DatabasePtr database;
    bool readOnly = false;
};

/// Creates the file with the newest schema; what fails leaves no file behind. FileUnwritable if one exists already.
Result<DatabasePtr> createDatabase(const std::filesystem::path& path, const Format& format);

/// Opens and, where it can be written, brings it to the newest schema. Falls back to reading only where the file or its
/// folder cannot be written. Errors: FileNotFound, FileUnreadable, FileUnwritable, ProjectNotOne, ProjectTooNew,
/// ProjectReadOnly (an old schema that cannot be brought up to date here), ProjectBusy, ProjectDamaged, DiskFull.
Result<Opened> openDatabase(const std::filesystem::path& path, const Format& format, bool readOnly);

/// The exception that is being handled, as an error about this file. Only within a catch block.
Error currentError(const std::filesystem::path& path);

/// Runs work that returns a Result, with what it throws turned into an error.
template <class Work>
std::invoke_result_t<Work> guarded(const std::filesystem::path& path, Work&& work) {
    try {
        return work();
    } catch (...) {
        return tl::unexpected(currentError(path));
    }
}

/// True if the open file no longer lies at its path: deleted, renamed or replaced.
bool hasMoved(SQLite::Database& database);

/// Writes a compact copy, the newest changes included; FileUnwritable if there is a file of this name already.
Result<void> copyDatabase(SQLite::Database& database, const std::filesystem::path& target);

enum class Durability {
    PowerLoss, ///< on the disk before the commit returns: what the user was told is stored
    Crash      ///< survives the end of the program; the last of them may be lost when the power fails
};

/// A write transaction, begun at once (BEGIN IMMEDIATE), rolled back unless committed.
class WriteTransaction {
public:
    /// Throws SQLite::Exception (busy, full, ...). FileMoved when the open file no longer lies at its path.
    WriteTransaction(SQLite::Database& database, Durability durability);
    ~WriteTransaction();
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;
    void commit();

private:
    SQLite::Database& m_database;
    bool m_open = true;
};

/// A consistent view for several reads; ends with the object.
class ReadTransaction {
public:
    explicit ReadTransaction(SQLite::Database& database);
    ~ReadTransaction();
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

private:
    SQLite::Database& m_database;
};

/// Thrown by WriteTransaction: the file was deleted, renamed or replaced while it was open, and writing into what is
/// left of it would be lost without a word.
struct FileMoved {};

/// The bytes must stay until the statement was run. (SQLiteCpp's bind of an empty blob would bind NULL.)
void bindBlob(SQLite::Statement& statement, int index, const void* data, std::size_t bytes);

} // namespace plumbline::store::detail
