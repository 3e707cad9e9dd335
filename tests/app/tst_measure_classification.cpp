// SPDX-License-Identifier: GPL-3.0-or-later
// plumb measure classification, resolution and swap, as a script calls them.
#include <cmath>

#include <QtTest>

#include "core/base/numbers.h"
#include "tests/app/plumb_process.h"
#include "tests/metric/classification_data.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

namespace {

QStringList words(const char* text) {
    return QString::fromUtf8(text).split(QLatin1Char(' '));
}

/// The value of a row, NaN where there is none.
double number(const Json& json, const char* table, const std::vector<std::string>& keys, const char* measure) {
    for (const Json& one : json["tables"])
        if (one["id"] == table)
            for (const Json& row : one["rows"])
                if (row["keys"] == Json(keys) && row["measure"] == measure && row["value"]["value"].is_number())
                    return row["value"]["value"].get<double>();
    return std::nan("");
}

bool has(const Json& json, const char* table) {
    return std::ranges::any_of(json["tables"], [&](const Json& one) { return one["id"] == table; });
}

} // namespace

class TestMeasureClassification : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        // The data of the library's tests, with the predictions beside the scores.
        const test::ClassificationData data;
        const metric::Classified classified = data.classified();
        std::string table = "image,truth,prediction,a,b,c,d,group,split\n";
        for (std::size_t i = 0; i < data.truth.size(); ++i) {
            table += std::to_string(i) + "," + data.classes[static_cast<std::size_t>(data.truth[i])] + "," +
                     data.classes[static_cast<std::size_t>(classified.predicted[i])];
            for (std::size_t c = 0; c < 4; ++c)
                table += "," + formatDouble(data.scores[4 * i + c]);
            table += "," + data.attribute.groups[static_cast<std::size_t>(data.attribute.codes[i])] +
                     (i < 120 ? ",val\n" : ",test\n");
        }
        test::writeText(m_folder / "t.csv", table);
        std::string outside = table;
        for (int i = 0; i < 40; ++i)
            outside +=
                std::to_string(1000 + i) + ",stranger,,0.05,0.05,0.05,0.0" + std::to_string(5 + i % 4) + ",x,test\n";
        test::writeText(m_folder / "o.csv", outside);
    }

    void scores() {
        const auto called = measure("t.csv", "--truth truth --scores a b c d --attribute group --logit-scale 30 --fit "
                                             "split=val");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        QVERIFY(std::abs(number(json, "group_accuracy", {"", "x"}, "accuracy") - 0.6164383561643836) < 1e-12);
        QVERIFY(std::abs(number(json, "parity", {"b", ""}, "demographic_parity_ratio") - 0.5128767123287671) < 1e-12);
        QVERIFY(std::abs(number(json, "auroc", {"a", "y"}, "auroc") - 0.8748832866479924) < 1e-12);
        QVERIFY(std::abs(number(json, "cross_group_auroc", {"a", "x", "y"}, "xauc") - 0.8719723183391004) < 1e-12);
        QVERIFY(std::abs(number(json, "average_precision", {"a", "x"}, "average_precision") - 0.5724300233313634) <
                1e-12);
        QVERIFY(std::abs(number(json, "calibration", {"", "fitted"}, "temperature") - 0.7802990717384468) < 1e-6);
        QVERIFY(!has(json, "out_of_distribution"));
    }

    void predictions() {
        const auto called = measure("t.csv", "--truth truth --prediction prediction --attribute group split --csv " +
                                                 q(m_folder / "out.csv").toUtf8());
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        QCOMPARE(json["tables"].size(), std::size_t{4}); // accuracy and parity of two attributes
        QVERIFY(std::abs(number(json, "group_accuracy", {"", "x"}, "accuracy") - 0.6164383561643836) < 1e-12);
        QVERIFY(!has(json, "auroc"));
        QVERIFY(test::readText(m_folder / "out.csv").find("group_accuracy,group=x,accuracy,0.61") != std::string::npos);
    }

    void oneAnswer() {
        const auto called = measure("t.csv", "--truth truth --scores a --positive a --attribute group");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        QVERIFY(std::abs(number(called.json(), "auroc", {"a", ""}, "auroc") - 0.801574074074074) < 1e-12);
        QVERIFY(has(called.json(), "score_separation"));
    }

    void strangersAreOutside() {
        const auto called = measure("o.csv", "--truth truth --scores a b c d --attribute group --outside stranger");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        QVERIFY(std::abs(number(json, "group_accuracy", {"", ""}, "accuracy") - 0.6125) < 1e-12);
        QVERIFY(std::abs(number(json, "out_of_distribution", {""}, "false_alarm") - 0.05) < 1e-12);
    }

    void adjustedAccuracyAndBackgrounds() {
        test::writeText(m_folder / "w.csv", "class,group,share\na,x,3\nb,y,1\n");
        const auto called = measure(
            "t.csv", "--truth truth --prediction prediction --attribute group --common x --counter y --training " +
                         q(m_folder / "w.csv").toUtf8());
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        const double expected = (3 * 0.7647058823529411 + 0.6923076923076923) / 4;
        QVERIFY(std::abs(number(json, "group_accuracy", {"", ""}, "adjusted_accuracy") - expected) < 1e-12);
        QVERIFY(std::abs(number(json, "background_drop", {"a", ""}, "drop") -
                         (0.7647058823529411 - 0.5714285714285714)) < 1e-12);
    }

    void harmfulLabels() {
        test::writeText(m_folder / "h.json",
                        R"({"name":"h","concepts":[{"text":"a","group":""},{"text":"b","group":"crime"},"c"]})");
        const auto called = measure("t.csv", "--attribute group --harm " + q(m_folder / "h.json").toUtf8());
        QVERIFY2(called.exitCode == 0, called.err.constData());
        QVERIFY(number(called.json(), "harm_rates", {"crime", ""}, "rate") > 0.2);
        QCOMPARE(number(called.json(), "harm_label_sets", {"without “b”", "crime", ""}, "rate"), 0.0);
        // The built-in set asks for columns that are not here.
        QCOMPARE(measure("t.csv", "--attribute group --harm clip").exitCode, 2);
    }

    void forPeople() {
        const auto called =
            plumb(QStringList{QStringLiteral("measure"), QStringLiteral("classification"), q(m_folder / "t.csv")} +
                  words("--truth truth --prediction prediction --attribute group"));
        QCOMPARE(called.exitCode, 0);
        QVERIFY(called.out.contains("worst_group_accuracy") && called.out.contains("four-fifths line"));
    }

    void wrongUse() {
        QCOMPARE(measure("t.csv", "--truth truth --attribute group").exitCode, 2);
        QCOMPARE(measure("t.csv", "--prediction prediction --attribute group").exitCode, 2);
        QCOMPARE(measure("t.csv", "--truth truth --prediction prediction --scores a b --attribute group").exitCode, 2);
        QCOMPARE(measure("t.csv", "--truth truth --scores a --attribute group").exitCode, 2);
        QCOMPARE(measure("t.csv", "--truth truth --scores a --positive z --attribute group").exitCode, 2);
        QCOMPARE(measure("t.csv", "--truth truth --scores a b --attribute group --fit split").exitCode, 2);
        const auto strange = measure("t.csv", "--truth truth --scores a b --attribute group");
        QCOMPARE(strange.exitCode, 2);
        QVERIFY(strange.err.contains("--scores"));
        const auto column = measure("t.csv", "--truth colour --prediction prediction --attribute group");
        QCOMPARE(column.exitCode, 2);
        QVERIFY(column.err.contains("colour"));
        QCOMPARE(measure("none.csv", "--truth truth --prediction prediction --attribute group").exitCode, 2);
    }

    void resolutionAndSwap() {
        test::writeText(m_folder / "r.csv", "his,her,gender,job\n2,1,Male,judge\n1,2,Male,judge\n1,2,Female,baker\n"
                                            "1,2,Female,judge\n");
        const auto resolution =
            plumb(QStringList{QStringLiteral("measure"), QStringLiteral("resolution"), q(m_folder / "r.csv")} +
                  words("--his his --her her --gender gender --occupation job --json -"));
        QVERIFY2(resolution.exitCode == 0, resolution.err.constData());
        QCOMPARE(number(resolution.json(), "pronoun_resolution", {"", ""}, "resolution_bias"), -0.5);
        test::writeText(m_folder / "s.csv", "chosen,own,other,g\nyellow,yellow,purple,x\npurple,yellow,purple,x\n"
                                            "purple,yellow,purple,y\nred,red,,y\n");
        const auto swap = plumb(QStringList{QStringLiteral("measure"), QStringLiteral("swap"), q(m_folder / "s.csv")} +
                                words("--chosen chosen --own own --other other --attribute g --json -"));
        QVERIFY2(swap.exitCode == 0, swap.err.constData());
        QVERIFY(std::abs(number(swap.json(), "concept_association", {"two", ""}, "cab") - 2.0 / 3) < 1e-12);
        QCOMPARE(number(swap.json(), "concept_association", {"one", "y"}, "keep"), 1.0);
    }

private:
    test::Called measure(const char* table, const QByteArray& options) const {
        return plumb(QStringList{QStringLiteral("measure"), QStringLiteral("classification"), q(m_folder / table),
                                 QStringLiteral("--null-draws"), QStringLiteral("50"),
                                 QStringLiteral("--bootstrap-draws"), QStringLiteral("50"),
                                 QStringLiteral("--min-group"), QStringLiteral("10")} +
                     words(options.constData()) + QStringList{QStringLiteral("--json"), QStringLiteral("-")});
    }
    test::TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestMeasureClassification)
#include "tst_measure_classification.moc"
