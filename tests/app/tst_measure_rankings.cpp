// SPDX-License-Identifier: GPL-3.0-or-later
// plumb measure rankings: the same scores as a long table, as ranks and as a matrix.
#include <algorithm>
#include <numeric>

#include <QtTest>

#include "core/base/random.h"
#include "core/formats/npy.h"
#include "tests/app/plumb_process.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

namespace {

constexpr std::size_t kImages = 400, kPrompts = 4;

} // namespace

#define L(text) QStringLiteral(text)

class TestMeasureRankings : public QObject {
    Q_OBJECT
private:
    test::TempFolder m_folder;

    void writeMatrix(const char* name, std::size_t dim, const std::vector<float>& values) {
        auto writer = formats::NpyWriter::create(m_folder / name, dim);
        QVERIFY(writer && writer->append(values) && writer->finish());
    }
    /// What plumb prints as JSON.
    Json measured(const QStringList& more, int exitCode = 0) {
        const test::Called called = plumb(QStringList{L("measure"), L("rankings")} + more +
                                          QStringList{L("--attribute"), L("gender,tone"), L("--cross"),
                                                      L("gender,tone"), L("-k"), L("80"), L("--json"), L("-")});
        if (called.exitCode != exitCode)
            qWarning("%s", called.err.constData());
        return called.exitCode == exitCode ? called.json() : Json();
    }

private Q_SLOTS:
    void initTestCase() {
        RandomStream random(1, streamId("rankings"), 0);
        std::vector<std::string> gender, tone;
        std::vector<float> scores(kPrompts * kImages), turned(scores.size());
        for (std::size_t i = 0; i < kImages; ++i) {
            gender.emplace_back(random.below(2) ? "woman" : "man");
            tone.emplace_back(random.below(3) ? "light" : "dark");
        }
        for (std::size_t p = 0; p < kPrompts; ++p)
            for (std::size_t i = 0; i < kImages; ++i) {
                scores[p * kImages + i] =
                    static_cast<float>(random.normal() + (p == 0 && gender[i] == "woman" ? 1.0 : 0.0));
                turned[i * kPrompts + p] = scores[p * kImages + i];
            }
        writeMatrix("scores.npy", kImages, scores);
        writeMatrix("turned.npy", kPrompts, turned);
        std::string images = "file,gender,tone\n", rows = "file,prompt,score,place,gender,tone\n", prompts;
        for (std::size_t i = 0; i < kImages; ++i)
            images += "i" + std::to_string(i) + "," + gender[i] + "," + tone[i] + "\n";
        for (std::size_t p = 0; p < kPrompts; ++p) {
            prompts += "prompt " + std::to_string(p + 1) + "\n";
            std::vector<std::size_t> order(kImages), place(kImages);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::ranges::sort(order, std::greater(), [&](std::size_t i) { return scores[p * kImages + i]; });
            for (std::size_t at = 0; at < kImages; ++at)
                place[order[at]] = at + 1;
            for (std::size_t i = 0; i < kImages; ++i) {
                char score[32];
                std::snprintf(score, sizeof score, "%.9g", static_cast<double>(scores[p * kImages + i]));
                rows += "i" + std::to_string(i) + ",prompt " + std::to_string(p + 1) + "," + score + "," +
                        std::to_string(place[i]) + "," + gender[i] + "," + tone[i] + "\n";
            }
        }
        test::writeText(m_folder / "images.csv", images);
        test::writeText(m_folder / "rows.csv", rows);
        test::writeText(m_folder / "prompts.txt", prompts);
    }

    void oneAnswerWhateverTheForm() {
        const QString rows = q(m_folder / "rows.csv"), images = q(m_folder / "images.csv");
        const QStringList cells{rows, L("--image"), L("file"), L("--prompt"), L("prompt")};
        const Json byScore = measured(cells + QStringList{L("--score"), L("score")});
        QCOMPARE(byScore["results"].size(), kPrompts * 3);
        const QList<QStringList> forms{
            {images, L("--scores"), q(m_folder / "scores.npy")},
            {images, L("--scores"), q(m_folder / "turned.npy"), L("--prompts"), q(m_folder / "prompts.txt")}};
        for (const QStringList& form : forms) {
            Json same = measured(form);
            QCOMPARE(same["results"], byScore["results"]);
            QCOMPARE(same["tables"], byScore["tables"]);
        }
        // Of ranks all is the same that rests on the order alone.
        const Json byRank = measured(cells + QStringList{L("--rank"), L("place")});
        for (std::size_t r = 0; r < kPrompts * 3; ++r)
            for (const char* measure : {"max_skew", "min_skew", "ndkl", "prompt"})
                QCOMPARE(byRank["results"][r][measure], byScore["results"][r][measure]);
    }

    void theRankingsAreOneFamily() {
        const Json all = measured({q(m_folder / "images.csv"), L("--scores"), q(m_folder / "scores.npy")});
        // Two groups are one test: 4 prompts x (1 + 1 + 4).
        QVERIFY(all["run"]["family"].get<std::string>().find("24 tests") != std::string::npos);
        for (const Json& result : all["results"]) {
            const bool leans = result["prompt"] == "prompt 1" && result["attribute"] != "tone";
            bool found = false;
            for (const Json& group : result["groups"])
                found = found || group["verdict"] == "leans_towards";
            QCOMPARE(found, leans);
        }
        // Means and associations need nothing but scores.
        QVERIFY(!all["tables"].empty());
        const Json alone =
            measured({q(m_folder / "images.csv"), L("--scores"), q(m_folder / "scores.npy"), L("--also"), L("none")});
        QVERIFY(alone["tables"].empty());
        QCOMPARE(alone["results"], all["results"]);
    }

    void writesATableAndAReport() {
        const test::Called called =
            plumb({L("measure"), L("rankings"), q(m_folder / "images.csv"), L("--scores"), q(m_folder / "scores.npy"),
                   L("--attribute"), L("gender"), L("--csv"), q(m_folder / "out.csv"), L("--report"),
                   q(m_folder / "out.html"), L("--fail-above"), L("max_skew=0.2")});
        QCOMPARE(called.exitCode, 1);
        QVERIFY(called.out.contains("leans towards woman"));
        QCOMPARE(test::readText(m_folder / "out.csv").substr(0, 6), std::string("prompt"));
        QVERIFY(test::readText(m_folder / "out.html").find("prompt 1") != std::string::npos);
    }

    void whatIsToBeKnownIsSaid() {
        // A target with shares for occupations says of every other prompt that the pool's were used; no p is 0.
        const test::Called called =
            plumb({L("measure"), L("rankings"), q(m_folder / "images.csv"), L("--scores"), q(m_folder / "scores.npy"),
                   L("--attribute"), L("gender"), L("--target"), L("visogender-us"), L("--also"), L("all")});
        QCOMPARE(called.exitCode, 0);
        QVERIFY2(called.err.contains("the shares of the pool were used"), called.err.constData());
        QVERIFY(called.err.contains("not measured, since its input was not named: Counterfactual sets"));
        QVERIFY(called.out.contains("<0.001")); // no p is 0.000
    }

    void missingAndDoubleRowsAreSaid() {
        std::string rows = "file,prompt,score,gender\n";
        for (int i = 0; i < 60; ++i)
            for (const char* prompt : {"a", "b"})
                if (i != 7 || std::string(prompt) == "a")
                    rows += "i" + std::to_string(i) + "," + prompt + "," + (i == 9 ? "none given" : std::to_string(i)) +
                            (i % 2 ? ",man\n" : ",woman\n");
        rows += "i3,a,99,man\nbroken\n";
        test::writeText(m_folder / "odd.csv", rows);
        const test::Called called = plumb({L("measure"), L("rankings"), q(m_folder / "odd.csv"), L("--image"),
                                           L("file"), L("--prompt"), L("prompt"), L("--score"), L("score"),
                                           L("--attribute"), L("gender"), L("-k"), L("10"), L("--also"), L("none")});
        QCOMPARE(called.exitCode, 0);
        for (const char* said :
             {"1 row with the wrong number of fields", "2 rows without a readable number",
              "1 row for an image and prompt that an earlier row has", "1 pairs of an image and a prompt have no row"})
            QVERIFY2(called.err.contains(said), (std::string(said) + ": " + called.err.toStdString()).c_str());
    }

    void badInput_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QByteArray>("said");
        const QString images = q(m_folder / "images.csv"), scores = q(m_folder / "scores.npy");
        QTest::newRow("no scores") << QStringList{images, L("--attribute"), L("gender")}
                                   << QByteArray("one of the three");
        QTest::newRow("two kinds") << QStringList{images, L("--scores"),    scores,     L("--rank"),
                                                  L("x"), L("--attribute"), L("gender")}
                                   << QByteArray("one of the three");
        QTest::newRow("no attribute") << QStringList{images, L("--scores"), scores} << QByteArray("--attribute");
        QTest::newRow("no such column") << QStringList{images, L("--scores"), scores, L("--attribute"), L("colour")}
                                        << QByteArray("colour");
        QTest::newRow("other shape") << QStringList{q(m_folder / "rows.csv"), L("--scores"), scores, L("--attribute"),
                                                    L("gender")}
                                     << QByteArray("4 × 400");
        QTest::newRow("no image column")
            << QStringList{q(m_folder / "rows.csv"), L("--score"), L("score"), L("--prompt"), L("prompt"),
                           L("--attribute"),         L("gender")}
            << QByteArray("--image");
        QTest::newRow("an attribute twice")
            << QStringList{images, L("--scores"), scores, L("--attribute"), L("gender,gender")}
            << QByteArray("each attribute once");
        QTest::newRow("crossed with itself")
            << QStringList{images, L("--scores"), scores, L("--cross"), L("gender,gender")}
            << QByteArray("different attributes");
        QTest::newRow("scores as ranks") << QStringList{q(m_folder / "rows.csv"),
                                                        L("--rank"),
                                                        L("score"),
                                                        L("--image"),
                                                        L("file"),
                                                        L("--prompt"),
                                                        L("prompt"),
                                                        L("--attribute"),
                                                        L("gender")}
                                         << QByteArray("whole numbers from 1");
        QTest::newRow("an image with two groups") << QStringList{q(m_folder / "rows.csv"),
                                                                 L("--score"),
                                                                 L("score"),
                                                                 L("--image"),
                                                                 L("file"),
                                                                 L("--prompt"),
                                                                 L("prompt"),
                                                                 L("--attribute"),
                                                                 L("place")}
                                                  << QByteArray("the same in each of its rows");
    }
    void badInput() {
        QFETCH(const QStringList, arguments);
        QFETCH(const QByteArray, said);
        const test::Called called = plumb(QStringList{L("measure"), L("rankings")} + arguments);
        QCOMPARE(called.exitCode, 2);
        QVERIFY2(called.err.contains(said), called.err.constData());
    }
};

QTEST_GUILESS_MAIN(TestMeasureRankings)
#include "tst_measure_rankings.moc"
