// SPDX-License-Identifier: GPL-3.0-or-later
// The stand-in of CF-alpha: gradients, what it does to planted counterfactual sets, bad input.
#include <algorithm>
#include <cmath>
#include <limits>

#include <QTest>

#include "core/base/random.h"
#include "core/debias/heads/cf_head.h"
#include "core/debias/transform.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

constexpr std::size_t kDim = 12;

/// Sets of images of the same thing whose people differ along the last two directions; every set has a caption of its
/// own that says the thing.
struct Planted {
    Embeddings images, captions;
    Attribute sets;

    Planted(std::size_t count, std::size_t variants) : images(count * variants, kDim), captions(count, kDim) {
        RandomStream random(11, streamId("test/cf"), 0);
        std::vector<std::string> names;
        for (std::size_t s = 0; s < count; ++s) {
            std::vector<float> thing(kDim);
            for (std::size_t d = 0; d + 2 < kDim; ++d)
                thing[d] = static_cast<float>(random.normal());
            for (std::size_t d = 0; d < kDim; ++d)
                captions.row(s)[d] = thing[d] + static_cast<float>(0.2 * random.normal());
            for (std::size_t v = 0; v < variants; ++v) {
                const auto row = images.row(s * variants + v);
                for (std::size_t d = 0; d < kDim; ++d)
                    row[d] = thing[d] + static_cast<float>(0.1 * random.normal());
                row[kDim - 1 - v % 2] += 3;
                names.push_back("set " + std::to_string(1000 + s)); // in the order of the numbers
            }
        }
        sets = makeAttribute("set", names);
    }
};

DebiasConfig config(std::vector<std::pair<std::string, std::string>> parameters) {
    return {"cf-alpha", "set", std::move(parameters), 4};
}

Outcome<Transform> fitted(const Planted& planted, const DebiasConfig& asked, const Embeddings* texts = nullptr) {
    Feedback feedback;
    return fit(asked, {planted.images, planted.sets, texts ? texts : &planted.captions, {}, 4}, {}, feedback);
}

double fact(const Transform& transform, std::string_view name) {
    for (const DebiasFact& one : transform.parts.front().card.facts)
        if (one.name == name)
            return one.value;
    return std::numeric_limits<double>::quiet_NaN();
}

bool warns(const Transform& transform, std::string_view piece) {
    return std::ranges::any_of(transform.parts.front().card.warnings,
                               [&](const std::string& warning) { return warning.find(piece) != std::string::npos; });
}

/// Share of the images whose nearest caption is that of their set.
double foundCaptions(const Embeddings& images, const Planted& planted) {
    const std::vector<float> scores = cosines(planted.captions, images);
    double right = 0;
    for (std::size_t i = 0; i < images.rows; ++i) {
        std::size_t best = 0;
        for (std::size_t c = 1; c < planted.captions.rows; ++c)
            if (scores[c * images.rows + i] > scores[best * images.rows + i])
                best = c;
        right += best == static_cast<std::size_t>(planted.sets.codes[i]);
    }
    return right / static_cast<double>(images.rows);
}

std::string argumentOf(const Outcome<Transform>& outcome, std::string_view name) {
    return outcome || outcome.error().cancelled() ? "" : std::string(outcome.error().error().arg(name));
}

} // namespace

class TstCfHead : public QObject {
    Q_OBJECT
private Q_SLOTS:

    void gradientsAreThoseOfTheLoss_data() {
        QTest::addColumn<int>("hidden");
        QTest::newRow("residual") << 9;
        QTest::newRow("linear") << 0;
    }
    void gradientsAreThoseOfTheLoss() {
        QFETCH(int, hidden);
        const Planted planted(60, 3); // more than one block of images
        CfSets sets{planted.images, planted.captions, {}};
        for (std::uint32_t s = 0; s < 60; ++s) {
            sets.sets.push_back({{3 * s, 3 * s + 1, 3 * s + 2}, s / 2}); // two sets a caption
            sets.sets.back().rows.resize(1 + s % 3);
        }
        std::vector<std::uint32_t> batch(60);
        for (std::uint32_t s = 0; s < 60; ++s)
            batch[s] = s;
        CfOptions options;
        options.hidden = static_cast<std::size_t>(hidden);
        options.tau = 0.2;
        options.beta0 = 0.7;
        options.beta1 = 1.3;
        std::vector<double> head = startingCfHead(kDim, options), gradient;
        RandomStream random(2, streamId("test/head"), 0);
        for (double& number : head)
            number += 0.2 * random.normal();
        const CfLoss loss = cfLoss(sets, batch, head, options, &gradient);
        QVERIFY(loss.clip > 0 && loss.cohesion > 0);
        QCOMPARE(loss.total, options.beta1 * loss.clip + options.beta0 * loss.cohesion);
        QCOMPARE(gradient.size(), head.size());
        for (std::size_t i = 0; i < head.size(); i += 7) {
            constexpr double kStep = 1e-6;
            std::vector<double> moved = head;
            moved[i] += kStep;
            const double up = cfLoss(sets, batch, moved, options, nullptr).total;
            moved[i] -= 2 * kStep;
            const double numeric = (up - cfLoss(sets, batch, moved, options, nullptr).total) / (2 * kStep);
            QVERIFY2(std::abs(numeric - gradient[i]) < 1e-6 * (1 + std::abs(numeric)),
                     (std::to_string(i) + ": " + std::to_string(gradient[i]) + ", " + std::to_string(numeric)).c_str());
        }
    }

    void lossesAreThoseOfTheirFormulas() {
        // Two sets with captions of their own, along the axes; a head that changes nothing.
        Embeddings images(3, 2), captions(2, 2);
        images.values = {1, 0, 0, 2, 0, 3};
        captions.values = {1, 0, 0, 1};
        const CfSets sets{images, captions, {{{0, 1}, 0}, {{2}, 1}}};
        CfOptions options;
        options.hidden = 0;
        options.tau = 1;
        const std::uint32_t both[] = {0, 1};
        const CfLoss loss = cfLoss(sets, both, std::vector<double>(4, 0.0), options, nullptr);
        const double e = std::exp(1.0);
        const double toTexts = -(std::log(e / (e + 1)) + std::log(1 / (e + 1)) + std::log(e / (e + 1))) / 3;
        const double first = -0.5 * (std::log(e / (e + 2)) + std::log(1 / (e + 2))),
                     second = -std::log(e / (2 * e + 1));
        QVERIFY(std::abs(loss.clip - 0.5 * (toTexts + 0.5 * (first + second))) < 1e-12);
        QVERIFY(std::abs(loss.cohesion - 0.5) < 1e-12); // the mean of two unit vectors at right angles: 1 - 1/2
    }

    void setsContractAndKeepTheirCaptions_data() {
        QTest::addColumn<QString>("hidden");
        QTest::newRow("residual") << "24";
        QTest::newRow("linear") << "0";
    }
    void setsContractAndKeepTheirCaptions() {
        QFETCH(QString, hidden);
        const Planted planted(80, 4);
        const auto transform = fitted(planted, config({{"hidden", hidden.toStdString()},
                                                       {"lr", "0.01"},
                                                       {"epochs", "60"},
                                                       {"patience", "60"},
                                                       {"B", "16"},
                                                       {"tau", "0.1"},
                                                       {"beta0", "3"}}));
        QVERIFY(transform.has_value());
        const double before = fact(*transform, "cosine within sets before"),
                     after = fact(*transform, "cosine within sets after");
        QVERIFY2(1 - after < 0.4 * (1 - before), (std::to_string(before) + ", " + std::to_string(after)).c_str());
        QVERIFY(!warns(*transform, "draws the images of different sets together"));
        Feedback feedback;
        const Embeddings changed = transformRows(*transform, Modality::Image, planted.images, feedback).value();
        const double found = foundCaptions(changed, planted), foundBefore = foundCaptions(planted.images, planted);
        QVERIFY2(found > 0.8 && found > foundBefore - 0.05,
                 (std::to_string(foundBefore) + ", " + std::to_string(found)).c_str());
        const Embeddings texts = transformRows(*transform, Modality::Text, planted.captions, feedback).value();
        QCOMPARE(texts.values, planted.captions.values);
    }

    void alphaMixesHeadAndIdentity() {
        const Planted planted(30, 3);
        CfOptions options;
        options.hidden = 7;
        const std::vector<double> head = startingCfHead(kDim, options);
        Feedback feedback;
        const Embeddings whole = apply(cfMap(head, kDim, options, 1), planted.images, feedback).value(),
                         third = apply(cfMap(head, kDim, options, 0.3), planted.images, feedback).value();
        QVERIFY(whole.values != planted.images.values);
        for (std::size_t i = 0; i < whole.values.size(); ++i)
            QVERIFY(std::abs(third.values[i] - (0.7F * planted.images.values[i] + 0.3F * whole.values[i])) < 1e-5F);
        const auto none = fitted(planted, config({{"alpha", "0"}, {"lr", "0.01"}}));
        QCOMPARE(transformRows(*none, Modality::Image, planted.images, feedback).value().values, planted.images.values);
    }

    void collapseIsReported() {
        const Planted planted(60, 4);
        const auto transform = fitted(planted, config({{"beta1", "0"},
                                                       {"beta0", "1"},
                                                       {"lr", "0.02"},
                                                       {"epochs", "200"},
                                                       {"patience", "200"},
                                                       {"hidden", "24"}}));
        QVERIFY(transform.has_value());
        QVERIFY(fact(*transform, "cosine between sets after") > 0.9);
        QVERIFY(warns(*transform, "draws the images of different sets together"));
    }

    void theSameSeedGivesTheSameBits() {
        const Planted planted(40, 3);
        const auto one = fitted(planted, config({{"lr", "0.01"}})), two = fitted(planted, config({{"lr", "0.01"}}));
        QCOMPARE(std::get<HeadMap>(one->parts[0].image).outer.first,
                 std::get<HeadMap>(two->parts[0].image).outer.first);
        QCOMPARE(std::get<HeadMap>(one->parts[0].image).outer.second,
                 std::get<HeadMap>(two->parts[0].image).outer.second);
    }

    void theGivenEvaluationChoosesTheEpoch() {
        const Planted planted(20, 3);
        int asked = 0;
        FitInput input{planted.images, planted.sets, &planted.captions, {}, 4};
        input.evaluate = [&](const VectorMap& image, const VectorMap& text) -> Outcome<double> {
            if (!std::holds_alternative<Unchanged>(text) || !std::holds_alternative<HeadMap>(image))
                return fail(ErrorCode::Internal, {});
            return asked++ == 2 ? 7.0 : 1.0; // untouched, epoch 1, epoch 2: the best
        };
        Feedback feedback;
        const auto transform = fit(config({{"epochs", "50"}, {"patience", "3"}, {"lr", "0.01"}}), input, {}, feedback);
        QVERIFY(transform.has_value());
        QCOMPARE(fact(*transform, "best epoch"), 2.0);
        QCOMPARE(fact(*transform, "measure after"), 7.0);
        QCOMPARE(asked, 6);
    }

    void captionsOfImagesAndByName() {
        const Planted planted(30, 2);
        Embeddings ofImages(planted.images.rows, kDim), turned(30, kDim);
        std::vector<std::string> words;
        for (std::size_t i = 0; i < planted.images.rows; ++i)
            std::ranges::copy(planted.captions.row(i / 2), ofImages.row(i).begin());
        for (std::size_t s = 0; s < 30; ++s) {
            std::ranges::copy(planted.captions.row(29 - s), turned.row(s).begin());
            words.push_back(planted.sets.groups[29 - s]);
        }
        const DebiasConfig asked = config({{"lr", "0.01"}, {"hidden", "5"}});
        const auto bySet = fitted(planted, asked), byImage = fitted(planted, asked, &ofImages);
        Feedback feedback;
        const auto byName = fit(asked, {planted.images, planted.sets, &turned, words, 4}, {}, feedback);
        QVERIFY(bySet && byImage && byName);
        const auto& expected = std::get<HeadMap>(bySet->parts[0].image).outer.second;
        QCOMPARE(std::get<HeadMap>(byImage->parts[0].image).outer.second, expected);
        QCOMPARE(std::get<HeadMap>(byName->parts[0].image).outer.second, expected);
        std::ranges::copy(planted.captions.row(5), ofImages.row(0).begin());
        QVERIFY(warns(*fitted(planted, asked, &ofImages), "different captions"));
    }

    void oddInput() {
        Planted planted(40, 3);
        const DebiasConfig asked = config({{"lr", "0.01"}});
        Embeddings few(7, kDim);
        few.values.assign(few.values.size(), 1);
        QCOMPARE(argumentOf(fitted(planted, asked, &few), "name"), std::string("the texts"));

        Planted single(20, 1);
        QVERIFY(argumentOf(fitted(single, asked), "value").find("0 of them") != std::string::npos);

        Planted one(1, 6);
        const auto alone = fitted(one, asked);
        QVERIFY(!alone && alone.error().error().code == ErrorCode::AttributeSingleGroup);

        Planted none(3, 2);
        none.sets.codes.assign(none.sets.codes.size(), Attribute::kUnlabelled);
        const auto empty = fitted(none, asked);
        QVERIFY(!empty && empty.error().error().code == ErrorCode::AttributeEmpty);

        // Zero and infinite images, a set without a usable caption, a set of one image.
        std::ranges::fill(planted.images.row(0), 0.0F);
        planted.images.row(4)[2] = std::numeric_limits<float>::infinity();
        planted.sets.codes[7] = planted.sets.codes[8] = Attribute::kUnlabelled;
        std::ranges::fill(planted.captions.row(9), 0.0F);
        const auto transform = fitted(planted, asked);
        QVERIFY(transform.has_value());
        QCOMPARE(fact(*transform, "sets"), 39.0);
        QCOMPARE(fact(*transform, "images"), 120.0 - 1 - 1 - 2 - 3);
        QVERIFY(warns(*transform, "1 sets have one image only"));
        QVERIFY(warns(*transform, "1 sets took no part"));
        for (const DebiasFact& each : transform->parts[0].card.facts)
            QVERIFY2(std::isfinite(each.value), each.name.c_str());
        for (const float number : std::get<HeadMap>(transform->parts[0].image).outer.second)
            QVERIFY(std::isfinite(number));

        const auto wild = fitted(planted, config({{"lr", "-1"}}));
        QCOMPARE(argumentOf(wild, "name"), std::string("lr"));
        Feedback cancelled;
        cancelled.cancel();
        const auto stopped = fit(asked, {planted.images, planted.sets, &planted.captions, {}, 4}, {}, cancelled);
        QVERIFY(!stopped && stopped.error().cancelled());
    }
};

QTEST_GUILESS_MAIN(TstCfHead)
#include "tst_cf_head.moc"
