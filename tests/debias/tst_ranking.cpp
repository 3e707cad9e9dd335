// SPDX-License-Identifier: GPL-3.0-or-later
// Re-rankings: METHODS F1 and F2, and what has to hold of every one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/debias/fit.h"
#include "core/debias/ranking/fit_ranking.h"
#include "core/debias/ranking/rerank.h"
#include "core/metric/ndkl.h"
#include "core/metric/ranking.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

constexpr RankingAlgorithm kByShares[] = {RankingAlgorithm::DetGreedy, RankingAlgorithm::DetCons,
                                          RankingAlgorithm::DetRelaxed, RankingAlgorithm::DetConstSort};
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Groups = std::vector<std::int32_t>;
using Places = std::vector<std::uint32_t>;

std::vector<float> falling(std::size_t n) {
    std::vector<float> scores(n);
    for (std::size_t i = 0; i < n; ++i)
        scores[i] = 1.0F - static_cast<float>(i) / static_cast<float>(n);
    return scores;
}

Places reranked(RankingAlgorithm algorithm, const Groups& groups, const std::vector<double>& share, std::size_t k) {
    const std::vector<float> scores = falling(groups.size());
    return rerankByShares(algorithm, {scores, groups}, share, k);
}

Places front(Places places, std::size_t k) {
    places.resize(k);
    return places;
}

double ndkl(const Groups& groups, const Places& order, const std::vector<double>& share, std::size_t k) {
    std::vector<double> logShare;
    for (const double q : share)
        logShare.push_back(std::log(q));
    const metric::NdklTables tables(k);
    metric::NdklSum sum(tables, share.size(), k);
    for (std::size_t r = 0; r < k; ++r)
        sum.add(static_cast<std::uint32_t>(groups[order[r]]));
    return sum.value(logShare, metric::ndklNormaliser(static_cast<std::int64_t>(k)));
}

bool near(double value, double expected) {
    return std::abs(value - expected) < 1e-7;
}

/// Rows of a random pool whose scores favour the first group.
struct RandomPool {
    Groups groups;
    std::vector<float> scores; ///< descending
    std::vector<double> share;
};
RandomPool randomPool(std::uint64_t number, std::size_t rowsOfEach) {
    RandomStream random(11, streamId("test/ranking"), number);
    const std::size_t groups = 2 + random.below(5);
    RandomPool pool;
    double sum = 0;
    for (std::size_t g = 0; g < groups; ++g)
        sum += pool.share.emplace_back(random.exponential());
    for (double& q : pool.share)
        q /= sum;
    std::vector<std::pair<float, std::int32_t>> rows;
    for (std::size_t g = 0; g < groups; ++g)
        for (std::size_t i = 0; i < rowsOfEach; ++i)
            rows.emplace_back(static_cast<float>(random.normal() - 0.7 * static_cast<double>(g)), g);
    std::ranges::sort(rows, std::greater<>());
    for (const auto& [score, group] : rows) {
        pool.scores.push_back(score);
        pool.groups.push_back(group);
    }
    return pool;
}

DebiasConfig config(std::string method, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    return {.method = std::move(method), .attribute = "gender", .parameters = std::move(parameters), .seed = 3};
}

const Groups kTwo{0, 0, 0, 1, 0, 0, 0, 1, 1, 0};
const Groups kThree{0, 0, 1, 0, 0, 2, 1, 0, 2, 0, 1, 2};

} // namespace

class TestRanking : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void twoGroupsAsInMethods() {
        const std::vector<double> half{0.5, 0.5};
        for (const auto algorithm :
             {RankingAlgorithm::DetGreedy, RankingAlgorithm::DetCons, RankingAlgorithm::DetRelaxed}) {
            const Places order = reranked(algorithm, kTwo, half, 10);
            QCOMPARE(order, (Places{0, 3, 1, 7, 2, 8, 4, 5, 6, 9}));
            QVERIFY(near(ndkl(kTwo, order, half, 10), 0.1724337859));
        }
        QCOMPARE(reranked(RankingAlgorithm::DetConstSort, kTwo, half, 8), (Places{0, 3, 1, 7, 2, 8, 4, 5, 6, 9}));
    }

    void threeGroupsAsInMethods() {
        const std::vector<double> share{0.4, 0.3, 0.3};
        Places same(12);
        std::iota(same.begin(), same.end(), 0U);
        QVERIFY(near(ndkl(kThree, same, share, 10), 0.4854338));
        const Places greedy = reranked(RankingAlgorithm::DetGreedy, kThree, share, 10);
        QCOMPARE(front(greedy, 10), (Places{0, 2, 1, 5, 6, 3, 8, 4, 10, 11}));
        QVERIFY(near(ndkl(kThree, greedy, share, 10), 0.3051693));
        for (const auto algorithm : {RankingAlgorithm::DetCons, RankingAlgorithm::DetRelaxed}) {
            const Places order = reranked(algorithm, kThree, share, 10);
            QCOMPARE(front(order, 10), (Places{0, 2, 5, 1, 6, 8, 3, 4, 10, 11}));
            QVERIFY(near(ndkl(kThree, order, share, 10), 0.2617921));
        }
        QCOMPARE(front(reranked(RankingAlgorithm::DetConstSort, kThree, share, 9), 9),
                 (Places{0, 1, 2, 5, 3, 6, 8, 4, 10}));
    }

    void constSortNeverLeavesAGroupBelowItsLeastCount() {
        for (std::uint64_t number = 0; number < 10000; ++number) {
            const RandomPool pool = randomPool(number, 50);
            const Places order =
                rerankByShares(RankingAlgorithm::DetConstSort, {pool.scores, pool.groups}, pool.share, 50);
            std::vector<double> count(pool.share.size(), 0.0);
            for (std::size_t r = 1; r <= 50; ++r) {
                count[static_cast<std::size_t>(pool.groups[order[r - 1]])] += 1;
                for (std::size_t g = 0; g < count.size(); ++g)
                    QVERIFY2(count[g] >= std::floor(static_cast<double>(r) * pool.share[g] + 1e-9),
                             qPrintable(QStringLiteral("case %1, place %2, group %3").arg(number).arg(r).arg(g)));
            }
        }
    }

    void everyReRankingIsAPermutationThatKeepsTheOrderWithinGroups() {
        for (std::uint64_t number = 0; number < 300; ++number) {
            RandomPool pool = randomPool(number, 1 + number % 13);
            if (number % 3 == 0)
                pool.share.back() = 0; // a group that nobody wants
            if (number % 5 == 0)
                pool.share.front() = 1e-300; // one that is never due
            const std::size_t n = pool.groups.size(), k = 1 + number % (n + 4);
            const std::vector<std::uint32_t> table = fairIrTable(k, 0.4, 0.1);
            std::vector<Places> orders;
            for (const RankingAlgorithm algorithm : kByShares)
                orders.push_back(rerankByShares(algorithm, {pool.scores, pool.groups}, pool.share, k));
            orders.push_back(rerankFairIr({pool.scores, pool.groups}, 1, table));
            for (const Places& order : orders) {
                Places sorted = order;
                std::ranges::sort(sorted);
                QCOMPARE(sorted.size(), n);
                for (std::size_t i = 0; i < n; ++i)
                    QCOMPARE(sorted[i], static_cast<std::uint32_t>(i));
                QVERIFY(std::is_sorted(order.begin() + static_cast<std::ptrdiff_t>(std::min(k, n)), order.end()));
            }
            for (std::size_t which = 0; which < std::size(kByShares); ++which)
                for (std::size_t g = 0; g < pool.share.size(); ++g) {
                    Places ofGroup;
                    for (const std::uint32_t place : front(orders[which], std::min(k, n)))
                        if (pool.groups[place] == static_cast<std::int32_t>(g))
                            ofGroup.push_back(place);
                    QVERIFY(std::ranges::is_sorted(ofGroup));
                }
        }
    }

    void fairIrTableAsInMethods() {
        QCOMPARE(fairIrTable(12, 0.5, 0.1), (std::vector<std::uint32_t>{0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4}));
        QCOMPARE(fairIrTable(12, 0.3, 0.1), (std::vector<std::uint32_t>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2}));
    }

    void fairIrFailureIsThatOfDrawnRankings() {
        const std::vector<std::uint32_t> table = fairIrTable(60, 0.35, 0.05);
        const double exact = fairIrFailure(table, 0.35);
        int failed = 0;
        constexpr int kDraws = 40000;
        for (int draw = 0; draw < kDraws; ++draw) {
            RandomStream random(5, streamId("test/fair"), static_cast<std::uint64_t>(draw));
            std::uint32_t count = 0;
            for (const std::uint32_t least : table) {
                count += random.uniform() < 0.35 ? 1 : 0;
                if (count < least) {
                    ++failed;
                    break;
                }
            }
        }
        const double share = static_cast<double>(failed) / kDraws;
        QVERIFY2(std::abs(share - exact) < 4 * std::sqrt(exact * (1 - exact) / kDraws),
                 qPrintable(QStringLiteral("%1 drawn, %2 exact").arg(share).arg(exact)));
        QVERIFY(exact > 0.1); // far above the 0.05 of one place
    }

    void adjustedAlphaKeepsTheWholeTableToAlpha() {
        for (const std::size_t k : {10, 40, 100, 400})
            for (const double p : {0.05, 0.3, 0.5, 0.9})
                for (const double alpha : {0.01, 0.1, 0.15}) {
                    const double adjusted = adjustedAlpha(k, p, alpha);
                    QVERIFY(adjusted > 0 && adjusted <= alpha);
                    const double failure = fairIrFailure(fairIrTable(k, p, adjusted), p);
                    QVERIFY(failure <= alpha);
                    // No more can be had of a table: the next alpha up goes beyond.
                    if (adjusted < alpha)
                        QVERIFY(fairIrFailure(fairIrTable(k, p, adjusted + 1e-9), p) > alpha);
                    if (k >= 100 && p > 0.1 && p < 0.9 && alpha > 0.05)
                        QVERIFY2(alpha - failure < 0.02, qPrintable(QString::number(failure)));
                }
    }

    void fairIrKeepsToItsTableAndFavoursTheProtectedInTies() {
        const Groups groups{0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
        const std::vector<std::uint32_t> table = fairIrTable(10, 0.5, 0.1);
        const Places order = rerankFairIr({falling(10), groups}, 1, table);
        std::uint32_t count = 0;
        for (std::size_t r = 0; r < 10; ++r) {
            count += groups[order[r]] == 1 ? 1 : 0;
            QVERIFY(count >= table[r]);
        }
        QCOMPARE(order, (Places{0, 1, 2, 6, 3, 4, 7, 5, 8, 9}));
        const std::vector<float> equal(4, 0.5F);
        QCOMPARE(rerankFairIr({equal, Groups{0, 0, 1, 1}}, 1, std::vector<std::uint32_t>(4, 0)), (Places{2, 3, 0, 1}));
    }

    void newScoresRankAsTheRuleSays() {
        RankingRule rule;
        rule.algorithm = RankingAlgorithm::DetGreedy;
        rule.target.kind = Target::Kind::Uniform;
        rule.groups = {"man", "woman"};
        // Row 2 has no label and keeps its place, the third; rows 4 and 6 have no finite score.
        const std::vector<float> scores{0.9F, 0.8F, 0.7F, 0.6F, kNaN, 0.5F, std::numeric_limits<float>::infinity(),
                                        0.4F};
        const std::vector<std::int32_t> codes{0, 0, -1, 0, 1, 1, 0, 1};
        Feedback feedback;
        const auto changed = rerank(rule, scores, codes, {100, 0}, feedback).value();
        QVERIFY(std::isnan(changed[4]) && std::isinf(changed[6]));
        std::vector<float> finite = changed;
        finite[6] = kNaN;
        QCOMPARE(metric::topRows(std::span<const float>(finite), 8), (Places{0, 5, 2, 1, 7, 3}));
        QCOMPARE(changed[5], 0.8F);
        QCOMPARE(changed[1], 0.6F);
        // Only the first two are dealt anew.
        const auto two = rerank(rule, scores, codes, {2, 0}, feedback).value();
        std::vector<float> finiteTwo = two;
        finiteTwo[6] = kNaN;
        QCOMPARE(metric::topRows(std::span<const float>(finiteTwo), 8), (Places{0, 5, 2, 1, 3, 7}));
        rule.k = KSpec{0, 0.4}; // two of the five labelled images with a score: before the audit's own
        const auto share = rerank(rule, scores, codes, {100, 0}, feedback).value();
        for (const std::size_t row : {0, 1, 2, 3, 5, 7})
            QCOMPARE(share[row], two[row]);
    }

    void equalScoresStillRankAsTheRuleSays() {
        RankingRule rule;
        rule.target.kind = Target::Kind::Uniform;
        rule.groups = {"man", "woman"};
        const std::vector<float> scores(6, 0.25F);
        const std::vector<std::int32_t> codes{0, 0, 0, 1, 1, 1};
        Feedback feedback;
        const auto changed = rerank(rule, scores, codes, {6, 0}, feedback).value();
        QCOMPARE(metric::topRows(std::span<const float>(changed), 6), (Places{0, 3, 1, 4, 2, 5}));
        for (const float score : changed)
            QVERIFY(std::abs(score - 0.25F) < 1e-6F);
    }

    void whatCannotBeReRankedIsSaid() {
        RankingRule rule;
        rule.target.kind = Target::Kind::Pool;
        rule.groups = {"man", "woman"};
        Feedback feedback;
        const std::vector<float> scores{0.3F, 0.2F};
        QCOMPARE(rerank(rule, scores, {0}, {1, 0}, feedback).error().error().code, ErrorCode::ScoresInvalid);
        QVERIFY(!rerank(rule, scores, {0, 7}, {1, 0}, feedback));
        QCOMPARE(rerank(rule, scores, {-1, -1}, {1, 0}, feedback).value(), scores);
        QCOMPARE(rerank(rule, scores, {0, 0}, {5, 0}, feedback).value(), scores);
        QCOMPARE(rerank(rule, {}, {}, {5, 0}, feedback).value(), std::vector<float>());
        rule.algorithm = RankingAlgorithm::FairIr;
        rule.protectedGroup = "woman";
        QCOMPARE(rerank(rule, scores, {0, 1}, {1, 0}, feedback).error().error().arg("name"), std::string_view("k"));
        feedback.cancel();
        QVERIFY(rerank(rule, scores, {0, 1}, {1, 0}, feedback).error().cancelled());
    }

    void parametersMakeTheRule() {
        const Embeddings images(4, 2);
        const Attribute attribute{"gender", {"man", "other", "woman"}, {0, 2, 0, -1}};
        const FitInput input{.images = images, .attribute = attribute, .texts = nullptr, .words = {}, .seed = 1};
        Feedback feedback;
        const DebiasConfig plain = config("det-cons");
        const auto fitted = fitDetCons(input, Parameters(plain), feedback).value();
        QCOMPARE(fitted.ranking->groups, (std::vector<std::string>{"man", "woman"}));
        QVERIFY(!fitted.ranking->k && !fitted.ranking->predicted);
        QCOMPARE(fitted.ranking->target.kind, Target::Kind::Uniform);
        const DebiasConfig shares = config("det-greedy", {{"target", "woman:0.6, man:0.4"}, {"k", "10%"}});
        const auto custom = fitDetGreedy(input, Parameters(shares), feedback).value();
        QCOMPARE(custom.ranking->k->fraction, 0.1);
        QCOMPARE(custom.ranking->target.shares.front(), (std::pair<std::string, double>("woman", 0.6)));
        const DebiasConfig fair = config("fa-ir", {{"k", "100"}});
        const auto rule = fitFairIr(input, Parameters(fair), feedback).value();
        QCOMPARE(rule.ranking->protectedGroup, std::string("woman")); // the smaller one
        QVERIFY(!rule.warnings.empty());
        for (const auto& [name, value] :
             std::initializer_list<std::pair<std::string, std::string>>{{"k", "0"},
                                                                        {"k", "5"},
                                                                        {"k", "401"},
                                                                        {"alpha", "0.5"},
                                                                        {"p", "1"},
                                                                        {"protected", "child"},
                                                                        {"target", "woman:1"},
                                                                        {"target", "woman:x"},
                                                                        {"labels", "guessed"},
                                                                        {"adjust", "maybe"}}) {
            const DebiasConfig wrong = config("fa-ir", {{name, value}});
            QVERIFY2(!fitFairIr(input, Parameters(wrong), feedback), (name + "=" + value).c_str());
        }
        const Attribute one{"gender", {"man", "woman"}, {0, 0, 0, -1}};
        const FitInput single{.images = images, .attribute = one, .texts = nullptr, .words = {}, .seed = 1};
        QCOMPARE(fitDetCons(single, Parameters(plain), feedback).error().error().code, ErrorCode::AttributeSingleGroup);
    }

    void predictedLabelsComeFromAClassifierWithinTheRule() {
        Embeddings images(200, 6);
        Attribute attribute{"gender", {"man", "woman"}, {}};
        RandomStream random(9, streamId("test/predicted"), 0);
        for (std::size_t i = 0; i < images.rows; ++i) {
            for (float& value : images.row(i))
                value = static_cast<float>(random.normal());
            images.row(i)[0] += i % 2 ? 4.0F : -4.0F;
            attribute.codes.push_back(static_cast<std::int32_t>(i % 2));
        }
        const FitInput input{.images = images, .attribute = attribute, .texts = nullptr, .words = {}, .seed = 1};
        Feedback feedback;
        const DebiasConfig asked = config("det-const-sort", {{"labels", "predicted"}});
        const auto fitted = fitDetConstSort(input, Parameters(asked), feedback).value();
        QVERIFY(fitted.ranking->predicted);
        const auto codes = predictCodes(*fitted.ranking->predicted, images, feedback).value();
        QCOMPARE(codes, attribute.codes);
        QVERIFY(!fitted.warnings.empty() && !fitted.facts.empty());
    }
};

QTEST_APPLESS_MAIN(TestRanking)
#include "tst_ranking.moc"
