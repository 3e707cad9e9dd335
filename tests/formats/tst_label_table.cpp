// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>

#include <QtTest>

#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/formats/label_table.h"
#include "core/formats/target_table.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using formats::LabelOptions;
using formats::readImageSet;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

void touch(const fs::path& path) {
    fs::create_directories(path.parent_path());
    test::writeText(path, "");
}

std::vector<std::string> valuesOf(const ImageSet& set, std::string_view name) {
    const Attribute* attribute = set.attribute(name);
    if (!attribute)
        return {"(no such attribute)"};
    std::vector<std::string> values;
    for (const std::int32_t code : attribute->codes)
        values.push_back(code == Attribute::kUnlabelled ? "-" : attribute->groups.at(static_cast<std::size_t>(code)));
    return values;
}

/// Remembers what is logged.
class Log : public Feedback {
public:
    void log(std::string_view message) override { lines.emplace_back(message); }
    Names lines;
};

const char* text(const Outcome<ImageSet>& set) {
    static std::string sentence;
    sentence = set ? "" : set.error().cancelled() ? "cancelled" : errorText(set.error().error());
    return sentence.c_str();
}

} // namespace

class TestLabelTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void listsImages() {
        const test::TempFolder folder;
        Log log;
        QCOMPARE(formats::listImages(folder.path(), log).error().error().code, ErrorCode::ImagesNone);
        for (const char* name : {"b.jpg", "B.JPEG", "a/c.png", "a.webp", "a/b/d.TIFF", "é 🙂 שלום.gif", "n.txt",
                                 ".hidden.jpg", ".git/x.jpg", "noextension", "x.bmp", "y.tif"})
            touch(folder / name);
        touch(folder / "not-\xff-utf8.jpg");
        fs::create_directory_symlink(folder / "a", folder / "link");
        fs::create_symlink(folder / "b.jpg", folder / "link.jpg");
        const auto images = formats::listImages(folder.path(), log);
        QVERIFY(images);
        QCOMPARE(*images, (Names{"B.JPEG", "a.webp", "a/b/d.TIFF", "a/c.png", "b.jpg", "link.jpg", "not-\xff-utf8.jpg",
                                 "x.bmp", "y.tif", "é 🙂 שלום.gif"}));
        QCOMPARE(formats::listImages(folder / "nowhere", log).error().error().code, ErrorCode::FileNotFound);
        QCOMPARE(formats::listImages(folder / "b.jpg", log).error().error().code, ErrorCode::FileUnreadable);
        log.cancel();
        QVERIFY(formats::listImages(folder.path(), log).error().cancelled());
    }

    void withoutTable() {
        const test::TempFolder folder;
        Log log;
        touch(folder / "b.jpg");
        touch(folder / "a.jpg");
        const auto set = readImageSet(folder.path(), {}, {}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->files, (Names{"a.jpg", "b.jpg"}));
        QVERIFY(set->attributes.empty());
        QCOMPARE(set->preset, std::string("generic"));
        QCOMPARE(set->report.matched, std::int64_t{2});
    }

    void joinsTableAndFolder() {
        const test::TempFolder folder;
        Log log;
        for (const char* name : {"val/1.jpg", "val/2.jpg", "val/3.jpg", "val/4.jpg", "val/extra.jpg", "other.png"})
            touch(folder / name);
        const std::string table = "Path,Gender,Age\n"
                                  "val/2.jpg,Male,20-29\n"
                                  "val/1.jpg, Female ,\n"
                                  "val/9.jpg,Male,20-29\n"
                                  "val/2.jpg,Female,30-39\n"
                                  "val/3.jpg,Prefer not to say,N/A\n"
                                  "val/4.jpg,Male\n"
                                  ",Male,20-29\n"
                                  "../outside.jpg,Male,20-29\n"
                                  "./val//4.jpg,Female,30-39\n";
        test::writeText(folder / "labels.csv", table);
        const auto set = readImageSet(folder.path(), folder / "labels.csv", {}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->files, (Names{"val/2.jpg", "val/1.jpg", "val/3.jpg", "val/4.jpg"})); // in the table's order
        QCOMPARE(valuesOf(*set, "Gender"), (Names{"Male", "Female", "-", "Female"}));      // the first row counts
        QCOMPARE(valuesOf(*set, "Age"), (Names{"20-29", "-", "-", "30-39"}));
        QCOMPARE(set->attribute("Gender")->groups, (Names{"Female", "Male"}));
        const MatchReport& report = set->report;
        QCOMPARE(report.tableRows, std::int64_t{9});
        QCOMPARE(report.matched, std::int64_t{4});
        QCOMPARE(report.missing, std::int64_t{2});
        QCOMPARE(report.missingExamples, (Names{"val/9.jpg", "../outside.jpg (outside the image folder)"}));
        QCOMPARE(report.duplicates, std::int64_t{1});
        QCOMPARE(report.duplicateExamples, (Names{"val/2.jpg"}));
        QCOMPARE(report.invalidRows, std::int64_t{2});
        QCOMPARE(report.invalidExamples, (Names{"line 7: 2 fields instead of 3", "line 8: no file name"}));
        QCOMPARE(report.notInTable, std::int64_t{2});
        QCOMPARE(report.notInTableExamples, (Names{"other.png", "val/extra.jpg"}));
        QCOMPARE(report.unlabelled.size(), std::size_t{2});
        QCOMPARE(report.unlabelled[0].attribute, std::string("Gender"));
        QCOMPARE(report.unlabelled[0].rows, std::int64_t{1});
        QCOMPARE(report.unlabelled[0].values, (Names{"Prefer not to say"}));
        QCOMPARE(report.unlabelled[1].rows, std::int64_t{2});
        QCOMPARE(report.unlabelled[1].values, (Names{"", "N/A"}));
        QCOMPARE(report.matched + report.missing + report.duplicates + report.invalidRows, report.tableRows);
        QCOMPARE(set->labelsSha256, sha256(std::string_view(table)));
        QCOMPARE(set->labelsFile, encodePath(folder / "labels.csv"));
    }

    /// Names may be relative to the table's folder or to the image folder, and both may be anywhere.
    void findsTheRightFolder() {
        const test::TempFolder folder;
        Log log;
        touch(folder / "data/val/1.jpg");
        touch(folder / "data/val/2.jpg");
        const auto files = [&](const char* root, const char* tablePath, const char* names) {
            fs::create_directories((folder / tablePath).parent_path());
            test::writeText(folder / tablePath, std::string("file\n") + names);
            const auto set = readImageSet(folder / root, folder / tablePath, {}, log);
            return set ? set->files : Names{text(set)};
        };
        const Names both = {"1.jpg", "2.jpg"};
        QCOMPARE(files("data/val", "data/labels.csv", "val/1.jpg\nval/2.jpg\n"), both);
        QCOMPARE(files("data/val", "data/labels.csv", "1.jpg\n2.jpg\n"), both);
        QCOMPARE(files("data/val", "tables/labels.csv", "1.jpg\n2.jpg\n"), both);
        QCOMPARE(files("data/val", "tables/labels.csv", "../data/val/1.jpg\n../data/val/2.jpg\n"), both);
        QCOMPARE(files("data/val", "data/val/labels.csv", "1.jpg\n2.jpg\n"), both);
        QCOMPARE(files("data", "data/val/labels.csv", "1.jpg\n2.jpg\n"), (Names{"val/1.jpg", "val/2.jpg"}));
        QCOMPARE(files("data", "tables/labels.csv", "val\\1.jpg\n val/2.jpg\n"), (Names{"val/1.jpg", "val/2.jpg"}));
        const std::string absolute = (fs::canonical(folder.path()) / "data/val/2.jpg").native() + "\n";
        QCOMPARE(files("data/val", "tables/labels.csv", absolute.c_str()), (Names{"2.jpg"}));
    }

    void filesOfAnyName() {
        const test::TempFolder folder;
        Log log;
        const Names names = {"not-\xff-utf8.jpg", "emoji 🙂.jpg", "שלום.jpg", "a,b \"c\".jpg", "back\\slash.jpg", "no-image.dat"};
        std::string table = "file,x\n";
        for (const std::string& name : names) {
            touch(folder / name);
            std::string quoted = "\"";
            for (const char c : name)
                quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
            table += quoted + "\",y\n";
        }
        test::writeText(folder / "t.csv", table + "missing-\xff.jpg,y\n");
        const auto set = readImageSet(folder.path(), folder / "t.csv", {}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->files, names);
        QCOMPARE(set->report.missingExamples, (Names{encodeName("missing-\xff.jpg")}));
    }

    void whichColumnsAreAttributes() {
        const test::TempFolder folder;
        Log log;
        std::string table = "image,id,caption,sex,empty,many,sex\n";
        for (int i = 0; i < 500; ++i) {
            touch(folder / (std::to_string(i) + ".jpg"));
            table += std::to_string(i) + ".jpg," + std::to_string(i) + ",text " + std::to_string(i) + "," +
                     (i % 2 == 0 ? "f" : "m") + ",," + std::to_string(i % 250) + ",x\n";
        }
        test::writeText(folder / "t.csv", table);
        auto set = readImageSet(folder.path(), folder / "t.csv", {}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->attributes.size(), std::size_t{1});
        QCOMPARE(set->attributes[0].name, std::string("sex"));
        QCOMPARE(log.lines.size(), std::size_t{4}); // the other columns, each with its reason
        QVERIFY(log.lines[0].find("“id”") != std::string::npos);

        // What is asked for by name is taken as it is, under the name that is wanted.
        set = readImageSet(folder.path(), folder / "t.csv", {"", "", {{"MANY", "of many"}}}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->attributes.size(), std::size_t{1});
        QCOMPARE(set->attributes[0].name, std::string("of many"));
        QCOMPARE(set->attributes[0].groups.size(), std::size_t{250});
    }

    void fairFace() {
        const test::TempFolder folder;
        Log log;
        std::string table = "file,age,gender,race,service_test\n";
        const Names ages = {"0-2",    "03-Sep", "3-sep", "9-Mar",  "Mar-09", "3-9",         "Oct-19",
                            "19-Oct", "10-19",  "20-29", "60-69",  "2-Jan",  "more than 70"};
        for (std::size_t i = 0; i < ages.size(); ++i) {
            touch(folder / ("val/" + std::to_string(i) + ".jpg"));
            table += "val/" + std::to_string(i) + ".jpg," + ages[i] + ",Male,White,TRUE\n";
        }
        test::writeText(folder / "t.csv", table);
        const auto set = readImageSet(folder.path(), folder / "t.csv", {}, log);
        QVERIFY2(set, text(set));
        QCOMPARE(set->preset, std::string("fairface")); // by its columns
        QCOMPARE(set->attributes.size(), std::size_t{3}); // service_test is bookkeeping
        QCOMPARE(valuesOf(*set, "age"), (Names{"0-2", "3-9", "3-9", "3-9", "3-9", "3-9", "10-19", "10-19", "10-19",
                                               "20-29", "60-69", "2-Jan", "more than 70"}));
        QCOMPARE(set->report.repairs.size(), std::size_t{6});
        QCOMPARE(set->report.repairs[0].from, std::string("03-Sep"));
        QCOMPARE(set->report.repairs[0].to, std::string("3-9"));
        QCOMPARE(set->report.repairs[0].rows, std::int64_t{1});
    }

    void utkFace() {
        const test::TempFolder folder;
        Log log;
        for (const char* name : {"1_0_0_20161219154444444.jpg.chip.jpg", "26_1_2_20170104165631100.jpg",
                                 "116_1_4_20170105165631100.jpg", "39_1_20170116174525125.jpg", "70_0_3_20170105165631100.jpg"})
            touch(folder / "part1" / name);
        for (const char* preset : {"", "utkface"}) {
            const auto set = readImageSet(folder.path(), {}, {preset, "", {}}, log);
            QVERIFY2(set, text(set));
            QCOMPARE(set->preset, std::string("utkface"));
            QCOMPARE(valuesOf(*set, "age"), (Names{"more than 70", "0-2", "20-29", "-", "more than 70"}));
            QCOMPARE(valuesOf(*set, "gender"), (Names{"Female", "Male", "Female", "-", "Male"}));
            QCOMPARE(valuesOf(*set, "race"), (Names{"Others", "White", "Asian", "-", "Indian"}));
            QCOMPARE(set->report.unlabelled.size(), std::size_t{3});
            QCOMPARE(set->report.unlabelled[0].values, (Names{"part1/39_1_20170116174525125.jpg"}));
        }
    }

    void presets() {
        QCOMPARE(formats::labelPresetNames(), (Names{"generic", "fairface", "utkface", "sample"}));
        for (const std::string& name : formats::labelPresetNames()) {
            const auto preset = formats::labelPreset(name);
            QVERIFY(preset);
            QVERIFY(!preset->unknownValues.empty());
        }
        QCOMPARE(formats::guessPreset({"file", "AGE", "gender", "race", "service_test", "more"}), std::string("fairface"));
        QCOMPARE(formats::guessPreset({"file", "age", "gender", "race"}), std::string("generic"));
        QCOMPARE(formats::guessPreset({"filename", "age_utk", "gender_utk", "race_utk"}), std::string("utkface"));

        const auto unknown = formats::labelPreset("celeba");
        QCOMPARE(unknown.error().code, ErrorCode::LabelPresetUnknown);
        QCOMPARE(unknown.error().arg("available"), std::string_view("generic, fairface, utkface, sample"));

        const test::TempFolder folder;
        const std::string path = (folder / "own.json").native();
        test::writeText(path, R"({"name":"own","columns":[{"column":"g","attribute":"gender","names":{"0":"Male"}}]})");
        QCOMPARE(formats::labelPreset(path).value().columns.at(0).names.at(0).second, std::string("Male"));
        for (const char* wrong : {"{", "[]", "{}", R"({"name":1})", R"({"name":"x","columns":[{"repairs":[1]}]})",
                                  "{\"name\":\"x\",\"filePattern\":\"(\"}", "{\"name\":\"x\",\"filePattern\":\"(a)\"}",
                                  R"({"name":"x","columns":[{"bands":{"a":[0]}}]})"}) {
            test::writeText(path, wrong);
            QVERIFY2(!formats::labelPreset(path), wrong);
            QCOMPARE(formats::labelPreset(path).error().code, ErrorCode::JsonInvalid);
        }
    }

    void faultsAreNamed() {
        const test::TempFolder folder;
        Log log;
        touch(folder / "1.jpg");
        const auto error = [&](const std::string& table, const LabelOptions& options = {}) {
            test::writeText(folder / "t.csv", table);
            const auto set = readImageSet(folder.path(), folder / "t.csv", options, log);
            return set ? Error{ErrorCode::Internal, {}, "read"} : set.error().error();
        };
        // A delimiter that nobody guesses: the names that there are tell what went wrong.
        Error e = error("file|gender\n1.jpg|Male\n");
        QCOMPARE(e.code, ErrorCode::LabelColumnMissing);
        QCOMPARE(e.arg("column"), std::string_view("file"));
        QCOMPARE(e.arg("available"), std::string_view("file|gender"));
        e = error("file,gender\n1.jpg,Male\n", {"fairface", "", {}});
        QCOMPARE(e.code, ErrorCode::LabelColumnMissing);
        QCOMPARE(e.arg("column"), std::string_view("age"));
        QCOMPARE(error("file,gender\n1.jpg,Male\n", {"", "picture", {}}).code, ErrorCode::LabelColumnMissing);
        QCOMPARE(error("file,gender\n1.jpg,Male\n", {"nonsense", "", {}}).code, ErrorCode::LabelPresetUnknown);
        QCOMPARE(error("file,gender\n2.jpg,Male\n").code, ErrorCode::LabelsMatchNothing);
        QCOMPARE(error("file,gender\n").code, ErrorCode::LabelsMatchNothing);
        QCOMPARE(error("").code, ErrorCode::LabelTableInvalid);
        QCOMPARE(error("file,gender\n1.jpg,\"Male\n").code, ErrorCode::LabelTableInvalid);
        QCOMPARE(readImageSet(folder.path(), folder / "no.csv", {}, log).error().error().code, ErrorCode::FileNotFound);
        QCOMPARE(readImageSet(folder / "no", folder / "t.csv", {}, log).error().error().code, ErrorCode::FileNotFound);
        log.cancel();
        test::writeText(folder / "t.csv", "file,gender\n1.jpg,Male\n");
        QVERIFY(readImageSet(folder.path(), folder / "t.csv", {}, log).error().cancelled());
    }

    void whereChoosesRows() {
        const test::TempFolder folder;
        Log log;
        for (const char* name : {"1.jpg", "2.jpg", "3.jpg", "4.jpg"})
            touch(folder / name);
        test::writeText(folder / "t.csv", "file,gender,split,part\n1.jpg,Male,audit,a\n2.jpg,Female, audit ,b\n3.jpg,Male,work,a\n5.jpg,Male,work,a\n");
        LabelOptions options;
        options.where = {{"Split", "audit"}};
        auto set = readImageSet(folder.path(), folder / "t.csv", options, log);
        QVERIFY2(set.has_value(), text(set));
        QVERIFY(set->files == (Names{"1.jpg", "2.jpg"}));
        QVERIFY(valuesOf(*set, "gender") == (Names{"Male", "Female"}));
        QCOMPARE(set->report.filter, std::string("Split = audit"));
        QCOMPARE(set->report.filteredRows, 2);
        QCOMPARE(set->report.tableRows, 4);
        QCOMPARE(set->report.missing, 0);    // 5.jpg was not asked for
        QCOMPARE(set->report.notInTable, 1); // 4.jpg; a row names 3.jpg, though it was not asked for either
        options.where.emplace_back("part", "b");
        set = readImageSet(folder.path(), folder / "t.csv", options, log);
        QVERIFY2(set.has_value(), text(set));
        QVERIFY(set->files == Names{"2.jpg"});
        QCOMPARE(set->report.filter, std::string("Split = audit, part = b"));

        const auto error = [&](const fs::path& table) {
            return readImageSet(folder.path(), table, options, log).error().error().code;
        };
        options.where = {{"split", "AUDIT"}};
        QCOMPARE(error(folder / "t.csv"), ErrorCode::LabelFilterEmpty);
        options.where = {{"no such column", "audit"}};
        QCOMPARE(error(folder / "t.csv"), ErrorCode::LabelColumnMissing);
        QCOMPARE(error({}), ErrorCode::InvalidArgument); // no table, no rows to choose
    }

    void valuesAreReadAsOne() {
        const test::TempFolder folder;
        Log log;
        for (const char* name : {"1.jpg", "2.jpg", "3.jpg", "4.jpg"})
            touch(folder / name);
        test::writeText(folder / "t.csv", "file,gender,age\n1.jpg,Female,03-Sep\n2.jpg,female,20-29\n3.jpg,M,3-9\n"
                                          "4.jpg,unknown,20-29\n");
        LabelOptions options;
        options.columns = {{"gender", "gender"}, {"age", "age"}};
        options.readAs = {{"gender", {{"Female", {"Female", "female"}}, {"Male", {"M"}}}}};
        auto set = readImageSet(folder.path(), folder / "t.csv", options, log);
        QVERIFY2(set.has_value(), text(set));
        QVERIFY(valuesOf(*set, "gender") == (Names{"Female", "Female", "Male", "-"}));
        QCOMPARE(set->report.merged.size(), std::size_t(3));
        QVERIFY(readAs(set->report) == options.readAs);
        // In the words of the preset's groups, not of the table.
        options.preset = "fairface";
        options.readAs = {{"age", {{"child", {"3-9"}}}}};
        set = readImageSet(folder.path(), folder / "t.csv", options, log);
        QVERIFY2(set.has_value(), text(set));
        QVERIFY(valuesOf(*set, "age") == (Names{"child", "20-29", "child", "20-29"}));
        QCOMPARE(set->report.repairs.size(), std::size_t(1));
        QCOMPARE(set->report.merged[0].rows, 2);

        options.readAs = {{"age", {{"child", {"0-2"}}}}};
        QCOMPARE(readImageSet(folder.path(), folder / "t.csv", options, log).error().error().code,
                 ErrorCode::InvalidArgument);
        // Labels in file names can be merged as well; without labels there is nothing to merge.
        options = {};
        options.readAs = {{"age", {{"child", {"0-2"}}}}};
        QCOMPARE(readImageSet(folder.path(), {}, options, log).error().error().code, ErrorCode::AttributeUnknown);
    }

    void aMillionRows() {
        const test::TempFolder folder;
        touch(folder / "a/0.jpg");
        {
            std::ofstream out(folder / "t.csv");
            out << "file,age,gender,race,service_test\n";
            for (int i = 0; i < 1'000'000; ++i)
                out << "a/" << i << ".jpg," << (i % 3 == 0 ? "03-Sep" : "20-29") << ",Female,\"East, Asian\",TRUE\n";
        }
        Feedback feedback;
        const auto set = readImageSet(folder.path(), folder / "t.csv", {}, feedback);
        QVERIFY2(set, text(set));
        QCOMPARE(set->report.tableRows, std::int64_t{1'000'000});
        QCOMPARE(set->report.missing, std::int64_t{999'999});
        QCOMPARE(set->report.missingExamples.size(), MatchReport::kExamples);
        QCOMPARE(valuesOf(*set, "race"), (Names{"East, Asian"}));
    }

    void scoreTables() {
        const test::TempFolder folder;
        Feedback feedback;
        test::writeText(folder / "s.csv", "Score,score,label\n9,0.5,b\n9,-inf,a\n9,nan,b\n9,oops,\n9,1e3,unknown\n9,1\n");
        const auto table = formats::readScoreTable(folder / "s.csv", "score", "LABEL", feedback);
        QVERIFY(table);
        QCOMPARE(table->scores.size(), std::size_t{5}); // the exact name wins
        QCOMPARE(table->scores[0], 0.5);
        QVERIFY(std::isinf(table->scores[1]) && std::isnan(table->scores[2]) && std::isnan(table->scores[3]));
        QCOMPARE(table->scores[4], 1000.0);
        QCOMPARE(table->invalidRows, std::int64_t{1}); // the short row
        QCOMPARE(table->unreadable, std::int64_t{1});  // "oops"
        QCOMPARE(table->attribute.name, std::string("label"));
        QCOMPARE(table->attribute.groups, (Names{"a", "b"}));
        QCOMPARE(table->attribute.codes, (std::vector<std::int32_t>{1, 0, 1, -1, -1}));
        const auto missing = formats::readScoreTable(folder / "s.csv", "score", "race", feedback);
        QCOMPARE(missing.error().error().code, ErrorCode::LabelColumnMissing);
        QCOMPARE(missing.error().error().arg("available"), std::string_view("Score, score, label"));
    }

    void targetShares() {
        const test::TempFolder folder;
        const auto read = [&](const char* table) {
            test::writeText(folder / "t.csv", table);
            return formats::readTargetShares(folder / "t.csv");
        };
        using Shares = std::vector<std::pair<std::string, double>>;
        QCOMPARE(read("group,share\nb,0.25\na,0.75\n").value(), (Shares{{"b", 0.25}, {"a", 0.75}}));
        QCOMPARE(read("Group;Percent\nb;25\na;75\n").value(), (Shares{{"b", 0.25}, {"a", 0.75}}));
        const Shares rounded = read("group,proportion\na,0.333\nb,0.333\nc,0.333\n").value();
        QCOMPARE(rounded[0].second, 0.333 / (0.333 + 0.333 + 0.333));
        for (const char* wrong : {"group,share\na,0.5\nb,0.6\n", "group,share\na,-0.5\nb,1.5\n", "group,share\na,nan\n",
                                  "group,share\na,0.5\na,0.5\n", "group,share\na,0.5,x\n", "group,share\n",
                                  "group,share\n,1\n", "group,percent\na,1\n"}) {
            const auto shares = read(wrong);
            QVERIFY2(!shares, wrong);
            QCOMPARE(shares.error().code, ErrorCode::TargetInvalid);
        }
        QCOMPARE(read("a,0.5\nb,0.5\n").error().code, ErrorCode::LabelColumnMissing);
        QCOMPARE(read("concept,group,share\nnurse,a,1\n").error().code, ErrorCode::TargetInvalid);
    }

    void targetsOfConcepts() {
        const test::TempFolder folder;
        const auto read = [&](const char* table) {
            test::writeText(folder / "t.csv", table);
            return formats::readTarget((folder / "t.csv").string());
        };
        const Target target = read("concept,group,percent\nNurse,F,88\nnurse,M,12\n*,F,50\n,M,50\n").value();
        QVERIFY(target.kind == Target::Kind::Custom);
        QCOMPARE(target.byConcept.size(), std::size_t{1});
        QCOMPARE(target.of("NURSE").shares.front().second, 0.88);
        QCOMPARE(target.of("pilot").shares.front().second, 0.5);
        QCOMPARE(read("concept,group,share\nnurse,F,0.5\nnurse,M,0.5\n").value().of("pilot").kind, Target::Kind::Pool);
        for (const char* wrong : {"concept,group,share\nnurse,F,0.5\npilot,M,0.5\n",
                                  "concept,group,share\nnurse,F,0.5\nNURSE,F,0.5\n", "concept,group,share\n"}) {
            const auto shares = read(wrong);
            QVERIFY2(!shares, wrong);
            QCOMPARE(shares.error().code, ErrorCode::TargetInvalid);
        }

        QCOMPARE(formats::readTarget("pool").value().kind, Target::Kind::Pool);
        QCOMPARE(formats::readTarget("uniform").value().kind, Target::Kind::Uniform);
        QCOMPARE(formats::readTarget("conditional").value().kind, Target::Kind::Conditional);
        const Target labour = formats::readTarget("visogender-us").value();
        QCOMPARE(labour.byConcept.size(), std::size_t{23});
        for (const ConceptShares& entry : labour.byConcept) {
            QCOMPARE(entry.shares.size(), std::size_t{2});
            QVERIFY(std::abs(entry.shares[0].second + entry.shares[1].second - 1) < 1e-9);
        }
        const Target doctor = formats::readTarget("visogender-us:Doctor").value();
        QVERIFY(doctor.byConcept.empty());
        QCOMPARE(doctor.shares.front(), (std::pair<std::string, double>{"Female", 0.438}));
        const auto unknown = formats::readTarget("visogender-us:pirate");
        QVERIFY(!unknown && unknown.error().arg("reason").find("doctor") != std::string_view::npos);
        QVERIFY(!formats::targetPresets().front().citation.empty());
    }

    void columnsOfRelevanceAndReference() {
        const test::TempFolder folder;
        Feedback feedback;
        test::writeText(folder / "s.csv", "s,g,rel,old\n3,a,yes,1\n2,b,0,2\n1,a,2.5,x\n0,b,maybe,4\n-1,b,,5\n");
        const auto table =
            formats::readScoreTable(folder / "s.csv", formats::ScoreColumns{"s", "g", "rel", "old"}, feedback);
        QVERIFY(table);
        QCOMPARE(table->relevance, (std::vector<double>{1, 0, 2.5, 0, 0}));
        QCOMPARE(table->invalidRelevance, std::int64_t{1});
        QCOMPARE(table->reference[1], 2.0);
        QVERIFY(std::isnan(table->reference[2]));
        QCOMPARE(formats::readScoreTable(folder / "s.csv", formats::ScoreColumns{"s", "g", "none", ""}, feedback)
                     .error()
                     .error()
                     .code,
                 ErrorCode::LabelColumnMissing);
    }

    void fairFaceItself() {
        PLUMBLINE_NEEDS_SHARED();
        const fs::path root = test::shared() / "data/fairface";
        Log log;
        for (const fs::path& images : {root, root / "val"}) {
            const auto set = readImageSet(images, root / "fairface_label_val.csv", {}, log);
            QVERIFY2(set, text(set));
            QCOMPARE(set->size(), std::size_t{5000});
            QCOMPARE(set->report.missing, std::int64_t{0});
            QCOMPARE(set->report.notInTable, images == root ? std::int64_t{5000} : std::int64_t{0}); // train/
            QCOMPARE(set->attribute("age")->groups.size(), std::size_t{9});
            QCOMPARE(set->attribute("race")->groups.size(), std::size_t{7});
            QCOMPARE(set->attribute("gender")->unlabelled(), std::int64_t{0});
            QCOMPARE(set->report.repairs.size(), std::size_t{2});
        }
    }
};

QTEST_APPLESS_MAIN(TestLabelTable)
#include "tst_label_table.moc"
