// SPDX-License-Identifier: GPL-3.0-or-later
#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <cmath>
#include <limits>
#include <variant>

#include <QTest>

#include "core/base/random.h"
#include "core/debias/classifier/fit_gda.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

struct Planted {
    Embeddings images;
    Attribute attribute;
};

/// Groups whose means differ in their own coordinate by `distance` standard deviations; group g has n / (g + 1) rows.
Planted planted(std::size_t n, std::size_t dim, std::size_t groups, double distance) {
    RandomStream random(21, streamId("test/gaussian"), n * dim + groups);
    Planted result;
    result.attribute.name = "group";
    for (std::size_t g = 0; g < groups; ++g)
        result.attribute.groups.push_back("group " + std::to_string(g));
    std::vector<float> values;
    for (std::size_t g = 0; g < groups; ++g)
        for (std::size_t i = 0; i < n / (g + 1); ++i) {
            for (std::size_t d = 0; d < dim; ++d)
                values.push_back(static_cast<float>(random.normal() + (d == g ? distance : 0.0)));
            result.attribute.codes.push_back(static_cast<std::int32_t>(g));
        }
    result.images = Embeddings(result.attribute.codes.size(), dim);
    result.images.values = std::move(values);
    return result;
}

FitInput inputOf(const Planted& from) {
    return {.images = from.images, .attribute = from.attribute, .texts = nullptr, .words = {}, .seed = 7};
}

Outcome<Fitted> gda(const FitInput& input, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    const DebiasConfig config{
        .method = "gda", .attribute = "group", .parameters = std::move(parameters), .seed = input.seed};
    Feedback feedback;
    return fitGda(input, Parameters(config), feedback);
}

std::optional<double> fact(const Fitted& fitted, std::string_view name) {
    for (const DebiasFact& one : fitted.facts)
        if (one.name == name)
            return one.value;
    return std::nullopt;
}

} // namespace

class TestGaussian : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void weightsFollowTheFormula() {
        // Two coordinates, so that the inverse is written down.
        Embeddings unit(4, 2);
        const double angles[] = {0.1, 0.5, 1.3, 2.0};
        for (std::size_t i = 0; i < 4; ++i) {
            unit.row(i)[0] = static_cast<float>(std::cos(angles[i]));
            unit.row(i)[1] = static_cast<float>(std::sin(angles[i]));
        }
        const std::vector<std::int32_t> codes{0, 0, 1, 1};
        Feedback feedback;
        const GaussianFit fit = fitGaussian(unit, codes, 2, 2.0, 0, feedback).value();
        const auto value = [&](std::size_t i, std::size_t d) { return static_cast<double>(unit.row(i)[d]); };
        double mean[2][2], a = 0, b = 0, c = 0;
        for (std::size_t g = 0; g < 2; ++g)
            for (std::size_t d = 0; d < 2; ++d)
                mean[g][d] = (value(2 * g, d) + value(2 * g + 1, d)) / 2;
        for (std::size_t i = 0; i < 4; ++i) {
            const double x = value(i, 0) - mean[i / 2][0], y = value(i, 1) - mean[i / 2][1];
            a += x * x;
            b += x * y;
            c += y * y;
        }
        const double trace = (a + c) / 3;
        a += trace;
        c += trace;
        for (std::size_t g = 0; g < 2; ++g) {
            const double w0 = 2 * (c * mean[g][0] - b * mean[g][1]) / (a * c - b * b);
            const double w1 = 2 * (a * mean[g][1] - b * mean[g][0]) / (a * c - b * b);
            const double bias = std::log(0.5) - (w0 * mean[g][0] + w1 * mean[g][1]) / 2;
            QVERIFY(std::abs(fit.classifier.weights[2 * g] - w0 / 2) < 1e-9);
            QVERIFY(std::abs(fit.classifier.weights[2 * g + 1] - w1 / 2) < 1e-9);
            QVERIFY(std::abs(fit.classifier.bias[g] - bias / 2) < 1e-9);
            QVERIFY(std::abs(fit.means[2 * g] - mean[g][0]) < 1e-12);
        }
        QVERIFY(!fit.heldOut);
    }

    void plantedGroupsAreRecovered() {
        for (const std::size_t groups : {2, 5}) {
            const Planted from = planted(600, 24, groups, 6.0);
            const auto fitted = gda(inputOf(from)).value();
            QVERIFY(*fact(fitted, "training accuracy") > 0.97);
            QVERIFY(*fact(fitted, "held-out accuracy") > 0.97);
            QVERIFY(*fact(fitted, "majority") < 0.7);
            QVERIFY(*fact(fitted, "group 0 taken for group 0") > 0.95);
        }
        // Groups that do not differ are not told apart on images that were held out.
        const auto nothing = gda(inputOf(planted(600, 24, 2, 0.0))).value();
        QVERIFY(*fact(nothing, "held-out accuracy") < 0.62);
    }

    void thePosteriorIsCalibrated() {
        const Planted from = planted(4000, 12, 2, 1.5);
        Feedback feedback;
        Embeddings unit = from.images;
        normaliseRows(unit);
        const auto fit = fitGaussian(unit, from.attribute.codes, 2, std::nullopt, 1, feedback).value();
        double said = 0, right = 0;
        std::vector<double> p(2);
        for (std::size_t i = 0; i < unit.rows; ++i) {
            QVERIFY(fit.classifier.posterior(from.images.row(i), p)); // raw rows give what unit rows give
            QVERIFY(std::abs(p[0] + p[1] - 1) < 1e-12);
            said += std::max(p[0], p[1]);
            right += (p[1] > p[0]) == (from.attribute.codes[i] == 1) ? 1 : 0;
        }
        const auto n = static_cast<double>(unit.rows);
        QVERIFY2(std::abs(said - right) / n < 0.03, qPrintable(QStringLiteral("%1 %2").arg(said / n).arg(right / n)));
    }

    void theMapTakesTheGroupsTogether() {
        const Planted from = planted(800, 16, 3, 3.0);
        const auto fitted = gda(inputOf(from)).value();
        const auto& map = std::get<PosteriorMap>(fitted.image);
        QCOMPARE(map.groups, std::size_t(3));
        QCOMPARE(map.dim, std::size_t(16));
        QVERIFY(std::holds_alternative<Unchanged>(fitted.text));
        QVERIFY(*fact(fitted, "accuracy after") < *fact(fitted, "accuracy before") - 0.15);
    }

    void rowsOfNoUseTakeNoPart() {
        Planted from = planted(100, 8, 2, 3.0);
        const auto clean = gda(inputOf(from)).value();
        from.images.values.insert(from.images.values.end(), 24, 0.0F);
        from.images.rows += 3;
        from.images.row(from.images.rows - 1)[2] = std::numeric_limits<float>::quiet_NaN();
        std::ranges::fill(from.images.row(from.images.rows - 2), 3.0F);
        from.attribute.codes.insert(from.attribute.codes.end(), {0, Attribute::kUnlabelled, 1});
        from.attribute.groups.emplace_back("nobody");
        const auto same = gda(inputOf(from)).value();
        QCOMPARE(std::get<PosteriorMap>(same.image).weights, std::get<PosteriorMap>(clean.image).weights);
        Feedback feedback;
        const auto& map = std::get<PosteriorMap>(same.image);
        const GaussianClassifier classifier{map.dim, map.groups, map.weights, map.bias};
        const auto codes = predictCodes(classifier, from.images, feedback).value();
        QCOMPARE(codes.back(), Attribute::kUnlabelled);
        QVERIFY(codes[codes.size() - 2] >= 0);
        QVERIFY(!predictCodes(classifier, Embeddings(2, 9), feedback));
    }

    void degenerateInputIsRefusedInWords() {
        Planted from = planted(20, 4, 2, 1.0);
        QVERIFY(!gda(inputOf(from), {{"temperature", "0"}}));
        QVERIFY(!gda(inputOf(from), {{"temperature", "warm"}}));
        Planted alike = from;
        std::ranges::fill(alike.images.values, 1.0F);
        QCOMPARE(gda(inputOf(alike)).error().error().code, ErrorCode::InvalidArgument);
        Planted one = from;
        std::ranges::fill(one.attribute.codes, 1);
        QCOMPARE(gda(inputOf(one)).error().error().code, ErrorCode::AttributeSingleGroup);
        one.attribute.codes[0] = 0; // one row of a group
        QCOMPARE(gda(inputOf(one)).error().error().code, ErrorCode::InvalidArgument);
        std::ranges::fill(one.attribute.codes, Attribute::kUnlabelled);
        QCOMPARE(gda(inputOf(one)).error().error().code, ErrorCode::AttributeEmpty);
        one.attribute.codes.pop_back();
        QCOMPARE(gda(inputOf(one)).error().error().code, ErrorCode::InvalidArgument);
        // Fewer rows than dimensions is no obstacle.
        const auto few = gda(inputOf(planted(6, 64, 2, 3.0))).value();
        for (const double weight : std::get<PosteriorMap>(few.image).weights)
            QVERIFY(std::isfinite(weight));
    }

    void theBitsAreTheSameForAnyNumberOfThreads() {
        const Planted from = planted(500, 16, 3, 1.0);
        const auto many = gda(inputOf(from)).value();
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        const auto single = gda(inputOf(from)).value();
        QCOMPARE(std::get<PosteriorMap>(single.image).weights, std::get<PosteriorMap>(many.image).weights);
        QCOMPARE(*fact(single, "temperature"), *fact(many, "temperature"));
    }
};

QTEST_APPLESS_MAIN(TestGaussian)
#include "tst_gaussian.moc"
