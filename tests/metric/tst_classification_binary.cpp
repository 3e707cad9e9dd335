// SPDX-License-Identifier: GPL-3.0-or-later
// Two samples of scores, and paired answers, against SciPy and scikit-learn (fixtures/metrics, METHODS F5).
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/classification/binary.h"
#include "core/metric/classification/paired_rates.h"
#include "core/metric/rank_tests.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::metric;
using nlohmann::json;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string difference(const std::string& what, const std::optional<double>& mine, const json& theirs,
                       double tolerance = 1e-9) {
    const bool defined = theirs.is_number();
    if (mine.has_value() == defined && (!mine || std::abs(*mine - theirs.get<double>()) <= tolerance))
        return {};
    return what + ": " + (mine ? formatDouble(*mine) : "absent") + " instead of " + theirs.dump() + "\n";
}

const std::vector<double> kGolden{.9, .8, .7, .6, .6, .4, .3, .1};
const std::vector<std::uint8_t> kGoldenTruth{1, 0, 1, 1, 0, 0, 1, 0};

void split(const std::vector<double>& scores, const std::vector<std::uint8_t>& truth, std::vector<double>& positives,
           std::vector<double>& negatives) {
    for (std::size_t i = 0; i < scores.size(); ++i)
        (truth[i] ? positives : negatives).push_back(scores[i]);
}

} // namespace

class TestClassificationBinary : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void methodsGolden() { // METHODS F5
        std::vector<double> positives, negatives;
        split(kGolden, kGoldenTruth, positives, negatives);
        QCOMPARE(auroc(positives, negatives)->value, 0.65625);
        const double precision = *averagePrecision(positives, negatives);
        QVERIFY(std::abs(precision - 0.7095238) < 5e-8);
        QVERIFY(std::abs(*normalisedAveragePrecision(precision, 0.5) - 0.5049230) < 5e-8);
        const std::vector<double> confidence{.95, .85, .75, .65, .55, .35};
        const std::vector<std::uint8_t> right{1, 1, 0, 1, 0, 1};
        for (const int bins : {10, 15})
            QVERIFY(std::abs(*calibrationError(*reliabilityBins(confidence, right, bins, false)) - 0.4166667) < 5e-8);
    }

    void referenceCases() {
        PLUMBLINE_NEEDS_SHARED();
        const auto folder = test::shared() / "fixtures/metrics";
        const json expected = json::parse(test::readText(folder / "expected.json"));
        int cases = 0;
        std::string bad;
        for (const auto& [name, entry] : expected.items()) {
            if (!entry.contains("binary"))
                continue;
            ++cases;
            const json& b = entry["binary"];
            std::vector<double> positives, negatives, kept;
            std::vector<std::uint8_t> outcome;
            std::int64_t dropped = 0;
            std::istringstream lines(test::readText(folder / "cases" / (name + ".csv")));
            std::string line;
            std::getline(lines, line);
            while (std::getline(lines, line)) {
                const std::size_t comma = line.find(',');
                const double score = parseDouble(std::string_view(line).substr(0, comma)).value();
                const bool positive = trim(std::string_view(line).substr(comma + 1)) == "1";
                dropped += std::isnan(score);
                (positive ? positives : negatives).push_back(score);
                kept.push_back(score);
                outcome.push_back(positive);
            }
            const auto at = [&](const char* key) { return name + " " + key; };
            QCOMPARE(dropped, b["nan_scores_dropped"].get<std::int64_t>());
            const auto area = auroc(positives, negatives);
            bad += difference(at("auroc"), area->value, b["auroc_label1_positive"]);
            bad += difference(at("delta"), mannWhitney(positives, negatives).cliffsDelta, b["cliffs_delta_1_vs_0"]);
            bad += difference(at("ap"), averagePrecision(positives, negatives), b["average_precision_label1_positive"]);
            const RankSum u = mannWhitney(positives, negatives, PMethod::Normal);
            bad += difference(at("u"), u.u, b["mannwhitney_u1"]);
            bad += difference(at("u p"), u.p, b["mannwhitney_p_asymptotic_cc"]);
            const auto ks = ksTest(positives, negatives);
            bad += difference(at("ks"), ks->statistic, b["ks_statistic"]);
            bad += difference(at("ks p"), ks->p, b["ks_p_asymp"]);
            bad += difference(at("d"), cohensD(positives, negatives), b["cohens_d_pooled_ddof1"]);
            if (b.contains("brier")) {
                bad += difference(at("ece"), calibrationError(*reliabilityBins(kept, outcome, 15, false)),
                                  b["ece_15_equal_width_right_closed"]);
                bad += difference(at("brier"), brier(kept, outcome), b["brier"]);
            } else { // not probabilities
                QVERIFY(!reliabilityBins(kept, outcome, 15, false) && !brier(kept, outcome));
            }
        }
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY2(cases >= 10, std::to_string(cases).c_str());
    }

    void kolmogorovAgainstScipy() {
        // scipy.stats.kstwo.sf(d, n), SciPy 1.17.1. Its own large-n series has some 1e-8.
        struct Row {
            std::int64_t n;
            double d, p;
        };
        const std::vector<Row> rows{
            {5, 0.13416407864998736, 0.9998212772701431},     {5, 0.4472135954999579, 0.19951883851095398},
            {5, 0.84970583144992, 0.00015337008087284936},    {20, 0.06708203932499368, 0.9999223692438118},
            {20, 0.13416407864998736, 0.8184093562059918},    {20, 0.22360679774997896, 0.23255659230168213},
            {20, 0.3130495168499705, 0.030655906315259163},   {20, 0.5590169943749475, 2.0438554462966623e-06},
            {75, 0.06928203230275508, 0.8397016940842177},    {75, 0.16165807537309518, 0.03520204786781029},
            {75, 0.28867513459481287, 4.992410930475555e-06}, {140, 0.08451542547285165, 0.25530484459737574},
            {140, 0.16057930839841814, 0.0012747445780697598}};
        for (const Row& row : rows)
            QVERIFY2(std::abs(kolmogorovUpperTail(row.n, row.d) - row.p) < 1e-11,
                     (std::to_string(row.n) + " " + formatDouble(row.d) + ": " +
                      formatDouble(kolmogorovUpperTail(row.n, row.d)) + " for " + formatDouble(row.p))
                         .c_str());
        const std::vector<Row> large{
            {500, 0.044721359549995794, 0.26212693581294755},   {2000, 0.03130495168499705, 0.03884586785229349},
            {5000, 0.01414213562373095, 0.2674850951575305},    {20000, 0.004242640687119285, 0.862725448514327},
            {20000, 0.009899494936611665, 0.03941920623730588}, {20000, 0.017677669529663688, 7.360605671048207e-06}};
        for (const Row& row : large)
            QVERIFY2(std::abs(kolmogorovUpperTail(row.n, row.d) - row.p) < 2e-7,
                     (std::to_string(row.n) + " " + formatDouble(row.d) + ": " +
                      formatDouble(kolmogorovUpperTail(row.n, row.d)) + " for " + formatDouble(row.p))
                         .c_str());
        QCOMPARE(kolmogorovUpperTail(10, 0), 1.0);
        QVERIFY(kolmogorovUpperTail(10, 1) > 0 && kolmogorovUpperTail(10, 1) < 1e-300);
    }

    void invariances() {
        std::vector<double> positives, negatives;
        RandomStream random(5, streamId("binary"), 0);
        for (int i = 0; i < 70; ++i) {
            positives.push_back(std::floor(20 * (random.uniform() + 0.2)));
            negatives.push_back(std::floor(20 * random.uniform()));
        }
        negatives.resize(50);
        const auto area = *auroc(positives, negatives), back = *auroc(negatives, positives);
        QVERIFY(std::abs(area.value + back.value - 1) < 1e-14);
        QVERIFY(std::abs(area.variance - back.variance) < 1e-16);
        // The order of rows and a monotone change of the scores move nothing that is about ranks.
        std::vector<double> p = positives, n = negatives;
        std::ranges::reverse(p);
        for (auto* list : {&p, &n})
            for (double& score : *list)
                score = std::exp(score / 3) - 5;
        QCOMPARE(auroc(p, n)->value, area.value);
        QCOMPARE(averagePrecision(p, n).value(), averagePrecision(positives, negatives).value());
        QCOMPARE(ksTest(p, n)->statistic, ksTest(positives, negatives)->statistic);
        QVERIFY(std::abs(*cohensD(positives, negatives) + *cohensD(negatives, positives)) < 1e-14);
        // A higher positive never lowers the area or the average precision.
        std::vector<double> raised = positives;
        raised[3] += 6;
        QVERIFY(auroc(raised, negatives)->value >= area.value);
        QVERIFY(*averagePrecision(raised, negatives) >= *averagePrecision(positives, negatives));
        QVERIFY(area.value >= 0 && area.value <= 1);
    }

    void degenerateSamples() {
        const std::vector<double> none, one{1}, nan{kNan}, same{2, 2, 2};
        QVERIFY(!auroc(none, one) && !auroc(one, nan) && !ksTest(one, none));
        QVERIFY(!averagePrecision(none, one) && averagePrecision(one, none) == 1.0);
        QVERIFY(!cohensD(one, one) && !cohensD(same, same));
        QVERIFY(!normalisedAveragePrecision(0.5, 1) && !normalisedAveragePrecision(0.5, 0));
        QVERIFY(!brier(nan, std::vector<std::uint8_t>{1}) && !brier(one, std::vector<std::uint8_t>{}));
        QVERIFY(!calibrationError(*reliabilityBins(none, {}, 15, false)));
        QVERIFY(!calibrationError(*reliabilityBins(none, {}, 15, true)));
        QCOMPARE(auroc(same, same)->value, 0.5);
        const double inf = std::numeric_limits<double>::infinity();
        QCOMPARE(auroc(std::vector{inf, 1.0}, std::vector{-inf, 1.0})->value, 0.875);
        QVERIFY(!cohensD(std::vector{inf, 1.0}, std::vector{-inf, 1.0}));
        // Where the data give no variance the interval still has a width.
        for (const auto& [a, b] : {std::pair{std::vector{3., 4., 5.}, std::vector{0., 1., 2.}}, {same, same}}) {
            const Interval interval = aurocInterval(*auroc(a, b), 0.95);
            QVERIFY(*interval.high - *interval.low > 0.3);
        }
    }

    void binsAreClosedOnTheRight() {
        const std::vector<double> confidence{0, 0.2, 0.2000001, 1};
        const std::vector<std::uint8_t> right{0, 1, 1, 1};
        const auto bins = *reliabilityBins(confidence, right, 5, false);
        QCOMPARE(bins.size(), std::size_t{5});
        QCOMPARE(bins[0].n, std::int64_t{2});
        QCOMPARE(bins[1].n, std::int64_t{1});
        QCOMPARE(bins[4].n, std::int64_t{1});
        // Equal mass: the edges are quantiles; equal confidences stay together.
        const auto mass = *reliabilityBins(std::vector{.1, .2, .3, .4, .5, .6}, std::vector<std::uint8_t>(6), 3, true);
        QCOMPARE(mass.size(), std::size_t{3});
        for (const ReliabilityBin& bin : mass)
            QCOMPARE(bin.n, std::int64_t{2});
        const auto tied = *reliabilityBins(std::vector{.5, .5, .5, .5}, std::vector<std::uint8_t>(4), 3, true);
        QCOMPARE(std::ranges::count_if(tied, [](const ReliabilityBin& bin) { return bin.n > 0; }), 1);
        QVERIFY(std::abs(*calibrationError(tied) - 0.5) < 1e-15);
    }

    void pairedAnswers() {
        // Newcombe 1998 (paired), table II: 20, 12, 2, 16 by method 10: 0.0562 to 0.3292. And the formulas in numpy.
        const PairedCounts a{20, 12, 2, 16}, b{5, 9, 30, 6};
        QVERIFY(std::abs(*pairedDifference(a) - 0.2) < 1e-15);
        QVERIFY(std::abs(*pairedInterval(a, 0.95).low - 0.05615642484174824) < 1e-12);
        QVERIFY(std::abs(*pairedInterval(a, 0.95).high - 0.32920699540014053) < 1e-12);
        QVERIFY(std::abs(*pairedInterval(b, 0.95).low + 0.6034533170207111) < 1e-12);
        QVERIFY(std::abs(*pairedInterval(b, 0.95).high + 0.18523527179909535) < 1e-12);
        QVERIFY(std::abs(mcNemarExact(a) - 0.012939453125) < 1e-14); // scipy binomtest(2, 14)
        QVERIFY(std::abs(mcNemarExact(b) - 0.0010650196345523) < 1e-12);
        QCOMPARE(mcNemarExact({7, 0, 0, 3}), 1.0);
        QCOMPARE(mcNemarExact({0, 4, 4, 0}), 1.0);
        QVERIFY(!pairedDifference({}) && !pairedInterval({}, 0.95).low);
        QVERIFY(*pairedInterval({10, 0, 0, 0}, 0.95).high > 0);
    }
};

QTEST_APPLESS_MAIN(TestClassificationBinary)
#include "tst_classification_binary.moc"
