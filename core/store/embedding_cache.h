// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace plumbline::store {

/// Raw embeddings by (model hash, preprocessing id, precision, image hash), in one disposable SQLite file.
/// Each commit survives kill -9. A damaged file is set aside and a new one begun (never an error that stops an audit).
/// One object belongs to one thread.
class EmbeddingCache {
public:
    struct Key {
        std::string model;         ///< SHA-256 of the model
        std::string preprocessing; ///< Preprocessing::id()
        std::string precision;     ///< "fp32" or "bf16"
    };
    /// Opens or creates. Errors: CacheUnusable (folder not writable, disk full).
    static Result<EmbeddingCache> open(const std::filesystem::path& file);
    ~EmbeddingCache();
    EmbeddingCache(EmbeddingCache&&) noexcept;
    EmbeddingCache& operator=(EmbeddingCache&&) noexcept;

    /// The embedding of an image (by the SHA-256 of its bytes), if it is known and has `dim` values.
    Result<std::optional<std::vector<float>>> find(const Key& key, const std::string& imageSha256, std::size_t dim);
    /// Many rows in one transaction.
    struct Row {
        std::string imageSha256;
        std::span<const float> embedding;
    };
    Result<void> put(const Key& key, std::span<const Row> rows);
    std::int64_t size();

    /// Remembers an image file's hash by path, size and modification time, so that unchanged files are not read again.
    Result<std::optional<std::string>> findFileHash(const std::filesystem::path& path, std::int64_t bytes, std::int64_t mtimeNs);
    Result<void> putFileHashes(std::span<const std::tuple<std::filesystem::path, std::int64_t, std::int64_t, std::string>> rows);

private:
    EmbeddingCache();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::store
