// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/test_support.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/project_service.h"
#include "ui/models/project_lists.h"
#include "ui/models/prompt_table.h"
#include "ui/models/record_tables.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

constexpr auto kReport = QAbstractItemModelTester::FailureReportingMode::QtTest;

store::ProbeRecord probeRecord(std::int64_t id, const std::string& name, int concepts = 1) {
    store::ProbeRecord record{id, {name, "1", {}, {"a {}"}, {}}, {}};
    for (int i = 0; i < concepts; ++i)
        record.probe.concepts.push_back({"c" + std::to_string(i), {}});
    return record;
}

} // namespace

class TestModels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anyChangeOfRecordsKeepsTheRules() {
        // Every refresh may remove, add, move and change records: the views' persistent indexes must follow the ids.
        ProbeTable table;
        QAbstractItemModelTester tester(&table, kReport);
        QRandomGenerator random(5);
        for (int round = 0; round < 300; ++round) {
            std::vector<store::ProbeRecord> records;
            std::vector<std::int64_t> ids{1, 2, 3, 4, 5, 6, 7, 8};
            std::shuffle(ids.begin(), ids.end(), random);
            ids.resize(random.bounded(9));
            for (const auto id : ids)
                records.push_back(probeRecord(id, "p" + std::to_string(random.bounded(1000))));
            std::vector<std::pair<std::int64_t, QPersistentModelIndex>> held;
            for (const auto& record : table.records())
                held.emplace_back(record.id, table.indexOf(record.id));
            const auto expected = records;
            table.setRecords(std::move(records));
            QCOMPARE(table.rowCount(), static_cast<int>(expected.size()));
            for (std::size_t i = 0; i < expected.size(); ++i) {
                QCOMPARE(table.records()[i].id, expected[i].id);
                QCOMPARE(table.records()[i].probe.name, expected[i].probe.name);
            }
            for (const auto& [id, index] : held)
                QCOMPARE(index.isValid() ? index.data(kRecordIdRole).toLongLong() : 0,
                         table.recordById(id) != nullptr ? id : 0);
        }
    }
    void probeTableCounts() {
        ProbeTable table;
        QAbstractItemModelTester tester(&table, kReport);
        table.setRecords({probeRecord(3, "Mine", 1200)});
        table.setRecords({probeRecord(-1, "Theirs", 2), probeRecord(3, {}, 1200)});
        QCOMPARE(table.index(0, ProbeTable::Origin).data().toString(), QStringLiteral("built in"));
        QCOMPARE(table.index(1, ProbeTable::Origin).data().toString(), QStringLiteral("project"));
        QCOMPARE(table.index(1, ProbeTable::Name).data().toString(), QStringLiteral("Untitled"));
        QCOMPARE(table.index(1, ProbeTable::Prompts).data(kSortRole).toLongLong(), 1200);
        QVERIFY(table.index(1, ProbeTable::Prompts).data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight);
        QVERIFY(!table.index(2, 0).isValid());
    }
    void runStatesInWords() {
        store::RunRecord run;
        run.images = 5000;
        run.embedded = 1200;
        run.state = RunState::Cancelled;
        QVERIFY(runStateText(run).contains(QStringLiteral("1200")) || runStateText(run).contains(QStringLiteral("1,200")));
        run.embedded = 5000;
        QCOMPARE(runStateText(run), QStringLiteral("stopped"));
        run.state = RunState::Done;
        QCOMPARE(runStateText(run), QStringLiteral("done"));
        QCOMPARE(momentText("not a date"), QString());
        QVERIFY(!momentText("2026-11-22T08:15:30Z").isEmpty());
        QCOMPARE(promptCount({"n", {}, {}, {"{} a", "{} b"}, {{"x", {}}, {"y", {}}, {"z", {}}}}), 6);
        QCOMPARE(promptCount({"n", {}, {}, {}, {{"x", {}}, {"y", {}}}}), 2);
    }
    void architecturesInWords() {
        ModelConfig config = test::syntheticCard("m").config;
        VisionConfig& vision = config.vision;
        QCOMPARE(architectureText(config), QStringLiteral("ViT-B/32, 224 px"));
        const auto sized = [&](int width, int layers, int patch, int pixels) {
            vision.width.value = width;
            vision.layers.value = layers;
            vision.patchSize.value = patch;
            vision.imageSize.value = pixels;
            return architectureText(config);
        };
        QCOMPARE(sized(1152, 27, 14, 384), QStringLiteral("ViT-SO400M/14, 384 px")); // SigLIP
        QCOMPARE(sized(1280, 32, 14, 336), QStringLiteral("ViT-H/14, 336 px"));      // CLIPA
        QCOMPARE(sized(1024, 24, 14, 224), QStringLiteral("ViT-L/14, 224 px"));      // CoCa
        QCOMPARE(sized(1664, 48, 14, 224), QStringLiteral("ViT-bigG/14, 224 px"));
        QCOMPARE(sized(768, 6, 8, 64), QStringLiteral("ViT-6×768/8, 64 px"));
        vision.tower = ImageTower::ResNet;
        vision.stages = {3, 4, 6, 3};
        vision.imageSize.value = 224;
        QCOMPARE(architectureText(config), QStringLiteral("ResNet 3-4-6-3, 224 px"));
        QCOMPARE(containerText(Container::OpenAi), QStringLiteral("OpenAI"));
    }
    void modelsAreNamedBeforeTheyAreRead() {
        QCOMPARE(modelPathText(QStringLiteral("/data/models/faceclip-a/")), QStringLiteral("faceclip-a"));
        QCOMPARE(modelPathText(QStringLiteral("/data/ViT-B-32.pt")), QStringLiteral("ViT-B-32.pt"));
        const QString hub = QStringLiteral("/cache/hub/models--openai--clip-vit-base-patch32");
        QCOMPARE(modelPathText(hub), QStringLiteral("openai/clip-vit-base-patch32"));
        QCOMPARE(modelPathText(hub + QStringLiteral("/snapshots/3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268")),
                 QStringLiteral("openai/clip-vit-base-patch32"));
        QCOMPARE(modelPathText(QStringLiteral("/cache/hub/models--gpt2")), QStringLiteral("gpt2"));
    }
    void promptsWithTokens() {
        PromptTable table;
        QAbstractItemModelTester tester(&table, kReport);
        table.setPrompts({QStringLiteral("short"), QStringLiteral("very long")});
        QCOMPARE(table.index(0, PromptTable::Tokens).data().toString(), QString());
        table.setCounts({3}, {false}, 77); // of an earlier list
        QCOMPARE(table.index(0, PromptTable::Tokens).data().toString(), QString());
        table.setCounts({3, 502}, {false, true}, 77);
        QCOMPARE(table.index(0, PromptTable::Tokens).data().toString(), QStringLiteral("3"));
        QCOMPARE(table.index(1, PromptTable::Tokens).data().toString(), QStringLiteral("502, cut to 77"));
        QVERIFY(!table.index(1, PromptTable::Tokens).data(Qt::ToolTipRole).toString().isEmpty());
        QCOMPARE(table.truncatedCount(), 1);
        table.setPrompts({QStringLiteral("other")});
        QCOMPARE(table.truncatedCount(), 0);
        table.setProbe({"", "", "", {"{old|young} {}", "{}!"}, {{"nurse", ""}, {"cook", ""}}});
        QCOMPARE(table.prompts(), QStringLiteral("old nurse,old cook,young nurse,young cook,nurse!,cook!").split(u','));
    }
    void listsFollowTheProject() {
        test::TempFolder folder;
        ProjectService service;
        ProjectLists lists(&service);
        const int builtIn = lists.probes()->rowCount();
        QVERIFY(builtIn > 0); // readable without a project
        QAbstractItemModelTester models(lists.models(), kReport);
        QAbstractItemModelTester sets(lists.imageSets(), kReport);
        QAbstractItemModelTester probes(lists.probes(), kReport);
        QAbstractItemModelTester runs(lists.runs(), kReport);
        QVERIFY(!lists.isLoaded());
        service.create(QString::fromStdString((folder / "a.plumb").string()));
        QTRY_VERIFY_WITH_TIMEOUT(lists.isLoaded(), 30000);
        QCOMPARE(lists.models()->rowCount(), 0);
        {
            auto engine = store::Project::open(folder / "a.plumb"); // another process
            QVERIFY(engine.has_value());
            QVERIFY(test::fillProject(*engine).has_value());
        }
        QTRY_COMPARE_WITH_TIMEOUT(lists.runs()->rowCount(), 2, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(lists.models()->rowCount(), 2, 30000);
        QCOMPARE(lists.imageSets()->rowCount(), 1);
        QCOMPARE(lists.probes()->rowCount(), builtIn + 1);
        QCOMPARE(lists.models()->index(0, ModelTable::Architecture).data().toString(), QStringLiteral("ViT-B/32, 224 px"));
        QVERIFY(lists.imageSets()->index(0, ImageSetTable::Attributes).data().toString().contains(QStringLiteral("gender")));
        QVERIFY(lists.runs()->records().front().id > lists.runs()->records().back().id); // newest first
        service.close();
        QCOMPARE(lists.models()->rowCount() + lists.runs()->rowCount(), 0);
        QCOMPARE(lists.probes()->rowCount(), builtIn);
        QVERIFY(!lists.isLoaded());
    }
};

QTEST_GUILESS_MAIN(TestModels)
#include "tst_models.moc"
