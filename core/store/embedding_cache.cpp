// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/embedding_cache.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <map>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/store/database.h"

namespace plumbline::store {

static_assert(std::endian::native == std::endian::little, "embeddings are stored as they lie in memory");

namespace fs = std::filesystem;

namespace {

// A table with row numbers and a slim index beside it: a batch appends its embeddings to the end of the file and
// touches few index pages, where a tree keyed by hashes would rewrite a page for each image (README.md has the
// figures).
constexpr const char* kSchema = R"(
CREATE TABLE variant (
    id            INTEGER PRIMARY KEY,
    model         TEXT NOT NULL,
    preprocessing TEXT NOT NULL,
    precision     TEXT NOT NULL,
    UNIQUE (model, preprocessing, precision)
) STRICT;
CREATE TABLE embedding (
    id      INTEGER PRIMARY KEY,
    variant INTEGER NOT NULL,
    image   BLOB NOT NULL,    -- the 32 bytes of the SHA-256: half the index of its digits
    raw     BLOB NOT NULL,    -- float32
    mark    INTEGER NOT NULL  -- checksum of raw: SQLite has none for what a disk forgets
) STRICT;
CREATE UNIQUE INDEX embedding_image ON embedding (image, variant);
CREATE TABLE file_hash (
    path     BLOB NOT NULL PRIMARY KEY,
    bytes    INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)";

const detail::Format& cacheFormat() {
    static const std::vector<std::string> ladder{kSchema};
    static const detail::Format format{0x504C4D43, ladder, 16384, false}; // "PLMC"; several embeddings a page
    return format;
}

/// The bytes that hexadecimal digits stand for; any other text as it is.
std::string hashBytes(const std::string& digits) {
    if (digits.size() != 64)
        return digits;
    std::string bytes(32, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        unsigned value = 0;
        const auto [end, error] = std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, value, 16);
        if (error != std::errc() || end != digits.data() + 2 * i + 2)
            return digits;
        bytes[i] = static_cast<char>(value);
    }
    return bytes;
}

/// FNV-1a over the values' bits.
std::int64_t checksum(std::span<const float> values) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const float value : values)
        hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3;
    return static_cast<std::int64_t>(hash);
}

fs::path beside(const fs::path& path, std::string_view suffix) {
    fs::path result = path;
    result += suffix;
    return result;
}

/// Held while a cache file is opened, so that two engines that find it damaged do not each set the other's new one
/// aside. Where locks do not work, the rare race costs embeddings, not results.
class OpeningLock {
public:
    explicit OpeningLock(const fs::path& file)
        : m_descriptor(::open(beside(file, ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
        if (m_descriptor >= 0)
            ::flock(m_descriptor, LOCK_EX);
    }
    ~OpeningLock() {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
    }
    OpeningLock(const OpeningLock&) = delete;
    OpeningLock& operator=(const OpeningLock&) = delete;

private:
    int m_descriptor;
};

tl::unexpected<Error> unusable(const fs::path& file, const Error& why) {
    const auto reason = [&]() -> std::string {
        switch (why.code) {
        case ErrorCode::DiskFull:
            return "the disk is full";
        case ErrorCode::ProjectBusy:
            return "another program is writing to it";
        case ErrorCode::ProjectReadOnly:
            return "it can only be read";
        default:
            return why.arg("reason").empty() ? errorText(why) : std::string(why.arg("reason"));
        }
    };
    return fail(ErrorCode::CacheUnusable, {{"path", encodePath(file)}, {"reason", reason()}}, why.detail);
}

/// The file cannot be read as a cache of ours, now or later.
bool isSpoilt(ErrorCode code) {
    return code == ErrorCode::ProjectDamaged || code == ErrorCode::ProjectNotOne || code == ErrorCode::ProjectTooNew;
}

/// Out of the way, but kept (one at most), for whoever wants to know what became of it.
void setAside(const fs::path& file) {
    std::error_code ignored;
    fs::rename(file, beside(file, ".damaged"), ignored);
    for (const std::string_view suffix : {"-wal", "-shm", "-journal"})
        fs::remove(beside(file, suffix), ignored);
}

/// Ends a kept statement's use: one that is left in the middle would hold its view of the file open.
class Use {
public:
    explicit Use(SQLite::Statement& statement) : m_statement(statement) {}
    ~Use() { m_statement.tryReset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    SQLite::Statement* operator->() const { return &m_statement; }
    SQLite::Statement& operator*() const { return m_statement; }

private:
    SQLite::Statement& m_statement;
};

} // namespace

struct EmbeddingCache::Impl {
    /// Prepared once: an audit asks for each image.
    struct Statements {
        explicit Statements(SQLite::Database& db)
            : findVariant(db, "SELECT id FROM variant WHERE model = ? AND preprocessing = ? AND precision = ?"),
              addVariant(db, "INSERT OR IGNORE INTO variant (model, preprocessing, precision) VALUES (?, ?, ?)"),
              find(db, "SELECT raw, mark FROM embedding WHERE image = ? AND variant = ?"),
              put(db, "INSERT INTO embedding (variant, image, raw, mark) VALUES (?, ?, ?, ?) "
                      "ON CONFLICT (image, variant) DO UPDATE SET raw = excluded.raw, mark = excluded.mark"),
              findHash(db, "SELECT sha256 FROM file_hash WHERE path = ? AND bytes = ? AND mtime_ns = ?"),
              putHash(db,
                      "INSERT INTO file_hash (path, bytes, mtime_ns, sha256) VALUES (?, ?, ?, ?) ON CONFLICT (path) "
                      "DO UPDATE SET bytes = excluded.bytes, mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256") {}
        SQLite::Statement findVariant, addVariant, find, put, findHash, putHash;
    };

    fs::path file;
    detail::DatabasePtr database;
    std::unique_ptr<Statements> statements;
    std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> variants; // those already looked up

    void disconnect() {
        variants.clear();
        statements.reset();
        database.reset();
    }

    Result<void> connect() {
        disconnect();
        std::error_code ignored;
        fs::create_directories(file.parent_path(), ignored); // what is wrong with it shows when the file is made
        const OpeningLock lock(file);
        auto opened = open();
        if (!opened && isSpoilt(opened.error().code)) {
            disconnect();
            setAside(file);
            opened = open();
        }
        if (!opened)
            return unusable(file, opened.error());
        return {};
    }

    Result<void> open() {
        std::error_code ignored;
        if (fs::is_directory(file, ignored)) // not ours to set aside
            return fail(ErrorCode::FileUnwritable, {{"reason", "there is a folder in its place"}});
        if (fs::exists(file, ignored)) {
            PLUMBLINE_TRY(auto opened, detail::openDatabase(file, cacheFormat(), false));
            if (opened.readOnly)
                return fail(ErrorCode::ProjectReadOnly);
            database = std::move(opened.database);
        } else {
            PLUMBLINE_TRY(database, detail::createDatabase(file, cacheFormat()));
        }
        return detail::guarded(file, [&]() -> Result<void> {
            statements = std::make_unique<Statements>(*database);
            return {};
        });
    }

    /// Runs `work`. Where the file proves damaged, or was deleted, a new one is begun and `work` runs once more.
    template <class Work>
    std::invoke_result_t<Work> run(Work&& work) {
        if (!database)
            PLUMBLINE_CHECK(connect());
        auto result = detail::guarded(file, work);
        if (!result && (isSpoilt(result.error().code) || result.error().code == ErrorCode::FileNotFound)) {
            {
                const OpeningLock lock(file);
                const bool replaced = detail::hasMoved(*database); // another engine was faster
                disconnect();
                if (!replaced)
                    setAside(file);
            }
            PLUMBLINE_CHECK(connect());
            result = detail::guarded(file, work);
        }
        if (!result) {
            variants.clear(); // one of them may have been rolled back
            return unusable(file, result.error());
        }
        return result;
    }

    /// The number of a variant, if anything was ever put under it.
    std::optional<std::int64_t> variant(const Key& key) {
        std::tuple<std::string, std::string, std::string> name(key.model, key.preprocessing, key.precision);
        if (const auto known = variants.find(name); known != variants.end())
            return known->second;
        const Use find(statements->findVariant);
        find->bind(1, key.model);
        find->bind(2, key.preprocessing);
        find->bind(3, key.precision);
        if (!find->executeStep())
            return std::nullopt;
        return variants.emplace(std::move(name), find->getColumn(0).getInt64()).first->second;
    }

    void addVariant(const Key& key) {
        const Use add(statements->addVariant);
        add->bind(1, key.model);
        add->bind(2, key.preprocessing);
        add->bind(3, key.precision);
        add->exec();
    }
};

EmbeddingCache::EmbeddingCache() : m_impl(std::make_unique<Impl>()) {
}
EmbeddingCache::~EmbeddingCache() = default;
EmbeddingCache::EmbeddingCache(EmbeddingCache&&) noexcept = default;
EmbeddingCache& EmbeddingCache::operator=(EmbeddingCache&&) noexcept = default;

Result<EmbeddingCache> EmbeddingCache::open(const fs::path& file) {
    EmbeddingCache cache;
    std::error_code error;
    cache.m_impl->file = fs::absolute(file, error);
    if (error)
        cache.m_impl->file = file;
    PLUMBLINE_CHECK(cache.m_impl->connect());
    return cache;
}

Result<std::optional<std::vector<float>>> EmbeddingCache::find(const Key& key, const std::string& imageSha256,
                                                               std::size_t dim) {
    return m_impl->run([&]() -> Result<std::optional<std::vector<float>>> {
        const auto variant = m_impl->variant(key);
        if (!variant)
            return std::nullopt;
        const std::string image = hashBytes(imageSha256);
        const Use find(m_impl->statements->find);
        detail::bindBlob(*find, 1, image.data(), image.size());
        find->bind(2, *variant);
        if (!find->executeStep())
            return std::nullopt;
        const SQLite::Column raw = find->getColumn(0);
        if (static_cast<std::size_t>(raw.getBytes()) != dim * sizeof(float))
            return std::nullopt;
        std::vector<float> embedding(dim);
        if (dim > 0)
            std::memcpy(embedding.data(), raw.getBlob(), dim * sizeof(float));
        if (checksum(embedding) != find->getColumn(1).getInt64())
            return std::nullopt; // it is computed anew and overwritten
        return embedding;
    });
}

Result<void> EmbeddingCache::put(const Key& key, std::span<const Row> rows) {
    if (rows.empty())
        return {};
    return m_impl->run([&]() -> Result<void> {
        detail::WriteTransaction transaction(*m_impl->database, detail::Durability::Crash);
        if (!m_impl->variant(key))
            m_impl->addVariant(key);
        const std::int64_t variant = m_impl->variant(key).value();
        for (const Row& row : rows) {
            const std::string image = hashBytes(row.imageSha256);
            const Use put(m_impl->statements->put);
            put->bind(1, variant);
            detail::bindBlob(*put, 2, image.data(), image.size());
            detail::bindBlob(*put, 3, row.embedding.data(), row.embedding.size_bytes());
            put->bind(4, checksum(row.embedding));
            put->exec();
        }
        transaction.commit();
        return {};
    });
}

std::int64_t EmbeddingCache::size() {
    const auto count = m_impl->run([&]() -> Result<std::int64_t> {
        return m_impl->database->execAndGet("SELECT count(*) FROM embedding").getInt64();
    });
    return count.value_or(0);
}

Result<std::optional<std::string>> EmbeddingCache::findFileHash(const fs::path& path, std::int64_t bytes,
                                                                std::int64_t mtimeNs) {
    return m_impl->run([&]() -> Result<std::optional<std::string>> {
        const Use find(m_impl->statements->findHash);
        detail::bindBlob(*find, 1, path.native().data(), path.native().size());
        find->bind(2, bytes);
        find->bind(3, mtimeNs);
        if (!find->executeStep())
            return std::nullopt;
        return find->getColumn(0).getString();
    });
}

Result<void>
EmbeddingCache::putFileHashes(std::span<const std::tuple<fs::path, std::int64_t, std::int64_t, std::string>> rows) {
    if (rows.empty())
        return {};
    return m_impl->run([&]() -> Result<void> {
        detail::WriteTransaction transaction(*m_impl->database, detail::Durability::Crash);
        for (const auto& [path, bytes, mtimeNs, sha256] : rows) {
            const Use put(m_impl->statements->putHash);
            detail::bindBlob(*put, 1, path.native().data(), path.native().size());
            put->bind(2, bytes);
            put->bind(3, mtimeNs);
            put->bind(4, sha256);
            put->exec();
        }
        transaction.commit();
        return {};
    });
}

} // namespace plumbline::store
