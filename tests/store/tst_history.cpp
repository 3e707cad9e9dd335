// SPDX-License-Identifier: GPL-3.0-or-later
// Edits of a project, taken back and made again: after either every row of every table is as it was.
#include <QtTest>

#include <filesystem>
#include <map>

#include "core/store/project.h"
#include "tests/store/store_support.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using store::Project;
namespace fs = std::filesystem;

namespace {

using Rows = std::vector<std::string>;

/// What `sql` answers, its columns joined.
Rows ask(const fs::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
        throw std::runtime_error("cannot be opened");
    Rows rows;
    const auto take = [](void* to, int columns, char** texts, char**) {
        std::string row;
        for (int i = 0; i < columns; ++i)
            row += (i > 0 ? "|" : "") + std::string(texts[i] != nullptr ? texts[i] : "NULL");
        static_cast<Rows*>(to)->push_back(row);
        return 0;
    };
    char* error = nullptr;
    const int code = sqlite3_exec(database, sql.c_str(), take, &rows, &error);
    const std::string why = error != nullptr ? error : "";
    sqlite3_free(error);
    sqlite3_close(database);
    if (code != SQLITE_OK)
        throw std::runtime_error(why);
    return rows;
}

Rows tables(const fs::path& path) {
    return ask(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
}

/// Every row of every table but the settings.
std::map<std::string, Rows> contents(const fs::path& path) {
    std::map<std::string, Rows> all;
    for (const std::string& table : tables(path)) {
        if (table == "setting")
            continue;
        std::string columns;
        for (const std::string& column : ask(path, "SELECT name FROM pragma_table_info('" + table + "')"))
            columns += (columns.empty() ? "" : ", ") + ("quote(\"" + column + "\")");
        all[table] = ask(path, "SELECT " + columns + " FROM \"" + table + "\" ORDER BY " + columns);
    }
    return all;
}

/// A set, two models, a probe, a finished run and a study with a transform.
struct Filled {
    test::TempFolder folder;
    fs::path path = folder / "a.plumb";
    Project project = std::move(Project::create(path).value());
    std::int64_t set = 0, model = 0, probe = 0, run = 0, study = 0;

    Filled() {
        test::Inventor inventor(5);
        store::ModelRecord record;
        record.path = "/models/a";
        record.card = inventor.make<ModelCard>();
        model = project.addModel(record).value();
        record.path = "/models/b";
        (void)project.addModel(record).value();
        set = project.addImageSet(test::inventImageSet(50), "faces").value();
        probe = project.addProbe(inventor.make<ProbeSet>()).value();
        (void)project.keepProbe(probe).value();
        AuditResult result = test::inventResult(3, 50);
        result.config.imageSetId = set;
        run = project.beginRun(result.config).value();
        if (!project.finishRun(run, result, test::inventScores(150)))
            throw std::runtime_error("the run was not stored");
        study = project.beginStudy({}).value();
        const store::TransformFile file{"card.json", "{}"};
        (void)project.addTransform(study, "LEACE", std::span(&file, 1)).value();
        if (!project.setNote({run, {"", "", 7}, true, "look here", ""}))
            throw std::runtime_error("the note was not stored");
    }
};

} // namespace

class TestHistory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTableHasAKey() { // a table without one would escape the recording
        Filled filled;
        const Rows all = tables(filled.path);
        QVERIFY(all.size() > 10);
        for (const std::string& table : all)
            QVERIFY2(ask(filled.path, "SELECT 1 FROM pragma_table_info('" + table + "') WHERE pk > 0 LIMIT 1").size() ==
                         1,
                     table.c_str());
    }

    void editsAreTakenBackAndMadeAgain_data() {
        QTest::addColumn<int>("edit");
        const char* names[] = {"remove a model", "remove an image set", "remove a needed image set",
                               "add a probe",    "change a probe",      "remove a probe",
                               "remove a run",   "remove a study",      "set notes",
                               "several at once"};
        for (int i = 0; i < int(std::size(names)); ++i)
            QTest::newRow(names[i]) << i;
    }
    void editsAreTakenBackAndMadeAgain() {
        QFETCH(const int, edit);
        Filled filled;
        test::Inventor inventor(9);
        if (edit == 1) // no run needs it: it goes wholly
            QVERIFY(filled.project.removeRun(filled.run).has_value());
        const auto before = contents(filled.path);
        const auto change = filled.project.recorded([&](Project& project) -> Result<void> {
            switch (edit) {
            case 0:
                return project.removeModel(filled.model);
            case 1:
            case 2:
                return project.removeImageSet(filled.set);
            case 3:
                PLUMBLINE_CHECK(project.addProbe(inventor.make<ProbeSet>()));
                return {};
            case 4:
                return project.updateProbe(filled.probe, inventor.make<ProbeSet>());
            case 5:
                return project.removeProbe(filled.probe);
            case 6:
                return project.removeRun(filled.run);
            case 7:
                return project.removeStudy(filled.study);
            case 8:
                PLUMBLINE_CHECK(project.setNote({filled.run, {"", "", 7}, false, "", ""}));
                return project.setNote({filled.run, {}, false, "of the whole", ""});
            default:
                PLUMBLINE_CHECK(project.removeProbe(filled.probe));
                PLUMBLINE_CHECK(project.removeRun(filled.run));
                return project.removeImageSet(filled.set);
            }
        });
        QVERIFY2(change.has_value(), change ? "" : change.error().detail.c_str());
        QVERIFY(!change->empty());
        const auto after = contents(filled.path);
        QVERIFY(after != before);
        for (int again = 0; again < 2; ++again) {
            const auto back = filled.project.takeBack(*change);
            QVERIFY2(back.has_value(), back ? "" : back.error().detail.c_str());
            QVERIFY(contents(filled.path) == before);
            const auto forth = filled.project.makeAgain(*change);
            QVERIFY2(forth.has_value(), forth ? "" : forth.error().detail.c_str());
            QVERIFY(contents(filled.path) == after);
        }
        QVERIFY(filled.project.check().has_value());
    }

    void aRunThatComesBackIsWhole() {
        Filled filled;
        const auto result = filled.project.runResult(filled.run);
        const auto scores = filled.project.runScores(filled.run, 2);
        const auto change =
            filled.project.recorded([&](Project& project) { return project.removeRun(filled.run); }).value();
        QVERIFY(!filled.project.run(filled.run).has_value());
        QVERIFY(filled.project.takeBack(change).has_value());
        QVERIFY(test::same(*filled.project.runResult(filled.run), *result));
        const auto again = filled.project.runScores(filled.run, 2);
        QVERIFY(again.has_value() && again->size() == scores->size());
        QVERIFY(std::memcmp(again->data(), scores->data(), scores->size() * sizeof(float)) == 0);
    }

    void whatSomebodyChangedSinceStays() {
        Filled filled;
        test::Inventor inventor(3);
        const ProbeSet first = inventor.make<ProbeSet>(), second = inventor.make<ProbeSet>();
        const auto change =
            filled.project.recorded([&](Project& project) { return project.updateProbe(filled.probe, first); }).value();
        {
            auto other = Project::open(filled.path);
            QVERIFY(other.has_value());
            QVERIFY(other->updateProbe(filled.probe, second).has_value());
        }
        const auto before = contents(filled.path);
        const auto back = filled.project.takeBack(change);
        QVERIFY(!back.has_value());
        QCOMPARE(back.error().code, ErrorCode::InvalidArgument);
        QCOMPARE(back.error().arg("name"), std::string_view("change"));
        QVERIFY(contents(filled.path) == before);
    }

    void changesThatFollowAreJoined() {
        Filled filled;
        test::Inventor inventor(3);
        const auto before = contents(filled.path);
        const auto update = [&](const ProbeSet& probe) {
            return filled.project.recorded([&](Project& project) { return project.updateProbe(filled.probe, probe); })
                .value();
        };
        const store::ChangeSet first = update(inventor.make<ProbeSet>()), second = update(inventor.make<ProbeSet>());
        const auto after = contents(filled.path);
        const auto both = store::joined(first, second);
        QVERIFY(both.has_value());
        QVERIFY(filled.project.takeBack(*both).has_value());
        QVERIFY(contents(filled.path) == before);
        QVERIFY(filled.project.makeAgain(*both).has_value());
        QVERIFY(contents(filled.path) == after);
        QCOMPARE(store::joined({{1, 2, 3}}, second).error().code, ErrorCode::InvalidArgument);
    }

    void aFailedEditIsNoChange() {
        Filled filled;
        const auto before = contents(filled.path);
        const auto change = filled.project.recorded([](Project& project) { return project.removeModel(4711); });
        QVERIFY(!change.has_value());
        QCOMPARE(change.error().code, ErrorCode::RecordUnknown);
        QVERIFY(contents(filled.path) == before);
    }

    void settingsAreNoEdits() {
        Filled filled;
        const auto change =
            filled.project.recorded([](Project& project) { return project.setSetting("page", "runs"); });
        QVERIFY(change.has_value());
        QVERIFY(change->empty());
    }
};

QTEST_MAIN(TestHistory)
#include "tst_history.moc"
