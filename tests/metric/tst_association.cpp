// SPDX-License-Identifier: GPL-3.0-or-later
// WEAT, SEAT, iEAT and SC-WEAT: reference cases, invariances, calibration.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/formats/npy.h"
#include "core/metric/association/weat.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::metric;
using Json = nlohmann::json;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void near(double a, double b, double tolerance, const std::string& what) {
    QVERIFY2(std::abs(a - b) <= tolerance, (what + ": " + std::to_string(a) + " for " + std::to_string(b)).c_str());
}

Resampling quiet() {
    Resampling options;
    options.bootstrapDraws = 0;
    return options;
}

/// A matrix as its file holds it: doubles as they are (core/formats reads them as float32), the rest by readNpy.
struct Matrix {
    std::vector<double> doubles;
    Embeddings floats;
    std::size_t dim = 0;
    VectorSet set() const { return doubles.empty() ? VectorSet(floats) : VectorSet(doubles, dim); }
};

Matrix readMatrix(const std::filesystem::path& path) {
    Matrix matrix;
    const auto header = formats::readNpyHeader(path).value();
    matrix.dim = static_cast<std::size_t>(header.shape.at(1));
    if (header.descr == "<f8") {
        const std::string bytes = test::readText(path);
        matrix.doubles.resize((bytes.size() - header.dataOffset) / sizeof(double));
        std::memcpy(matrix.doubles.data(), bytes.data() + header.dataOffset, matrix.doubles.size() * sizeof(double));
    } else {
        formats::NpyArray array = formats::readNpy(path).value();
        matrix.floats.rows = static_cast<std::size_t>(array.shape[0]);
        matrix.floats.dim = matrix.dim;
        matrix.floats.values = std::move(array.values);
    }
    return matrix;
}

/// Rows with normal components around a centre in the first dimension.
Embeddings cloud(std::size_t rows, std::size_t dim, double centre, std::uint64_t seed, std::uint64_t index) {
    Embeddings x(rows, dim);
    RandomStream random(seed, streamId("cloud"), index);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < dim; ++j)
            x.row(i)[j] = static_cast<float>(random.normal() + (j == 0 ? centre : 0));
    return x;
}

struct Four {
    Embeddings x, y, a, b;
};
Four four(std::size_t nX, std::size_t nY, std::size_t nA, std::size_t nB, double apart, std::uint64_t seed,
          std::size_t dim = 16) {
    return {cloud(nX, dim, apart, seed, 0), cloud(nY, dim, -apart, seed, 1), cloud(nA, dim, 2, seed, 2),
            cloud(nB, dim, -2, seed, 3)};
}

Weat measure(const Four& sets, const WeatOptions& weatOptions = {}, const Resampling& options = quiet()) {
    Feedback feedback;
    return weat(sets.x, sets.y, sets.a, sets.b, weatOptions, "test", options, feedback).value();
}

/// Kolmogorov-Smirnov distance from the uniform distribution, times the root of the number.
double uniformDistance(std::vector<double> p) {
    std::ranges::sort(p);
    double distance = 0;
    const auto n = static_cast<double>(p.size());
    for (std::size_t i = 0; i < p.size(); ++i)
        distance = std::max(
            {distance, std::abs(static_cast<double>(i + 1) / n - p[i]), std::abs(p[i] - static_cast<double>(i) / n)});
    return distance * std::sqrt(n);
}

std::int64_t atMost(const std::vector<double>& p, double level) {
    return std::ranges::count_if(p, [&](double each) { return each <= level; });
}

/// No more p-values at or below a level than it promises, within three standard errors.
void verifyNotTooSmall(const std::vector<double>& p, const char* what) {
    const auto n = static_cast<double>(p.size());
    for (const double level : {0.01, 0.05, 0.1})
        QVERIFY2(static_cast<double>(atMost(p, level)) <= n * level + 3 * std::sqrt(n * level * (1 - level)),
                 (std::string(what) + ": " + std::to_string(atMost(p, level)) + " at or below " + std::to_string(level))
                     .c_str());
}

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

} // namespace

class TestAssociation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void golden() { // METHODS F3
        const std::vector<double> x = {1, .2, .9, .1, .8, .5}, y = {.1, 1, .3, .9, .6, .7}, a = {1, 0, .95, .1},
                                  b = {0, 1, .1, .9};
        Feedback feedback;
        const auto result =
            weat(VectorSet(x, 2), VectorSet(y, 2), VectorSet(a, 2), VectorSet(b, 2), {}, "F3", quiet(), feedback);
        QVERIFY(result);
        const std::vector<double> s = {.738492, .831962, .298209, -.846175, -.598228, -.104124};
        for (std::size_t i = 0; i < 3; ++i) {
            near(result->sX[i], s[i], 5e-7, "s of X");
            near(result->sY[i], s[i + 3], 5e-7, "s of Y");
        }
        near(*result->effect.d, 1.646118, 5e-7, "d");
        near(*effectSize(result->sX, result->sY, 0).d, 1.803231, 5e-7, "d, ddof 0");
        QCOMPARE(result->test.partitions, std::int64_t{20});
        QCOMPARE(result->test.greaterEqual, 0.05);
        QCOMPARE(result->test.twoSided, 0.10);
        const auto single = singleCategory(VectorSet(std::span(x).first(2), 2), VectorSet(a, 2), VectorSet(b, 2), {},
                                           "F3", quiet(), feedback);
        near(*single->front().effect.d, 1.722838, 5e-7, "SC-WEAT");
    }

    void referenceCases() {
        PLUMBLINE_NEEDS_SHARED();
        const auto folder = test::shared() / "fixtures" / "association";
        const Json expected = Json::parse(test::readText(folder / "expected.json"));
        int numbers = 0;
        for (const auto& [name, wanted] : expected.items()) {
            const Matrix x = readMatrix(folder / (name + "_X.npy")), y = readMatrix(folder / (name + "_Y.npy")),
                         a = readMatrix(folder / (name + "_A.npy")), b = readMatrix(folder / (name + "_B.npy"));
            Feedback feedback;
            const auto result = weat(x.set(), y.set(), a.set(), b.set(), {}, name, quiet(), feedback);
            QVERIFY2(result, name.c_str());
            const auto same = [&](double value, const Json& number, double tolerance, const std::string& what) {
                near(value, number.get<double>(), tolerance, name + " " + what);
                ++numbers;
            };
            const Json& w = wanted["weat"];
            for (std::size_t i = 0; i < result->sX.size(); ++i)
                same(result->sX[i], wanted["s_X"][i], 1e-9, "s of X");
            for (std::size_t i = 0; i < result->sY.size(); ++i)
                same(result->sY[i], wanted["s_Y"][i], 1e-9, "s of Y");
            same(result->effect.sum, w["statistic_sum"], 1e-9, "sum");
            same(result->effect.difference, w["statistic_mean_diff"], 1e-9, "mean difference");
            same(*result->effect.d, w["effect_size_ddof1"], 1e-9, "d");
            same(*effectSize(result->sX, result->sY, 0).d, w["effect_size_ddof0"], 1e-9, "d, ddof 0");
            QCOMPARE(result->test.partitions, w["partitions"].get<std::int64_t>());
            QVERIFY(result->test.exact);
            same(result->test.greater, w["p_one_sided_strict"], 1e-15, "strict p");
            same(result->test.greaterEqual, w["p_one_sided_ge"], 1e-15, "p");
            same(result->test.twoSided, w["p_two_sided_mean_diff"], 1e-15, "two-sided p");
            same(static_cast<double>(std::lround((result->test.greaterEqual - result->test.greater) *
                                                 static_cast<double>(result->test.partitions))),
                 w["ties_with_observed"], 0, "ties");
            if (wanted["ieat_reference"].is_object()) {
                same(*result->effect.d, wanted["ieat_reference"]["effect_size"], 1e-9, "iEAT's d");
                same(result->test.greaterEqual, wanted["ieat_reference"]["p_exact"], 1e-15, "iEAT's p");
            }
            std::size_t item = 0;
            for (const Matrix* targets : {&x, &y}) {
                const auto singles = singleCategory(targets->set(), a.set(), b.set(), {}, name, quiet(), feedback);
                QVERIFY(singles);
                for (const SingleCategory& single : *singles) {
                    const Json& one = wanted["sc_weat"][item++];
                    same(*single.effect.d, one["effect_size_ddof1"], 1e-9, "SC-WEAT d");
                    same(single.effect.difference, one["mean_diff"], 1e-9, "SC-WEAT mean difference");
                    QCOMPARE(single.test.partitions, one["partitions"].get<std::int64_t>());
                    same(single.test.greater, one["p_one_sided_strict"], 1e-15, "SC-WEAT strict p");
                    same(single.test.greaterEqual, one["p_one_sided_ge"], 1e-15, "SC-WEAT p");
                    same(single.test.twoSided, one["p_two_sided"], 1e-15, "SC-WEAT two-sided p");
                }
                const auto plain = singleCategory(targets->set(), a.set(), b.set(), {0}, name, quiet(), feedback);
                for (std::size_t i = 0; i < plain->size(); ++i)
                    same(*(*plain)[i].effect.d, wanted["sc_weat"][item - plain->size() + i]["effect_size_ddof0"], 1e-9,
                         "SC-WEAT d, ddof 0");
            }
            QCOMPARE(item, wanted["sc_weat"].size());
        }
        QVERIFY(numbers > 700);
    }

    void swappedSetsTurnTheSign() {
        const Four sets = four(6, 6, 5, 5, 0.6, 3);
        const Weat plain = measure(sets), attributes = measure({sets.x, sets.y, sets.b, sets.a}),
                   targets = measure({sets.y, sets.x, sets.a, sets.b});
        near(*attributes.effect.d, -*plain.effect.d, 1e-12, "A and B");
        near(*targets.effect.d, -*plain.effect.d, 1e-12, "X and Y");
        QCOMPARE(targets.test.twoSided, plain.test.twoSided);
        QCOMPARE(attributes.test.twoSided, plain.test.twoSided);
        // What is at least as large on one side is all but what is larger on the other.
        near(targets.test.greaterEqual, 1 - plain.test.greater, 1e-15, "one-sided");
    }

    void lengthsAndRotationsDoNotMatter() {
        const Four sets = four(5, 7, 4, 6, 0.6, 4, 8);
        // A rotation: a Householder reflection, in double.
        std::vector<double> axis(8);
        for (std::size_t j = 0; j < 8; ++j)
            axis[j] = std::sin(static_cast<double>(j) + 1);
        const double squares = std::inner_product(axis.begin(), axis.end(), axis.begin(), 0.0);
        RandomStream random(5, 5, 5);
        std::vector<std::vector<double>> turned;
        for (const Embeddings* set : {&sets.x, &sets.y, &sets.a, &sets.b}) {
            std::vector<double>& rows = turned.emplace_back();
            for (std::size_t i = 0; i < set->rows; ++i) {
                const double length = std::exp(4 * random.normal());
                double along = 0;
                for (std::size_t j = 0; j < 8; ++j)
                    along += axis[j] * static_cast<double>(set->row(i)[j]);
                for (std::size_t j = 0; j < 8; ++j)
                    rows.push_back(length * (static_cast<double>(set->row(i)[j]) - 2 * along / squares * axis[j]));
            }
        }
        Feedback feedback;
        const auto moved = weat(VectorSet(turned[0], 8), VectorSet(turned[1], 8), VectorSet(turned[2], 8),
                                VectorSet(turned[3], 8), {}, "test", quiet(), feedback);
        const Weat plain = measure(sets);
        near(*moved->effect.d, *plain.effect.d, 1e-12, "d");
        QCOMPARE(moved->test.greaterEqual, plain.test.greaterEqual);
        QCOMPARE(moved->test.twoSided, plain.test.twoSided);
    }

    void orderWithinSetsDoesNotMatter() {
        const Four sets = four(5, 6, 4, 4, 0.5, 6);
        Feedback feedback;
        const auto shuffled = weat(VectorSet(sets.x, {3, 0, 4, 2, 1}), VectorSet(sets.y, {5, 4, 3, 2, 1, 0}),
                                   VectorSet(sets.a, {1, 0, 3, 2}), sets.b, {}, "test", quiet(), feedback);
        const Weat plain = measure(sets);
        near(*shuffled->effect.d, *plain.effect.d, 1e-12, "d");
        QCOMPARE(shuffled->test.greaterEqual, plain.test.greaterEqual);
        QCOMPARE(shuffled->test.twoSided, plain.test.twoSided);
    }

    void boundedByTwo() {
        double largest = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const Weat result = measure(four(4, 4, 3, 3, static_cast<double>(seed % 20), seed, 4), {0});
            QVERIFY(std::abs(*result.effect.d) <= 2 + 1e-12);
            largest = std::max(largest, std::abs(*result.effect.d));
        }
        QVERIFY(largest > 1.95);
    }

    void targetsAlikeHaveNoEffectSize() {
        Embeddings same(4, 3);
        for (std::size_t i = 0; i < 4; ++i)
            same.row(i)[1] = 1.F + static_cast<float>(i); // one direction
        const Four sets = four(4, 4, 3, 3, 1, 7, 3);
        const Weat result = measure({same, same, sets.a, sets.b});
        QVERIFY(!result.effect.d);
        QCOMPARE(result.test.twoSided, 1.0);
        Feedback feedback;
        const auto table = weatTable({"none", "texts", same, same, sets.a, sets.b}, {}, {}, feedback).value();
        const MeasureRow* row = table.find({"none", "texts"}, "effect_size");
        QVERIFY(row && !row->value.value && !row->value.pValue && !row->value.ciLow);
        QVERIFY(!table.find({"none", "texts"}, "p_two_sided"));
        QVERIFY(table.warnings.front().find("no effect size") != std::string::npos);
    }

    void sampledPartitionsComeNearAllOfThem() {
        const Four sets = four(8, 8, 6, 6, 0.25, 8);
        const Weat all = measure(sets);
        QVERIFY(all.test.exact);
        QCOMPARE(all.test.partitions, std::int64_t{12870});
        const Weat some = measure(sets, {1, 12'000});
        QVERIFY(!some.test.exact);
        QCOMPARE(some.test.partitions, std::int64_t{12'000});
        for (const auto& [a, b] : {std::pair{all.test.greaterEqual, some.test.greaterEqual},
                                   {all.test.greater, some.test.greater},
                                   {all.test.twoSided, some.test.twoSided}})
            near(a, b, 4 * std::sqrt(a * (1 - a) / 12'000) + 2.0 / 12'000, "p");
        near(all.test.upper95, some.test.upper95, 0.02, "95th percentile");
        QVERIFY(some.test.greaterEqual >= 1.0 / 12'000);
        // An effect beyond all partitions: the tail says how far beyond.
        const double far = measure(four(30, 30, 6, 6, 4, 9), {1, 10'000}).test.greaterEqual;
        QVERIFY(far >= 1e-15 && far < 1e-8);
    }

    void enumerationCountsEverySet() {
        // 0 1 2 3 4: the sums of two are 1 2 3 3 4 4 5 5 6 7; observed {1, 3} = 4.
        const std::vector<double> values = {1, 3, 0, 2, 4};
        Feedback feedback;
        const auto test = partitionTests(values, 1, 2, 4, "x", {}, feedback).value().front();
        QCOMPARE(test.partitions, std::int64_t{10});
        QCOMPARE(test.greater, 0.4);
        QCOMPARE(test.greaterEqual, 0.6);
        QCOMPARE(test.twoSided, 1.0); // the centre is 2 times the mean 2
        // The larger set first: its sums are 10 less those of the two others.
        const std::vector<double> turned = {0, 2, 4, 1, 3};
        const auto other = partitionTests(turned, 1, 3, 4, "x", {}, feedback).value().front();
        QCOMPARE(other.greater, 0.4);
        QCOMPARE(other.greaterEqual, 0.6);
        near(other.upper95, 3 * (1.0 / 3 + 1.0 / 2), 1e-12, "the largest of ten");
        QCOMPARE(choose(16, 8, 100'000), std::optional<std::int64_t>(12870));
        QVERIFY(!choose(16, 8, 12869));
        QVERIFY(!choose(1'000'000, 500'000, Partitions::kMost));
        QCOMPARE(choose(5, 5, 10), std::optional<std::int64_t>(1));
    }

    void columnsAreTestedAlike() {
        const Four sets = four(5, 5, 9, 9, 0.5, 10);
        Feedback feedback;
        for (const std::int64_t partitions : {std::int64_t{100'000}, std::int64_t{20'000}}) {
            const auto together =
                singleCategory(sets.x, sets.a, sets.b, {1, partitions}, "x", quiet(), feedback).value();
            const auto alone =
                singleCategory(VectorSet(sets.x, {3}), sets.a, sets.b, {1, partitions}, "x", quiet(), feedback).value();
            QCOMPARE(together[3].test.greaterEqual, alone[0].test.greaterEqual);
            QCOMPARE(together[3].test.twoSided, alone[0].test.twoSided);
            QCOMPARE(together[3].test.exact, partitions == 100'000);
        }
    }

    void sameBitsForAnyNumberOfThreads() {
        const Four sets = four(20, 30, 6, 6, 0.1, 11);
        std::vector<Weat> results;
        for (const std::size_t threads : {1U, 2U, 5U}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            results.push_back(measure(sets, {1, 20'000}, {}));
        }
        for (const Weat& result : results) {
            QCOMPARE(result.test.twoSided, results[0].test.twoSided);
            QCOMPARE(result.test.upper95, results[0].test.upper95);
            QCOMPARE(*result.effectInterval.low, *results[0].effectInterval.low);
        }
    }

    void unusableInputIsRefused() {
        const Four sets = four(3, 3, 3, 3, 1, 12, 4);
        const Embeddings none(0, 4), other = cloud(3, 5, 0, 1, 1), zero(3, 4);
        Feedback feedback;
        const auto code = [&](const VectorSet& x, const VectorSet& a, const WeatOptions& options) {
            const auto result = weat(x, sets.y, a, sets.b, options, "x", quiet(), feedback);
            return result ? ErrorCode::Internal : result.error().error().code;
        };
        QCOMPARE(code(none, sets.a, {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(other, sets.a, {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(zero, sets.a, {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(sets.x, zero, {}), ErrorCode::InvalidArgument);
        QCOMPARE(code(sets.x, sets.a, {2}), ErrorCode::InvalidArgument);
        QCOMPARE(code(sets.x, sets.a, {1, 0}), ErrorCode::InvalidArgument);
        QCOMPARE(code(sets.x, sets.a, {1, Partitions::kMost + 1}), ErrorCode::InvalidArgument);
        QCOMPARE(code(VectorSet(), sets.a, {}), ErrorCode::InvalidArgument);
        feedback.cancel();
        const auto stopped = weat(sets.x, sets.y, sets.a, sets.b, {}, "x", {}, feedback);
        QVERIFY(!stopped && stopped.error().cancelled());
    }

    void rowsWithoutADirectionAreLeftOut() {
        const Four sets = four(4, 4, 3, 3, 1, 13, 4);
        Embeddings more(6, 4);
        std::copy(sets.x.values.begin(), sets.x.values.end(), more.values.begin());
        more.row(4)[2] = std::numeric_limits<float>::quiet_NaN(); // row 5 is zero
        const Weat plain = measure(sets), result = measure({more, sets.y, sets.a, sets.b});
        QCOMPARE(result.leftOut, std::size_t{2});
        QCOMPARE(*result.effect.d, *plain.effect.d);
        Feedback feedback;
        const auto singles = singleCategory(more, sets.a, sets.b, {}, "x", quiet(), feedback).value();
        QVERIFY(singles[3].defined && !singles[4].defined && !singles[5].defined);
    }

    void oneItemASetIsMeasuredWithoutAnInterval() {
        const Weat result = measure(four(1, 1, 1, 1, 1, 14), {}, {});
        QVERIFY(result.effect.d);
        QVERIFY(!result.effectInterval.low && !result.differenceInterval.high);
        QCOMPARE(result.test.partitions, std::int64_t{2});
    }

    void everyFormThatTheSetsAllow() {
        const Four texts = four(4, 4, 5, 5, 1, 15), images = four(6, 6, 5, 5, 0.2, 16);
        const AssociationInput both{"gender and career",
                                    {"men", texts.x, images.x},
                                    {"women", texts.y, images.y},
                                    {"career", texts.a, {}},
                                    {"family", texts.b, {}}};
        const AssociationInput nothing{"lonely", {"a", texts.x, {}}, {"b", {}, images.y}, {"c", {}, {}}, {"d", {}, {}}};
        const AssociationInput everything{"all",
                                          {"a", texts.x, images.x},
                                          {"b", texts.y, images.y},
                                          {"c", texts.a, images.a},
                                          {"d", texts.b, images.b}};
        Feedback feedback;
        const std::vector<AssociationInput> tests = {both, nothing, everything};
        Resampling options;
        options.bootstrapDraws = 200;
        const auto table = associationTable(tests, {}, options, feedback).value();
        QCOMPARE(table.family, std::string("6 tests: effect sizes of all tests and forms"));
        for (const char* form : {"texts", "images against texts"}) {
            const MeasureRow* row = table.find({"gender and career", form}, "effect_size");
            QVERIFY2(row && row->value.value && row->value.pValue && row->value.adjustedP && row->value.ciLow, form);
            QVERIFY(*row->value.adjustedP >= *row->value.pValue);
            QVERIFY(*row->value.ciLow <= *row->value.value && *row->value.value <= *row->value.ciHigh);
        }
        QCOMPARE(table.find({"gender and career", "texts"}, "effect_size")->n, std::int64_t{8});
        QVERIFY(!table.find({"gender and career", "images"}, "effect_size"));
        QVERIFY(table.find({"all", "texts against images"}, "effect_size"));
        QVERIFY(std::ranges::any_of(table.warnings, [](const std::string& w) { return w.starts_with("lonely"); }));
        QCOMPARE(*table.find({"all", "images"}, "effect_size")->value.value, *measure(images).effect.d);
    }

    void smallAndUnequalSetsAreSaid() {
        Feedback feedback;
        const Four sets = four(2, 3, 5, 5, 1, 17);
        const auto table = weatTable({"t", "texts", sets.x, sets.y, sets.a, sets.b}, {}, {}, feedback).value();
        const MeasureRow* row = table.find({"t", "texts"}, "effect_size");
        QVERIFY(!row->enough && !row->value.adjustedP && row->value.pValue);
        QCOMPARE(*table.find({"t", "texts"}, "partitions")->value.value, 10.0);
        std::string all;
        for (const std::string& warning : table.warnings)
            all += warning + "\n";
        QVERIFY2(all.find("extension") != std::string::npos && all.find("not enough") != std::string::npos &&
                     all.find("no p can be below 0.100") != std::string::npos,
                 all.c_str());
    }

    void itemsAgainstGroupsOfImages() {
        const Embeddings images = [] {
            Embeddings all = cloud(80, 16, 0, 18, 0);
            for (std::size_t i = 0; i < 40; ++i)
                all.row(i)[0] += 2;
            return all;
        }();
        std::vector<std::int32_t> codes(80, 1);
        std::fill(codes.begin(), codes.begin() + 40, 0);
        codes[79] = -1;
        const std::vector<std::string> groups = {"f", "m", "nobody"};
        const auto pairs = attributePairs(images, groups, codes, 30);
        QCOMPARE(pairs.size(), std::size_t{1});
        Embeddings words = cloud(3, 16, 0, 19, 0);
        std::fill(words.row(0).begin(), words.row(0).end(), 0.F);
        words.row(0)[0] = 1; // the direction that tells the groups apart
        std::fill(words.row(2).begin(), words.row(2).end(), 0.F);
        Feedback feedback;
        const auto table = singleCategoryTable(words, std::vector<std::string>{"leaning", "other", "nothing"}, pairs,
                                               {1, 5000}, {}, feedback)
                               .value();
        const MeasureRow* leaning = table.find({"leaning", "f – m"}, "effect_size");
        QVERIFY(leaning && *leaning->value.value > 0.8 && *leaning->value.pValue <= 1.0 / 5000 + 1e-12);
        QCOMPARE(leaning->n, std::int64_t{79});
        QVERIFY(leaning->enough);
        QVERIFY(!table.find({"nothing", "f – m"}, "effect_size")->value.value);
        QCOMPARE(table.family, std::string("2 tests: effect sizes of all items and pairs of sets"));
    }

    /// Targets and attributes from one law: p is uniform, with ties split at random, and never too small as given.
    void pIsUniformUnderTheNull() {
        RandomStream random(20, 0, 0);
        std::vector<double> spread, given, two, single, sampled;
        for (std::uint64_t run = 0; run < 400; ++run) {
            const Four sets{cloud(5, 6, 0, 100 + run, 0), cloud(6, 6, 0, 100 + run, 1), cloud(4, 6, 0, 100 + run, 2),
                            cloud(4, 6, 0, 100 + run, 3)};
            const PartitionTest test = measure(sets).test;
            spread.push_back(test.greater + random.uniform() * (test.greaterEqual - test.greater));
            given.push_back(test.greaterEqual);
            two.push_back(test.twoSided);
            const Four larger{cloud(12, 6, 0, 600 + run, 0), cloud(15, 6, 0, 600 + run, 1), sets.a, sets.b};
            Resampling options = quiet();
            options.seed = run;
            sampled.push_back(measure(larger, {1, 500}, options).test.twoSided);
            Feedback feedback;
            single.push_back(
                singleCategory(VectorSet(sets.x, {0}), larger.x, larger.y, {1, 500}, "x", options, feedback)
                    .value()[0]
                    .test.greaterEqual);
        }
        QVERIFY2(uniformDistance(spread) < 1.63, std::to_string(uniformDistance(spread)).c_str());
        QVERIFY2(uniformDistance(sampled) < 1.63, std::to_string(uniformDistance(sampled)).c_str());
        QVERIFY2(uniformDistance(single) < 1.63, std::to_string(uniformDistance(single)).c_str());
        verifyNotTooSmall(given, "one-sided");
        verifyNotTooSmall(two, "two-sided");
        verifyNotTooSmall(sampled, "sampled");
        verifyNotTooSmall(single, "SC-WEAT");
        QVERIFY(atMost(sampled, 0.1) > 20); // and it can reject
    }

    /// The interval of d covers the effect size of the populations. With PLUMBLINE_FULL_CALIBRATION=1 the table of
    /// core/metric/association/README.md.
    void intervalsCover() {
        struct Setting {
            std::size_t nX, nY;
            double apart; ///< of the means, in standard deviations within
            int law;      ///< 0 normal, 1 exponential, 2 normal and X twice as wide
        };
        const std::vector<Setting> all = [&] {
            if (!full())
                return std::vector<Setting>{{8, 8, 1, 0}, {25, 25, 0, 0}, {1000, 1000, 1, 0}, {1000, 1000, 1, 1}};
            std::vector<Setting> settings;
            for (const auto& [nX, nY] : {std::pair{3UL, 3UL},
                                         {8UL, 8UL},
                                         {5UL, 15UL},
                                         {25UL, 25UL},
                                         {100UL, 100UL},
                                         {1000UL, 1000UL},
                                         {100UL, 1900UL}})
                for (const int law : {0, 1, 2})
                    for (const double apart : {0.0, 1.0, 3.0})
                        settings.push_back({nX, nY, apart, law});
            return settings;
        }();
        const int runs = full() ? 1000 : 300;
        if (full())
            std::printf("| X, Y | law | means apart | covers %% | median width |\n|---|---|---|---|---|\n");
        for (const Setting& setting : all) {
            const double n = static_cast<double>(setting.nX + setting.nY), p = static_cast<double>(setting.nX) / n,
                         q = 1 - p, sdX = setting.law == 2 ? 2 : 1, within = p * sdX * sdX + q,
                         apart = setting.apart * std::sqrt(within);
            const double truth = apart / std::sqrt(within + p * q * apart * apart);
            int covered = 0;
            std::vector<double> widths;
            Resampling options;
            options.bootstrapDraws = 200;
            Feedback feedback;
            for (int run = 0; run < runs; ++run) {
                RandomStream random(21, streamId("coverage"), static_cast<std::uint64_t>(run));
                const auto draw = [&](std::size_t count, double mean, double sd) {
                    std::vector<double> values(count);
                    for (double& value : values)
                        value = mean + sd * (setting.law == 1 ? random.exponential() - 1 : random.normal());
                    return values;
                };
                const std::vector<double> x = draw(setting.nX, apart, sdX), y = draw(setting.nY, 0, 1);
                options.seed = static_cast<std::uint64_t>(run);
                const Interval interval = effectInterval(x, y, 0, "coverage", options, feedback).value();
                covered += interval.low && *interval.low <= truth && truth <= *interval.high ? 1 : 0;
                if (interval.low)
                    widths.push_back(*interval.high - *interval.low);
            }
            const double share = 100.0 * covered / runs;
            std::ranges::sort(widths);
            if (full())
                std::printf("| %zu, %zu | %s | %.0f | %.1f | %.2f |\n", setting.nX, setting.nY,
                            setting.law == 0   ? "normal"
                            : setting.law == 1 ? "exponential"
                                               : "normal, X twice as wide",
                            setting.apart, share, widths[widths.size() / 2]);
            else
                QVERIFY2(share >= 92.5 && share <= 98.5,
                         (std::to_string(setting.nX) + " " + std::to_string(setting.law) + ": " + std::to_string(share))
                             .c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestAssociation)
#include "tst_association.moc"
