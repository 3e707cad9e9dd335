// SPDX-License-Identifier: GPL-3.0-or-later
// Scores by group: against SciPy's numbers, against ksTest() on every group, and the shuffled labels against shuffles.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/classification/binary.h"
#include "core/metric/exact_test.h"
#include "core/metric/score_spread.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

const KSpec kTop{3, 0.0};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool near(double a, double b, double tolerance = 1e-12) {
    return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

Attribute attributeOf(std::vector<std::string> groups, std::vector<std::int32_t> codes) {
    return {"gender", std::move(groups), std::move(codes)};
}

std::int64_t sum(const std::vector<std::int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

} // namespace

class TestScoreSpread : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// 24 scores in 64ths, some equal. SciPy 1.17.1: r = ks_2samp(x[g == i], x[g != i], method="asymp"), its statistic,
    /// pvalue and statistic_location * 64; numpy.median; false_discovery_control of the three p.
    void agreesWithSciPy() {
        const std::vector<int> scores{20, 13, 30, 22, 17, 25, 9,  28, 20, 11, 26, 31,
                                      14, 19, 8,  24, 27, 16, 20, 12, 29, 10, 23, 18};
        std::vector<float> values;
        for (const int score : scores)
            values.push_back(static_cast<float>(score) / 64);
        const auto labels =
            attributeOf({"a", "b", "c"}, {0, 1, 0, 0, 1, 0, 1, 0, 2, 1, 0, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 2, 2, 2});
        const auto spread = scoreSpread(labels, values, kTop);
        QVERIFY(spread);
        QCOMPARE(spread->n, 24);
        QVERIFY(near(spread->median, 20.0 / 64));
        QCOMPARE(spread->kScore, 29.0 / 64); // after 31 and 30
        QCOMPARE(scoreSpread(labels, values, {0, 1.0})->kScore, 8.0 / 64);
        struct Expected {
            std::int64_t n;
            double distance, p, corrected, place, atOrBelow, others, median;
        };
        const std::vector<Expected> expected{
            {9, 0.7777777777777778, 0.00024579398277513396, 0.00036869097416270094, 24, 2.0 / 9, 1, 27},
            {8, 0.9375, 1.9073486328125e-06, 5.7220458984375e-06, 17, 1, 0.0625, 12.5},
            {7, 0.4117647058823529, 0.2788223940861648, 0.2788223940861648, 24, 1, 0.5882352941176471, 20}};
        QCOMPARE(spread->groups.size(), expected.size());
        for (std::size_t g = 0; g < expected.size(); ++g) {
            const ScoreSpread::Group& group = spread->groups[g];
            QCOMPARE(group.n, expected[g].n);
            QVERIFY(near(*group.distance.value, expected[g].distance));
            QVERIFY(near(*group.distance.pValue / expected[g].p, 1, 1e-9));
            QVERIFY(near(*group.distance.falseDiscovery / expected[g].corrected, 1, 1e-9));
            QVERIFY(near(group.place, expected[g].place / 64));
            QVERIFY(near(group.atOrBelow, expected[g].atOrBelow));
            QVERIFY(near(group.others, expected[g].others));
            QVERIFY(near(group.median, expected[g].median / 64));
        }
    }

    /// The walk over all groups at once finds what the test of two samples finds, ties or not.
    void agreesWithTheTestOfTwoSamples() {
        for (const std::uint64_t distinct : {3, 40, 1'000'000})
            for (const std::size_t groups : {2, 5}) {
                RandomStream random(3, streamId("spread"), distinct + groups);
                std::vector<float> scores;
                Attribute labels{"g", {}, {}};
                for (std::size_t g = 0; g < groups; ++g)
                    labels.groups.push_back(std::string(1, static_cast<char>('a' + g)));
                for (int i = 0; i < 600; ++i) {
                    const auto group = static_cast<std::int32_t>(random.below(groups * groups) % groups);
                    labels.codes.push_back(random.below(20) == 0 ? Attribute::kUnlabelled : group);
                    scores.push_back(static_cast<float>(random.below(distinct)) / static_cast<float>(distinct) +
                                     (group == 0 ? 0.05F : 0.0F));
                }
                scores[4] = kNan;
                const auto spread = scoreSpread(labels, scores, kTop);
                QVERIFY(spread);
                for (std::size_t g = 0; g < groups; ++g) {
                    std::vector<double> own, others;
                    for (std::size_t i = 0; i < scores.size(); ++i)
                        if (labels.codes[i] >= 0)
                            (labels.codes[i] == static_cast<std::int32_t>(g) ? own : others).push_back(scores[i]);
                    const auto test = ksTest(own, others);
                    const ScoreSpread::Group& group = spread->groups[g];
                    QVERIFY(near(*group.distance.value, test->statistic));
                    QVERIFY(near(*group.distance.pValue, *test->p));
                    const Interval interval = ksInterval(*test, 0.95);
                    QVERIFY(near(*group.distance.ciLow, *interval.low));
                    QVERIFY(near(*group.distance.ciHigh, *interval.high));
                    QVERIFY(near(std::abs(group.atOrBelow - group.others), test->statistic));
                    QCOMPARE(sum(group.counts), group.n);
                }
                QCOMPARE(sum(spread->counts), spread->n);
            }
    }

    void binsHoldTheirScores() {
        const std::vector<float> scores{0, 1, 2, 3, 4, 5, 6, 7, 8};
        const auto spread = scoreSpread(attributeOf({"a", "b"}, {0, 0, 0, 0, 1, 1, 1, 1, 1}), scores, kTop);
        QVERIFY(spread);
        QCOMPARE(spread->edges, (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
        QCOMPARE(spread->counts, (std::vector<std::int64_t>{1, 1, 1, 1, 1, 1, 1, 2}));
        QCOMPARE(spread->groups[0].counts, (std::vector<std::int64_t>{1, 1, 1, 1, 0, 0, 0, 0}));
        QVERIFY(near(spread->groups[0].median, 1.5));
        QCOMPARE(*spread->groups[0].distance.value, 1.0);
    }

    /// 4,000 shuffles: each bin's share of a group lies in the band in at least 95 % of them (a count is whole, so
    /// often in more), and never beyond either end in more than 2.5 %. How narrow it must be, centralCounts() says.
    void theBandIsWhereShuffledLabelsLie() {
        RandomStream random(9, streamId("band"), 0);
        std::vector<float> scores;
        std::vector<std::int32_t> codes;
        for (int i = 0; i < 200; ++i) {
            scores.push_back(static_cast<float>(random.normal()));
            codes.push_back(i < 60 ? 0 : 1);
        }
        const auto spread = scoreSpread(attributeOf({"a", "b"}, codes), scores, kTop);
        const std::size_t bins = spread->counts.size();
        std::vector<int> below(bins, 0), above(bins, 0);
        constexpr int kShuffles = 4000;
        for (int draw = 0; draw < kShuffles; ++draw) {
            for (std::size_t i = codes.size(); i > 1; --i)
                std::swap(codes[i - 1], codes[random.below(i)]);
            const auto shuffled = scoreSpread(attributeOf({"a", "b"}, codes), scores, kTop);
            for (std::size_t bin = 0; bin < bins; ++bin) {
                const double share = static_cast<double>(shuffled->groups[0].counts[bin]) / 60;
                below[bin] += share < spread->groups[0].nullLow[bin] - 1e-9;
                above[bin] += share > spread->groups[0].nullHigh[bin] + 1e-9;
            }
        }
        for (std::size_t bin = 0; bin < bins; ++bin) {
            QVERIFY(below[bin] <= 0.035 * kShuffles); // 2.5 %, and four standard errors
            QVERIFY(above[bin] <= 0.035 * kShuffles);
        }
    }

    /// SciPy 1.17.1: hypergeom.ppf([.025, .975], n, group, top).
    void centralCountsAgreeWithSciPy() {
        struct Case {
            std::int64_t n, group, top, low, high;
        };
        for (const Case& c : {Case{100, 40, 20, 4, 12}, Case{24, 8, 8, 1, 5}, Case{1000, 3, 100, 0, 2},
                              Case{10, 10, 4, 4, 4}, Case{1'000'000, 400'000, 100'000, 39'712, 40'288},
                              Case{50, 25, 1, 0, 1}, Case{10, 0, 4, 0, 0}, Case{10, 4, 10, 4, 4}}) {
            const CountRange range = centralCounts(c.n, c.group, c.top, 0.95);
            QCOMPARE(range.low, c.low);
            QCOMPARE(range.high, c.high);
        }
        // The definition, count by count.
        for (const std::int64_t group : {1, 7, 30, 59})
            for (const std::int64_t top : {1, 12, 45}) {
                const CountRange range = centralCounts(60, group, top, 0.95);
                QVERIFY(CountLaw(60, group, top).atMost(range.low) >= 0.025);
                QVERIFY(range.low == 0 || range.low + 60 == group + top ||
                        CountLaw(60, group, top).atMost(range.low - 1) < 0.025);
                QVERIFY(CountLaw(60, group, top).atMost(range.high) >= 0.975);
                QVERIFY(CountLaw(60, group, top).atMost(range.high - 1) < 0.975 || range.high + 60 == group + top);
            }
    }

    void extremesAndNonsense() {
        const std::vector<float> equal(6, 0.25F);
        const auto flat = scoreSpread(attributeOf({"a", "b", "empty"}, {0, 0, 1, 1, 0, -1}), equal, kTop);
        QVERIFY(flat);
        QCOMPARE(flat->groups.size(), std::size_t{2}); // a group without an image is none
        QCOMPARE(flat->counts, std::vector<std::int64_t>{5});
        QVERIFY(flat->edges[0] < 0.25 && flat->edges[1] > 0.25);
        QCOMPARE(*flat->groups[0].distance.value, 0.0);
        QCOMPARE(*flat->groups[0].distance.pValue, 1.0);
        QCOMPARE(flat->groups[0].place, 0.25);

        const auto one = scoreSpread(attributeOf({"a"}, {0, 0, 0, 0, 0, 0}), equal, kTop);
        QVERIFY(one && !one->groups[0].distance.value);

        constexpr float kInf = std::numeric_limits<float>::infinity();
        const std::vector<float> odd{0.1F, kNan, kInf, -kInf, 0.2F, kNan};
        const auto left = scoreSpread(attributeOf({"a", "b"}, {0, 0, 0, 1, 1, -1}), odd, kTop);
        QVERIFY(left);
        QCOMPARE(left->n, 2);
        QCOMPARE(left->notFinite, 3);
        const auto none = scoreSpread(attributeOf({"a"}, {0, -1}), std::vector<float>{kNan, 0.5F}, kTop);
        QVERIFY(!none && none.error().code == ErrorCode::AttributeEmpty);
        const auto wrong = scoreSpread(attributeOf({"a"}, {0, 0}), std::vector<float>{0.5F}, kTop);
        QVERIFY(!wrong && wrong.error().code == ErrorCode::ScoresInvalid);
    }
};

QTEST_APPLESS_MAIN(TestScoreSpread)
#include "tst_score_spread.moc"
