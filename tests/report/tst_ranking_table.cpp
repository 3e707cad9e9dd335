// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/report/ranking_table.h"

using namespace plumbline;

class TestRankingTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFurtherNumberOfTheAttributeHasARow() {
        std::vector<Measurement> all(3);
        all[0].attribute = all[2].attribute = "gender";
        all[1].attribute = "race";
        for (std::size_t i = 0; i < 3; ++i) {
            all[i].prompt = "prompt " + std::to_string(i);
            all[i].n = 100;
            all[i].definitionText = "As defined.";
            MetricValue value;
            value.value = 0.1 * static_cast<double>(i + 1);
            all[i].more.push_back({"kl", value, "a divergence"});
            all[i].more.push_back({"total_variation", {}, "half the differences"});
        }
        const MeasureTable table = report::rankingTable(all, "gender");
        QCOMPARE(table.rows.size(), std::size_t(4));
        QVERIFY(std::abs(*table.find({"prompt 2"}, "kl")->value.value - 0.3) < 1e-15);
        QVERIFY(!table.find({"prompt 0"}, "total_variation")->value.value); // undefined stays undefined
        QVERIFY(!table.find({"prompt 1"}, "kl"));
        QCOMPARE(table.definition, std::string("kl: a divergence\ntotal_variation: half the differences"));
        QCOMPARE(table.source, std::string("As defined."));
        QCOMPARE(table.attribute, std::string("gender"));
        QVERIFY(report::rankingTable({}, "gender").rows.empty());
    }
};

QTEST_APPLESS_MAIN(TestRankingTable)
#include "tst_ranking_table.moc"
