// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>
#include <numeric>

#include <QTest>
#include <tbb/global_control.h>

#include "core/base/random.h"
#include "core/debias/ranking/logit_bias.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

/// Cosines of images with texts of which the first are far too popular.
std::vector<float> cosinesOf(std::size_t rows, std::size_t texts) {
    RandomStream random(4, streamId("test/logit-bias"), texts);
    std::vector<float> result;
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t t = 0; t < texts; ++t)
            result.push_back(static_cast<float>(0.2 + 0.01 * random.normal() - 0.02 * static_cast<double>(t)));
    return result;
}

double plainGate(Gate gate, const std::vector<float>& row) {
    std::vector<double> p;
    double sum = 0;
    for (const float value : row)
        sum += p.emplace_back(std::exp(100 * (static_cast<double>(value) - 0.2)));
    double mean = 1.0 / static_cast<double>(row.size()), second = 0, fourth = 0, entropy = 0, most = 0;
    for (double& value : p) {
        value /= sum;
        second += (value - mean) * (value - mean) * mean;
        fourth += std::pow(value - mean, 4) * mean;
        entropy -= value * std::log(value);
        most = std::max(most, value);
    }
    return gate == Gate::Moment    ? std::pow(fourth / (second * second) / 250, -0.4)
           : gate == Gate::Entropy ? std::pow(entropy / std::log(static_cast<double>(row.size())), 0.4)
           : gate == Gate::Max     ? std::pow(most, -0.4)
                                   : 1.0;
}

} // namespace

class TestLogitBias : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void gatesFollowTheirFormulas() {
        const std::vector<float> row{0.21F, 0.2F, 0.19F, 0.23F, 0.18F};
        for (const Gate gate : {Gate::None, Gate::Moment, Gate::Entropy, Gate::Max}) {
            ScoreRule rule;
            rule.bias.assign(5, 0.0);
            rule.gate = gate;
            QVERIFY(std::abs(gateValue(rule, row) - plainGate(gate, row)) < 1e-9 * plainGate(gate, row));
            // A sure image gets less of the bias than an unsure one.
            const std::vector<float> sure{0.4F, 0.1F, 0.1F, 0.1F, 0.1F}, unsure{0.2F, 0.2F, 0.2F, 0.2F, 0.2F};
            if (gate != Gate::None)
                QVERIFY(gateValue(rule, sure) < gateValue(rule, unsure));
            QVERIFY(std::isfinite(gateValue(rule, sure)) && gateValue(rule, sure) > 0);
        }
    }

    void scoresGetTheGatedBias() {
        ScoreRule rule;
        rule.bias = {1.0, -0.5};
        rule.gate = Gate::Max;
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const std::vector<float> scores{0.21F, 0.2F, nan, 0.3F};
        Feedback feedback;
        const auto changed = rescore(rule, scores, feedback).value();
        const double kappa = plainGate(Gate::Max, {0.21F, 0.2F});
        QVERIFY(std::abs(static_cast<double>(changed[0]) - (0.21 + kappa * 0.01)) < 1e-7);
        QVERIFY(std::abs(static_cast<double>(changed[1]) - (0.2 - kappa * 0.005)) < 1e-7);
        QVERIFY(std::isnan(changed[2]));
        QCOMPARE(changed[3], 0.3F);
        QCOMPARE(rescore(rule, std::vector<float>(3, 0.1F), feedback).error().error().code, ErrorCode::ScoresInvalid);
        QCOMPARE(rescore(ScoreRule(), scores, feedback).error().error().code, ErrorCode::ScoresInvalid);
    }

    void theFittedBiasReachesTheTarget() {
        for (const Gate gate : {Gate::None, Gate::Moment, Gate::Entropy, Gate::Max})
            for (const std::size_t texts : {2, 6}) {
                ScoreRule rule;
                rule.bias.assign(texts, 0.0);
                rule.gate = gate;
                const std::vector<float> scores = cosinesOf(700, texts);
                std::vector<double> target(texts);
                for (std::size_t t = 0; t < texts; ++t)
                    target[t] = static_cast<double>(t + 1) / static_cast<double>(texts * (texts + 1) / 2);
                Feedback feedback;
                const auto fit = fitBias(rule, scores, target, feedback).value();
                QCOMPARE(fit.rows, std::int64_t(700));
                QVERIFY(std::abs(meanShares(rule, scores)[0] - target[0]) > 0.3);
                rule.bias = fit.bias;
                const auto shares = meanShares(rule, scores);
                for (std::size_t t = 0; t < texts; ++t)
                    QVERIFY2(std::abs(shares[t] - target[t]) < 1e-8,
                             qPrintable(QString::number(shares[t] - target[t])));
                QVERIFY(std::abs(std::accumulate(fit.bias.begin(), fit.bias.end(), 0.0)) < 1e-9);
            }
    }

    void theBiasHasTheSameBitsForAnyNumberOfThreads() {
        ScoreRule rule;
        rule.bias.assign(6, 0.0);
        const std::vector<float> scores = cosinesOf(3000, 6);
        const std::vector<double> target(6, 1.0 / 6);
        Feedback feedback;
        const auto many = fitBias(rule, scores, target, feedback).value();
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        QCOMPARE(fitBias(rule, scores, target, feedback).value().bias, many.bias);
    }

    void parametersMakeTheRule() {
        Embeddings images(50, 4), texts(3, 4);
        RandomStream random(8, streamId("test/logit-bias"), 0);
        for (float& value : images.values)
            value = static_cast<float>(random.normal());
        for (float& value : texts.values)
            value = static_cast<float>(random.normal());
        images.row(3)[0] = std::numeric_limits<float>::quiet_NaN();
        std::ranges::fill(images.row(4), 0.0F);
        const Attribute attribute{"gender", {"man", "woman"}, std::vector<std::int32_t>(50, 0)};
        const std::vector<std::string> words{"nurse", "pilot", "cook"};
        FitInput input{.images = images, .attribute = attribute, .texts = &texts, .words = words, .seed = 1};
        Feedback feedback;
        const auto fit = [&](std::vector<std::pair<std::string, std::string>> parameters) {
            const DebiasConfig config{
                .method = "logit-bias", .attribute = "gender", .parameters = std::move(parameters), .seed = 0};
            return fitLogitBias(input, Parameters(config), feedback);
        };
        const auto given = fit({{"bias", "0:0.5,2:-1"}, {"gate", "none"}}).value();
        QCOMPARE(given.scores->bias, (std::vector<double>{0.5, 0, -1}));
        QCOMPARE(given.scores->texts, words);
        const auto fitted = fit({{"logit_scale", "10"}}).value();
        QCOMPARE(fitted.scores->reference, 0.75);
        QVERIFY(fitted.facts.front().value < 1e-8);
        for (const auto& [name, value] :
             std::initializer_list<std::pair<std::string, std::string>>{{"bias", "3:1"},
                                                                        {"bias", "nurse:1"},
                                                                        {"bias", "0:0.5,0:1"},
                                                                        {"target", "0:1"},
                                                                        {"target", "pool"},
                                                                        {"gate", "door"},
                                                                        {"rho", "-1"},
                                                                        {"reference", "0"},
                                                                        {"logit_scale", "x"}})
            QVERIFY2(!fit({{name, value}}), (name + "=" + value).c_str());
        input.texts = nullptr;
        QCOMPARE(fit({}).error().error().arg("name"), std::string_view("texts"));
        const Embeddings other(3, 5);
        input.texts = &other;
        QVERIFY(!fit({}));
        const Embeddings zero(3, 4);
        input.texts = &zero;
        QVERIFY(!fit({}));
        const Embeddings none(0, 4);
        const FitInput empty{.images = none, .attribute = attribute, .texts = &texts, .words = words, .seed = 1};
        const DebiasConfig config{.method = "logit-bias", .attribute = "gender", .parameters = {}, .seed = 0};
        QCOMPARE(fitLogitBias(empty, Parameters(config), feedback).error().error().code, ErrorCode::ScoresInvalid);
        input.texts = &texts;
        feedback.cancel();
        QVERIFY(fit({}).error().cancelled());
    }
};

QTEST_APPLESS_MAIN(TestLogitBias)
#include "tst_logit_bias.moc"
