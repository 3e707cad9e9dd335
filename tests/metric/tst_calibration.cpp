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

#include "core/base/random.h"
#include "core/metric/measure.h"
#include "core/metric/null_distribution.h"
#include "tests/metric/population.h"

using namespace plumbline;
using metric::Meter;
using test::kolmogorovSmirnov;
using test::Population;

namespace {

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

constexpr std::size_t kTimes = 1000;

/// Pools for each interval: fewer in the tests, where only a miss by far is to be found. PLUMBLINE_FULL_CALIBRATION
/// may be a number of pools, to look at some settings more closely.
std::size_t pools() {
    const int asked = qEnvironmentVariableIntValue("PLUMBLINE_FULL_CALIBRATION");
    return asked > 1 ? static_cast<std::size_t>(asked) : full() ? 400 : 200;
}

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
                                 tables.normaliser(static_cast<std::size_t>(k)), i, draws, false,
                                 feedback)
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
                                             {20'000, 0.1},
                                             {100'000, 0.1}})
                    if (share[0] * std::exp(skew) < 0.95 && // more than all cannot be had
                        (top * n < 2000 || skew > 0 || (skew == 0 && n > 20'000)))
                        add(name, share, skew, n, top);
    }

    // Pools from a population whose skews and divergences are known at fixed k/n.
    void intervals() {
        QFETCH(QList<double>, share);
        QFETCH(double, skew);
        QFETCH(int, n);
        QFETCH(double, top);
        Population population{{share.begin(), share.end()},
                              std::vector<double>(static_cast<std::size_t>(share.size()))};
        population.setSkew(skew, top);
        const std::size_t groups = population.share.size();
        const std::vector<double> shares = population.shares(top);
        double largest = 0, distance = 0, entropy = 0;
        for (std::size_t g = 0; g < groups; ++g) {
            largest = std::max(largest, population.skew(g, top));
            distance += std::abs(shares[g] - population.share[g]) / 2;
            entropy -= shares[g] * std::log(shares[g]) / std::log(static_cast<double>(groups));
        }
        const std::int64_t k = std::llround(top * n);
        const double normalWidth = 2 * 1.959964 * population.deltaSd(top, n);
        constexpr std::size_t kFurther = 7;
        const std::array<double, kFurther> truths{population.ndkl(top, n),
                                                  population.ndkl(top, 2e6),
                                                  population.divergence(shares),
                                                  distance,
                                                  entropy,
                                                  *std::ranges::min_element(shares) / *std::ranges::max_element(shares),
                                                  shares[0] - shares[1]}; // of two groups
        const std::array<const char*, kFurther> names{"ndkl_corrected",  "ndkl_corrected",     "kl",
                                                      "total_variation", "normalised_entropy", "count_ratio",
                                                      "bias_at_k"};

        static constexpr double kInf = std::numeric_limits<double>::infinity();
        struct Outcome {
            bool groupCovered = true, maxCovered = true, absent = true;
            double width = kInf, maxWidth = kInf, ndkl = 0;
            std::array<bool, kFurther> covered{true, true, true, true, true, true, true};
            std::array<double, kFurther> widths{kInf, kInf, kInf, kInf, kInf, kInf, kInf};
        };
        std::vector<Outcome> outcomes(pools());
        tbb::parallel_for(std::size_t{0}, pools(), [&](std::size_t i) {
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
            Outcome& o = outcomes[i];
            if (m.groups.front().name != "a" || !m.maxSkew.value) // no image of it was drawn: nothing is said of it
                return;
            const GroupMeasure& group = m.groups.front();
            const double low = group.ciLow.value_or(-kInf), high = group.ciHigh.value_or(kInf);
            o.groupCovered = low <= skew && skew <= high;
            o.maxCovered = *m.maxSkew.ciLow <= largest + 1e-9 && largest - 1e-9 <= m.maxSkew.ciHigh.value_or(kInf);
            o.absent = !group.skew;
            o.width = high - low;
            o.maxWidth = m.maxSkew.ciHigh.value_or(kInf) - *m.maxSkew.ciLow;
            o.ndkl = *m.ndkl.value;
            for (std::size_t f = 0; f < kFurther; ++f) {
                const NamedValue* named = m.further(names[f]);
                if (!named || !named->value.ciLow)
                    continue; // Bias@K of more than two groups
                o.covered[f] = *named->value.ciLow <= truths[f] + 1e-9 && truths[f] - 1e-9 <= *named->value.ciHigh;
                o.widths[f] = *named->value.ciHigh - *named->value.ciLow;
            }
        });

        const auto percent = [&](auto&& holds) {
            return 100.0 * static_cast<double>(std::count_if(outcomes.begin(), outcomes.end(), holds)) /
                   static_cast<double>(pools());
        };
        const auto median = [&](auto&& of) {
            std::vector<double> values;
            for (const Outcome& o : outcomes)
                values.push_back(of(o));
            std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(pools() / 2), values.end());
            return values[pools() / 2];
        };
        const double groupCovered = percent([](const Outcome& o) { return o.groupCovered; });
        const double maxCovered = percent([](const Outcome& o) { return o.maxCovered; });
        const double absent = percent([](const Outcome& o) { return o.absent; });
        const double width = median([](const Outcome& o) { return o.width; }) / normalWidth;
        const double maxWidth = median([](const Outcome& o) { return o.maxWidth; });
        std::array<double, kFurther> covered{}, widths{};
        for (std::size_t f = 0; f < kFurther; ++f) {
            covered[f] = percent([&](const Outcome& o) { return o.covered[f]; });
            widths[f] = median([&](const Outcome& o) { return o.widths[f]; });
        }
        // What an interval of the same kind would have that knew the spread of the observed NDKL.
        double mean = 0, square = 0;
        for (const Outcome& o : outcomes)
            mean += o.ndkl / static_cast<double>(pools());
        for (const Outcome& o : outcomes)
            square += (o.ndkl - mean) * (o.ndkl - mean) / static_cast<double>(pools() - 1);
        const double spread = 2 * 1.959964 * std::sqrt(square);
        const double expected = population.share[0] * std::exp(skew) * static_cast<double>(k);
        if (full()) {
            std::printf("| %s | %.1f | %.1f | %.1f (%.2f) | %.1f (%.2f) | %.3f: %.1f (%.2f) | %.1f | %.1f (%.3f) | "
                        "%.1f | %.1f | %.1f | %.1f |\n",
                        QTest::currentDataTag(), expected, absent, groupCovered, width, maxCovered, maxWidth, truths[0],
                        covered[0], widths[0] / spread, covered[1], covered[2], widths[2], covered[3], covered[4],
                        covered[5], covered[6]);
            std::fflush(stdout);
        }
        // With few rows expected nothing can be near 95 %: counts are whole numbers. Then it must not be less. A pool
        // in 400 (200) is 0.25 (0.5) %.
        const double least = full() ? 92 : 90;
        QVERIFY2(groupCovered >= least, qPrintable(QString::number(groupCovered)));
        if (expected >= 10)
            QVERIFY2(width <= 1.3, qPrintable(QString::number(width)));
        QVERIFY2(maxCovered >= least, qPrintable(QString::number(maxCovered)));
        if (expected >= 20)
            QVERIFY2(groupCovered <= 98.5, qPrintable(QString::number(groupCovered)));
        for (const std::size_t f : {0, 2, 3, 4, 5, 6})
            QVERIFY2(covered[f] >= least,
                     qPrintable(QStringLiteral("%1: %2").arg(QLatin1String(names[f])).arg(covered[f])));
    }
};

QTEST_APPLESS_MAIN(TestCalibration)
#include "tst_calibration.moc"
