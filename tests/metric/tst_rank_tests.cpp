// SPDX-License-Identifier: GPL-3.0-or-later
// Tests on ranks against scipy 1.17 (mannwhitneyu, wilcoxon, kendalltau, kruskal), against the cases of
// fixtures/metrics, and their p-values under the null.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/rank_tests.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using List = std::vector<double>;

void near(std::optional<double> a, double b, double tolerance, const std::string& what) {
    QVERIFY2(a && std::abs(*a - b) <= tolerance,
             (what + ": " + (a ? formatDouble(*a) : "absent") + " for " + formatDouble(b)).c_str());
}

/// What the numbers of the longer golden values were made of.
struct Series {
    List u, v;
    std::vector<std::int32_t> codes;
    Series() {
        for (int i = 0; i < 200; ++i) {
            u.push_back((i * 7919) % 101);
            v.push_back((i * 104729) % 97 + static_cast<int>(u.back()) / 3);
        }
    }
};

/// Shares of `p` at or below .01, .05 and .10 may exceed the level by four standard errors at most.
void neverTooSmall(const List& p, const char* what) {
    for (const double level : {0.01, 0.05, 0.10}) {
        const auto below = static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= level; }));
        const auto n = static_cast<double>(p.size());
        QVERIFY2(below <= n * level + 4 * std::sqrt(n * level * (1 - level)),
                 (std::string(what) + ": " + std::to_string(below) + " at " + std::to_string(level)).c_str());
    }
}

} // namespace

class TestRankTests : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ranksOfTies() {
        const List ranks = midranks(List{3, 1, kNan, 3, 2});
        QCOMPARE(ranks[0], 3.5);
        QCOMPARE(ranks[1], 1.0);
        QVERIFY(std::isnan(ranks[2]));
        QCOMPARE(ranks[3], 3.5);
        QCOMPARE(ranks[4], 2.0);
        QVERIFY(midranks({}).empty());
    }

    void mannWhitneyGolden() {
        const List x{1.1, 2.3, 0.4, 5.6, 3.3}, y{2.2, 4.1, 6.0, 7.5, 3.9, 8.1, 0.9};
        const RankSum exact = mannWhitney(x, y);
        QVERIFY(exact.exact);
        QCOMPARE(exact.u, 9.0);
        near(exact.p, 0.20202020202020204, 1e-14, "exact");
        near(mannWhitney(x, y, PMethod::Normal).p, 0.19387643074206262, 1e-14, "normal");
        near(exact.superiority, 9.0 / 35, 1e-15, "superiority");
        near(exact.cliffsDelta, 18.0 / 35 - 1, 1e-15, "delta");
        // With ties the exact counts do not hold.
        const RankSum tied = mannWhitney(List{1, 2, 2, 3, 3, 3, 4}, List{2, 3, 4, 4, 5, 5, 6, 6});
        QVERIFY(!tied.exact);
        QCOMPARE(tied.u, 8.5);
        near(tied.p, 0.025144761173357368, 1e-14, "ties");
        List low(3), high(200);
        std::iota(low.begin(), low.end(), 0.0);
        std::iota(high.begin(), high.end(), 10.0);
        near(mannWhitney(low, high).p, 1.4559209027291966e-06, 1e-18, "far apart");
        const Series series;
        near(mannWhitney(series.u, series.v).p, 1.2156931025997049e-05, 1e-15, "long");
        QCOMPARE(mannWhitney(series.u, series.v).u, 14942.0);
    }

    void mannWhitneyOfNothing() {
        QVERIFY(!mannWhitney({}, List{1, 2}).p);
        QVERIFY(!mannWhitney(List{kNan}, List{1, 2}).superiority);
        const RankSum same = mannWhitney(List(20, 0.1), List(30, 0.1));
        QCOMPARE(same.p.value(), 1.0);
        QVERIFY(!same.z);
        QCOMPARE(same.superiority.value(), 0.5);
        // Infinite scores rank.
        QCOMPARE(mannWhitney(List{std::numeric_limits<double>::infinity()}, List{1e300}).u, 1.0);
    }

    void mannWhitneyOfTheFixtures() {
        PLUMBLINE_NEEDS_SHARED();
        const auto folder = test::shared() / "fixtures" / "metrics";
        const auto expected = nlohmann::json::parse(test::readText(folder / "expected.json"));
        int seen = 0;
        for (const auto& [name, body] : expected.items()) {
            if (!body.contains("binary"))
                continue;
            List positive, negative;
            std::istringstream lines(test::readText(folder / "cases" / (name + ".csv")));
            std::string line;
            std::getline(lines, line);
            while (std::getline(lines, line)) {
                const std::size_t comma = line.find(',');
                const double score = parseDouble(std::string_view(line).substr(0, comma)).value();
                (trim(std::string_view(line).substr(comma + 1)) == "1" ? positive : negative).push_back(score);
            }
            const auto& binary = body["binary"];
            const RankSum test = mannWhitney(positive, negative, PMethod::Normal);
            near(test.u, binary["mannwhitney_u1"], 1e-9, name + " u");
            near(test.p, binary["mannwhitney_p_asymptotic_cc"], 1e-9, name + " p");
            near(test.superiority, binary["auroc_label1_positive"], 1e-9, name + " auroc");
            near(test.cliffsDelta, binary["cliffs_delta_1_vs_0"], 1e-9, name + " delta");
            ++seen;
        }
        QVERIFY(seen >= 10);
    }

    void mannWhitneyIsOfRanksAndAntisymmetric() {
        const Series series;
        const RankSum there = mannWhitney(series.u, series.v), back = mannWhitney(series.v, series.u);
        QCOMPARE(there.u + back.u, 200.0 * 200.0);
        QCOMPARE(there.p.value(), back.p.value());
        QCOMPARE(there.cliffsDelta.value(), -back.cliffsDelta.value());
        List grown = series.u, other = series.v;
        for (List* list : {&grown, &other})
            for (double& value : *list)
                value = std::exp(value / 50) - 7;
        QCOMPARE(mannWhitney(grown, other).u, there.u);
    }

    void wilcoxonGolden() {
        const List small{1.5, -0.3, 2.2, 0.7, -1.1, 3.0, 0.2, -0.5, 1.9};
        const SignedRank exact = wilcoxonSignedRank(small);
        QVERIFY(exact.exact);
        QCOMPARE(std::min(exact.wPlus, exact.wMinus), 10.0);
        near(exact.p, 0.1640625, 1e-15, "exact");
        near(wilcoxonSignedRank(small, PMethod::Normal).p, 0.1551315687271142, 1e-14, "normal");
        near(exact.rankBiserial, 25.0 / 45, 1e-15, "effect");
        List long80, tied80;
        for (int i = 0; i < 80; ++i) {
            long80.push_back(((i * 37) % 101 - 45) / 10.0);
            tied80.push_back((i * 37) % 23 - 9);
        }
        near(wilcoxonSignedRank(long80).p, 0.14460725630381063, 1e-14, "80");
        near(wilcoxonSignedRank(tied80).p, 0.027063972472957155, 1e-14, "80 with ties");
        QCOMPARE(std::min(wilcoxonSignedRank(tied80).wPlus, wilcoxonSignedRank(tied80).wMinus), 1066.0);
        QVERIFY(wilcoxonSignedRank(tied80).zeros > 0);
    }

    void wilcoxonWithTiesCountsAllSigns() {
        // Against every one of the 2^12 choices of signs.
        const List differences{1, 1, 1, 2, 2, -2, 3, 4, 4, -4, 5, 6};
        const SignedRank test = wilcoxonSignedRank(differences);
        List sizes(differences);
        for (double& size : sizes)
            size = std::abs(size);
        const List ranks = midranks(sizes);
        const double total = std::accumulate(ranks.begin(), ranks.end(), 0.0);
        int extreme = 0;
        for (unsigned signs = 0; signs < 4096; ++signs) {
            double plus = 0;
            for (std::size_t i = 0; i < ranks.size(); ++i)
                plus += (signs >> i & 1U) != 0 ? ranks[i] : 0;
            extreme += std::abs(plus - total / 2) >= std::abs(test.wPlus - total / 2);
        }
        near(test.p, extreme / 4096.0, 1e-14, "all signs");
    }

    void wilcoxonOfNothing() {
        QVERIFY(!wilcoxonSignedRank({}).p);
        QVERIFY(!wilcoxonSignedRank(List{kNan}).p);
        const SignedRank zeros = wilcoxonSignedRank(List{0, 0, 0});
        QCOMPARE(zeros.p.value(), 1.0);
        QVERIFY(!zeros.rankBiserial);
        QCOMPARE(wilcoxonSignedRank(List{2.5}).p.value(), 1.0);
        QVERIFY(wilcoxonSignedRank(List(5000, 1.0)).p.value() > 0); // far out, yet a p-value
    }

    void kendallGolden() {
        const List a{1, 2, 3, 4, 5, 6, 7}, b{2, 1, 4, 3, 7, 5, 6};
        near(kendallTau(a, b).tau, 0.6190476190476191, 1e-15, "tau");
        near(kendallTau(a, b).p, 0.06904761904761905, 1e-15, "exact");
        near(kendallTau(a, b, PMethod::Normal).p, 0.05088574121639127, 1e-14, "normal");
        const RankCorrelation tied = kendallTau(List{1, 2, 2, 3, 4, 4, 5, 6}, List{1, 3, 2, 3, 5, 4, 4, 7});
        near(tied.tau, 0.8461538461538463, 1e-14, "tau-b");
        near(tied.p, 0.005017926146218106, 1e-14, "p with ties");
        QCOMPARE(tied.concordant, 23);
        QCOMPARE(tied.discordant, 1);
        const Series series;
        near(kendallTau(series.u, series.v).tau, 0.19033250471500493, 1e-14, "long");
        near(kendallTau(series.u, series.v).p, 7.185482941077791e-05, 1e-15, "p long");
        QCOMPARE(kendallTau(a, a).tau.value(), 1.0);
        QVERIFY(!kendallTau(a, List(7, 1.0)).tau);
        QVERIFY(!kendallTau(List{1, kNan}, List{2, 3}).tau);
        QCOMPARE(kendallTau(List{1, 2}, List{2, 1}).p.value(), 1.0);
    }

    void kruskalGolden() {
        const std::vector<std::int32_t> codes{0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2};
        const GroupRanks plain = kruskalWallis(List{1, 3, 5, 7, 2, 4, 6, 8, 10, 9, 11, 12}, codes);
        near(plain.h, 6.025641025641022, 1e-12, "H");
        near(plain.p, 0.0491528468292321, 1e-13, "p");
        near(plain.epsilonSquared, 6.025641025641022 / 11, 1e-12, "effect");
        // A row without a group, a group without a number, and one that is not a number.
        const GroupRanks tied = kruskalWallis(List{1, 1, 2, 3, 2, 2, 3, 4, 4, 4, 5, 99, kNan},
                                              std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 3, -1, 2});
        near(tied.h, 6.472222222222223, 1e-12, "H with ties");
        near(tied.p, 0.0393164956664882, 1e-13, "p with ties");
        QCOMPARE(tied.groups, 3);
        QCOMPARE(tied.n, 11);
        QVERIFY(!tied.meanRank[2]);
        Series series;
        for (int i = 0; i < 400; ++i)
            series.codes.push_back(i < 200 ? 0 : 1);
        // scipy: kruskal(u, v, (31 i) % 89)
        List three = series.u;
        three.insert(three.end(), series.v.begin(), series.v.end());
        for (int i = 0; i < 200; ++i) {
            three.push_back((i * 31) % 89);
            series.codes.push_back(2);
        }
        near(kruskalWallis(three, series.codes).h, 44.49259035298923, 1e-10, "long");
        near(kruskalWallis(three, series.codes).p, 2.1805033691916193e-10, 1e-20, "p long");
        QVERIFY(!kruskalWallis(List{1, 2}, std::vector<std::int32_t>{0, 0}).p);
        QCOMPARE(kruskalWallis(List{1, 1}, std::vector<std::int32_t>{0, 1}).p.value(), 1.0);
        QVERIFY(!kruskalWallis({}, {}).p);
    }

    void pValuesUnderTheNullAreNeverTooSmall() {
        List rankSum, few, signedRank, tau, groups;
        for (int run = 0; run < 1000; ++run) {
            RandomStream random(11, streamId("rank-tests"), static_cast<std::uint64_t>(run));
            List x(60), y(40), third;
            std::vector<std::int32_t> codes;
            for (double& value : x)
                value = std::floor(10 * random.uniform()); // many ties
            for (double& value : y)
                value = std::floor(10 * random.uniform());
            rankSum.push_back(*mannWhitney(x, y).p);
            List differences(70), small(7), ten(10);
            for (double& value : differences)
                value = random.normal();
            signedRank.push_back(*wilcoxonSignedRank(differences).p);
            for (double& value : small)
                value = random.normal();
            for (double& value : ten)
                value = random.normal();
            few.push_back(*mannWhitney(small, ten).p);
            List other(70);
            for (double& value : other)
                value = random.normal();
            tau.push_back(*kendallTau(differences, other).p);
            for (std::size_t i = 0; i < x.size(); ++i)
                codes.push_back(static_cast<std::int32_t>(random.below(3)));
            groups.push_back(*kruskalWallis(x, codes).p);
        }
        neverTooSmall(rankSum, "Mann-Whitney");
        neverTooSmall(few, "Mann-Whitney, few");
        neverTooSmall(signedRank, "Wilcoxon");
        neverTooSmall(tau, "Kendall");
        neverTooSmall(groups, "Kruskal-Wallis");
    }
};

QTEST_APPLESS_MAIN(TestRankTests)
#include "tst_rank_tests.moc"
