// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/random.h"
#include "core/metric/association/partition_test.h"
#include "core/metric/association/subset_tail.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

std::vector<double> drawnValues(std::size_t n, bool skewed, std::uint64_t seed) {
    RandomStream random(seed, streamId("subset-tail"), 0);
    std::vector<double> values(n);
    for (double& value : values)
        value = skewed ? -std::log(random.uniformOpen()) : random.normal();
    return values;
}

/// The sums of all sets of `picked` values, in order.
std::vector<double> allSums(const std::vector<double>& values, std::size_t picked) {
    std::vector<bool> in(values.size(), false);
    std::fill_n(in.begin(), picked, true);
    std::vector<double> sums;
    do {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            if (in[i])
                sum += values[i];
        sums.push_back(sum);
    } while (std::prev_permutation(in.begin(), in.end()));
    std::ranges::sort(sums);
    return sums;
}

} // namespace

class TestSubsetTail : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isTheShareOfAllSets_data() {
        QTest::addColumn<bool>("skewed");
        QTest::addColumn<int>("picked");
        QTest::newRow("normal, half") << false << 11;
        QTest::newRow("normal, fewer") << false << 10;
        QTest::newRow("exponential, half") << true << 11;
        QTest::newRow("exponential, fewer") << true << 10;
    }
    void isTheShareOfAllSets() {
        QFETCH(const bool, skewed);
        QFETCH(const int, picked);
        const std::vector<double> values = drawnValues(22, skewed, 5);
        const std::vector<double> sums = allSums(values, static_cast<std::size_t>(picked));
        for (const double share : {0.1, 0.01, 1e-3, 1e-4, 2e-5}) {
            const auto place = static_cast<std::size_t>((1 - share) * static_cast<double>(sums.size()));
            const double exact = static_cast<double>(sums.size() - place) / static_cast<double>(sums.size());
            const auto tail = subsetSumTail(values, static_cast<std::size_t>(picked), sums[place]);
            QVERIFY(tail);
            const double ratio = *tail / exact;
            QVERIFY2(ratio > 0.7 && ratio < 1.2, qPrintable(QString::number(ratio)));
            QVERIFY(ratio * (1 + 5.0 / picked) > 1); // as the partition test raises it
        }
    }

    void farOutAsTheNormalLaw() {
        // Of many normal values the sum is normal up to the finite population: six standard deviations.
        const std::vector<double> values = drawnValues(4000, false, 6);
        const double n = 4000, picked = 1500;
        double mean = std::accumulate(values.begin(), values.end(), 0.0) / n, square = 0;
        for (const double value : values)
            square += (value - mean) * (value - mean);
        const double sd = std::sqrt(square / (n - 1) * picked * (1 - picked / n));
        const auto tail = subsetSumTail(values, 1500, picked * mean + 6 * sd);
        QVERIFY(tail);
        const double normal = 0.5 * std::erfc(6 / std::sqrt(2.0));
        QVERIFY2(*tail > 0.8 * normal && *tail < 1.25 * normal, qPrintable(QString::number(*tail / normal)));
    }

    void edges() {
        const std::vector<double> values = drawnValues(30, false, 7);
        std::vector<double> sorted = values;
        std::ranges::sort(sorted, std::greater());
        const double largest = std::accumulate(sorted.begin(), sorted.begin() + 12, 0.0);
        QCOMPARE(subsetSumTail(values, 12, largest + 1).value(), 0.0);
        QVERIFY(!subsetSumTail(values, 5, 3.0));                         // too few
        QVERIFY(!subsetSumTail(std::vector<double>(30, 1.0), 12, 12.0)); // all alike
        QVERIFY(!subsetSumTail(values, 12, -100));                       // below the mean
        if (const auto nearly = subsetSumTail(values, 12, largest - 1e-6))
            QVERIFY(*nearly >= 0 && *nearly < 1e-3);
    }

    void monotone() {
        const std::vector<double> values = drawnValues(200, true, 8);
        double mean = std::accumulate(values.begin(), values.end(), 0.0) / 200, before = 1;
        for (double sum = 60 * mean + 5; sum < 60 * mean + 60; sum += 5) {
            const auto tail = subsetSumTail(values, 60, sum);
            if (!tail)
                break;
            QVERIFY(*tail < before);
            before = *tail;
        }
        QVERIFY(before < 1e-8);
    }

    void partitionTestsReachBelowTheirDraws() {
        // Two sets whose means are two and a half standard deviations apart: 999 random partitions never come near.
        std::vector<double> values = drawnValues(120, false, 9);
        for (std::size_t i = 0; i < 60; ++i)
            values[i] += 2.5;
        Feedback feedback;
        for (const double sign : {1.0, -1.0}) {
            std::vector<double> turned = values;
            for (double& value : turned)
                value *= sign;
            const auto tests = partitionTests(turned, 1, 60, 1, "far", {1000, 1000, 1}, feedback);
            QVERIFY(tests);
            QVERIFY(tests->front().twoSided < 1e-12 && tests->front().twoSided >= 1e-15);
            if (sign > 0)
                QVERIFY(tests->front().greaterEqual < 1e-12);
            else
                QCOMPARE(tests->front().greaterEqual, 1.0);
        }
    }
};

QTEST_APPLESS_MAIN(TestSubsetTail)
#include "tst_subset_tail.moc"
