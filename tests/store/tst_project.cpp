// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>
#include <filesystem>

#include "core/base/path.h"
#include "core/store/project.h"
#include "tests/store/store_support.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using store::Project;
using test::same;
namespace fs = std::filesystem;

namespace {

Project created(const fs::path& path) {
    auto project = Project::create(path);
    if (!project)
        throw std::runtime_error(project.error().detail);
    return std::move(*project);
}

Project opened(const fs::path& path, Project::Access access = Project::Access::ReadWrite) {
    auto project = Project::open(path, access);
    if (!project)
        throw std::runtime_error(std::string(errorName(project.error().code)) + ' ' + project.error().detail);
    return std::move(*project);
}

/// A finished run on the set; its number.
std::int64_t finished(Project& project, std::int64_t imageSet, std::size_t prompts, std::size_t images,
                      std::uint32_t seed = 1) {
    AuditResult result = test::inventResult(prompts, static_cast<std::int64_t>(images), seed);
    result.config.imageSetId = imageSet;
    const std::int64_t id = project.beginRun(result.config).value();
    if (!project.finishRun(id, result, test::inventScores(prompts * images, seed)))
        throw std::runtime_error("the run was not stored");
    return id;
}

template <class T>
ErrorCode codeOf(const Result<T>& result) {
    if (result)
        throw std::logic_error("no error");
    return result.error().code;
}

} // namespace

class TestProject : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aNewFileIsMarkedAndEmpty() {
        const test::TempFolder folder;
        const fs::path file = folder / "new.plumb";
        {
            Project project = created(file);
            QCOMPARE(project.path(), file);
            QCOMPARE(project.access(), Project::Access::ReadWrite);
            QVERIFY(project.models().value().empty());
            QVERIFY(project.imageSets().value().empty());
            QVERIFY(project.probes().value().empty());
            QVERIFY(project.runs().value().empty());
            QVERIFY(project.check().has_value());
        }
        QCOMPARE(test::sql(file, "PRAGMA application_id"), std::to_string(0x504C4D42));
        QCOMPARE(test::sql(file, "PRAGMA user_version"), std::string("5"));
        QCOMPARE(test::sql(file, "PRAGMA journal_mode"), std::string("wal"));
        QCOMPARE(test::sql(file,
                           "SELECT count(*) FROM pragma_table_list "
                           "WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'"),
                 std::string("0"));
        QCOMPARE(codeOf(Project::create(file)), ErrorCode::FileUnwritable);
        QCOMPARE(codeOf(Project::create(folder / "missing/new.plumb")), ErrorCode::FileUnwritable);
        QVERIFY(!fs::exists(folder / "missing"));
    }

    void projectOfTheFirstVersionClimbs() {
        const test::TempFolder folder;
        const fs::path file = folder / "old.plumb";
        { Project project = created(file); }
        for (const char* table : {"run_table", "transform_file", "transform", "study", "image_finding", "image_check",
                                  "label_source", "probe_version", "note"})
            test::sql(file, std::string("DROP TABLE ") + table);
        test::sql(file, "PRAGMA user_version=1");
        auto project = Project::open(file);
        QVERIFY(project.has_value());
        QVERIFY(project->runs().value().empty());
        QCOMPARE(test::sql(file, "SELECT count(*) FROM run_table"), std::string("0"));
        QVERIFY(project->studies().value().empty());
        QVERIFY(fs::exists(folder / "old.plumb.v1.backup"));
    }

    void aStudyIsBegunThenFinishedAndNeverChangesAgain() {
        const test::TempFolder folder;
        Project project = created(folder / "study.plumb");
        DebiasStudy study = test::Inventor(5).make<DebiasStudy>();
        const std::int64_t id = project.beginStudy(study.config).value();
        QCOMPARE(project.study(id).value().state, RunState::Running);
        QCOMPARE(codeOf(project.studyResult(id)), ErrorCode::RecordUnknown);
        QVERIFY(project.setStudyState(id, RunState::Failed, Error{ErrorCode::OutOfMemory, {}, {}}).has_value());
        QCOMPARE(project.study(id).value().error->code, ErrorCode::OutOfMemory);
        QVERIFY(project.setStudyState(id, RunState::Running).has_value());

        const std::vector<store::TransformFile> files = {{"card.json", "{}"},
                                                         {"1/image_matrix.npy", std::string("\0\x01", 2)}};
        const std::int64_t transform = project.addTransform(id, "LEACE, gender", files).value();
        QVERIFY(project.finishStudy(id, study).has_value());
        QVERIFY(test::same(project.studyResult(id).value(), study));
        QVERIFY(!project.studies().value().front().finished.empty());
        QCOMPARE(codeOf(project.finishStudy(id, study)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.setStudyState(id, RunState::Cancelled)), ErrorCode::RecordUnknown);

        QCOMPARE(project.transforms().value().front().name, std::string("LEACE, gender"));
        const auto back = project.transformFiles(transform).value();
        QCOMPARE(back.size(), std::size_t(2));
        QCOMPARE(back.front().name, std::string("1/image_matrix.npy"));
        QCOMPARE(back.front().bytes, files[1].bytes);
        QVERIFY(project.removeStudy(id).has_value());
        QCOMPARE(codeOf(project.transformFiles(transform)), ErrorCode::RecordUnknown);
    }

    void aTransformsFilesStayInItsFolder() {
        const test::TempFolder folder;
        const fs::path file = folder / "study.plumb";
        {
            Project project = created(file);
            for (const char* name : {"../card.json", "/etc/passwd", "a/../../b", "", "a//b/"}) {
                const store::TransformFile bad{name, "x"};
                QCOMPARE(codeOf(project.addTransform(0, "bad", std::span(&bad, 1))), ErrorCode::InvalidArgument);
            }
            const store::TransformFile good{"card.json", "x"};
            QVERIFY(project.addTransform(0, "good", std::span(&good, 1)).has_value());
        }
        test::sql(file, "UPDATE transform_file SET name = '../../outside'");
        Project project = opened(file);
        QCOMPARE(codeOf(project.transformFiles(1)), ErrorCode::ProjectDamaged);
    }

    void namesOfEveryKind() {
        const test::TempFolder folder;
        for (const char* name : {"with blank.plumb", "a?b#c%20d&e.plumb", "\xF0\x9F\x8E\xAD.plumb", "שלום.plumb",
                                 "caf\xE9-\xFF.plumb", ":memory:", "file:x?mode=memory"}) {
            const fs::path file = folder / name;
            {
                Project project = created(file);
                QVERIFY(project.setSetting("k", name).has_value());
                QVERIFY(project.checkpoint().has_value());
            }
            QVERIFY2(fs::file_size(file) > 0, name);
            Project again = opened(file);
            QCOMPARE(again.setting("k").value(), std::optional<std::string>(name));
            Project reader = opened(file, Project::Access::ReadOnly);
            QCOMPARE(reader.setting("k").value(), std::optional<std::string>(name));
        }
    }

    void modelsAreKeptByPath() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        test::Inventor inventor(3);
        store::ModelRecord record;
        record.name = "ViT-B-32";
        record.path = encodePath(fs::path("/models/caf\xE9"));
        record.card = inventor.make<ModelCard>();
        const std::int64_t id = project.addModel(record).value();
        QVERIFY(id > 0);
        const auto read = project.model(id).value();
        QVERIFY(same(read.card, record.card));
        QCOMPARE(read.path, record.path);
        QVERIFY(!read.added.empty());

        record.name = "renamed";
        record.vocabPath = "/vocab";
        record.card = inventor.make<ModelCard>();
        QCOMPARE(project.addModel(record).value(), id);
        QCOMPARE(project.models().value().size(), std::size_t(1));
        QCOMPARE(project.model(id).value().name, std::string("renamed"));
        QCOMPARE(project.model(id).value().vocabPath, std::string("/vocab"));
        QVERIFY(same(project.model(id).value().card, record.card));

        record.path = "/models/other";
        const std::int64_t other = project.addModel(record).value();
        QVERIFY(other != id);
        QVERIFY(project.removeModel(other).has_value());
        QCOMPARE(codeOf(project.removeModel(other)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.model(other)), ErrorCode::RecordUnknown);
        QVERIFY(project.addModel(record).value() > other); // numbers are not used twice
    }

    void probesAreKept() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        ProbeSet probe = test::Inventor(5).make<ProbeSet>();
        const std::int64_t id = project.addProbe(probe).value();
        QVERIFY(same(project.probes().value().at(0).probe, probe));
        probe.concepts.push_back({"doctor", "occupation"});
        QVERIFY(project.updateProbe(id, probe).has_value());
        QVERIFY(same(project.probes().value().at(0).probe, probe));
        QCOMPARE(codeOf(project.updateProbe(id + 1, probe)), ErrorCode::RecordUnknown);
        QVERIFY(project.removeProbe(id).has_value());
        QCOMPARE(codeOf(project.removeProbe(id)), ErrorCode::RecordUnknown);
    }

    void versionsOfAProbeAreKept() {
        const test::TempFolder folder;
        const fs::path file = folder / "p.plumb";
        Project project = created(file);
        ProbeSet first = test::Inventor(5).make<ProbeSet>(), second = first, third = first;
        second.concepts.push_back({"doctor", "occupation"});
        third.templates.push_back("a drawing of a {}");
        const std::int64_t id = project.addProbe(first).value(), other = project.addProbe(third).value();
        QVERIFY(project.probeVersions(id).value().empty());
        QCOMPARE(project.keepProbe(id).value(), true);
        QCOMPARE(project.keepProbe(id).value(), false); // the same state once
        QVERIFY(project.updateProbe(id, second).has_value());
        QCOMPARE(project.keepProbe(id).value(), true);
        QVERIFY(project.updateProbe(id, third).has_value());

        auto versions = project.probeVersions(id).value();
        QCOMPARE(versions.size(), std::size_t{2});
        QVERIFY(same(versions[0].state, second) && same(versions[1].state, first));
        QVERIFY(versions[0].probe == id && !versions[0].kept.empty());
        QVERIFY(project.probeVersions(other).value().empty());

        QVERIFY(project.returnToVersion(versions[1].id).has_value());
        QVERIFY(same(project.probes().value().at(0).probe, first));
        versions = project.probeVersions(id).value();
        QCOMPARE(versions.size(), std::size_t{3}); // what was there is not lost
        QVERIFY(same(versions[0].state, third));
        QVERIFY(same(project.probes().value().at(1).probe, third)); // and no other set was touched

        QCOMPARE(codeOf(project.keepProbe(4711)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.returnToVersion(4711)), ErrorCode::RecordUnknown);
        QVERIFY(project.removeProbe(id).has_value());
        QCOMPARE(test::sql(file, "SELECT count(*) FROM probe_version"), std::string("0"));
    }

    void whatARunAsksIsKept() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const ProbeSet asked = test::Inventor(5).make<ProbeSet>(), idle = test::Inventor(6).make<ProbeSet>();
        const std::int64_t id = project.addProbe(asked).value(), other = project.addProbe(idle).value();
        AuditConfig config;
        config.probe = asked;
        for (int i = 0; i < 2; ++i)
            QVERIFY(project.beginRun(config).has_value());
        const auto versions = project.probeVersions(id).value();
        QCOMPARE(versions.size(), std::size_t{1});
        QVERIFY(same(versions[0].state, asked));
        QVERIFY(project.probeVersions(other).value().empty());
    }

    void imageSetsReadBackExactly() {
        const test::TempFolder folder;
        const ImageSet set = test::inventImageSet(20'000); // several pieces of file names
        Project project = created(folder / "p.plumb");
        const std::int64_t id = project.addImageSet(set, "faces").value();
        const ImageSet read = project.imageSet(id).value();
        QVERIFY(same(read, set));

        const auto record = project.imageSets().value().at(0);
        QCOMPARE(record.name, std::string("faces"));
        QCOMPARE(decodePath(record.root), set.root);
        QCOMPARE(record.images, std::int64_t(20'000));
        QCOMPARE(record.attributes.size(), std::size_t(2));
        QCOMPARE(record.attributes[0].name, std::string("gender"));
        QCOMPARE(record.attributes[0].unlabelled, set.attributes[0].unlabelled());
        const std::vector<std::int64_t> counts = set.attributes[1].counts();
        for (std::size_t g = 0; g < counts.size(); ++g) {
            QCOMPARE(record.attributes[1].groups[g].first, set.attributes[1].groups[g]);
            QCOMPARE(record.attributes[1].groups[g].second, counts[g]);
        }

        MatchReport report = test::Inventor(9).make<MatchReport>();
        QVERIFY(project.updateMatchReport(id, report).has_value());
        QVERIFY(same(project.imageSet(id).value().report, report));
        QCOMPARE(codeOf(project.updateMatchReport(id + 1, report)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.imageSet(id + 1)), ErrorCode::RecordUnknown);
    }

    void emptyAndUnlabelledSets() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const ImageSet none;
        QVERIFY(same(project.imageSet(project.addImageSet(none, "").value()).value(), none));
        ImageSet bare;
        bare.root = "/x";
        bare.files = {"a.jpg"};
        QVERIFY(same(project.imageSet(project.addImageSet(bare, "bare").value()).value(), bare));
    }

    void setsThatDoNotFitAreRefused() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const auto refused = [&](auto spoil) {
            ImageSet set = test::inventImageSet(10);
            spoil(set);
            return codeOf(project.addImageSet(set, "x")) == ErrorCode::InvalidArgument;
        };
        QVERIFY(refused([](ImageSet& s) { s.attributes[0].codes.pop_back(); }));
        QVERIFY(refused([](ImageSet& s) { s.attributes[0].codes[3] = 2; }));
        QVERIFY(refused([](ImageSet& s) { s.attributes[0].codes[3] = -2; }));
        QVERIFY(refused([](ImageSet& s) { s.files[3] = std::string("a\0b", 3); }));
        QVERIFY(refused([](ImageSet& s) { s.files[3] = ""; }));
        QVERIFY(project.imageSets().value().empty());
    }

    void aMillionImages() {
        const test::TempFolder folder;
        ImageSet set;
        set.root = "/data";
        const std::size_t images = 1'000'000;
        for (std::size_t i = 0; i < images; ++i)
            set.files.push_back("part-" + std::to_string(i % 100) + "/" + std::to_string(i) + ".jpg");
        Attribute attribute{"group", {}, std::vector<std::int32_t>(images)};
        for (int g = 0; g < 7; ++g)
            attribute.groups.push_back("g" + std::to_string(g));
        for (std::size_t i = 0; i < images; ++i)
            attribute.codes[i] = static_cast<std::int32_t>(i % 8) - 1;
        set.attributes.assign(3, attribute);
        Project project = created(folder / "p.plumb");
        const std::int64_t id = project.addImageSet(set, "large").value();
        QVERIFY(same(project.imageSet(id).value(), set));
        QCOMPARE(project.imageSets().value().at(0).images, std::int64_t(images));
        QVERIFY(project.removeImageSet(id).has_value());
    }

    void aRunFromBeginToEnd() {
        const test::TempFolder folder;
        const std::size_t images = 50, prompts = 7;
        Project project = created(folder / "p.plumb");
        const std::int64_t set = project.addImageSet(test::inventImageSet(images), "faces").value();
        AuditResult result = test::inventResult(prompts, images);
        result.config.imageSetId = set;
        result.skipped = 4;
        result.config.probe.templates = {"a {}", "the {}"};
        result.config.probe.concepts = {{"x", ""}, {"y", ""}, {"z", ""}};
        const std::int64_t id = project.beginRun(result.config).value();

        store::RunRecord record = project.run(id).value();
        QCOMPARE(record.state, RunState::Running);
        QCOMPARE(record.modelName, std::string("ViT-B-32"));
        QCOMPARE(record.imageSetName, std::string("faces"));
        QCOMPARE(record.prompts, std::int64_t(6));
        QCOMPARE(record.images, std::int64_t(images));
        QVERIFY(same(record.config, result.config));
        QVERIFY(!record.error && record.provenance.program.empty());
        QCOMPARE(codeOf(project.runResult(id)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.runScores(id, 0)), ErrorCode::RecordUnknown);

        QVERIFY(project.setRunProgress(id, 12, 49).has_value());
        QCOMPARE(project.run(id).value().embedded, std::int64_t(12));
        const Error error{ErrorCode::OutOfMemory, {{"what", "the model"}, {"bytes", "5"}}, "detail"};
        QVERIFY(project.setRunState(id, RunState::Failed, error).has_value());
        QCOMPARE(project.run(id).value().error.value().arg("what"), "the model");
        QVERIFY(project.setRunState(id, RunState::Running).has_value()); // taken up again
        QVERIFY(!project.run(id).value().error);
        QCOMPARE(codeOf(project.setRunState(id, RunState::Done)), ErrorCode::InvalidArgument);

        const std::vector<float> scores = test::inventScores(prompts * images);
        QVERIFY(project.finishRun(id, result, scores).has_value());
        record = project.run(id).value();
        QCOMPARE(record.state, RunState::Done);
        QCOMPARE(record.prompts, std::int64_t(prompts));
        QCOMPARE(record.skipped, std::int64_t(4));
        QVERIFY(same(record.provenance, result.provenance));
        QCOMPARE(record.warnings, result.warnings);
        QVERIFY(same(project.runResult(id).value(), result));
        for (std::size_t p = 0; p < prompts; ++p) {
            const auto from = scores.begin() + static_cast<std::ptrdiff_t>(p * images);
            QVERIFY(test::sameBits(project.runScores(id, static_cast<std::int64_t>(p)).value(),
                                   {from, from + static_cast<std::ptrdiff_t>(images)}));
        }
        QCOMPARE(codeOf(project.runScores(id, -1)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.runScores(id, prompts)), ErrorCode::RecordUnknown);
        QVERIFY(same(project.runImageSet(id).value(), project.imageSet(set).value()));
    }

    void notesOfARunOfFindingsAndOfImages() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const std::int64_t set = project.addImageSet(test::inventImageSet(5), "faces").value();
        AuditResult result = test::inventResult(2, 5);
        result.config.imageSetId = set;
        result.measurements.front().prompt = "a nurse";
        result.measurements.front().attribute = "gender";
        const std::int64_t run = project.beginRun(result.config).value(), other = finished(project, set, 2, 5);
        const NoteSubject finding{"a nurse", "gender", {}}, image{"", "", 3}, whole;
        QCOMPARE(codeOf(project.setNote({run, whole, true, "too early", ""})), ErrorCode::RecordUnknown);
        QVERIFY(project.finishRun(run, result, test::inventScores(10)).has_value());
        for (const NoteSubject& about : {finding, image, whole})
            QVERIFY(project.setNote({run, about, true, "first", ""}).has_value());
        QVERIFY(project.setNote({run, finding, false, "an object\nis in sight \xE2\x9A\x91", ""}).has_value());
        QVERIFY(project.setNote({run, image, true, "", ""}).has_value());
        std::vector<Note> notes = project.notes(run).value();
        QCOMPARE(notes.size(), std::size_t(3));
        QVERIFY(notes[0].run == run && notes[0].about == finding && !notes[0].flagged);
        QCOMPARE(notes[0].text, std::string("an object\nis in sight \xE2\x9A\x91"));
        QVERIFY(notes[1].about == image && notes[1].flagged && notes[1].text.empty());
        QVERIFY(notes[2].about == whole && notes[2].text == "first" && !notes[2].changed.empty());
        QVERIFY(project.notes(other).value().empty());

        QVERIFY(project.setNote({run, image, false, "", ""}).has_value()); // says nothing any more
        QVERIFY(project.setNote({run, image, false, "", ""}).has_value());
        notes = project.notes(run).value();
        QCOMPARE(notes.size(), std::size_t(2));

        QCOMPARE(codeOf(project.setNote({run + 9, whole, true, "", ""})), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.setNote({run, {"", "", 5}, true, "", ""})), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.setNote({run, {"", "", -1}, true, "", ""})), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.setNote({run, {finding.prompt, "", {}}, true, "", ""})), ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.setNote({run, {finding.prompt, finding.attribute, 1}, true, "", ""})),
                 ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.setNote({run, {"not asked", finding.attribute, {}}, true, "", ""})),
                 ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.setNote({run, whole, true, std::string(kLongestNote + 1, 'x'), ""})),
                 ErrorCode::InvalidArgument);
        QCOMPARE(project.notes(run).value().size(), std::size_t(2));
        QVERIFY(project.removeRun(run).has_value());
        QVERIFY(project.notes(run).value().empty());
    }

    /// The name that the user gave, not that of the folder which the engine loaded.
    void aRunKeepsItsModelsName() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        store::ModelRecord model;
        model.name = "Ours, fine-tuned";
        model.path = "/models/ViT-B-32";
        model.card.contentSha256 = std::string(64, 'a');
        AuditResult result = test::inventResult(2, 10);
        result.config.modelId = project.addModel(model).value();
        result.config.imageSetId = project.addImageSet(test::inventImageSet(10), "faces").value();
        const std::int64_t id = project.beginRun(result.config).value();
        QVERIFY(project.finishRun(id, result, test::inventScores(2 * 10)).has_value());
        QCOMPARE(project.run(id).value().modelName, std::string("Ours, fine-tuned"));
    }

    void aFinishedRunNeverChanges() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const std::int64_t set = project.addImageSet(test::inventImageSet(5), "faces").value();
        const std::int64_t id = finished(project, set, 2, 5);
        const AuditResult before = project.runResult(id).value();
        AuditResult other = test::inventResult(2, 5, 99);
        other.config.imageSetId = set;
        QCOMPARE(codeOf(project.finishRun(id, other, test::inventScores(10))), ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.setRunState(id, RunState::Failed)), ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.setRunProgress(id, 1, 2)), ErrorCode::InvalidArgument);
        QVERIFY(same(project.runResult(id).value(), before));
        QCOMPARE(codeOf(project.finishRun(id + 1, other, test::inventScores(10))), ErrorCode::RecordUnknown);
    }

    void scoresThatDoNotFitAreRefused() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        AuditResult result = test::inventResult(3, 5);
        result.config.imageSetId = project.addImageSet(test::inventImageSet(5), "faces").value();
        const std::int64_t id = project.beginRun(result.config).value();
        for (const std::size_t count : {0, 14, 16, 12, 18})
            QCOMPARE(codeOf(project.finishRun(id, result, test::inventScores(count))), ErrorCode::InvalidArgument);
        QCOMPARE(project.run(id).value().state, RunState::Running);
        QVERIFY(project.finishRun(id, result, test::inventScores(15)).has_value());
    }

    void beginningNamesWhatIsUnknown() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        AuditConfig config;
        config.imageSetId = 5;
        auto result = project.beginRun(config);
        QCOMPARE(codeOf(result), ErrorCode::RecordUnknown);
        QCOMPARE(result.error().arg("kind"), "image set");
        QCOMPARE(result.error().arg("id"), "5");
        config = {};
        config.modelId = 3;
        result = project.beginRun(config);
        QCOMPARE(result.error().arg("kind"), "model");
        QVERIFY(project.runs().value().empty());
    }

    void removingNeverHurtsRuns() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        store::ModelRecord model;
        model.path = "/m";
        model.name = "m";
        const std::int64_t modelId = project.addModel(model).value();
        const ImageSet set = test::inventImageSet(5);
        const std::int64_t used = project.addImageSet(set, "used").value();
        const std::int64_t unused = project.addImageSet(set, "unused").value();
        const std::int64_t probe = project.addProbe({}).value();
        const std::int64_t first = finished(project, used, 2, 5, 1);
        const std::int64_t second = finished(project, used, 3, 5, 2);
        QVERIFY(project.putThumbnails(used, std::vector{std::pair{std::int64_t(2), std::vector<std::uint8_t>{1, 2}}}));
        const AuditResult before = project.runResult(first).value();

        QVERIFY(project.removeModel(modelId).has_value());
        QVERIFY(project.removeProbe(probe).has_value());
        QVERIFY(project.removeImageSet(used).has_value());
        QVERIFY(project.removeImageSet(unused).has_value());
        QVERIFY(project.imageSets().value().empty());
        QCOMPARE(codeOf(project.imageSet(used)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.removeImageSet(used)), ErrorCode::RecordUnknown);
        QVERIFY(same(project.runResult(first).value(), before));
        QVERIFY(same(project.runImageSet(first).value(), set));
        QCOMPARE(project.run(first).value().imageSetName, std::string("used"));
        QVERIFY(project.thumbnail(used, 2).value().has_value());

        // With its last run the hidden set goes too.
        QVERIFY(project.removeRun(first).has_value());
        QVERIFY(project.runImageSet(second).has_value());
        QVERIFY(project.removeRun(second).has_value());
        QCOMPARE(codeOf(project.removeRun(second)), ErrorCode::RecordUnknown);
        QVERIFY(project.checkpoint().has_value());
        for (const char* table : {"image_set", "image_set_files", "attribute", "attribute_group", "thumbnail", "run",
                                  "run_prompt", "run_skipped", "run_measurement", "run_concept"})
            QCOMPARE(test::sql(folder / "p.plumb", std::string("SELECT count(*) FROM ") + table), std::string("0"));
    }

    void runsAreNewestFirst() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        std::vector<std::int64_t> ids;
        for (int i = 0; i < 3; ++i)
            ids.push_back(project.beginRun({}).value());
        const auto runs = project.runs().value();
        QCOMPARE(runs.size(), std::size_t(3));
        for (std::size_t i = 0; i < 3; ++i)
            QCOMPARE(runs[i].id, ids[2 - i]);
        QCOMPARE(codeOf(project.runImageSet(ids[0])), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.run(99)), ErrorCode::RecordUnknown);
    }

    void thumbnails() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const std::int64_t set = project.addImageSet(test::inventImageSet(4), "faces").value();
        std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> rows;
        rows.emplace_back(0, std::vector<std::uint8_t>{0xFF, 0xD8, 0, 1});
        rows.emplace_back(3, std::vector<std::uint8_t>{});
        QVERIFY(project.putThumbnails(set, rows).has_value());
        QCOMPARE(project.thumbnail(set, 0).value().value(), rows[0].second);
        QVERIFY(project.thumbnail(set, 3).value().value().empty());
        QVERIFY(!project.thumbnail(set, 1).value());
        rows[0].second = {9};
        QVERIFY(project.putThumbnails(set, std::span(rows).first(1)).has_value());
        QCOMPARE(project.thumbnail(set, 0).value().value(), rows[0].second);
        rows[0].first = 4;
        QCOMPARE(codeOf(project.putThumbnails(set, rows)), ErrorCode::InvalidArgument);
        QCOMPARE(codeOf(project.putThumbnails(set + 1, rows)), ErrorCode::RecordUnknown);
    }

    void aSetIsReadPackedAndByRow() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        ImageSet set = test::inventImageSet(20000); // more than one piece of names
        set.root = "/data/caf\xe9";
        const std::int64_t id = project.addImageSet(set, "faces").value();
        const ImageCatalog catalog = project.imageCatalog(id).value();
        QVERIFY(catalog.root == set.root);
        QCOMPARE(catalog.size(), set.size());
        for (std::size_t row = 0; row < set.size(); ++row)
            QVERIFY(catalog.files[row] == set.files[row]);
        QCOMPARE(catalog.attributes.size(), set.attributes.size());
        for (std::size_t a = 0; a < set.attributes.size(); ++a) {
            QCOMPARE(catalog.attributes[a].name, set.attributes[a].name);
            QCOMPARE(catalog.attributes[a].groups, set.attributes[a].groups);
            QCOMPARE(catalog.attributes[a].codes, set.attributes[a].codes);
        }
        QVERIFY(!catalog.check && catalog.flaws.empty());
        const std::vector<std::int64_t> rows{19999, 0, 8191, 8192};
        const auto paths = project.imagePaths(id, rows).value();
        for (std::size_t i = 0; i < rows.size(); ++i)
            QVERIFY(paths[i] == set.root / set.files[static_cast<std::size_t>(rows[i])]);
        for (const std::int64_t wrong : {std::int64_t(-1), std::int64_t(20000)})
            QCOMPARE(codeOf(project.imagePaths(id, std::vector{wrong})), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.imagePaths(id + 1, rows)), ErrorCode::RecordUnknown);
        QCOMPARE(codeOf(project.imageCatalog(id + 1)), ErrorCode::RecordUnknown);
    }

    void aCheckOfPicturesIsKeptWithItsSet() {
        const test::TempFolder folder;
        const fs::path file = folder / "p.plumb";
        Project project = created(file);
        const std::int64_t id = project.addImageSet(test::inventImageSet(10), "faces").value();
        QVERIFY(!project.imageCheck(id).value());
        QVERIFY(project.imageSets().value().front().checked.empty());
        ImageCheck check;
        check.checked = "2026-11-23T09:00:00Z";
        check.options = {336, 0.2, 0.7, 6};
        check.findings = {{ImageFlaw::Unreadable, {1, 9}, {}, {}, {"cut short", "caf\xe9"}},
                          {ImageFlaw::NearDuplicate, {2, 3}, {2, 2}, {3, 3}, {}},
                          {ImageFlaw::Dark, {2}, {}, {0.05F}, {}}};
        QVERIFY(project.putImageCheck(id, check).has_value());
        const auto same = [](const ImageCheck& a, const ImageCheck& b) {
            return a.checked == b.checked && a.options == b.options && a.findings == b.findings;
        };
        QVERIFY(same(project.imageCheck(id).value().value(), check));
        const ImageCatalog catalog = project.imageCatalog(id).value();
        QVERIFY(same(catalog.check.value(), check));
        QCOMPARE(catalog.flawsOf(2), std::uint8_t(flawBit(ImageFlaw::NearDuplicate) | flawBit(ImageFlaw::Dark)));
        QCOMPARE(catalog.flawsOf(0), std::uint8_t(0));
        const store::ImageSetRecord record = project.imageSets().value().front();
        QCOMPARE(record.checked, check.checked);
        const std::vector<std::pair<ImageFlaw, std::int64_t>> counts{
            {ImageFlaw::Unreadable, 2}, {ImageFlaw::NearDuplicate, 2}, {ImageFlaw::Dark, 1}};
        QVERIFY(record.flaws == counts);

        // What does not fit the set is refused and leaves the old check; a new one takes its place.
        ImageCheck wrong = check;
        wrong.findings[0].images = {1, 10};
        QCOMPARE(codeOf(project.putImageCheck(id, wrong)), ErrorCode::InvalidArgument);
        wrong = check;
        wrong.findings[1].firsts = {2};
        QCOMPARE(codeOf(project.putImageCheck(id, wrong)), ErrorCode::InvalidArgument);
        QVERIFY(same(project.imageCheck(id).value().value(), check));
        QCOMPARE(codeOf(project.putImageCheck(id + 1, check)), ErrorCode::RecordUnknown);
        check.findings.resize(1);
        QVERIFY(project.putImageCheck(id, check).has_value());
        QVERIFY(same(project.imageCheck(id).value().value(), check));

        // A file from elsewhere: rows beyond the set, or a finding nobody knows.
        test::sql(file, "UPDATE image_finding SET images = x'0000007F01000000'");
        QCOMPARE(codeOf(project.imageCatalog(id)), ErrorCode::ProjectDamaged);
        test::sql(file, "UPDATE image_finding SET images = x'0000000001000000', flaw = 'ugly'");
        QCOMPARE(codeOf(project.imageCheck(id)), ErrorCode::ProjectDamaged);
        QVERIFY(project.removeImageSet(id).has_value());
        for (const char* table : {"image_check", "image_finding"})
            QCOMPARE(test::sql(file, std::string("SELECT count(*) FROM ") + table), std::string("0"));
    }

    void whoLabelledIsKeptWithItsSet() {
        const test::TempFolder folder;
        const fs::path file = folder / "p.plumb";
        Project project = created(file);
        const ImageSet set = test::inventImageSet(10);
        const std::int64_t id = project.addImageSet(set, "faces").value();
        QVERIFY(project.labelSources(id).value() == std::vector<LabelSource>(set.attributes.size()));
        std::vector<LabelSource> sources(set.attributes.size());
        sources.front() = {LabelSource::Kind::Annotated, "three people each; '); DROP TABLE run;--"};
        sources.back().kind = LabelSource::Kind::SelfReported;
        QVERIFY(project.setLabelSources(id, sources).has_value());
        QVERIFY(project.labelSources(id).value() == sources);
        QVERIFY(project.imageSets().value().front().attributes.front().source == sources.front());
        sources.front().kind = LabelSource::Kind::Inferred;
        QVERIFY(project.setLabelSources(id, sources).has_value());
        QVERIFY(project.labelSources(id).value() == sources);
        sources.emplace_back();
        QCOMPARE(codeOf(project.setLabelSources(id, sources)), ErrorCode::InvalidArgument);
        QVERIFY(project.removeImageSet(id).has_value());
        QCOMPARE(test::sql(file, "SELECT count(*) FROM label_source"), std::string("0"));
    }

    void settings() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        QVERIFY(!project.setting("page").value());
        const std::string odd("zero \0 byte \xF0\x9F\x8E\xAD '); DROP TABLE run;--", 36);
        QVERIFY(project.setSetting("page", odd).has_value());
        QCOMPARE(project.setting("page").value(), std::optional(odd));
        QVERIFY(project.setSetting("page", "").has_value());
        QCOMPARE(project.setting("page").value(), std::optional<std::string>(""));
    }

    void theCounterSeesOwnAndOtherChanges() {
        const test::TempFolder folder;
        Project mine = created(folder / "p.plumb");
        Project other = opened(folder / "p.plumb");
        const std::int64_t start = mine.changeCounter().value();
        QCOMPARE(mine.changeCounter().value(), start);
        QVERIFY(mine.setting("a").has_value());
        QCOMPARE(mine.changeCounter().value(), start);
        QVERIFY(mine.setSetting("a", "1").has_value());
        const std::int64_t own = mine.changeCounter().value();
        QVERIFY(own != start);
        QVERIFY(other.setSetting("a", "2").has_value());
        const std::int64_t others = mine.changeCounter().value();
        QVERIFY(others != own);
        QCOMPARE(mine.changeCounter().value(), others);
        QCOMPARE(mine.setting("a").value(), std::optional<std::string>("2"));
    }

    void aCopyOfTheOneFileIsComplete() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const ImageSet set = test::inventImageSet(30);
        const std::int64_t setId = project.addImageSet(set, "faces").value();
        const std::int64_t id = finished(project, setId, 4, 30);
        QVERIFY(project.checkpoint().has_value());
        fs::create_directory(folder / "elsewhere");
        fs::copy_file(folder / "p.plumb", folder / "elsewhere/copy.plumb");
        Project copy = opened(folder / "elsewhere/copy.plumb");
        QVERIFY(same(copy.runResult(id).value(), project.runResult(id).value()));
        QVERIFY(test::sameBits(copy.runScores(id, 3).value(), project.runScores(id, 3).value()));
        QVERIFY(same(copy.runImageSet(id).value(), set));
    }

    void savingACopy() {
        const test::TempFolder folder;
        Project project = created(folder / "p.plumb");
        const std::int64_t set = project.addImageSet(test::inventImageSet(30), "faces").value();
        const std::int64_t id = finished(project, set, 4, 30);
        const fs::path copy = folder / "caf\xE9 ?copy.plumb";
        QVERIFY(project.saveCopy(copy).has_value());
        QVERIFY(same(opened(copy).runResult(id).value(), project.runResult(id).value()));
        QCOMPARE(codeOf(project.saveCopy(copy)), ErrorCode::FileUnwritable);
        QCOMPARE(codeOf(project.saveCopy(project.path())), ErrorCode::FileUnwritable);
        QCOMPARE(codeOf(project.saveCopy(folder / "missing/copy.plumb")), ErrorCode::FileUnwritable);
        QVERIFY(same(opened(project.path(), Project::Access::ReadOnly).runResult(id).value(),
                     project.runResult(id).value()));
    }

    void openingTwiceKeepsTheLocks() {
        const test::TempFolder folder;
        const fs::path file = folder / "p.plumb";
        // Another program, begun first: a fork would inherit what SQLite believes to hold.
        int go[2];
        QCOMPARE(pipe(go), 0);
        const pid_t child = fork();
        QVERIFY(child >= 0);
        if (child == 0) {
            char any = 0;
            bool good = read(go[0], &any, 1) == 1;
            good = good && opened(file).setSetting("a", "2"); // and closed again
            _exit(good ? 0 : 1);
        }
        Project first = created(file);
        QVERIFY(first.setSetting("a", "1").has_value());
        { Project second = opened(file); }
        QVERIFY(!Project::create(file));
        QVERIFY(first.saveCopy(folder / "copy.plumb").has_value());
        // Were the first one's lock gone, the other program would take itself for the last and fold the log away.
        QVERIFY(write(go[1], "x", 1) == 1);
        int status = 0;
        waitpid(child, &status, 0);
        QCOMPARE(status, 0);
        QVERIFY(fs::exists(file.string() + "-wal"));
        QCOMPARE(first.setting("a").value(), std::optional<std::string>("2"));
        close(go[0]);
        close(go[1]);
    }

    void closingLeavesOneFile() {
        const test::TempFolder folder;
        {
            Project project = created(folder / "p.plumb");
            QVERIFY(project.setSetting("a", "b").has_value());
        }
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder.path()))
            names.push_back(entry.path().filename().string());
        QCOMPARE(names, std::vector<std::string>{"p.plumb"});
    }

    void projectsMove() {
        const test::TempFolder folder;
        Project a = created(folder / "a.plumb");
        Project b = created(folder / "b.plumb");
        QVERIFY(a.setSetting("name", "a").has_value());
        b = std::move(a);
        QCOMPARE(b.setting("name").value(), std::optional<std::string>("a"));
    }
};

QTEST_APPLESS_MAIN(TestProject)
#include "tst_project.moc"
