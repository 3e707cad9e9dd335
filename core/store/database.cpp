// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/database.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "core/base/path.h"

namespace plumbline::store::detail {

namespace fs = std::filesystem;

namespace {

constexpr int kBusyMs = 5000;
constexpr int kHeaderBytes = 100; // sqlite.org/fileformat2.html, section 1.3
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

std::string systemReason(int code) {
    return std::error_code(code, std::generic_category()).message();
}

fs::path beside(const fs::path& path, std::string_view suffix) {
    fs::path result = path;
    result += suffix;
    return result;
}

Error damaged(const fs::path& path, std::string reason) {
    return {ErrorCode::ProjectDamaged, {{"path", encodePath(path)}, {"reason", std::move(reason)}}, {}};
}

Error sqliteError(const fs::path& path, const SQLite::Exception& e) {
    const std::string file = encodePath(path);
    const std::string what = e.what();
    const std::string detail = what + " (SQLite " + std::to_string(e.getExtendedErrorCode()) + ")";
    switch (e.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {ErrorCode::ProjectBusy, {{"path", file}}, detail};
    case SQLITE_FULL:
        return {ErrorCode::DiskFull, {{"path", file}}, detail};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {ErrorCode::ProjectDamaged, {{"path", file}, {"reason", what}}, detail};
    case SQLITE_READONLY:
        return {ErrorCode::ProjectReadOnly, {{"path", file}}, detail};
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return {ErrorCode::FileUnreadable, {{"path", file}, {"reason", what}}, detail};
    case SQLITE_IOERR:
        switch (e.getExtendedErrorCode()) {
        case SQLITE_IOERR_WRITE:
        case SQLITE_IOERR_FSYNC:
        case SQLITE_IOERR_DIR_FSYNC:
        case SQLITE_IOERR_TRUNCATE:
        case SQLITE_IOERR_DELETE:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
            return {ErrorCode::FileUnwritable, {{"path", file}, {"reason", what}}, detail};
        default:
            return {ErrorCode::FileUnreadable, {{"path", file}, {"reason", what}}, detail};
        }
    case SQLITE_NOMEM:
        return {ErrorCode::OutOfMemory, {{"what", file}, {"bytes", "?"}}, detail};
    case SQLITE_TOOBIG:
        return {ErrorCode::FileUnwritable,
                {{"path", file}, {"reason", "one of its parts would be larger than a project can hold"}},
                detail};
    default:
        return {ErrorCode::Internal, {{"path", file}}, detail};
    }
}

/// What can be said of the file before SQLite opens it.
Result<void> checkFile(const fs::path& path) {
    const std::string name = encodePath(path);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found)
        return fail(ErrorCode::FileNotFound, {{"path", name}});
    if (error)
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", error.message()}});
    if (status.type() != fs::file_type::regular)
        return fail(ErrorCode::ProjectNotOne, {{"path", name}}, "not a regular file");
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0)
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", systemReason(errno)}});
    return {};
}

/// Looks for our mark before the first statement, with which SQLite would replay the journal of a file that is not ours
/// to touch. The mark is in the file itself from its first commit on, never only in the log (see createDatabase). Read
/// through SQLite's own handle: to open and close the file beside it would drop the locks of every other connection of
/// this process (sqlite.org/howtocorrupt.html, 2.2).
Result<void> checkHeader(SQLite::Database& database, const fs::path& path, const Format& format) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    std::array<char, kHeaderBytes> header{};
    const int rc = file && file->pMethods ? file->pMethods->xRead(file, header.data(), kHeaderBytes, 0) : SQLITE_IOERR;
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
        return fail(ErrorCode::FileUnreadable, {{"path", encodePath(path)}, {"reason", sqlite3_errstr(rc)}});
    std::uint32_t id = 0;
    for (std::size_t i = kApplicationIdAt; i < kApplicationIdAt + 4; ++i)
        id = id << 8 | static_cast<unsigned char>(header[i]);
    if (rc == SQLITE_IOERR_SHORT_READ || std::string_view(header.data(), kMagic.size()) != kMagic ||
        id != static_cast<std::uint32_t>(format.applicationId))
        return fail(ErrorCode::ProjectNotOne, {{"path", encodePath(path)}});
    return {};
}

/// True if the file can be written and the log can be made beside it.
bool writable(const fs::path& path) {
    const fs::path folder = path.parent_path();
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 &&
           ::faccessat(AT_FDCWD, folder.empty() ? "." : folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

fs::path absolutePath(const fs::path& path) {
    std::error_code error;
    fs::path result = fs::absolute(path, error);
    return error ? path : result;
}

std::string immutableUri(const fs::path& path) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path.native()) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= '0' && byte <= '9') || byte == '/' || byte == '-' || byte == '_' || byte == '.';
        if (plain) {
            uri += c;
        } else {
            uri += '%';
            uri += kHex[byte >> 4];
            uri += kHex[byte & 15];
        }
    }
    return uri + "?immutable=1";
}

DatabasePtr connect(const std::string& name, int flags) {
    auto database = std::make_shared<SQLite::Database>(name, flags | SQLITE_OPEN_NOMUTEX, kBusyMs);
    sqlite3* handle = database->getHandle();
    sqlite3_extended_result_codes(handle, 1);
    // A project may come from a stranger: its schema is data and must not run anything.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    return database;
}

int userVersion(SQLite::Database& database) {
    return database.execAndGet("PRAGMA user_version").getInt();
}

/// Makes an empty file of a name that nothing has yet: only O_EXCL tells surely. 0, or the system's error number.
int claim(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return errno;
    ::close(descriptor);
    return 0;
}

Error notClaimed(const fs::path& path, int code) {
    const std::string name = encodePath(path);
    if (code == ENOSPC || code == EDQUOT)
        return {ErrorCode::DiskFull, {{"path", name}}, {}};
    const std::string reason = code == EEXIST ? "there is a file of this name already" : systemReason(code);
    return {ErrorCode::FileUnwritable, {{"path", name}, {"reason", reason}}, {}};
}

/// Into an empty file of ours, which is removed again if it fails: half a copy is worse than none.
void copyInto(SQLite::Database& database, const fs::path& target) {
    try {
        SQLite::Statement vacuum(database, "VACUUM INTO ?");
        vacuum.bind(1, target.native());
        vacuum.exec();
    } catch (...) {
        std::error_code ignored;
        fs::remove(target, ignored);
        throw;
    }
}

/// Keeps the old version as NAME.v1.backup, or NAME.v1.backup-2, ... where there is one from another time.
Result<void> backup(SQLite::Database& database, const fs::path& path, int version) {
    const std::string suffix = ".v" + std::to_string(version) + ".backup";
    fs::path target = beside(path, suffix);
    int code = claim(target);
    for (int n = 2; code == EEXIST; ++n) {
        target = beside(path, suffix + '-' + std::to_string(n));
        code = claim(target);
    }
    if (code != 0)
        return tl::unexpected(notClaimed(target, code));
    copyInto(database, target);
    if (userVersion(database) != version) { // another program has climbed meanwhile, with a backup of its own
        std::error_code ignored;
        fs::remove(target, ignored);
    }
    return {};
}

/// Climbs the ladder, each step in a transaction of its own.
Result<void> migrate(SQLite::Database& database, const fs::path& path, const Format& format, bool readOnly) {
    const int newest = static_cast<int>(format.ladder.size());
    int version = userVersion(database);
    if (version < 0)
        return tl::unexpected(damaged(path, "its format has the number " + std::to_string(version)));
    if (version > newest)
        return fail(
            ErrorCode::ProjectTooNew,
            {{"path", encodePath(path)}, {"found", std::to_string(version)}, {"known", std::to_string(newest)}});
    if (version == newest)
        return {};
    if (readOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", encodePath(path)}},
                    "written in format " + std::to_string(version) + " and cannot be brought to format " +
                        std::to_string(newest) + " here");
    if (format.backup && version > 0)
        PLUMBLINE_CHECK(backup(database, path, version));
    while (version < newest) {
        WriteTransaction transaction(database, Durability::PowerLoss);
        // Another process may have climbed while we waited for the lock.
        if (const int found = userVersion(database); found != version) {
            version = found;
            continue;
        }
        database.exec(format.ladder[static_cast<std::size_t>(version)]);
        // Foreign keys are off on the ladder, so that a step can rebuild a table.
        if (SQLite::Statement check(database, "PRAGMA foreign_key_check"); check.executeStep())
            return tl::unexpected(damaged(path, "a row refers to another that is missing"));
        database.exec("PRAGMA user_version=" + std::to_string(version + 1));
        transaction.commit();
        ++version;
    }
    return {};
}

/// The settings of a connection that may write.
Result<void> useLog(SQLite::Database& database, const fs::path& path) {
    // Asked for and answered with the mode in force: a file system without shared memory stays with the old journal,
    // where a reader and the writer shut each other out.
    const std::string mode = database.execAndGet("PRAGMA journal_mode=WAL").getString();
    if (mode != "wal")
        return fail(
            ErrorCode::FileUnwritable,
            {{"path", encodePath(path)}, {"reason", "this file system cannot share a file between two programs"}},
            "journal_mode answered " + mode);
    database.exec("PRAGMA journal_size_limit=67108864"); // after a large run the log gives its space back
    return {};
}

} // namespace

Error currentError(const fs::path& path) {
    try {
        throw;
    } catch (const SQLite::Exception& e) {
        return sqliteError(path, e);
    } catch (const FileMoved&) {
        return {ErrorCode::FileNotFound, {{"path", encodePath(path)}}, "moved, replaced or deleted while it was open"};
    } catch (const std::bad_alloc&) {
        return {ErrorCode::OutOfMemory, {{"what", encodePath(path)}, {"bytes", "?"}}, {}};
    } catch (const std::exception& e) {
        return {ErrorCode::Internal, {{"path", encodePath(path)}}, e.what()};
    }
}

Result<DatabasePtr> createDatabase(const fs::path& given, const Format& format) {
    const fs::path path = absolutePath(given);
    if (const int code = claim(path); code != 0)
        return tl::unexpected(notClaimed(path, code));

    auto result = guarded(path, [&]() -> Result<DatabasePtr> {
        DatabasePtr database = connect(path.native(), SQLITE_OPEN_READWRITE);
        database->exec("PRAGMA page_size=" + std::to_string(format.pageSize));
        // Still with the rollback journal, so that mark and schema go into the file itself and not into the log.
        {
            WriteTransaction transaction(*database, Durability::PowerLoss);
            database->exec("PRAGMA application_id=" + std::to_string(format.applicationId));
            for (const std::string& step : format.ladder)
                database->exec(step);
            database->exec("PRAGMA user_version=" + std::to_string(format.ladder.size()));
            transaction.commit();
        }
        PLUMBLINE_CHECK(useLog(*database, path));
        database->exec("PRAGMA foreign_keys=ON");
        return database;
    });
    if (!result) {
        std::error_code ignored;
        for (const std::string_view suffix : {"", "-journal", "-wal", "-shm"})
            fs::remove(beside(path, suffix), ignored);
    }
    return result;
}

Result<Opened> openDatabase(const fs::path& given, const Format& format, bool readOnly) {
    const fs::path path = absolutePath(given);
    PLUMBLINE_CHECK(checkFile(path));
    const bool canWrite = writable(path);
    std::error_code error;
    const auto logBytes = fs::file_size(beside(path, "-wal"), error);
    const bool log = !error && logBytes > 0;

    auto result = guarded(path, [&]() -> Result<Opened> {
        Opened opened;
        opened.readOnly = readOnly || !canWrite;
        // Immutable is right only where nobody can write and no log holds newer changes: SQLite would pass over it.
        if (!opened.readOnly)
            opened.database = connect(path.native(), SQLITE_OPEN_READWRITE);
        else if (canWrite || log)
            opened.database = connect(path.native(), SQLITE_OPEN_READONLY);
        else
            opened.database = connect(immutableUri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
        SQLite::Database& database = *opened.database;
        PLUMBLINE_CHECK(checkHeader(database, path, format));
        database.exec("PRAGMA cell_size_check=ON");
        if (database.execAndGet("PRAGMA application_id").getInt() != format.applicationId)
            return fail(ErrorCode::ProjectNotOne, {{"path", encodePath(path)}}); // its creation was rolled back
        PLUMBLINE_CHECK(migrate(database, path, format, opened.readOnly));
        if (!opened.readOnly)
            PLUMBLINE_CHECK(useLog(database, path));
        database.exec("PRAGMA foreign_keys=ON");
        return opened;
    });
    if (!result && !canWrite && log && result.error().code == ErrorCode::FileUnreadable)
        return fail(
            ErrorCode::FileUnreadable,
            {{"path", encodePath(path)},
             {"reason", "its newest changes lie beside it in a file ending in -wal; copy both to a folder where "
                        "you may write"}},
            result.error().detail);
    return result;
}

bool hasMoved(SQLite::Database& database) {
    int moved = 0;
    return sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

Result<void> copyDatabase(SQLite::Database& database, const fs::path& target) {
    if (const int code = claim(target); code != 0)
        return tl::unexpected(notClaimed(target, code));
    return guarded(target, [&]() -> Result<void> {
        copyInto(database, target);
        return {};
    });
}

WriteTransaction::WriteTransaction(SQLite::Database& database, Durability durability) : m_database(database) {
    if (hasMoved(database))
        throw FileMoved{};
    // NORMAL leaves the log unsynchronised until the next checkpoint (sqlite.org/pragma.html#pragma_synchronous).
    database.exec(durability == Durability::PowerLoss ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    database.exec("BEGIN IMMEDIATE");
}

WriteTransaction::~WriteTransaction() {
    if (m_open)
        m_database.tryExec("ROLLBACK"); // fails where SQLite has rolled back by itself (disk full): nothing to do
}

void WriteTransaction::commit() {
    m_database.exec("COMMIT");
    m_open = false;
}

ReadTransaction::ReadTransaction(SQLite::Database& database) : m_database(database) {
    database.exec("BEGIN");
}

ReadTransaction::~ReadTransaction() {
    m_database.tryExec("COMMIT");
}

void bindBlob(SQLite::Statement& statement, int index, const void* data, std::size_t bytes) {
    if (!std::in_range<int>(bytes))
        throw std::length_error("a value of " + std::to_string(bytes) + " bytes is too large for SQLite");
    statement.bindNoCopy(index, bytes == 0 ? "" : data, static_cast<int>(bytes));
}

} // namespace plumbline::store::detail
