// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "core/store/embedding_cache.h"
#include "tests/store/store_support.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using store::EmbeddingCache;
namespace fs = std::filesystem;

namespace {

const EmbeddingCache::Key kKey{std::string(64, 'a'), "224/bicubic", "fp32"};

std::string imageHash(std::size_t i) {
    std::string digits = std::to_string(i * 2654435761u);
    return std::string(64 - digits.size(), '0') + digits;
}

std::vector<float> embedding(std::size_t i, std::size_t dim) {
    return test::inventScores(dim, static_cast<std::uint32_t>(i + 1));
}

EmbeddingCache opened(const fs::path& file) {
    auto cache = EmbeddingCache::open(file);
    if (!cache)
        throw std::runtime_error(std::string(cache.error().arg("reason")));
    return std::move(*cache);
}

Result<void> put(EmbeddingCache& cache, std::size_t first, std::size_t count, std::size_t dim = 16,
                 const EmbeddingCache::Key& key = kKey) {
    std::vector<std::vector<float>> values;
    std::vector<EmbeddingCache::Row> rows;
    for (std::size_t i = first; i < first + count; ++i)
        values.push_back(embedding(i, dim));
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back({imageHash(first + i), values[i]});
    return cache.put(key, rows);
}

/// Right, absent or an error; never wrong.
enum class Found { Right, Absent, Wrong };
Found find(EmbeddingCache& cache, std::size_t i, std::size_t dim = 16) {
    const auto result = cache.find(kKey, imageHash(i), dim);
    if (!result)
        return Found::Wrong;
    if (!*result)
        return Found::Absent;
    return test::sameBits(**result, embedding(i, dim)) ? Found::Right : Found::Wrong;
}

} // namespace

class TestEmbeddingCache : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatWasPutIsFound() {
        const test::TempFolder folder;
        const fs::path file = folder / "not/yet/there \xFF/cache.sqlite";
        {
            EmbeddingCache cache = opened(file);
            QCOMPARE(cache.size(), std::int64_t(0));
            QVERIFY(find(cache, 0) == Found::Absent);
            QVERIFY(put(cache, 0, 5000).has_value());
            QVERIFY(put(cache, 0, 0).has_value());
            QCOMPARE(cache.size(), std::int64_t(5000));
        }
        EmbeddingCache cache = opened(file);
        QCOMPARE(cache.size(), std::int64_t(5000));
        for (std::size_t i = 0; i < 5000; ++i)
            QVERIFY(find(cache, i) == Found::Right);
        QVERIFY(find(cache, 5000) == Found::Absent);
    }

    void eachPartOfTheKeyCounts() {
        const test::TempFolder folder;
        EmbeddingCache cache = opened(folder / "c");
        QVERIFY(put(cache, 0, 1).has_value());
        for (const EmbeddingCache::Key& other :
             {EmbeddingCache::Key{std::string(64, 'b'), kKey.preprocessing, kKey.precision},
              EmbeddingCache::Key{kKey.model, "336/bicubic", kKey.precision},
              EmbeddingCache::Key{kKey.model, kKey.preprocessing, "bf16"}}) {
            QVERIFY(!cache.find(other, imageHash(0), 16).value());
            QVERIFY(put(cache, 1, 1, 16, other).has_value());
            QVERIFY(cache.find(other, imageHash(1), 16).value().has_value());
        }
        QVERIFY(find(cache, 0) == Found::Right);
        QVERIFY(find(cache, 1) == Found::Absent);
        QVERIFY(!cache.find(kKey, imageHash(0), 17).value()); // of another length
        QVERIFY(!cache.find(kKey, imageHash(0), 0).value());
    }

    void putAgainReplaces() {
        const test::TempFolder folder;
        EmbeddingCache cache = opened(folder / "c");
        const std::vector<float> old{1, 2}, fresh{3, 4, 5};
        QVERIFY(cache.put(kKey, std::vector{EmbeddingCache::Row{imageHash(0), old}}).has_value());
        QVERIFY(cache.put(kKey, std::vector{EmbeddingCache::Row{imageHash(0), fresh}}).has_value());
        QCOMPARE(cache.size(), std::int64_t(1));
        QCOMPARE(cache.find(kKey, imageHash(0), 3).value().value(), fresh);
    }

    void fileHashesAreKnownByPathSizeAndTime() {
        const test::TempFolder folder;
        EmbeddingCache cache = opened(folder / "c");
        const fs::path path = "/photos/caf\xE9 \xF0\x9F\x8E\xAD.jpg";
        using Row = std::tuple<fs::path, std::int64_t, std::int64_t, std::string>;
        QVERIFY(!cache.findFileHash(path, 10, 20).value());
        QVERIFY(cache.putFileHashes(std::vector<Row>{{path, 10, 20, "hash"}, {"/other", 1, -5, "x"}}).has_value());
        QCOMPARE(cache.findFileHash(path, 10, 20).value(), std::optional<std::string>("hash"));
        QCOMPARE(cache.findFileHash("/other", 1, -5).value(), std::optional<std::string>("x"));
        QVERIFY(!cache.findFileHash(path, 11, 20).value());
        QVERIFY(!cache.findFileHash(path, 10, 21).value());
        QVERIFY(!cache.findFileHash("/photos/cafe", 10, 20).value());
        QVERIFY(cache.putFileHashes(std::vector<Row>{{path, 11, 30, "new"}}).has_value());
        QCOMPARE(cache.findFileHash(path, 11, 30).value(), std::optional<std::string>("new"));
        QVERIFY(!cache.findFileHash(path, 10, 20).value());
    }

    void aFileThatIsNoCacheIsSetAside_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("text") << QByteArray("hello");
        QTest::newRow("noise") << QByteArray(10'000, 'x');
        QTest::newRow("only a header") << QByteArray("SQLite format 3\0", 16);
    }
    void aFileThatIsNoCacheIsSetAside() {
        QFETCH(QByteArray, content);
        const test::TempFolder folder;
        test::writeText(folder / "c", content.toStdString());
        EmbeddingCache cache = opened(folder / "c");
        QVERIFY(put(cache, 0, 10).has_value());
        QVERIFY(find(cache, 3) == Found::Right);
        QCOMPARE(test::readText(folder / "c.damaged"), content.toStdString());
    }

    void anotherVersionIsSetAside() {
        const test::TempFolder folder;
        {
            EmbeddingCache cache = opened(folder / "c");
            QVERIFY(put(cache, 0, 10).has_value());
        }
        test::sql(folder / "c", "PRAGMA user_version=7");
        EmbeddingCache cache = opened(folder / "c");
        QCOMPARE(cache.size(), std::int64_t(0));
        QCOMPARE(test::sql(folder / "c.damaged", "PRAGMA user_version"), std::string("7"));
        QVERIFY(put(cache, 0, 1).has_value());
    }

    void spoiltBytesNeverGiveAWrongEmbedding() {
        const test::TempFolder folder;
        const fs::path file = folder / "c";
        {
            EmbeddingCache cache = opened(file);
            QVERIFY(put(cache, 0, 300, 128).has_value());
        }
        const std::string whole = test::readText(file);
        std::mt19937 random(3);
        int absent = 0;
        for (int round = 0; round < 60; ++round) {
            for (const char* suffix : {"", "-wal", "-shm"})
                fs::remove(file.string() + suffix);
            test::writeText(file, whole);
            for (int i = 0; i < 3; ++i)
                test::spoil(file, static_cast<std::int64_t>(random() % (whole.size() - 5000)), 1 + random() % 5000,
                            static_cast<char>(random()));
            EmbeddingCache cache = opened(file);
            for (std::size_t i = 0; i < 300; ++i) {
                const Found found = find(cache, i, 128);
                QVERIFY2(found != Found::Wrong, std::to_string(round).c_str());
                absent += found == Found::Absent;
            }
            QVERIFY(put(cache, 0, 300, 128).has_value()); // whatever was lost is stored again
            for (std::size_t i = 0; i < 300; ++i)
                QVERIFY(find(cache, i, 128) == Found::Right);
        }
        QVERIFY(absent > 0);
    }

    void aTruncatedFileIsBegunAnew() {
        const test::TempFolder folder;
        const fs::path file = folder / "c";
        {
            EmbeddingCache cache = opened(file);
            QVERIFY(put(cache, 0, 1000, 128).has_value());
        }
        fs::resize_file(file, fs::file_size(file) / 3);
        EmbeddingCache cache = opened(file);
        for (std::size_t i = 0; i < 1000; ++i)
            QVERIFY(find(cache, i, 128) != Found::Wrong);
        QVERIFY(put(cache, 0, 1000, 128).has_value());
        QVERIFY(find(cache, 999, 128) == Found::Right);
    }

    void aDeletedFileIsBegunAnew() {
        const test::TempFolder folder;
        EmbeddingCache cache = opened(folder / "c");
        QVERIFY(put(cache, 0, 10).has_value());
        fs::remove(folder / "c");
        QVERIFY(put(cache, 10, 10).has_value());
        QVERIFY(find(cache, 15) == Found::Right);
        EmbeddingCache other = opened(folder / "c");
        QVERIFY(find(other, 15) == Found::Right);
        QVERIFY(!fs::exists(folder / "c.damaged"));
    }

    void severalEnginesAtOnce() {
        const test::TempFolder folder;
        const fs::path file = folder / "c";
        test::writeText(file, "spoilt: only one of them may set it aside");
        constexpr std::size_t kEach = 200;
        const auto work = [&](std::size_t first) {
            auto cache = EmbeddingCache::open(file);
            if (!cache)
                return 1;
            for (std::size_t i = first; i < first + kEach; i += 10)
                if (!put(*cache, i, 10))
                    return 2;
            return 0;
        };
        const pid_t child = fork();
        if (child == 0)
            _exit(work(0));
        int results[2] = {-1, -1};
        std::thread a([&] { results[0] = work(kEach); });
        std::thread b([&] { results[1] = work(2 * kEach); });
        a.join();
        b.join();
        int status = 0;
        waitpid(child, &status, 0);
        QVERIFY(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        QCOMPARE(results[0] + results[1], 0);
        EmbeddingCache cache = opened(file);
        QCOMPARE(cache.size(), std::int64_t(3 * kEach));
        for (std::size_t i = 0; i < 3 * kEach; ++i)
            QVERIFY(find(cache, i) == Found::Right);
    }

    void commitsSurviveKill() {
        const test::TempFolder folder;
        const fs::path file = folder / "c";
        { EmbeddingCache cache = opened(file); } // a file that is only begun may be begun again
        std::mt19937 random(5);
        std::size_t acknowledged = 0;
        for (int round = 0; round < 20; ++round) {
            int ends[2];
            QCOMPARE(pipe(ends), 0);
            const pid_t child = fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                close(ends[0]);
                auto cache = EmbeddingCache::open(file);
                for (std::size_t i = acknowledged; cache; i += 20) {
                    if (!put(*cache, i, 20))
                        break;
                    const std::size_t upTo = i + 20;
                    if (write(ends[1], &upTo, sizeof(upTo)) != sizeof(upTo))
                        break;
                }
                _exit(1);
            }
            close(ends[1]);
            std::size_t upTo = 0;
            if (round % 2 == 0 && read(ends[0], &upTo, sizeof(upTo)) == sizeof(upTo)) // well under way
                acknowledged = upTo;
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
            kill(child, SIGKILL);
            int status = 0;
            waitpid(child, &status, 0);
            QVERIFY(WIFSIGNALED(status));
            while (read(ends[0], &upTo, sizeof(upTo)) == sizeof(upTo))
                acknowledged = upTo;
            close(ends[0]);
            EmbeddingCache cache = opened(file);
            for (std::size_t i = 0; i < acknowledged; ++i)
                QVERIFY(find(cache, i) == Found::Right);
        }
        QVERIFY(acknowledged > 0);
        QVERIFY(!fs::exists(folder / "c.damaged"));
    }

    void aFullDiskIsAnErrorThatKeepsTheRest() {
        const test::TempFolder folder;
        const test::ConnectionSpy spy;
        EmbeddingCache cache = opened(folder / "c");
        QVERIFY(put(cache, 0, 10).has_value());
        test::ConnectionSpy::fillDisk(2);
        const auto result = put(cache, 10, 5000, 16, {"another model", "", ""});
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::CacheUnusable);
        QCOMPARE(result.error().arg("reason"), "the disk is full");
        QVERIFY(find(cache, 5) == Found::Right);
        QVERIFY(!cache.find({"another model", "", ""}, imageHash(10), 16).value());
        test::ConnectionSpy::freeDisk();
        QVERIFY(put(cache, 10, 5000, 16, {"another model", "", ""}).has_value());
        QVERIFY(cache.find({"another model", "", ""}, imageHash(10), 16).value().has_value());
    }

    void whereItCannotBe() {
        const test::TempFolder folder;
        test::writeText(folder / "file", "x");
        for (const fs::path& path : {folder / "file/cache", fs::path("/proc/cache")}) {
            const auto result = EmbeddingCache::open(path);
            QVERIFY(!result);
            QCOMPARE(result.error().code, ErrorCode::CacheUnusable);
            QVERIFY(!result.error().arg("reason").empty());
        }
        fs::create_directory(folder / "folder");
        const auto inPlaceOfAFolder = EmbeddingCache::open(folder / "folder");
        QVERIFY(!inPlaceOfAFolder);
        QVERIFY(fs::is_directory(folder / "folder"));

        fs::create_directory(folder / "read-only");
        { EmbeddingCache cache = opened(folder / "read-only/c"); }
        fs::permissions(folder.path(), fs::perms(0755));
        fs::permissions(folder / "read-only", fs::perms(0555));
        const int status = test::inChildWithoutPrivileges([&] {
            for (const char* name : {"c", "new"}) {
                const auto cache = EmbeddingCache::open(folder.path() / "read-only" / name);
                PLUMBLINE_CHILD_VERIFY(!cache && cache.error().code == ErrorCode::CacheUnusable);
            }
            return 0;
        });
        fs::permissions(folder / "read-only", fs::perms(0755));
        QCOMPARE(status, 0);
        QVERIFY(fs::exists(folder / "read-only/c"));
    }
};

QTEST_APPLESS_MAIN(TestEmbeddingCache)
#include "tst_embedding_cache.moc"
