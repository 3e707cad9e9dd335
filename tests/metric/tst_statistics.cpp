// SPDX-License-Identifier: GPL-3.0-or-later
// What all measures share: rates, exact tests, corrected families, resampling.
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/exact_test.h"
#include "core/metric/family.h"
#include "core/metric/ndkl.h"
#include "core/metric/rates.h"
#include "core/metric/resampling.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void near(double a, double b, double tolerance, const char* what) {
    QVERIFY2(std::abs(a - b) <= tolerance,
             (std::string(what) + ": " + std::to_string(a) + " for " + std::to_string(b)).c_str());
}

} // namespace

class TestStatistics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void exactTestAgreesWithSmallCases() {
        // 10 rows, 5 of the group, top 5: P(X = 0) = 1 / C(10, 5) = 1 / 252.
        const auto none = exactTest(10, 5, 5, 0);
        QVERIFY(none);
        QVERIFY(std::abs(none->p - 2.0 / 252) < 1e-15);
        QVERIFY(std::abs(none->smallestP - 2.0 / 252) < 1e-15);
        // P(X <= 1) = (1 + 25) / 252.
        QVERIFY(std::abs(exactTest(10, 5, 5, 1)->p - 52.0 / 252) < 1e-15);
        QCOMPARE(exactTest(10, 5, 5, 2)->p, 1.0);
        // Unequal: 7 rows, 2 of the group, top 3: P(2) = C(2,2) C(5,1) / C(7,3) = 5/35; P(0) = 10/35.
        QVERIFY(std::abs(exactTest(7, 2, 3, 2)->p - 10.0 / 35) < 1e-15);
        QVERIFY(std::abs(exactTest(7, 2, 3, 0)->p - 20.0 / 35) < 1e-15);
    }

    void exactTestOfExtremesAndNonsense() {
        QVERIFY(exactTest(5000, 2633, 500, 494)->p < 1e-100);
        QVERIFY(exactTest(5000, 2633, 500, 494)->p > 0);
        QVERIFY(exactTest(1'000'000, 470'000, 100'000, 47'100)->p > 0.3);
        QCOMPARE(exactTest(10, 10, 5, 5)->smallestP, 1.0); // the only group
        QVERIFY(!exactTest(10, 5, 5, 6));
        QVERIFY(!exactTest(10, 11, 5, 5));
        QVERIFY(!exactTest(0, 0, 0, 0));
        QVERIFY(!exactTest(10, 8, 5, 2)); // at least three must be among the first five
    }

    /// Each tail of a law against the logarithms of the factorials.
    void countLawAgreesWithFactorials() {
        const auto choose = [](std::int64_t n, std::int64_t k) {
            return std::lgamma(static_cast<long double>(n + 1)) - std::lgamma(static_cast<long double>(k + 1)) -
                   std::lgamma(static_cast<long double>(n - k + 1));
        };
        for (const auto& [n, group, top] :
             {std::array{3000, 900, 1200}, std::array{500, 20, 480}, std::array{90, 80, 7}}) {
            const CountLaw law(n, group, top);
            const std::int64_t least = std::max(0, top + group - n), most = std::min(group, top);
            long double below = 0, expected = 0;
            for (std::int64_t x = least; x <= most; ++x) {
                const long double chance = std::exp(choose(group, x) + choose(n - group, top - x) - choose(n, top));
                expected += chance * static_cast<long double>(x);
                const auto atMost = static_cast<double>(below + chance), atLeast = static_cast<double>(1 - below);
                if (atMost > 1e-300)
                    QVERIFY2(std::abs(law.atMost(x) / atMost - 1) < 1e-9, qPrintable(QString::number(x)));
                if (atLeast > 1e-9) // what is left of 1 has no more digits
                    QVERIFY2(std::abs(law.atLeast(x) / atLeast - 1) < 1e-6, qPrintable(QString::number(x)));
                QCOMPARE(law.test(x)->p, std::min(1.0, 2 * std::min(law.atMost(x), law.atLeast(x))));
                below += chance;
            }
            const CountRange middle = law.central(0.5);
            QVERIFY(static_cast<double>(middle.low) <= expected && static_cast<double>(middle.high) >= expected - 1);
        }
    }

    /// Counts so far out that no double holds their chance are not impossible, and are told from those that are.
    void countLawOfAMillion() {
        constexpr double kTiny = std::numeric_limits<double>::min();
        const CountLaw law(1'000'000, 71'400, 500'000);
        for (const std::int64_t x : {35'000, 35'700, 36'200})
            QVERIFY(std::abs(law.atLeast(x) + law.atMost(x - 1) - 1) < 1e-12);
        QVERIFY(law.atLeast(36'500) > 0 && law.atLeast(36'500) < 1e-9);
        QCOMPARE(law.atLeast(71'400), kTiny);
        QCOMPARE(law.atLeast(60'000), kTiny);
        QCOMPARE(law.atMost(3), kTiny);
        QCOMPARE(law.atLeast(71'401), 0.0);
        QCOMPARE(law.atMost(-1), 0.0);
        QCOMPARE(law.test(71'400)->p, kTiny);
        QCOMPARE(law.test(35'700)->smallestP, kTiny);
        QVERIFY(!law.test(71'401));
        const CriticalCounts critical = law.critical(0.05);
        QVERIFY(law.test(*critical.low)->p <= 0.05 && law.test(*critical.low + 1)->p > 0.05);
        QVERIFY(law.test(*critical.high)->p <= 0.05 && law.test(*critical.high - 1)->p > 0.05);
    }

    void tablesOfNdklAreShared() {
        auto few = ndklTables(100, 1000);
        QCOMPARE(few->ranks(), std::size_t(100));
        QVERIFY(ndklTables(50, 1000) == few);
        const auto more = ndklTables(101, 1000);
        QCOMPARE(more->ranks(), std::size_t(200));
        QCOMPARE(ndklTables(300, 350)->ranks(), std::size_t(350));
        QVERIFY(ndklTables(150, 1000) == more); // although longer ones came and went
        for (std::size_t rank = 1; rank <= 100; ++rank)
            QVERIFY(few->tail(rank, 100) == more->tail(rank, 100) && few->normaliser(rank) == more->normaliser(rank));
    }

    void holmIsStepDownAndMonotone() {
        const auto adjusted = holmAdjusted({0.01, 0.04, 0.03, 0.005});
        const std::vector<double> expected = {0.03, 0.06, 0.06, 0.02};
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(std::abs(adjusted[i] - expected[i]) < 1e-15, std::to_string(i).c_str());
        QVERIFY(holmAdjusted({}).empty());
        QCOMPARE(holmAdjusted({0.7, 0.9}).back(), 1.0);
    }

    void falseDiscoveryIsStepUp() {
        // Sorted .005 .01 .03 .04 times 4/1, 4/2, 4/3, 4/4, then the running minimum from above.
        const auto adjusted = falseDiscoveryAdjusted({0.01, 0.04, 0.03, 0.005});
        const std::vector<double> expected = {0.02, 0.04, 0.04, 0.02};
        for (std::size_t i = 0; i < expected.size(); ++i)
            near(adjusted[i], expected[i], 1e-15, "q");
        QVERIFY(falseDiscoveryAdjusted({}).empty());
    }

    void aFamilyIsWhatHasAPAndRestsOnEnough() {
        MeasureTable table;
        for (const auto& [p, enough] : {std::pair{0.01, true}, {0.02, false}, {0.03, true}}) {
            MeasureRow row;
            row.value.pValue = p;
            row.enough = enough;
            table.rows.push_back(row);
        }
        table.rows.emplace_back(); // without a test
        correctFamily(table, "gaps");
        QCOMPARE(table.family, std::string("2 tests: gaps"));
        near(*table.rows[0].value.adjustedP, 0.02, 1e-15, "Holm");
        near(*table.rows[2].value.falseDiscovery, 0.03, 1e-15, "BH");
        QVERIFY(!table.rows[1].value.adjustedP && !table.rows[3].value.adjustedP);
    }

    void wilsonGolden() {
        const Rate three = wilson(3, 20, 0.95), none = wilson(0, 20, 0.95); // METHODS F5
        near(*three.low, 0.0523687, 5e-8, "3/20 low");
        near(*three.high, 0.3604189, 5e-8, "3/20 high");
        QCOMPARE(*none.low, 0.0);
        near(*none.high, 0.1611252, 5e-8, "0/20 high");
        QCOMPARE(*wilson(20, 20, 0.95).high, 1.0);
        QVERIFY(!wilson(0, 0, 0.95).value);
    }

    void differencesAndRatiosOfRates() {
        // Newcombe 1998, table II: 56/70 - 48/80, method 10: 0.0524 to 0.3339.
        const Interval difference = rateDifference(wilson(56, 70, 0.95), wilson(48, 80, 0.95), 0.95);
        near(*difference.low, 0.0524, 5e-5, "low");
        near(*difference.high, 0.3339, 5e-5, "high");
        const Interval ratio = rateRatio(wilson(40, 100, 0.95), wilson(20, 100, 0.95), 0.95);
        QVERIFY(*ratio.low > 1.2 && *ratio.low < 1.3 && *ratio.high > 3.1 && *ratio.high < 3.3);
        QVERIFY(!rateRatio(wilson(5, 10, 0.95), wilson(0, 10, 0.95), 0.95).high);
        QVERIFY(!rateDifference(wilson(5, 10, 0.95), wilson(0, 0, 0.95), 0.95).low);
    }

    void fisherGolden() {
        // Fisher's tea tasting, 3 of 4 against 1 of 4: two-sided 34/70.
        near(fisherExact(wilson(3, 4, 0.95), wilson(1, 4, 0.95)), 34.0 / 70, 1e-14, "tea");
        near(fisherExact(wilson(4, 4, 0.95), wilson(0, 4, 0.95)), 2.0 / 70, 1e-14, "all right");
        QCOMPARE(fisherExact(wilson(0, 4, 0.95), wilson(0, 9, 0.95)), 1.0);
        const double tiny = fisherExact(wilson(9000, 10000, 0.95), wilson(1000, 10000, 0.95));
        QVERIFY(tiny > 0 && tiny < 1e-300);
    }

    void extremesCoverWhereAllAreAlike() {
        // Four rates of 1,000 draws each with the true value .3: the maximum .3, the range 0.
        int covered = 0, coveredRange = 0;
        for (int run = 0; run < 400; ++run) {
            RandomStream random(7, streamId("extremes"), static_cast<std::uint64_t>(run));
            std::vector<Estimate> estimates;
            for (int g = 0; g < 4; ++g) {
                std::int64_t hits = 0;
                for (int i = 0; i < 1000; ++i)
                    hits += random.uniform() < 0.3;
                const Rate own = wilson(hits, 1000, 0.95), strict = wilson(hits, 1000, 0.9875);
                estimates.push_back({*own.value, {own.low, own.high}, {strict.low, strict.high}});
            }
            const ExtremesInterval extremes = extremesInterval(estimates);
            covered += *extremes.max.low <= 0.3 && 0.3 <= *extremes.max.high;
            coveredRange += *extremes.range.low <= 0;
        }
        QVERIFY2(covered >= 372 && coveredRange >= 372,
                 (std::to_string(covered) + " and " + std::to_string(coveredRange) + " of 400").c_str());
        QVERIFY(!extremesInterval({}).max.low);
    }

    void bootstrapOfAMeanIsItsStandardError() {
        std::vector<double> values(400);
        RandomStream random(3, streamId("mean"), 0);
        for (double& value : values)
            value = random.normal();
        const auto mean = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            out[0] = 0;
            for (const std::uint32_t row : rows)
                out[0] += values[row];
            out[0] /= static_cast<double>(rows.size());
        };
        Resampling options;
        options.bootstrapDraws = 4000;
        Feedback feedback;
        const Draws draws = bootstrapRows(values.size(), {}, 1, "mean", options, mean, feedback).value();
        const Interval interval = percentileInterval(draws[0], 0.95);
        double sum = 0, square = 0;
        for (const double value : values) {
            sum += value;
            square += value * value;
        }
        const double error = std::sqrt((square / 400 - sum / 400 * sum / 400) / 400);
        near(*interval.high - *interval.low, 2 * 1.96 * error, 0.1 * error * 3.92, "width");

        // Every pair of rows a cluster of two equal values: half as many independent values.
        std::vector<std::int32_t> clusters(400);
        for (std::size_t i = 0; i < 400; ++i) {
            clusters[i] = static_cast<std::int32_t>(i / 2);
            values[i] = values[i / 2 * 2];
        }
        const Draws rows = bootstrapRows(400, {}, 1, "mean", options, mean, feedback).value();
        const Draws pairs = bootstrapRows(400, clusters, 1, "mean", options, mean, feedback).value();
        const auto width = [](const Draws& of) {
            const Interval i = percentileInterval(of[0], 0.95);
            return *i.high - *i.low;
        };
        near(width(pairs) / width(rows), std::sqrt(2.0), 0.15, "clusters widen by sqrt 2");
    }

    void withinGroupsKeepsGroupSizes() {
        const std::vector<std::int32_t> strata{0, 0, 0, 1, -1, 1};
        Resampling options;
        options.bootstrapDraws = 50;
        Feedback feedback;
        const Draws draws = bootstrapWithinGroups(
                                strata, 2, "sizes", options,
                                [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                    out[0] = out[1] = 0;
                                    for (const std::uint32_t row : rows)
                                        out[static_cast<std::size_t>(strata[row])] += 1;
                                },
                                feedback)
                                .value();
        for (std::size_t i = 0; i < 50; ++i) {
            QCOMPARE(draws[0][i], 3.0);
            QCOMPARE(draws[1][i], 2.0);
        }
    }

    void permutationsKeepTheirBlocks() {
        const std::vector<std::int32_t> blocks{0, 0, 1, 1, 1};
        Resampling options;
        Feedback feedback;
        bool kept = true;
        std::vector<int> seen(5);
        const Draws draws = permuteRows(
                                5, blocks, 1, "blocks", options,
                                [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                    for (std::size_t i = 0; i < rows.size(); ++i)
                                        kept = kept && blocks[rows[i]] == blocks[i];
                                    out[0] = rows[0];
                                },
                                feedback)
                                .value();
        QVERIFY(kept);
        const auto first = std::accumulate(draws[0].begin(), draws[0].end(), 0.0); // 0 or 1, as often
        QVERIFY(first > 430 && first < 570);
    }

    void nullsCountEqualityAgainstTheFinding() {
        MetricValue value;
        value.value = 2.0;
        setNull(value, {1, 2, 3, kNan, -4}, Tail::Upper);
        near(*value.pValue, 3.0 / 5, 1e-15, "upper");
        setNull(value, {1, 2, 3, -4}, Tail::Lower);
        near(*value.pValue, 4.0 / 5, 1e-15, "lower");
        setNull(value, {1, 2, 3, -4}, Tail::TwoSided);
        near(*value.pValue, 4.0 / 5, 1e-15, "two-sided");
        QVERIFY(!percentileInterval({1, kNan, 2}, 0.95).low); // a third undefined
    }

    void cancelStopsDraws() {
        Feedback feedback;
        feedback.cancel();
        QVERIFY(!bootstrapRows(
            10, {}, 1, "x", {}, [](auto, auto) {}, feedback));
    }
};

QTEST_APPLESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
