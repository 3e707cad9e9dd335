// SPDX-License-Identifier: GPL-3.0-or-later
// plumb measure geometry, counterfactual and controls, as a script calls them.
#include <cmath>

#include <QtTest>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/formats/npy.h"
#include "tests/app/plumb_process.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

namespace {

/// The row, null where there is none.
Json row(const Json& json, const char* table, const std::vector<std::string>& keys, const char* measure) {
    for (const Json& one : json["tables"])
        if (one["id"] == table)
            for (const Json& each : one["rows"])
                if (each["keys"] == Json(keys) && each["measure"] == measure)
                    return each;
    return nullptr;
}

void writeNpy(const std::filesystem::path& path, const std::vector<float>& values, std::size_t dim) {
    auto writer = formats::NpyWriter::create(path, dim).value();
    QVERIFY(writer.append(values));
    QVERIFY(writer.finish());
}

} // namespace

class TestMeasureControls : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        RandomStream random(1, streamId("cli"), 0);
        std::vector<float> images, texts, captions;
        std::string labels = "file,gender\n", rows = "row,path\n", inOrder = "gender\n";
        for (int i = 0; i < 80; ++i) {
            for (int d = 0; d < 6; ++d)
                images.push_back(
                    static_cast<float>((d == 0) + (d == 1 && i % 2 == 1 ? 0.6 : 0) + 0.3 * random.normal()));
            rows += std::to_string(i) + ",images/" + std::to_string(i) + ".png\n";
            labels += std::to_string(79 - i) + ".png," + ((79 - i) % 2 == 1 ? "w" : "m") + "\n"; // another order
            inOrder += i % 2 == 1 ? "w\n" : "m\n";
        }
        for (int t = 0; t < 5; ++t)
            for (int d = 0; d < 6; ++d)
                texts.push_back(static_cast<float>((d == 2) + 0.3 * random.normal()));
        for (int i = 0; i < 80 * 6; ++i)
            captions.push_back(static_cast<float>((i % 6 == 2) + 0.3 * random.normal()));
        writeNpy(m_folder / "x.npy", images, 6);
        writeNpy(m_folder / "bare.npy", images, 6);
        writeNpy(m_folder / "t.npy", texts, 6);
        writeNpy(m_folder / "c.npy", captions, 6);
        test::writeText(m_folder / "x.npy.rows.csv", rows);
        test::writeText(m_folder / "t.npy.rows.csv",
                        "row,text\n0,a nurse\n1,a cook\n2,a pilot\n3,a judge\n4,a thief\n");
        test::writeText(m_folder / "labels.csv", labels);
        test::writeText(m_folder / "order.csv", inOrder);

        std::string sets = "set,variant,caption,warm,cold\n", faces = "gender,pose,smile,who,warm,blank\n";
        for (int s = 0; s < 40; ++s)
            for (int v = 0; v < 2; ++v)
                if (s != 39 || v == 0)
                    sets += "s" + std::to_string(s) + "," + (v == 0 ? "man" : "woman") + ",c" + std::to_string(s % 2) +
                            "," + formatDouble(0.2 + 0.02 * v + 0.01 * random.normal()) + "," +
                            formatDouble(0.2 + 0.01 * random.normal()) + "\n";
        for (int who = 0; who < 40; ++who)
            for (int g = 0; g < 2; ++g)
                for (int p = 0; p < 2; ++p)
                    for (int smile = 0; smile < 3; ++smile)
                        faces += std::string(g == 0 ? "man," : "woman,") + (p == 0 ? "front," : "side,") +
                                 std::to_string(smile) + "," + std::to_string(who) + "," +
                                 formatDouble(0.25 + 0.005 * g + 0.06 * p + 0.03 * smile + 0.01 * random.normal()) +
                                 ",0.2\n";
        test::writeText(m_folder / "sets.csv", sets);
        test::writeText(m_folder / "faces.csv", faces);
    }

    void geometry() {
        const auto called = measure("geometry --images x.npy --texts t.npy --labels labels.csv --attribute gender "
                                    "--shift -0.5 0 0.5 -k 20 --decodability");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        const double gap = row(json, "modality_gap", {""}, "gap")["value"]["value"];
        QVERIFY(gap > 0.9 && gap < 1.5);
        QVERIFY(row(json, "modality_gap", {"w"}, "gap").is_object());
        QVERIFY(row(json, "modality_gap", {""}, "feature_gap").is_null());
        // The labels were matched by name: the groups lie apart.
        QVERIFY(row(json, "centroid_distance", {"m", "w"}, "distance")["value"]["p_value"].get<double>() < 0.01);
        QVERIFY(row(json, "attribute_decodability", {"w", "all"}, "auroc")["value"]["value"].get<double>() > 0.75);
        QVERIFY(row(json, "modality_shift", {"0.5", ""}, "gap")["value"]["value"].get<double>() < gap / 2);
        QVERIFY(row(json, "modality_shift", {"-0.5", "a nurse"}, "max_skew").is_object());
        QVERIFY(row(json, "hubness", {"a thief"}, "max_skew_without_hubs").is_object());
        const auto ordered = measure("geometry --images bare.npy --texts t.npy --labels order.csv --attribute gender");
        QCOMPARE(row(ordered.json(), "modality_gap", {"w"}, "gap"), row(json, "modality_gap", {"w"}, "gap"));
        const auto paired = measure("geometry --images x.npy --texts c.npy --paired");
        QVERIFY(row(paired.json(), "modality_gap", {""}, "alignment").is_object());
    }

    void geometryOfBadInput() {
        QCOMPARE(measure("geometry --images x.npy --texts t.npy --paired").exitCode, 2);
        QCOMPARE(measure("geometry --images x.npy --texts t.npy --labels labels.csv").exitCode, 2);
        QCOMPARE(measure("geometry --images x.npy --texts t.npy -k 5").exitCode, 2);
        QCOMPARE(measure("geometry --images x.npy --texts t.npy --labels labels.csv --attribute gender -k 0").exitCode,
                 2);
        QCOMPARE(measure("geometry --images x.npy --texts none.npy").exitCode, 2);
        QCOMPARE(measure("geometry --images t.npy --texts x.npy --labels labels.csv --attribute gender").exitCode, 2);
        QCOMPARE(measure("geometry --images bare.npy --texts t.npy --labels sets.csv --attribute variant").exitCode, 2);
    }

    void counterfactual() {
        const auto called = measure("counterfactual sets.csv --score warm cold --set set --attribute variant");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        const Json effect = row(json, "counterfactual_sensitivity", {"warm", "woman", ""}, "effect");
        QVERIFY(std::abs(effect["value"]["value"].get<double>() - 0.01) < 0.004);
        QVERIFY(effect["value"]["p_value"].get<double>() < 0.001);
        QCOMPARE(effect["n"], 39);
        QVERIFY(row(json, "counterfactual_sensitivity", {"", "", ""}, "flip_rate").is_object());
        QVERIFY(json["tables"][0]["warnings"][0].get<std::string>().starts_with("1 set lacks"));
        QVERIFY(measure("counterfactual sets.csv --score warm --set set --attribute variant --csv -", false)
                    .out.contains("counterfactual_sensitivity,prompt=warm; variant=woman,effect,0.0"));
        QCOMPARE(measure("counterfactual sets.csv --score warm --set set --attribute nobody").exitCode, 2);
        QCOMPARE(measure("counterfactual sets.csv --score warm --label cold --set set --attribute variant").exitCode,
                 2);
        QCOMPARE(measure("counterfactual sets.csv --score warm --set set --attribute variant --images t.npy").exitCode,
                 2);
    }

    void controls() {
        const auto called = measure("controls faces.csv --score warm --blank blank --dimension gender pose smile "
                                    "--identity who --min-distance smile=1.1");
        QVERIFY2(called.exitCode == 0, called.err.constData());
        const Json json = called.json();
        QVERIFY(
            row(json, "dimension_influence", {"warm", "", ""}, "controls_to_people")["value"]["ci_low"].get<double>() >
            1);
        const double smile = row(json, "dimension_influence", {"warm", "smile", ""}, "mean_change")["value"]["value"];
        QVERIFY(std::abs(smile - 0.06) < 0.005); // two steps apart
        QVERIFY(row(json, "dimension_influence", {"warm", "who", ""}, "ratio_to_people").is_object());
        QVERIFY(json["tables"][0]["warnings"].back().get<std::string>().find("more than people's groups do") !=
                std::string::npos);
        QVERIFY(std::abs(row(json, "group_contrast", {"warm", "man"}, "mean")["value"]["value"].get<double>() - 0.11) <
                0.01);
        QVERIFY(row(json, "covariates", {"warm", "smile"}, "pearson_r")["value"]["value"].get<double>() > 0.3);
        QCOMPARE(measure("controls faces.csv --score warm --dimension gender --person pose").exitCode, 2);
        QCOMPARE(measure("controls faces.csv --score warm --relative --dimension gender").exitCode, 2);
        QCOMPARE(measure("controls faces.csv --score warm --dimension gender --min-distance gender=1").exitCode, 2);
        QCOMPARE(measure("controls faces.csv --score none --dimension gender").exitCode, 2);
        const auto people =
            measure("controls faces.csv --score warm --dimension gender pose --person pose gender", false);
        QVERIFY(people.out.contains("What moves the scores")); // for people to read
        QCOMPARE(people.out.count("controls_to_people"), 1); // in the definition; no row without a control
    }

private:
    /// `plumb measure WORDS`, run in the test's folder; JSON on standard output.
    test::Called measure(const char* words, bool json = true) {
        QStringList arguments{QStringLiteral("measure")};
        for (QString word : QString::fromUtf8(words).split(QLatin1Char(' '))) {
            if (word.endsWith(QLatin1String(".csv")) || word.endsWith(QLatin1String(".npy")))
                word = q(m_folder / word.toStdString());
            arguments << word;
        }
        arguments << QStringLiteral("--null-draws") << QStringLiteral("199") << QStringLiteral("--bootstrap-draws")
                  << QStringLiteral("199");
        if (json)
            arguments << QStringLiteral("--json") << QStringLiteral("-");
        return plumb(arguments);
    }

    test::TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestMeasureControls)
#include "tst_measure_controls.moc"
