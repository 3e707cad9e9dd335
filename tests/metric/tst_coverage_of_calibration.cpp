// SPDX-License-Identifier: GPL-3.0-or-later
// Coverage and levels of calibration errors and of the fitted temperature.
#include <cmath>
#include <functional>

#include <QTest>

#include "core/metric/classification/calibration.h"
#include "tests/metric/coverage.h"

using namespace plumbline;
using namespace plumbline::metric;
using namespace plumbline::test;

class TestCoverageOfCalibration : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void calibrationErrors_data() {
        QTest::addColumn<double>("temperature"); // of the world: 1 is calibrated
        QTest::addColumn<int>("n");
        QTest::newRow("calibrated, n = 2000") << 1.0 << 2000;
        QTest::newRow("overconfident, n = 2000") << 2.0 << 2000;
        QTest::newRow("a little overconfident, n = 2000") << 1.2 << 2000;
        QTest::newRow("calibrated, n = 300") << 1.0 << 300;
    }
    void calibrationErrors() {
        QFETCH(double, temperature);
        QFETCH(int, n);
        // Two classes: the logit is z, its true probability that of z / temperature. The binned error of the world by a
        // fine sum over the density of z (normal, sd 2).
        std::vector<double> residual(15);
        double brierTruth = 0;
        for (int i = -200'000; i < 200'000; ++i) {
            const double z = 2 * (i + 0.5) / 20'000, weight = std::exp(-z * z / 8) / std::sqrt(8 * M_PI) / 10'000;
            const double p = 1 / (1 + std::exp(-std::abs(z))), right = 1 / (1 + std::exp(-std::abs(z) / temperature));
            residual[static_cast<std::size_t>(std::ceil(15 * p)) - 1] += weight * (right - p);
            brierTruth += weight * (right * 2 * (1 - p) * (1 - p) + (1 - right) * 2 * p * p);
        }
        double truth = 0;
        for (const double each : residual)
            truth += std::abs(each);
        Tallies tallies;
        Feedback feedback;
        for (int run = 0; run < runs(100); ++run) {
            RandomStream random(15, streamId("calibration"), static_cast<std::uint64_t>(run));
            std::vector<double> scores;
            std::vector<std::int32_t> labels;
            Attribute attribute{"group", {"x", "y"}, {}};
            for (int i = 0; i < n; ++i) {
                const double z = 2 * random.normal();
                scores.insert(scores.end(), {z, 0});
                labels.push_back(random.uniform() < 1 / (1 + std::exp(-z / temperature)) ? 0 : 1);
                attribute.codes.push_back(random.uniform() < 0.3);
            }
            CalibrationOptions calibration{resampling(run, 60), 1, 15, {}};
            const MeasureTable table = calibrationByGroup(scores, 2, labels, attribute, calibration, feedback).value();
            tallies["ece"].interval(at(table, {"", "as it is"}, "ece"), truth);
            tallies["ece of a group"].interval(at(table, {"x", "as it is"}, "ece"), truth);
            tallies["ece_gap"].interval(at(table, {"", "as it is"}, "ece_gap"), 0);
            tallies["brier"].interval(at(table, {"", "as it is"}, "brier"), brierTruth);
            tallies["ece_gap"].test(at(table, {"", "as it is"}, "ece_gap"));
            if (temperature == 1)
                tallies["ece"].test(at(table, {"x", "as it is"}, "ece"));
            const TemperatureFit fit = fitTemperature(scores, 2, labels, 1, feedback).value();
            MetricValue value;
            value.value = fit.temperature;
            setInterval(value, fit.interval);
            tallies["temperature"].interval(value, temperature);
        }
        const std::string bad = judged(QTest::currentDataTag(), tallies);
        QVERIFY2(bad.empty(), bad.c_str());
    }
};

QTEST_APPLESS_MAIN(TestCoverageOfCalibration)
#include "tst_coverage_of_calibration.moc"
