// SPDX-License-Identifier: GPL-3.0-or-later
// What edits changed, taken back and made again: sqlite.org/sessionintro.html.
#include <limits>
#include <memory>
#include <string_view>

#define SQLITE_ENABLE_SESSION // as Debian's library is built; without it the header keeps them to itself
#define SQLITE_ENABLE_PREUPDATE_HOOK
#include <sqlite3.h>

#include "core/store/project_impl.h"

namespace plumbline::store {

namespace {

struct FreeSession {
    void operator()(sqlite3_session* session) const { sqlite3session_delete(session); }
};
struct FreeBytes {
    void operator()(void* bytes) const { sqlite3_free(bytes); }
};
using Session = std::unique_ptr<sqlite3_session, FreeSession>;
using Bytes = std::unique_ptr<void, FreeBytes>;

/// What counts as an edit.
int isEdited(void*, const char* table) {
    const std::string_view name = table;
    return name != "setting" && name != "thumbnail";
}

/// Rows that went with their parent go again by themselves; whatever else is not as it was stops everything.
int onConflict(void*, int kind, sqlite3_changeset_iter* at) {
    const char* table = nullptr;
    int columns = 0, operation = 0, indirect = 0;
    sqlite3changeset_op(at, &table, &columns, &operation, &indirect);
    return kind == SQLITE_CHANGESET_NOTFOUND && operation == SQLITE_DELETE && indirect != 0 ? SQLITE_CHANGESET_OMIT
                                                                                            : SQLITE_CHANGESET_ABORT;
}

/// As SQLiteCpp reports its own.
void expect(SQLite::Database& database, int code) {
    if (code != SQLITE_OK)
        throw SQLite::Exception(database.getHandle(), code);
}

Result<void> apply(SQLite::Database& database, const void* rows, int bytes) {
    const int code =
        sqlite3changeset_apply(database.getHandle(), bytes, const_cast<void*>(rows), isEdited, onConflict, nullptr);
    if (code == SQLITE_ABORT)
        return invalid("change", "rows that were changed since", "the project as the change left it");
    expect(database, code);
    return {};
}

} // namespace

Result<ChangeSet> joined(const ChangeSet& first, const ChangeSet& second) {
    int size = 0;
    void* rows = nullptr;
    // It only reads, whatever its signature says.
    const auto bytes = [](const ChangeSet& change) { return const_cast<std::uint8_t*>(change.rows.data()); };
    if (sqlite3changeset_concat(static_cast<int>(first.rows.size()), bytes(first), static_cast<int>(second.rows.size()),
                                bytes(second), &size, &rows) != SQLITE_OK)
        return invalid("change", "two changes", "one that follows the other");
    const Bytes owned(rows);
    const auto* begin = static_cast<const std::uint8_t*>(rows);
    return ChangeSet{{begin, begin + size}};
}

Result<ChangeSet> Project::recorded(const std::function<Result<void>(Project&)>& edit) {
    return detail::guarded(m_impl->path, [&]() -> Result<ChangeSet> {
        SQLite::Database& database = m_impl->db();
        sqlite3_session* made = nullptr;
        expect(database, sqlite3session_create(database.getHandle(), "main", &made));
        const Session session(made);
        sqlite3session_table_filter(made, isEdited, nullptr);
        expect(database, sqlite3session_attach(made, nullptr));
        PLUMBLINE_CHECK(edit(*this));
        int size = 0;
        void* rows = nullptr;
        expect(database, sqlite3session_changeset(made, &size, &rows));
        const Bytes owned(rows);
        const auto* first = static_cast<const std::uint8_t*>(rows);
        return ChangeSet{{first, first + size}};
    });
}

Result<void> Project::takeBack(const ChangeSet& change) {
    return m_impl->write([&]() -> Result<void> {
        int size = 0;
        void* rows = nullptr;
        expect(m_impl->db(),
               sqlite3changeset_invert(static_cast<int>(change.rows.size()), change.rows.data(), &size, &rows));
        const Bytes owned(rows);
        return apply(m_impl->db(), rows, size);
    });
}

Result<void> Project::makeAgain(const ChangeSet& change) {
    return m_impl->write([&] { return apply(m_impl->db(), change.rows.data(), static_cast<int>(change.rows.size())); });
}

} // namespace plumbline::store
