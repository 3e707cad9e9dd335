// SPDX-License-Identifier: GPL-3.0-or-later
// Counterfactual sensitivity against numbers computed with numpy and scipy, and its calibration.
#include <algorithm>
#include <cmath>
#include <limits>

#include <QTest>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/controls/counterfactual.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

void near(std::optional<double> a, double b, double tolerance, const std::string& what) {
    QVERIFY2(a && std::abs(*a - b) <= tolerance,
             (what + ": " + (a ? formatDouble(*a) : "absent") + " for " + formatDouble(b)).c_str());
}

Attribute variantsOf(std::vector<std::int32_t> codes, std::vector<std::string> names) {
    Attribute attribute;
    attribute.name = "gender";
    attribute.groups = std::move(names);
    attribute.codes = std::move(codes);
    return attribute;
}

/// Sets in order, variants in order within: row = set * variants + variant.
struct Design {
    std::vector<double> scores;
    std::vector<std::int32_t> sets, codes, captions;
    Design(int count, int variants, int prompts) {
        for (int s = 0; s < count; ++s)
            for (int v = 0; v < variants; ++v) {
                sets.push_back(s);
                codes.push_back(v);
                captions.push_back(s % 2);
                for (int p = 0; p < prompts; ++p)
                    scores.push_back(((s * 37 + v * 11 + p * 53 + s * v * 7 + v * p * 5) % 101) / 101.0);
            }
    }
    CounterfactualInput input(const Attribute& variant, std::vector<std::string> prompts) const {
        CounterfactualInput input;
        input.scores = scores;
        input.sets = sets;
        input.variant = &variant;
        input.prompts = std::move(prompts);
        return input;
    }
};

Resampling quick() {
    Resampling options;
    options.nullDraws = 199;
    options.bootstrapDraws = 199;
    return options;
}

} // namespace

class TestCounterfactual : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goldenOfThree() {
        Feedback feedback;
        const Design design(12, 3, 2);
        const Attribute variant = variantsOf(design.codes, {"a", "b", "c"});
        CounterfactualInput input = design.input(variant, {"p", "q"});
        Embeddings embeddings(36, 5);
        for (std::size_t i = 0; i < 36; ++i)
            for (std::size_t d = 0; d < 5; ++d)
                embeddings.row(i)[d] = static_cast<float>((i * 7 + d * 3 + i * d) % 17) / 16.0F + 0.5F;
        input.embeddings = &embeddings;
        input.captions = design.captions;
        const MeasureTable table = counterfactualSensitivity(input, quick(), feedback).value();
        near(table.find({"p", "", ""}, "range")->value.value, 0.5759075907590759, 1e-12, "range");
        near(table.find({"q", "", ""}, "sd")->value.value, 0.2904901765240608, 1e-12, "sd");
        near(table.find({"p", "", ""}, "rank_spread")->value.value, 0.5520833333333334, 1e-12, "rank spread");
        near(table.find({"q", "b", ""}, "effect")->value.value, -0.05555555555555555, 1e-12, "effect");
        near(table.find({"q", "a", "c"}, "difference")->value.value, -0.0792079207920792, 1e-12, "difference");
        near(table.find({"q", "a", "c"}, "difference")->value.pValue, 0.5185546875, 1e-12, "Wilcoxon");
        near(table.find({"", "", ""}, "flip_rate")->value.value, 0.9166666666666666, 1e-12, "flips");
        near(table.find({"", "", ""}, "cohesion")->value.value, -0.01489699631772045, 1e-7, "cohesion");
        QCOMPARE(table.find({"p", "", ""}, "range")->n, 12);
        QVERIFY(table.find({"q", "b", ""}, "effect")->value.nullP95);
        QVERIFY(table.warnings.empty());
    }

    void goldenOfTwo() {
        Feedback feedback;
        const Design design(40, 2, 1);
        const Attribute variant = variantsOf(design.codes, {"a", "b"});
        const MeasureTable table = counterfactualSensitivity(design.input(variant, {"p"}), quick(), feedback).value();
        near(table.find({"p", "a", ""}, "effect")->value.value, 0.007301980198019803, 1e-12, "effect");
        near(table.find({"p", "a", ""}, "effect")->value.pValue, 0.8341598241477186, 1e-12, "Wilcoxon");
        QVERIFY(!table.find({"", "", ""}, "flip_rate")); // one prompt is no list of labels
        QVERIFY(table.family.starts_with("2 tests"));
        const MeasureRow& effect = *table.find({"p", "a", ""}, "effect");
        QVERIFY(*effect.value.ciLow < *effect.value.value && *effect.value.value < *effect.value.ciHigh);
    }

    void incompleteSetsAreDroppedAndCounted() {
        Feedback feedback;
        Design design(6, 2, 1);
        design.codes[1] = Attribute::kUnlabelled; // set 0 lacks b
        design.codes[3] = 0;                      // set 1 has a twice
        design.sets[4] = -1;                      // set 2 lacks a
        design.sets.push_back(5);                 // set 5 has a twice, and b
        design.codes.push_back(0);
        design.scores.push_back(0.5);
        design.scores[6] = std::numeric_limits<double>::quiet_NaN(); // set 3
        const Attribute variant = variantsOf(design.codes, {"a", "b"});
        const MeasureTable table = counterfactualSensitivity(design.input(variant, {"p"}), quick(), feedback).value();
        QCOMPARE(table.find({"p", "", ""}, "range")->n, 1); // set 4
        QVERIFY(!table.find({"p", "", ""}, "range")->enough);
        QVERIFY(!table.find({"p", "", ""}, "range")->value.ciLow);
        QVERIFY(table.warnings[0].starts_with("3 sets lack"));
        QVERIFY(table.warnings[1].starts_with("1 set has several"));
        QVERIFY(table.warnings[2].starts_with("2 images have no set"));
        QCOMPARE(completeSets(design.sets, variant), (std::vector<std::uint32_t>{6, 7, 8, 9}));
    }

    void degenerateInput() {
        Feedback feedback;
        const Design design(4, 2, 2);
        const Attribute variant = variantsOf(design.codes, {"a", "b"}), shorter = variantsOf({0, 1}, {"a", "b"}),
                        one = variantsOf(std::vector<std::int32_t>(8, 0), {"a", "b"});
        QVERIFY(!counterfactualSensitivity(design.input(shorter, {"p", "q"}), quick(), feedback));
        QVERIFY(!counterfactualSensitivity(design.input(variant, {"p"}), quick(), feedback));
        QVERIFY(counterfactualSensitivity(design.input(one, {"p", "q"}), quick(), feedback).error().error().code ==
                ErrorCode::AttributeSingleGroup);
        CounterfactualInput wrong = design.input(variant, {"p", "q"});
        wrong.labels = {0, 2};
        QVERIFY(!counterfactualSensitivity(wrong, quick(), feedback));
        // Scores that are all equal: nothing moves, and no test finds anything.
        Design flat(10, 3, 1);
        std::ranges::fill(flat.scores, 0.25);
        const Attribute three = variantsOf(flat.codes, {"a", "b", "c"});
        const MeasureTable table = counterfactualSensitivity(flat.input(three, {"p"}), quick(), feedback).value();
        QCOMPARE(table.find({"p", "", ""}, "range")->value.value.value(), 0.0);
        QCOMPARE(table.find({"p", "a", "b"}, "difference")->value.pValue.value(), 1.0);
        QCOMPARE(table.find({"p", "a", ""}, "effect")->value.pValue.value(), 1.0);
        // No score at all.
        std::ranges::fill(flat.scores, std::numeric_limits<double>::quiet_NaN());
        const MeasureTable none = counterfactualSensitivity(flat.input(three, {"p"}), quick(), feedback).value();
        QVERIFY(!none.find({"p", "", ""}, "range")->value.value);
        QVERIFY(!none.find({"p", "a", ""}, "effect")->value.pValue);
        feedback.cancel();
        QVERIFY(counterfactualSensitivity(flat.input(three, {"p"}), quick(), feedback).error().cancelled());
    }

    void orderAndScaleDoNotMatter() {
        Feedback feedback;
        Design design(10, 3, 2);
        const Attribute variant = variantsOf(design.codes, {"a", "b", "c"});
        const MeasureTable before =
            counterfactualSensitivity(design.input(variant, {"p", "q"}), quick(), feedback).value();
        Design turned = design;
        const std::size_t last = design.sets.size() - 1;
        for (std::size_t i = 0; i <= last; ++i) {
            turned.sets[i] = design.sets[last - i];
            turned.codes[i] = design.codes[last - i];
            for (std::size_t p = 0; p < 2; ++p)
                turned.scores[i * 2 + p] = 3 * design.scores[(last - i) * 2 + p];
        }
        const Attribute other = variantsOf(turned.codes, {"a", "b", "c"});
        const MeasureTable after =
            counterfactualSensitivity(turned.input(other, {"p", "q"}), quick(), feedback).value();
        for (std::size_t i = 0; i < before.rows.size(); ++i) {
            const bool scales = before.rows[i].measure != "rank_spread" && before.rows[i].measure != "flip_rate";
            near(after.rows[i].value.value, (scales ? 3 : 1) * *before.rows[i].value.value, 1e-12,
                 before.rows[i].measure);
        }
    }

    void intervalsCoverAndNullsHold() {
        Feedback feedback;
        constexpr int kRuns = 300;
        int coveredEffect = 0, coveredRange = 0, coveredFlip = 0;
        std::vector<double> pOfTwo, pOfThree;
        for (int run = 0; run < kRuns; ++run) {
            // 60 sets: a level of each set, skewed noise, no effect. E|e1 - e2| of exponential noise is 1.
            for (const int variants : {2, 3}) {
                RandomStream random(9, streamId("sets"), static_cast<std::uint64_t>(run * 2 + variants));
                Design design(60, variants, 2);
                for (std::size_t i = 0; i < design.sets.size(); ++i)
                    for (std::size_t p = 0; p < 2; ++p)
                        design.scores[i * 2 + p] = design.sets[i] + random.exponential();
                std::vector<std::string> names{"a", "b", "c"};
                names.resize(static_cast<std::size_t>(variants));
                const Attribute variant = variantsOf(design.codes, names);
                Resampling options;
                options.seed = static_cast<std::uint64_t>(run);
                options.nullDraws = 199;
                options.bootstrapDraws = 300;
                const MeasureTable table =
                    counterfactualSensitivity(design.input(variant, {"p", "q"}), options, feedback).value();
                const MeasureRow& effect = *table.find({"p", "a", ""}, "effect");
                (variants == 2 ? pOfTwo : pOfThree).push_back(*effect.value.pValue);
                if (variants == 3)
                    continue;
                const MeasureRow &range = *table.find({"p", "", ""}, "range"),
                                 &flip = *table.find({"", "", ""}, "flip_rate");
                coveredEffect += *effect.value.ciLow <= 0 && 0 <= *effect.value.ciHigh;
                coveredRange += *range.value.ciLow <= 1 && 1 <= *range.value.ciHigh;
                coveredFlip += *flip.value.ciLow <= 0.5 && 0.5 <= *flip.value.ciHigh;
            }
        }
        for (const int covered : {coveredEffect, coveredRange, coveredFlip})
            QVERIFY2(covered >= 0.91 * kRuns, std::to_string(covered).c_str());
        for (const std::vector<double>& p : {pOfTwo, pOfThree})
            for (const double level : {0.01, 0.05, 0.10}) {
                const auto below = static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= level; }));
                QVERIFY2(below <= kRuns * level + 4 * std::sqrt(kRuns * level * (1 - level)),
                         (std::to_string(below) + " at " + std::to_string(level)).c_str());
            }
    }
};

QTEST_APPLESS_MAIN(TestCounterfactual)
#include "tst_counterfactual.moc"
