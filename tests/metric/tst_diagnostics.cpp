// SPDX-License-Identifier: GPL-3.0-or-later
// Template sensitivity, hubness, image quality and decodability: against numpy and scipy, by construction, calibration.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/controls/attribute_words.h"
#include "core/metric/controls/decodability.h"
#include "core/metric/controls/hubness.h"
#include "core/metric/controls/quality.h"
#include "core/metric/controls/template_sensitivity.h"
#include "core/metric/logistic.h"
#include "core/metric/rank_tests.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Vector = std::vector<double>;

void near(std::optional<double> a, double b, double tolerance, const std::string& what) {
    QVERIFY2(a && std::abs(*a - b) <= tolerance,
             (what + ": " + (a ? formatDouble(*a) : "absent") + " for " + formatDouble(b)).c_str());
}

Attribute attributeOf(std::vector<std::int32_t> codes, std::vector<std::string> groups) {
    Attribute attribute;
    attribute.name = "gender";
    attribute.groups = std::move(groups);
    attribute.codes = std::move(codes);
    return attribute;
}

Resampling quick(std::uint64_t seed = 0, int draws = 199) {
    Resampling options;
    options.seed = seed;
    options.nullDraws = draws;
    options.bootstrapDraws = draws;
    return options;
}

MeasureOptions ranking(std::int64_t k) {
    MeasureOptions options;
    options.k = {k, 0.0};
    options.nullDraws = 99;
    options.bootstrapDraws = 99;
    return options;
}

/// A measurement with these skews; NaN: the group is absent from the top.
Measurement withSkews(const Vector& skews) {
    Measurement measurement;
    measurement.attribute = "race";
    measurement.maxSkew.value = 1;
    for (std::size_t g = 0; g < skews.size(); ++g) {
        GroupMeasure& group = measurement.groups.emplace_back();
        group.name = std::string(1, static_cast<char>('a' + g));
        if (!std::isnan(skews[g]))
            group.skew = skews[g];
    }
    return measurement;
}

/// Normal rows; those of code 1 lie `apart` along the first axis.
Embeddings people(const std::vector<std::int32_t>& codes, std::size_t dim, double apart, RandomStream& random) {
    Embeddings result(codes.size(), dim);
    for (std::size_t i = 0; i < codes.size(); ++i)
        for (std::size_t d = 0; d < dim; ++d)
            result.row(i)[d] = static_cast<float>(random.normal() + (d == 0 && codes[i] == 1 ? apart : 0));
    return result;
}

void neverTooSmall(const Vector& p, const char* what) {
    for (const double level : {0.01, 0.05, 0.10}) {
        const auto below = static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= level; }));
        const auto n = static_cast<double>(p.size());
        QVERIFY2(below <= n * level + 4 * std::sqrt(n * level * (1 - level)),
                 (std::string(what) + ": " + std::to_string(below) + " at " + std::to_string(level)).c_str());
    }
}

} // namespace

class TestDiagnostics : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // ---- templates ----
    void templatesGolden() {
        Feedback feedback;
        const std::vector<Measurement> of{withSkews({0.5, -0.2, 0.1, -0.6}), withSkews({0.3, -0.1, -0.2, kNan}),
                                          withSkews({0.4, 0.1, 0.1, -0.3}), withSkews({0.6, -0.4, 0.2, -0.1}),
                                          withSkews({-0.1, -0.3, 0.3, -0.5})};
        std::vector<TemplateMeasurement> input;
        for (std::size_t t = 0; t < of.size(); ++t)
            input.push_back({"nurse", "template " + std::to_string(t), &of[t]});
        const MeasureTable table = templateSensitivity(input, quick(), feedback).value();
        near(table.find({"nurse", "a"}, "skew_mean")->value.value, 0.34, 1e-12, "mean");
        near(table.find({"nurse", "a"}, "skew_sd")->value.value, 0.2701851217221259, 1e-12, "sd");
        near(table.find({"nurse", "a"}, "skew_sd")->value.ciLow, 0.1618768601247173, 1e-9, "chi-squared");
        near(table.find({"nurse", "a"}, "skew_sd")->value.ciHigh, 0.7763919787687243, 1e-9, "chi-squared");
        near(table.find({"nurse", "a"}, "sign_agreement")->value.value, 0.8, 1e-15, "agreement");
        near(table.find({"nurse", "d"}, "sign_agreement")->value.value, 1, 1e-15, "an absent group is negative");
        QCOMPARE(table.find({"nurse", "d"}, "skew_mean")->n, 4);
        near(table.find({"nurse", "a"}, "sign_agreement")->value.pValue, 12.0 / 32, 1e-15, "sign test");
        near(table.find({"nurse", ""}, "order_agreement")->value.value, 0.5921186973360887, 1e-12, "tau");
        QVERIFY(table.find({"nurse", ""}, "order_agreement")->value.pValue.value() < 0.05);
        QVERIFY(table.find({"nurse", "a"}, "skew_sd")->enough);
        QCOMPARE(table.warnings.size(), std::size_t{1});
        QVERIFY(table.warnings[0].find("nurse for c") == std::string::npos); // 4 of 5
        QVERIFY(table.warnings[0].find("nurse for b") == std::string::npos);
    }

    void anAttributesWordsGolden() {
        const Attribute attribute = makeAttribute("group", std::vector<std::string>{"a", "a", "b", "", "b", "a"});
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const std::vector<float> was{0.1F, 0.2F, 0.3F, 0.4F, 0.5F, nan}, is{0.2F, 0.5F, 0.3F, 9.0F, 0.7F, 0.1F};
        Measurement first = withSkews({0.5, -0.2}), second = withSkews({0.1, kNan});
        first.attribute = second.attribute = attribute.name;
        const std::vector<WordChange> changes{{"nurse", "{x|y} {}", "x → y", was, is, &first, &second}};
        const MeasureTable table = attributeWordChanges(changes, attribute, quick()).value();
        const auto row = [&](const char* group, const char* measure) {
            return table.find({"nurse", "{x|y} {}", "x → y", group}, measure);
        };
        near(row("a", "score_difference")->value.value, 0.2, 1e-7, "mean of 0.1 and 0.3");
        QCOMPARE(row("a", "score_difference")->n, 2); // an image without a score is left out
        // Student with one degree of freedom: sd 0.1414, se 0.1, t 12.706.
        near(row("a", "score_difference")->value.ciHigh, 0.2 + 1.2706205, 1e-5, "interval");
        near(row("b", "score_difference")->value.value, 0.1, 1e-7, "mean of 0 and 0.2");
        near(row("", "score_difference")->value.value, 0.15, 1e-7, "without the unlabelled one");
        QCOMPARE(row("", "score_difference")->n, 4);
        near(row("a", "skew_difference")->value.value, -0.4, 1e-12, "skew");
        QVERIFY(!row("a", "skew_difference")->value.ciLow);
        QVERIFY(!row("b", "skew_difference")->value.value); // undefined under the second word
        second.attribute = "another";
        QVERIFY(!attributeWordChanges(changes, attribute, quick()));
        second.attribute = attribute.name;
        const std::vector<WordChange> tooFew{{"nurse", "", "", std::span(was).first(3), is, &first, &second}};
        QVERIFY(!attributeWordChanges(tooFew, attribute, quick()));
    }

    void templatesOfLittle() {
        Feedback feedback;
        const Measurement one = withSkews({0.5, -0.5}), flat = withSkews({0, 0});
        const std::vector<TemplateMeasurement> single{{"nurse", "t", &one}};
        const MeasureTable table = templateSensitivity(single, quick(), feedback).value();
        QVERIFY(!table.find({"nurse", "a"}, "skew_sd")->value.value);
        QVERIFY(!table.find({"nurse", ""}, "order_agreement")->value.value);
        QVERIFY(!table.find({"nurse", "a"}, "sign_agreement")->enough);
        QVERIFY(!table.warnings.empty());
        const std::vector<TemplateMeasurement> none{{"nurse", "t", &flat}, {"nurse", "u", &flat}};
        const MeasureTable zero = templateSensitivity(none, quick(), feedback).value();
        QVERIFY(!zero.find({"nurse", ""}, "order_agreement")->value.value); // no order at all
        QVERIFY(!zero.find({"nurse", "a"}, "sign_agreement")->value.pValue);
        Measurement other = one;
        other.attribute = "age";
        const std::vector<TemplateMeasurement> mixed{{"nurse", "t", &one}, {"nurse", "u", &other}};
        QVERIFY(!templateSensitivity(mixed, quick(), feedback));
        QVERIFY(templateSensitivity({}, quick(), feedback).value().rows.empty());
    }

    void randomOrdersAreNoAgreement() {
        Feedback feedback;
        Vector p, signs;
        int covered = 0;
        constexpr int kRuns = 300;
        for (int run = 0; run < kRuns; ++run) {
            RandomStream random(21, streamId("templates"), static_cast<std::uint64_t>(run));
            std::vector<Measurement> of;
            for (int t = 0; t < 11; ++t)
                of.push_back(withSkews({random.normal(), random.normal(), random.normal(), random.normal()}));
            std::vector<TemplateMeasurement> input;
            for (const Measurement& each : of)
                input.push_back({"c", "t", &each});
            const MeasureTable table =
                templateSensitivity(input, quick(static_cast<std::uint64_t>(run), 99), feedback).value();
            p.push_back(*table.find({"c", ""}, "order_agreement")->value.pValue);
            signs.push_back(*table.find({"c", "a"}, "sign_agreement")->value.pValue);
            const MetricValue& sd = table.find({"c", "a"}, "skew_sd")->value;
            covered += *sd.ciLow <= 1 && 1 <= *sd.ciHigh;
        }
        neverTooSmall(p, "order");
        neverTooSmall(signs, "sign");
        QVERIFY2(covered >= 0.92 * kRuns, std::to_string(covered).c_str());
    }

    // ---- hubs ----
    void occurrencesAreCounted() {
        // 3 prompts, 5 images; image 4 answers all, image 1 takes no part.
        const std::vector<float> scores{.1F, .9F, .2F, .3F, .8F, .5F, .9F, .1F, .2F, .6F, .2F, .9F, .3F, .1F, .7F};
        const Hubness found = hubness(scores, 5, 2, {true, false, true, true, true}).value();
        QCOMPARE(found.occurrence, (std::vector<std::int64_t>{1, -1, 1, 1, 3}));
        near(found.mean, 1.5, 1e-15, "mean");
        near(found.sd, 1, 1e-15, "sd");
        near(found.skewness, 1.154700538379251, 1e-12, "skewness");
        near(found.limit, 6.5, 1e-15, "limit");
        QVERIFY(found.flagged.empty());
        QVERIFY(!hubness(scores, 4, 2));
        QVERIFY(!hubness(scores, 5, 0));
        QVERIFY(!hubness(scores, 5, 2, {true}));
        QVERIFY(!hubness(scores, 5, 9).value().skewness); // everybody is in the top
    }

    void hubsAreFlaggedAndLeftOut() {
        Feedback feedback;
        constexpr std::size_t kImages = 400, kPrompts = 40;
        RandomStream random(22, streamId("hubs"), 0);
        std::vector<std::int32_t> codes(kImages);
        for (std::size_t i = 0; i < kImages; ++i)
            codes[i] = static_cast<std::int32_t>(i % 2);
        std::vector<float> scores;
        std::vector<std::string> prompts;
        for (std::size_t p = 0; p < kPrompts; ++p) {
            prompts.push_back("p" + std::to_string(p));
            for (std::size_t i = 0; i < kImages; ++i) // five women answer everything
                scores.push_back(static_cast<float>(random.normal() + (i % 2 == 1 && i < 10 ? 9 : 0)));
        }
        const Attribute attribute = attributeOf(codes, {"m", "w"});
        const HubnessResult result = hubnessOfAudit(scores, prompts, attribute, ranking(20), quick(), feedback).value();
        QCOMPARE(result.hubs.flagged, (std::vector<std::uint32_t>{1, 3, 5, 7, 9}));
        near(result.table.find({""}, "hub_share")->value.value, 5.0 / 400, 1e-15, "share");
        QVERIFY(result.table.find({""}, "occurrence_skewness")->value.ciLow.value() > 0);
        double with = 0, without = 0;
        for (const std::string& prompt : prompts) {
            with += *result.table.find({prompt}, "max_skew")->value.value;
            without += *result.table.find({prompt}, "max_skew_without_hubs")->value.value;
        }
        QVERIFY2(without < with, formatDouble(without / with).c_str());
        QCOMPARE(result.table.find({"p0"}, "max_skew_without_hubs")->n, 395);
        QVERIFY(result.table.warnings[0].starts_with("5 images are among"));
        QVERIFY(!hubnessOfAudit(scores, {"one"}, attribute, ranking(20), quick(), feedback));
    }

    // ---- quality ----
    void qualityIsASoftmax() {
        const Vector quality = imageQuality(Vector{0.25, 0.2, kNan}, Vector{0.24, 0.25, 0.2});
        near(quality[0], 1 / (1 + std::exp(-1.0)), 1e-12, "good");
        near(quality[1], 1 / (1 + std::exp(5.0)), 1e-12, "bad");
        QVERIFY(std::isnan(quality[2]));
    }

    void matchingIsExactWithinTenths() {
        RandomStream random(23, streamId("quality"), 0);
        std::vector<std::int32_t> codes;
        Vector quality;
        for (int i = 0; i < 600; ++i) {
            codes.push_back(i % 50 == 0 ? -1 : static_cast<std::int32_t>(random.below(3)));
            quality.push_back(i % 40 == 1 ? kNan
                                          : std::floor(50 * random.uniform() * (codes.back() == 2 ? 0.7 : 1)) / 50);
        }
        const Attribute attribute = attributeOf(codes, {"a", "b", "c", "nobody"});
        const QualityMatch match = matchOnQuality(quality, attribute, 10, 5).value();
        QVERIFY(std::ranges::is_sorted(match.rows));
        // The tenths anew: equal numbers of a, b and c in each.
        Vector known = quality;
        for (std::size_t i = 0; i < known.size(); ++i)
            if (codes[i] < 0)
                known[i] = kNan;
        const Vector ranks = midranks(known);
        const auto n = static_cast<double>(std::ranges::count_if(known, [](double x) { return !std::isnan(x); }));
        std::vector<std::array<int, 3>> pool(10), kept(10);
        for (std::size_t i = 0; i < known.size(); ++i)
            if (!std::isnan(ranks[i]))
                ++pool[static_cast<std::size_t>((ranks[i] - 0.5) / n * 10)][static_cast<std::size_t>(codes[i])];
        for (const std::uint32_t row : match.rows)
            ++kept[static_cast<std::size_t>((ranks[row] - 0.5) / n * 10)][static_cast<std::size_t>(codes[row])];
        int empty = 0;
        for (std::size_t s = 0; s < 10; ++s) {
            const int fewest = std::ranges::min(pool[s]);
            empty += fewest == 0;
            QCOMPARE(kept[s], (std::array<int, 3>{fewest, fewest, fewest}));
        }
        QCOMPARE(match.empty, empty);
        QVERIFY(match.rows == matchOnQuality(quality, attribute, 10, 5).value().rows);
        QVERIFY(match.rows != matchOnQuality(quality, attribute, 10, 6).value().rows);
        QVERIFY(!matchOnQuality(quality, attribute, 0, 5));
        QVERIFY(!matchOnQuality(Vector{1}, attribute, 10, 5));
        QVERIFY(!matchOnQuality(Vector{1, 2}, attributeOf({0, 0}, {"a"}), 10, 5));
        QVERIFY(!matchOnQuality(Vector{kNan, kNan}, attributeOf({0, 0}, {"a"}), 10, 5));
        // All alike: one stratum.
        QCOMPARE(matchOnQuality(Vector(6, 0.5), attributeOf({0, 0, 1, 1, 1, 1}, {"a", "b"}), 10, 5).value().rows.size(),
                 std::size_t{4});
    }

    void aLeanThatQualityMadeGoesAway() {
        Feedback feedback;
        RandomStream random(24, streamId("lean"), 0);
        constexpr std::size_t kImages = 1500;
        std::vector<std::int32_t> codes(kImages);
        Vector quality(kImages);
        std::vector<float> scores(3 * kImages);
        for (std::size_t i = 0; i < kImages; ++i) {
            codes[i] = static_cast<std::int32_t>(i % 2);
            quality[i] = random.uniform() + 0.3 * codes[i];                       // group b has better photos
            scores[i] = static_cast<float>(quality[i] + 0.1 * random.normal());   // a matter of quality
            scores[kImages + i] = static_cast<float>(codes[i] + random.normal()); // a matter of the group
            scores[2 * kImages + i] = static_cast<float>(random.normal());        // of neither
        }
        const Attribute attribute = attributeOf(codes, {"a", "b"});
        const MeasureTable table =
            qualityControlled(scores, {"quality", "group", "none"}, quality, attribute, ranking(150), quick(), feedback)
                .value();
        const auto value = [&](const std::string& prompt, const char* measure) {
            return *table.find({prompt, ""}, measure)->value.value;
        };
        QVERIFY(value("quality", "max_skew") > 0.5 && value("quality", "max_skew_matched") < 0.25);
        QVERIFY(*table.find({"quality", ""}, "change")->value.adjustedP < 0.05);
        QVERIFY(value("group", "max_skew_matched") > 0.3);
        QVERIFY(*table.find({"none", ""}, "change")->value.pValue > 0.05);
        QVERIFY(*table.find({"", ""}, "quality_range")->value.pValue < 1e-6);
        near(table.find({"", "b"}, "mean_quality")->value.value, 0.8, 0.03, "quality of b");
        QVERIFY(table.find({"group", "b"}, "skew_matched")->value.ciLow);
        QVERIFY(!qualityControlled(scores, {"one"}, quality, attribute, ranking(150), quick(), feedback));
        // Groups without a tenth in common.
        for (std::size_t i = 0; i < kImages; ++i)
            quality[i] = codes[i] + 0.0001 * static_cast<double>(i);
        const MeasureTable none =
            qualityControlled(scores, {"quality", "group", "none"}, quality, attribute, ranking(150), quick(), feedback)
                .value();
        QVERIFY(!none.find({"group", ""}, "max_skew"));
        QVERIFY(
            std::ranges::any_of(none.warnings, [](const auto& text) { return text.starts_with("Matching keeps 0"); }));
    }

    void changesOfQualityAreNeverTooSmall() {
        Feedback feedback;
        Vector p;
        for (int run = 0; run < 100; ++run) {
            RandomStream random(25, streamId("null"), static_cast<std::uint64_t>(run));
            std::vector<std::int32_t> codes(200);
            Vector quality(200);
            std::vector<float> scores(200);
            for (std::size_t i = 0; i < 200; ++i) {
                codes[i] = static_cast<std::int32_t>(random.below(2));
                quality[i] = random.uniform() + 0.3 * codes[i];
                scores[i] = static_cast<float>(random.normal() + codes[i]);
            }
            MeasureOptions bare = ranking(40);
            bare.nullDraws = bare.bootstrapDraws = 0;
            const MeasureTable table = qualityControlled(scores, {"p"}, quality, attributeOf(codes, {"a", "b"}), bare,
                                                         quick(static_cast<std::uint64_t>(run), 99), feedback)
                                           .value();
            p.push_back(*table.find({"p", ""}, "change")->value.pValue);
        }
        neverTooSmall(p, "change");
    }

    // ---- decodability ----
    void decodabilityOfAllIsThatOfHeldOutPairs() {
        Feedback feedback;
        RandomStream random(26, streamId("decode"), 0);
        std::vector<std::int32_t> codes(120);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int32_t>(i % 2);
        Embeddings rows = people(codes, 6, 1.0, random);
        const Attribute attribute = attributeOf(codes, {"a", "b"});
        const Resampling options = quick(3);
        const MeasureTable table = attributeDecodability(rows, attribute, {}, options, feedback).value();
        // The same by the shared cross-validation and by counting pairs within folds.
        normaliseRows(rows);
        for (std::size_t d = 0; d < rows.dim; ++d) {
            double mean = 0, squares = 0;
            for (std::size_t i = 0; i < rows.rows; ++i)
                mean += rows.row(i)[d] / 120.0;
            for (std::size_t i = 0; i < rows.rows; ++i)
                squares += (rows.row(i)[d] - mean) * (rows.row(i)[d] - mean) / 120.0;
            for (std::size_t i = 0; i < rows.rows; ++i)
                rows.row(i)[d] = static_cast<float>((rows.row(i)[d] - mean) / std::sqrt(squares));
        }
        const std::vector<std::int32_t> fold = stratifiedFolds(codes, 5, 3, "decodability/gender");
        const HeldOut held = crossValidate(rows, codes, fold, {1.0, false, 1e-6, 100}, feedback).value();
        double right = 0, pairs = 0;
        for (std::size_t i = 0; i < codes.size(); ++i)
            for (std::size_t j = 0; j < codes.size(); ++j)
                if (codes[i] == 1 && codes[j] == 0 && fold[i] == fold[j]) {
                    ++pairs;
                    right += held.logOdds[i] > held.logOdds[j] ? 1 : 0;
                }
        near(table.find({"b", "all"}, "auroc")->value.value, right / pairs, 0.005, "AUROC"); // rounding may swap a pair
        const MeasureRow& all = *table.find({"b", "all"}, "auroc");
        QCOMPARE(all.value.pValue.value(), 1.0 / 200);
        near(all.value.nullMean, 0.5, 0.02, "null");
        QVERIFY(all.value.ciLow.value() > 0.6 && all.value.ciHigh.value() < 0.9);
        QVERIFY(!table.find({"a", "all"}, "auroc")); // two groups are one question
        QVERIFY(*table.find({"b", "25"}, "auroc")->value.value > *table.find({"b", "1"}, "auroc")->value.value);
        QCOMPARE(all.n, 60);
    }

    void decodabilityOfThreeAndOfLittle() {
        Feedback feedback;
        RandomStream random(27, streamId("three"), 0);
        std::vector<std::int32_t> codes(104);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = i < 100 ? static_cast<std::int32_t>(i % 3) : 3;
        Embeddings rows = people(codes, 5, 8, random);
        const MeasureTable table =
            attributeDecodability(rows, attributeOf(codes, {"a", "b", "c", "rare"}), {{1, 30, 0}}, quick(), feedback)
                .value();
        QVERIFY(table.warnings[0].find("rare") != std::string::npos);
        QVERIFY(table.warnings[1].find("30 images") != std::string::npos);
        QCOMPARE(table.rows.size(), std::size_t{2 * 4});
        QVERIFY(*table.find({"b", "all"}, "auroc")->value.value > 0.95);
        const MeasureRow& mean = *table.find({"", "all"}, "auroc");
        near(mean.value.value,
             (*table.find({"a", "all"}, "auroc")->value.value + *table.find({"b", "all"}, "auroc")->value.value +
              *table.find({"c", "all"}, "auroc")->value.value) /
                 3,
             1e-12, "mean");
        // Apart without an overlap: 1, with an interval that does not end there.
        std::vector<std::int32_t> two(60);
        for (std::size_t i = 0; i < two.size(); ++i)
            two[i] = static_cast<std::int32_t>(i % 2);
        const Embeddings far = people(two, 4, 1000, random);
        const MeasureTable apart =
            attributeDecodability(far, attributeOf(two, {"a", "b"}), {{0}}, quick(), feedback).value();
        QCOMPARE(apart.rows[0].value.value.value(), 1.0);
        QVERIFY(*apart.rows[0].value.ciLow < 0.95 && *apart.rows[0].value.ciLow > 0.8);
        // Constant embeddings: nothing can be read off.
        Embeddings flat(60, 4);
        std::ranges::fill(flat.values, 1.0F);
        const MeasureTable nothing =
            attributeDecodability(flat, attributeOf(two, {"a", "b"}), {{0}}, quick(), feedback).value();
        QCOMPARE(nothing.rows[0].value.value.value(), 0.5);
        QCOMPARE(nothing.rows[0].value.pValue.value(), 1.0);
        QVERIFY(!attributeDecodability(flat, attributeOf({0, 1}, {"a", "b"}), {{0}}, quick(), feedback));
        QVERIFY(!attributeDecodability(flat, attributeOf(std::vector<std::int32_t>(60, 0), {"a", "b"}), {{0}}, quick(),
                                       feedback));
        QVERIFY(!attributeDecodability(flat, attributeOf(std::vector<std::int32_t>(60, -1), {"a", "b"}), {{0}}, quick(),
                                       feedback));
        QVERIFY(!attributeDecodability(flat, attributeOf(two, {"a", "b"}), {{-1}}, quick(), feedback));
        feedback.cancel();
        QVERIFY(attributeDecodability(far, attributeOf(two, {"a", "b"}), {{0}}, quick(), feedback).error().cancelled());
    }

    void decodabilityDoesNotDependOnThreads() {
        Feedback feedback;
        RandomStream random(28, streamId("threads"), 0);
        std::vector<std::int32_t> codes(90);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int32_t>(i % 3);
        const Embeddings rows = people(codes, 7, 1, random);
        const Attribute attribute = attributeOf(codes, {"a", "b", "c"});
        const MeasureTable many = attributeDecodability(rows, attribute, {}, quick(), feedback).value();
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        const MeasureTable alone = attributeDecodability(rows, attribute, {}, quick(), feedback).value();
        for (std::size_t i = 0; i < many.rows.size(); ++i) {
            QCOMPARE(many.rows[i].value.value, alone.rows[i].value.value);
            QCOMPARE(many.rows[i].value.pValue, alone.rows[i].value.pValue);
        }
    }

    /// Without a refit for each relabelling, and with folds that share their training images. The interval is for the
    /// probes as fitted; it covers the mean AUROC of probes where these vary little.
    void decodabilityCalibration() {
        Feedback feedback;
        const bool full = qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
        const int runs = full ? 1000 : 200;
        for (const int n : full ? std::vector<int>{40, 100, 400, 2000} : std::vector<int>{60, 200}) {
            Vector p, values;
            std::vector<MetricValue> found;
            double width = 0, truth = 0;
            for (int run = 0; run < runs; ++run) {
                RandomStream random(29, streamId("decodability"), static_cast<std::uint64_t>(run));
                std::vector<std::int32_t> codes(static_cast<std::size_t>(n));
                for (std::size_t i = 0; i < codes.size(); ++i)
                    codes[i] = static_cast<std::int32_t>(i % 2);
                const Embeddings none = people(codes, 10, 0, random), some = people(codes, 3, 1.0, random);
                const Attribute attribute = attributeOf(codes, {"a", "b"});
                const Resampling options = quick(static_cast<std::uint64_t>(run), 99);
                p.push_back(
                    *attributeDecodability(none, attribute, {{0}}, options, feedback).value().rows[0].value.pValue);
                found.push_back(attributeDecodability(some, attribute, {{0}}, options, feedback).value().rows[0].value);
                width += (*found.back().ciHigh - *found.back().ciLow) / runs;
                truth += *found.back().value / runs;
            }
            const auto covered = std::ranges::count_if(
                found, [&](const MetricValue& value) { return *value.ciLow <= truth && truth <= *value.ciHigh; });
            if (full)
                std::printf("| %d | %.1f | %.3f | %d / %d / %d |\n", n, 100.0 * static_cast<double>(covered) / runs,
                            width, static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.01; })),
                            static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.05; })),
                            static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.10; })));
            neverTooSmall(p, "decodability");
            QVERIFY2(static_cast<double>(covered) >= 0.91 * runs,
                     (std::to_string(n) + ": " + std::to_string(covered)).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
