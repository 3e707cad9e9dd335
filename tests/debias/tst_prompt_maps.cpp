// SPDX-License-Identifier: GPL-3.0-or-later
// What texts take out of the embeddings: biased prompts, BEND-VLM, the modality-gap shift.
#include <functional>
#include <limits>
#include <ranges>

#include <QTest>

#include "core/debias/closed_form/bend.h"
#include "core/debias/closed_form/biased_prompts.h"
#include "core/debias/closed_form/gap_shift.h"
#include "core/debias/closed_form/query_map.h"
#include "tests/debias/planted_rows.h"

using namespace plumbline;
using namespace plumbline::debias;
using test::plantedRows;
using test::PlantedRows;

namespace {

/// A fit with texts alone.
Outcome<Fitted> fittedOn(const Embeddings& texts, const BiasedPromptsOptions& options) {
    Feedback feedback;
    const Embeddings images;
    const Attribute nothing;
    return biasedPrompts({.images = images, .attribute = nothing, .texts = &texts, .words = {}}, options, feedback);
}

const LinearMap& linear(const VectorMap& map) {
    return std::get<LinearMap>(map);
}

Embeddings rowsOf(std::size_t dim, std::vector<float> values) {
    Embeddings result(values.size() / dim, dim);
    result.values = std::move(values);
    return result;
}

std::vector<std::vector<double>> asRows(const Embeddings& of) {
    std::vector<std::vector<double>> result;
    for (std::size_t i = 0; i < of.rows; ++i)
        result.emplace_back(of.row(i).begin(), of.row(i).end());
    return result;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t j = 0; j < a.size(); ++j)
        sum += a[j] * b[j];
    return sum;
}

Embeddings applied(const QueryMap& map, const Embeddings& queries) {
    Feedback feedback;
    return applyQueryMap(map, queries, feedback).value();
}

QueryMap queryMap(const Embeddings& reference, std::vector<std::int32_t> group, std::size_t groups,
                  std::size_t nearest) {
    QueryMap map;
    map.dim = reference.dim;
    map.reference = reference;
    map.group = std::move(group);
    map.groups = groups;
    map.nearest = nearest;
    return map;
}

} // namespace

class TestPromptMaps : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void biasedPromptsAgreeWithThePublishedCode_data() {
        QTest::addColumn<double>("lambda");
        QTest::addColumn<QString>("matrix");
        QTest::addColumn<QString>("queries");
        QTest::newRow("orthogonal") << -1.0 << "orthogonal_P0"
                                    << "orthogonal_queries";
        QTest::newRow("10") << 10.0 << "calibrated_P_lambda10"
                            << "calibrated_queries_lambda10";
        QTest::newRow("1000") << 1000.0 << "calibrated_P_lambda1000"
                              << "calibrated_queries_lambda1000";
    }
    void biasedPromptsAgreeWithThePublishedCode() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(double, lambda);
        QFETCH(QString, matrix);
        QFETCH(QString, queries);
        const Embeddings texts = test::referenceMatrix("texts");
        BiasedPromptsOptions options{.spurious = {0, 1, 2, 3, 4, 5}};
        if (lambda >= 0) {
            options.lambda = lambda;
            options.pairs = {{6, 7}, {8, 9}};
        }
        const Embeddings expected = test::referenceMatrix(queries.toStdString());
        const Fitted fit = fittedOn(texts, options).value();
        const double apart =
            test::greatestDifference(linear(fit.text).matrix, test::referenceMatrix(matrix.toStdString()).values);
        QVERIFY2(apart < 1e-4, qPrintable(QString::number(apart)));
        auto after = test::after(linear(fit.text), texts);
        after.erase(after.begin(), after.begin() + 12); // the queries are rows 12 to 39
        QCOMPARE(after.size(), expected.rows);
        QVERIFY(test::greatestDifference(after, expected) < 1e-4);
        QVERIFY(std::holds_alternative<Unchanged>(fit.image));
    }

    void biasedPromptsAgreeWithTheGoldenValues() {
        // A pair of unit vectors whose difference is (0, .2, .1), and what removes the first axis.
        const double rest = std::sqrt(1 - (0.04 + 0.01) / 4);
        const auto x = static_cast<float>(rest);
        const Embeddings texts = rowsOf(3, {1, 0, 0, x, 0.1F, 0.05F, x, -0.1F, -0.05F, 0.6F, 0.8F, 0});
        const Fitted fit = fittedOn(texts, {.spurious = {0}, .pairs = {{1, 2}}}).value();
        const auto q = test::after(linear(fit.text), texts)[3];
        QVERIFY(std::abs(q[0]) < 1e-9);
        QVERIFY(std::abs(q[1] - 0.481919) < 1e-4 && std::abs(q[2] + 0.876216) < 1e-4);
    }

    void theProjectionIsIdempotentAndSymmetric() {
        const Embeddings texts = plantedRows(12, 10, 2, 1).images;
        const Fitted fit = fittedOn(texts, {.spurious = {0, 1, 2}}).value();
        const std::vector<double>& p = linear(fit.text).matrix;
        for (std::size_t i = 0; i < 10; ++i)
            for (std::size_t j = 0; j < 10; ++j) {
                double square = 0;
                for (std::size_t k = 0; k < 10; ++k)
                    square += p[i * 10 + k] * p[k * 10 + j];
                QCOMPARE(p[i * 10 + j], p[j * 10 + i]);
                QVERIFY(std::abs(square - p[i * 10 + j]) < 1e-12);
            }
        for (const auto& row :
             test::after({linear(fit.text).dim, linear(fit.text).out, p, linear(fit.text).offset, false}, texts) |
                 std::views::take(3))
            QVERIFY(dot(row, row) < 1e-12);
    }

    void dependentSpuriousTextsCountOnce() {
        Embeddings texts = plantedRows(12, 10, 2, 1).images;
        const Fitted two = fittedOn(texts, {.spurious = {0, 1}}).value();
        for (std::size_t j = 0; j < 10; ++j) {
            texts.row(2)[j] = 3 * texts.row(0)[j];                   // the same direction
            texts.row(3)[j] = texts.row(0)[j] - 2 * texts.row(1)[j]; // in the span
            texts.row(4)[j] = 0;                                     // none
        }
        const Fitted many = fittedOn(texts, {.spurious = {0, 1, 2, 3, 4}}).value();
        for (std::size_t i = 0; i < 100; ++i)
            QVERIFY(std::abs(linear(two.text).matrix[i] - linear(many.text).matrix[i]) < 1e-6);
        QCOMPARE(many.facts.front().value, 2.0);
        QCOMPARE(many.warnings.size(), std::size_t(2));
    }

    void pairsComeTogether() {
        const Embeddings texts = plantedRows(12, 10, 2, 1).images;
        const Fitted fit = fittedOn(texts, {.spurious = {0}, .pairs = {{1, 2}}, .apply = Apply::Both}).value();
        const auto after = test::after(linear(fit.text), texts);
        QVERIFY(dot(after[1], after[2]) > 0.9999);
        QCOMPARE(linear(fit.image).matrix, linear(fit.text).matrix);
        QVERIFY(linear(fit.image).unitOutput);
    }

    void whatPromptsCannotDoIsSaid() {
        Embeddings texts = plantedRows(12, 4, 2, 1).images;
        const auto name = [&](const BiasedPromptsOptions& options) {
            return std::string(fittedOn(texts, options).error().error().arg("name"));
        };
        QCOMPARE(name({}), std::string("spurious"));
        QCOMPARE(name({.spurious = {0, 1, 2, 3, 4}}), std::string("spurious")); // nothing would be left
        QCOMPARE(name({.spurious = {12}}), std::string("spurious"));
        QCOMPARE(name({.spurious = {0}, .pairs = {{1, 12}}}), std::string("pairs"));
        std::ranges::fill(texts.row(0), std::numeric_limits<float>::quiet_NaN());
        QCOMPARE(name({.spurious = {0}}), std::string("spurious"));
        Feedback feedback;
        const PlantedRows rows = plantedRows(40, 6, 2, 1);
        const DebiasConfig config{.method = "biased-prompts", .attribute = {}, .parameters = {{"spurious", "0"}}};
        const auto without = fitBiasedPrompts({.images = rows.images, .attribute = rows.attribute, .words = {}},
                                              Parameters(config), feedback);
        QCOMPARE(without.error().error().arg("name"), std::string_view("spurious"));
        const DebiasConfig second{.method = "biased-prompts", .attribute = {}, .parameters = {{"spurious", "1"}}};
        const auto other =
            fitBiasedPrompts({.images = rows.images, .attribute = rows.attribute, .texts = &texts, .words = {}},
                             Parameters(second), feedback);
        QCOMPARE(other.error().error().arg("name"), std::string_view("texts"));
    }

    void bendAgreesWithTheGoldenValues() {
        const QueryMap map = queryMap(rowsOf(4, {.3F, .1F, .2F, .2F, .1F, .4F, .2F, .3F}), {0, 1}, 2, 1);
        const auto e = asRows(applied(map, rowsOf(4, {1, 2, 3, 4})))[0];
        const std::vector<double> expected{0.424945, 0.056659, 0.594922, 0.679911};
        for (std::size_t j = 0; j < 4; ++j)
            QVERIFY(std::abs(e[j] - expected[j]) < 1e-6);
        const double q = std::sqrt(30.0);
        QVERIFY(std::abs(dot(e, {1 / q, 2 / q, 3 / q, 4 / q}) - 0.9206622875) < 1e-6);
    }

    void aBentQueryIsAsNearToEveryGroup() {
        const PlantedRows rows = plantedRows(400, 16, 4, 3);
        const PlantedRows texts = plantedRows(12, 16, 2, 1);
        const DebiasConfig config{
            .method = "bend", .attribute = "group", .parameters = {{"spurious", "0-2"}, {"pairs", "3-4"}, {"n", "20"}}};
        Feedback feedback;
        const Fitted fit =
            fitBend({.images = rows.images, .attribute = rows.attribute, .texts = &texts.images, .words = {}},
                    Parameters(config), feedback)
                .value();
        const QueryMap& map = std::get<QueryMap>(fit.text);
        QCOMPARE(map.directionCount, std::size_t(4));
        QCOMPARE(map.nearest, std::size_t(20));
        QVERIFY(std::holds_alternative<Unchanged>(fit.image));
        // The first step alone, then the means of what is nearest to it, by hand.
        QueryMap first = map;
        first.groups = 1;
        first.nearest = 1;
        std::ranges::fill(first.group, 0);
        const auto q1 = asRows(applied(first, texts.images)), e = asRows(applied(map, texts.images));
        const auto reference = asRows(map.reference);
        for (std::size_t t = 5; t < 12; ++t) {
            for (std::size_t d = 0; d < map.directionCount; ++d) {
                const std::vector<double> direction(map.directions.begin() + static_cast<std::ptrdiff_t>(d * 16),
                                                    map.directions.begin() + static_cast<std::ptrdiff_t>(d * 16 + 16));
                QVERIFY(std::abs(dot(q1[t], direction)) < 1e-6);
            }
            std::vector<double> toMean;
            for (std::int32_t g = 0; g < 4; ++g) {
                std::vector<std::size_t> members;
                for (std::size_t i = 0; i < reference.size(); ++i)
                    if (map.group[i] == g)
                        members.push_back(i);
                std::ranges::sort(members, std::greater(), [&](std::size_t i) { return dot(reference[i], q1[t]); });
                double sum = 0;
                for (std::size_t k = 0; k < 20; ++k)
                    sum += dot(reference[members[k]], e[t]) / 20;
                toMean.push_back(sum);
            }
            for (const double mean : toMean)
                QVERIFY2(std::abs(mean - toMean[0]) < 1e-5, qPrintable(QString::number(mean - toMean[0])));
            QVERIFY(std::abs(dot(e[t], e[t]) - 1) < 1e-5);
            QVERIFY(dot(e[t], q1[t]) < 1 - 1e-4); // it did move
        }
    }

    void aQueryOfWhichNothingWouldBeLeftStays() {
        // The difference of the two means is the query itself.
        const QueryMap second = queryMap(rowsOf(2, {1, 0, -1, 0}), {0, 1}, 2, 1);
        QCOMPARE(applied(second, rowsOf(2, {4, 0})).values, (std::vector<float>{1, 0}));
        QueryMap first = queryMap(rowsOf(2, {0, 1, 0, 1}), {0, 1}, 2, 1);
        first.directions = {1, 0};
        first.directionCount = 1;
        QCOMPARE(applied(first, rowsOf(2, {4, 0})).values, (std::vector<float>{1, 0}));
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const Embeddings flawed = applied(second, rowsOf(2, {0, 0, nan, 1, 0, 3}));
        QCOMPARE(flawed.row(0)[0], 0.0F);
        QVERIFY(std::isnan(flawed.row(1)[0]));
        QCOMPARE(flawed.row(2)[1], 1.0F);
        Feedback feedback;
        QVERIFY(!applyQueryMap(second, rowsOf(3, {1, 2, 3}), feedback));
        feedback.cancel();
        QVERIFY(applyQueryMap(second, rowsOf(2, {1, 2}), feedback).error().cancelled());
    }

    void whatBendLacksIsSaid() {
        Feedback feedback;
        PlantedRows rows = plantedRows(50, 6, 2, 1);
        const Fitted fit =
            bend({.images = rows.images, .attribute = rows.attribute, .words = {}}, {.nearest = 20}, feedback).value();
        QCOMPARE(fit.warnings.size(), std::size_t(2)); // one group has fewer, no texts
        QVERIFY(!bend({.images = rows.images, .attribute = rows.attribute, .words = {}}, {.spurious = {0}}, feedback));
        const Embeddings other = plantedRows(10, 5, 2, 1).images;
        QVERIFY(!bend({.images = rows.images, .attribute = rows.attribute, .texts = &other, .words = {}},
                      {.spurious = {0}}, feedback));
        std::ranges::fill(rows.attribute.codes, 0);
        QCOMPARE(
            bend({.images = rows.images, .attribute = rows.attribute, .words = {}}, {}, feedback).error().error().code,
            ErrorCode::AttributeSingleGroup);
    }

    void theGapClosesAtAHalf() {
        PlantedRows images = plantedRows(200, 16, 2, 1), texts = plantedRows(60, 16, 2, 1);
        for (std::size_t i = 0; i < images.images.rows; ++i)
            images.images.row(i)[0] += 6;
        Feedback feedback;
        const auto fittedWith = [&](double lambda) {
            return gapShift(
                       {.images = images.images, .attribute = images.attribute, .texts = &texts.images, .words = {}},
                       lambda, feedback)
                .value();
        };
        const auto gap = [&](const Fitted& fit, bool unit) {
            LinearMap image = linear(fit.image), text = linear(fit.text);
            image.unitOutput = text.unitOutput = unit;
            const auto x = test::after(image, images.images), t = test::after(text, texts.images);
            double square = 0;
            for (std::size_t j = 0; j < 16; ++j) {
                double difference = 0;
                for (const auto& row : x)
                    difference += row[j] / static_cast<double>(x.size());
                for (const auto& row : t)
                    difference -= row[j] / static_cast<double>(t.size());
                square += difference * difference;
            }
            return std::sqrt(square);
        };
        const Fitted none = fittedWith(0), half = fittedWith(0.5), wider = fittedWith(-0.25);
        QVERIFY(linear(half.image).unitOutput && linear(half.text).unitOutput);
        QVERIFY(gap(half, false) < 1e-9);
        for (const Fitted* fit : {&none, &half, &wider}) {
            QVERIFY(std::abs(fit->facts[0].value - gap(none, true)) < 1e-6);
            QVERIFY(std::abs(fit->facts[1].value - gap(*fit, true)) < 1e-6);
        }
        QVERIFY(gap(none, true) > 0.5);
        QVERIFY(gap(half, true) < gap(none, true) / 2);
        QVERIFY(gap(wider, true) > gap(none, true));
    }

    void aGapNeedsImagesAndTexts() {
        Feedback feedback;
        const PlantedRows rows = plantedRows(20, 6, 2, 1);
        const Embeddings nothing, zero(3, 6), other = plantedRows(4, 5, 2, 1).images;
        const auto name = [&](const Embeddings& images, const Embeddings* texts) {
            return std::string(
                gapShift({.images = images, .attribute = rows.attribute, .texts = texts, .words = {}}, 0.5, feedback)
                    .error()
                    .error()
                    .arg("name"));
        };
        QCOMPARE(name(rows.images, nullptr), std::string("texts"));
        QCOMPARE(name(rows.images, &zero), std::string("texts"));
        QCOMPARE(name(rows.images, &other), std::string("texts"));
        QCOMPARE(name(nothing, &rows.images), std::string("images"));
    }
};

QTEST_APPLESS_MAIN(TestPromptMaps)
#include "tst_prompt_maps.moc"
