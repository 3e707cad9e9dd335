// SPDX-License-Identifier: GPL-3.0-or-later
// plumb compare: two models and a debiased one on the same images, out of a project.
#include <cmath>

#include <QtTest>

#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::Json;
using test::q;

#define L(text) QStringLiteral(text)

class TestCompare : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;
    std::vector<Json> m_audits; ///< what the audits printed, in the order of their runs

    test::Called plumb(const QStringList& arguments) const { return test::plumb(arguments, q(m_folder / "cache")); }
    void audit(const char* model, const QStringList& more) {
        const test::Called called = plumb(
            QStringList{L("audit"), L("--model"), q(m_folder / model), L("--images"), q(m_folder / "images"),
                        L("--labels"), q(m_folder / "images/labels.csv"), L("--attribute"), L("gender"), L("--prompt"),
                        L("a photo of a nurse"), L("--project"), q(m_folder / "p.plumb"), L("--json"), L("-")} +
            more);
        QVERIFY2(called.exitCode == 0, called.err.constData());
        m_audits.push_back(called.json());
    }
    test::Called compare(const QStringList& more) const {
        return plumb(QStringList{L("compare"), q(m_folder / "p.plumb")} + more);
    }

private Q_SLOTS:
    void initTestCase() {
        test::RandomClip tiny;
        test::writeRandomClip(m_folder / "one", tiny, Container::HuggingFace, 1);
        tiny.embedDim = 28; // models need not have the same dimension
        test::writeRandomClip(m_folder / "other", tiny, Container::HuggingFace, 9);
        test::writeLabelledImages(m_folder / "images", 90, 2);
        const QStringList asked{L("-k"), L("20"), L("--prompt"), L("a man")};
        audit("one", asked);
        audit("other", asked);
        audit("one", QStringList{L("-k"), L("12"), L("--prompt"), L("a man")});
    }

    void twoModels() {
        const test::Called called = compare({L("--runs"), L("1,2"), L("--json"), L("-")});
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        QCOMPARE(json["runs"].size(), std::size_t(2));
        QCOMPARE(json["runs"][1]["model"].get<std::string>(), std::string("other"));
        QVERIFY(json["refusals"].empty());
        // Values are those of the audits; the difference is theirs.
        int differences = 0;
        for (const Json& table : json["tables"])
            if (table["id"] == "compared_prompts")
                for (const Json& row : table["rows"])
                    if (row["measure"] == "max_skew" && row["keys"][3] == "difference") {
                        double values[2] = {};
                        for (int a = 0; a < 2; ++a)
                            for (const Json& result : m_audits[static_cast<std::size_t>(a)]["results"])
                                if (result["prompt"] == row["keys"][2])
                                    values[a] = result["max_skew"]["value"].get<double>();
                        QVERIFY(std::abs(row["value"]["value"].get<double>() - (values[1] - values[0])) < 1e-9);
                        ++differences;
                    }
        QCOMPARE(differences, 2);
        QVERIFY(!json["judged"].empty() && !json["moved"].empty());
        // To itself the other way round: every difference changes its sign.
        const Json back = compare({L("--runs"), L("2,1"), L("--json"), L("-")}).json();
        QCOMPARE(back["tables"][1]["rows"].size(), json["tables"][1]["rows"].size());
        for (std::size_t r = 0; r < json["tables"][1]["rows"].size(); ++r) {
            const Json &row = json["tables"][1]["rows"][r], &other = back["tables"][1]["rows"][r];
            if (row["keys"][3] == "difference")
                QVERIFY(std::abs(row["value"]["value"].get<double>() + other["value"]["value"].get<double>()) < 1e-9);
        }
    }

    void forPeopleAndSpreadsheets() {
        const test::Called called = compare({L("--runs"), L("1,2")});
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const QString text = QString::fromUtf8(called.out);
        for (const QString& part : {L("run 2: other on "), L("against run 1: one on "), L("Means over the prompts"),
                                    L("Prompt by prompt\nOf 6 differences of single prompts "), L("a photo of a nurse"),
                                    L("Images among the first k in either run that moved most"), L("p (Holm)")})
            QVERIFY2(text.contains(part), qPrintable(part + u'\n' + text));
        const test::Called csv = compare({L("--runs"), L("1,2"), L("--csv"), L("-")});
        QCOMPARE(csv.exitCode, 0);
        QVERIFY(csv.out.startsWith("table,keys,measure,value"));
        QVERIFY(csv.out.contains("compared_prompts,run=2; attribute=gender; prompt=a man; value of=difference,ndkl,"));
        QVERIFY(csv.out.contains("compared_groups,run=1; attribute=gender; prompt=a man; group="));
    }

    void refusals() {
        const test::Called refused = compare({L("--runs"), L("1,3"), L("--json"), q(m_folder / "refused.json")});
        QCOMPARE(refused.exitCode, 2);
        QVERIFY2(refused.err.contains("Run 1 and run 3 look at different k (20; 12)."), refused.err.constData());
        const Json json = Json::parse(test::readText(m_folder / "refused.json"));
        QCOMPARE(json["refusals"].size(), std::size_t(1));
        QVERIFY(json["tables"].empty());
        for (const char* runs : {"1", "1,1", "1,99", "one,2"})
            QCOMPARE(compare({L("--runs"), QString::fromLatin1(runs)}).exitCode, 2);
        QCOMPARE(plumb({L("compare"), q(m_folder / "none.plumb"), L("--runs"), L("1,2")}).exitCode, 2);
        QVERIFY(!std::filesystem::exists(m_folder / "none.plumb"));
    }
};

QTEST_GUILESS_MAIN(TestCompare)
#include "tst_compare.moc"
