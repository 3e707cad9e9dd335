// SPDX-License-Identifier: GPL-3.0-or-later
// The modality gap against numbers computed with numpy from the same embeddings, its intervals and its null.
#include <algorithm>
#include <cmath>
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/geometry/mean_distance.h"
#include "core/metric/geometry/modality_gap.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

void near(std::optional<double> a, double b, double tolerance, const std::string& what) {
    QVERIFY2(a && std::abs(*a - b) <= tolerance,
             (what + ": " + (a ? formatDouble(*a) : "absent") + " for " + formatDouble(b)).c_str());
}

/// Numbers that numpy makes too: (i * a + d * b) % m / m + shift where d == axis.
Embeddings grid(std::size_t rows, std::size_t dim, std::size_t a, std::size_t b, std::size_t modulus, float shift,
                std::size_t axis) {
    Embeddings result(rows, dim);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t d = 0; d < dim; ++d)
            result.row(i)[d] = static_cast<float>((i * a + d * b) % modulus) / static_cast<float>(modulus) +
                               (d == axis ? shift : 0.0F);
    return result;
}

Attribute attributeOf(std::vector<std::int32_t> codes, std::size_t groups) {
    Attribute attribute;
    attribute.name = "group";
    for (std::size_t g = 0; g < groups; ++g)
        attribute.groups.emplace_back(1, static_cast<char>('a' + g));
    attribute.codes = std::move(codes);
    return attribute;
}

/// Normal rows around a mean, with standard deviations that fall off along the axes.
Embeddings cloud(std::size_t rows, std::size_t dim, double noise, double centre, RandomStream& random) {
    Embeddings result(rows, dim);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t d = 0; d < dim; ++d)
            result.row(i)[d] = static_cast<float>((d == 0   ? 1.0
                                                   : d == 1 ? centre
                                                            : 0.0) +
                                                  noise * random.normal() / std::sqrt(1.0 + static_cast<double>(d)));
    return result;
}

double value(const MeasureTable& table, const std::vector<std::string>& keys, std::string_view measure) {
    const MeasureRow* row = table.find(keys, measure);
    return row && row->value.value ? *row->value.value : std::nan("");
}

Resampling few(std::uint64_t seed = 0) {
    Resampling options;
    options.seed = seed;
    options.nullDraws = 199;
    options.bootstrapDraws = 199;
    return options;
}

} // namespace

class TestModalityGap : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void golden() {
        Feedback feedback;
        const Embeddings images = grid(40, 12, 7, 13, 43, 0.0F, 0), texts = grid(40, 12, 5, 3, 29, 2.0F, 4);
        std::vector<std::int32_t> codes;
        for (int i = 0; i < 40; ++i)
            codes.push_back(i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : -1);
        const Attribute attribute = attributeOf(codes, 2);
        ModalityGapInput input{&images, &texts, true, &attribute};
        const MeasureTable paired = modalityGap(input, few(), feedback).value();
        near(value(paired, {""}, "gap"), 0.637887321421235, 1e-6, "gap");
        near(value(paired, {""}, "gap_corrected"), 0.631427408031858, 1e-6, "gap_corrected");
        near(value(paired, {""}, "modality_gap"), 0.0339083529024965, 1e-7, "modality_gap");
        near(value(paired, {""}, "feature_gap"), 2.3763362985251, 1e-6, "feature_gap");
        near(value(paired, {""}, "alignment"), 0.72668710025891, 1e-6, "alignment");
        near(value(paired, {""}, "uniformity"), -0.951363466925916, 1e-6, "uniformity");
        near(value(paired, {"a"}, "gap"), 0.70675835157976, 1e-6, "gap of a, of its own pairs");
        near(paired.find({""}, "uniformity")->value.ciHigh.value() - -0.951363466925916, 0.0529988132957626, 2e-3,
             "interval of uniformity");
        QCOMPARE(paired.countOf, std::string("pairs of image and caption"));

        input.paired = false;
        const MeasureTable apart = modalityGap(input, few(), feedback).value();
        near(value(apart, {""}, "gap"), 0.637887321421235, 1e-6, "gap");
        near(value(apart, {""}, "gap_corrected"), 0.632699114132398, 1e-6, "gap_corrected, texts fixed");
        near(value(apart, {"a"}, "gap"), 0.70885122637386, 1e-6, "gap of a");
        near(value(apart, {"b"}, "gap"), 0.650460475776076, 1e-6, "gap of b");
        near(value(apart, {""}, "gap_range"), 0.0597402963040827, 1e-6, "range");
        QVERIFY(!apart.find({""}, "feature_gap"));
        QVERIFY(apart.find({""}, "gap_range")->value.pValue.value() > 0);
        QVERIFY(apart.family.starts_with("0 tests")); // 13 images a group are not enough
        QVERIFY(!apart.find({""}, "gap_range")->enough);

        const MeasureTable centres = centroidDistances(images, attribute, "images", few(), feedback).value();
        near(value(centres, {"a", "b"}, "distance"), 0.304091027342362, 1e-6, "distance");
        near(value(centres, {"a", "b"}, "distance_corrected"), 0.239140590017899, 1e-6, "corrected");
    }

    void shiftGolden() {
        Feedback feedback;
        const Embeddings images = grid(40, 12, 7, 13, 43, 0.0F, 0), texts = grid(5, 12, 5, 3, 29, 2.0F, 4);
        const auto delta = modalityDelta(images, texts).value();
        const Shifted shifted = shiftModalities(images, texts, delta, 0.3);
        near(shifted.images.row(7)[4], 0.367259480639197, 1e-6, "image");
        near(shifted.texts.row(3)[4], 0.753270307012228, 1e-6, "text");
        std::vector<std::int32_t> codes, classes;
        for (int i = 0; i < 40; ++i) {
            codes.push_back(i % 2);
            classes.push_back(i % 5);
        }
        MeasureOptions ranking;
        ranking.k = {10, 0.0};
        ranking.nullDraws = 99;
        ranking.bootstrapDraws = 0;
        const std::vector<ShiftMeasure> measures{
            skewOfShifted(attributeOf(codes, 2), ranking, {"p0", "p1", "p2", "p3", "p4"}).value(),
            accuracyOfShifted(classes, few())};
        const std::vector<double> lambdas{-0.5, 0, 0.3, 0.5};
        const MeasureTable table = shiftExperiment(images, texts, lambdas, measures, few(), feedback).value();
        QCOMPARE(table.rows.size(), 4U * (1 + 2 * 5 + 1));
        near(value(table, {"0", ""}, "gap"), 0.669059679674799, 1e-6, "gap at 0");
        near(value(table, {"0.3", ""}, "gap"), 0.29844336984366, 1e-6, "gap at .3");
        near(value(table, {"-0.5", ""}, "gap"), 1.14926056614135, 1e-6, "gap at -.5");
        near(value(table, {"0", ""}, "accuracy"), 0.2, 1e-12, "accuracy at 0");
        near(value(table, {"0.5", ""}, "accuracy"), 0.225, 1e-12, "accuracy at .5");
        near(value(table, {"0", "p1"}, "max_skew"), 0.182321556793955, 1e-12, "MaxSkew at 0");
        near(value(table, {"0.3", "p1"}, "max_skew"), 0.182321556793955, 1e-12, "MaxSkew at .3");
        QVERIFY(table.family.ends_with("all measures at every lambda"));
        // Lambda 0 changes nothing but the lengths.
        QVERIFY(value(table, {"0.5", ""}, "gap") < value(table, {"0.3", ""}, "gap"));
        QVERIFY(!shiftExperiment(images, texts, std::vector<double>{std::nan("")}, {}, few(), feedback));
        QVERIFY(!shiftExperiment(images, texts, lambdas, std::vector<ShiftMeasure>{accuracyOfShifted({1}, few())},
                                 few(), feedback));
    }

    void lengthsDoNotMatterAndOrderNeither() {
        Feedback feedback;
        Embeddings images = grid(40, 12, 7, 13, 43, 0.0F, 0);
        const Embeddings texts = grid(9, 12, 5, 3, 29, 2.0F, 4);
        const ModalityGapInput input{&images, &texts};
        const double before = value(modalityGap(input, few(), feedback).value(), {""}, "gap");
        for (std::size_t i = 0; i < 20; ++i) {
            std::swap_ranges(images.row(i).begin(), images.row(i).end(), images.row(39 - i).begin());
            for (float& number : images.row(i))
                number *= 4;
        }
        near(value(modalityGap(input, few(), feedback).value(), {""}, "gap"), before, 1e-12, "gap");
    }

    void degenerateInput() {
        Feedback feedback;
        const Embeddings none(0, 4), some = grid(6, 4, 3, 5, 11, 0.0F, 0), other = grid(6, 5, 3, 5, 11, 0.0F, 0);
        QVERIFY(!modalityGap({&none, &some}, few(), feedback));
        QVERIFY(!modalityGap({&some, &other}, few(), feedback));
        const Embeddings five = grid(5, 4, 3, 5, 11, 0.0F, 0);
        QVERIFY(!modalityGap({&some, &five, true}, few(), feedback));
        const Attribute wrong = attributeOf({0, 1}, 2), one = attributeOf({0, 0, 0, 0, -1, -1}, 2),
                        twoAndOne = attributeOf({0, 0, 0, 0, 0, 1}, 2);
        QVERIFY(!modalityGap({&some, &five, false, &wrong}, few(), feedback));
        QVERIFY(!centroidDistances(some, wrong, "images", few(), feedback));
        const MeasureTable single = modalityGap({&some, &five, false, &one}, few(), feedback).value();
        QVERIFY(!single.find({""}, "gap_range"));
        QVERIFY(!single.warnings.empty());
        QVERIFY(centroidDistances(some, one, "images", few(), feedback).value().rows.empty());
        const MeasureTable lonely = modalityGap({&some, &five, false, &twoAndOne}, few(), feedback).value();
        QVERIFY(lonely.find({"b"}, "gap")->value.value);
        QVERIFY(!lonely.find({"b"}, "gap_corrected")->value.value);
        QVERIFY(!lonely.find({""}, "gap_range"));
        const MeasureTable alone = centroidDistances(some, twoAndOne, "images", few(), feedback).value();
        QVERIFY(alone.find({"a", "b"}, "distance")->value.value);
        QVERIFY(!alone.find({"a", "b"}, "distance")->value.ciLow);
        QVERIFY(!alone.find({"a", "b"}, "distance_corrected")->value.value);

        // Rows without a direction are left out, and said.
        Embeddings broken = grid(8, 4, 3, 5, 11, 0.0F, 0);
        for (float& number : broken.row(6))
            number = 0;
        broken.row(7)[0] = std::numeric_limits<float>::quiet_NaN();
        const MeasureTable left = modalityGap({&broken, &five}, few(), feedback).value();
        QCOMPARE(left.find({""}, "gap")->n, 6);
        QVERIFY(left.warnings.front().starts_with("2 images have no direction"));
        const Embeddings zeros(3, 4);
        const MeasureTable nothing = modalityGap({&zeros, &five}, few(), feedback).value();
        QVERIFY(!nothing.find({""}, "gap")->value.value);
        // One row on each side: a gap, but no interval.
        const Embeddings oneRow = grid(1, 4, 3, 5, 11, 1.0F, 0);
        const MeasureTable tiny = modalityGap({&oneRow, &oneRow}, few(), feedback).value();
        QCOMPARE(value(tiny, {""}, "gap"), 0.0);
        QVERIFY(!tiny.find({""}, "gap")->value.ciLow);
        feedback.cancel();
        QVERIFY(modalityGap({&some, &five}, few(), feedback).error().cancelled());
    }

    void sampledPairsAreNearTheExactOnes() {
        Feedback feedback;
        RandomStream random(3, streamId("uniformity"), 0);
        const Embeddings images = cloud(300, 8, 0.5, 0, random), texts = cloud(40, 8, 0.5, 1, random);
        const Uniformity exact = uniformity(images, texts, false, {}, few(), feedback).value();
        const Uniformity sampled = uniformity(images, texts, false, {100, 20'000}, few(), feedback).value();
        QCOMPARE(exact.sampled, 0);
        QCOMPARE(exact.pairs, 340 * 339 / 2);
        QVERIFY(sampled.sampled > 0 && sampled.samplingError > 0);
        QVERIFY2(std::abs(*sampled.value - *exact.value) < 4 * sampled.samplingError,
                 formatDouble(*sampled.value - *exact.value).c_str());
        const double width = *exact.interval.high - *exact.interval.low;
        const double wider = *sampled.interval.high - *sampled.interval.low;
        QVERIFY(wider > width && wider < 2 * width);
    }

    void threadsDoNotMatter() {
        Feedback feedback;
        RandomStream random(4, streamId("threads"), 0);
        const Embeddings images = cloud(200, 9, 0.5, 0, random), texts = cloud(30, 9, 0.5, 1, random);
        std::vector<std::int32_t> codes(200);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int32_t>(i % 3);
        const Attribute attribute = attributeOf(codes, 3);
        const auto run = [&] {
            MeasureTable table =
                modalityGap({&images, &texts, false, &attribute, {100, 5000}}, few(), feedback).value();
            const MeasureTable more = centroidDistances(images, attribute, "images", few(), feedback).value();
            table.rows.insert(table.rows.end(), more.rows.begin(), more.rows.end());
            return table;
        };
        const MeasureTable many = run();
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        const MeasureTable alone = run();
        for (std::size_t i = 0; i < many.rows.size(); ++i) {
            QCOMPARE(many.rows[i].value.value, alone.rows[i].value.value);
            QCOMPARE(many.rows[i].value.ciHigh, alone.rows[i].value.ciHigh);
            QCOMPARE(many.rows[i].value.pValue, alone.rows[i].value.pValue);
        }
    }

    /// Coverage of the interval of a distance between means where percentiles of resampled distances cover 0 %: at a
    /// true distance of 0, and near it.
    void intervalsCover_data() {
        QTest::addColumn<int>("n");
        QTest::addColumn<double>("distance");
        const bool full = qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
        for (const int n : full ? std::vector<int>{30, 200, 2000} : std::vector<int>{30, 200})
            for (const double distance : {0.0, 0.05, 0.2, 1.0})
                QTest::addRow("n = %d, distance %.2f", n, distance) << n << distance;
    }
    void intervalsCover() {
        QFETCH(int, n);
        QFETCH(double, distance);
        const int runs = qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION") ? 1000 : 200;
        constexpr std::size_t kDim = 16;
        int covered = 0, coveredPlain = 0;
        std::vector<double> widths;
        for (int run = 0; run < runs; ++run) {
            RandomStream random(5, streamId("coverage"), static_cast<std::uint64_t>(run));
            std::vector<double> a(static_cast<std::size_t>(n) * kDim), b(static_cast<std::size_t>(n) * kDim);
            for (std::vector<double>* side : {&a, &b})
                for (std::size_t i = 0; i < side->size(); ++i)
                    (*side)[i] = random.normal() / std::sqrt(1.0 + static_cast<double>(i % kDim)) +
                                 (side == &a && i % kDim == 3 ? distance : 0);
            const auto sample = [n](const std::vector<double>& values) {
                return VectorSample{static_cast<std::size_t>(n), kDim, [&values](std::size_t i, std::span<double> to) {
                                        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * kDim), kDim,
                                                    to.begin());
                                    }};
            };
            const MeanDistance estimate = meanDistance(sample(a), sample(b), static_cast<std::uint64_t>(run), "test");
            const Interval interval = estimate.interval(0.95);
            covered += *interval.low <= distance && distance <= *interval.high;
            widths.push_back(*interval.high - *interval.low);
            coveredPlain += estimate.plain <= distance;
        }
        std::ranges::nth_element(widths, widths.begin() + runs / 2);
        if (qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION"))
            std::printf("| %d | %.2f | %.1f | %.3f |\n", n, distance, 100.0 * covered / runs,
                        widths[static_cast<std::size_t>(runs) / 2]);
        QVERIFY2(covered >= runs * 0.92, std::to_string(covered).c_str());
        if (distance == 0)
            QCOMPARE(coveredPlain, 0); // why the plain length is not enough
    }

    void intervalsOfMeansAndUniformityCover() {
        // Uniformity of a population: from many rows once; then 200 samples of 60 images with the same texts.
        Feedback feedback;
        RandomStream random(6, streamId("population"), 0);
        const Embeddings texts = cloud(20, 6, 0.4, 1, random);
        double truth = 0;
        int covered = 0;
        constexpr int kRuns = 200;
        std::vector<Uniformity> found;
        for (int run = 0; run < kRuns; ++run) {
            RandomStream sample(6, streamId("sample"), static_cast<std::uint64_t>(run));
            const Embeddings images = cloud(60, 6, 0.4, 0, sample);
            found.push_back(uniformity(images, texts, false, {}, few(), feedback).value());
            truth += std::exp(*found.back().value) / kRuns;
        }
        for (const Uniformity& one : found)
            covered += *one.interval.low <= std::log(truth) && std::log(truth) <= *one.interval.high;
        QVERIFY2(covered >= 0.92 * kRuns && covered < kRuns, std::to_string(covered).c_str());
    }

    void nullsAreNeverTooSmall() {
        Feedback feedback;
        constexpr int kRuns = 200;
        std::vector<double> distances, ranges;
        for (int run = 0; run < kRuns; ++run) {
            RandomStream random(7, streamId("null"), static_cast<std::uint64_t>(run));
            const Embeddings images = cloud(60, 6, 0.4, 0, random), texts = cloud(8, 6, 0.4, 1, random);
            std::vector<std::int32_t> codes(60);
            for (std::int32_t& code : codes)
                code = static_cast<std::int32_t>(random.below(3));
            const Attribute attribute = attributeOf(codes, 3);
            Resampling options = few(static_cast<std::uint64_t>(run));
            options.nullDraws = 99;
            distances.push_back(*centroidDistances(images, attribute, "images", options, feedback)
                                     .value()
                                     .find({"a", "b"}, "distance")
                                     ->value.pValue);
            ranges.push_back(*modalityGap({&images, &texts, false, &attribute}, options, feedback)
                                  .value()
                                  .find({""}, "gap_range")
                                  ->value.pValue);
        }
        for (const std::vector<double>& p : {distances, ranges})
            for (const double level : {0.01, 0.05, 0.10}) {
                const auto below = static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= level; }));
                QVERIFY2(below <= kRuns * level + 4 * std::sqrt(kRuns * level * (1 - level)),
                         (std::to_string(below) + " at " + std::to_string(level)).c_str());
            }
    }

    void aGroupThatLiesApartIsFound() {
        Feedback feedback;
        RandomStream random(8, streamId("apart"), 0);
        Embeddings images = cloud(200, 6, 0.3, 0, random);
        const Embeddings texts = cloud(8, 6, 0.4, 1, random);
        std::vector<std::int32_t> codes(200);
        for (std::size_t i = 0; i < 200; ++i) {
            codes[i] = static_cast<std::int32_t>(i % 2);
            if (i % 2 == 1)
                images.row(i)[1] += 0.5F;
        }
        const Attribute attribute = attributeOf(codes, 2);
        const MeasureTable gaps = modalityGap({&images, &texts, false, &attribute}, few(), feedback).value();
        const MeasureRow& range = *gaps.find({""}, "gap_range");
        QCOMPARE(range.value.pValue.value(), 1.0 / 200);
        QVERIFY(range.value.ciLow.value() > 0 && range.value.adjustedP);
        const MeasureTable centres = centroidDistances(images, attribute, "images", few(), feedback).value();
        QCOMPARE(centres.find({"a", "b"}, "distance")->value.pValue.value(), 1.0 / 200);
        QVERIFY(centres.find({"a", "b"}, "distance_corrected")->value.ciLow.value() > 0.3);
    }
};

QTEST_APPLESS_MAIN(TestModalityGap)
#include "tst_modality_gap.moc"
