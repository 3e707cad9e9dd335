// SPDX-License-Identifier: GPL-3.0-or-later
// Properties, edge cases and the curve: on data made here.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include <QTest>
#include <nlohmann/json.hpp>
#include <tbb/global_control.h>

#include "core/base/random.h"
#include "core/data/json.h"
#include "core/metric/measure.h"
#include "core/metric/score_summary.h"

using namespace plumbline;
using metric::Meter;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Data {
    Attribute attribute;
    std::vector<double> scores;
};

/// n rows of groups "a", "b", ... with shares falling by half a step, the first one leaning by `lean` standard
/// deviations.
Data makeData(std::size_t n, int groups, double lean, std::uint64_t seed) {
    RandomStream random(seed, streamId("meter test"), 0);
    Data data;
    std::vector<std::string> labels;
    for (std::size_t row = 0; row < n; ++row) {
        const auto g = static_cast<int>(std::min(random.below(static_cast<std::uint64_t>(groups)),
                                                 random.below(static_cast<std::uint64_t>(groups) + 1)));
        labels.emplace_back(1, static_cast<char>('a' + g));
        data.scores.push_back(0.2 + 0.02 * (random.normal() + (g == 0 ? lean : 0.0)));
    }
    data.attribute = makeAttribute("letter", labels);
    return data;
}

MeasureOptions optionsWith(std::int64_t k, int draws = 200) {
    MeasureOptions options;
    options.k = {k, 0.0};
    options.nullDraws = draws;
    options.bootstrapDraws = draws;
    return options;
}

Measurement measured(const Data& data, const MeasureOptions& options) {
    Feedback feedback;
    return Meter::create(data.attribute, options).value().measure(std::span(data.scores), feedback).value();
}

/// What is known of a measurement without draws and further numbers.
Measurement valuesOnly(Measurement measurement) {
    const auto strip = [](MetricValue& value) {
        MetricValue left;
        left.value = value.value;
        left.neutral = value.neutral;
        left.atMost = value.atMost;
        value = left;
    };
    for (MetricValue* value : {&measurement.maxSkew, &measurement.minSkew, &measurement.ndkl})
        strip(*value);
    for (GroupMeasure& group : measurement.groups)
        group.ciLow = group.ciHigh = group.nullLow = group.nullHigh = std::nullopt;
    measurement.more.clear();
    return measurement;
}

bool near(const std::optional<double>& a, const std::optional<double>& b, double tolerance = 1e-12) {
    return a.has_value() == b.has_value() && (!a || std::abs(*a - *b) <= tolerance);
}

bool says(const Measurement& m, std::string_view words) {
    return std::any_of(m.warnings.begin(), m.warnings.end(),
                       [&](const std::string& warning) { return warning.find(words) != std::string::npos; });
}

/// Every number of a measurement, bit for bit.
std::vector<std::optional<double>> numbers(const Measurement& m) {
    std::vector<std::optional<double>> all;
    for (const MetricValue* v : {&m.maxSkew, &m.minSkew, &m.ndkl})
        all.insert(all.end(),
                   {v->value, v->ciLow, v->ciHigh, v->nullMean, v->nullP95, v->pValue, v->neutral, v->atMost});
    for (const GroupMeasure& g : m.groups)
        all.insert(all.end(), {g.skew, g.ciLow, g.ciHigh, g.nullLow, g.nullHigh, g.pValue, g.meanScore, g.gap, g.gapLow,
                               g.gapHigh, g.gapInSd, g.cliffsDelta});
    return all;
}

ErrorCode errorOf(const Attribute& attribute, const MeasureOptions& options) {
    const Result<Meter> meter = Meter::create(attribute, options);
    return meter ? ErrorCode::Internal : meter.error().code;
}

} // namespace

class TestMeter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // --- properties ---------------------------------------------------------------------------------------------

    void namesOfGroupsDoNotMatter() {
        const Data data = makeData(2000, 4, 0.5, 1);
        Data renamed = data;
        const std::vector<std::string> names{"z", "y", "x", "w"}; // reverses the byte order
        std::vector<std::string> labels;
        for (const std::int32_t code : data.attribute.codes)
            labels.push_back(names[static_cast<std::size_t>(code)]);
        renamed.attribute = makeAttribute("letter", labels);
        for (const Definition definition : {Definition::Geyik, Definition::Berg}) {
            MeasureOptions options = optionsWith(100, 0);
            options.definition = definition;
            const Measurement a = measured(data, options), b = measured(renamed, options);
            QVERIFY(near(a.maxSkew.value, b.maxSkew.value) && near(a.minSkew.value, b.minSkew.value));
            QVERIFY(near(a.ndkl.value, b.ndkl.value));
            for (std::size_t g = 0; g < 4; ++g)
                QVERIFY(near(a.groups[g].skew, b.groups[3 - g].skew));
        }
    }

    void orderOfRowsDoesNotMatter() {
        const Data data = makeData(1500, 3, 0.4, 2);
        Data turned = data;
        std::reverse(turned.scores.begin(), turned.scores.end());
        std::reverse(turned.attribute.codes.begin(), turned.attribute.codes.end());
        const Measurement a = measured(data, optionsWith(150)), b = measured(turned, optionsWith(150));
        const auto x = numbers(a), y = numbers(b);
        for (std::size_t i = 0; i < x.size(); ++i)
            QVERIFY(near(x[i], y[i]));
    }

    void onlyTheOrderOfScoresMatters() {
        const Data data = makeData(1500, 3, 0.4, 3);
        Data bent = data;
        for (double& score : bent.scores)
            score = std::exp(20.0 * score);
        const Measurement a = measured(data, optionsWith(150)), b = measured(bent, optionsWith(150));
        QVERIFY(near(a.maxSkew.ciLow, b.maxSkew.ciLow, 0) && near(a.ndkl.value, b.ndkl.value, 0));
        QVERIFY(near(a.ndkl.pValue, b.ndkl.pValue, 0) && near(a.groups[1].ciHigh, b.groups[1].ciHigh, 0));
    }

    void floatsAndDoublesAgree() {
        const Data data = makeData(1500, 3, 0.4, 4);
        std::vector<float> scores(data.scores.begin(), data.scores.end());
        Data widened = data;
        widened.scores.assign(scores.begin(), scores.end());
        Feedback feedback;
        const Measurement a = Meter::create(data.attribute, optionsWith(80))
                                  .value()
                                  .measure(std::span<const float>(scores), feedback)
                                  .value();
        QVERIFY(numbers(a) == numbers(measured(widened, optionsWith(80))));
    }

    void boundsHold() {
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            const int groups = 2 + static_cast<int>(seed % 6);
            const Data data = makeData(400, groups, 0.3 * static_cast<double>(seed % 4), 100 + seed);
            for (const Target::Kind kind : {Target::Kind::Pool, Target::Kind::Uniform}) {
                MeasureOptions options = optionsWith(5 + static_cast<std::int64_t>(seed) * 3, 50);
                options.target.kind = kind;
                const Measurement m = measured(data, options);
                double leastShare = 1, shares = 0;
                for (const GroupMeasure& g : m.groups) {
                    leastShare = std::min(leastShare, g.targetShare);
                    shares += g.topShare;
                    QVERIFY(g.skew || g.topCount == 0);
                    QVERIFY(!g.ciLow || *g.ciLow <= g.skew.value());
                    QVERIFY(!g.skew || *g.skew <= g.ciHigh.value() + 1e-12);
                    QVERIFY(*g.pValue > 0 && *g.pValue <= 1);
                }
                QVERIFY(std::abs(shares - 1) < 1e-12);
                QVERIFY(*m.maxSkew.value >= -1e-12 && *m.maxSkew.value <= -std::log(leastShare) + 1e-12);
                QVERIFY(!m.minSkew.value || *m.minSkew.value <= 1e-12);
                QVERIFY(*m.ndkl.value >= 0 && *m.ndkl.value <= -std::log(leastShare) + 1e-12);
                for (const MetricValue* v : {&m.maxSkew, &m.ndkl}) {
                    QVERIFY(*v->ciLow <= *v->value + 1e-12 && *v->value <= *v->ciHigh + 1e-12);
                    QVERIFY(*v->nullMean <= *v->nullP95 + 1e-12 || options.k.count > 390);
                    QVERIFY(*v->pValue > 0 && *v->pValue <= 1);
                }
            }
        }
    }

    void threadsChangeNothing() {
        const Data data = makeData(3000, 5, 0.3, 5);
        for (const Definition definition : {Definition::Geyik, Definition::Berg}) {
            MeasureOptions options = optionsWith(200, 100);
            options.definition = definition;
            std::vector<std::vector<std::optional<double>>> results;
            std::vector<RankCurve> curves;
            const std::vector<float> scores(data.scores.begin(), data.scores.end());
            for (const std::size_t threads : {1, 2, 8}) {
                const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
                results.push_back(numbers(measured(data, options)));
                Feedback feedback;
                curves.push_back(Meter::create(data.attribute, options).value().curve(scores, 50, feedback).value());
            }
            QVERIFY(results[0] == results[1] && results[0] == results[2]);
            QVERIFY(curves[0].ndklNullHigh == curves[1].ndklNullHigh &&
                    curves[0].ndklNullHigh == curves[2].ndklNullHigh);
        }
    }

    void oneMeterServesManyThreads() {
        const Data data = makeData(2000, 3, 0.3, 6);
        const Meter meter = Meter::create(data.attribute, optionsWith(100)).value();
        const auto alone = numbers(measured(data, optionsWith(100)));
        std::vector<std::vector<std::optional<double>>> results(6);
        {
            std::vector<std::jthread> threads;
            for (auto& result : results)
                threads.emplace_back([&] {
                    Feedback feedback;
                    result = numbers(meter.measure(std::span(data.scores), feedback).value());
                });
        }
        for (const auto& result : results)
            QVERIFY(result == alone);
    }

    void seedChangesTheDrawsOnly() {
        const Data data = makeData(2000, 3, 0.1, 7);
        MeasureOptions other = optionsWith(100);
        other.seed = 1;
        const Measurement a = measured(data, optionsWith(100)), b = measured(data, other);
        QVERIFY(near(a.ndkl.value, b.ndkl.value, 0));
        QVERIFY(*a.ndkl.nullMean != *b.ndkl.nullMean);
        QVERIFY(near(a.ndkl.nullMean, b.ndkl.nullMean, 0.01));
        QVERIFY(near(a.maxSkew.ciHigh, b.maxSkew.ciHigh, 0.1));
    }

    // --- what is given beside the values --------------------------------------------------------------------------

    void neutralLevel() {
        Data data = makeData(10'000, 3, 0, 8);
        MeasureOptions options = optionsWith(10'000, 0);
        options.target.kind = Target::Kind::Uniform;
        const Measurement m = measured(data, options); // the whole pool: exactly the neutral level
        double largest = 0;
        for (const GroupMeasure& g : m.groups)
            largest = std::max(largest, g.poolShare);
        QVERIFY(near(m.maxSkew.neutral, std::log(3 * largest)));
        QVERIFY(near(m.maxSkew.value, m.maxSkew.neutral));
        QVERIFY(near(m.minSkew.value, m.minSkew.neutral));
        QVERIFY(*m.ndkl.neutral > 0 && *m.ndkl.neutral < *m.ndkl.value);
        QVERIFY(says(m, "a ranking that ignores letter has a MaxSkew near"));
        options.target.kind = Target::Kind::Pool;
        const Measurement pool = measured(data, options);
        QCOMPARE(*pool.maxSkew.neutral, 0.0);
        QCOMPARE(*pool.minSkew.neutral, 0.0);
        QCOMPARE(*pool.ndkl.neutral, 0.0);
        QVERIFY(!says(pool, "a ranking that ignores"));
    }

    void nullOfABalancedPool() {
        // MaxSkew: summed over the hypergeometric distribution of the top count. NDKL: PEERS section 1 (5,000 faces).
        std::vector<std::string> labels(5000, "a");
        std::fill(labels.begin() + 2355, labels.end(), "b");
        Data data{makeAttribute("letter", labels), std::vector<double>(5000)};
        std::iota(data.scores.begin(), data.scores.end(), 0.0);
        const Measurement m = measured(data, optionsWith(100, 1000));
        QVERIFY(near(m.maxSkew.nullMean, 0.07459, 0.006));
        QVERIFY(near(m.maxSkew.nullP95, 0.17473, 0.02));
        QVERIFY(near(m.ndkl.nullMean, 0.067, 0.006));
        // All of the top 100 are of one group: no random ranking comes near, and the exact tails say how far.
        QVERIFY(*m.maxSkew.pValue > 0 && *m.maxSkew.pValue < 1e-15);
        QVERIFY(*m.minSkew.pValue > 0 && *m.minSkew.pValue < 1e-15);
        QCOMPARE(*m.ndkl.pValue, 1.0 / 1001);
        // A group's p is exact: twice C(2645, 100) / C(5000, 100).
        const auto logChoose = [](double n, double k) {
            return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
        };
        const double exact = 2 * std::exp(logChoose(2645, 100) - logChoose(5000, 100));
        QVERIFY(near(*m.groups[0].pValue / exact, 1.0, 1e-9));
    }

    void whatALeanRestsOn() {
        Data data{makeAttribute("letter", std::vector<std::string>{"a", "a", "b", "b", "b"}),
                  {0.30, 0.26, 0.25, 0.21, 0.23}};
        const Measurement m = measured(data, optionsWith(2, 0));
        QVERIFY(near(m.scoreMean, 0.25));
        QVERIFY(near(m.scoreSd, std::sqrt((0.0025 + 0.0001 + 0.0016 + 0.0004) / 4)));
        QVERIFY(near(m.groups[0].meanScore, 0.28) && near(m.groups[1].meanScore, 0.23));
        QVERIFY(near(m.groups[0].gap, 0.05) && near(m.groups[1].gap, -0.05));
        QVERIFY(near(m.groups[0].gapInSd, 0.05 / m.scoreSd));
        QVERIFY(!m.decidedByThousandths);
        // eta squared: 2 x .03^2 + 3 x .02^2 of .0046. Every a is above every b.
        QVERIFY(near(m.explained, 0.0030 / 0.0046));
        QVERIFY(near(m.groups[0].cliffsDelta, 1.0) && near(m.groups[1].cliffsDelta, -1.0));
        // Welch: variances .0008 and .0004 (ddof 1) of 2 and 3 images.
        const double error = std::sqrt(0.0008 / 2 + 0.0004 / 3);
        QVERIFY(near(m.groups[0].gapHigh, 0.05 + 1.959963984540054 * error));
        QVERIFY(near(m.groups[1].gapLow, -0.05 - 1.959963984540054 * error));
    }

    void cliffsDeltaCountsPairs() {
        // Ties, NaN and unlabelled rows, against all pairs counted one by one.
        RandomStream random(4, streamId("delta"), 0);
        std::vector<float> scores;
        std::vector<std::int32_t> groups;
        for (int row = 0; row < 300; ++row) {
            const double score = std::floor(random.uniform() * 20) / 20;
            scores.push_back(random.below(30) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                   : static_cast<float>(score));
            groups.push_back(static_cast<std::int32_t>(random.below(4)) - 1);
        }
        const auto rank = [&](std::size_t row) { return std::isnan(scores[row]) ? -1.0F : scores[row]; };
        const auto deltas = metric::cliffsDeltas(std::span<const float>(scores), groups, 3);
        for (std::int32_t g = 0; g < 3; ++g) {
            int dominance = 0, pairs = 0;
            for (std::size_t i = 0; i < scores.size(); ++i)
                for (std::size_t j = 0; j < scores.size(); ++j)
                    if (groups[i] == g && groups[j] >= 0 && groups[j] != g) {
                        dominance += (rank(i) > rank(j)) - (rank(i) < rank(j));
                        ++pairs;
                    }
            QVERIFY(near(deltas[static_cast<std::size_t>(g)], static_cast<double>(dominance) / pairs, 1e-15));
        }
        const std::vector<std::int32_t> alone(300, 0);
        QVERIFY(!metric::cliffsDeltas(std::span<const float>(scores), alone, 2)[0]);
    }

    void thousandthsAreSaid() {
        Data data = makeData(2000, 2, 0, 9);
        for (double& score : data.scores)
            score = 0.2 + (score - 0.2) * 0.1;
        QVERIFY(measured(data, optionsWith(100, 0)).decidedByThousandths);
        for (double& score : data.scores) // logits: a gap in cosine is not known
            score *= 100;
        QVERIFY(!measured(data, optionsWith(100, 0)).decidedByThousandths);
    }

    void smallGroupsAreSaid() {
        const Measurement m = measured(makeData(100, 5, 0, 10), optionsWith(10, 0));
        QVERIFY(says(m, "Fewer than 30 images in the pool"));
        QVERIFY(says(m, "Fewer than 5 images are expected in the top k"));
        const Measurement large = measured(makeData(3000, 2, 0, 10), optionsWith(300, 0));
        QVERIFY2(large.warnings.empty(), large.warnings.empty() ? "" : large.warnings.front().c_str());
    }

    // --- edge cases -------------------------------------------------------------------------------------------------

    void absentGroup() {
        const Data data{makeAttribute("letter", std::vector<std::string>{"a", "a", "a", "b", "c", "c"}),
                        {0.6, 0.5, 0.4, 0.3, 0.2, 0.1}};
        const Measurement m = measured(data, optionsWith(3, 500));
        QVERIFY(near(m.maxSkew.value, std::log(2.0)));
        QVERIFY(!m.groups[1].skew && !m.groups[1].ciLow && m.groups[1].ciHigh);
        QVERIFY(!m.minSkew.value && !m.minSkew.ciLow);
        QVERIFY(near(m.minSkew.atMost, 0.0)); // one of three against two of six
        QVERIFY(says(m, "Not among the top k: b and c"));
        // Three random rows of six lack a group more often than not: that is not unusual, and the null says so.
        QVERIFY(*m.minSkew.pValue > 0.5);
        QVERIFY(!m.minSkew.nullMean && !m.minSkew.nullP95);
        QVERIFY(!m.groups[1].nullLow && m.groups[1].nullHigh);
    }

    /// Another k from a ranking that was made once: the same as measuring anew, to the last bit.
    void anotherKFromOneRanking_data() {
        QTest::addColumn<QByteArray>("definition");
        QTest::addColumn<bool>("ties");
        for (const Definition definition : allDefinitions())
            for (const bool ties : {false, true})
                QTest::addRow("%s%s", definitionName(definition).data(), ties ? ", ties" : "")
                    << QByteArray(definitionName(definition).data()) << ties;
    }
    void anotherKFromOneRanking() {
        QFETCH(const QByteArray, definition);
        QFETCH(const bool, ties);
        constexpr std::int64_t kRows = 900;
        Data data = makeData(kRows, 4, 0.8, 21);
        std::vector<float> scores;
        for (const double score : data.scores)
            scores.push_back(static_cast<float>(ties ? std::round(score * 100) / 100 : score));
        data.attribute.codes[5] = data.attribute.codes[17] = Attribute::kUnlabelled;
        MeasureOptions options = optionsWith(100, 40);
        options.definition = *definitionFromName(definition.constData());
        Feedback feedback;
        const Meter first = Meter::create(data.attribute, options).value();
        const auto measureAll = [&](const Meter& meter) {
            return meter.measure(std::span<const float>(scores), feedback).value();
        };
        const Measurement scored = measureAll(first);
        const metric::RankedFront whole = first.front(scores, kRows).value();
        QCOMPARE(whole.ranks(), std::size_t(kRows - 2));
        for (const std::int64_t k : {1, 333, 898, 5000}) {
            options.k = {k, 0.0};
            const Meter meter = first.at(options.k).value();
            QCOMPARE(meter.k(), k);
            const Measurement expected = measureAll(Meter::create(data.attribute, options).value());
            QCOMPARE(toJson(meter.measure(whole, scored, feedback).value()).dump(), toJson(expected).dump());
            // A front that is only as long as it must be is enough.
            const metric::RankedFront front = meter.front(scores, meter.measureNeeds(feedback).value()).value();
            QCOMPARE(toJson(meter.measure(front, scored, feedback).value()).dump(), toJson(expected).dump());
            const Measurement values = meter.values(whole, scored).value();
            QCOMPARE(toJson(values).dump(), toJson(valuesOnly(expected)).dump());
            QCOMPARE(toJson(meter.values(meter.front(scores, 0).value(), scored).value()).dump(),
                     toJson(values).dump());
        }
    }

    void anotherKNeedsTheSameImages() {
        const Data data = makeData(300, 3, 0.5, 3);
        const std::vector<float> scores(data.scores.begin(), data.scores.end());
        Feedback feedback;
        const Meter meter = Meter::create(data.attribute, optionsWith(20, 0)).value();
        const Measurement scored = meter.measure(std::span<const float>(scores), feedback).value();
        const metric::RankedFront front = meter.front(scores, 0).value();
        QCOMPARE(front.ranks(), std::size_t(21));
        QVERIFY(meter.values(front, scored));
        // Too short for a larger k; of another pool; no k at all.
        QVERIFY(meter.at({50, 0.0}).value().values(front, scored).error().code == ErrorCode::InvalidArgument);
        Measurement other = scored;
        ++other.groups[0].poolCount;
        QVERIFY(meter.values(front, other).error().code == ErrorCode::InvalidArgument);
        QVERIFY(meter.at({0, 0.0}).error().code == ErrorCode::KInvalid);
        QVERIFY(meter.front(std::span(scores).first(10), 5).error().code == ErrorCode::ScoresInvalid);
    }

    /// Long lists that are explored with few draws are drawn in blocks: the same nulls and intervals as row by row, up
    /// to the draws.
    void longListsAreExploredInBlocks() {
        const Data data = makeData(60'000, 5, 0.3, 3);
        const std::vector<float> scores(data.scores.begin(), data.scores.end());
        Feedback feedback;
        const Meter meter = Meter::create(data.attribute, optionsWith(20'000, 2000)).value();
        const Measurement byRow = meter.measure(std::span<const float>(scores), feedback).value();
        const Meter few = meter.at({20'000, 0.0}, 1999).value();
        const Measurement inBlocks =
            few.measure(few.front(scores, few.measureNeeds(feedback).value()).value(), byRow, feedback).value();
        QCOMPARE(toJson(valuesOnly(inBlocks)).dump(), toJson(valuesOnly(byRow)).dump());

        const auto close = [](std::optional<double> a, std::optional<double> b, double within) {
            return a && b && std::abs(*a - *b) <= within;
        };
        // Means of 2,000 draws; the 95 % points of the null are some 5 % of themselves apart by chance.
        for (const auto member : {&Measurement::maxSkew, &Measurement::minSkew, &Measurement::ndkl}) {
            const MetricValue &a = byRow.*member, &b = inBlocks.*member;
            QVERIFY2(close(a.nullMean, b.nullMean, 0.04 * std::abs(*a.nullMean)),
                     qPrintable(QStringLiteral("%1 %2").arg(*a.nullMean).arg(*b.nullMean)));
            QVERIFY2(close(a.nullP95, b.nullP95, 0.1 * std::abs(*a.nullP95)),
                     qPrintable(QStringLiteral("%1 %2").arg(*a.nullP95).arg(*b.nullP95)));
            const double width = *a.ciHigh - *a.ciLow;
            QVERIFY(close(a.ciLow, b.ciLow, 0.1 * width) && close(a.ciHigh, b.ciHigh, 0.1 * width));
        }
        for (std::size_t g = 0; g < byRow.groups.size(); ++g) {
            const GroupMeasure &a = byRow.groups[g], &b = inBlocks.groups[g];
            const double width = *a.ciHigh - *a.ciLow;
            QVERIFY(close(a.ciLow, b.ciLow, 0.05 * width) && close(a.ciHigh, b.ciHigh, 0.05 * width));
        }
        for (const char* name : {"kl", "total_variation", "normalised_entropy", "count_ratio"}) {
            const MetricValue &a = byRow.further(name)->value, &b = inBlocks.further(name)->value;
            QVERIFY2(close(a.nullMean, b.nullMean, 0.05 * std::max(0.02, std::abs(*a.nullMean))), name);
        }
        for (const char* name : {"infeasible_index", "infeasible_count"}) {
            const MetricValue& value = inBlocks.further(name)->value;
            QVERIFY2(value.value && !value.ciLow && !value.nullMean && byRow.further(name)->value.ciLow, name);
        }
        // Not where the draws are not fewer, the list is short, or ties are kept.
        QVERIFY(meter.at({20'000, 0.0})
                    .value()
                    .measure(few.front(scores, 60'000).value(), byRow, feedback)
                    .value()
                    .further("infeasible_index")
                    ->value.ciLow);
        QVERIFY(meter.at({5'000, 0.0}, 100)
                    .value()
                    .measure(few.front(scores, 60'000).value(), byRow, feedback)
                    .value()
                    .further("infeasible_index")
                    ->value.ciLow);
    }

    void kOutOfRange() {
        const Data data = makeData(50, 2, 0, 11);
        for (const std::int64_t k : {0, -1})
            QVERIFY(errorOf(data.attribute, optionsWith(k)) == ErrorCode::KInvalid);
        for (const double fraction : {-0.1, 1.5, kNan}) {
            MeasureOptions options = optionsWith(0);
            options.k.fraction = fraction;
            QVERIFY(errorOf(data.attribute, options) == ErrorCode::KInvalid);
        }
        QVERIFY(errorOf(data.attribute, optionsWith(std::numeric_limits<std::int64_t>::max())) == ErrorCode::KInvalid);
    }

    void kBeyondThePool() {
        const Data data = makeData(50, 2, 1, 12);
        const Measurement m = measured(data, optionsWith(80));
        QCOMPARE(m.k, 80);
        QCOMPARE(m.kEffective, 50);
        QVERIFY(near(m.maxSkew.value, 0.0) && near(m.minSkew.value, 0.0));
        QVERIFY(near(m.groups[0].ciLow, 0.0) && near(m.groups[0].ciHigh, 0.0));
        QCOMPARE(*m.maxSkew.pValue, 1.0);
        QVERIFY(says(m, "k is 80 but only 50 images"));
        QVERIFY(says(measured(data, optionsWith(50, 0)), "k covers the whole pool"));
    }

    void nobodyLabelled() {
        QVERIFY(errorOf(Attribute{"letter", {}, {}}, optionsWith(5)) == ErrorCode::AttributeEmpty);
        QVERIFY(errorOf(makeAttribute("letter", std::vector<std::string>(3)), optionsWith(5)) ==
                ErrorCode::AttributeEmpty);
    }

    void unlabelledRowsTakeNoPart() {
        const Data data = makeData(500, 2, 0.5, 13);
        Data more = data;
        for (int i = 0; i < 100; ++i) {
            more.attribute.codes.push_back(Attribute::kUnlabelled);
            more.scores.push_back(1.0 + i);
        }
        const Measurement m = measured(more, optionsWith(50));
        QCOMPARE(m.n, 500);
        QCOMPARE(m.unlabelled, 100);
        QVERIFY(numbers(m) == numbers(measured(data, optionsWith(50))));
    }

    void groupsWithoutRowsAreDropped() {
        Data data = makeData(500, 2, 0.5, 14);
        const auto before = numbers(measured(data, optionsWith(50)));
        data.attribute.groups = {"a", "aa", "b"};
        for (std::int32_t& code : data.attribute.codes)
            code *= 2;
        const Measurement m = measured(data, optionsWith(50));
        QCOMPARE(m.groups.size(), std::size_t{2});
        QVERIFY(numbers(m) == before);
    }

    void oneGroupIsNotApplicable() {
        const Data data = makeData(40, 1, 0, 15);
        const Measurement m = measured(data, optionsWith(10));
        QCOMPARE(m.groups.size(), std::size_t{1});
        QCOMPARE(m.groups[0].topCount, 10);
        QVERIFY(!m.groups[0].skew && !m.maxSkew.value && !m.minSkew.value && !m.ndkl.value && !m.ndkl.pValue);
        QVERIFY(says(m, "with one group there is nothing to compare"));
        Feedback feedback;
        const std::vector<float> scores(data.scores.begin(), data.scores.end());
        const auto curve = Meter::create(data.attribute, optionsWith(10)).value().curve(scores, 10, feedback);
        QVERIFY(!curve && curve.error().error().code == ErrorCode::AttributeSingleGroup);
    }

    void scoresThatAreNotNumbers() {
        Data data{makeAttribute("letter", std::vector<std::string>{"a", "b", "a", "b", "a"}),
                  {kNan, 0.3, 0.2, kNan, kInf}};
        const Measurement m = measured(data, optionsWith(3));
        QCOMPARE(m.n, 5);
        QCOMPARE(m.notFinite, 2);
        QCOMPARE(m.groups[0].topCount, 2);
        QVERIFY(near(m.groups[0].meanScore, 0.2));
        QVERIFY(says(m, "2 images have no score (NaN)") && says(m, "1 score is infinite"));
        QCOMPARE(measured(data, optionsWith(5)).kEffective, 5); // they rank last

        data.scores.assign(5, kNan);
        Feedback feedback;
        const auto all =
            Meter::create(data.attribute, optionsWith(3)).value().measure(std::span(data.scores), feedback);
        QVERIFY(!all && all.error().error().code == ErrorCode::ScoresInvalid);
        data.scores.resize(4);
        const auto few =
            Meter::create(data.attribute, optionsWith(3)).value().measure(std::span(data.scores), feedback);
        QVERIFY(!few && few.error().error().code == ErrorCode::ScoresInvalid);
    }

    void allTied() {
        Data data = makeData(60, 2, 0, 16);
        std::fill(data.scores.begin(), data.scores.end(), 0.25);
        const Measurement m = measured(data, optionsWith(10));
        QCOMPARE(m.kEffective, 10);
        QVERIFY(says(m, "ties with images that are left out"));
        MeasureOptions berg = optionsWith(10);
        berg.definition = Definition::Berg;
        const Measurement kept = measured(data, berg);
        QCOMPARE(kept.kEffective, 60);
        QVERIFY(near(kept.maxSkew.value, std::log(6.0))); // 60 rows divided by k = 10
        QVERIFY(says(kept, "60 images were counted"));
        QVERIFY(*kept.maxSkew.ciLow <= *kept.maxSkew.value && *kept.minSkew.ciHigh >= *kept.minSkew.value);
    }

    void smallestPools() {
        for (const Definition definition : {Definition::Geyik, Definition::Berg, Definition::VlDebiasing}) {
            for (const std::int64_t k : {1, 2, 3}) {
                MeasureOptions options = optionsWith(k, 20);
                options.definition = definition;
                const Data data{makeAttribute("letter", std::vector<std::string>{"a", "b"}), {0.1, 0.2}};
                const Measurement m = measured(data, options);
                QCOMPARE(m.groups[1].topCount, 1);
                QVERIFY(m.maxSkew.value && m.ndkl.value && m.maxSkew.pValue);
            }
        }
    }

    void customTargets() {
        const Data data = makeData(1000, 2, 0, 17);
        const auto with = [](std::vector<std::pair<std::string, double>> shares) {
            MeasureOptions options = optionsWith(100, 0);
            options.target = {Target::Kind::Custom, std::move(shares)};
            return options;
        };
        const Measurement m = measured(data, with({{"a", 0.4}, {"b", 0.6}}));
        QVERIFY(near(m.groups[0].targetShare, 0.4));
        QVERIFY(near(m.groups[0].skew, std::log(m.groups[0].topShare / 0.4)));
        const Measurement scaled = measured(data, with({{"a", 40}, {"b", 60}}));
        QVERIFY(near(scaled.groups[0].targetShare, 0.4));
        QVERIFY(says(scaled, "add up to 100"));
        const Measurement extra = measured(data, with({{"a", 0.2}, {"b", 0.3}, {"c", 0.5}}));
        QVERIFY(near(extra.groups[1].targetShare, 0.6));
        QVERIFY(says(extra, "of which the pool has no image: c"));
        for (const auto& shares :
             std::vector<std::vector<std::pair<std::string, double>>>{{},
                                                                      {{"a", 1.0}},
                                                                      {{"a", 1.0}, {"b", 0.0}},
                                                                      {{"a", -1.0}, {"b", 2.0}},
                                                                      {{"a", kNan}, {"b", 1.0}},
                                                                      {{"a", kInf}, {"b", 1.0}},
                                                                      {{"a", 0.5}, {"a", 0.5}, {"b", 0.5}}})
            QVERIFY(errorOf(data.attribute, with(shares)) == ErrorCode::TargetInvalid);
    }

    void vlDebiasingIsUniform() {
        MeasureOptions options = optionsWith(100, 0);
        options.definition = Definition::VlDebiasing;
        const Measurement m = measured(makeData(1000, 3, 0, 18), options);
        QVERIFY(m.target == Target::Kind::Uniform);
        QVERIFY(near(m.groups[0].targetShare, 1.0 / 3));
        QVERIFY(says(m, "knows only the uniform target"));
    }

    void badCodesAndConfidence() {
        Data data = makeData(20, 2, 0, 19);
        MeasureOptions options = optionsWith(5);
        options.confidence = 1.0;
        QVERIFY(errorOf(data.attribute, options) == ErrorCode::InvalidArgument);
        data.attribute.codes[3] = 7;
        QVERIFY(errorOf(data.attribute, optionsWith(5)) == ErrorCode::InvalidArgument);
    }

    void cancelled() {
        const Data data = makeData(2000, 3, 0, 20);
        const Meter meter = Meter::create(data.attribute, optionsWith(100)).value();
        Feedback feedback;
        feedback.cancel();
        const auto stopped = meter.measure(std::span(data.scores), feedback);
        QVERIFY(!stopped && stopped.error().cancelled());
        Feedback again; // and nothing half-drawn is kept
        QVERIFY(numbers(meter.measure(std::span(data.scores), again).value()) ==
                numbers(measured(data, optionsWith(100))));
    }

    // --- curve ------------------------------------------------------------------------------------------------------

    void curveEndsAtTheMeasurement() {
        const Data data = makeData(3000, 3, 0.6, 21);
        const std::vector<float> scores(data.scores.begin(), data.scores.end());
        Feedback feedback;
        const Meter meter = Meter::create(data.attribute, optionsWith(700)).value();
        const Measurement m = meter.measure(std::span<const float>(scores), feedback).value();
        const RankCurve curve = meter.curve(scores, 100, feedback).value();
        QVERIFY(curve.rank.size() <= 100 && curve.rank.size() > 80);
        QCOMPARE(curve.rank.front(), 1);
        QCOMPARE(curve.rank.back(), 700);
        QVERIFY(std::adjacent_find(curve.rank.begin(), curve.rank.end(), std::greater_equal<>()) == curve.rank.end());
        QVERIFY(near(curve.ndkl.back(), m.ndkl.value));
        QVERIFY(curve.ndkl.size() == curve.rank.size() && curve.ndklNullLow.size() == curve.rank.size());
        for (std::size_t g = 0; g < 3; ++g) {
            QVERIFY(near(curve.groups[g].share.back(), m.groups[g].topShare));
            QVERIFY(near(curve.groups[g].target, m.groups[g].targetShare));
        }
        // The leaning group leaves its band, which closes around its share of the pool.
        QVERIFY(curve.groups[0].share.back() > curve.groups[0].nullHigh.back());
        QVERIFY(curve.ndkl.back() > curve.ndklNullHigh.back());
        QVERIFY(curve.groups[0].nullHigh.back() - curve.groups[0].nullLow.back() < 0.1);
        for (std::size_t i = 0; i < curve.rank.size(); ++i)
            QVERIFY(curve.ndklNullLow[i] <= curve.ndklNullHigh[i]);
    }

    void shortCurvesKeepEveryRank() {
        const Data data = makeData(100, 2, 0, 22);
        const std::vector<float> scores(data.scores.begin(), data.scores.end());
        Feedback feedback;
        const Meter meter = Meter::create(data.attribute, optionsWith(40)).value();
        QCOMPARE(meter.curve(scores, 40, feedback).value().rank.size(), std::size_t{40});
        for (const std::size_t points : {0, 1, 2, 3, 10, 39}) {
            const RankCurve curve = meter.curve(scores, points, feedback).value();
            QVERIFY(curve.rank.size() <= std::max<std::size_t>(points, 2));
            QCOMPARE(curve.rank.back(), 40);
        }
    }

    // --- concepts ---------------------------------------------------------------------------------------------------

    void conceptsAreMeansOfDefinedValues() {
        ProbeSet probe;
        probe.concepts = {{"kind", "trait"}, {"unused", ""}, {"doctor", "work"}};
        const std::vector<Prompt> prompts{{"a", 0, 0}, {"b", 2, 0}, {"c", 0, 1}, {"by hand", -1, -1}};
        std::vector<Measurement> measurements;
        for (int p = 0; p < 4; ++p) {
            for (const char* attribute : {"x", "y"}) {
                Measurement m;
                m.attribute = attribute;
                m.maxSkew.value = p;
                if (p == 2)
                    m.minSkew.value = -1.0;
                m.groups.resize(2);
                m.groups[0].name = "f";
                m.groups[1].name = "m";
                m.groups[0].skew = 10.0 * p;
                measurements.push_back(m);
            }
        }
        const std::vector<ConceptSummary> all = metric::summariseConcepts(probe, prompts, measurements, 2);
        QCOMPARE(all.size(), std::size_t{4});
        QVERIFY(all[0].concept_ == "kind" && all[0].group == "trait" && all[0].attribute == "x");
        QVERIFY(all[1].attribute == "y" && all[2].concept_ == "doctor");
        QCOMPARE(all[0].prompts, 2);
        QCOMPARE(*all[0].maxSkew, 1.0);
        QCOMPARE(*all[0].minSkew, -1.0); // of the one prompt that has one
        QVERIFY(!all[0].ndkl);
        QCOMPARE(*all[0].groupSkew[0].second, 10.0);
        QVERIFY(all[0].groupSkew[1].first == "m" && !all[0].groupSkew[1].second);
        QCOMPARE(*all[2].maxSkew, 1.0);
    }
};

QTEST_APPLESS_MAIN(TestMeter)
#include "tst_meter.moc"
