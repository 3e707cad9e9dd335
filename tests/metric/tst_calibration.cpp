// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the p-values and intervals keep their promises. A few settings are checked in seconds; with
// PLUMBLINE_FULL_CALIBRATION=1 every setting is measured and the tables of core/metric/README.md are printed (minutes:
// set QTEST_FUNCTION_TIMEOUT, in milliseconds, accordingly).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include <tbb/parallel_for.h> // before Qt, whose macro `emit` breaks it

#include <QTest>
#include <boost/math/distributions/normal.hpp>

#include "core/base/random.h"
#include "core/metric/measure.h"
#include "core/metric/null_distribution.h"

using namespace plumbline;
using metric::Meter;

namespace {

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

/// Groups with normal scores of sd 1 and these means, so that every skew of the population is known.
struct Population {
    std::vector<double> share, mean;

    static double above(double x) { return boost::math::cdf(boost::math::complement(boost::math::normal(), x)); }
    static double density(double x) { return boost::math::pdf(boost::math::normal(), x); }

    /// The score that the share `top` of the population exceeds.
    double threshold(double top) const {
        double low = -12, high = 12;
        for (int i = 0; i < 100; ++i) {
            const double middle = (low + high) / 2;
            double exceeding = 0;
            for (std::size_t g = 0; g < share.size(); ++g)
                exceeding += share[g] * above(middle - mean[g]);
            (exceeding > top ? low : high) = middle;
        }
        return low;
    }
    double skew(std::size_t g, double top) const { return std::log(above(threshold(top) - mean[g]) / top); }

    /// The first group's mean is set so that its skew among the share `top` is as wanted.
    void setSkew(double wanted, double top) {
        double low = -5, high = 5;
        for (int i = 0; i < 60; ++i) {
            mean[0] = (low + high) / 2;
            (skew(0, top) < wanted ? low : high) = mean[0];
        }
    }

    /// Standard deviation of the first group's skew in pools of n by the delta method, target = pool shares. With p, q
    /// the group's shares at the top and overall and r its share at the threshold: ln p varies with the rows at the top
    /// and with the threshold, ln q with the pool, and the two together.
    double deltaSd(double top, double n) const {
        const double t = threshold(top);
        double all = 0;
        for (std::size_t g = 0; g < share.size(); ++g)
            all += share[g] * density(t - mean[g]);
        const double q = share[0], p = q * above(t - mean[0]) / top, r = q * density(t - mean[0]) / all;
        const double k = top * n;
        return std::sqrt((p * (1 - p) + (r - p) * (r - p) * (1 - top)) / (k * p * p) + (1 - q) / (q * n) -
                         2 / n * ((1 - r) / q - 1 + r / p));
    }

    Attribute attribute(std::size_t n, RandomStream& random) const {
        Attribute result;
        result.name = "group";
        for (std::size_t g = 0; g < share.size(); ++g)
            result.groups.emplace_back(1, static_cast<char>('a' + g));
        for (std::size_t row = 0; row < n; ++row) {
            double u = random.uniform();
            std::size_t g = 0;
            while (g + 1 < share.size() && u >= share[g])
                u -= share[g++];
            result.codes.push_back(static_cast<std::int32_t>(g));
        }
        return result;
    }
};

/// Largest distance of the values' distribution from the uniform one, times the root of their number.
double kolmogorovSmirnov(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double distance = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto below = static_cast<double>(i);
        distance = std::max({distance, values[i] - below / n, (below + 1) / n - values[i]});
    }
    return distance * std::sqrt(n);
}

constexpr std::size_t kTimes = 1000;

} // namespace

class TestCalibration : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pValues_data() {
        QTest::addColumn<QList<double>>("share");
        QTest::addColumn<int>("n");
        QTest::addColumn<int>("k");
        QTest::addColumn<int>("target");
        QTest::addColumn<int>("definition");
        const QList<double> two{0.53, 0.47}, seven{0.19, 0.14, 0.14, 0.13, 0.14, 0.11, 0.15}, rare{0.6, 0.38, 0.02};
        const int pool = static_cast<int>(Target::Kind::Pool), uniform = static_cast<int>(Target::Kind::Uniform);
        const int geyik = static_cast<int>(Definition::Geyik), berg = static_cast<int>(Definition::Berg);
        QTest::newRow("2 groups, n = 400, k = 40") << two << 400 << 40 << pool << geyik;
        QTest::newRow("7 groups, n = 1000, k = 100") << seven << 1000 << 100 << pool << geyik;
        QTest::newRow("a rare group, n = 500, k = 25") << rare << 500 << 25 << pool << geyik;
        QTest::newRow("7 groups, uniform target, berg") << seven << 700 << 70 << uniform << berg;
        if (full()) {
            QTest::newRow("2 groups, n = 2000, k = 200") << two << 2000 << 200 << pool << geyik;
            QTest::newRow("2 groups, n = 5000, k = 500, uniform") << two << 5000 << 500 << uniform << geyik;
            QTest::newRow("7 groups, n = 5000, k = 500") << seven << 5000 << 500 << pool << geyik;
            QTest::newRow("a rare group, n = 5000, k = 250") << rare << 5000 << 250 << pool << geyik;
        }
    }

    // Random labels: p-values fall below a level no more often than the level says, and their randomised form, which
    // tells ties apart by chance, is uniform.
    void pValues() {
        QFETCH(QList<double>, share);
        QFETCH(int, n);
        QFETCH(int, k);
        QFETCH(int, target);
        QFETCH(int, definition);
        const Population population{{share.begin(), share.end()},
                                    std::vector<double>(static_cast<std::size_t>(share.size()))};
        const int draws = full() ? 999 : 199;

        constexpr std::size_t kStatistics = 4;
        const std::array<const char*, kStatistics> names{"MaxSkew", "MinSkew", "NDKL", "first group"};
        std::array<std::vector<double>, kStatistics> given, randomised;
        for (std::size_t s = 0; s < kStatistics; ++s) {
            given[s].resize(kTimes);
            randomised[s].resize(kTimes);
        }
        tbb::parallel_for(std::size_t{0}, kTimes, [&](std::size_t i) {
            RandomStream random(20, streamId("calibration/p"), i);
            const Attribute attribute = population.attribute(static_cast<std::size_t>(n), random);
            std::vector<double> scores(static_cast<std::size_t>(n));
            for (double& score : scores)
                score = random.uniform();
            MeasureOptions options;
            options.k = {k, 0.0};
            options.target.kind = static_cast<Target::Kind>(target);
            options.definition = static_cast<Definition>(definition);
            options.seed = i;
            options.nullDraws = draws;
            options.bootstrapDraws = 0;
            Feedback feedback;
            const Measurement m =
                Meter::create(attribute, options).value().measure(std::span(scores), feedback).value();

            // The same null again, for the numbers of draws that are equal.
            const metric::Rules rules = metric::rulesOf(options.definition);
            const metric::Pool pool = metric::makePool(attribute, options.target, rules).value();
            const metric::NdklTables tables(static_cast<std::size_t>(k));
            const metric::NullDistribution null =
                metric::drawNull(pool, rules, tables, static_cast<std::size_t>(k), k,
                                 tables.normaliser(static_cast<std::size_t>(k)), i, draws, feedback)
                    .value();
            const auto upper = [&](const metric::SortedDraws& sorted, double observed) {
                const auto at = sorted.place(observed);
                return (static_cast<double>(at.above) + random.uniform() * static_cast<double>(at.equal + 1)) /
                       (draws + 1);
            };
            const double observedMin = m.minSkew.value.value_or(-std::numeric_limits<double>::infinity());
            const double one = upper(null.topCount[0], static_cast<double>(m.groups[0].topCount));
            const std::array<double, kStatistics> p{upper(null.maxSkew, *m.maxSkew.value),
                                                    1 - upper(null.minSkew, observedMin),
                                                    upper(null.ndkl, *m.ndkl.value), 2 * std::min(one, 1 - one)};
            const std::array<double, kStatistics> stated{*m.maxSkew.pValue, *m.minSkew.pValue, *m.ndkl.pValue,
                                                         *m.groups[0].pValue};
            for (std::size_t s = 0; s < kStatistics; ++s) {
                given[s][i] = stated[s];
                randomised[s][i] = p[s];
            }
        });

        for (std::size_t s = 0; s < kStatistics; ++s) {
            std::string row;
            for (const double level : {0.01, 0.05, 0.10}) {
                const auto below = static_cast<double>(
                    std::count_if(given[s].begin(), given[s].end(), [&](double p) { return p <= level; }));
                const double expected = level * kTimes;
                QVERIFY2(below <= expected + 2.6 * std::sqrt(expected * (1 - level)),
                         qPrintable(QStringLiteral("%1: %2 of 1,000 at or below %3")
                                        .arg(QLatin1String(names[s]))
                                        .arg(below)
                                        .arg(level)));
                row += " " + std::to_string(static_cast<int>(below));
            }
            const double distance = kolmogorovSmirnov(randomised[s]);
            if (full())
                std::printf("| %s | %s |%s | %.2f |\n", QTest::currentDataTag(), names[s], row.c_str(), distance);
            QVERIFY2(
                distance < 1.628,
                qPrintable(
                    QStringLiteral("%1: KS %2 is beyond its 1 % point").arg(QLatin1String(names[s])).arg(distance)));
        }
    }

    void intervals_data() {
        QTest::addColumn<QList<double>>("share"); // of the group that leans, then of the others
        QTest::addColumn<double>("skew");
        QTest::addColumn<int>("n");
        QTest::addColumn<double>("top");
        const QList<double> two{0.3, 0.7}, even{0.5, 0.5}, rare{0.02, 0.98};
        const QList<double> seven{0.14, 0.19, 0.14, 0.13, 0.14, 0.11, 0.15};
        const auto add = [](const char* name, const QList<double>& share, double skew, int n, double top) {
            QTest::addRow("%s | %+.1f | %d | %g %%", name, skew, n, 100 * top) << share << skew << n << top;
        };
        if (!full()) {
            add("2 groups", two, 0.0, 2000, 0.05);
            add("2 groups", two, 0.7, 2000, 0.05);
            add("even", even, -0.7, 2000, 0.1);
            add("7 groups", seven, 0.7, 2000, 0.1);
            add("7 groups", seven, -0.7, 2000, 0.05);
            add("rare", rare, 0.7, 2000, 0.1);
            return;
        }
        for (const auto& [name, share] :
             {std::pair{"even", even}, {"2 groups", two}, {"7 groups", seven}, {"rare", rare}})
            for (const double skew : {0.0, 0.7, -0.7})
                for (const auto& [n, top] : {std::pair{200, 0.01},
                                             {200, 0.05},
                                             {200, 0.1},
                                             {2000, 0.01},
                                             {2000, 0.05},
                                             {2000, 0.1},
                                             {20'000, 0.01},
                                             {20'000, 0.1}})
                    if (share[0] * std::exp(skew) < 0.95 && (top * n < 2000 || skew > 0)) // more than all cannot be had
                        add(name, share, skew, n, top);
    }

    // 1,000 pools from a population with a known skew at fixed k/n.
    void intervals() {
        QFETCH(QList<double>, share);
        QFETCH(double, skew);
        QFETCH(int, n);
        QFETCH(double, top);
        Population population{{share.begin(), share.end()},
                              std::vector<double>(static_cast<std::size_t>(share.size()))};
        population.setSkew(skew, top);
        double largest = 0;
        for (std::size_t g = 0; g < population.share.size(); ++g)
            largest = std::max(largest, population.skew(g, top));
        const std::int64_t k = std::llround(top * n);
        const double normalWidth = 2 * 1.959964 * population.deltaSd(top, n);

        struct Outcome {
            bool groupCovered = false, maxCovered = false, absent = false;
            double width = 0, maxWidth = 0, ndkl = 0, ndklLow = 0, ndklHigh = 0;
        };
        std::vector<Outcome> outcomes(kTimes);
        tbb::parallel_for(std::size_t{0}, kTimes, [&](std::size_t i) {
            RandomStream random(21, streamId("calibration/interval"), i);
            const Attribute attribute = population.attribute(static_cast<std::size_t>(n), random);
            std::vector<double> scores;
            for (const std::int32_t code : attribute.codes)
                scores.push_back(random.normal() + population.mean[static_cast<std::size_t>(code)]);
            MeasureOptions options;
            options.k = {k, 0.0};
            options.seed = i;
            options.nullDraws = 0;
            options.bootstrapDraws = 200;
            Feedback feedback;
            const Measurement m =
                Meter::create(attribute, options).value().measure(std::span(scores), feedback).value();
            constexpr double kInf = std::numeric_limits<double>::infinity();
            Outcome& o = outcomes[i];
            if (m.groups.front().name != "a" || !m.maxSkew.value) { // no image of it was drawn: nothing is said of it
                o = {true, true, true, kInf, kInf, 0, 0, 0};
                return;
            }
            const GroupMeasure& group = m.groups.front();
            const double low = group.ciLow.value_or(-kInf), high = group.ciHigh.value_or(kInf);
            o = {low <= skew && skew <= high,
                 *m.maxSkew.ciLow <= largest + 1e-9 && largest - 1e-9 <= m.maxSkew.ciHigh.value_or(kInf),
                 !group.skew,
                 high - low,
                 m.maxSkew.ciHigh.value_or(kInf) - *m.maxSkew.ciLow,
                 *m.ndkl.value,
                 *m.ndkl.ciLow,
                 *m.ndkl.ciHigh};
        });

        double meanNdkl = 0, groupCovered = 0, maxCovered = 0, ndklCovered = 0, absent = 0;
        std::vector<double> widths, maxWidths;
        for (const Outcome& o : outcomes) {
            meanNdkl += o.ndkl / kTimes;
            groupCovered += 100.0 * o.groupCovered / kTimes;
            maxCovered += 100.0 * o.maxCovered / kTimes;
            absent += 100.0 * o.absent / kTimes;
            widths.push_back(o.width / normalWidth);
            maxWidths.push_back(o.maxWidth);
        }
        for (const Outcome& o : outcomes)
            ndklCovered += 100.0 * (o.ndklLow <= meanNdkl && meanNdkl <= o.ndklHigh) / kTimes;
        const auto median = [](std::vector<double>& values) {
            std::nth_element(values.begin(), values.begin() + kTimes / 2, values.end());
            return values[kTimes / 2];
        };
        const double width = median(widths), maxWidth = median(maxWidths);
        const double expected = population.share[0] * std::exp(skew) * static_cast<double>(k);
        if (full())
            std::printf("| %s | %.1f | %.1f | %.1f | %.2f | %.1f (%.2f) | %.1f |\n", QTest::currentDataTag(), expected,
                        absent, groupCovered, width, maxCovered, maxWidth, ndklCovered);
        // With few rows expected nothing can be near 95 %: counts are whole numbers. Then it must not be less.
        QVERIFY2(groupCovered >= 93, qPrintable(QString::number(groupCovered)));
        if (expected >= 10)
            QVERIFY2(width <= 1.3, qPrintable(QString::number(width)));
        QVERIFY2(maxCovered >= 93, qPrintable(QString::number(maxCovered)));
        if (expected >= 20) {
            QVERIFY2(groupCovered <= 97, qPrintable(QString::number(groupCovered)));
            // A rare group that happens to miss the first ranks is not brought there by resampling.
            QVERIFY2(ndklCovered >= (share[0] > 0.1 ? 88 : 80), qPrintable(QString::number(ndklCovered)));
        }
    }
};

QTEST_APPLESS_MAIN(TestCalibration)
#include "tst_calibration.moc"
