// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of the classification measures: values against scikit-learn and numpy on the data of classification_data.h
// (unless a test says otherwise), invariances, and inputs that define little or nothing.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QTest>
#include <tbb/global_control.h>

#include "core/base/random.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/calibration.h"
#include "core/metric/classification/harm.h"
#include "core/metric/classification/parity.h"
#include "core/metric/classification/ranking_quality.h"
#include "core/metric/classification/scenes.h"
#include "tests/metric/classification_data.h"

using namespace plumbline;
using namespace plumbline::metric;
using test::ClassificationData;
using test::unsound;
using test::wrong;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Resampling few() {
    Resampling options;
    options.nullDraws = options.bootstrapDraws = 100;
    options.minGroup = 10;
    return options;
}

/// The numbers of a table and what is beside them, by name: equal for equal results.
std::string printed(const MeasureTable& table) {
    std::vector<std::string> lines;
    for (const MeasureRow& row : table.rows) {
        std::string line = row.measure;
        for (const std::string& key : row.keys)
            line += " " + key;
        for (const auto& number : {row.value.value, row.value.ciLow, row.value.ciHigh, row.value.pValue})
            line += " " + (number ? formatDouble(*number) : "-");
        lines.push_back(line + " " + std::to_string(row.n));
    }
    std::ranges::sort(lines);
    std::string all;
    for (const std::string& line : lines)
        all += line + "\n";
    return all;
}

/// The values alone.
std::vector<std::pair<std::string, double>> values(const MeasureTable& table) {
    std::vector<std::pair<std::string, double>> list;
    for (const MeasureRow& row : table.rows) {
        std::string name = row.measure;
        for (const std::string& key : row.keys)
            name += " " + key;
        list.emplace_back(name, row.value.value.value_or(-99));
    }
    std::ranges::sort(list);
    return list;
}

bool mentions(const MeasureTable& table, std::string_view text) {
    return std::ranges::any_of(table.warnings,
                               [&](const std::string& warning) { return warning.find(text) != std::string::npos; });
}

Attribute attribute(std::vector<std::string> groups, std::vector<std::int32_t> codes) {
    return {"group", std::move(groups), std::move(codes)};
}

/// Every table of this folder that takes the data as it is.
std::vector<MeasureTable> allTables(const ClassificationData& data, Feedback& feedback) {
    const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
    const Resampling options = few();
    const std::vector<float> single(data.scores.begin(), data.scores.end());
    std::vector<HarmClass> harm;
    for (std::size_t c = 0; c < 4; ++c)
        harm.push_back({data.classes[c], c == 1 ? "crime" : c == 2 ? "non-human" : "", false});
    CalibrationOptions calibration{options, 30, 15, {}};
    std::vector<double> column;
    for (std::size_t i = 0; i < data.truth.size(); ++i)
        column.push_back(data.scores[4 * i]);
    const HarmTables harmTables = harmRates(single, harm, data.attribute, {options, true, true}, feedback).value();
    return {accuracyByGroup(data.classified(), data.attribute, {options, {}, 1}, feedback).value(),
            parityByGroup(data.classified(), data.attribute, options, feedback).value(),
            aurocByGroup(tasks, data.attribute, options, feedback).value(),
            crossGroupAuroc(tasks, data.attribute, options, feedback).value(),
            averagePrecisionByGroup(tasks, data.attribute, options, feedback).value(),
            scoreSeparation("a", column, data.attribute, options, feedback).value(),
            calibrationByGroup(data.scores, 4, data.truth, data.attribute, calibration, feedback).value(),
            outOfDistribution("MSP", column, column, data.attribute, options, feedback).value(),
            backgroundDrop(data.classified(), data.attribute, "x", "y", options, feedback).value(),
            harmTables.rates,
            harmTables.ablation};
}

} // namespace

class TestClassification : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void predictTakesTheLowestOfEquals() {
        const std::vector<float> scores{1, 3, 3, 2, 2, 2, 0, static_cast<float>(kNan), 1};
        QCOMPARE(predict(std::span(scores), 3), (std::vector<std::int32_t>{1, 0, -1}));
        QVERIFY(predict(std::span(scores), 0).empty() && predict(std::span(scores), 4).empty());
    }

    void promptEnsembleAveragesUnitTexts() {
        Embeddings texts(4, 2);
        texts.values = {3, 0, 0, 10, 0, -2, 0, 0};
        const std::vector<std::int32_t> classOf{0, 0, 1, 2};
        const Embeddings weights = promptEnsemble(texts, classOf, 3).value();
        const float half = static_cast<float>(std::sqrt(0.5));
        QCOMPARE(weights.values, (std::vector<float>{half, half, 0, -1, 0, 0})); // the third has a zero text only
        QVERIFY(!promptEnsemble(texts, std::vector<std::int32_t>{0}, 1));
        QVERIFY(!promptEnsemble(texts, std::vector<std::int32_t>{0, 0, 0, 3}, 3));
    }

    void accuracyValues() {
        const ClassificationData data;
        AccuracyOptions options{few(), {}, 1};
        int weight = 0;
        for (const char* name : {"a", "b", "c", "d"})
            for (const char* group : {"x", "y", "z"})
                options.training.push_back({name, group, static_cast<double>(++weight)});
        Feedback feedback;
        const MeasureTable table = accuracyByGroup(data.classified(), data.attribute, options, feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"", ""}, "accuracy", 0.6125) + wrong(table, {"", "x"}, "accuracy", 0.6164383561643836) +
               wrong(table, {"", "y"}, "accuracy", 0.5972222222222222) +
               wrong(table, {"", "z"}, "accuracy", 0.6210526315789474) +
               wrong(table, {"a", "x"}, "accuracy", 0.7647058823529411) +
               wrong(table, {"d", "z"}, "accuracy", 0.4782608695652174) +
               wrong(table, {"", ""}, "worst_group_accuracy", 0.5972222222222222) +
               wrong(table, {"", ""}, "group_gap", 0.015277777777777835) +
               wrong(table, {"", ""}, "worst_cell_accuracy", 0.4782608695652174) +
               wrong(table, {"", ""}, "cell_gap", 0.13423913043478264) +
               wrong(table, {"", ""}, "es_accuracy", 0.5959511716523558) +
               wrong(table, {"", ""}, "relative_sd", 0.01684826020536732) +
               wrong(table, {"", ""}, "relative_range", 0.03890679078649012) +
               wrong(table, {"", ""}, "adjusted_accuracy", 0.6084129707629609);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(!table.family.empty());
    }

    void equityScaledGolden() { // METHODS F5
        QVERIFY(std::abs(equityScaled(0.9, std::vector{0.95, 0.8}) - 0.7826087) < 5e-8);
    }

    void noWorstOfSmallCells() {
        // 40 images of x, 9 of y, all of y wrong: the worst is never taken over fewer than ten.
        Classified classified{{"a", "b"}, std::vector<std::int32_t>(49, 0), std::vector<std::int32_t>(49, 0)};
        std::vector<std::int32_t> codes(49, 0);
        for (std::size_t i = 40; i < 49; ++i) {
            classified.predicted[i] = 1;
            codes[i] = 1;
        }
        Resampling options = few();
        options.minGroup = 1;
        Feedback feedback;
        const MeasureTable small =
            accuracyByGroup(classified, attribute({"x", "y"}, codes), {options, {}, 1}, feedback).value();
        QVERIFY(!small.find({"", ""}, "worst_group_accuracy") && !small.find({"", ""}, "worst_cell_accuracy"));
        QVERIFY(mentions(small, "fewer than 10"));
        classified.truth.push_back(0);
        classified.predicted.push_back(1);
        codes.push_back(1);
        const MeasureTable enough =
            accuracyByGroup(classified, attribute({"x", "y"}, codes), {options, {}, 1}, feedback).value();
        QCOMPARE(*enough.find({"", ""}, "worst_group_accuracy")->value.value, 0.0);
        QVERIFY(enough.find({"", "x"}, "accuracy_difference")->value.pValue.value() < 1e-6);
        // A training share of a cell without an image leaves the adjusted average undefined.
        const MeasureTable adjusted =
            accuracyByGroup(classified, attribute({"x", "y"}, codes), {options, {{"b", "x", 1}}, 1}, feedback).value();
        QVERIFY(!adjusted.find({"", ""}, "adjusted_accuracy")->value.value && mentions(adjusted, "adjusted"));
    }

    void parityValues() {
        const ClassificationData data;
        Feedback feedback;
        const MeasureTable table = parityByGroup(data.classified(), data.attribute, few(), feedback).value();
        std::string bad = unsound(table);
        const std::vector<double> opportunity{0.19327731092436973, 0.1923076923076923, 0.25, 0.1467391304347826},
            alarms{0.1519607843137255, 0.24041720990873533, 0.1967295597484277, 0.06342780026990552},
            parity{0.133751902587519, 0.1691400304414003, 0.17346791636625813, 0.06762797404470078},
            ratio{0.6383744855967078, 0.5128767123287671, 0.5422374429223744, 0.7257309941520468},
            mean{0.17261904761904762, 0.2163624511082138, 0.22336477987421385, 0.10508346535234406};
        for (std::size_t c = 0; c < 4; ++c) {
            const std::vector<std::string> keys{data.classes[c], ""};
            bad += wrong(table, keys, "equal_opportunity_difference", opportunity[c]) +
                   wrong(table, keys, "fpr_difference", alarms[c]) +
                   wrong(table, keys, "equalised_odds_difference", std::max(opportunity[c], alarms[c])) +
                   wrong(table, keys, "equalised_odds_mean", mean[c]) +
                   wrong(table, keys, "demographic_parity_difference", parity[c]) +
                   wrong(table, keys, "demographic_parity_ratio", ratio[c]);
        }
        bad += wrong(table, {"c", "z"}, "tpr", 0.85) + wrong(table, {"b", "y"}, "fpr", 0.2711864406779661) +
               wrong(table, {"d", "z"}, "selection_rate", 0.17894736842105263) +
               wrong(table, {"", ""}, "mean_equal_opportunity_difference", 0.19558103341671115) +
               wrong(table, {"", ""}, "rms_equal_opportunity_difference", 0.19897910684266684) +
               wrong(table, {"", ""}, "max_equal_opportunity_difference", 0.25) +
               wrong(table, {"", ""}, "mean_demographic_parity_difference", 0.13599695585996957) +
               wrong(table, {"", ""}, "rms_demographic_parity_difference", 0.14244523704334663) +
               wrong(table, {"", ""}, "max_equalised_odds_difference", 0.25) +
               wrong(table, {"", ""}, "min_demographic_parity_ratio", 0.5128767123287671);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(mentions(table, "four-fifths") && mentions(table, "not a verdict"));
    }

    void argumentOrderIsLabelsThenPredictions() {
        // Of 4 images of class 0 one is given it, of 6 others none: TPR 1/4, FPR 0. The other way round 1 and 1/3.
        const std::vector<std::int32_t> labels{0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
        const std::vector<std::int32_t> predictions{0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        const std::vector<std::int32_t> groups(10, 0);
        const auto right = classRates(labels, predictions, 2, groups, 1, 0.95).value();
        QCOMPARE(*right[0][0].tpr.value, 0.25);
        QCOMPARE(*right[0][0].fpr.value, 0.0);
        QCOMPARE(*right[1][0].tpr.value, 1.0);
        QCOMPARE(*right[1][0].fpr.value, 0.75);
        QCOMPARE(*right[0][0].selection.value, 0.1);
        const auto swapped = classRates(predictions, labels, 2, groups, 1, 0.95).value();
        QCOMPARE(*swapped[0][0].tpr.value, 1.0);
        QVERIFY(std::abs(*swapped[0][0].fpr.value - 1.0 / 3) < 1e-15);
        // And so does the table.
        Feedback feedback;
        const MeasureTable table = parityByGroup({{"a", "b"}, labels, predictions},
                                                 attribute({"x", "y"}, {0, 0, 0, 1, 0, 0, 0, 1, 1, 1}), few(), feedback)
                                       .value();
        QVERIFY(wrong(table, {"a", "x"}, "tpr", 1.0 / 3).empty() && wrong(table, {"a", "y"}, "tpr", 0).empty());
        QVERIFY(!classRates(labels, std::vector<std::int32_t>{0}, 2, groups, 1, 0.95));
        QVERIFY(!classRates(labels, predictions, 1, groups, 1, 0.95));
    }

    void classesWithoutPositivesAreNamed() {
        const Classified classified{{"a", "b", "nobody"}, {0, 0, 1, 1, 0, 0}, {0, 1, 1, 0, 0, 0}};
        Feedback feedback;
        const MeasureTable table =
            parityByGroup(classified, attribute({"x", "y"}, {0, 0, 0, 0, 1, 1}), few(), feedback).value();
        QVERIFY(table.find({"a", ""}, "equal_opportunity_difference"));
        QVERIFY(!table.find({"b", ""}, "equal_opportunity_difference")); // no b in y
        QVERIFY(!table.find({"b", "y"}, "tpr") && !table.find({"nobody", "x"}, "selection_rate"));
        QVERIFY(mentions(table, "for b: a group of group has no image") && mentions(table, "class nobody"));
        QVERIFY2(unsound(table).empty(), unsound(table).c_str());
    }

    void ratiosOfZero() {
        const auto rates = [](std::int64_t a, std::int64_t b) {
            return std::vector{wilson(a, 50, 0.95), wilson(b, 50, 0.95)};
        };
        const Interval none = smallestRatioInterval(rates(0, 20), 0.95);
        QCOMPARE(*none.low, 0.0);
        QVERIFY(*none.high > 0 && *none.high < 0.4);
        const Interval alike = smallestRatioInterval(rates(20, 20), 0.95);
        QVERIFY(*alike.low < 0.7 && *alike.high == 1);
    }

    void aurocValues() {
        const ClassificationData data;
        Feedback feedback;
        const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
        const MeasureTable table = aurocByGroup(tasks, data.attribute, few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"a", ""}, "auroc", 0.801574074074074) +
               wrong(table, {"a", "x"}, "auroc", 0.7720588235294118) +
               wrong(table, {"a", "y"}, "auroc", 0.8748832866479924) +
               wrong(table, {"a", "z"}, "auroc", 0.7677459526774597) +
               wrong(table, {"d", ""}, "auroc", 0.7830321191122764) +
               wrong(table, {"a", ""}, "worst_group_auroc", 0.7677459526774597) +
               wrong(table, {"a", ""}, "auroc_gap", 0.8748832866479924 - 0.7677459526774597) +
               wrong(table, {"a", ""}, "es_auroc",
                     0.801574074074074 / (1 + 2 * 0.801574074074074 - 0.7720588235294118 - 0.7677459526774597 +
                                          0.8748832866479924 - 0.801574074074074));
        // DeLong's variance by its definition in numpy, on the logit scale.
        const MeasureRow* row = table.find({"a", ""}, "auroc");
        QVERIFY(std::abs(*row->value.ciLow - 0.7362869325862563) < 1e-12);
        QVERIFY(std::abs(*row->value.ciHigh - 0.8539052432082481) < 1e-12);
        const MeasureTable cross = crossGroupAuroc(tasks, data.attribute, few(), feedback).value();
        bad += unsound(cross) + wrong(cross, {"a", "x", "y"}, "xauc", 0.8719723183391004) +
               wrong(cross, {"a", "y", "x"}, "xauc", 0.7687074829931972) +
               wrong(cross, {"a", "z", "y"}, "xauc", 0.8511586452762923) +
               wrong(cross, {"a", "x", "y"}, "xauc_difference", 0.8719723183391004 - 0.7687074829931972);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(!cross.find({"a", "y", "x"}, "xauc_difference")); // the negative of the other
    }

    void averagePrecisionValues() {
        const ClassificationData data;
        Feedback feedback;
        const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
        const MeasureTable table = averagePrecisionByGroup(tasks, data.attribute, few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"a", ""}, "average_precision", 0.6315652475964533) +
               wrong(table, {"a", "x"}, "average_precision", 0.5724300233313634) +
               wrong(table, {"d", "z"}, "average_precision", 0.6599492720320412) +
               wrong(table, {"a", "x"}, "prevalence", 0.2328767123287671) +
               wrong(table, {"a", "x"}, "normalised", 1 - std::log(0.5724300233313634) / std::log(0.2328767123287671));
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(mentions(table, "must not be compared"));
        QVERIFY(table.family.empty()); // nothing is tested between groups
    }

    void calibrationValues() {
        const ClassificationData data;
        Feedback feedback;
        CalibrationOptions options{few(), 30, 15, {}};
        const MeasureTable table =
            calibrationByGroup(data.scores, 4, data.truth, data.attribute, options, feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"", "as it is"}, "ece", 0.10056078311657089) +
               wrong(table, {"x", "as it is"}, "ece", 0.15323959557133102) +
               wrong(table, {"y", "as it is"}, "ece", 0.12173286293786509) +
               wrong(table, {"z", "as it is"}, "ece", 0.12334719073585063) +
               wrong(table, {"", "as it is"}, "ece_adaptive", 0.0963310135886067) +
               wrong(table, {"", "as it is"}, "brier", 0.49902711337575373) +
               wrong(table, {"", "as it is"}, "confidence_minus_accuracy", -0.009328909734440699) +
               wrong(table, {"", "as it is"}, "ece_gap", 0.15323959557133102 - 0.12173286293786509);
        options.fit.assign(240, false);
        std::fill_n(options.fit.begin(), 120, true);
        const MeasureTable fitted =
            calibrationByGroup(data.scores, 4, data.truth, data.attribute, options, feedback).value();
        bad += unsound(fitted) + wrong(fitted, {"", "fitted"}, "temperature", 0.7802990717384468, 1e-7) +
               wrong(fitted, {"", "fitted"}, "ece", 0.11724001918285001, 1e-7) +
               wrong(fitted, {"", "fitted"}, "brier", 0.5664187830330814, 1e-7);
        QVERIFY2(bad.empty(), bad.c_str());
        QCOMPARE(fitted.find({"", "as it is"}, "ece")->n, std::int64_t{120}); // the split is measured nowhere
    }

    void temperatureFit() {
        const ClassificationData data;
        std::vector<std::int32_t> split(data.truth);
        std::fill(split.begin() + 120, split.end(), -1);
        Feedback feedback;
        const TemperatureFit fit = fitTemperature(data.scores, 4, split, 30, feedback).value();
        QVERIFY(std::abs(fit.temperature - 0.7802990717384468) < 1e-7); // scipy minimize_scalar
        QVERIFY(std::abs(fit.nll - 0.8179284619364605) < 1e-12);
        QVERIFY(std::abs(fit.nllAtOne - 0.8329532336479606) < 1e-12);
        QVERIFY(*fit.interval.low < fit.temperature && fit.temperature < *fit.interval.high && fit.n == 120);
        // Logits twice as large need twice the temperature.
        const TemperatureFit twice = fitTemperature(data.scores, 4, split, 60, feedback).value();
        QVERIFY(std::abs(twice.temperature / fit.temperature - 2) < 1e-6);
        QVERIFY(std::abs(twice.nll - fit.nll) < 1e-12);
        // All answers right: the smaller T, the better.
        const TemperatureFit perfect =
            fitTemperature(std::vector<double>{1, 0, 0, 1}, 2, std::vector<std::int32_t>{0, 1}, 1, feedback).value();
        QVERIFY(perfect.atBound && !perfect.interval.low);
        QVERIFY(!fitTemperature(data.scores, 4, std::vector<std::int32_t>(240, -1), 30, feedback));
        QVERIFY(!fitTemperature(data.scores, 4, split, 0, feedback));
    }

    void strangers() {
        const ClassificationData data;
        const std::span<const double> first(data.scores.data(), 4);
        QVERIFY(std::abs(oodScores(OodScore::Msp, first, 4, 100)[0] - 0.6127911955323229) < 1e-12);
        QVERIFY(std::abs(oodScores(OodScore::Mcm, first, 4, 100)[0] - 0.2611713042548073) < 1e-12);
        QVERIFY(std::abs(oodScores(OodScore::Energy, first, 4, 100)[0] - 11.739731028262883) < 1e-12);
        QVERIFY(std::isnan(oodScores(OodScore::Msp, std::vector{kNan, 1.0}, 2, 100)[0]));
        // 100 images score 1..100: 95 of them reach 6, the five lowest are flagged, all of them in y.
        std::vector<double> inside(100), outside{0, 2, 5.5, 6, 200};
        std::iota(inside.begin(), inside.end(), 1.0);
        std::vector<std::int32_t> codes(100, 0);
        std::fill_n(codes.begin(), 20, 1);
        Feedback feedback;
        const MeasureTable table =
            outOfDistribution("MSP", inside, outside, attribute({"x", "y"}, codes), few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {""}, "fpr_at_95_tpr", 0.4) + wrong(table, {"x"}, "false_alarm", 0) +
               wrong(table, {"y"}, "false_alarm", 0.25) + wrong(table, {""}, "false_alarm_range", 0.25) +
               wrong(table, {""}, "false_alarm", 0.05) +
               wrong(table, {""}, "auroc", (100 + 98.5 + 95 + 94.5 + 0) / 500.0);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(table.find({"x"}, "false_alarm_difference")->value.pValue.value() < 0.001);
        const MeasureTable nobody =
            outOfDistribution("MSP", inside, {}, attribute({"x", "y"}, codes), few(), feedback).value();
        QVERIFY(!nobody.find({""}, "auroc")->value.value && mentions(nobody, "outside the classes"));
    }

    void harmRatesAndLabelSets() {
        // Three classes and one extra; scores are set so that the answers are known.
        const std::vector<HarmClass> classes{
            {"person", "", false}, {"thief", "crime", false}, {"ape", "non-human", false}, {"child", "", true}};
        std::vector<float> scores;
        std::vector<std::int32_t> codes;
        const auto add = [&](int count, std::int32_t code, std::initializer_list<float> row) {
            for (int i = 0; i < count; ++i) {
                scores.insert(scores.end(), row);
                codes.push_back(code);
            }
        };
        add(30, 0, {3, 2, 1, 0}); // person
        add(10, 0, {1, 3, 2, 0}); // thief, then ape
        add(15, 1, {2, 3, 1, 4}); // thief, a child where there is that class, else a person
        add(5, 1, {1, 2, 3, 0});  // ape, then thief
        const Attribute groups = attribute({"x", "y"}, codes);
        Feedback feedback;
        const HarmTables tables = harmRates(scores, classes, groups, {few(), true, true}, feedback).value();
        std::string bad = unsound(tables.rates) + unsound(tables.ablation);
        bad += wrong(tables.rates, {"crime", "x"}, "rate", 0.25) + wrong(tables.rates, {"crime", "y"}, "rate", 0.75) +
               wrong(tables.rates, {"non-human", ""}, "rate", 5.0 / 60) +
               wrong(tables.rates, {"any harm", "y"}, "rate", 1) +
               wrong(tables.rates, {"crime", "x"}, "rate_difference", -0.5) +
               wrong(tables.rates, {"crime", ""}, "rate_range", 0.5) +
               wrong(tables.ablation, {"with “child”", "crime", ""}, "rate", 10.0 / 60) +
               wrong(tables.ablation, {"with “child”", "crime", ""}, "change", -15.0 / 60) +
               wrong(tables.ablation, {"with “child”", "crime", "x"}, "change", 0) +
               wrong(tables.ablation, {"without “thief”", "non-human", "x"}, "rate", 0.25) +
               wrong(tables.ablation, {"without “thief”", "crime", ""}, "rate", 0) +
               wrong(tables.ablation, {"without “ape”", "crime", "y"}, "change", 0.25) +
               wrong(tables.ablation, {"without “person”", "any harm", ""}, "rate", 1);
        QVERIFY2(bad.empty(), bad.c_str());
        // scipy.stats.fisher_exact([[10, 30], [15, 5]]).
        const double fisher = *tables.rates.find({"crime", "x"}, "rate_difference")->value.pValue;
        QVERIFY2(std::abs(fisher - 0.00030541009070397134) < 1e-15, std::to_string(fisher * 1e6).c_str());
        // 15 images change, all one way: 2 / 2^15.
        QVERIFY(std::abs(*tables.ablation.find({"with “child”", "crime", ""}, "change")->value.pValue - 2.0 / 32768) <
                1e-15);
        const std::vector<std::int32_t> predicted = predict(std::span(std::as_const(scores)), 4);
        QVERIFY(!harmRates(std::span(std::as_const(scores)).first(8), classes, groups, {few(), true, true}, feedback));
        QVERIFY(!harmRates(
            scores, std::vector<HarmClass>{{"a", "", false}, {"b", "", false}, {"c", "", false}, {"d", "", false}},
            groups, {few(), true, true}, feedback));
        const MeasureTable elsewhere = harmRates(predicted, classes, groups, few(), feedback).value();
        QVERIFY(wrong(elsewhere, {"crime", "y"}, "rate", 0).empty()); // predicted with the extra class
    }

    void harmClassesOfALabelSet() {
        const auto classes = harmClasses(
            {"n", "1", "s", {}, {{"man", ""}, {"thief", "crime"}, {"child", "extra"}, {"thug", "extra crime"}}});
        QCOMPARE(classes.size(), std::size_t{4});
        QVERIFY(classes[0].category.empty() && !classes[0].extra);
        QVERIFY(classes[1].category == "crime" && !classes[1].extra);
        QVERIFY(classes[2].category.empty() && classes[2].extra);
        QVERIFY(classes[3].category == "crime" && classes[3].extra);
    }

    void labelsReachAThreshold() {
        const std::vector<double> p{.5, .5, .004, .996, .005, .995, .9, .1};
        Feedback feedback;
        const MeasureTable table = labelsAtThreshold(p, std::vector<std::string>{"l", "m"}, 0.005,
                                                     attribute({"x", "y"}, {0, 0, 1, 1}), few(), feedback)
                                       .value();
        std::string bad = unsound(table);
        bad += wrong(table, {"l", "x"}, "rate", 0.5) + wrong(table, {"l", "y"}, "rate", 1) +
               wrong(table, {"m", ""}, "rate", 1);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(!labelsAtThreshold(p, std::vector<std::string>{"l", "m"}, 0, attribute({"x"}, {0, 0, 0, 0}), few(),
                                   feedback));
    }

    void backgroundsDrop() {
        // Class a: 8 of 10 and 4 of 10 right; class b: 10 of 10 and 5 of 20; c on one background only.
        Classified classified{{"a", "b", "c", "never an image"}, {}, {}};
        std::vector<std::int32_t> codes;
        const auto add = [&](std::int32_t label, std::int32_t code, int right, int of) {
            for (int i = 0; i < of; ++i) {
                classified.truth.push_back(label);
                classified.predicted.push_back(i < right ? label : 3);
                codes.push_back(code);
            }
        };
        add(0, 0, 8, 10);
        add(0, 1, 4, 10);
        add(1, 0, 10, 10);
        add(1, 1, 5, 20);
        add(2, 0, 5, 5);
        const Attribute background{"background", {"snow", "grass"}, codes};
        Feedback feedback;
        const MeasureTable table = backgroundDrop(classified, background, "snow", "grass", few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"a", ""}, "drop", 0.4) + wrong(table, {"b", ""}, "drop", 0.75) +
               wrong(table, {"", ""}, "drop", 0.575) + wrong(table, {"", "snow"}, "accuracy", 0.9) +
               wrong(table, {"", "grass"}, "accuracy", 0.325);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(mentions(table, "one of the two backgrounds only: c"));
        QVERIFY(table.find({"", ""}, "drop")->value.pValue.value() <= 1.0 / 101 + 1e-12);
        const MeasureTable back = backgroundDrop(classified, background, "grass", "snow", few(), feedback).value();
        QVERIFY(wrong(back, {"", ""}, "drop", -0.575).empty());
        const auto unknown = backgroundDrop(classified, background, "snow", "sand", few(), feedback);
        QVERIFY(!unknown && unknown.error().error().code == ErrorCode::AttributeUnknown);
    }

    void conceptsSwap() {
        std::vector<AssociationAnswer> answers(10, {1, 1, 2}); // kept
        answers.resize(16, {2, 1, 2});                         // swapped
        answers.resize(20, {3, 1, 2});                         // neither
        answers.resize(25, {1, 1, -1});                        // one object
        answers.push_back({1, 2, 2});                          // the same colour
        answers.push_back({-1, 1, 2});
        const Attribute groups = attribute({"x"}, std::vector<std::int32_t>(answers.size(), 0));
        Feedback feedback;
        const MeasureTable table = conceptAssociation(answers, groups, few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"two", ""}, "keep", 0.5) + wrong(table, {"two", ""}, "swap", 0.3) +
               wrong(table, {"two", ""}, "cab", 0.4) + wrong(table, {"two", "x"}, "cab", 0.4) +
               wrong(table, {"one", ""}, "keep", 1);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(std::abs(*table.find({"two", ""}, "cab")->value.pValue - 0.454498291015625) <
                1e-12); // binomtest(6, 16)
        QVERIFY(table.definition.find("reconstruction") != std::string::npos);
        const MeasureTable none = conceptAssociation({}, attribute({}, {}), few(), feedback).value();
        QVERIFY(!none.find({"two", ""}, "cab")->value.value && mentions(none, "CAB is undefined"));
    }

    void pronounsResolve() {
        const std::vector<float> his{2, 2, 2, 1, 1, 1, 3, 1}, her{1, 1, 1, 2, 2, 2, 1, 1};
        const Attribute gender = attribute({"Female", "Male"}, {1, 1, 1, 1, 0, 0, 0, 0}); // men 3 of 4, women 2 of 4
        const Attribute occupation{"occupation", {"baker", "judge"}, {0, 0, 1, 1, 0, 0, 1, 1}};
        Feedback feedback;
        const MeasureTable table =
            pronounResolution(his, her, gender, "Male", "Female", occupation, few(), feedback).value();
        std::string bad = unsound(table);
        bad += wrong(table, {"", "Male"}, "resolution_accuracy", 0.75) +
               wrong(table, {"", "Female"}, "resolution_accuracy", 0.5) +
               wrong(table, {"", ""}, "resolution_bias", 0.25) + wrong(table, {"baker", ""}, "resolution_bias", 0) +
               wrong(table, {"judge", ""}, "resolution_bias", 0.5);
        QVERIFY2(bad.empty(), bad.c_str());
        QVERIFY(mentions(table, "equal scores"));
        const MeasureTable men =
            pronounResolution(std::span(his).first(4), std::span(her).first(4),
                              attribute({"Female", "Male"}, {1, 1, 1, 1}), "Male", "Female", {}, few(), feedback)
                .value();
        QVERIFY(!men.find({"", ""}, "resolution_bias")->value.value && mentions(men, "undefined"));
    }

    void tablesAreSound() {
        const ClassificationData data;
        Feedback feedback;
        for (const MeasureTable& table : allTables(data, feedback)) {
            const std::string bad = unsound(table);
            QVERIFY2(bad.empty(), (table.id + ": " + bad).c_str());
            QVERIFY(!table.rows.empty());
        }
    }

    void sameBitsWhateverTheThreads() {
        const ClassificationData data;
        Feedback feedback;
        std::vector<std::vector<MeasureTable>> results;
        for (const std::size_t threads : {1, 2, 8}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            results.push_back(allTables(data, feedback));
        }
        for (std::size_t i = 0; i < results[0].size(); ++i) {
            QCOMPARE(printed(results[1][i]), printed(results[0][i]));
            QCOMPARE(printed(results[2][i]), printed(results[0][i]));
        }
    }

    void rowOrderAndNamesMoveNoValue() {
        const ClassificationData data;
        ClassificationData shuffled;
        const std::size_t n = data.truth.size();
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t from = (i * 7 + 3) % n; // 7 and 240 share no factor
            shuffled.truth[i] = data.truth[from];
            shuffled.attribute.codes[i] = data.attribute.codes[from];
            std::copy_n(data.scores.begin() + static_cast<std::ptrdiff_t>(4 * from), 4,
                        shuffled.scores.begin() + static_cast<std::ptrdiff_t>(4 * i));
        }
        ClassificationData renamed;
        for (std::int32_t& code : renamed.attribute.codes)
            code = 2 - code;
        renamed.attribute.groups = {"z", "y", "x"};
        Feedback feedback;
        const auto original = allTables(data, feedback);
        for (const auto& tables : {allTables(shuffled, feedback), allTables(renamed, feedback)})
            for (std::size_t i = 0; i < original.size(); ++i) {
                // Of two groups one difference stands for both; and one order of a pair: these change their place.
                const auto a = values(original[i]), b = values(tables[i]);
                QCOMPARE(a.size(), b.size());
                for (std::size_t j = 0; j < a.size(); ++j) {
                    if (a[j].first.starts_with("xauc_difference"))
                        continue;
                    QVERIFY2(a[j].first == b[j].first && std::abs(a[j].second - b[j].second) < 1e-12,
                             (original[i].id + " " + a[j].first + " " + b[j].first).c_str());
                }
            }
    }

    void scalingMovesNoAnswer() {
        ClassificationData data, scaled;
        for (double& score : scaled.scores)
            score = 4 * score + 16; // exact in binary for most digits: the order of scores is what counts
        QCOMPARE(scaled.classified().predicted, data.classified().predicted);
        Feedback feedback;
        const auto a =
            aurocByGroup(oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value(),
                         data.attribute, few(), feedback)
                .value();
        std::vector<double> stretched;
        for (const double score : data.scores)
            stretched.push_back(8 * score);
        const auto b = aurocByGroup(oneVersusRest(std::span<const double>(stretched), data.truth, data.classes).value(),
                                    data.attribute, few(), feedback)
                           .value();
        QCOMPARE(printed(b), printed(a));
    }

    void oneGroupHasNothingToCompare() {
        ClassificationData data;
        std::ranges::fill(data.attribute.codes, 0);
        Feedback feedback;
        const auto accuracy = accuracyByGroup(data.classified(), data.attribute, {few(), {}, 1}, feedback).value();
        QVERIFY(wrong(accuracy, {"", ""}, "accuracy", 0.6125).empty());
        QVERIFY(!accuracy.find({"", ""}, "group_gap") && mentions(accuracy, "nothing to compare"));
        const auto parity = parityByGroup(data.classified(), data.attribute, few(), feedback).value();
        QVERIFY(!parity.find({"a", ""}, "equal_opportunity_difference"));
        for (const MeasureTable& table : {accuracy, parity})
            QVERIFY2(unsound(table).empty(), unsound(table).c_str());
    }

    void unusableInputsAreErrors() {
        const ClassificationData data;
        Feedback feedback;
        const auto code = [](const auto& outcome) {
            return outcome ? ErrorCode::Internal : outcome.error().error().code;
        };
        Classified shorter = data.classified();
        shorter.predicted.pop_back();
        QCOMPARE(code(accuracyByGroup(shorter, data.attribute, {few(), {}, 1}, feedback)), ErrorCode::InvalidArgument);
        QCOMPARE(code(parityByGroup(shorter, data.attribute, few(), feedback)), ErrorCode::InvalidArgument);
        Classified beyond = data.classified();
        beyond.predicted[0] = 4;
        QCOMPARE(code(accuracyByGroup(beyond, data.attribute, {few(), {}, 1}, feedback)), ErrorCode::InvalidArgument);
        Attribute other = data.attribute;
        other.codes.pop_back();
        QCOMPARE(code(parityByGroup(data.classified(), other, few(), feedback)), ErrorCode::InvalidArgument);
        other = data.attribute;
        std::ranges::fill(other.codes, Attribute::kUnlabelled);
        QCOMPARE(code(accuracyByGroup(data.classified(), other, {few(), {}, 1}, feedback)), ErrorCode::AttributeEmpty);
        QCOMPARE(code(parityByGroup({{"a"}, {}, {}}, attribute({}, {}), few(), feedback)), ErrorCode::AttributeEmpty);
        const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
        QCOMPARE(code(aurocByGroup(tasks, other, few(), feedback)), ErrorCode::AttributeEmpty);
        QVERIFY(!oneVersusRest(std::span<const double>(data.scores).first(5), data.truth, data.classes));
        QCOMPARE(code(calibrationByGroup(data.scores, 3, data.truth, data.attribute, {few(), 30, 15, {}}, feedback)),
                 ErrorCode::InvalidArgument);
        QCOMPARE(code(outOfDistribution("MSP", std::vector{kNan}, {}, attribute({"x"}, {0}), few(), feedback)),
                 ErrorCode::ScoresInvalid);
        Resampling sure = few();
        sure.confidence = 1;
        QCOMPARE(code(parityByGroup(data.classified(), data.attribute, sure, feedback)), ErrorCode::InvalidArgument);
    }

    void nansAndUnknownsAreCounted() {
        ClassificationData data;
        data.scores[0] = kNan;
        data.truth[5] = -1;
        data.attribute.codes[7] = Attribute::kUnlabelled;
        Feedback feedback;
        for (const MeasureTable& table : allTables(data, feedback)) {
            if (table.id == "score_separation" || table.id == "background_drop" || table.id == "out_of_distribution")
                continue; // they ask for other things
            QVERIFY2(unsound(table).empty(), (table.id + unsound(table)).c_str());
            QVERIFY2(mentions(table, "1 image without a value for group"), table.id.c_str());
        }
        const auto accuracy = accuracyByGroup(data.classified(), data.attribute, {few(), {}, 1}, feedback).value();
        QCOMPARE(accuracy.find({"", ""}, "accuracy")->n, std::int64_t{237});
        QVERIFY(mentions(accuracy, "2 images without a true class or a prediction"));
    }

    void noDrawsLeaveWhatNeedsThemAbsent() {
        const ClassificationData data;
        Resampling none = few();
        none.nullDraws = none.bootstrapDraws = 0;
        Feedback feedback;
        const auto accuracy = accuracyByGroup(data.classified(), data.attribute, {none, {}, 1}, feedback).value();
        QVERIFY(!accuracy.find({"", ""}, "group_gap")->value.pValue &&
                accuracy.find({"", ""}, "group_gap")->value.ciLow);
        const auto calibration =
            calibrationByGroup(data.scores, 4, data.truth, data.attribute, {none, 30, 15, {}}, feedback).value();
        QVERIFY(!calibration.find({"x", "as it is"}, "ece")->value.ciLow);
        QVERIFY2(unsound(calibration).empty(), unsound(calibration).c_str());
        const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
        for (const auto& table : {aurocByGroup(tasks, data.attribute, none, feedback).value(),
                                  averagePrecisionByGroup(tasks, data.attribute, none, feedback).value(),
                                  crossGroupAuroc(tasks, data.attribute, none, feedback).value()})
            QVERIFY2(unsound(table).empty(), unsound(table).c_str());
    }

    void cancelIsHonoured() {
        const ClassificationData data;
        const auto tasks = oneVersusRest(std::span<const double>(data.scores), data.truth, data.classes).value();
        Feedback feedback;
        feedback.cancel();
        const auto cancelled = [](const auto& outcome) { return !outcome && outcome.error().cancelled(); };
        QVERIFY(cancelled(accuracyByGroup(data.classified(), data.attribute, {few(), {}, 1}, feedback)));
        QVERIFY(cancelled(parityByGroup(data.classified(), data.attribute, few(), feedback)));
        QVERIFY(cancelled(aurocByGroup(tasks, data.attribute, few(), feedback)));
        QVERIFY(cancelled(crossGroupAuroc(tasks, data.attribute, few(), feedback)));
        QVERIFY(cancelled(averagePrecisionByGroup(tasks, data.attribute, few(), feedback)));
        QVERIFY(
            cancelled(calibrationByGroup(data.scores, 4, data.truth, data.attribute, {few(), 30, 15, {}}, feedback)));
        QVERIFY(cancelled(fitTemperature(data.scores, 4, data.truth, 30, feedback)));
        QVERIFY(cancelled(backgroundDrop(data.classified(), data.attribute, "x", "y", few(), feedback)));
    }
};

QTEST_APPLESS_MAIN(TestClassification)
#include "tst_classification.moc"
