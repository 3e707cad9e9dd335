// SPDX-License-Identifier: GPL-3.0-or-later
// plumb measure retrieval, zero-shot and paired, and the merged groups of plumb audit.
#include <sstream>

#include <QtTest>

#include "core/base/random.h"
#include "core/formats/npy.h"
#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

namespace {

void writeMatrix(const std::filesystem::path& path, std::size_t dim, const std::vector<float>& values) {
    auto writer = formats::NpyWriter::create(path, dim);
    QVERIFY(writer && writer->append(values) && writer->finish());
}

/// The row of a table in the program's JSON.
Json rowOf(const Json& output, std::size_t table, const std::vector<std::string>& keys, const std::string& measure) {
    for (const Json& row : output["tables"][table]["rows"])
        if (row["keys"] == Json(keys) && row["measure"] == measure)
            return row["value"];
    return {};
}

} // namespace

#define L(text) QStringLiteral(text)

class TestMeasureUtility : public QObject {
    Q_OBJECT
private:
    test::TempFolder m_folder;

    /// 4 images of unit vectors and 2 captions each; the last caption is nearer to another image.
    void writeRetrieval() {
        writeMatrix(m_folder / "x.npy", 4, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
        std::vector<float> texts;
        for (int c = 0; c < 8; ++c)
            for (int d = 0; d < 4; ++d)
                texts.push_back(c == 7 ? (d == 0 ? 2.0F : 0.5F) : d == c / 2 ? 3.0F : static_cast<float>(d) / 10);
        writeMatrix(m_folder / "t.npy", 4, texts);
        std::string table = "image,caption\n";
        for (int c = 0; c < 8; ++c)
            table += "im" + std::to_string(c / 2) + ".jpg,caption " + std::to_string(c) + "\n";
        test::writeText(m_folder / "c.csv", table);
    }
    QStringList retrieval(const QStringList& more = {}) const {
        return QStringList{
                   L("measure"),          L("retrieval"),  L("--images"),         q(m_folder / "x.npy"), L("--texts"),
                   q(m_folder / "t.npy"), L("--captions"), q(m_folder / "c.csv"), L("--json"),           L("-")} +
               more;
    }

private Q_SLOTS:
    void retrievalByTable() {
        writeRetrieval();
        const test::Called called = plumb(retrieval());
        QVERIFY2(called.exitCode == 0, called.err);
        const Json out = called.json();
        QCOMPARE(out["tables"][0]["id"].get<std::string>(), std::string("retrieval"));
        QCOMPARE(rowOf(out, 0, {"all"}, "text_to_image_r1")["value"].get<double>(), 7.0 / 8);
        QCOMPARE(rowOf(out, 0, {"all"}, "image_to_text_r1")["value"].get<double>(), 1.0);
        QCOMPARE(rowOf(out, 0, {"all"}, "text_to_image_r5")["value"].get<double>(), 1.0);

        // Names beside the embeddings, in another order than the captions name the images.
        test::writeText(m_folder / "x.npy.rows.csv", "row,path\n0,a/im0.jpg\n1,a/im1.jpg\n2,a/im2.jpg\n3,a/im3.jpg\n");
        test::writeText(m_folder / "t.npy.rows.csv", "row,text\n0,caption 0\n1,caption 1\n2,caption 2\n3,caption "
                                                     "3\n4,caption 4\n5,caption 5\n6,caption 6\n7,caption 7\n");
        const test::Called named = plumb(retrieval());
        QVERIFY2(named.exitCode == 0, named.err);
        QCOMPARE(named.json()["tables"][0]["rows"], out["tables"][0]["rows"]);
        test::writeText(m_folder / "t.npy.rows.csv", "row,text\n0,caption 1\n1,caption 0\n2,caption 2\n3,caption "
                                                     "3\n4,caption 4\n5,caption 5\n6,caption 6\n7,caption 7\n");
        const test::Called turned = plumb(retrieval());
        QCOMPARE(turned.exitCode, 2);
        QVERIFY2(turned.err.contains("row 0"), turned.err);
        std::filesystem::remove(m_folder / "t.npy.rows.csv");
        test::writeText(m_folder / "x.npy.rows.csv", "row,path\n0,im0.jpg\n1,im1.jpg\n2,im2.jpg\n3,other.jpg\n");
        const test::Called missing = plumb(retrieval());
        QVERIFY2(missing.exitCode == 0, missing.err);
        QVERIFY(missing.json()["tables"][0]["warnings"].dump().find(
                    "2 captions are of an image without an embedding") != std::string::npos);
        std::filesystem::remove(m_folder / "x.npy.rows.csv");
    }
    void retrievalByKarpathysList() {
        writeRetrieval();
        Json images = Json::array();
        for (int i = 0; i < 4; ++i)
            images.push_back({{"filename", "im" + std::to_string(i) + ".jpg"},
                              {"split", "test"},
                              {"sentences", {{{"raw", "one"}}, {{"raw", "two"}}}}});
        images.push_back({{"filename", "t.jpg"}, {"split", "train"}, {"sentences", {{{"raw", "x"}}}}});
        test::writeText(m_folder / "dataset.json", Json({{"images", images}}).dump());
        const QStringList arguments = {
            L("measure"), L("retrieval"),        L("--images"),   q(m_folder / "x.npy"),
            L("--texts"), q(m_folder / "t.npy"), L("--captions"), q(m_folder / "dataset.json")};
        const test::Called test = plumb(arguments + QStringList{L("--split"), L("test"), L("--json"), L("-")});
        QVERIFY2(test.exitCode == 0, test.err);
        QCOMPARE(rowOf(test.json(), 0, {"all"}, "text_to_image_r1")["value"].get<double>(), 7.0 / 8);
        QCOMPARE(plumb(arguments).exitCode, 2);                                       // nine captions, eight rows
        QCOMPARE(plumb(arguments + QStringList{L("--split"), L("dev")}).exitCode, 2); // no such split
        const test::Called words = plumb(arguments + QStringList{L("--split"), L("test")});
        QVERIFY(words.exitCode == 0 && words.out.contains("r_mean"));
    }
    void zeroShot() {
        // 40 images, 6 classes; every fourth is wrong and has the true class last.
        std::vector<float> scores;
        std::string table = "file,class,gender\n";
        for (int i = 0; i < 40; ++i) {
            for (int c = 0; c < 6; ++c)
                scores.push_back(c == i % 6 ? (i % 4 == 0 ? -1.0F : 1.0F) : 0.1F * static_cast<float>(c));
            table += "i" + std::to_string(i) + ".jpg," + std::to_string(i % 6) + (i % 4 < 2 ? ",F\n" : ",M\n");
        }
        writeMatrix(m_folder / "s.npy", 6, scores);
        test::writeText(m_folder / "l.csv", table);
        const QStringList arguments = {
            L("measure"),          L("zero-shot"), L("--scores"), q(m_folder / "s.npy"), L("--labels"),
            q(m_folder / "l.csv"), L("--label"),   L("class"),    L("--json"),           L("-")};
        const test::Called called = plumb(arguments);
        QVERIFY2(called.exitCode == 0, called.err);
        QCOMPARE(rowOf(called.json(), 0, {"all"}, "top1")["value"].get<double>(), 0.75);
        QCOMPARE(rowOf(called.json(), 0, {"all"}, "top5")["value"].get<double>(), 0.75);
        const test::Called groups = plumb(arguments + QStringList{L("--attribute"), L("gender")});
        QCOMPARE(rowOf(groups.json(), 0, {"F"}, "top1")["value"].get<double>(), 0.5);
        QCOMPARE(rowOf(groups.json(), 0, {""}, "top1_range")["value"].get<double>(), 0.5);
        QVERIFY(rowOf(groups.json(), 0, {""}, "top1_range")["p_value"].get<double>() < 0.05);
        test::writeText(m_folder / "l.csv", "file,class,gender\na,1,F\n");
        QCOMPARE(plumb(arguments).exitCode, 2);
        std::string outside = "class\n";
        for (int i = 0; i < 40; ++i)
            outside += "6\n";
        test::writeText(m_folder / "l.csv", outside);
        const test::Called wrong = plumb(arguments);
        QVERIFY(wrong.exitCode == 2 && wrong.err.contains("0 to 5"));
    }
    void generalisation() {
        RandomStream random(4, 5, 6);
        std::string table = "file,gender,tone,before,after\n";
        for (int i = 0; i < 400; ++i) {
            const double lean = i % 2 == 0 ? 1.5 : 0.0, noise = random.normal();
            table += "i" + std::to_string(i) + (i % 2 == 0 ? ",F," : ",M,") + (i % 3 == 0 ? "dark," : "light,") +
                     std::to_string(noise + lean) + "," + std::to_string(noise) + "\n";
        }
        test::writeText(m_folder / "faces.csv", table);
        test::writeText(m_folder / "cells.csv", "fitted_set,fitted_attribute,set,attribute,table\n"
                                                "faces,gender,faces,gender,faces.csv\n"
                                                "faces,gender,faces,tone,faces.csv\n"
                                                "faces,gender,others,gender,\n");
        const QStringList arguments = {
            L("measure"), L("generalisation"), L("--score"), L("before"), L("after"), L("-k"),
            L("50"),      L("--null-draws"),   L("199"),     L("--json"), L("-"),     L("--bootstrap-draws"),
            L("199")};
        const test::Called called = plumb(arguments + QStringList{q(m_folder / "cells.csv")});
        QVERIFY2(called.exitCode == 0, called.err);
        const Json out = called.json(), &keys = out["tables"][0]["rows"];
        QCOMPARE(keys.size(), std::size_t(12)); // two cells, two measures, three numbers each
        const auto difference = [&](const char* kind) -> Json {
            for (const Json& row : keys)
                if (row["keys"][2] == kind && row["measure"] == "max_skew_difference")
                    return row["value"];
            return {};
        };
        QVERIFY(difference("in domain")["value"].get<double>() < -0.2);
        QVERIFY(difference("in domain")["adjusted_p"].get<double>() < 0.05);
        QVERIFY(std::abs(difference("other attribute")["value"].get<double>()) < 0.3);
        const std::string warnings = out["tables"][0]["warnings"].dump();
        QVERIFY(warnings.find("Not audited") != std::string::npos && warnings.find("others") != std::string::npos);

        test::writeText(m_folder / "cells.csv",
                        "fitted_set,fitted_attribute,set,attribute,table\na,b,c,gender,gone.csv\n");
        const test::Called gone = plumb(arguments + QStringList{q(m_folder / "cells.csv")});
        QVERIFY(gone.exitCode == 2 && gone.err.contains("gone.csv"));
    }

    void able() {
        const auto able = [](const QStringList& more) {
            return plumb(QStringList{L("measure"), L("able"), L("--accuracy"), L("0.6332"), L("--images"), L("50000"),
                                     L("--json"), L("-")} +
                         more);
        };
        const Json out =
            able({L("--max-skew"), L("0.4"), L("--interval"), L("0.3"), L("0.5"), L("--neutral"), L("0.1")}).json();
        const Json value = rowOf(out, 0, {"attribute"}, "able");
        QVERIFY(std::abs(value["value"].get<double>() - 2 / (1 / 0.6332 + std::exp(0.4))) < 1e-12);
        QVERIFY(value["ci_low"].get<double>() < value["value"].get<double>());
        QVERIFY(std::abs(rowOf(out, 0, {"attribute"}, "able_reference")["value"].get<double>() -
                         2 / (1 / 0.6332 + std::exp(0.1))) < 1e-12);
        QVERIFY(rowOf(able({L("--max-skew"), L("0.4")}).json(), 0, {"attribute"}, "able")["ci_low"].is_null());
        QCOMPARE(able({}).exitCode, 2);
        QCOMPARE(able({L("--max-skew"), L("many")}).exitCode, 2);
    }

    void paired() {
        RandomStream random(1, 2, 3);
        std::string wide = "file,gender,before,after\n", longA = "file,gender,prompt,concept,score\n",
                    longB = "file,prompt,score\n";
        for (int i = 0; i < 400; ++i) {
            const std::string file = "i" + std::to_string(i), gender = i % 2 == 0 ? "F" : "M";
            const double noise = random.normal(), lean = i % 2 == 0 ? 1.5 : 0.0;
            wide += file + "," + gender + "," + std::to_string(noise + lean) + "," + std::to_string(noise) + "\n";
            for (int p = 0; p < 8; ++p) {
                const std::string prompt = "prompt " + std::to_string(p);
                longA += file + "," + gender + "," + prompt + ",c" + std::to_string(p / 2 * 2) + "," +
                         std::to_string(random.normal() + lean) + "\n";
                longB += file + "," + prompt + "," + std::to_string(random.normal()) + "\n";
            }
        }
        test::writeText(m_folder / "wide.csv", wide);
        test::writeText(m_folder / "a.csv", longA);
        test::writeText(m_folder / "b.csv", longB + "i0,prompt 9,1\ni0,prompt 1,1\n");
        const QStringList one = {
            L("measure"),      L("paired"), q(m_folder / "wide.csv"), L("--attribute"), L("gender"), L("-k"), L("50"),
            L("--null-draws"), L("199"),    L("--bootstrap-draws"),   L("199"),         L("--json"), L("-")};
        const test::Called single = plumb(one + QStringList{L("--score"), L("before"), L("after")});
        QVERIFY2(single.exitCode == 0, single.err);
        const Json difference = rowOf(single.json(), 0, {"gender", "difference", "images"}, "max_skew");
        QVERIFY(difference["value"].get<double>() < -0.2);
        QVERIFY(difference["p_value"].get<double>() < 0.05);
        QVERIFY(difference["ci_high"].get<double>() < 0);
        QVERIFY(!rowOf(single.json(), 0, {"gender", "before", "images"}, "max_skew").is_null());
        QCOMPARE(plumb(one + QStringList{L("--score"), L("before")}).exitCode, 2);
        QCOMPARE(plumb(one + QStringList{L("--score"), L("before"), L("gone")}).exitCode, 2);

        const QStringList two = {L("measure"),
                                 L("paired"),
                                 q(m_folder / "a.csv"),
                                 q(m_folder / "b.csv"),
                                 L("--attribute"),
                                 L("gender"),
                                 L("--score"),
                                 L("score"),
                                 L("--prompt"),
                                 L("prompt"),
                                 L("--names"),
                                 L("A"),
                                 L("B"),
                                 L("-k"),
                                 L("10%"),
                                 L("--null-draws"),
                                 L("199"),
                                 L("--bootstrap-draws"),
                                 L("199"),
                                 L("--json"),
                                 L("-")};
        const test::Called both = plumb(two + QStringList{L("--image"), L("file"), L("--concept"), L("concept")});
        QVERIFY2(both.exitCode == 0, both.err);
        const Json out = both.json();
        QCOMPARE(out["tables"].size(), std::size_t(2));
        QVERIFY(rowOf(out, 0, {"gender", "difference", "images and prompts"}, "max_skew")["value"].get<double>() <
                -0.2);
        QVERIFY(out["tables"][0]["definition"].get<std::string>().find("8 prompts (4 concepts)") != std::string::npos);
        QVERIFY(rowOf(out, 1, {"gender", "prompt 3"}, "max_skew_difference").contains("p_value"));
        QVERIFY(out["tables"][0]["warnings"].dump().find("only in one") != std::string::npos);
        QVERIFY(out["tables"][0]["warnings"].dump().find("the first counts") != std::string::npos);
        const test::Called unnamed = plumb(two);
        QVERIFY(unnamed.exitCode == 2 && unnamed.err.contains("--image"));
    }
    void auditWithMergedGroups() {
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "model", tiny, Container::HuggingFace, 1);
        test::writeLabelledImages(m_folder / "images", 60, 1);
        const QStringList races = {L("White"), L("East Asian"), L("60+"), L("Black")};
        std::istringstream plain(test::readText(m_folder / "images" / "labels.csv"));
        std::string line, table;
        for (int row = 0; std::getline(plain, line); ++row)
            table += line + "," + (row == 0 ? "race" : races[row % races.size()].toStdString()) + "\n";
        test::writeText(m_folder / "images" / "races.csv", table);
        const QString labels = q(m_folder / "images" / "races.csv");
        const QStringList audit = {L("audit"),
                                   L("--model"),
                                   q(m_folder / "model"),
                                   L("--images"),
                                   q(m_folder / "images"),
                                   L("--labels"),
                                   labels,
                                   L("--prompt"),
                                   L("a nurse"),
                                   L("-k"),
                                   L("12"),
                                   L("--json"),
                                   L("-")};
        const QString merge = L("race: some=%1+\"%2\"").arg(races[0], races[2]);
        const test::Called called =
            plumb(audit + QStringList{L("--attribute"), L("race"), L("--cross"), L("gender,race"), L("--merge"), merge},
                  q(m_folder / "cache"));
        QVERIFY2(called.exitCode == 0, called.err);
        const Json results = called.json()["results"];
        QCOMPARE(results.size(), std::size_t(2));
        QVERIFY(results[0]["attribute"].get<std::string>().starts_with("race [some = "));
        QCOMPARE(results[0]["groups"].size(), static_cast<std::size_t>(races.size() - 1));
        QVERIFY(results[1]["attribute"].get<std::string>().starts_with("gender × race [some = "));
        QVERIFY(results[1]["groups"].dump().find("× some") != std::string::npos);
        const auto failing = [&](const QStringList& more) { return plumb(audit + more, q(m_folder / "cache")); };
        const test::Called unknown =
            failing({L("--attribute"), L("race"), L("--merge"), L("race: some=Martian+%1").arg(races[0])});
        QVERIFY2(unknown.exitCode == 2 && unknown.err.contains("Martian") && unknown.err.contains(races[0].toUtf8()),
                 unknown.err);
        const test::Called unused = failing({L("--attribute"), L("gender"), L("--merge"), merge});
        QVERIFY2(unused.exitCode == 2 && unused.err.contains("--attribute or --cross"), unused.err);
        QCOMPARE(failing({L("--attribute"), L("race"), L("--merge"), L("race some")}).exitCode, 2);
    }
};

QTEST_GUILESS_MAIN(TestMeasureUtility)
#include "tst_measure_utility.moc"
