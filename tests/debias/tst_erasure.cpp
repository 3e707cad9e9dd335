// SPDX-License-Identifier: GPL-3.0-or-later
// What takes a group's direction out of the embeddings: mean difference, LEACE, INLP.
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/debias/closed_form/inlp.h"
#include "core/debias/closed_form/leace.h"
#include "core/debias/closed_form/mean_difference.h"
#include "core/metric/logistic.h"
#include "tests/debias/planted_rows.h"

using namespace plumbline;
using namespace plumbline::debias;
using test::plantedRows;
using test::PlantedRows;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

DebiasConfig configOf(std::string method, std::vector<std::pair<std::string, std::string>> parameters) {
    return {.method = std::move(method), .attribute = "group", .parameters = std::move(parameters), .seed = 0};
}

Outcome<Fitted> fitted(FitFunction fit, const PlantedRows& rows, const DebiasConfig& config,
                       const Embeddings* texts = nullptr) {
    Feedback feedback;
    return fit({.images = rows.images, .attribute = rows.attribute, .texts = texts, .words = {}, .seed = config.seed},
               Parameters(config), feedback);
}

const LinearMap& linear(const VectorMap& map) {
    return std::get<LinearMap>(map);
}

double factOf(const Fitted& fit, std::string_view name) {
    for (const DebiasFact& fact : fit.facts)
        if (fact.name == name)
            return fact.value;
    return std::numeric_limits<double>::quiet_NaN();
}

/// Accuracy on the same rows of the classifier that is fitted to them.
double probeAccuracy(const std::vector<std::vector<double>>& rows, const Attribute& attribute) {
    const Embeddings x = test::asEmbeddings(rows);
    Feedback feedback;
    const auto fit = metric::fitOneVsRest(x, attribute.codes, attribute.groups.size(), {.l2 = 1e-4}, feedback).value();
    double right = 0;
    for (std::size_t i = 0; i < x.rows; ++i)
        right += fit.predict(x.row(i)) == static_cast<std::size_t>(attribute.codes[i]) ? 1 : 0;
    return right / static_cast<double>(x.rows);
}

double majority(const Attribute& attribute) {
    return static_cast<double>(std::ranges::max(attribute.counts())) / static_cast<double>(attribute.codes.size());
}

/// Images with every flaw, which must change nothing: zero and not finite rows, a row without a label, a group without
/// a row.
PlantedRows flawed(const PlantedRows& rows) {
    PlantedRows result{Embeddings(rows.images.rows + 4, rows.images.dim), rows.attribute};
    std::ranges::copy(rows.images.values, result.images.values.begin());
    const std::size_t n = rows.images.rows;
    result.images.row(n + 1)[0] = kNan;
    result.images.row(n + 2)[0] = std::numeric_limits<float>::infinity();
    std::ranges::fill(result.images.row(n + 3), 5.0F);
    result.attribute.codes.insert(result.attribute.codes.end(), {0, 1, 1, Attribute::kUnlabelled});
    result.attribute.groups.emplace_back("nobody");
    return result;
}

struct Method {
    FitFunction fit;
    DebiasConfig config;
};

std::vector<Method> erasers() {
    return {{fitMeanDifference, configOf("mean-difference", {})},
            {fitLeace, configOf("leace", {})},
            {fitLeace, configOf("leace", {{"shrinkage", "on"}})},
            {fitLeace, configOf("leace", {{"orth", "on"}})}};
}

/// Those and INLP, which promises less of the means.
std::vector<Method> everyEraser() {
    std::vector<Method> all = erasers();
    all.push_back({fitInlp, configOf("inlp", {})});
    return all;
}

} // namespace

class TestErasure : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void meanDifferenceTakesTheMeansTogether() {
        for (const std::size_t groups : {2U, 3U, 5U}) {
            const PlantedRows rows = plantedRows(400, 16, groups, 3);
            const Fitted fit = fitted(fitMeanDifference, rows, configOf("mean-difference", {})).value();
            const auto after = test::after(linear(fit.image), rows.images);
            QVERIFY(test::meansApart(after, rows.attribute) < 1e-9);
            QCOMPARE(factOf(fit, "directions removed"), static_cast<double>(groups - 1));
            QVERIFY(factOf(fit, "between groups before") > 0.05);
            QVERIFY(factOf(fit, "between groups after") < 0.01);
            QVERIFY(factOf(fit, "training accuracy before") > majority(rows.attribute) + 0.15);
            QVERIFY(factOf(fit, "training accuracy after") < factOf(fit, "training accuracy before") - 0.1);
            QVERIFY(std::holds_alternative<Unchanged>(fit.text));
        }
    }

    void aShiftMovesEveryRowTowardsTheSecondGroup() {
        const PlantedRows rows = plantedRows(300, 8, 2, 3);
        const Fitted fit =
            fitted(fitMeanDifference, rows, configOf("mean-difference", {{"mode", "shift"}, {"beta", "0.5"}})).value();
        const LinearMap& map = linear(fit.image);
        double square = 0;
        for (const double value : map.offset)
            square += value * value;
        QVERIFY(std::abs(square - 0.25) < 1e-9);
        QVERIFY(map.offset[1] > 0.1 && map.offset[0] < -0.1); // the groups' own coordinates
        QCOMPARE(map.matrix[0], 1.0);
        QCOMPARE(map.matrix[1], 0.0);
        const auto between =
            fitted(fitMeanDifference, plantedRows(300, 8, 3, 3), configOf("mean-difference", {{"mode", "shift"}}));
        QCOMPARE(between.error().error().arg("name"), std::string_view("mode"));
    }

    void theSameLinearPartGoesToTheOtherModality() {
        const PlantedRows rows = plantedRows(300, 8, 2, 3);
        const Fitted both = fitted(fitMeanDifference, rows, configOf("mean-difference", {{"apply", "both"}})).value();
        QCOMPARE(linear(both.text).matrix, linear(both.image).matrix);
        const Fitted texts = fitted(fitMeanDifference, rows, configOf("mean-difference", {{"apply", "texts"}})).value();
        QVERIFY(std::holds_alternative<Unchanged>(texts.image));
        QCOMPARE(linear(texts.text).matrix, linear(both.image).matrix);
    }

    void leaceAgreesWithTheClosedFormAndThePackage_data() {
        QTest::addColumn<QString>("labels");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<bool>("package");
        QTest::newRow("binary") << "label_binary"
                                << "leace_binary_images" << false;
        QTest::newRow("multi") << "label_multi"
                               << "leace_multi_images" << false;
        QTest::newRow("binary, package") << "label_binary"
                                         << "leace_binary_images_package_defaults" << true;
        QTest::newRow("multi, package") << "label_multi"
                                        << "leace_multi_images_package_defaults" << true;
    }
    void leaceAgreesWithTheClosedFormAndThePackage() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(QString, labels);
        QFETCH(QString, expected);
        QFETCH(bool, package);
        const PlantedRows rows{test::referenceMatrix("images"), test::referenceLabels(labels.toStdString())};
        const DebiasConfig config =
            package ? configOf("leace", {{"shrinkage", "on"}, {"tolerance", "0.01"}}) : configOf("leace", {});
        const Fitted fit = fitted(fitLeace, rows, config).value();
        const auto after = test::after(linear(fit.image), rows.images);
        const double difference = test::greatestDifference(after, test::referenceMatrix(expected.toStdString()));
        QVERIFY2(difference < 1e-6, qPrintable(QString::number(difference)));
        if (!package) {
            const QString matrix = QString(expected).replace(QStringLiteral("images"), QStringLiteral("P"));
            QVERIFY(test::greatestDifference(linear(fit.image).matrix,
                                             test::referenceMatrix(matrix.toStdString()).values) < 1e-6);
        }
        QCOMPARE(factOf(fit, "directions removed"), static_cast<double>(rows.attribute.groups.size() - 1));
    }

    void leaceAgreesWithTheGoldenValues() {
        FitRows rows{.rows = 6,
                     .dim = 2,
                     .values = {1, 2, 2, 1, 3, 3.5, -1, -2, -2, 0, -3, -4.5},
                     .group = {1, 1, 1, 0, 0, 0},
                     .count = {3, 3},
                     .names = {"no", "yes"}};
        const std::vector<double> expected{-.032641, .881306,  .041543,  -1.121662, -.008902, .240356,
                                           .032641,  -.881306, -.077151, 2.083086,  .04451,   -1.20178};
        Feedback feedback;
        const LeaceMap result = leaceOf(rows, {}, feedback).value();
        QCOMPARE(result.rank, std::size_t(1));
        const std::vector<double> after = mapped(result.map, rows);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(std::abs(after[i] - expected[i]) < 1e-6, qPrintable(QString::number(after[i], 'g', 10)));
    }

    void afterLeaceNoLinearProbeBeatsTheMajority() {
        for (const std::size_t groups : {2U, 4U})
            for (const char* option : {"", "shrinkage", "orth"}) {
                const PlantedRows rows = plantedRows(600, 20, groups, 2);
                DebiasConfig config = configOf("leace", {});
                if (*option)
                    config.parameters.emplace_back(option, "on");
                const Fitted fit = fitted(fitLeace, rows, config).value();
                const auto after = test::after(linear(fit.image), rows.images);
                QVERIFY(test::meansApart(after, rows.attribute) < 1e-9);
                QVERIFY(probeAccuracy(test::after(linear(fit.image), rows.images), rows.attribute) <
                        majority(rows.attribute) + 1e-9);
                QVERIFY(factOf(fit, "training accuracy before") > majority(rows.attribute) + 0.1);
                QVERIFY(factOf(fit, "training accuracy after") < majority(rows.attribute) + 0.05);
                Embeddings unit = rows.images;
                normaliseRows(unit);
                std::vector<std::vector<double>> before;
                for (std::size_t i = 0; i < unit.rows; ++i)
                    before.emplace_back(unit.row(i).begin(), unit.row(i).end());
                QVERIFY(probeAccuracy(before, rows.attribute) > majority(rows.attribute) + 0.2);
            }
    }

    void leaceIsTheSmallestChange() {
        const PlantedRows rows = plantedRows(600, 20, 2, 2);
        const auto change = [&](const char* orth) {
            const Fitted fit = fitted(fitLeace, rows, configOf("leace", {{"orth", orth}})).value();
            const auto after = test::after(linear(fit.image), rows.images);
            Embeddings unit = rows.images;
            normaliseRows(unit);
            double sum = 0;
            for (std::size_t i = 0; i < unit.rows; ++i)
                for (std::size_t j = 0; j < unit.dim; ++j)
                    sum += std::pow(after[i][j] - static_cast<double>(unit.row(i)[j]), 2);
            return sum;
        };
        QVERIFY(change("off") < change("on"));
    }

    void leaceKeepsTheTextsOwnMean() {
        const PlantedRows rows = plantedRows(300, 12, 2, 2);
        const PlantedRows texts = plantedRows(40, 12, 2, -1);
        const Fitted fit = fitted(fitLeace, rows, configOf("leace", {{"apply", "both"}}), &texts.images).value();
        QCOMPARE(linear(fit.text).matrix, linear(fit.image).matrix);
        const auto after = test::after(linear(fit.text), texts.images);
        Embeddings unit = texts.images;
        normaliseRows(unit);
        for (std::size_t j = 0; j < 12; ++j) {
            double was = 0, is = 0;
            for (std::size_t i = 0; i < unit.rows; ++i) {
                was += static_cast<double>(unit.row(i)[j]) / 40;
                is += after[i][j] / 40;
            }
            QVERIFY(std::abs(was - is) < 1e-6);
        }
        const auto without = fitted(fitLeace, rows, configOf("leace", {{"apply", "texts"}}));
        QCOMPARE(without.error().error().arg("name"), std::string_view("texts"));
    }

    void aCoarseToleranceLeavesAndSaysWhatItLeaves() {
        const PlantedRows rows = plantedRows(600, 20, 3, 1);
        const Fitted fit = fitted(fitLeace, rows, configOf("leace", {{"tolerance", "0.5"}})).value();
        QCOMPARE(factOf(fit, "directions removed"), 0.0);
        QCOMPARE(fit.warnings.size(), std::size_t(1));
    }

    void inlpEndsAtChance() {
        for (const std::size_t groups : {2U, 3U}) {
            const PlantedRows rows = plantedRows(1500, 12, groups, 2);
            const Fitted fit = fitted(fitInlp, rows, configOf("inlp", {})).value();
            QVERIFY(factOf(fit, "accuracy before") > majority(rows.attribute) + 0.1);
            QVERIFY(factOf(fit, "accuracy after") <= factOf(fit, "accuracy of the majority") + 0.01);
            QVERIFY(factOf(fit, "balanced accuracy after") <= 1.0 / static_cast<double>(groups) + 0.01);
            QVERIFY(fit.warnings.empty());
            const double removed = factOf(fit, "directions removed");
            QVERIFY(removed >= static_cast<double>(groups - 1) && removed < 11);
            // A projection: symmetric, and twice is once.
            const LinearMap& map = linear(fit.image);
            double trace = 0;
            for (std::size_t i = 0; i < 12; ++i) {
                trace += map.matrix[i * 13];
                for (std::size_t j = 0; j < 12; ++j) {
                    double square = 0;
                    for (std::size_t k = 0; k < 12; ++k)
                        square += map.matrix[i * 12 + k] * map.matrix[k * 12 + j];
                    QVERIFY(std::abs(square - map.matrix[i * 12 + j]) < 1e-9);
                }
            }
            QVERIFY(std::abs(trace - (12 - removed)) < 1e-9);
            // A fresh probe on all rows finds next to nothing.
            QVERIFY(probeAccuracy(test::after(map, rows.images), rows.attribute) < majority(rows.attribute) + 0.05);
        }
    }

    void inlpFindsAGroupThatIsRare() {
        // One image in twenty: a classifier that always says the majority is right 95 % of the time.
        PlantedRows rows = plantedRows(2000, 8, 2, 0);
        for (std::size_t i = 0; i < rows.images.rows; ++i) {
            rows.attribute.codes[i] = i % 20 == 0 ? 1 : 0;
            rows.images.row(i)[3] += i % 20 == 0 ? 1.5F : 0.0F;
        }
        const Fitted fit = fitted(fitInlp, rows, configOf("inlp", {})).value();
        QVERIFY(factOf(fit, "directions removed") >= 1);
        QVERIFY(linear(fit.image).matrix[3 * 8 + 3] < 0.2);
    }

    void inlpSaysThatTheLimitEndedIt() {
        const PlantedRows rows = plantedRows(1500, 12, 3, 2);
        const Fitted fit = fitted(fitInlp, rows, configOf("inlp", {{"rank", "1"}, {"apply", "texts"}})).value();
        QCOMPARE(factOf(fit, "directions removed"), 1.0);
        QCOMPARE(fit.warnings.size(), std::size_t(1));
        QVERIFY(std::holds_alternative<Unchanged>(fit.image));
        QVERIFY(std::holds_alternative<LinearMap>(fit.text));
    }

    void inlpNeedsImagesToHoldOut() {
        const PlantedRows rows = plantedRows(9, 6, 2, 2);
        QCOMPARE(fitted(fitInlp, rows, configOf("inlp", {})).error().error().arg("name"), std::string_view("labels"));
        Feedback feedback;
        feedback.cancel();
        const PlantedRows more = plantedRows(90, 6, 2, 2);
        const auto stopped = inlp({.images = more.images, .attribute = more.attribute, .words = {}}, {}, feedback);
        QVERIFY(stopped.error().cancelled());
    }

    void fewerImagesThanDimensions() {
        const PlantedRows rows = plantedRows(30, 64, 2, 2);
        for (const Method& method : erasers()) {
            const Fitted fit = fitted(method.fit, rows, method.config).value();
            QVERIFY(test::allFinite(linear(fit.image).matrix) && test::allFinite(linear(fit.image).offset));
            QVERIFY(test::meansApart(test::after(linear(fit.image), rows.images), rows.attribute) < 1e-6);
        }
    }

    void rowsThatSayNothingTakeNoPart() {
        const PlantedRows rows = plantedRows(200, 10, 3, 2);
        for (const Method& method : everyEraser()) {
            const Fitted clean = fitted(method.fit, rows, method.config).value();
            const Fitted fit = fitted(method.fit, flawed(rows), method.config).value();
            QCOMPARE(linear(fit.image).matrix, linear(clean.image).matrix);
            QCOMPARE(linear(fit.image).offset, linear(clean.image).offset);
            QCOMPARE(fit.warnings.size(), clean.warnings.size() + 1);
        }
    }

    void theNumberOfThreadsChangesNoBit() {
        const PlantedRows rows = plantedRows(700, 200, 3, 2);
        for (const Method& method : everyEraser()) {
            const Fitted all = fitted(method.fit, rows, method.config).value();
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
            const Fitted one = fitted(method.fit, rows, method.config).value();
            QCOMPARE(linear(all.image).matrix, linear(one.image).matrix);
            QCOMPARE(linear(all.image).offset, linear(one.image).offset);
        }
    }

    void whatCannotBeFittedIsAnErrorWithItsReason() {
        for (const Method& method : everyEraser()) {
            PlantedRows rows = plantedRows(60, 6, 2, 2);
            std::ranges::fill(rows.attribute.codes, 1);
            QCOMPARE(fitted(method.fit, rows, method.config).error().error().code, ErrorCode::AttributeSingleGroup);
            std::ranges::fill(rows.attribute.codes, Attribute::kUnlabelled);
            QCOMPARE(fitted(method.fit, rows, method.config).error().error().code, ErrorCode::AttributeEmpty);
            rows = plantedRows(60, 6, 2, 2);
            std::ranges::fill(rows.images.values, 0.0F);
            QCOMPARE(fitted(method.fit, rows, method.config).error().error().code, ErrorCode::AttributeEmpty);
            rows.attribute.codes.pop_back();
            QCOMPARE(fitted(method.fit, rows, method.config).error().error().code, ErrorCode::InvalidArgument);
            DebiasConfig config = method.config;
            config.parameters.emplace_back("apply", "nowhere");
            QCOMPARE(fitted(method.fit, plantedRows(60, 6, 2, 2), config).error().error().arg("name"),
                     std::string_view("apply"));
        }
    }

    void duplicatesAndASmallGroup() {
        PlantedRows rows = plantedRows(60, 6, 2, 2);
        for (std::size_t i = 2; i < rows.images.rows; ++i) // one image a group, many times over
            std::ranges::copy(rows.images.row(rows.attribute.codes[i] == rows.attribute.codes[0] ? 0 : 1),
                              rows.images.row(i).begin());
        for (const Method& method : erasers()) {
            const Fitted fit = fitted(method.fit, rows, method.config).value();
            QVERIFY(test::meansApart(test::after(linear(fit.image), rows.images), rows.attribute) < 1e-7);
        }
        const Fitted apart = fitted(fitInlp, rows, configOf("inlp", {})).value();
        QCOMPARE(factOf(apart, "accuracy before"), 1.0);
        QVERIFY(test::allFinite(linear(apart.image).matrix));
        for (std::size_t i = 1; i < rows.images.rows; ++i)
            std::ranges::copy(rows.images.row(0), rows.images.row(i).begin());
        const Fitted nothing = fitted(fitInlp, rows, configOf("inlp", {})).value();
        QCOMPARE(factOf(nothing, "directions removed"), 0.0);
        QCOMPARE(nothing.warnings.size(), std::size_t(1));
        const Fitted same = fitted(fitMeanDifference, rows, configOf("mean-difference", {})).value();
        QCOMPARE(same.warnings.size(), std::size_t(1));
        QCOMPARE(factOf(same, "directions removed"), 0.0);
        const auto leace = fitted(fitLeace, rows, configOf("leace", {}));
        QVERIFY(!leace || test::allFinite(linear(leace->image).matrix));
    }
};

QTEST_APPLESS_MAIN(TestErasure)
#include "tst_erasure.moc"
