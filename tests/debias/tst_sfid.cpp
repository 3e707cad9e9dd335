// SPDX-License-Identifier: GPL-3.0-or-later
#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <variant>

#include <QTest>

#include "core/base/random.h"
#include "core/debias/coordinates/forest.h"
#include "core/debias/coordinates/sfid.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

struct Planted {
    Embeddings images;
    Attribute attribute;
};
/// Normal rows; in the coordinates `informative` group g is `distance` g standard deviations further up.
Planted planted(std::size_t rows, std::size_t dim, std::size_t groups, const std::vector<std::size_t>& informative,
                double distance) {
    RandomStream random(41, streamId("test/forest"), rows + dim);
    Planted result{Embeddings(rows, dim), {"group", {}, {}}};
    for (std::size_t g = 0; g < groups; ++g)
        result.attribute.groups.push_back("group " + std::to_string(g));
    for (float& value : result.images.values)
        value = static_cast<float>(random.normal());
    for (std::size_t i = 0; i < rows; ++i) {
        result.attribute.codes.push_back(static_cast<std::int32_t>(i % groups));
        for (const std::size_t d : informative)
            result.images.row(i)[d] += static_cast<float>(distance * static_cast<double>(i % groups));
    }
    return result;
}

Outcome<Fitted> sfid(const Planted& from, std::vector<std::pair<std::string, std::string>> parameters = {},
                     const Embeddings* texts = nullptr, Feedback* feedback = nullptr) {
    const FitInput input{.images = from.images, .attribute = from.attribute, .texts = texts, .words = {}, .seed = 5};
    const DebiasConfig config{
        .method = "sfid", .attribute = "group", .parameters = std::move(parameters), .seed = input.seed};
    Feedback own;
    return fitSfid(input, Parameters(config), feedback ? *feedback : own);
}

double fact(const Fitted& fitted, std::string_view name) {
    for (const DebiasFact& one : fitted.facts)
        if (one.name == name)
            return one.value;
    return std::numeric_limits<double>::quiet_NaN();
}

} // namespace

class TestSfid : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theForestFindsPlantedCoordinates() {
        for (const std::size_t groups : {2, 4}) {
            const Planted from = planted(600, 40, groups, {4, 17, 33}, 1.5);
            Feedback feedback;
            const auto forest = Forest::fit(from.images, from.attribute.codes, groups, 60, 1, feedback).value();
            std::vector<std::size_t> order(40);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::ranges::sort(order, std::greater<>(), [&](std::size_t d) { return forest.importance()[d]; });
            order.resize(3);
            std::ranges::sort(order);
            QCOMPARE(order, (std::vector<std::size_t>{4, 17, 33}));
            QVERIFY(std::abs(std::accumulate(forest.importance().begin(), forest.importance().end(), 0.0) - 1) < 1e-12);
            // Other rows of the same kind.
            const Planted other = planted(400, 40, groups, {4, 17, 33}, 1.5);
            std::vector<double> chances(groups);
            int right = 0;
            for (std::size_t i = 0; i < other.images.rows; ++i) {
                forest.probabilities(other.images.row(i), chances);
                QVERIFY(std::abs(std::accumulate(chances.begin(), chances.end(), 0.0) - 1) < 1e-6);
                right += std::ranges::max_element(chances) - chances.begin() == other.attribute.codes[i] ? 1 : 0;
            }
            QVERIFY2(right > (groups == 2 ? 340 : 270), qPrintable(QString::number(right)));
        }
    }

    void aForestLearnsWhatNoSingleCoordinateSays() {
        // The group is whether two coordinates have the same sign: only deeper splits help.
        RandomStream random(2, streamId("test/xor"), 0);
        Embeddings x(1200, 2);
        std::vector<std::int32_t> codes;
        for (std::size_t i = 0; i < x.rows; ++i) {
            for (float& value : x.row(i))
                value = static_cast<float>(random.normal());
            codes.push_back((x.row(i)[0] > 0) == (x.row(i)[1] > 0) ? 1 : 0);
        }
        Embeddings half(600, 2);
        std::copy_n(x.values.begin(), half.values.size(), half.values.begin());
        Feedback feedback;
        const auto forest = Forest::fit(half, std::span(codes).first(600), 2, 40, 1, feedback).value();
        int right = 0;
        std::vector<double> chances(2);
        for (std::size_t i = 600; i < 1200; ++i) {
            forest.probabilities(x.row(i), chances);
            right += (chances[1] > chances[0]) == (codes[i] == 1) ? 1 : 0;
        }
        QVERIFY2(right > 540, qPrintable(QString::number(right)));
    }

    void aForestOfRowsThatAreAllAlikeSaysTheShares() {
        const Embeddings x(40, 3);
        std::vector<std::int32_t> codes(40, 0);
        std::fill_n(codes.begin(), 10, 1);
        Feedback feedback;
        const auto forest = Forest::fit(x, codes, 2, 200, 1, feedback).value();
        std::vector<double> chances(2);
        forest.probabilities(x.row(0), chances);
        QVERIFY(std::abs(chances[1] - 0.25) < 0.03);
        QCOMPARE(forest.importance(), std::vector<double>(3, 0.0));
    }

    void theForestHasTheSameBitsForAnyNumberOfThreads() {
        const Planted from = planted(300, 20, 3, {2}, 1.0);
        Feedback feedback;
        const auto many = Forest::fit(from.images, from.attribute.codes, 3, 30, 9, feedback).value();
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        QCOMPARE(Forest::fit(from.images, from.attribute.codes, 3, 30, 9, feedback).value().importance(),
                 many.importance());
        QVERIFY(Forest::fit(from.images, from.attribute.codes, 3, 30, 10, feedback).value().importance() !=
                many.importance());
    }

    void sfidOverwritesWhatWasPlanted() {
        const Planted from = planted(800, 30, 2, {5, 12}, 2.0);
        const auto fitted = sfid(from, {{"m", "2"}}).value();
        const auto& map = std::get<ImputeMap>(fitted.image);
        QCOMPARE(map.coordinates, (std::vector<std::uint32_t>{5, 12}));
        QVERIFY(std::holds_alternative<Unchanged>(fitted.text));
        QVERIFY(fact(fitted, "forest's accuracy") > 0.85);
        // What stays is the length of the other coordinates, which the constants are divided by.
        QVERIFY2(fact(fitted, "accuracy before") > fact(fitted, "accuracy after") + 0.2,
                 qPrintable(QStringLiteral("%1 before, %2 after")
                                .arg(fact(fitted, "accuracy before"))
                                .arg(fact(fitted, "accuracy after"))));
        // What is written lies between the groups: half of the distance, in unit rows of length about sqrt(30 + 4).
        for (const double value : map.values)
            QVERIFY2(value > 0.08 && value < 0.26, qPrintable(QString::number(value)));
        QCOMPARE(std::get<ImputeMap>(sfid(from).value().image).coordinates.size(), std::size_t(3)); // 50 of 512
    }

    void textsGetMeansOfTheirOwn() {
        const Planted from = planted(200, 10, 2, {3}, 3.0);
        Embeddings texts(3, 10);
        std::ranges::fill(texts.values, 2.0F);
        std::ranges::fill(texts.row(2), 0.0F); // takes no part
        const auto both = sfid(from, {{"m", "1"}, {"apply", "both"}}, &texts).value();
        QVERIFY(std::abs(std::get<ImputeMap>(both.text).values.front() - 1 / std::sqrt(10.0)) < 1e-6);
        QVERIFY(std::get<ImputeMap>(both.image).values != std::get<ImputeMap>(both.text).values);
        const auto alone = sfid(from, {{"m", "1"}, {"apply", "texts"}}).value();
        QVERIFY(std::holds_alternative<Unchanged>(alone.image));
        QCOMPARE(std::get<ImputeMap>(alone.text).values, std::get<ImputeMap>(both.image).values);
        QVERIFY(alone.warnings.size() > both.warnings.size());
    }

    void aForestThatIsSureOfAllImagesIsWarnedOf() {
        const Planted from = planted(1000, 6, 2, {0, 1, 2, 3, 4, 5}, 9.0);
        const auto fitted = sfid(from, {{"m", "1"}, {"t", "0"}}).value();
        QCOMPARE(fact(fitted, "unsure images"), 2.0); // 1 % of 200
        QVERIFY(!fitted.warnings.empty());
    }

    void degenerateInputIsRefusedInWords() {
        Planted from = planted(40, 6, 2, {0}, 1.0);
        for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
                 {"m", "0"}, {"m", "7"}, {"t", "1.5"}, {"trees", "0"}, {"apply", "nothing"}})
            QVERIFY2(!sfid(from, {{name, value}}), (name + "=" + value).c_str());
        Feedback stopped;
        stopped.cancel();
        QVERIFY(sfid(from, {}, nullptr, &stopped).error().cancelled());
        Planted alike = from;
        std::ranges::fill(alike.images.values, 1.0F);
        const auto same = sfid(alike).value();
        for (const double value : std::get<ImputeMap>(same.image).values)
            QVERIFY(std::abs(value - 1 / std::sqrt(6.0)) < 1e-6);
        std::ranges::fill(from.attribute.codes, 0);
        QCOMPARE(sfid(from).error().error().code, ErrorCode::AttributeSingleGroup);
        from.attribute.codes[0] = 1;
        QCOMPARE(sfid(from).error().error().code, ErrorCode::InvalidArgument);
        const auto tiny = sfid(planted(4, 6, 2, {0}, 1.0)).value();
        for (const double value : std::get<ImputeMap>(tiny.image).values)
            QVERIFY(std::isfinite(value));
    }
};

QTEST_APPLESS_MAIN(TestSfid)
#include "tst_sfid.moc"
