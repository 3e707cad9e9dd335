// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <array>
#include <csignal>
#include <filesystem>
#include <thread>

#include "core/store/database.h"
#include "tests/store/store_support.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::store;
namespace fs = std::filesystem;

namespace {

constexpr std::int32_t kId = 0x54455354;

/// An artificial history of a file format: three versions, one of which rebuilds a table that others refer to.
const std::vector<std::string> kLadder{
    "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT) STRICT;"
    "CREATE TABLE child(parent INTEGER NOT NULL REFERENCES parent(id) ON DELETE CASCADE) STRICT;",
    "CREATE TABLE parent2(id INTEGER PRIMARY KEY, name TEXT, size INTEGER NOT NULL) STRICT;"
    "INSERT INTO parent2 SELECT id, name, length(name) FROM parent;"
    "DROP TABLE parent; ALTER TABLE parent2 RENAME TO parent;",
    "ALTER TABLE parent ADD COLUMN note TEXT;",
};

detail::Format format(std::size_t version, bool backup = true) {
    return {kId, std::span(kLadder).first(version), 4096, backup};
}

fs::path oldFile(const fs::path& file) {
    if (!detail::createDatabase(file, format(1)))
        throw std::runtime_error("not created");
    test::sql(file, "INSERT INTO parent VALUES (1, 'one'), (2, 'three'); INSERT INTO child VALUES (1), (2), (2)");
    return file;
}

Error errorOf(const fs::path& file, const detail::Format& with, bool readOnly = false) {
    auto result = detail::openDatabase(file, with, readOnly);
    return result ? Error{ErrorCode::Internal, {}, "it opened"} : result.error();
}

} // namespace

class TestDatabase : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theLadderIsClimbed() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        QVERIFY(detail::openDatabase(file, format(3), false).has_value());
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("3"));
        QCOMPARE(test::sql(file, "PRAGMA application_id"), std::to_string(kId));
        QCOMPARE(test::sql(file, "SELECT size FROM parent WHERE id = 2"), std::string("5"));
        QCOMPARE(test::sql(file, "SELECT count(*) FROM child"),
                 std::string("3")); // no cascade while a table was rebuilt
        QCOMPARE(test::sql(file, "PRAGMA foreign_keys=ON; DELETE FROM parent WHERE id = 2; SELECT count(*) FROM child"),
                 std::string("1"));

        // The backup is the old file, usable by the old program.
        const fs::path backup = folder / "p.plumb.v1.backup";
        QVERIFY(detail::openDatabase(backup, format(1), false).has_value());
        QCOMPARE(test::sql(backup, "SELECT count(*) FROM parent"), std::string("2"));
        QCOMPARE(test::sql(backup, "PRAGMA user_version"), std::string("1"));
    }

    void nothingIsBackedUpWithoutNeed() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        QVERIFY(detail::openDatabase(file, format(1), false).has_value());
        QVERIFY(!fs::exists(folder / "p.plumb.v1.backup"));
    }

    void aBackupIsNeverOverwritten() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        test::writeText(folder / "p.plumb.v1.backup", "of last year");
        QVERIFY(detail::openDatabase(file, format(2), false).has_value());
        QCOMPARE(test::readText(folder / "p.plumb.v1.backup"), std::string("of last year"));
        QCOMPARE(test::sql(folder / "p.plumb.v1.backup-2", "SELECT count(*) FROM parent"), std::string("2"));
    }

    void aStepThatFailsLeavesTheLastGoodVersion() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        std::vector<std::string> broken = kLadder;
        broken[2] = "CREATE TABLE extra(a); SELECT * FROM missing;";
        QCOMPARE(errorOf(file, {kId, broken, 4096, true}).code, ErrorCode::Internal);
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("2"));
        QCOMPARE(test::sql(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"), std::string("0"));
        QVERIFY(detail::openDatabase(file, format(3), false).has_value()); // the mended program goes on from there
    }

    void aStepMayNotLeaveDanglingRows() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        std::vector<std::string> careless = kLadder;
        careless[1] = "DELETE FROM parent WHERE id = 2;";
        QCOMPARE(errorOf(file, {kId, careless, 4096, true}).code, ErrorCode::ProjectDamaged);
        QCOMPARE(test::sql(file, "SELECT count(*) FROM parent"), std::string("2"));
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("1"));
    }

    void whereNothingCanBeMadeBesideItNothingChanges() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        fs::permissions(file, fs::perms(0666));
        fs::permissions(folder.path(), fs::perms(0555));
        const int status = test::inChildWithoutPrivileges([&] {
            auto result = detail::openDatabase(file, format(3), false);
            PLUMBLINE_CHILD_VERIFY(!result && result.error().code == ErrorCode::ProjectReadOnly);
            return 0;
        });
        fs::permissions(folder.path(), fs::perms::owner_all);
        QCOMPARE(status, 0);
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("1"));
    }

    void readersDoNotMigrate() {
        const test::TempFolder folder;
        const fs::path file = oldFile(folder / "p.plumb");
        QCOMPARE(errorOf(file, format(3), true).code, ErrorCode::ProjectReadOnly);
        QCOMPARE(errorOf(file, format(0), false).code, ErrorCode::ProjectTooNew);
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("1"));
    }

    void twoProgramsMigrateAtOnce() {
        const test::TempFolder folder;
        for (int round = 0; round < 10; ++round) {
            const fs::path file = oldFile(folder / ("p" + std::to_string(round)));
            std::vector<std::thread> threads;
            std::array<std::string, 4> faults;
            for (std::string& fault : faults)
                threads.emplace_back([&] {
                    if (const auto opened = detail::openDatabase(file, format(3), false); !opened)
                        fault = std::string(errorName(opened.error().code)) + ' ' + opened.error().detail;
                });
            for (std::thread& thread : threads)
                thread.join();
            for (const std::string& fault : faults)
                QCOMPARE(fault, std::string());
            // Each backup there is holds the old version.
            int backups = 0;
            for (const auto& entry : fs::directory_iterator(folder.path()))
                if (entry.path().native().starts_with(file.native() + ".v1.backup")) {
                    ++backups;
                    QCOMPARE(test::sql(entry.path(), "PRAGMA user_version"), std::string("1"));
                }
            QVERIFY(backups > 0);
            QCOMPARE(test::sql(file, "SELECT count(*) FROM parent"), std::string("2"));
            QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("3"));
        }
    }

    void anInterruptedMigrationGoesOn() {
        const test::TempFolder folder;
        for (int round = 0; round < 15; ++round) {
            const fs::path file = oldFile(folder / ("p" + std::to_string(round)));
            const pid_t child = fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                const bool good = detail::openDatabase(file, format(3), false).has_value();
                _exit(good ? 0 : 1);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(700 * round));
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
            QVERIFY(detail::openDatabase(file, format(3), false).has_value());
            QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("3"));
            QCOMPARE(test::sql(file, "SELECT sum(size) FROM parent"), std::string("8"));
        }
    }

    void creationThatFailsLeavesNothing() {
        const test::TempFolder folder;
        const std::vector<std::string> broken{"CREATE TABLE a(b); nonsense;"};
        const auto result = detail::createDatabase(folder / "p.plumb", {kId, broken, 4096, false});
        QVERIFY(!result);
        QVERIFY(fs::is_empty(folder.path()));
    }
};

QTEST_APPLESS_MAIN(TestDatabase)
#include "tst_database.moc"
