// SPDX-License-Identifier: GPL-3.0-or-later
// Coverage and levels of accuracy, parity, harm rates, backgrounds and false alarms.
#include <cmath>
#include <functional>

#include <QTest>

#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/calibration.h"
#include "core/metric/classification/harm.h"
#include "core/metric/classification/paired_rates.h"
#include "core/metric/classification/parity.h"
#include "core/metric/classification/scenes.h"
#include "tests/metric/coverage.h"

using namespace plumbline;
using namespace plumbline::metric;
using namespace plumbline::test;

namespace {

/// A classifier with a known chance of being right in each class and group; wrong answers go to the next class.
struct World {
    std::vector<double> groups{0.5, 0.3, 0.2};
    std::vector<std::vector<double>> right; ///< group, class

    Classified draw(RandomStream& random, std::size_t n, Attribute& attribute) const {
        const auto classes = static_cast<std::int32_t>(right[0].size());
        Classified classified{{}, {}, {}};
        for (std::int32_t c = 0; c < classes; ++c)
            classified.classes.push_back(std::string(1, static_cast<char>('a' + c)));
        attribute = {"group", {"x", "y", "z"}, {}};
        attribute.groups.resize(groups.size());
        for (std::size_t i = 0; i < n; ++i) {
            attribute.codes.push_back(drawn(random, groups));
            const auto c = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes)));
            const bool hit =
                random.uniform() < right[static_cast<std::size_t>(attribute.codes.back())][static_cast<std::size_t>(c)];
            classified.truth.push_back(c);
            classified.predicted.push_back(hit ? c : (c + 1) % classes);
        }
        return classified;
    }
    double tpr(std::size_t g, std::size_t c) const { return right[g][c]; }
    double selection(std::size_t g, std::size_t c) const {
        const std::size_t classes = right[g].size(), before = (c + classes - 1) % classes;
        return (right[g][c] + 1 - right[g][before]) / static_cast<double>(classes);
    }
    double fpr(std::size_t g, std::size_t c) const {
        const std::size_t classes = right[g].size(), before = (c + classes - 1) % classes;
        return (1 - right[g][before]) / static_cast<double>(classes - 1);
    }
    double accuracy(std::size_t g) const {
        return std::accumulate(right[g].begin(), right[g].end(), 0.0) / static_cast<double>(right[g].size());
    }
    double range(const std::function<double(std::size_t)>& of) const {
        double low = 2, high = -1;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            low = std::min(low, of(g));
            high = std::max(high, of(g));
        }
        return high - low;
    }
};

} // namespace

class TestCoverageOfRates : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void accuracyAndParity_data() {
        QTest::addColumn<bool>("alike");
        QTest::addColumn<int>("groups");
        QTest::addColumn<int>("n");
        QTest::newRow("alike, 3 groups") << true << 3 << 2000;
        QTest::newRow("apart, 3 groups") << false << 3 << 2000;
        QTest::newRow("alike, 2 groups") << true << 2 << 2000;
        QTest::newRow("apart, 2 groups") << false << 2 << 2000;
        QTest::newRow("alike, 3 groups, n = 200") << true << 3 << 200;
        QTest::newRow("apart, 3 groups, n = 200") << false << 3 << 200;
        if (full()) {
            QTest::newRow("alike, 3 groups, n = 20,000") << true << 3 << 20'000;
            QTest::newRow("apart, 3 groups, n = 20,000") << false << 3 << 20'000;
        }
    }
    void accuracyAndParity() {
        QFETCH(bool, alike);
        QFETCH(int, groups);
        QFETCH(int, n);
        World world;
        world.groups.resize(static_cast<std::size_t>(groups));
        world.right =
            alike
                ? std::vector<std::vector<double>>(3, {0.8, 0.7, 0.9, 0.6})
                : std::vector<std::vector<double>>{{0.9, 0.8, 0.95, 0.7}, {0.8, 0.7, 0.8, 0.6}, {0.7, 0.5, 0.9, 0.65}};
        world.right.resize(static_cast<std::size_t>(groups));
        const double weightSum = std::accumulate(world.groups.begin(), world.groups.end(), 0.0);
        double overall = 0, distance = 0, worst = 2, mean = 0, square = 0;
        for (std::size_t g = 0; g < world.groups.size(); ++g) {
            overall += world.groups[g] / weightSum * world.accuracy(g);
            worst = std::min(worst, world.accuracy(g));
            mean += world.accuracy(g) / groups;
        }
        for (std::size_t g = 0; g < world.groups.size(); ++g) {
            distance += std::abs(world.accuracy(g) - overall);
            square += std::pow(world.accuracy(g) - mean, 2) / groups;
        }
        std::vector<double> opportunity, parity, odds, ratios;
        for (std::size_t c = 0; c < 4; ++c) {
            opportunity.push_back(world.range([&](std::size_t g) { return world.tpr(g, c); }));
            parity.push_back(world.range([&](std::size_t g) { return world.selection(g, c); }));
            odds.push_back(std::max(opportunity[c], world.range([&](std::size_t g) { return world.fpr(g, c); })));
            double low = 2, high = 0;
            for (std::size_t g = 0; g < world.groups.size(); ++g) {
                low = std::min(low, world.selection(g, c));
                high = std::max(high, world.selection(g, c));
            }
            ratios.push_back(low / high);
        }
        const auto meanOf = [](const std::vector<double>& list) {
            return std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
        };
        const auto rmsOf = [](const std::vector<double>& list) {
            return std::sqrt(std::inner_product(list.begin(), list.end(), list.begin(), 0.0) /
                             static_cast<double>(list.size()));
        };
        Tallies tallies;
        Feedback feedback;
        for (int run = 0; run < runs(200, n > 2000 ? 300 : 1000); ++run) {
            RandomStream random(11, streamId("accuracy"), static_cast<std::uint64_t>(run));
            Attribute attribute;
            const Classified classified = world.draw(random, static_cast<std::size_t>(n), attribute);
            Resampling draws = resampling(run, 60);
            if (!alike)
                draws.nullDraws = 0;
            const MeasureTable table = accuracyByGroup(classified, attribute, {draws, {}, 1}, feedback).value();
            tallies["worst_group_accuracy"].interval(at(table, {"", ""}, "worst_group_accuracy"), worst);
            tallies["group_gap"].interval(at(table, {"", ""}, "group_gap"), overall - worst);
            tallies["es_accuracy"].interval(at(table, {"", ""}, "es_accuracy"), overall / (1 + distance));
            tallies["relative_sd"].interval(at(table, {"", ""}, "relative_sd"), std::sqrt(square) / overall);
            tallies["group_range"].interval(at(table, {"", ""}, "group_range"),
                                            world.range([&](std::size_t g) { return world.accuracy(g); }));
            if (n >= 2000) // with 200 thin cells take no part, and the worst of the rest is another number
                tallies["worst_cell_accuracy"].interval(at(table, {"", ""}, "worst_cell_accuracy"), [&] {
                    double least = 2;
                    for (const auto& group : world.right)
                        least = std::min(least, *std::ranges::min_element(group));
                    return least;
                }());
            const MeasureTable rates = parityByGroup(classified, attribute, draws, feedback).value();
            const auto both = [&](const char* measure, const std::vector<double>& truth) {
                tallies[std::string(measure)].interval(at(rates, {"a", ""}, measure), truth[0]);
            };
            both("equal_opportunity_difference", opportunity);
            both("equalised_odds_difference", odds);
            both("demographic_parity_difference", parity);
            both("demographic_parity_ratio", ratios);
            const auto over = [&](const char* measure, double truth) {
                tallies[measure].interval(at(rates, {"", ""}, measure), truth);
            };
            over("mean_equal_opportunity_difference", meanOf(opportunity));
            over("rms_equal_opportunity_difference", rmsOf(opportunity));
            over("max_equal_opportunity_difference", *std::ranges::max_element(opportunity));
            over("mean_demographic_parity_difference", meanOf(parity));
            over("min_demographic_parity_ratio", *std::ranges::min_element(ratios));
            over("max_equalised_odds_difference", *std::ranges::max_element(odds));
            if (!alike)
                continue;
            tallies["group_gap"].test(at(table, {"", ""}, "group_gap"));
            tallies["group_range"].test(at(table, {"", ""}, "group_range"));
            tallies["accuracy_difference"].test(at(table, {"", "x"}, "accuracy_difference"));
            for (const char* measure : {"equal_opportunity_difference", "equalised_odds_difference",
                                        "demographic_parity_difference", "fpr_difference"})
                tallies[measure].test(at(rates, {"a", ""}, measure));
            for (const char* measure : {"mean_equal_opportunity_difference", "max_equal_opportunity_difference",
                                        "rms_demographic_parity_difference"})
                tallies[measure].test(at(rates, {"", ""}, measure));
        }
        const std::string bad = judged(QTest::currentDataTag(), tallies);
        QVERIFY2(bad.empty(), bad.c_str());
    }

    void harmAndScenes() {
        Tallies tallies;
        Feedback feedback;
        for (int run = 0; run < runs(300); ++run) {
            RandomStream random(16, streamId("harm"), static_cast<std::uint64_t>(run));
            const Resampling draws = resampling(run, 60);
            // Harm: 2 % in each of three groups.
            std::vector<std::int32_t> predicted;
            Attribute attribute{"group", {"x", "y", "z"}, {}};
            for (int i = 0; i < 2000; ++i) {
                attribute.codes.push_back(drawn(random, {0.5, 0.3, 0.2}));
                predicted.push_back(random.uniform() < 0.02);
            }
            const std::vector<HarmClass> classes{{"person", "", false}, {"thief", "crime", false}};
            const MeasureTable harm = harmRates(predicted, classes, attribute, draws, feedback).value();
            tallies["harm rate"].interval(at(harm, {"crime", "z"}, "rate"), 0.02);
            tallies["harm rate_difference"].interval(at(harm, {"crime", "z"}, "rate_difference"), 0);
            tallies["harm rate_range"].interval(at(harm, {"crime", ""}, "rate_range"), 0);
            tallies["harm rate_difference"].test(at(harm, {"crime", "z"}, "rate_difference"));
            tallies["harm rate_range"].test(at(harm, {"crime", ""}, "rate_range"));
            // Paired: 10 % before and after, 3 % change either way.
            PairedCounts paired;
            for (int i = 0; i < 500; ++i) {
                const double u = random.uniform();
                ++(u < 0.07 ? paired.both : u < 0.10 ? paired.first : u < 0.13 ? paired.second : paired.neither);
            }
            MetricValue change;
            change.value = pairedDifference(paired);
            setInterval(change, pairedInterval(paired, 0.95));
            change.pValue = mcNemarExact(paired);
            tallies["paired change"].interval(change, 0);
            tallies["paired change"].test(change);
            // Backgrounds: ten classes of 40 to 60 images, without and with a drop of .2.
            for (const double drop : {0.0, 0.2}) {
                Classified classified{{}, {}, {}};
                Attribute background{"background", {"common", "counter"}, {}};
                for (std::int32_t c = 0; c < 10; ++c) {
                    classified.classes.push_back(std::to_string(c));
                    for (int i = 0; i < 40 + 2 * c; ++i) {
                        background.codes.push_back(random.uniform() < 0.4);
                        classified.truth.push_back(c);
                        const double right = 0.9 - 0.03 * c - (background.codes.back() ? drop : 0);
                        classified.predicted.push_back(random.uniform() < right ? c : (c + 1) % 10);
                    }
                }
                const MeasureTable table =
                    backgroundDrop(classified, background, "common", "counter", draws, feedback).value();
                const std::string name = drop > 0 ? "background drop .2" : "background drop 0";
                tallies[name].interval(at(table, {"", ""}, "drop"), drop);
                if (drop == 0)
                    tallies[name].test(at(table, {"", ""}, "drop"));
            }
            // Strangers: normal scores, others 2 lower; false alarms 5 % in each of two groups.
            std::vector<double> inside, outside;
            Attribute two{"group", {"x", "y"}, {}};
            for (int i = 0; i < 1000; ++i) {
                inside.push_back(random.normal());
                outside.push_back(random.normal() - 2);
                two.codes.push_back(random.uniform() < 0.3);
            }
            Resampling more = draws;
            more.bootstrapDraws = full() ? 400 : 100;
            const MeasureTable ood = outOfDistribution("s", inside, outside, two, more, feedback).value();
            tallies["fpr_at_95_tpr"].interval(at(ood, {""}, "fpr_at_95_tpr"), 1 - normalCdf(-1.6448536269514722 + 2));
            tallies["false_alarm"].interval(at(ood, {"y"}, "false_alarm"), 0.05);
            tallies["false_alarm_difference"].interval(at(ood, {"x"}, "false_alarm_difference"), 0);
            tallies["false_alarm_difference"].test(at(ood, {"x"}, "false_alarm_difference"));
        }
        const std::string bad = judged("no difference", tallies);
        QVERIFY2(bad.empty(), bad.c_str());
    }
};

QTEST_APPLESS_MAIN(TestCoverageOfRates)
#include "tst_coverage_of_rates.moc"
