// SPDX-License-Identifier: GPL-3.0-or-later
// Coverage and levels of AUROC, cross-group AUROC, average precision and separated scores.
#include <cmath>
#include <functional>

#include <QTest>

#include "core/metric/classification/binary.h"
#include "core/metric/classification/ranking_quality.h"
#include "tests/metric/coverage.h"

using namespace plumbline;
using namespace plumbline::metric;
using namespace plumbline::test;

namespace {

/// World of scores: positives of group g are normal around shift[g], negatives around 0.
struct ScoreWorld {
    std::vector<double> shift, groups;
    double prevalence = 0.3;
    bool ties = false;

    BinaryTask draw(RandomStream& random, std::size_t n, Attribute& attribute) const {
        attribute = {"group", {"x", "y", "z"}, {}};
        attribute.groups.resize(groups.size());
        BinaryTask task{"t", {}, {}};
        for (std::size_t i = 0; i < n; ++i) {
            attribute.codes.push_back(drawn(random, groups));
            task.truth.push_back(random.uniform() < prevalence);
            const double score =
                random.normal() + (task.truth.back() ? shift[static_cast<std::size_t>(attribute.codes.back())] : 0);
            task.scores.push_back(ties ? std::round(2 * score) / 2 : score);
        }
        return task;
    }
};

} // namespace

class TestCoverageOfAreas : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aurocs_data() {
        QTest::addColumn<double>("shiftX");
        QTest::addColumn<double>("shiftY");
        QTest::addColumn<int>("n");
        QTest::addColumn<double>("prevalence");
        QTest::addColumn<bool>("ties");
        QTest::newRow("alike .76") << 1.0 << 1.0 << 2000 << 0.3 << false;
        QTest::newRow("apart .76 .92") << 1.0 << 2.0 << 2000 << 0.3 << false;
        QTest::newRow("rare, near 1") << 3.0 << 3.0 << 2000 << 0.05 << false;
        QTest::newRow("small") << 1.0 << 1.0 << 240 << 0.3 << false;
        QTest::newRow("ties") << 1.0 << 1.0 << 600 << 0.3 << true;
    }
    void aurocs() {
        QFETCH(double, shiftX);
        QFETCH(double, shiftY);
        QFETCH(int, n);
        QFETCH(double, prevalence);
        QFETCH(bool, ties);
        const ScoreWorld world{{shiftX, shiftY}, {0.6, 0.4}, prevalence, ties};
        // Without ties the area is Phi(shift / sqrt 2); with them, and for average precision, from a large sample.
        double areaX = normalCdf(shiftX / std::sqrt(2.0)), areaY = normalCdf(shiftY / std::sqrt(2.0)), precision, ks;
        {
            RandomStream random(12, streamId("truth"), 0);
            std::vector<double> positives, negatives;
            const auto score = [&](double shift) {
                const double value = random.normal() + shift;
                return ties ? std::round(2 * value) / 2 : value;
            };
            for (int i = 0; i < 400'000; ++i)
                (random.uniform() < prevalence ? positives : negatives).push_back(0);
            for (double& each : positives)
                each = score(shiftX);
            for (double& each : negatives)
                each = score(0);
            precision = *averagePrecision(positives, negatives);
            ks = ksTest(positives, negatives)->statistic;
            if (ties)
                areaX = areaY = auroc(positives, negatives)->value;
        }
        Tallies tallies;
        Feedback feedback;
        for (int run = 0; run < runs(120); ++run) {
            RandomStream random(13, streamId("auroc"), static_cast<std::uint64_t>(run));
            Attribute attribute;
            const std::vector<BinaryTask> tasks{world.draw(random, static_cast<std::size_t>(n), attribute)};
            Resampling draws = resampling(run, 60);
            draws.minGroup = 10;
            if (shiftX != shiftY)
                draws.nullDraws = 0;
            const MeasureTable table = aurocByGroup(tasks, attribute, draws, feedback).value();
            tallies["auroc"].interval(at(table, {"t", "x"}, "auroc"), areaX);
            tallies["auroc_gap"].interval(at(table, {"t", ""}, "auroc_gap"), std::abs(areaX - areaY));
            tallies["worst_group_auroc"].interval(at(table, {"t", ""}, "worst_group_auroc"), std::min(areaX, areaY));
            const MeasureTable cross = crossGroupAuroc(tasks, attribute, draws, feedback).value();
            tallies["xauc"].interval(at(cross, {"t", "y", "x"}, "xauc"), areaY);
            tallies["xauc_difference"].interval(at(cross, {"t", "x", "y"}, "xauc_difference"), areaX - areaY);
            if (shiftX == shiftY) {
                tallies["es_auroc"].interval(at(table, {"t", ""}, "es_auroc"), areaX);
                tallies["auroc_gap"].test(at(table, {"t", ""}, "auroc_gap"));
                tallies["xauc_difference"].test(at(cross, {"t", "x", "y"}, "xauc_difference"));
            }
            Resampling more = draws;
            more.bootstrapDraws = full() ? 400 : 100;
            const MeasureTable ap = averagePrecisionByGroup(tasks, attribute, more, feedback).value();
            tallies["average_precision"].interval(at(ap, {"t", "x"}, "average_precision"), precision);
            // Positives of x against negatives of x, as two groups.
            const Attribute answers{"answer", {"no", "yes"}, tasks[0].truth};
            std::vector<std::int32_t> own = answers.codes;
            for (std::size_t i = 0; i < own.size(); ++i)
                if (attribute.codes[i] != 0)
                    own[i] = -1;
            Resampling none = draws;
            none.bootstrapDraws = 0;
            const MeasureTable apart =
                scoreSeparation("s", tasks[0].scores, {"answer", {"no", "yes"}, own}, none, feedback).value();
            tallies["ks"].interval(at(apart, {"s", "yes"}, "ks"), ks);
        }
        const std::string bad = judged(QTest::currentDataTag(), tallies);
        QVERIFY2(bad.empty(), bad.c_str());
    }

    void separationUnderTheNull() {
        Tallies tallies;
        Feedback feedback;
        for (int run = 0; run < runs(300); ++run) {
            RandomStream random(14, streamId("separation"), static_cast<std::uint64_t>(run));
            std::vector<double> scores;
            Attribute attribute{"group", {"x", "y"}, {}};
            for (int i = 0; i < 500; ++i) {
                scores.push_back(random.normal());
                attribute.codes.push_back(random.uniform() < 0.3);
            }
            const MeasureTable table = scoreSeparation("s", scores, attribute, resampling(run, 100), feedback).value();
            tallies["auroc"].interval(at(table, {"s", "y"}, "auroc"), 0.5);
            tallies["cohens_d"].interval(at(table, {"s", "y"}, "cohens_d"), 0);
            tallies["ks"].interval(at(table, {"s", "y"}, "ks"), 0);
            tallies["ks"].test(at(table, {"s", "y"}, "ks"));
            tallies["mann_whitney_u"].test(at(table, {"s", "y"}, "mann_whitney_u"));
        }
        const std::string bad = judged("no difference, n = 500", tallies);
        QVERIFY2(bad.empty(), bad.c_str());
    }
};

QTEST_APPLESS_MAIN(TestCoverageOfAreas)
#include "tst_coverage_of_areas.moc"
