// SPDX-License-Identifier: GPL-3.0-or-later
// Means over prompts and paired differences: against the rankings' own meter, against resamples made the long way,
// and whether p-values and intervals keep their promises (more runs, and the table of core/metric/utility/README.md,
// with PLUMBLINE_FULL_CALIBRATION=1).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it
#include <tbb/parallel_for.h>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/joint_draws.h"
#include "core/metric/measure.h"
#include "core/metric/paired.h"

using namespace plumbline;
using metric::AskedPrompts;
using metric::comparePaired;
using metric::PairedMeasures;
using metric::summariseAudit;

namespace {

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

/// Images in `groups` groups, and two models' scores of prompts of some concepts.
struct World {
    std::size_t images = 600, concepts = 4, templates = 2, groups = 2;
    double lean = 0.0;        ///< how far the groups' mean scores stand apart, in sd, under both models
    double change = 0.0;      ///< what is added to that under the second
    double conceptSpread = 0; ///< sd over concepts of the lean
    double shared = 0.7;      ///< correlation of the two models' scores of an image
    double common = 0.5;      ///< correlation of the prompts' scores of an image

    struct Sample {
        Attribute attribute;
        AskedPrompts prompts;
        std::vector<float> first, second;
    };
    Sample draw(std::uint64_t seed) const {
        RandomStream random(seed, streamId("test/world"), 0);
        Sample sample;
        sample.attribute.name = "group";
        for (std::size_t g = 0; g < groups; ++g)
            sample.attribute.groups.emplace_back(1, static_cast<char>('a' + g));
        for (std::size_t i = 0; i < images; ++i)
            sample.attribute.codes.push_back(static_cast<std::int32_t>(random.below(groups)));
        std::vector<double> image(images);
        for (double& value : image)
            value = random.normal();
        for (std::size_t c = 0; c < concepts; ++c) {
            const double own = lean + conceptSpread * random.normal(), ownSecond = own + change;
            std::vector<double> about(images);
            for (double& value : about)
                value = random.normal();
            for (std::size_t t = 0; t < templates; ++t) {
                sample.prompts.texts.push_back("concept " + std::to_string(c) + " template " + std::to_string(t));
                sample.prompts.concepts.push_back(static_cast<std::int32_t>(c));
                for (std::size_t i = 0; i < images; ++i) {
                    const double both = std::sqrt(common) * image[i] + std::sqrt(1 - common) * about[i];
                    const double side = sample.attribute.codes[i] == 0 ? 0.5 : -0.5 / static_cast<double>(groups - 1);
                    const auto noisy = [&](double leaning) {
                        return static_cast<float>(leaning * side + std::sqrt(shared) * both +
                                                  std::sqrt(1 - shared) * random.normal());
                    };
                    sample.first.push_back(noisy(own));
                    sample.second.push_back(noisy(ownSecond));
                }
            }
        }
        return sample;
    }
};

MeasureOptions optionsOf(std::int64_t k, int draws) {
    MeasureOptions options;
    options.k = {k, 0.0};
    options.nullDraws = draws;
    options.bootstrapDraws = draws;
    options.seed = 7;
    return options;
}

const MeasureRow& row(const MeasureTable& table, const std::vector<std::string>& keys, const char* name) {
    const MeasureRow* found = table.find(keys, name);
    if (found == nullptr)
        qFatal("no row %s", name);
    return *found;
}

bool sameNumbers(const MeasureTable& a, const MeasureTable& b) {
    if (a.rows.size() != b.rows.size())
        return false;
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
        const MetricValue &x = a.rows[i].value, &y = b.rows[i].value;
        if (a.rows[i].keys != b.rows[i].keys || x.value != y.value || x.ciLow != y.ciLow || x.ciHigh != y.ciHigh ||
            x.pValue != y.pValue || x.nullMean != y.nullMean || x.nullP95 != y.nullP95)
            return false;
    }
    return true;
}

void near(double actual, double wanted, double tolerance = 1e-9) {
    QVERIFY2(std::abs(actual - wanted) <= tolerance,
             qPrintable(QStringLiteral("%1 is not %2").arg(actual, 0, 'g', 12).arg(wanted, 0, 'g', 12)));
}

} // namespace

class TestPaired : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void meansAreThoseOfTheMeter_data() {
        QTest::addColumn<int>("definition");
        QTest::addColumn<int>("target");
        QTest::addColumn<int>("k");
        for (const auto definition : {Definition::Geyik, Definition::Berg, Definition::VlDebiasing})
            for (const auto target : {Target::Kind::Pool, Target::Kind::Uniform})
                for (const int k : {5, 60, 5000})
                    QTest::addRow("%s %d %d", definitionName(definition).data(), static_cast<int>(target), k)
                        << static_cast<int>(definition) << static_cast<int>(target) << k;
    }
    void meansAreThoseOfTheMeter() {
        QFETCH(int, definition);
        QFETCH(int, target);
        QFETCH(int, k);
        World world;
        world.groups = 3;
        world.lean = 0.8;
        World::Sample sample = world.draw(1);
        for (float& score : sample.first)
            score = std::round(score * 20) / 20; // ties
        sample.attribute.codes[3] = Attribute::kUnlabelled;
        sample.first[10] = std::numeric_limits<float>::quiet_NaN();
        MeasureOptions options = optionsOf(k, 0);
        options.definition = static_cast<Definition>(definition);
        options.target.kind = static_cast<Target::Kind>(target);
        Feedback feedback;
        const auto meter = metric::Meter::create(sample.attribute, options);
        double max = 0, min = 0, ndkl = 0, excess = 0;
        bool absent = false;
        const std::size_t prompts = sample.prompts.texts.size();
        for (std::size_t p = 0; p < prompts; ++p) {
            const auto measured =
                meter->measure(std::span<const float>(sample.first).subspan(p * world.images, world.images), feedback);
            QVERIFY(measured.has_value());
            max += *measured->maxSkew.value;
            excess += *measured->maxSkew.value - *measured->maxSkew.neutral;
            min += measured->minSkew.value ? *measured->minSkew.value : std::min(*measured->minSkew.atMost, 0.0);
            absent = absent || !measured->minSkew.value;
            ndkl += *measured->ndkl.value;
        }
        const auto table = summariseAudit(sample.first, sample.prompts, sample.attribute, options, feedback);
        QVERIFY(table.has_value());
        const auto number = static_cast<double>(prompts);
        near(*row(*table, {"group", "images"}, "max_skew").value.value, max / number);
        near(*row(*table, {"group", "images"}, "max_skew_excess").value.value, excess / number);
        near(*row(*table, {"group", "prompts"}, "ndkl").value.value, ndkl / number);
        const MetricValue& lowest = row(*table, {"group", "images"}, "min_skew").value;
        QCOMPARE(lowest.value.has_value(), !absent);
        if (!absent)
            near(*lowest.value, min / number);
        else
            QVERIFY(lowest.atMost.has_value());
        QVERIFY(!lowest.pValue && !lowest.ciLow);
    }

    void gapsAreMeansOfAbsoluteGaps() {
        World world;
        world.groups = 3;
        world.lean = 0.4;
        const World::Sample sample = world.draw(2);
        Feedback feedback;
        const MeasureOptions options = optionsOf(50, 0);
        const auto meter = metric::Meter::create(sample.attribute, options);
        double gap = 0, inSd = 0;
        const std::size_t prompts = sample.prompts.texts.size();
        for (std::size_t p = 0; p < prompts; ++p) {
            const auto measured =
                meter->measure(std::span<const float>(sample.first).subspan(p * world.images, world.images), feedback);
            for (const GroupMeasure& group : measured->groups) {
                gap += std::abs(group.gap) / 3;
                inSd += std::abs(*group.gapInSd) / 3;
            }
        }
        const auto table = summariseAudit(sample.first, sample.prompts, sample.attribute, options, feedback);
        near(*row(*table, {"group", "images"}, "gap").value.value, gap / static_cast<double>(prompts), 1e-6);
        near(*row(*table, {"group", "images"}, "gap_sd").value.value, inSd / static_cast<double>(prompts), 1e-6);
    }

    /// A replicate's measures are those of a pool in which every image stands as often as it was drawn.
    void aWalkIsARankingOfTheResample_data() {
        QTest::addColumn<int>("definition");
        QTest::addColumn<int>("k");
        for (const auto definition : {Definition::Geyik, Definition::Berg})
            for (const int k : {1, 37, 400, 900})
                QTest::addRow("%s %d", definitionName(definition).data(), k) << static_cast<int>(definition) << k;
    }
    void aWalkIsARankingOfTheResample() {
        QFETCH(int, definition);
        QFETCH(int, k);
        World world;
        world.groups = 3;
        world.concepts = world.templates = 1;
        World::Sample sample = world.draw(3);
        for (float& score : sample.first)
            score = std::round(score * 10) / 10;
        MeasureOptions options = optionsOf(k, 0);
        options.definition = static_cast<Definition>(definition);
        options.target.kind = Target::Kind::Uniform; // a resample's own pool shares are another target
        const auto pool = metric::JointPool::create(sample.attribute, options);
        QVERIFY(pool.has_value());
        Feedback feedback;
        const auto rankings = metric::rankJointly(*pool, sample.first, 1, feedback);
        metric::NdklSum sum = pool->scratch();
        for (std::uint64_t replicate = 0; replicate < 20; ++replicate) {
            metric::Multiplicity drawn;
            std::vector<std::int64_t> counts;
            metric::drawImages(*pool, 9, replicate, drawn, counts);
            QCOMPARE(std::accumulate(drawn.begin(), drawn.end(), std::size_t(0)), world.images);
            std::vector<std::uint32_t> groups;
            metric::walk(*pool, rankings->of(0), rankings->tiesOf(0), drawn, groups);
            const metric::RankValues walked = pool->measure(groups, pool->pool.logShare, sum);
            Attribute attribute{sample.attribute.name, sample.attribute.groups, {}};
            std::vector<float> scores;
            for (std::size_t i = 0; i < drawn.size(); ++i)
                for (int times = 0; times < drawn[i]; ++times) {
                    attribute.codes.push_back(sample.attribute.codes[i]);
                    scores.push_back(sample.first[i]);
                }
            const auto meter = metric::Meter::create(attribute, options);
            const auto measured = meter->measure(std::span<const float>(scores), feedback);
            near(walked[0], *measured->maxSkew.value);
            near(walked[2], *measured->ndkl.value);
            if (measured->minSkew.value)
                near(walked[1], *measured->minSkew.value);
        }
    }

    void anExchangedWalkIsARankingByTheChosenRanks() {
        World world;
        world.concepts = world.templates = 1;
        world.groups = 4;
        const World::Sample sample = world.draw(4);
        const MeasureOptions options = optionsOf(80, 0);
        const auto pool = metric::JointPool::create(sample.attribute, options);
        Feedback feedback;
        const auto first = metric::rankJointly(*pool, sample.first, 1, feedback);
        const auto second = metric::rankJointly(*pool, sample.second, 1, feedback);
        const auto rankOf = [&](const std::vector<float>& scores) {
            std::vector<std::size_t> order(scores.size()), rank(scores.size());
            std::iota(order.begin(), order.end(), std::size_t(0));
            std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
            for (std::size_t at = 0; at < order.size(); ++at)
                rank[order[at]] = at;
            return rank;
        };
        const auto rankFirst = rankOf(sample.first), rankSecond = rankOf(sample.second);
        RandomStream random(5, 6, 7);
        for (int times = 0; times < 20; ++times) {
            metric::Multiplicity swapped(world.images);
            for (auto& coin : swapped)
                coin = static_cast<std::uint8_t>(random.below(2));
            for (const bool complement : {false, true}) {
                std::vector<std::pair<std::size_t, std::size_t>> mixed;
                for (std::size_t i = 0; i < world.images; ++i)
                    mixed.emplace_back((swapped[i] != 0) != complement ? rankSecond[i] : rankFirst[i], i);
                std::ranges::sort(mixed);
                std::vector<std::uint32_t> groups;
                metric::walkExchanged(*pool, first->of(0), second->of(0), swapped, complement, groups);
                QCOMPARE(groups.size(), std::size_t(80));
                for (std::size_t at = 0; at < groups.size(); ++at)
                    QCOMPARE(groups[at], static_cast<std::uint32_t>(sample.attribute.codes[mixed[at].second]));
            }
        }
    }

    void differencesTurnRoundWithTheModels() {
        World world;
        world.lean = 0.6;
        world.change = -0.4;
        const World::Sample sample = world.draw(5);
        Feedback feedback;
        const MeasureOptions options = optionsOf(60, 200);
        const auto there =
            comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options, "A", "B", feedback);
        const auto back =
            comparePaired(sample.second, sample.first, sample.prompts, sample.attribute, options, "B", "A", feedback);
        QVERIFY(there && back);
        QCOMPARE(there->prompts.rows.size(), sample.prompts.texts.size() * 5);
        for (std::size_t i = 0; i < there->prompts.rows.size(); ++i) {
            const MetricValue &x = there->prompts.rows[i].value, &y = back->prompts.rows[i].value;
            near(*x.value, -*y.value);
            near(*x.ciLow, -*y.ciHigh, 0.3 * (*x.ciHigh - *x.ciLow)); // percentiles of finitely many draws
        }
        for (const char* name : {"max_skew", "min_skew", "ndkl", "gap_sd"}) {
            const MetricValue& x = row(there->mean, {"group", "difference", "images"}, name).value;
            const MetricValue& y = row(back->mean, {"group", "difference", "images"}, name).value;
            near(*x.value, -*y.value);
            near(*x.pValue, *y.pValue, 0.1);
            near(*x.value, *row(there->mean, {"group", "B", "images"}, name).value.value -
                               *row(there->mean, {"group", "A", "images"}, name).value.value);
        }
    }

    void theSameModelDiffersInNothing() {
        const World::Sample sample = World().draw(6);
        Feedback feedback;
        const auto result = comparePaired(sample.first, sample.first, sample.prompts, sample.attribute,
                                          optionsOf(60, 100), "A", "A again", feedback);
        QVERIFY(result.has_value());
        for (const MeasureRow& r : result->prompts.rows) {
            near(*r.value.value, 0);
            near(*r.value.ciLow, 0);
            near(*r.value.ciHigh, 0);
            QVERIFY(!r.value.pValue || *r.value.pValue == 1.0);
        }
        QCOMPARE(*row(result->mean, {"group", "difference", "images"}, "max_skew").value.pValue, 1.0);
        QCOMPARE(*row(result->mean, {"group", "difference", "prompts"}, "ndkl").value.pValue, 1.0);
    }

    void onlyRanksCountForTheRankMeasures() {
        World world;
        world.lean = 0.5;
        world.change = 0.3;
        World::Sample sample = world.draw(7);
        Feedback feedback;
        const MeasureOptions options = optionsOf(60, 100);
        const auto plain =
            comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options, "A", "B", feedback);
        for (float& score : sample.second)
            score = std::exp(score / 2) * 100; // monotone, another unit
        const auto bent =
            comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options, "A", "B", feedback);
        for (std::size_t i = 0; i < plain->prompts.rows.size(); ++i) {
            if (plain->prompts.rows[i].measure.starts_with("gap"))
                continue;
            QCOMPARE(bent->prompts.rows[i].value.value, plain->prompts.rows[i].value.value);
            QCOMPARE(bent->prompts.rows[i].value.pValue, plain->prompts.rows[i].value.pValue);
            QCOMPARE(bent->prompts.rows[i].value.ciLow, plain->prompts.rows[i].value.ciLow);
        }
        // A shift and a positive factor leave the standardised gap as it is, too.
        World::Sample scaled = world.draw(7);
        for (float& score : scaled.second)
            score = score * 8 + 2;
        const auto shifted =
            comparePaired(scaled.first, scaled.second, scaled.prompts, scaled.attribute, options, "A", "B", feedback);
        near(*row(shifted->mean, {"group", "difference", "images"}, "gap_sd").value.value,
             *row(plain->mean, {"group", "difference", "images"}, "gap_sd").value.value, 1e-5);
    }

    void groupsNamesAndOrderDoNotMatter() {
        World world;
        world.groups = 3;
        world.lean = 0.5;
        const World::Sample sample = world.draw(8);
        Attribute turned = sample.attribute;
        for (std::int32_t& code : turned.codes)
            code = 2 - code;
        Feedback feedback;
        const MeasureOptions options = optionsOf(60, 0);
        const auto a = summariseAudit(sample.first, sample.prompts, sample.attribute, options, feedback);
        const auto b = summariseAudit(sample.first, sample.prompts, turned, options, feedback);
        for (const char* name : {"max_skew", "min_skew", "ndkl", "gap"})
            near(*row(*a, {"group", "images"}, name).value.value, *row(*b, {"group", "images"}, name).value.value,
                 1e-6);
    }

    void threadsDoNotMatter() {
        World world;
        world.groups = 3;
        const World::Sample sample = world.draw(9);
        Feedback feedback;
        const MeasureOptions options = optionsOf(40, 64);
        const auto many =
            comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options, "A", "B", feedback);
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        const auto single =
            comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options, "A", "B", feedback);
        QVERIFY(sameNumbers(many->mean, single->mean));
        QVERIFY(sameNumbers(many->prompts, single->prompts));
    }

    void aRealChangeIsFound() {
        World world;
        world.images = 2000;
        world.concepts = 8;
        world.lean = 0.8;
        world.change = -0.5;
        const World::Sample sample = world.draw(10);
        Feedback feedback;
        const auto result = comparePaired(sample.first, sample.second, sample.prompts, sample.attribute,
                                          optionsOf(200, 400), "before", "after", feedback);
        for (const char* over : {"images", "prompts", "images and prompts"}) {
            const MetricValue& value = row(result->mean, {"group", "difference", over}, "max_skew").value;
            QVERIFY(*value.value < 0 && *value.ciHigh < 0);
        }
        QVERIFY(*row(result->mean, {"group", "difference", "images"}, "max_skew").value.pValue < 0.01);
        QVERIFY(*row(result->mean, {"group", "difference", "prompts"}, "max_skew").value.pValue < 0.02);
        QVERIFY(*row(result->mean, {"group", "difference", "images"}, "gap_sd").value.pValue < 0.01);
        QVERIFY(result->mean.family.starts_with("9 tests: "));
    }

    void conceptsAreOneSampleEach() {
        // Ten copies of each prompt say no more than one: the interval over prompts must not shrink.
        const std::vector<double> values = {0.1, 0.5, 0.2, 0.4, 0.9, 0.3};
        std::vector<double> copies;
        std::vector<std::int32_t> concepts;
        for (std::size_t c = 0; c < values.size(); ++c)
            for (int copy = 0; copy < 10; ++copy) {
                copies.push_back(values[c]);
                concepts.push_back(static_cast<std::int32_t>(c * 3 + 5));
            }
        const auto single = metric::meanOverPrompts(values, metric::clusterPrompts({}, values.size()));
        const auto tenfold = metric::meanOverPrompts(copies, metric::clusterPrompts(concepts, copies.size()));
        near(tenfold.mean, single.mean);
        near(*tenfold.standardError, *single.standardError);
        near(*single.standardError, 0.2828427 / std::sqrt(6.0), 1e-3);
        QVERIFY(!metric::meanOverPrompts(copies, metric::clusterPrompts(std::vector<std::int32_t>(60, 1), 60))
                     .standardError);
    }

    void uselessInputIsSaid() {
        World world;
        world.concepts = 2;
        World::Sample sample = world.draw(11);
        Feedback feedback;
        const MeasureOptions options = optionsOf(40, 20);
        const auto failing = [&](const World::Sample& s) {
            const auto result = comparePaired(s.first, s.second, s.prompts, s.attribute, options, "A", "B", feedback);
            return result || result.error().cancelled() ? ErrorCode::Internal : result.error().error().code;
        };
        World::Sample odd = sample;
        odd.second.pop_back();
        QCOMPARE(failing(odd), ErrorCode::ScoresInvalid);
        odd = sample;
        odd.prompts.texts.clear();
        QCOMPARE(failing(odd), ErrorCode::ProbeEmpty);
        odd = sample;
        odd.prompts.concepts.pop_back();
        QCOMPARE(failing(odd), ErrorCode::InvalidArgument);
        odd = sample;
        odd.attribute.codes.assign(odd.attribute.codes.size(), Attribute::kUnlabelled);
        QCOMPARE(failing(odd), ErrorCode::AttributeEmpty);
        odd = sample;
        std::fill_n(odd.first.begin(), world.images, std::numeric_limits<float>::quiet_NaN());
        QCOMPARE(failing(odd), ErrorCode::ScoresInvalid);
        odd = sample;
        odd.attribute.codes.clear();
        QCOMPARE(failing(odd), ErrorCode::ScoresInvalid);

        odd = sample;
        odd.attribute.codes.assign(odd.attribute.codes.size(), 1);
        const auto alone =
            comparePaired(odd.first, odd.second, odd.prompts, odd.attribute, options, "A", "B", feedback);
        QVERIFY(alone && alone->mean.rows.empty() && alone->mean.warnings.size() == 1);

        odd = sample; // an image without any score, and infinite and constant ones
        for (std::size_t p = 0; p < odd.prompts.texts.size(); ++p)
            odd.first[p * world.images + 5] = std::numeric_limits<float>::quiet_NaN();
        odd.second[7] = std::numeric_limits<float>::infinity();
        std::fill_n(odd.second.begin() + static_cast<std::ptrdiff_t>(world.images), world.images, 1.0F);
        const auto rough =
            comparePaired(odd.first, odd.second, odd.prompts, odd.attribute, options, "A", "B", feedback);
        QVERIFY(rough.has_value());
        QCOMPARE(rough->mean.rows.front().n, std::int64_t(world.images - 1));
        QVERIFY(rough->mean.warnings.size() >= 2);
        for (const MeasureRow& r : rough->mean.rows)
            QVERIFY(!r.value.value || std::isfinite(*r.value.value));

        Feedback cancelled;
        cancelled.cancel();
        const auto stopped = summariseAudit(sample.first, sample.prompts, sample.attribute, options, cancelled);
        QVERIFY(!stopped && stopped.error().cancelled());
    }

    /// Both models alike, leaning or not: p is never too small.
    void exchangeHoldsItsLevel_data() {
        QTest::addColumn<double>("lean");
        QTest::addColumn<int>("images");
        QTest::addColumn<double>("shared");
        QTest::addRow("no lean, 200 images") << 0.0 << 200 << 0.7;
        QTest::addRow("lean, 1000 images") << 0.8 << 1000 << 0.7;
        if (full()) {
            QTest::addRow("no lean, 2000 images") << 0.0 << 2000 << 0.7;
            QTest::addRow("lean, unrelated models") << 0.8 << 1000 << 0.0;
            QTest::addRow("lean, near models") << 0.8 << 2000 << 0.95;
        }
    }
    void exchangeHoldsItsLevel() {
        QFETCH(double, lean);
        QFETCH(int, images);
        QFETCH(double, shared);
        World world;
        world.lean = lean;
        world.images = static_cast<std::size_t>(images);
        world.shared = shared;
        world.concepts = full() ? 8 : 6;
        world.templates = full() ? 2 : 1;
        world.conceptSpread = 0.3;
        const std::size_t runs = full() ? 2000 : 300;
        const std::array<const char*, 5> names = {"max_skew", "min_skew", "ndkl", "gap_sd", "prompts: max_skew"};
        std::vector<std::array<double, 5>> p(runs);
        tbb::parallel_for(std::size_t(0), runs, [&](std::size_t run) {
            const World::Sample sample = world.draw(1000 + run);
            Feedback feedback;
            MeasureOptions options = optionsOf(images / 10, 199);
            options.bootstrapDraws = 0;
            options.seed = run;
            const auto result = comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options,
                                              "A", "B", feedback);
            for (std::size_t m = 0; m < 4; ++m)
                p[run][m] = *row(result->mean, {"group", "difference", "images"}, names[m]).value.pValue;
            p[run][4] = *row(result->mean, {"group", "difference", "prompts"}, "max_skew").value.pValue;
        });
        for (std::size_t m = 0; m < names.size(); ++m)
            for (const double level : {0.01, 0.05, 0.1}) {
                const auto rejected = std::ranges::count_if(p, [&](const auto& mine) { return mine[m] <= level; });
                const double expected = level * static_cast<double>(runs);
                if (full())
                    std::printf("%s | %s | %.2f: %.1f %%\n", QTest::currentDataTag(), names[m], level,
                                100.0 * static_cast<double>(rejected) / static_cast<double>(runs));
                QVERIFY2(static_cast<double>(rejected) <= expected + 3.5 * std::sqrt(expected) + 1,
                         qPrintable(QStringLiteral("%1: %2 of %3 at %4")
                                        .arg(QLatin1String(names[m]))
                                        .arg(rejected)
                                        .arg(runs)
                                        .arg(level)));
            }
    }

    void intervalsCover_data() {
        QTest::addColumn<double>("lean");
        QTest::addColumn<double>("change");
        QTest::addColumn<int>("groups");
        QTest::addRow("no lean") << 0.0 << 0.0 << 2;
        QTest::addRow("lean, changed") << 0.8 << -0.4 << 2;
        if (full())
            QTest::addRow("5 groups, changed") << 0.8 << -0.4 << 5;
    }
    void intervalsCover() {
        QFETCH(double, lean);
        QFETCH(double, change);
        QFETCH(int, groups);
        World world;
        world.lean = lean;
        world.change = change;
        world.groups = static_cast<std::size_t>(groups);
        world.images = 2000;
        world.concepts = full() ? 12 : 3;
        world.templates = full() ? 2 : 1;
        const std::size_t runs = full() ? 1000 : 200;
        struct Seen {
            double value, low, high;
        };
        struct Asked {
            std::vector<std::string> keys;
            const char* name;
        };
        std::vector<Asked> asked;
        for (const char* name : {"max_skew", "min_skew", "ndkl", "gap_sd"}) {
            asked.push_back({{"group", "difference", "images"}, name});
            asked.push_back({{"group", "B", "images"}, name});
        }
        std::vector<std::vector<Seen>> seen(asked.size(), std::vector<Seen>(runs));
        tbb::parallel_for(std::size_t(0), runs, [&](std::size_t run) {
            const World::Sample sample = world.draw(5000 + run);
            Feedback feedback;
            MeasureOptions options = optionsOf(200, 200);
            options.nullDraws = 0;
            options.seed = run;
            const auto result = comparePaired(sample.first, sample.second, sample.prompts, sample.attribute, options,
                                              "A", "B", feedback);
            for (std::size_t a = 0; a < asked.size(); ++a) {
                const MetricValue& value = row(result->mean, asked[a].keys, asked[a].name).value;
                seen[a][run] = {*value.value, *value.ciLow, *value.ciHigh};
            }
        });
        for (std::size_t a = 0; a < asked.size(); ++a) {
            // What the interval is of: the mean over pools of this size.
            double truth = 0, spread = 0, width = 0;
            for (const Seen& s : seen[a])
                truth += s.value / static_cast<double>(runs);
            for (const Seen& s : seen[a]) {
                spread += (s.value - truth) * (s.value - truth) / static_cast<double>(runs);
                width += (s.high - s.low) / static_cast<double>(runs);
            }
            const auto covered =
                std::ranges::count_if(seen[a], [&](const Seen& s) { return s.low <= truth && truth <= s.high; });
            const double share = static_cast<double>(covered) / static_cast<double>(runs);
            if (full())
                std::printf("%s | %s %s | covers %.1f %% | width / (3.92 sd) %.2f\n", QTest::currentDataTag(),
                            asked[a].keys[1].c_str(), asked[a].name, 100 * share, width / (3.92 * std::sqrt(spread)));
            QVERIFY2(share >= 0.93 - 2.6 * std::sqrt(0.05 * 0.95 / static_cast<double>(runs)),
                     qPrintable(QStringLiteral("%1 %2 covers %3")
                                    .arg(QString::fromStdString(asked[a].keys[1]), QLatin1String(asked[a].name))
                                    .arg(share)));
        }
    }

    void intervalsOverPromptsCover() {
        // New concepts and new images in every run: what the joined interval promises.
        World world;
        world.images = 1000;
        world.lean = 0.6;
        world.conceptSpread = 0.3;
        world.concepts = 10;
        world.templates = full() ? 2 : 1;
        const std::size_t runs = full() ? 1000 : 200;
        std::vector<std::array<double, 5>> seen(runs); // value, both's ends, prompts' ends
        tbb::parallel_for(std::size_t(0), runs, [&](std::size_t run) {
            const World::Sample sample = world.draw(9000 + run);
            Feedback feedback;
            MeasureOptions options = optionsOf(100, 200);
            options.nullDraws = 0;
            options.seed = run;
            const auto table = summariseAudit(sample.first, sample.prompts, sample.attribute, options, feedback);
            const MetricValue& both = row(*table, {"group", "images and prompts"}, "max_skew").value;
            const MetricValue& prompts = row(*table, {"group", "prompts"}, "max_skew").value;
            seen[run] = {*both.value, *both.ciLow, *both.ciHigh, *prompts.ciLow, *prompts.ciHigh};
        });
        double truth = 0;
        for (const auto& s : seen)
            truth += s[0] / static_cast<double>(runs);
        const auto covered = std::ranges::count_if(seen, [&](const auto& s) { return s[1] <= truth && truth <= s[2]; });
        const double share = static_cast<double>(covered) / static_cast<double>(runs);
        if (full())
            std::printf("images and prompts, max_skew | covers %.1f %%\n", 100 * share);
        QVERIFY2(share >= 0.93 - 2.6 * std::sqrt(0.05 * 0.95 / static_cast<double>(runs)),
                 qPrintable(QString::number(share)));
    }
};

QTEST_GUILESS_MAIN(TestPaired)
#include "tst_paired.moc"
