// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>

#include <QtTest>

#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"

using namespace plumbline;
using test::plumb;
using test::q;

/// The two commands of the sample, as a script calls them.
#define L(text) QStringLiteral(text)

class TestSampleAndTrain : public QObject {
    Q_OBJECT

    test::TempFolder m_folder;

    QStringList train(const char* out) const {
        return {L("train"),
                L("--captions"),
                q(m_folder / "t.csv"),
                L("--new"),
                q(m_folder / "config.json"),
                L("--out"),
                q(m_folder / out),
                L("--epochs"),
                L("150"),
                L("--batch"),
                L("6"),
                L("--held-out"),
                L("0.2"),
                L("--checkpoint-every"),
                L("0")};
    }

private Q_SLOTS:
    void initTestCase() {
        std::string table = "file,caption\n";
        for (int i = 0; i < 12; ++i) {
            const std::string name = std::to_string(i) + ".bmp";
            test::writeRandomPicture(m_folder / name, 40, 40, static_cast<std::uint64_t>(i % 4));
            table += name + ",picture number " + std::to_string(i % 4) + "\n";
        }
        test::writeText(m_folder / "t.csv", table + "gone.bmp,nothing\n");
        test::writeText(m_folder / "config.json", test::kTinyConfig);
    }

    void sampleThenAudit() {
        const QString sample = q(m_folder / "sample");
        QCOMPARE(plumb({L("sample"), sample}).exitCode, 0);
        const auto audited =
            plumb({L("audit"), L("--model"), sample + L("/model"), L("--images"), sample + L("/images"), L("--labels"),
                   sample + L("/labels.csv"), L("--where"), L("split=audit"), L("--attribute"), L("gender,skin tone"),
                   L("--probe"), sample + L("/probe.json"), L("--json"), sample + L("/r.json")},
                  q(m_folder / "cache"));
        QVERIFY2(audited.exitCode == 0, audited.err.constData());
        QVERIFY2(audited.out.contains("planted") && audited.out.contains("woman, ×20") &&
                     audited.out.contains("Known truth:"),
                 audited.out.constData());
        const auto results = nlohmann::json::parse(test::readText(m_folder / "sample/r.json"), nullptr, false);
        QCOMPARE(results["results"].size(), std::size_t{36});
        QCOMPARE(results["results"][0]["n"], 2000);
        // Another model says nothing of a planting.
        const auto bad = plumb({L("audit"), L("--model"), sample + L("/model"), L("--images"), sample + L("/images"),
                                L("--labels"), sample + L("/labels.csv"), L("--where"), L("split"), L("--attribute"),
                                L("gender"), L("--prompt"), L("a photo of a pilot")});
        QCOMPARE(bad.exitCode, 2);
        QVERIFY2(bad.err.contains("COLUMN=VALUE"), bad.err.constData());
    }

    void aKilledTrainingGoesOn() {
        const auto whole = plumb(train("whole") + QStringList{L("--json"), q(m_folder / "whole.json")});
        QVERIFY2(whole.exitCode == 0, whole.err.constData());
        QVERIFY2(whole.err.contains("1 rows name a file that is not there"), whole.err.constData());
        QVERIFY(!std::filesystem::exists(m_folder / "whole/untrained"));
        const auto report = nlohmann::json::parse(test::readText(m_folder / "whole.json"), nullptr, false);
        QVERIFY(report["points"].back()["loss"].get<double>() < report["points"].front()["loss"].get<double>() + 1e-9);

        QProcess process;
        process.start(test::plumbProgram(), train("killed"));
        QTRY_VERIFY_WITH_TIMEOUT(std::filesystem::exists(m_folder / "killed/checkpoint.safetensors"), 60000);
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished());
        QVERIFY(!std::filesystem::exists(m_folder / "killed/model.safetensors"));
        const auto rest = plumb(train("killed") + QStringList{L("--json"), q(m_folder / "rest.json")});
        QVERIFY2(rest.exitCode == 0, rest.err.constData());
        QVERIFY(nlohmann::json::parse(test::readText(m_folder / "rest.json"), nullptr, false)["resumed_at"].get<int>() >
                0);
        QVERIFY(test::readText(m_folder / "killed/model.safetensors") ==
                test::readText(m_folder / "whole/model.safetensors"));
    }

    void counterfactualSetsThenInterpolation() {
        std::string table = "file,group,job\n";
        for (int i = 0; i < 12; ++i)
            table += std::to_string(i) + ".bmp,s" + std::to_string(i / 3) + ",job " + std::to_string(i / 6) + "\n";
        test::writeText(m_folder / "sets.csv", table + "gone.bmp,s0,job 0\n3.bmp,s9,job 0\n");
        const QStringList base = {
            L("--captions"), q(m_folder / "t.csv"), L("--new"), q(m_folder / "config.json"), L("--epochs"),
            L("2"),          L("--batch"),          L("6")};
        QCOMPARE(plumb(QStringList{L("train"), L("--out"), q(m_folder / "base")} + base).exitCode, 0);
        const QStringList sets = {L("train"),
                                  L("--counterfactual"),
                                  q(m_folder / "sets.csv"),
                                  L("--model"),
                                  q(m_folder / "base"),
                                  L("--set-column"),
                                  L("group"),
                                  L("--caption-template"),
                                  L("a photo of a {job}"),
                                  L("--batch"),
                                  L("2"),
                                  L("--learning-rate"),
                                  L("1e-3"),
                                  L("--report-every"),
                                  L("1"),
                                  L("--held-out"),
                                  L("0"),
                                  L("--out"),
                                  q(m_folder / "tuned")};
        const auto tuned = plumb(sets + QStringList{L("--json"), q(m_folder / "tuned.json")});
        QVERIFY2(tuned.exitCode == 0, tuned.err.constData());
        for (const char* words : {"4 counterfactual sets with 12 images and 2 different captions", "1 rows name a file",
                                  "1 further rows", "cosine within sets"})
            QVERIFY2(tuned.err.contains(words), tuned.err.constData());
        const auto report = nlohmann::json::parse(test::readText(m_folder / "tuned.json"), nullptr, false);
        QCOMPARE(report["steps"], 6); // four sets, two a step, three epochs
        QCOMPARE(report["counterfactual"]["sets"], 4);
        QCOMPARE(report["counterfactual"]["missing"], 1);
        QVERIFY(report["points"][0]["cohesion_loss"].get<double>() > 0);
        QVERIFY(report["points"][0]["cosines"]["within_sets"].is_number());

        const QStringList mix = {L("interpolate"), L("--from"), q(m_folder / "base"), L("--to"), q(m_folder / "tuned")};
        const auto mixed =
            plumb(mix + QStringList{L("--alpha"), L("0,0.5"), L("--out"), q(m_folder / "mix"), L("--json"), L("-")});
        QVERIFY2(mixed.exitCode == 0, mixed.err.constData());
        const auto written = nlohmann::json::parse(mixed.out.toStdString(), nullptr, false);
        QCOMPARE(written["models"].size(), std::size_t{2});
        QVERIFY(written["relative_distance"].get<double>() > 0);
        const auto card = plumb({L("model"), q(m_folder / "mix/alpha-0.5")});
        QVERIFY2(card.exitCode == 0, card.err.constData());
        QCOMPARE(plumb(mix + QStringList{L("--alpha"), L("1"), L("--out"), q(m_folder / "one")}).exitCode, 0);
        QVERIFY(std::filesystem::exists(m_folder / "one/model.safetensors"));

        for (const char* alpha : {"1.5", "-0.1", "x"})
            QCOMPARE(plumb(mix + QStringList{L("--alpha"), QString::fromLatin1(alpha), L("--out"), q(m_folder / "no")})
                         .exitCode,
                     2);
        QVERIFY(!std::filesystem::exists(m_folder / "no"));
        const auto missing = plumb({L("interpolate"), L("--from"), q(m_folder / "base"), L("--to"),
                                    q(m_folder / "nobody"), L("--alpha"), L("1"), L("--out"), q(m_folder / "no")});
        QCOMPARE(missing.exitCode, 2);
        QVERIFY2(missing.err.contains("nobody"), missing.err.constData());
        // Options of sets without sets, both kinds of data, and a table without a column of sets.
        QCOMPARE(plumb(QStringList{L("train"), L("--out"), q(m_folder / "no"), L("--beta0"), L("1")} + base).exitCode,
                 2);
        QCOMPARE(plumb(sets + QStringList{L("--captions"), q(m_folder / "t.csv")}).exitCode, 2);
        const auto noSets = plumb({L("train"), L("--counterfactual"), q(m_folder / "t.csv"), L("--model"),
                                   q(m_folder / "base"), L("--out"), q(m_folder / "no")});
        QCOMPARE(noSets.exitCode, 2);
        QVERIFY2(noSets.err.contains("counterfactual_set"), noSets.err.constData());
    }

    void wrongUse() {
        QCOMPARE(plumb({L("train"), L("--captions"), q(m_folder / "t.csv"), L("--out"), q(m_folder / "x")}).exitCode,
                 2);
        QCOMPARE(plumb({L("train"), L("--captions"), q(m_folder / "none.csv"), L("--new"), q(m_folder / "config.json"),
                        L("--out"), q(m_folder / "x")})
                     .exitCode,
                 2);
        test::writeText(m_folder / "bad.json", "{}");
        const auto bad = plumb({L("train"), L("--captions"), q(m_folder / "t.csv"), L("--new"),
                                q(m_folder / "bad.json"), L("--out"), q(m_folder / "x")});
        QCOMPARE(bad.exitCode, 2);
        QVERIFY2(bad.err.contains("vision_config"), bad.err.constData());
        QCOMPARE(plumb({L("sample"), q(m_folder / "t.csv")}).exitCode, 2);
    }
};

QTEST_GUILESS_MAIN(TestSampleAndTrain)
#include "tst_sample_and_train.moc"
