// SPDX-License-Identifier: GPL-3.0-or-later
// The linear probe: optimum against an independent solver, what scaling does, what is refused.
#include <algorithm>
#include <cmath>
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/base/random.h"
#include "core/metric/logistic.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

/// The 14 rows of the reference values (numpy: Newton's method on the full Hessian; l2 = 1 also scikit-learn 1.x).
Embeddings smallRows() {
    Embeddings x(14, 3);
    for (std::size_t i = 0; i < x.rows; ++i)
        for (std::size_t j = 0; j < x.dim; ++j)
            x.row(i)[j] = (static_cast<float>((i * 7 + j * 5 + i * j * 3) % 11) - 5.F) / 4.F;
    return x;
}

std::vector<std::int32_t> smallLabels() {
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 14; ++i)
        labels.push_back((i * 5) % 7 < 3 ? 1 : 0);
    return labels;
}

/// Rows of `classes` clouds around random centres at this distance.
Embeddings clouds(std::size_t rows, std::size_t dim, std::size_t classes, double distance, std::uint64_t seed,
                  std::vector<std::int32_t>& labels) {
    Embeddings x(rows, dim);
    RandomStream random(seed, streamId("clouds"), 0);
    std::vector<double> centres(classes * dim);
    for (double& value : centres)
        value = distance * random.normal() / std::sqrt(static_cast<double>(dim));
    labels.clear();
    for (std::size_t i = 0; i < rows; ++i) {
        labels.push_back(static_cast<std::int32_t>(i % classes));
        for (std::size_t j = 0; j < dim; ++j)
            x.row(i)[j] = static_cast<float>(centres[(i % classes) * dim + j] + random.normal());
    }
    return x;
}

} // namespace

class TestLogistic : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreesWithAnIndependentSolver_data() {
        QTest::addColumn<double>("l2");
        QTest::addColumn<bool>("standardise");
        QTest::addColumn<QList<double>>("expected"); // three weights and the bias
        QTest::newRow("l2 = 1, raw") << 1.0 << false
                                     << QList<double>{0.262154095808881, 0.5918710285980782, 0.10538971526555523,
                                                      -0.24179349343299564};
        QTest::newRow("l2 = 0.1, standardised")
            << 0.1 << true
            << QList<double>{0.5446185742822471, 1.0548428996382258, 0.4181983196089838, -0.20402393947495445};
        QTest::newRow("no penalty") << 0.0 << false
                                    << QList<double>{0.5962212362498224, 1.1149073958074278, 0.47577112848892494,
                                                     -0.198323630893281};
        QTest::newRow("no penalty, standardised")
            << 0.0 << true
            << QList<double>{0.5962212362498224, 1.1149073958074278, 0.47577112848892494, -0.198323630893281};
    }
    void agreesWithAnIndependentSolver() {
        QFETCH(const double, l2);
        QFETCH(const bool, standardise);
        QFETCH(const QList<double>, expected);
        Feedback feedback;
        const auto fit = fitLogistic(smallRows(), smallLabels(), {l2, standardise, 1e-12}, feedback);
        QVERIFY(fit);
        QVERIFY(fit->converged);
        for (int j = 0; j < 3; ++j)
            QVERIFY2(std::abs(fit->weights[static_cast<std::size_t>(j)] - expected[j]) < 1e-9,
                     std::to_string(fit->weights[static_cast<std::size_t>(j)]).c_str());
        QVERIFY2(std::abs(fit->bias - expected[3]) < 1e-9, std::to_string(fit->bias).c_str());
        const Embeddings x = smallRows();
        double odds = fit->bias;
        for (std::size_t j = 0; j < 3; ++j)
            odds += fit->weights[j] * static_cast<double>(x.row(4)[j]);
        QVERIFY(std::abs(fit->logOdds(x.row(4)) - odds) < 1e-12);
    }

    void gradientIsZeroInManyDimensions() {
        std::vector<std::int32_t> labels;
        const Embeddings x = clouds(600, 700, 2, 6, 1, labels); // more columns than rows
        Feedback feedback;
        const LogisticOptions options{0.5, false, 1e-9, 100};
        const auto fit = fitLogistic(x, labels, options, feedback);
        QVERIFY(fit && fit->converged);
        double largest = 0, biasGradient = 0;
        for (std::size_t j = 0; j < x.dim; ++j) {
            double sum = options.l2 * fit->weights[j];
            for (std::size_t i = 0; i < x.rows; ++i)
                sum += (1 / (1 + std::exp(-fit->logOdds(x.row(i)))) - labels[i]) * static_cast<double>(x.row(i)[j]);
            largest = std::max(largest, std::abs(sum));
        }
        for (std::size_t i = 0; i < x.rows; ++i)
            biasGradient += 1 / (1 + std::exp(-fit->logOdds(x.row(i)))) - labels[i];
        QVERIFY2(largest / 600 < 2e-9, std::to_string(largest).c_str());
        QVERIFY(std::abs(biasGradient) / 600 < 2e-9);
    }

    void standardisedFitIgnoresUnitsAndConstants() {
        std::vector<std::int32_t> labels;
        const Embeddings x = clouds(200, 4, 2, 1.5, 2, labels);
        Embeddings moved(200, 5);
        for (std::size_t i = 0; i < x.rows; ++i) {
            for (std::size_t j = 0; j < 4; ++j)
                moved.row(i)[j] = x.row(i)[j] * 1024.F; // exact
            moved.row(i)[4] = 3.25F;
        }
        Feedback feedback;
        const LogisticOptions options{2, true, 1e-11, 100};
        const auto a = fitLogistic(x, labels, options, feedback), b = fitLogistic(moved, labels, options, feedback);
        QVERIFY(a && b && a->converged && b->converged);
        QCOMPARE(b->weights[4], 0.0);
        for (std::size_t i = 0; i < x.rows; ++i)
            QVERIFY(std::abs(a->logOdds(x.row(i)) - b->logOdds(moved.row(i))) < 1e-8);
        // Without standardising the units matter: the penalty falls on smaller weights.
        const auto c = fitLogistic(moved, labels, {2, false, 1e-9, 200}, feedback);
        QVERIFY(c);
        QVERIFY(std::abs(c->logOdds(moved.row(0)) - a->logOdds(x.row(0))) > 1e-4);
    }

    void classesSwappedMirrorThePlane() {
        std::vector<std::int32_t> labels;
        const Embeddings x = clouds(90, 6, 2, 1, 3, labels);
        std::vector<std::int32_t> swapped;
        for (const std::int32_t label : labels)
            swapped.push_back(1 - label);
        Feedback feedback;
        const auto a = fitLogistic(x, labels, {1, true, 1e-12}, feedback);
        const auto b = fitLogistic(x, swapped, {1, true, 1e-12}, feedback);
        QVERIFY(a && b);
        for (std::size_t j = 0; j < x.dim; ++j)
            QVERIFY(std::abs(a->weights[j] + b->weights[j]) < 1e-9);
        QVERIFY(std::abs(a->bias + b->bias) < 1e-9);
    }

    void saysWhereThereIsNoOptimum() {
        Embeddings x(6, 1);
        x.values = {-3, -2, -1, 1, 2, 3};
        const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1, 1};
        Feedback feedback;
        const auto separable = fitLogistic(x, labels, {0, false, 1e-12, 20}, feedback);
        QVERIFY(separable);
        QVERIFY(!separable->converged);
        QVERIFY(fitLogistic(x, labels, {1e-3, false, 1e-8, 50}, feedback)->converged);
    }

    void rowsWithoutALabelTakeNoPart() {
        Embeddings x = smallRows();
        std::vector<std::int32_t> labels = smallLabels();
        Feedback feedback;
        const auto before = fitLogistic(x, labels, {}, feedback);
        x.rows += 1;
        x.values.insert(x.values.end(), {std::numeric_limits<float>::quiet_NaN(), 100, 100});
        labels.push_back(-1);
        const auto after = fitLogistic(x, labels, {}, feedback);
        QVERIFY(before && after);
        QCOMPARE(after->weights, before->weights);
        labels.back() = 1;
        const auto refused = fitLogistic(x, labels, {}, feedback);
        QVERIFY(!refused);
        QCOMPARE(refused.error().error().code, ErrorCode::ScoresInvalid);
    }

    void unusableInputIsRefused() {
        const Embeddings x = smallRows();
        std::vector<std::int32_t> labels = smallLabels();
        Feedback feedback;
        const auto code = [&](const std::vector<std::int32_t>& given, const LogisticOptions& options) {
            const auto fit = fitLogistic(x, given, options, feedback);
            return fit ? ErrorCode::Internal : fit.error().error().code;
        };
        QCOMPARE(code(std::vector<std::int32_t>(14, 1), {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(std::vector<std::int32_t>(14, -1), {}), ErrorCode::InvalidArgument);
        QCOMPARE(code({0, 1}, {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(labels, {-1.0}), ErrorCode::InvalidArgument);
        QCOMPARE(code(labels, {std::numeric_limits<double>::quiet_NaN()}), ErrorCode::InvalidArgument);
        labels[0] = 2;
        QCOMPARE(code(labels, {}), ErrorCode::InvalidArgument);
        QVERIFY(!fitOneVsRest(x, labels, 2, {}, feedback));
        QVERIFY(!fitOneVsRest(x, labels, 4, {}, feedback)); // no row of class 3
    }

    void oneVsRestNamesTheClass() {
        std::vector<std::int32_t> labels;
        const Embeddings x = clouds(400, 20, 4, 9, 5, labels);
        Feedback feedback;
        const auto fit = fitOneVsRest(x, labels, 4, {1, true}, feedback);
        QVERIFY(fit && fit->converged());
        QCOMPARE(fit->classes.size(), std::size_t{4});
        int right = 0;
        for (std::size_t i = 0; i < x.rows; ++i)
            right += fit->predict(x.row(i)) == static_cast<std::size_t>(labels[i]) ? 1 : 0;
        QVERIFY2(right > 390, std::to_string(right).c_str());
    }

    void foldsAreEvenAndHoldTheirShareOfEachClass() {
        std::vector<std::int32_t> labels(53, 0);
        std::fill(labels.begin() + 40, labels.end(), 1);
        labels[7] = -1;
        const std::vector<std::int32_t> fold = stratifiedFolds(labels, 5, 9, "x");
        std::vector<int> all(5), ones(5);
        for (std::size_t i = 0; i < labels.size(); ++i) {
            QCOMPARE(fold[i] < 0, labels[i] < 0);
            if (fold[i] >= 0) {
                ++all[static_cast<std::size_t>(fold[i])];
                ones[static_cast<std::size_t>(fold[i])] += labels[i];
            }
        }
        QVERIFY(*std::ranges::max_element(all) - *std::ranges::min_element(all) <= 1);
        QVERIFY(*std::ranges::max_element(ones) - *std::ranges::min_element(ones) <= 1);
        QVERIFY(fold == stratifiedFolds(labels, 5, 9, "x"));
        QVERIFY(fold != stratifiedFolds(labels, 5, 10, "x"));
    }

    void heldOutAccuracyOfNoiseIsHalf() {
        std::vector<std::int32_t> labels;
        const Embeddings noise = clouds(400, 100, 2, 0, 11, labels), apart = clouds(400, 100, 2, 8, 11, labels);
        Feedback feedback;
        const auto fold = stratifiedFolds(labels, 5, 1, "x");
        const auto chance = crossValidate(noise, labels, fold, {1, true}, feedback);
        const auto clear = crossValidate(apart, labels, fold, {1, true}, feedback);
        QVERIFY(chance && clear && chance->converged);
        QVERIFY2(std::abs(chance->accuracy - 0.5) < 0.1, std::to_string(chance->accuracy).c_str());
        QVERIFY2(clear->accuracy > 0.95, std::to_string(clear->accuracy).c_str());
        // Not the fit's own rows: on those, a plane in 100 dimensions does much better than chance.
        const auto own = fitLogistic(noise, labels, {1, true}, feedback);
        int right = 0;
        for (std::size_t i = 0; i < noise.rows; ++i)
            right += (own->logOdds(noise.row(i)) > 0) == (labels[i] == 1) ? 1 : 0;
        QVERIFY(right > 280);
    }

    void sameBitsForAnyNumberOfThreads() {
        std::vector<std::int32_t> labels;
        const Embeddings x = clouds(3000, 40, 2, 1, 13, labels);
        Feedback feedback;
        std::vector<LogisticFit> fits;
        for (const std::size_t threads : {1U, 2U, 5U}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            fits.push_back(fitLogistic(x, labels, {1, true}, feedback).value());
        }
        QVERIFY(fits[0].converged);
        QVERIFY(fits[1].weights == fits[0].weights && fits[2].weights == fits[0].weights);
        QVERIFY(fits[1].bias == fits[0].bias && fits[2].bias == fits[0].bias);
    }

    void cancelStopsTheFit() {
        Feedback feedback;
        feedback.cancel();
        const auto fit = fitLogistic(smallRows(), smallLabels(), {}, feedback);
        QVERIFY(!fit && fit.error().cancelled());
    }
};

QTEST_APPLESS_MAIN(TestLogistic)
#include "tst_logistic.moc"
