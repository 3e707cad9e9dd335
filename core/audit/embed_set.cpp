// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/audit.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include <sys/stat.h>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/path.h"

namespace plumbline::audit {

namespace {

namespace fs = std::filesystem;

constexpr auto kCommitEvery = std::chrono::milliseconds(500);

struct FileStamp {
    std::int64_t bytes = -1, mtimeNs = 0; ///< bytes < 0: no such file
};

FileStamp stampOf(const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return {};
    return {status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

/// The SHA-256 of every file, remembered by path, size and time where there is a cache; empty where a file cannot be
/// read (the decoder will say why).
Outcome<std::vector<std::string>> hashFiles(const std::vector<fs::path>& files, store::EmbeddingCache* cache,
                                            Feedback& feedback) {
    const auto total = static_cast<std::int64_t>(files.size());
    std::vector<std::string> hashes(files.size());
    std::vector<FileStamp> stamps(files.size());
    std::vector<std::size_t> unknown;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        stamps[i] = stampOf(files[i]);
        if (cache && stamps[i].bytes >= 0) {
            PLUMBLINE_TRY(auto known, cache->findFileHash(files[i], stamps[i].bytes, stamps[i].mtimeNs));
            if (known) {
                hashes[i] = std::move(*known);
                continue;
            }
        }
        unknown.push_back(i);
    }
    std::atomic<std::int64_t> done = total - static_cast<std::int64_t>(unknown.size());
    feedback.progress("hashing-images", done, total);
    constexpr std::size_t kChunk = 4096; // bounds what a stop can lose
    for (std::size_t begin = 0; begin < unknown.size(); begin += kChunk) {
        const std::size_t end = std::min(begin + kChunk, unknown.size());
        tbb::parallel_for(begin, end, [&](std::size_t u) {
            if (feedback.cancelled())
                return;
            if (Outcome<std::string> hash = sha256File(files[unknown[u]], &feedback))
                hashes[unknown[u]] = std::move(*hash);
            if (const std::int64_t now = ++done; now % 64 == 0)
                feedback.progress("hashing-images", now, total);
        });
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        if (cache) {
            std::vector<std::tuple<fs::path, std::int64_t, std::int64_t, std::string>> rows;
            for (std::size_t u = begin; u < end; ++u)
                if (const std::size_t i = unknown[u]; !hashes[i].empty() && stamps[i].bytes >= 0)
                    rows.emplace_back(files[i], stamps[i].bytes, stamps[i].mtimeNs, hashes[i]);
            PLUMBLINE_CHECK(cache->putFileHashes(rows));
        }
    }
    feedback.progress("hashing-images", total, total);
    return hashes;
}

/// Collects finished embeddings and commits them in small transactions. Called under the encoder's lock.
class CacheWriter {
public:
    CacheWriter(store::EmbeddingCache* cache, store::EmbeddingCache::Key key) : m_cache(cache), m_key(std::move(key)) {}

    void add(const std::string& hash, std::span<const float> embedding) {
        if (!m_cache || hash.empty())
            return;
        m_rows.push_back({hash, embedding});
        if (std::chrono::steady_clock::now() - m_committed >= kCommitEvery)
            commit();
    }
    /// The first failure is kept: the embeddings themselves are not lost by it.
    void commit() {
        if (m_rows.empty())
            return;
        if (auto put = m_cache->put(m_key, m_rows); !put && !m_failure)
            m_failure = put.error();
        m_rows.clear();
        m_committed = std::chrono::steady_clock::now();
    }
    const std::optional<Error>& failure() const { return m_failure; }

private:
    store::EmbeddingCache* m_cache;
    store::EmbeddingCache::Key m_key;
    std::vector<store::EmbeddingCache::Row> m_rows; ///< spans into the result, which outlives us
    std::chrono::steady_clock::time_point m_committed = std::chrono::steady_clock::now();
    std::optional<Error> m_failure;
};

std::string contentHash(const ImageSet& set, const std::vector<std::string>& hashes) {
    Sha256 all;
    for (std::size_t i = 0; i < set.size(); ++i) {
        all.add(set.files[i]);
        all.add(std::string_view("\0", 1));
        all.add(hashes[i]);
        all.add(std::string_view("\n"));
    }
    return all.hex();
}

} // namespace

Outcome<SetEmbeddings> embedSet(const clip::Encoder& encoder, const ImageSet& set, store::EmbeddingCache* cache,
                                std::string_view precision, Feedback& feedback) {
    const std::size_t dim = encoder.dim();
    const auto total = static_cast<std::int64_t>(set.size());
    std::vector<fs::path> files;
    files.reserve(set.size());
    for (const std::string& file : set.files)
        files.push_back(set.root / file);

    PLUMBLINE_TRY(const std::vector<std::string> hashes, hashFiles(files, cache, feedback));
    SetEmbeddings result;
    result.raw = Embeddings(set.size(), dim);
    result.present.assign(set.size(), false);
    result.imagesSha256 = contentHash(set, hashes);

    store::EmbeddingCache::Key key;
    if (cache) {
        PLUMBLINE_TRY(key.model, encoder.contentSha256(feedback));
        key.preprocessing = encoder.config().preprocessing.id();
        key.precision = precision;
    }

    // Rows that share their bytes with an earlier row are computed once.
    std::vector<std::size_t> missing;
    std::unordered_map<std::string_view, std::size_t> firstWithHash;
    std::vector<std::pair<std::size_t, std::size_t>> copies; // row, earlier row
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        if (!hashes[i].empty()) {
            if (const auto [at, isNew] = firstWithHash.try_emplace(hashes[i], i); !isNew) {
                copies.emplace_back(i, at->second);
                continue;
            }
            if (cache) {
                PLUMBLINE_TRY(const auto known, cache->find(key, hashes[i], dim));
                if (known) {
                    std::ranges::copy(*known, result.raw.row(i).begin());
                    result.present[i] = true;
                    ++result.fromCache;
                    continue;
                }
            }
        }
        missing.push_back(i);
    }

    std::int64_t done = total - static_cast<std::int64_t>(missing.size());
    feedback.progress("embedding-images", done, total);
    CacheWriter writer(cache, key);
    std::vector<fs::path> missingFiles;
    missingFiles.reserve(missing.size());
    for (const std::size_t i : missing)
        missingFiles.push_back(std::move(files[i]));
    auto encoded = encoder.encodeImages(
        missingFiles,
        [&](const clip::Encoder::ImageDone& image) {
            const std::size_t i = missing[image.index];
            if (image.embedding.empty()) {
                result.skipped.push_back({encodeName(set.files[i]), image.reason});
            } else {
                std::ranges::copy(image.embedding, result.raw.row(i).begin());
                result.present[i] = true;
                writer.add(hashes[i], std::as_const(result.raw).row(i));
            }
            feedback.progress("embedding-images", ++done, total);
        },
        feedback);
    writer.commit();
    if (!encoded)
        return tl::unexpected(encoded.error());
    if (writer.failure())
        feedback.log("The embeddings could not be kept for later runs: " + errorText(*writer.failure()) +
                     (writer.failure()->detail.empty() ? "" : " (" + writer.failure()->detail + ")"));

    for (const auto& [row, earlier] : copies) {
        if (!result.present[earlier]) {
            result.skipped.push_back(
                {encodeName(set.files[row]),
                 "the same bytes as " + encodeName(set.files[earlier]) + ", which could not be read"});
            continue;
        }
        std::ranges::copy(std::as_const(result.raw).row(earlier), result.raw.row(row).begin());
        result.present[row] = true;
    }
    std::ranges::sort(result.skipped, {}, &Skipped::file); // workers finish in any order
    return result;
}

} // namespace plumbline::audit
