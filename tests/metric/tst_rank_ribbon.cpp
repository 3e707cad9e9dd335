// SPDX-License-Identifier: GPL-3.0-or-later
// The front of a ranking: the same order, counts and shares as a measurement and its curve.
#include <cmath>
#include <limits>

#include <QTest>

#include "core/base/feedback.h"
#include "core/base/random.h"
#include "core/metric/measure.h"
#include "core/metric/rank_ribbon.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

struct Ranked {
    Attribute labels{"gender", {"Female", "Male", "Other"}, {}};
    std::vector<float> scores;
    MeasureOptions options;

    explicit Ranked(int images = 500) {
        RandomStream random(5, streamId("ribbon"), 0);
        for (int i = 0; i < images; ++i) {
            const auto code = static_cast<std::int32_t>(random.below(10) == 0 ? 2 : random.below(2));
            labels.codes.push_back(random.below(15) == 0 ? Attribute::kUnlabelled : code);
            scores.push_back(static_cast<float>(random.below(200)) / 200.0F + (code == 1 ? 0.1F : 0.0F));
        }
        options.k = {40, 0.0};
    }
};

} // namespace

class TestRankRibbon : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ranksAndCountsAreThoseOfTheMeasurement() {
        const Ranked data;
        Feedback feedback;
        for (const auto target : {Target::Kind::Pool, Target::Kind::Uniform}) {
            MeasureOptions options = data.options;
            options.target = {target, {}, {}};
            const auto ribbon = rankRibbon(data.labels, options, data.scores, 120, 1000);
            const auto meter = Meter::create(data.labels, options);
            const auto measured = meter->measure(std::span<const float>(data.scores), feedback);
            const auto curve = meter->at({120, 0.0})->curve(std::span<const float>(data.scores), 1000, feedback);
            QVERIFY(ribbon && measured && curve);
            QCOMPARE(ribbon->n, measured->n);
            QCOMPARE(ribbon->k, measured->kEffective);
            QCOMPARE(ribbon->places.size(), std::size_t{120});
            QCOMPARE(ribbon->ranks, curve->rank);
            for (std::size_t g = 0; g < ribbon->groups.size(); ++g) {
                const RankRibbon::Group& group = ribbon->groups[g];
                QCOMPARE(group.name, measured->groups[g].name);
                QCOMPARE(group.images, measured->groups[g].poolCount);
                QCOMPARE(group.inTop, measured->groups[g].topCount);
                QCOMPARE(group.target, measured->groups[g].targetShare);
                QCOMPARE(group.topShare, measured->groups[g].topShare);
                QCOMPARE(group.share, curve->groups[g].share);
                QCOMPARE(ribbon->places[static_cast<std::size_t>(group.best - 1)].group, static_cast<std::uint32_t>(g));
                for (std::int64_t rank = 1; rank < group.best; ++rank)
                    QVERIFY(ribbon->places[static_cast<std::size_t>(rank - 1)].group != g);
                // Exact here, drawn there: at most two counts apart.
                for (std::size_t i = 0; i < ribbon->ranks.size(); ++i) {
                    const auto rank = static_cast<double>(ribbon->ranks[i]);
                    QVERIFY(std::abs(group.nullLow[i] - curve->groups[g].nullLow[i]) * rank < 2.5);
                    QVERIFY(std::abs(group.nullHigh[i] - curve->groups[g].nullHigh[i]) * rank < 2.5);
                }
                QCOMPARE(group.topLow, group.nullLow[39]);
                QCOMPARE(group.topHigh, group.nullHigh[39]);
            }
            for (std::size_t i = 1; i < ribbon->places.size(); ++i) {
                const auto &before = ribbon->places[i - 1], &here = ribbon->places[i];
                QVERIFY(before.score > here.score || (before.score == here.score && before.row < here.row));
            }
        }
    }

    void aDeepRankingIsThinned() {
        const Ranked data(5000);
        MeasureOptions options = data.options;
        options.k = {0, 0.5};
        const auto ribbon = rankRibbon(data.labels, options, data.scores, 1'000'000, 64);
        QVERIFY(ribbon);
        QCOMPARE(static_cast<std::int64_t>(ribbon->places.size()), ribbon->n); // all that there are
        QCOMPARE(ribbon->ranks.size(), std::size_t{64});
        QCOMPARE(ribbon->ranks.front(), std::int64_t{1});
        QCOMPARE(ribbon->ranks.back(), ribbon->n);
        QVERIFY(std::is_sorted(ribbon->ranks.begin(), ribbon->ranks.end()));
        for (const RankRibbon::Group& group : ribbon->groups) {
            QCOMPARE(group.share.size(), std::size_t{64});
            QCOMPARE(group.share.back(), static_cast<double>(group.images) / static_cast<double>(ribbon->n));
            QCOMPARE(group.nullLow.back(), group.share.back()); // the whole pool is no chance
        }
    }

    void kBeyondWhatIsShownIsCountedAllTheSame() {
        const Ranked data;
        const auto shallow = rankRibbon(data.labels, data.options, data.scores, 10, 1000);
        const auto deep = rankRibbon(data.labels, data.options, data.scores, 100, 1000);
        QVERIFY(shallow && deep);
        QCOMPARE(shallow->places.size(), std::size_t{10});
        for (std::size_t g = 0; g < 3; ++g)
            QCOMPARE(shallow->groups[g].inTop, deep->groups[g].inTop);
    }

    void imagesWithoutAScoreHaveNoRank() {
        Ranked data(30);
        data.options.k = {100, 0.0};
        std::int64_t labelled = 30 - data.labels.unlabelled();
        for (const std::size_t row : {3, 8})
            labelled -= data.labels.codes[row] >= 0;
        data.scores[3] = data.scores[8] = std::numeric_limits<float>::quiet_NaN();
        const auto ribbon = rankRibbon(data.labels, data.options, data.scores, 100, 10);
        QVERIFY(ribbon);
        QCOMPARE(ribbon->n, labelled);
        QCOMPARE(ribbon->k, labelled);
        for (const RankRibbon::Place& place : ribbon->places)
            QVERIFY(place.row != 3 && place.row != 8);
    }

    void nonsenseIsAnError() {
        const Ranked data(30);
        const auto few = rankRibbon(data.labels, data.options, std::vector<float>(3), 10, 10);
        QVERIFY(!few && few.error().code == ErrorCode::ScoresInvalid);
        MeasureOptions options = data.options;
        options.target = {Target::Kind::Custom, {{"Female", -1}}, {}};
        const auto target = rankRibbon(data.labels, options, data.scores, 10, 10);
        QVERIFY(!target && target.error().code == ErrorCode::TargetInvalid);
        const std::vector<float> none(30, std::numeric_limits<float>::quiet_NaN());
        const auto empty = rankRibbon(data.labels, data.options, none, 10, 10);
        QVERIFY(!empty && empty.error().code == ErrorCode::AttributeEmpty);
    }
};

QTEST_APPLESS_MAIN(TestRankRibbon)
#include "tst_rank_ribbon.moc"
