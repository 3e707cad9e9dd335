// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QTest>
#include <tbb/global_control.h>

#include "core/base/random.h"
#include "core/metric/ranking_relevance.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool near(const std::optional<double>& a, double b, double tolerance = 1e-9) {
    return a && std::abs(*a - b) <= tolerance;
}

struct Data {
    Attribute attribute;
    std::vector<double> scores, relevance, reference;
};

/// Groups a and b; what is relevant scores higher, of group a by `lean` more.
Data makeData(std::size_t n, double lean, std::uint64_t seed) {
    RandomStream random(seed, streamId("relevance test"), 0);
    Data data;
    std::vector<std::string> labels;
    for (std::size_t row = 0; row < n; ++row) {
        const bool a = random.uniform() < 0.4, relevant = random.uniform() < 0.3;
        labels.emplace_back(a ? "a" : "b");
        data.relevance.push_back(relevant ? 1.0 : 0.0);
        data.scores.push_back(random.normal() + (relevant ? 1.0 + (a ? lean : 0.0) : 0.0));
        data.reference.push_back(data.scores.back() + 0.3 * random.normal());
    }
    data.attribute = makeAttribute("letter", labels);
    return data;
}

Outcome<MeasureTable> table(const Data& data, std::int64_t k, int draws = 200) {
    Resampling options;
    options.nullDraws = options.bootstrapDraws = draws;
    Feedback feedback;
    return relevanceMeasures(data.attribute, {data.scores, data.relevance, data.reference}, {k, 0}, options, feedback);
}

const MetricValue& value(const MeasureTable& from, const std::string& group, const char* name) {
    return from.find({group}, name)->value;
}

} // namespace

class TestRankingRelevance : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ndcgByHand() {
        // (1 + 1/2) / (1 + 1/log2 3): gains 1, 0, 1, 0 in this order.
        const std::vector<double> gains{1, 0, 1, 0};
        QVERIFY(near(ndcg(gains, 4), 1.5 / (1 + 1 / std::log2(3.0))));
        QVERIFY(near(ndcg(gains, 2), 1 / (1 + 1 / std::log2(3.0))));
        QVERIFY(near(ndcg(gains, 1), 1) && near(ndcg(gains, 100), *ndcg(gains, 4)));
        // Järvelin and Kekäläinen's graded gains, as in scikit-learn's ndcg_score([[3,2,3,0,1,2]], ...) of that order.
        QVERIFY(near(ndcg(std::vector<double>{3, 2, 3, 0, 1, 2}, 6), 0.9608081943360617));
        QVERIFY(!ndcg(std::vector<double>{0, 0}, 2) && !ndcg(gains, 0) && !ndcg(std::vector<double>{}, 3));
        QVERIFY(!ndcg(std::vector<double>{1, -1}, 2) && !ndcg(std::vector<double>{1, kNan}, 2));
    }

    void overlapByHand() {
        using Rows = std::vector<std::uint32_t>;
        QVERIFY(near(overlapNdcg(Rows{0, 1, 2}, Rows{2, 1, 0}, 3), 1)); // all three in common
        QVERIFY(near(overlapNdcg(Rows{9, 1, 2}, Rows{1, 2, 3}, 3),
                     (1 / std::log2(3.0) + 0.5) / (1 + 1 / std::log2(3.0))));
        QVERIFY(near(overlapNdcg(Rows{1, 8, 9}, Rows{1, 2, 3}, 3), 1)); // the place of what is in common alone counts
        QVERIFY(near(overlapNdcg(Rows{7, 8, 9}, Rows{1, 2, 3}, 3), 0));
        QVERIFY(!overlapNdcg(Rows{1}, Rows{1}, 0));
    }

    void gainsOfScores() {
        QCOMPARE(minMaxGains(std::vector<double>{-1, 1, 0, kNan}), (std::vector<double>{0, 1, 0.5, 0}));
        QCOMPARE(minMaxGains(std::vector<double>{2, 2}), (std::vector<double>{0, 0}));
        QVERIFY(minMaxGains(std::vector<double>{}).empty());
    }

    void ratesOfGroups() {
        // Ranked: a* a b* a* b | b* a b a* b   (* relevant), k = 5.
        Data data;
        const std::vector<std::string> labels{"a", "a", "b", "a", "b", "b", "a", "b", "a", "b"};
        data.attribute = makeAttribute("letter", labels);
        data.relevance = {1, 0, 1, 1, 0, 1, 0, 0, 1, 0};
        for (int i = 0; i < 10; ++i)
            data.scores.push_back(-i);
        const MeasureTable result = table(data, 5).value();
        QVERIFY(near(value(result, "", "recall").value, 3.0 / 5) && near(value(result, "", "precision").value, 3.0 / 5));
        QVERIFY(near(value(result, "a", "recall").value, 2.0 / 3) && near(value(result, "b", "recall").value, 1.0 / 2));
        QVERIFY(near(value(result, "a", "precision").value, 2.0 / 3) && near(value(result, "b", "precision").value, 0.5));
        QVERIFY(near(value(result, "", "worst_group_recall").value, 0.5));
        QVERIFY(near(value(result, "", "recall_gap").value, 1.0 / 6));
        QVERIFY(near(value(result, "", "precision_gap").value, 1.0 / 6));
        const double d2 = 1 / std::log2(3.0), d4 = 1 / std::log2(5.0), d5 = 1 / std::log2(6.0);
        QVERIFY(near(value(result, "", "ndcg").value, (1 + 0.5 + d4) / (1 + d2 + 0.5 + d4 + d5)));
        QCOMPARE(result.find({"a"}, "recall")->n, std::int64_t{3});
        QVERIFY(!result.find({"a"}, "recall")->enough && !result.definition.empty() && !result.source.empty());
    }

    void propertiesOfATable() {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            const Data data = makeData(300, 0.4 * static_cast<double>(seed % 3), seed);
            const MeasureTable result = table(data, 60).value();
            for (const MeasureRow& row : result.rows) {
                const MetricValue& v = row.value;
                QVERIFY2(v.value && v.ciLow && v.ciHigh, row.measure.c_str());
                QVERIFY2(*v.ciLow <= *v.value + 1e-12 && *v.value <= *v.ciHigh + 1e-12, row.measure.c_str());
                QVERIFY(*v.value >= 0 && *v.value <= 1 + 1e-12);
                QVERIFY(!v.pValue || (*v.pValue > 0 && *v.pValue <= 1));
            }
            // Rows in another order, scores on another scale.
            Data turned = data;
            for (auto* values : {&turned.scores, &turned.relevance, &turned.reference})
                std::reverse(values->begin(), values->end());
            std::reverse(turned.attribute.codes.begin(), turned.attribute.codes.end());
            for (double& score : turned.scores)
                score = std::exp(score);
            const MeasureTable other = table(turned, 60).value();
            for (std::size_t i = 0; i < result.rows.size(); ++i)
                QVERIFY(near(result.rows[i].value.value, *other.rows[i].value.value, 1e-12));
        }
        // A ranking by relevance itself is best.
        Data best = makeData(200, 0, 3);
        best.scores = best.relevance;
        best.reference = best.scores;
        const MeasureTable result = table(best, 40).value();
        QVERIFY(near(value(result, "", "ndcg").value, 1) && near(value(result, "", "precision").value, 1));
        QVERIFY(near(value(result, "", "overlap_ndcg").value, 1) && near(value(result, "", "new_in_top").value, 0));
        QVERIFY(*value(result, "", "ndcg").pValue < 0.01);
    }

    void threadsChangeNothing() {
        const Data data = makeData(500, 0.3, 5);
        std::vector<std::vector<std::optional<double>>> results;
        for (const std::size_t threads : {1, 2, 8}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            std::vector<std::optional<double>> all;
            const MeasureTable result = table(data, 100).value();
            for (const MeasureRow& row : result.rows)
                all.insert(all.end(), {row.value.value, row.value.ciLow, row.value.ciHigh, row.value.nullP95,
                                       row.value.pValue, row.value.adjustedP});
            results.push_back(std::move(all));
        }
        QVERIFY(results[0] == results[1] && results[0] == results[2]);
    }

    void degenerateInput() {
        const Data good = makeData(50, 0, 1);
        Data data = good;
        data.relevance.assign(50, 0.0);
        const MeasureTable nothing = table(data, 10).value();
        QVERIFY(!value(nothing, "", "ndcg").value && !value(nothing, "", "recall").value);
        QVERIFY(!value(nothing, "a", "recall").value && near(value(nothing, "", "precision").value, 0));
        QVERIFY(!nothing.warnings.empty());
        data = good;
        data.relevance.clear();
        data.reference.clear();
        QVERIFY(table(data, 10).value().rows.empty());
        data = good;
        data.relevance[3] = -1;
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::InvalidArgument);
        data.relevance[3] = kNan;
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::InvalidArgument);
        data = good;
        data.relevance.pop_back();
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::InvalidArgument);
        data = good;
        data.scores.pop_back();
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::ScoresInvalid);
        data = good;
        data.scores.assign(50, kNan);
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::ScoresInvalid);
        data = good;
        QCOMPARE(table(data, 0).error().error().code, ErrorCode::KInvalid);
        const MeasureTable all = table(good, 1000).value();
        QVERIFY(near(value(all, "", "recall").value, 1) && !all.warnings.empty());
        data.attribute.codes.assign(50, Attribute::kUnlabelled);
        QCOMPARE(table(data, 10).error().error().code, ErrorCode::AttributeEmpty);
        data = good;
        data.attribute = makeAttribute("one", std::vector<std::string>(50, "x"));
        const MeasureTable one = table(data, 10).value();
        QVERIFY(one.find({""}, "recall_gap") == nullptr && one.find({""}, "worst_group_recall") != nullptr);
        Feedback feedback;
        feedback.cancel();
        QVERIFY(relevanceMeasures(good.attribute, {good.scores, good.relevance, good.reference}, {10, 0}, {}, feedback)
                    .error()
                    .cancelled());
    }

    // Random groups: the p-values of the worst recall, of the gap and of a group are not too small.
    void pValuesUnderTheNull() {
        constexpr int kPools = 400;
        int worst = 0, gap = 0, group = 0;
        for (int i = 0; i < kPools; ++i) {
            const MeasureTable result = table(makeData(150, 0, 1000 + static_cast<std::uint64_t>(i)), 40, 99).value();
            worst += *value(result, "", "worst_group_recall").pValue <= 0.05;
            gap += *value(result, "", "recall_gap").pValue <= 0.05;
            group += value(result, "a", "recall").pValue.value_or(1) <= 0.05;
        }
        const double most = 0.05 * kPools + 2.6 * std::sqrt(0.05 * kPools);
        QVERIFY2(worst <= most && gap <= most && group <= most,
                 qPrintable(QStringLiteral("%1 %2 %3").arg(worst).arg(gap).arg(group)));
    }

    // Recall's interval for the population's recall at fixed k/n: here the groups' recalls are known from normal scores.
    void ratesCover() {
        constexpr int kPools = 400;
        constexpr std::size_t kRows = 2000;
        int recall = 0, gap = 0;
        // Population: one very large pool.
        const Data large = makeData(1'000'000, 0.5, 99);
        const double share = 0.2;
        std::vector<double> sorted = large.scores;
        const auto cut = static_cast<std::ptrdiff_t>(share * 1'000'000);
        std::nth_element(sorted.begin(), sorted.begin() + cut, sorted.end(), std::greater<>());
        const double threshold = sorted[static_cast<std::size_t>(cut)];
        double hits[2] = {0, 0}, all[2] = {0, 0};
        for (std::size_t row = 0; row < large.scores.size(); ++row)
            if (large.relevance[row] > 0) {
                const auto g = static_cast<std::size_t>(large.attribute.codes[row]);
                all[g] += 1;
                hits[g] += large.scores[row] > threshold;
            }
        const double truth[2] = {hits[0] / all[0], hits[1] / all[1]};
        for (int i = 0; i < kPools; ++i) {
            Data data = makeData(kRows, 0.5, 5000 + static_cast<std::uint64_t>(i));
            data.reference.clear();
            const MeasureTable result = table(data, static_cast<std::int64_t>(share * kRows), 0).value();
            const MetricValue &a = value(result, "a", "recall"), &range = value(result, "", "recall_gap");
            recall += *a.ciLow <= truth[0] && truth[0] <= *a.ciHigh;
            gap += *range.ciLow <= std::abs(truth[0] - truth[1]) && std::abs(truth[0] - truth[1]) <= *range.ciHigh;
        }
        QVERIFY2(recall >= 0.93 * kPools && gap >= 0.93 * kPools, qPrintable(QStringLiteral("%1 %2").arg(recall).arg(gap)));
    }
};

QTEST_APPLESS_MAIN(TestRankingRelevance)
#include "tst_ranking_relevance.moc"
