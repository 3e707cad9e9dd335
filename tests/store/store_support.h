// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <grp.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/project.h"
#include "tests/data/values.h"

/// Helpers of the store's tests: what a project is filled with, other programs, other users, full disks.
namespace plumbline::test {

/// A set of so many images with two attributes (gender with unlabelled rows, race) and names of every kind.
inline ImageSet inventImageSet(std::size_t images) {
    ImageSet set;
    set.root = std::filesystem::path("/photos") / "caf\xE9 \xF0\x9F\x8E\xAD";
    set.labelsFile = "/photos/labels.csv";
    set.labelsSha256 = std::string(64, 'a');
    set.preset = "fairface";
    std::vector<std::string> gender, race;
    const char* kinds[] = {"plain", "with blank",        "Ωμέγα",    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC",
                           "שלום",  "not-utf8-\xFF\xFE", "quote'\"", "line\nbreak"};
    for (std::size_t i = 0; i < images; ++i) {
        set.files.push_back(std::string("folder/") + kinds[i % std::size(kinds)] + std::to_string(i) + ".jpg");
        gender.push_back(i % 10 == 9 ? "" : i % 3 == 0 ? "Female" : "Male");
        race.push_back(i % 4 == 0 ? "Südasien" : i % 4 == 1 ? "White" : "caf\xE9");
    }
    set.attributes = {makeAttribute("gender", gender), makeAttribute("race", race)};
    set.report.matched = static_cast<std::int64_t>(images);
    set.report.missingExamples = {"a.jpg", "\xEE\xBE\xBF.jpg"};
    return set;
}

/// A finished audit of so many prompts with invented measurements.
inline AuditResult inventResult(std::size_t prompts, std::int64_t images, std::uint32_t seed = 1) {
    Inventor inventor(seed);
    AuditResult result;
    result.config.modelPath = "/models/ViT-B-32";
    result.config.attributes = {"gender"};
    result.config.probe.name = inventor.text();
    inventor.fill(result.provenance);
    result.provenance.modelName = "ViT-B-32";
    result.images = images;
    for (std::size_t i = 0; i < prompts; ++i) {
        result.prompts.push_back(inventor.text());
        result.truncated.push_back(i % 3 == 1);
        result.measurements.push_back(inventor.make<Measurement>());
    }
    inventor.fill(result.concepts);
    inventor.fill(result.skippedImages);
    result.warnings = {"a warning", inventor.text()};
    return result;
}

/// Scores with NaNs of several bit patterns, infinities and negative zeros among them.
inline std::vector<float> inventScores(std::size_t count, std::uint32_t seed = 1) {
    Inventor inventor(seed);
    std::vector<float> scores(count);
    for (std::size_t i = 0; i < count; ++i)
        scores[i] = i % 5 == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(0x7FC00000u + i))
                               : std::bit_cast<float>(static_cast<std::uint32_t>(inventor.bits()));
    if (count > 3) {
        scores[0] = -0.0f;
        scores[1] = -std::numeric_limits<float>::infinity();
    }
    return scores;
}

inline bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

/// Runs in a child process; its exit status, or 128 + the signal that ended it.
template <class Work>
int inChild(Work&& work) {
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("cannot fork");
    if (child == 0)
        _exit(work());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The same as a user for whom permissions hold: root may write anywhere.
template <class Work>
int inChildWithoutPrivileges(Work&& work) {
    return inChild([&] {
        if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
            return 99;
        return work();
    });
}

/// In a child: says what failed, and ends with a status of its own.
#define PLUMBLINE_CHILD_VERIFY(condition)                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (false)

/// Runs SQL on the file as another program would; the last value of the last row, "NULL" where there is none.
inline std::string sql(const std::filesystem::path& file, const std::string& statements) {
    sqlite3* db = nullptr;
    std::string answer = "NULL";
    char* message = nullptr;
    int rc = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(
            db, statements.c_str(),
            [](void* to, int columns, char** values, char**) {
                if (columns > 0 && values[columns - 1])
                    *static_cast<std::string*>(to) = values[columns - 1];
                return 0;
            },
            &answer, &message);
    const std::string error = message ? message : sqlite3_errstr(rc);
    sqlite3_free(message);
    sqlite3_close(db);
    if (rc != SQLITE_OK)
        throw std::runtime_error(error);
    return answer;
}

/// While it lives, the connection that this process opened last is known, so that a test can fill its "disk".
class ConnectionSpy {
public:
    ConnectionSpy() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&ConnectionSpy::opened)); }
    ~ConnectionSpy() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&ConnectionSpy::opened)); }
    ConnectionSpy(const ConnectionSpy&) = delete;
    ConnectionSpy& operator=(const ConnectionSpy&) = delete;

    /// The database may grow by so many pages and no more: SQLite answers as it does on a full disk.
    static void fillDisk(int pagesLeft) { exec("PRAGMA max_page_count=" + std::to_string(pages() + pagesLeft)); }
    static void freeDisk() { exec("PRAGMA max_page_count=1073741823"); }

private:
    static int opened(sqlite3* db, const char**, const void*) {
        s_last = db;
        return SQLITE_OK;
    }
    static void exec(const std::string& statement) {
        if (sqlite3_exec(s_last, statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(s_last));
    }
    static int pages() {
        int count = 0;
        sqlite3_exec(
            s_last, "PRAGMA page_count",
            [](void* to, int, char** values, char**) {
                *static_cast<int*>(to) = std::atoi(values[0]);
                return 0;
            },
            &count, nullptr);
        return count;
    }
    static inline sqlite3* s_last = nullptr;
};

/// Overwrites bytes in the middle of a file.
inline void spoil(const std::filesystem::path& file, std::int64_t at, std::size_t bytes, char with = '\x5A') {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(at);
    const std::string text(bytes, with);
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream)
        throw std::runtime_error("cannot spoil " + file.string());
}

} // namespace plumbline::test
