// SPDX-License-Identifier: GPL-3.0-or-later
// What a model is still good for: zero-shot accuracy, retrieval, ABLE and the generalisation matrix.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it
#include <tbb/parallel_for.h>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/utility/able.h"
#include "core/metric/utility/generalisation.h"
#include "core/metric/utility/retrieval.h"
#include "core/metric/utility/zero_shot.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

void near(double actual, double wanted, double tolerance = 1e-9) {
    QVERIFY2(std::abs(actual - wanted) <= tolerance,
             qPrintable(QStringLiteral("%1 is not %2").arg(actual, 0, 'g', 12).arg(wanted, 0, 'g', 12)));
}

const MeasureRow& row(const MeasureTable& table, const std::vector<std::string>& keys, const char* name) {
    const MeasureRow* found = table.find(keys, name);
    if (found == nullptr)
        qFatal("no row %s", name);
    return *found;
}

/// Images of unit length and captions near them.
struct Pairs {
    Embeddings images, captions;
    std::vector<std::uint32_t> imageOf;
    Pairs(std::size_t count, std::size_t each, std::size_t dim, double noise, std::uint64_t seed)
        : images(count, dim), captions(count * each, dim) {
        RandomStream random(seed, 1, 2);
        for (float& value : images.values)
            value = static_cast<float>(random.normal());
        for (std::size_t c = 0; c < captions.rows; ++c) {
            imageOf.push_back(static_cast<std::uint32_t>(c % count)); // an image's captions do not stand together
            const double sharpness =
                noise * (0.5 + static_cast<double>(imageOf.back() % 3)); // captions of an image are alike
            for (std::size_t d = 0; d < dim; ++d)
                captions.row(c)[d] = images.row(imageOf.back())[d] + static_cast<float>(sharpness * random.normal());
        }
    }
};

/// Ranks by the definition, from double-precision cosines.
RetrievalRanks slowRanks(const Pairs& pairs) {
    const std::vector<float> scores = cosines(pairs.images, pairs.captions);
    const std::size_t captions = pairs.captions.rows;
    RetrievalRanks ranks;
    for (std::size_t c = 0; c < captions; ++c) {
        std::int64_t rank = 1;
        for (std::size_t i = 0; i < pairs.images.rows; ++i)
            rank += i != pairs.imageOf[c] && scores[i * captions + c] >= scores[pairs.imageOf[c] * captions + c];
        ranks.ofCaption.push_back(rank);
    }
    for (std::size_t i = 0; i < pairs.images.rows; ++i) {
        float best = -2;
        for (std::size_t c = 0; c < captions; ++c)
            if (pairs.imageOf[c] == i)
                best = std::max(best, scores[i * captions + c]);
        std::int64_t rank = 1;
        for (std::size_t c = 0; c < captions; ++c)
            rank += pairs.imageOf[c] != i && scores[i * captions + c] >= best;
        ranks.ofImage.push_back(rank);
    }
    return ranks;
}

} // namespace

class TestUtility : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // ABLE ----------------------------------------------------------------------------------------------------------
    void ableIsThePublishedNumber_data() {
        QTest::addColumn<double>("accuracy");
        QTest::addColumn<double>("maxSkew");
        QTest::addColumn<double>("wanted");
        QTest::addColumn<double>("tolerance");
        // Rows of the paper's tables (METHODS A23); two are printed there with a last digit from unrounded parts.
        QTest::addRow("gender") << .6831 << .218 << .7387 << 6e-5;
        QTest::addRow("debiased") << .6800 << .103 << .7755 << 6e-5;
        QTest::addRow("third") << .6507 << .161 << .7376 << 6e-5;
        QTest::addRow("fourth") << .6805 << .080 << .7835 << 6e-5;
        QTest::addRow("age") << .6831 << .657 << .5895 << 6e-5;
        QTest::addRow("age debiased") << .6834 << .608 << .6061 << 6e-5;
        QTest::addRow("third as printed") << .6507 << .161 << .7378 << 2.5e-4;
        QTest::addRow("age as printed") << .6831 << .657 << .5894 << 1.5e-4;
        QTest::addRow("blind, gender") << .6831 << .056 << .793 << 6e-4;
        QTest::addRow("blind, race") << .6831 << .287 << .715 << 6e-4;
        QTest::addRow("blind, age") << .6831 << .503 << .642 << 6e-4;
        QTest::addRow("nothing right") << 0.0 << .2 << 0.0 << 0.0;
        QTest::addRow("perfect") << 1.0 << 0.0 << 1.0 << 1e-15;
    }
    void ableIsThePublishedNumber() {
        QFETCH(double, accuracy);
        QFETCH(double, maxSkew);
        QFETCH(double, wanted);
        QFETCH(double, tolerance);
        QVERIFY(able(accuracy, maxSkew).has_value());
        near(*able(accuracy, maxSkew), wanted, tolerance);
    }
    void ableIsMonotoneAndBounded() {
        for (double accuracy = 0.05; accuracy < 0.93; accuracy += 0.05)
            for (double skew = 0; skew < 3; skew += 0.1) {
                QVERIFY(*able(accuracy, skew) < *able(accuracy + 0.05, skew));
                QVERIFY(*able(accuracy, skew) > *able(accuracy, skew + 0.1));
                QVERIFY(*able(accuracy, skew) > 0 && *able(accuracy, skew) <= 1);
                QVERIFY(*ableExcess(accuracy, skew, 0.3) >= *able(accuracy, skew));
            }
        near(*ableExcess(.6, .1, .3), *able(.6, 0.0)); // below the neutral level costs nothing
        for (const double bad : {-0.1, 1.1, std::nan("")})
            QVERIFY(!able(bad, 0.1));
        QVERIFY(!able(0.5, std::numeric_limits<double>::infinity()) && !able(0.5, std::nan("")));
    }
    void ableTableNamesReferenceAndExcess() {
        AbleParts gender{"gender", 2, wilson(6831, 10000, 0.95), {}, true};
        gender.maxSkew.value = .218;
        gender.maxSkew.ciLow = .19;
        gender.maxSkew.ciHigh = .25;
        gender.maxSkew.neutral = .056;
        AbleParts absent{"age", 3, Rate{}, gender.maxSkew, false};
        const std::array<AbleParts, 2> both = {gender, absent};
        const MeasureTable table = ableTable(both);
        QCOMPARE(table.rows.size(), std::size_t(3));
        const MetricValue& value = row(table, {"gender"}, "able").value;
        near(*value.value, *able(.6831, .218));
        near(*value.neutral, *able(.6831, .056));
        near(*row(table, {"gender"}, "able_reference").value.value, *able(.6831, .056));
        near(*row(table, {"gender"}, "able_excess").value.value, *able(.6831, .218 - .056));
        // The end of either part alone is within the interval.
        for (const double end : {*able(*gender.accuracy.low, .218), *able(.6831, .25)})
            QVERIFY(*value.ciLow < end && end < *value.value);
        QVERIFY(*value.ciHigh > *able(.6831, .19));
        QCOMPARE(table.warnings.size(), std::size_t(2));
    }
    void ableIntervalCovers() {
        RandomStream random(3, 4, 5);
        const double accuracy = .65, skew = .2, sd = .03;
        const double truth = *able(accuracy, skew);
        const int runs = 2000;
        int covered = 0;
        for (int run = 0; run < runs; ++run) {
            std::int64_t right = 0;
            for (int i = 0; i < 1000; ++i)
                right += random.uniform() < accuracy;
            AbleParts parts{"a", 2, wilson(right, 1000, 0.95), {}, true};
            parts.maxSkew.value = skew + sd * random.normal();
            parts.maxSkew.ciLow = *parts.maxSkew.value - 1.96 * sd;
            parts.maxSkew.ciHigh = *parts.maxSkew.value + 1.96 * sd;
            const MeasureTable table = ableTable({&parts, 1});
            const MetricValue& value = table.rows.front().value;
            covered += *value.ciLow <= truth && truth <= *value.ciHigh;
        }
        const double share = static_cast<double>(covered) / runs;
        if (full())
            std::printf("able | covers %.1f %%\n", 100 * share);
        QVERIFY2(share > 0.935 && share < 0.97, qPrintable(QString::number(share)));
    }

    // Zero-shot -----------------------------------------------------------------------------------------------------
    void tiesStandBeforeTheTrueClass() {
        const std::vector<float> scores = {.1F, .5F, .5F, .2F, std::numeric_limits<float>::quiet_NaN()};
        QCOMPARE(rankOfClass(scores, 1), std::int64_t(2));
        QCOMPARE(rankOfClass(scores, 2), std::int64_t(2));
        QCOMPARE(rankOfClass(scores, 0), std::int64_t(4));
        QCOMPARE(rankOfClass(scores, 4), std::int64_t(0));
        const std::vector<float> constant(10, 1.0F);
        QCOMPARE(rankOfClass(constant, 0), std::int64_t(10));
    }
    void zeroShotCounts() {
        // 3 classes of 1, 2 and 5 images; the last image has no class, the one before no score.
        const std::vector<std::int32_t> labels = {0, 1, 1, 2, 2, 2, 2, 2, 2, -1};
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::vector<float> scores;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const bool right = i == 0 || i == 1 || i == 3 || i == 4;
            for (int c = 0; c < 7; ++c)
                scores.push_back(i == 8 ? nan : c == labels[i] ? (right ? 2.0F : -1.0F) : static_cast<float>(c) / 10);
        }
        const std::array<std::string, 10> names = {"a", "a", "b", "a", "a", "a", "b", "b", "a", "a"};
        const Attribute groups = makeAttribute("group", names);
        Resampling options;
        options.nullDraws = 199;
        options.bootstrapDraws = 199;
        Feedback feedback;
        const auto table = zeroShotAccuracy(scores, 7, labels, &groups, options, feedback);
        QVERIFY(table.has_value());
        const MeasureRow& all = row(*table, {""}, "top1");
        QCOMPARE(all.n, std::int64_t(8));
        QVERIFY(!all.enough);
        near(*all.value.value, 4.0 / 8);
        near(*all.value.ciLow, *wilson(4, 8, 0.95).low);
        near(*row(*table, {""}, "top5").value.value, 4.0 / 8); // the wrong ones are last of seven
        near(*row(*table, {""}, "class_mean_top1").value.value, (1.0 + 0.5 + 2.0 / 5) / 3);
        near(*row(*table, {"a"}, "top1").value.value, 4.0 / 5);
        near(*row(*table, {"b"}, "top1").value.value, 0.0);
        near(*row(*table, {""}, "top1_range").value.value, 0.8);
        QVERIFY(*row(*table, {""}, "top1_range").value.pValue > 0.05);
        QVERIFY(*row(*table, {""}, "class_mean_top1").value.ciHigh <= 1);
        QVERIFY(table->warnings.size() >= 4); // no class, no score, classes without images, small groups
    }
    void zeroShotRefuses() {
        Feedback feedback;
        const std::vector<float> scores(6, 0.0F);
        const std::vector<std::int32_t> labels = {0, 1};
        const auto code = [&](std::size_t classes, const std::vector<std::int32_t>& l) {
            const auto table = zeroShotAccuracy(scores, classes, l, nullptr, {}, feedback);
            return table ? ErrorCode::Internal : table.error().error().code;
        };
        QCOMPARE(code(2, labels), ErrorCode::ScoresInvalid);
        QCOMPARE(code(0, labels), ErrorCode::ScoresInvalid);
        QCOMPARE(code(3, {0, 3}), ErrorCode::InvalidArgument);
        const auto nothing = zeroShotAccuracy(scores, 3, std::vector<std::int32_t>{-1, -1}, nullptr, {}, feedback);
        QVERIFY(nothing && nothing->rows.empty() && nothing->warnings.size() == 2);
        Feedback cancelled;
        cancelled.cancel();
        const auto stopped = zeroShotAccuracy(scores, 3, labels, nullptr, {}, cancelled);
        QVERIFY(!stopped && stopped.error().cancelled());
    }
    void zeroShotKeepsItsPromises() {
        // 20 classes of different difficulty, 2,000 images; the group has no part in it.
        const std::size_t runs = full() ? 2000 : 300, images = 2000, classes = 20;
        std::array<int, 3> small{};
        int coveredAll = 0, coveredMean = 0;
        double truth = 0;
        for (std::size_t c = 0; c < classes; ++c)
            truth += (0.4 + 0.6 * static_cast<double>(c) / 19) / static_cast<double>(classes);
        std::mutex mutex;
        tbb::parallel_for(std::size_t(0), runs, [&](std::size_t run) {
            RandomStream random(run, 11, 12);
            std::vector<std::int32_t> labels;
            std::vector<float> scores(images * classes, 0.0F);
            Attribute group{"group", {"a", "b", "c"}, {}};
            for (std::size_t i = 0; i < images; ++i) {
                const std::size_t c = random.below(classes);
                labels.push_back(static_cast<std::int32_t>(c));
                group.codes.push_back(static_cast<std::int32_t>(random.below(3)));
                const bool right = random.uniform() < 0.4 + 0.6 * static_cast<double>(c) / 19;
                scores[i * classes + (right ? c : (c + 1) % classes)] = 1;
            }
            Resampling options;
            options.seed = run;
            options.nullDraws = options.bootstrapDraws = 199;
            Feedback feedback;
            const auto table = zeroShotAccuracy(scores, classes, labels, &group, options, feedback);
            const MetricValue& all = row(*table, {""}, "top1").value;
            const MetricValue& mean = row(*table, {""}, "class_mean_top1").value;
            const double p = *row(*table, {""}, "top1_range").value.pValue;
            const std::scoped_lock lock(mutex);
            coveredAll += *all.ciLow <= truth && truth <= *all.ciHigh;
            coveredMean += *mean.ciLow <= truth && truth <= *mean.ciHigh;
            small[0] += p <= 0.01;
            small[1] += p <= 0.05;
            small[2] += p <= 0.1;
        });
        const auto share = [&](int count) { return 100.0 * count / static_cast<double>(runs); };
        if (full())
            std::printf(
                "zero-shot | top1 covers %.1f %%, class mean %.1f %% | range p at .01/.05/.10: %.1f / %.1f / %.1f %%\n",
                share(coveredAll), share(coveredMean), share(small[0]), share(small[1]), share(small[2]));
        QVERIFY2(share(coveredAll) > 91.5, qPrintable(QString::number(share(coveredAll))));
        QVERIFY2(share(coveredMean) > 91.5, qPrintable(QString::number(share(coveredMean))));
        const std::array<double, 3> levels = {0.01, 0.05, 0.1};
        for (std::size_t l = 0; l < 3; ++l) {
            const double expected = levels[l] * static_cast<double>(runs);
            QVERIFY2(small[l] <= expected + 3.5 * std::sqrt(expected) + 1, qPrintable(QString::number(small[l])));
        }
    }

    // Retrieval -----------------------------------------------------------------------------------------------------
    void ranksAreThoseOfTheDefinition_data() {
        QTest::addColumn<int>("images");
        QTest::addColumn<int>("dim");
        for (const int images : {1, 3, 5, 130})
            for (const int dim : {1, 3, 16, 65})
                QTest::addRow("%d images, %d", images, dim) << images << dim;
    }
    void ranksAreThoseOfTheDefinition() {
        QFETCH(int, images);
        QFETCH(int, dim);
        const Pairs pairs(static_cast<std::size_t>(images), 5, static_cast<std::size_t>(dim), 1.5, 4);
        Feedback feedback;
        const auto ranks = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        QVERIFY(ranks.has_value());
        const RetrievalRanks slow = slowRanks(pairs);
        QCOMPARE(ranks->ofCaption, slow.ofCaption);
        QCOMPARE(ranks->ofImage, slow.ofImage);
    }
    void tiesCountAgainstTheModel() {
        // Every pair the same score: the right one is last, in both directions and for any order of files.
        Pairs pairs(7, 2, 3, 0, 1);
        std::ranges::fill(pairs.images.values, 0.3F);
        std::ranges::fill(pairs.captions.values, 0.9F);
        Feedback feedback;
        const auto ranks = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        for (const std::int64_t rank : ranks->ofCaption)
            QCOMPARE(rank, std::int64_t(7));
        for (const std::int64_t rank : ranks->ofImage)
            QCOMPARE(rank, std::int64_t(13));
        // Two images that are the same picture tie exactly, wherever they stand.
        Pairs twins(50, 1, 65, 0.1, 2);
        std::ranges::copy(twins.images.row(3), twins.images.row(41).begin());
        const auto twinRanks = retrievalRanks(twins.images, twins.captions, twins.imageOf, feedback);
        QCOMPARE(twinRanks->ofCaption[3], std::int64_t(2));
        QCOMPARE(twinRanks->ofCaption[4], std::int64_t(1));
    }
    void unusableEmbeddingsAreNeverFound() {
        Pairs pairs(20, 2, 8, 0.1, 3);
        std::ranges::fill(pairs.images.row(2), 0.0F);
        pairs.captions.row(7)[3] = std::numeric_limits<float>::quiet_NaN();
        pairs.captions.row(27)[3] = std::numeric_limits<float>::infinity();
        Feedback feedback;
        const auto ranks = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        QCOMPARE(ranks->unusableImages, std::int64_t(1));
        QCOMPARE(ranks->unusableCaptions, std::int64_t(2));
        QCOMPARE(ranks->ofImage[2], std::int64_t(0));
        QCOMPARE(ranks->ofCaption[2], std::int64_t(0));
        QCOMPARE(ranks->ofCaption[22], std::int64_t(0));
        QCOMPARE(ranks->ofImage[7], std::int64_t(0));
        QCOMPARE(ranks->ofImage[8], std::int64_t(1));
        const auto table = retrievalTable(*ranks, pairs.imageOf, nullptr, {}, feedback);
        QCOMPARE(table->warnings.size(), std::size_t(2));
        near(*row(*table, {"all"}, "image_to_text_r1").value.value, 18.0 / 20);
        near(*row(*table, {"all"}, "text_to_image_r10").value.value, 36.0 / 40);
    }
    void ratesAreCounted() {
        RetrievalRanks ranks;
        ranks.ofImage = {1, 5, 6, 11, -1};
        ranks.ofCaption = {1, 2, 5, 10, 11, 1};
        const std::vector<std::uint32_t> imageOf = {0, 0, 1, 2, 3, 3};
        Feedback feedback;
        const auto table = retrievalTable(ranks, imageOf, nullptr, {}, feedback);
        QVERIFY(table.has_value());
        const std::array<double, 7> wanted = {
            1.0 / 4, 2.0 / 4, 3.0 / 4, 2.0 / 6, 4.0 / 6, 5.0 / 6, (1.5 + 11.0 / 6) / 6};
        for (std::size_t i = 0; i < 7; ++i) {
            const MetricValue& value = table->rows[i].value;
            near(*value.value, wanted[i]);
            QVERIFY(*value.ciLow < *value.value && *value.value < *value.ciHigh && *value.ciLow >= 0 &&
                    *value.ciHigh <= 1);
        }
        QCOMPARE(table->rows[3].n, std::int64_t(6));
        QCOMPARE(table->warnings.size(), std::size_t(1));
    }
    void retrievalRefuses() {
        Feedback feedback;
        const Embeddings images(2, 3), captions(2, 4), fitting(2, 3);
        const auto code = [&](const Embeddings& c, const std::vector<std::uint32_t>& of) {
            const auto ranks = retrievalRanks(images, c, of, feedback);
            return ranks ? ErrorCode::Internal : ranks.error().error().code;
        };
        QCOMPARE(code(captions, {0, 1}), ErrorCode::ScoresInvalid);
        QCOMPARE(code(fitting, {0}), ErrorCode::ScoresInvalid);
        QCOMPARE(code(fitting, {0, 2}), ErrorCode::InvalidArgument);
        const auto nothing = retrievalTable({}, {}, nullptr, {}, feedback);
        QVERIFY(nothing && nothing->rows.empty());
        Feedback cancelled;
        cancelled.cancel();
        const Pairs pairs(40, 2, 8, 0.1, 3);
        const auto stopped = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, cancelled);
        QVERIFY(!stopped && stopped.error().cancelled());
    }
    void retrievalDoesNotDependOnThreadsNorScale() {
        Pairs pairs(300, 5, 33, 2, 6);
        Feedback feedback;
        const auto many = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        const auto single = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        QCOMPARE(many->ofCaption, single->ofCaption);
        QCOMPARE(many->ofImage, single->ofImage);
        for (float& value : pairs.captions.values)
            value *= 64;
        const auto scaled = retrievalRanks(pairs.images, pairs.captions, pairs.imageOf, feedback);
        QCOMPARE(many->ofCaption, scaled->ofCaption);
        const auto a = retrievalTable(*many, pairs.imageOf, nullptr, {}, feedback),
                   b = retrievalTable(*single, pairs.imageOf, nullptr, {}, feedback);
        for (std::size_t i = 0; i < a->rows.size(); ++i)
            QCOMPARE(a->rows[i].value.ciLow, b->rows[i].value.ciLow);
    }
    void retrievalIntervalsCover() {
        // Images of different difficulty, whose captions share it: an image's captions are no independent queries.
        const std::size_t runs = full() ? 2000 : 300, images = full() ? 2000 : 500;
        std::array<int, 7> covered{};
        std::array<double, 7> truth{};
        std::mutex mutex;
        const auto draw = [&](std::uint64_t seed, std::size_t count, std::vector<std::uint32_t>& imageOf) {
            RandomStream random(seed, 21, 22);
            RetrievalRanks ranks;
            for (std::size_t i = 0; i < count; ++i) {
                const double hard = random.uniform();
                const auto rank = [&] {
                    return 1 + static_cast<std::int64_t>(-std::log(random.uniformOpen()) * 12 * hard * hard);
                };
                ranks.ofImage.push_back(rank());
                for (int c = 0; c < 5; ++c) {
                    ranks.ofCaption.push_back(rank());
                    imageOf.push_back(static_cast<std::uint32_t>(i));
                }
            }
            return ranks;
        };
        {
            std::vector<std::uint32_t> imageOf;
            const RetrievalRanks ranks = draw(999'999, 400'000, imageOf);
            Resampling none;
            none.bootstrapDraws = 0;
            Feedback feedback;
            const auto table = retrievalTable(ranks, imageOf, nullptr, none, feedback);
            for (std::size_t i = 0; i < 7; ++i)
                truth[i] = *table->rows[i].value.value;
        }
        tbb::parallel_for(std::size_t(0), runs, [&](std::size_t run) {
            std::vector<std::uint32_t> imageOf;
            const RetrievalRanks ranks = draw(run, images, imageOf);
            Resampling options;
            options.seed = run;
            options.bootstrapDraws = 300;
            Feedback feedback;
            const auto table = retrievalTable(ranks, imageOf, nullptr, options, feedback);
            const std::scoped_lock lock(mutex);
            for (std::size_t i = 0; i < 7; ++i)
                covered[i] += *table->rows[i].value.ciLow <= truth[i] && truth[i] <= *table->rows[i].value.ciHigh;
        });
        for (std::size_t i = 0; i < 7; ++i) {
            const double share = static_cast<double>(covered[i]) / static_cast<double>(runs);
            if (full())
                std::printf("retrieval | number %zu covers %.1f %%\n", i, 100 * share);
            QVERIFY2(share > 0.95 - 3.5 * std::sqrt(0.05 * 0.95 / static_cast<double>(runs)),
                     qPrintable(QStringLiteral("%1: %2").arg(i).arg(share)));
        }
    }

    // Generalisation ------------------------------------------------------------------------------------------------
    void theMatrixNamesWhatIsMissing() {
        const SetAttribute fairGender{"FairFace", "gender"}, fairRace{"FairFace", "race"},
            utkGender{"UTKFace", "gender"};
        GeneralisationMatrix matrix{{fairGender, utkGender}, {fairGender, fairRace, utkGender}, {}};
        const auto cell = [&](const SetAttribute& fitted, const SetAttribute& audited, double before, double after,
                              double p) {
            GeneralisationCell c{fitted, audited, "max_skew", {}, {}, {}, 1000, true};
            c.before.value = before;
            c.after.value = after;
            c.difference.value = after - before;
            c.difference.pValue = p;
            c.before.pValue = 0.5;
            matrix.cells.push_back(c);
        };
        cell(fairGender, fairGender, .2, .1, .001);
        cell(fairGender, fairRace, .2, .25, .04);
        cell(fairGender, utkGender, .3, .2, .02);
        cell(utkGender, fairGender, .2, .15, .03);
        cell(utkGender, fairGender, .9, .9, .9); // again
        cell({"FACET", "age"}, fairGender, .9, .9, .9);
        const MeasureTable table = generalisationTable(matrix);
        QCOMPARE(table.rows.size(), std::size_t(12));
        const MeasureRow& first =
            row(table, {"FairFace, gender", "FairFace, gender", "in domain"}, "max_skew_difference");
        near(*first.value.value, -.1);
        near(*first.value.adjustedP, .004);
        near(*row(table, {"FairFace, gender", "FairFace, race", "other attribute"}, "max_skew_after").value.value, .25);
        near(*row(table, {"FairFace, gender", "UTKFace, gender", "other set"}, "max_skew_before").value.value, .3);
        near(*row(table, {"UTKFace, gender", "FairFace, gender", "other set"}, "max_skew_before").value.value, .2);
        QCOMPARE(table.warnings.size(), std::size_t(3));
        QVERIFY(table.warnings[0].find("max_skew of FairFace, race fitted on UTKFace, gender") != std::string::npos);
        QVERIFY(table.warnings[0].find("max_skew of UTKFace, gender fitted on UTKFace, gender") != std::string::npos);
        QVERIFY(table.warnings[2].find("FACET, age") != std::string::npos);
        QVERIFY(table.family.starts_with("4 tests: "));
        QCOMPARE(generalisationTable({{fairGender}, {fairGender}, {}}).warnings.size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestUtility)
#include "tst_utility.moc"
