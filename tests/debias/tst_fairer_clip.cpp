// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/debias/closed_form/fairer_clip.h"
#include "tests/debias/planted_rows.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

struct Planted {
    Embeddings images, texts;
    Attribute attribute;
    std::vector<std::size_t> wanted; ///< class of each image
};

/// Images of `classes` kinds, each with a text along its coordinate; the last coordinate but one says the attribute.
Planted planted(std::size_t rows, std::size_t dim, std::size_t classes, double attribute) {
    Planted result{Embeddings(rows, dim), Embeddings(classes, dim), {}, {}};
    RandomStream random(3, streamId("fairer clip test"), 0);
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t wanted = random.below(classes), group = random.below(2);
        labels.emplace_back(group == 0 ? "a" : "b");
        result.wanted.push_back(wanted);
        for (std::size_t j = 0; j < dim; ++j)
            result.images.row(i)[j] = static_cast<float>(0.5 * random.normal() + (j == wanted ? 3.0 : 0.0) +
                                                         (j == dim - 2 ? (group == 0 ? attribute : -attribute) : 0.0));
    }
    for (std::size_t c = 0; c < classes; ++c) {
        result.texts.row(c)[c] = 2;
        result.texts.row(c)[dim - 1] = 1;
    }
    result.attribute = makeAttribute("letter", labels);
    return result;
}

FitInput inputOf(const Planted& from, std::uint64_t seed = 0) {
    return {.images = from.images, .attribute = from.attribute, .texts = &from.texts, .words = {}, .seed = seed};
}

Fitted fitted(const Planted& from, const FairerClipOptions& options, std::uint64_t seed = 0) {
    Feedback feedback;
    return fairerClip(inputOf(from, seed), options, feedback).value();
}

std::vector<std::vector<double>> after(const VectorMap& of, const Embeddings& rows) {
    const FourierMap& map = std::get<FourierMap>(of);
    std::vector<std::vector<double>> result;
    for (std::size_t i = 0; i < rows.rows; ++i) {
        const std::vector<double> unit = unitRow(rows.row(i));
        std::vector<double> y(map.out);
        for (std::size_t o = 0; o < map.out; ++o)
            y[o] = -map.centre[o];
        for (std::size_t f = 0; f < map.features; ++f) {
            double angle = map.phase[f];
            for (std::size_t j = 0; j < map.dim; ++j)
                angle += map.frequencies[f * map.dim + j] * unit[j];
            const double feature = std::sqrt(2 / static_cast<double>(map.features)) * std::cos(angle);
            for (std::size_t o = 0; o < map.out; ++o)
                y[o] += map.weights[o * map.features + f] * feature;
        }
        result.push_back(std::move(y));
    }
    return result;
}

/// The share of the images whose greatest cosine is with the text of their class.
double accuracy(const Embeddings& images, const Embeddings& texts, const std::vector<std::size_t>& wanted) {
    const std::vector<float> cosine = cosines(images, texts);
    double right = 0;
    for (std::size_t i = 0; i < images.rows; ++i) {
        const auto row = std::span(cosine).subspan(i * texts.rows, texts.rows);
        right += static_cast<std::size_t>(std::ranges::max_element(row) - row.begin()) == wanted[i] ? 1 : 0;
    }
    return right / static_cast<double>(images.rows);
}

double factOf(const Fitted& fit, std::string_view name) {
    for (const DebiasFact& fact : fit.facts)
        if (fact.name == name)
            return fact.value;
    return -1;
}

} // namespace

class TestFairerClip : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theAttributeFadesAndTheClassesStay_data() {
        QTest::addColumn<int>("classes");
        QTest::newRow("2") << 2;
        QTest::newRow("4") << 4;
    }
    void theAttributeFadesAndTheClassesStay() {
        QFETCH(int, classes);
        const Planted data = planted(800, 12, static_cast<std::size_t>(classes), 2);
        const Fitted fit = fitted(data, {.features = 300});
        const Embeddings images = test::asEmbeddings(after(fit.image, data.images));
        const Embeddings texts = test::asEmbeddings(after(fit.text, data.texts));
        QCOMPARE(images.dim, static_cast<std::size_t>(classes - 1));
        QCOMPARE(texts.dim, images.dim);
        QVERIFY(accuracy(data.images, data.texts, data.wanted) > 0.95);
        const double right = accuracy(images, texts, data.wanted);
        QVERIFY2(right > 0.95, qPrintable(QString::number(right)));
        QVERIFY(factOf(fit, "between groups before") > 0.2);
        QVERIFY2(factOf(fit, "between groups after") < 0.02,
                 qPrintable(QString::number(factOf(fit, "between groups after"))));
        QCOMPARE(fit.warnings.size(), std::size_t(classes == 2 ? 1 : 0)); // one direction
        // Half of the images fitted, the others mapped: it is no matter of the fitted rows alone.
        Planted half = planted(800, 12, static_cast<std::size_t>(classes), 2);
        std::fill(half.attribute.codes.begin() + 400, half.attribute.codes.end(), Attribute::kUnlabelled);
        const Fitted other = fitted(half, {.features = 300});
        const auto mapped = after(other.image, data.images);
        QVERIFY(accuracy(test::asEmbeddings(mapped), test::asEmbeddings(after(other.text, data.texts)), data.wanted) >
                0.95);
    }

    void theWeightOfTheAttributeIsWhatTakesItOut() {
        // The directions that are asked for beyond those of the classes are where the attribute would come in.
        const Planted data = planted(800, 12, 3, 2);
        const auto share = [&](double tau) {
            // The zero-shot classes lean on the attribute here: the texts have a part along it.
            Planted leaning = data;
            leaning.texts.row(0)[10] = 2;
            leaning.texts.row(1)[10] = -2;
            return factOf(fitted(leaning, {.features = 300, .tauImages = tau, .iterations = 1}),
                          "between groups after");
        };
        const double with = share(0.9), without = share(0);
        QVERIFY2(with < without / 2,
                 qPrintable(QString::number(with) + QStringLiteral(" ") + QString::number(without)));
    }

    void asManyDirectionsAsAskedFor() {
        const Planted data = planted(400, 12, 4, 2);
        QCOMPARE(std::get<FourierMap>(fitted(data, {.features = 200, .dim = 2}).image).out, std::size_t(2));
    }

    void theSameSeedGivesTheSameMap() {
        const Planted data = planted(1200, 12, 3, 2); // more than the median distance takes
        const FourierMap one = std::get<FourierMap>(fitted(data, {.features = 150}, 5).image);
        const FourierMap two = std::get<FourierMap>(fitted(data, {.features = 150}, 5).image);
        const FourierMap other = std::get<FourierMap>(fitted(data, {.features = 150}, 6).image);
        QCOMPARE(one.weights, two.weights);
        QCOMPARE(one.centre, two.centre);
        QVERIFY(one.frequencies != other.frequencies);
    }

    void theNumberOfThreadsChangesNoBit() {
        const Planted data = planted(700, 40, 3, 2);
        const Fitted all = fitted(data, {.features = 200});
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
        const Fitted one = fitted(data, {.features = 200});
        QCOMPARE(std::get<FourierMap>(all.image).weights, std::get<FourierMap>(one.image).weights);
        QCOMPARE(std::get<FourierMap>(all.text).weights, std::get<FourierMap>(one.text).weights);
    }

    void oddInput() {
        Planted data = planted(60, 80, 3, 2); // fewer images than dimensions, and than features
        std::ranges::copy(data.texts.row(1), data.texts.row(2).begin()); // the same text twice
        for (std::size_t i = 0; i < 10; ++i)
            std::ranges::copy(data.images.row(0), data.images.row(i).begin());
        std::ranges::fill(data.images.row(20), 0.0F);
        std::ranges::fill(data.images.row(21), std::numeric_limits<float>::quiet_NaN());
        data.attribute.codes[22] = Attribute::kUnlabelled;
        const Fitted fit = fitted(data, {.features = 100});
        for (const VectorMap& map : {fit.image, fit.text})
            QVERIFY(test::allFinite(std::get<FourierMap>(map).weights) &&
                    test::allFinite(std::get<FourierMap>(map).centre));
        QCOMPARE(factOf(fit, "classes"), 2.0);
    }

    void whatItCannotDoIsSaid() {
        Feedback feedback;
        const Planted data = planted(60, 8, 3, 2);
        const auto name = [&](const Planted& from, const Embeddings* texts, const FairerClipOptions& options = {}) {
            const auto fit = fairerClip(
                {.images = from.images, .attribute = from.attribute, .texts = texts, .words = {}}, options, feedback);
            return fit ? std::string() : std::string(fit.error().error().arg("name"));
        };
        QCOMPARE(name(data, nullptr), std::string("texts"));
        const Embeddings one(1, 8), other = planted(4, 9, 3, 2).texts;
        QCOMPARE(name(data, &one), std::string("texts"));
        QCOMPARE(name(data, &other), std::string("texts"));
        Embeddings same(2, 8); // all images are nearest to the first of two equal texts
        same.row(0)[0] = same.row(1)[0] = 1;
        QCOMPARE(name(data, &same), std::string("texts"));
        Planted single = data;
        std::ranges::fill(single.attribute.codes, 0);
        QCOMPARE(name(single, &data.texts), single.attribute.name);
        // What the texts say is the attribute itself: nothing may stay.
        Planted equal = data;
        equal.attribute.groups = {"0", "1", "2"};
        for (std::size_t i = 0; i < 60; ++i)
            equal.attribute.codes[i] = static_cast<std::int32_t>(equal.wanted[i]);
        QCOMPARE(name(equal, &data.texts, {.features = 100, .tauImages = 0.95, .tauOtherForImages = 0}),
                 std::string("tau_i"));
        feedback.cancel();
        QVERIFY(fairerClip(inputOf(data), {.features = 50}, feedback).error().cancelled());
        const DebiasConfig config{.method = "fairer-clip", .attribute = {}, .parameters = {{"tau_t", "1"}}};
        Feedback fresh;
        QCOMPARE(fitFairerClip(inputOf(data), Parameters(config), fresh).error().error().arg("name"),
                 std::string_view("tau_t"));
    }
};

QTEST_APPLESS_MAIN(TestFairerClip)
#include "tst_fairer_clip.moc"
