// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include <sys/stat.h>

#include "core/store/project.h"
#include "tests/store/store_support.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using store::Project;
using test::same;
namespace fs = std::filesystem;

namespace {

template <class T>
ErrorCode codeOf(const Result<T>& result) {
    if (result)
        throw std::logic_error("no error");
    return result.error().code;
}

/// A project with an image set, a model, a probe and a finished run, closed again.
struct Filled {
    fs::path file;
    std::int64_t set = 0, run = 0, model = 0, probe = 0;
};

Filled filled(const fs::path& file, std::size_t images = 40, std::size_t prompts = 3) {
    Filled result{file};
    Project project = std::move(Project::create(file).value());
    result.set = project.addImageSet(test::inventImageSet(images), "faces").value();
    store::ModelRecord model;
    model.path = "/models/a";
    model.card = test::Inventor(4).make<ModelCard>();
    result.model = project.addModel(model).value();
    result.probe = project.addProbe(test::Inventor(5).make<ProbeSet>()).value();
    AuditResult audit = test::inventResult(prompts, static_cast<std::int64_t>(images));
    audit.config.imageSetId = result.set;
    result.run = project.beginRun(audit.config).value();
    if (!project.finishRun(result.run, audit, test::inventScores(prompts * images)))
        throw std::runtime_error("the run was not stored");
    return result;
}

/// Reads everything there is; the errors that were met.
std::vector<ErrorCode> readAll(const Filled& filled, Project& project) {
    std::vector<ErrorCode> errors;
    const auto note = [&](const auto& result) {
        if (!result)
            errors.push_back(result.error().code);
    };
    note(project.models());
    note(project.model(filled.model));
    note(project.probes());
    note(project.imageSets());
    note(project.imageSet(filled.set));
    note(project.runs());
    note(project.runResult(filled.run));
    note(project.runImageSet(filled.run));
    for (std::int64_t prompt = 0; prompt < 3; ++prompt)
        note(project.runScores(filled.run, prompt));
    note(project.thumbnail(filled.set, 0));
    note(project.setting("a"));
    note(project.changeCounter());
    note(project.check());
    return errors;
}

/// Tries each kind of write, all of which must fail; their codes.
std::vector<ErrorCode> writeAll(const Filled& filled, Project& project) {
    std::vector<ErrorCode> errors;
    const auto note = [&](const auto& result) { errors.push_back(codeOf(result)); };
    const AuditResult result = test::inventResult(1, 2);
    note(project.addModel({}));
    note(project.removeModel(filled.model));
    note(project.addImageSet({}, ""));
    note(project.updateMatchReport(filled.set, {}));
    note(project.removeImageSet(filled.set));
    note(project.addProbe({}));
    note(project.updateProbe(filled.probe, {}));
    note(project.removeProbe(filled.probe));
    note(project.beginRun({}));
    note(project.setRunProgress(filled.run, 1, 2));
    note(project.setRunState(filled.run, RunState::Failed));
    note(project.finishRun(filled.run, result, test::inventScores(2)));
    note(project.removeRun(filled.run));
    note(project.putThumbnails(filled.set, {}));
    note(project.setSetting("a", "b"));
    return errors;
}

bool all(const std::vector<ErrorCode>& codes, ErrorCode code) {
    return !codes.empty() && std::all_of(codes.begin(), codes.end(), [&](ErrorCode c) { return c == code; });
}

} // namespace

class TestFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsNoProject() {
        const test::TempFolder folder;
        QCOMPARE(codeOf(Project::open(folder / "missing.plumb")), ErrorCode::FileNotFound);
        fs::create_directory(folder / "folder.plumb");
        QCOMPARE(codeOf(Project::open(folder / "folder.plumb")), ErrorCode::ProjectNotOne);
        QCOMPARE(mkfifo((folder / "pipe.plumb").c_str(), 0600), 0);
        QCOMPARE(codeOf(Project::open(folder / "pipe.plumb")),
                 ErrorCode::ProjectNotOne); // and does not wait for a writer

        const auto refusedUntouched = [&](const fs::path& file) {
            const std::string before = test::readText(file);
            const auto result = Project::open(file);
            bool alone = true;
            for (const char* suffix : {"-wal", "-shm", "-journal"})
                alone = alone && !fs::exists(file.string() + suffix);
            return !result && result.error().code == ErrorCode::ProjectNotOne && alone &&
                   test::readText(file) == before;
        };
        test::writeText(folder / "zero.plumb", "");
        QVERIFY(refusedUntouched(folder / "zero.plumb"));
        test::writeText(folder / "text.plumb", "Dear diary,\n" + std::string(5000, 'x'));
        QVERIFY(refusedUntouched(folder / "text.plumb"));
        test::writeText(folder / "short.plumb", std::string_view("SQLite format 3\0", 16));
        QVERIFY(refusedUntouched(folder / "short.plumb"));
        test::sql(folder / "other.plumb", "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        QVERIFY(refusedUntouched(folder / "other.plumb"));

        // The log that another program left behind is not ours to fold.
        QCOMPARE(test::inChild([&] {
                     sqlite3* db = nullptr;
                     sqlite3_open((folder / "other.plumb").c_str(), &db);
                     sqlite3_exec(db, "PRAGMA journal_mode=WAL; INSERT INTO t VALUES (2)", nullptr, nullptr, nullptr);
                     return 0; // without closing
                 }),
                 0);
        const std::string log = test::readText(folder / "other.plumb-wal");
        QVERIFY(!log.empty());
        QCOMPARE(codeOf(Project::open(folder / "other.plumb")), ErrorCode::ProjectNotOne);
        QVERIFY(test::readText(folder / "other.plumb-wal") == log);
    }

    void aNewerFormatIsLeftAlone() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        test::sql(f.file, "PRAGMA user_version=99");
        const std::string before = test::readText(f.file);
        for (const auto access : {Project::Access::ReadWrite, Project::Access::ReadOnly}) {
            const auto result = Project::open(f.file, access);
            QCOMPARE(codeOf(result), ErrorCode::ProjectTooNew);
            QCOMPARE(result.error().arg("found"), "99");
            QCOMPARE(result.error().arg("known"), "5");
        }
        QVERIFY(test::readText(f.file) == before);
        test::sql(f.file, "PRAGMA user_version=-1");
        QCOMPARE(codeOf(Project::open(f.file)), ErrorCode::ProjectDamaged);
    }

    void anEmptyFileOfOursIsBuiltUp() {
        const test::TempFolder folder;
        const fs::path file = folder / "p.plumb";
        test::sql(file, "PRAGMA application_id=" + std::to_string(0x504C4D42));
        Project project = std::move(Project::open(file).value());
        QVERIFY(project.setSetting("a", "b").has_value());
        QVERIFY(project.runs().value().empty());
    }

    void damageIsReported_data() {
        QTest::addColumn<QString>("statement");
        QTest::newRow("json cut") << "UPDATE run SET config = substr(config, 1, 20)";
        QTest::newRow("json of another kind") << "UPDATE run SET provenance = '{}'";
        QTest::newRow("card") << "UPDATE model SET card = '[]'";
        QTest::newRow("state gone") << "PRAGMA ignore_check_constraints=1; UPDATE run SET state = 'x'";
        QTest::newRow("code beyond the groups") << "UPDATE attribute SET codes = randomblob(160)";
        QTest::newRow("codes cut") << "UPDATE attribute SET codes = zeroblob(7)";
        QTest::newRow("a group gone") << "DELETE FROM attribute_group WHERE code = 1";
        QTest::newRow("file names gone") << "DELETE FROM image_set_files";
        QTest::newRow("a negative number of images") << "UPDATE image_set SET images = -1";
        QTest::newRow("an absurd number of images") << "UPDATE image_set SET images = 9000000000000000000";
        QTest::newRow("scores cut") << "UPDATE run_prompt SET scores = zeroblob(7)";
        QTest::newRow("measurement") << "UPDATE run_measurement SET result = 'null'";
        QTest::newRow("warnings") << "UPDATE run SET warnings = '[1]'";
        QTest::newRow("report") << "UPDATE image_set SET report = ''";
        QTest::newRow("probe") << "UPDATE probe SET probe = '{\"name\":1}'";
    }
    void damageIsReported() {
        QFETCH(QString, statement);
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        test::sql(f.file, statement.toStdString());
        Project project = std::move(Project::open(f.file).value());
        const std::vector<ErrorCode> errors = readAll(f, project);
        QVERIFY(all(errors, ErrorCode::ProjectDamaged));
    }

    void aTruncatedFileIsDamaged() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb", 2000);
        fs::resize_file(f.file, fs::file_size(f.file) / 2);
        auto project = Project::open(f.file);
        if (!project) {
            QCOMPARE(codeOf(project), ErrorCode::ProjectDamaged);
            return;
        }
        const auto errors = readAll(f, *project);
        QVERIFY(all(errors, ErrorCode::ProjectDamaged));
    }

    void spoiltBytesNeverCrash() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb", 500);
        const std::string whole = test::readText(f.file);
        std::mt19937 random(11);
        int damaged = 0;
        for (int round = 0; round < 150; ++round) {
            test::writeText(f.file, whole);
            for (int i = 0; i < 4; ++i) // beyond the header, which decides whether it is a project at all
                test::spoil(f.file, 100 + static_cast<std::int64_t>(random() % (whole.size() - 200)), 1 + random() % 64,
                            static_cast<char>(random()));
            auto project = Project::open(f.file);
            if (!project || !readAll(f, *project).empty())
                ++damaged;
            if (project)
                project->setSetting("a", "b");
            project = fail(ErrorCode::Internal); // closed
            for (const char* suffix : {"-wal", "-shm", "-journal"})
                fs::remove(f.file.string() + suffix);
        }
        QVERIFY(damaged > 0);
    }

    void aForeignSchemaRunsNothing() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        test::sql(f.file, "CREATE TRIGGER evil AFTER INSERT ON setting BEGIN DELETE FROM run; END");
        Project project = std::move(Project::open(f.file).value());
        QVERIFY(project.setSetting("a", "b").has_value());
        QCOMPARE(project.runs().value().size(), std::size_t(1));
    }

    void aFullDiskLosesNothing() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        const test::ConnectionSpy spy;
        Project project = std::move(Project::open(f.file).value());
        const AuditResult before = project.runResult(f.run).value();
        AuditResult large = test::inventResult(3, 40'000, 2);
        const std::int64_t id = project.beginRun(large.config).value();
        const std::vector<float> scores = test::inventScores(3 * 40'000);

        test::ConnectionSpy::fillDisk(3);
        const auto result = project.finishRun(id, large, scores);
        QCOMPARE(codeOf(result), ErrorCode::DiskFull);
        QCOMPARE(result.error().arg("path"), std::string_view(f.file.native()));
        QCOMPARE(codeOf(project.addImageSet(test::inventImageSet(50'000), "large")), ErrorCode::DiskFull);
        QCOMPARE(project.run(id).value().state, RunState::Running);
        QCOMPARE(project.imageSets().value().size(), std::size_t(1));
        QVERIFY(same(project.runResult(f.run).value(), before));

        test::ConnectionSpy::freeDisk();
        QVERIFY(project.finishRun(id, large, scores).has_value());
        QVERIFY(same(project.runResult(id).value(), large));
        QVERIFY(project.check().has_value());
    }

    void anotherWriterIsWaitedForAndThenNamed() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        Project project = std::move(Project::open(f.file).value());
        sqlite3* other = nullptr;
        QCOMPARE(sqlite3_open(f.file.c_str(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
        QVERIFY(readAll(f, project).empty()); // readers are not kept waiting
        QCOMPARE(codeOf(project.setSetting("a", "b")), ErrorCode::ProjectBusy);

        // Within the five seconds it simply goes on.
        std::thread release([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
        });
        const auto written = project.setSetting("a", "b");
        release.join();
        sqlite3_close(other);
        QVERIFY(written.has_value());
    }

    void threadsAndProcessesWriteAtOnce() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        constexpr int kEach = 60;
        const auto write = [&](const std::string& who) {
            auto project = Project::open(f.file);
            if (!project)
                return 1;
            for (int i = 0; i < kEach; ++i)
                if (!project->setSetting(who + std::to_string(i), who) || !project->addProbe({}))
                    return 2;
            return 0;
        };
        const pid_t child = fork();
        if (child == 0)
            _exit(write("process"));
        int first = -1, second = -1;
        std::thread a([&] { first = write("a"); });
        std::thread b([&] { second = write("b"); });
        a.join();
        b.join();
        int status = 0;
        waitpid(child, &status, 0);
        QCOMPARE(first, 0);
        QCOMPARE(second, 0);
        QVERIFY(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        Project project = std::move(Project::open(f.file).value());
        QCOMPARE(project.probes().value().size(), std::size_t(3 * kEach + 1));
        for (const char* who : {"a", "b", "process"})
            for (int i = 0; i < kEach; ++i)
                QVERIFY(project.setting(who + std::to_string(i)).value().has_value());
    }

    void whatWasAcknowledgedSurvivesKill() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        std::mt19937 random(5);
        std::vector<std::int64_t> acknowledged;
        for (int round = 0; round < 20; ++round) {
            int ends[2];
            QCOMPARE(pipe(ends), 0);
            const pid_t child = fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                close(ends[0]);
                auto project = Project::open(f.file);
                for (std::uint32_t seed = 0; project; ++seed) {
                    AuditResult result = test::inventResult(5, 40, seed);
                    result.config.imageSetId = f.set;
                    const auto id = project->beginRun(result.config);
                    if (!id || !project->setRunProgress(*id, 20, 40) ||
                        !project->finishRun(*id, result, test::inventScores(200, seed)))
                        break;
                    const std::int64_t message[2] = {*id, seed};
                    if (write(ends[1], message, sizeof(message)) != sizeof(message))
                        break;
                }
                _exit(1);
            }
            close(ends[1]);
            std::int64_t message[2];
            bool told = round % 2 == 0 && read(ends[0], message, sizeof(message)) == sizeof(message); // well under way
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
            kill(child, SIGKILL);
            int status = 0;
            waitpid(child, &status, 0);
            QVERIFY2(WIFSIGNALED(status), "the writer ended by itself");

            Project project = std::move(Project::open(f.file).value());
            for (; told || read(ends[0], message, sizeof(message)) == sizeof(message); told = false) {
                acknowledged.push_back(message[0]);
                const auto seed = static_cast<std::uint32_t>(message[1]);
                AuditResult expected = test::inventResult(5, 40, seed);
                expected.config.imageSetId = f.set;
                const auto result = project.runResult(message[0]);
                QVERIFY(result.has_value());
                QVERIFY(same(*result, expected));
                const std::vector<float> scores = test::inventScores(200, seed);
                QVERIFY(test::sameBits(project.runScores(message[0], 4).value(), {scores.begin() + 160, scores.end()}));
            }
            close(ends[0]);
            const auto records = project.runs().value();
            for (const auto& record : records) { // nothing half-finished passes for finished
                const auto result = project.runResult(record.id);
                QVERIFY(record.state == RunState::Running || record.state == RunState::Done);
                QCOMPARE(result.has_value(), record.state == RunState::Done);
            }
            QVERIFY(project.check().has_value());
        }
        QVERIFY(acknowledged.size() >= 10);
        Project project = std::move(Project::open(f.file).value());
        for (const std::int64_t id : acknowledged)
            QCOMPARE(project.run(id).value().state, RunState::Done);
    }

    void aFileThatVanishesIsNotWrittenInto() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        Project project = std::move(Project::open(f.file).value());
        fs::rename(f.file, folder / "renamed.plumb");
        QCOMPARE(codeOf(project.setSetting("a", "b")), ErrorCode::FileNotFound);
        const Filled replaced = filled(f.file);
        QCOMPARE(codeOf(project.setSetting("a", "b")), ErrorCode::FileNotFound);
        fs::remove(f.file);
        QCOMPARE(codeOf(project.beginRun({})), ErrorCode::FileNotFound);
    }

    void readOnlyOnRequest() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        Project writer = std::move(Project::open(f.file).value());
        Project reader = std::move(Project::open(f.file, Project::Access::ReadOnly).value());
        QCOMPARE(reader.access(), Project::Access::ReadOnly);
        QVERIFY(all(writeAll(f, reader), ErrorCode::ProjectReadOnly));
        const std::int64_t counter = reader.changeCounter().value();
        QVERIFY(writer.setSetting("a", "new").has_value()); // still in the log
        QCOMPARE(reader.setting("a").value(), std::optional<std::string>("new"));
        QVERIFY(reader.changeCounter().value() != counter);
        QVERIFY(readAll(f, reader).empty());
        QVERIFY(reader.checkpoint().has_value());
    }

    void aReadOnlyFile() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        fs::permissions(folder.path(), fs::perms::all);
        fs::permissions(f.file, fs::perms(0444));
        const int status = test::inChildWithoutPrivileges([&] {
            auto project = Project::open(f.file);
            PLUMBLINE_CHILD_VERIFY(project.has_value());
            PLUMBLINE_CHILD_VERIFY(project->access() == Project::Access::ReadOnly);
            PLUMBLINE_CHILD_VERIFY(readAll(f, *project).empty());
            PLUMBLINE_CHILD_VERIFY(all(writeAll(f, *project), ErrorCode::ProjectReadOnly));
            return 0;
        });
        QCOMPARE(status, 0);
    }

    void aReadOnlyFolder() {
        const test::TempFolder folder;
        fs::create_directory(folder / "medium #1?");
        const Filled f = filled(folder / "medium #1?/p.plumb");
        fs::permissions(folder.path(), fs::perms(0755));
        fs::permissions(f.file, fs::perms(0666));
        fs::permissions(f.file.parent_path(), fs::perms(0555));
        const int status = test::inChildWithoutPrivileges([&] {
            auto project = Project::open(f.file);
            PLUMBLINE_CHILD_VERIFY(project.has_value());
            PLUMBLINE_CHILD_VERIFY(project->access() == Project::Access::ReadOnly);
            PLUMBLINE_CHILD_VERIFY(readAll(f, *project).empty());
            PLUMBLINE_CHILD_VERIFY(all(writeAll(f, *project), ErrorCode::ProjectReadOnly));
            PLUMBLINE_CHILD_VERIFY(codeOf(Project::create(f.file.parent_path() / "new.plumb")) ==
                                   ErrorCode::FileUnwritable);
            return 0;
        });
        fs::permissions(f.file.parent_path(), fs::perms(0755));
        QCOMPARE(status, 0);
    }

    void aReadOnlyFolderWithALogIsNotReadStale() {
        const test::TempFolder folder;
        const fs::path medium = folder / "medium";
        fs::create_directory(medium);
        {
            const Filled f = filled(folder / "p.plumb");
            Project project = std::move(Project::open(f.file).value());
            QVERIFY(project.setSetting("a", "newest").has_value());
            fs::copy_file(f.file, medium / "p.plumb"); // as a backup program would, without asking
            fs::copy_file(f.file.string() + "-wal", medium / "p.plumb-wal");
        }
        fs::permissions(folder.path(), fs::perms(0755));
        fs::permissions(medium / "p.plumb", fs::perms(0444));
        fs::permissions(medium / "p.plumb-wal", fs::perms(0444));
        fs::permissions(medium, fs::perms(0555));
        const int status = test::inChildWithoutPrivileges([&] {
            auto project = Project::open(medium / "p.plumb");
            if (project) {
                PLUMBLINE_CHILD_VERIFY(project->setting("a").value() == "newest");
            } else {
                PLUMBLINE_CHILD_VERIFY(project.error().code == ErrorCode::FileUnreadable);
                PLUMBLINE_CHILD_VERIFY(project.error().arg("reason").find("-wal") != std::string_view::npos);
            }
            return 0;
        });
        fs::permissions(medium, fs::perms(0755));
        QCOMPARE(status, 0);
    }

    void anUnreadableFile() {
        const test::TempFolder folder;
        const Filled f = filled(folder / "p.plumb");
        fs::permissions(folder.path(), fs::perms(0755));
        fs::permissions(f.file, fs::perms(0));
        const int status = test::inChildWithoutPrivileges([&] {
            const auto project = Project::open(f.file);
            PLUMBLINE_CHILD_VERIFY(!project);
            PLUMBLINE_CHILD_VERIFY(project.error().code == ErrorCode::FileUnreadable);
            PLUMBLINE_CHILD_VERIFY(!project.error().arg("reason").empty());
            return 0;
        });
        QCOMPARE(status, 0);
    }
};

QTEST_APPLESS_MAIN(TestFaults)
#include "tst_faults.moc"
