// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/compare_words.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/data/debias_price.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"

namespace plumbline::ui {
namespace {

using Words = CompareWords;

constexpr const char* kOverImages = "images";
constexpr int kDecimals = 2, kUtilityDecimals = 3;

using JudgedKey = std::tuple<std::int64_t, std::string, std::string, std::string>;
using Judged = std::map<JudgedKey, Change>;

/// By run, attribute, prompt (empty: the mean) and measure.
Judged judgedOf(const RunComparison& comparison) {
    Judged judged;
    for (const JudgedDifference& one : comparison.judged)
        judged[{one.run, one.attribute, one.prompt, one.measure}] = one.change;
    return judged;
}

Grid::Trend trendOf(const Judged& judged, const JudgedKey& key) {
    const auto found = judged.find(key);
    if (found == judged.end())
        return Grid::Trend::None;
    return found->second == Change::LeansLess   ? Grid::Trend::Better
           : found->second == Change::LeansMore ? Grid::Trend::Worse
                                                : Grid::Trend::Unsure;
}

/// Where an interval alone can say it, since utility has no verdict.
Grid::Trend trendByInterval(const MetricValue& difference) {
    if (!difference.ciLow || !difference.ciHigh)
        return Grid::Trend::None;
    return *difference.ciLow > 0    ? Grid::Trend::Better
           : *difference.ciHigh < 0 ? Grid::Trend::Worse
                                    : Grid::Trend::Unsure;
}

std::optional<double> correctedP(const MetricValue& value, Correction correction) {
    return correction == Correction::FalseDiscovery ? value.falseDiscovery : value.adjustedP;
}

QString changeWithRange(const MetricValue& difference) {
    const QString range = rangeText(difference.ciLow, difference.ciHigh, true);
    const QString change = signedText(difference.value);
    return range.isEmpty() ? change : QStringLiteral("%1 (%2)").arg(change, range);
}

ComparedMeasure measureNamed(const std::string& name) {
    for (const ComparedMeasure& measure : comparedMeasures())
        if (measure.name == name)
            return measure;
    if (name == "max_skew_excess")
        return {name, Words::tr("MaxSkew above chance"),
                Words::tr("MaxSkew minus what random rankings of the same images have on average")};
    if (name == "gap")
        return {name, Words::tr("Gap"), Words::tr("The largest distance of a group's mean score from the others'")};
    if (name == "gap_sd")
        return {name, Words::tr("Gap, sd"),
                Words::tr("The largest distance of a group's mean score from the others', in standard deviations of "
                          "the scores of that prompt")};
    if (name == "zero_shot_accuracy")
        return {name, Words::tr("Zero-shot accuracy"), Words::tr("Share of images whose own class wins"), false};
    if (name == "worst_group_accuracy")
        return {name, Words::tr("Worst group's accuracy"),
                Words::tr("Zero-shot accuracy of the group it is lowest for"), false};
    if (name == "able")
        return {name, Words::tr("ABLE"), Words::tr("Harmonic mean of accuracy and exp(−MaxSkew), with equal shares"),
                false};
    if (name == "retrieval_mean")
        return {name, Words::tr("Retrieval"), Words::tr("Mean recall of captions and images"), false};
    constexpr std::string_view kRecall = "recall_at_";
    if (name.starts_with(kRecall))
        return {name, Words::tr("Recall at %1").arg(fromUtf8(name.substr(kRecall.size()))),
                Words::tr("Share of captions whose image is among the first"), false};
    return {name, fromUtf8(name), {}};
}

/// "mean MaxSkew −0.26 (−0.39 to −0.14)"
QString meanText(const ComparedMeasure& measure, const MetricValue& difference) {
    return Words::tr("mean %1 %2").arg(measure.title, changeWithRange(difference));
}

void addMean(Grid& grid, const RunComparison& comparison, const MeasureTable& table, const MeasureRow& row,
             const Judged& judged, bool isUtility) {
    const ComparedMeasure measure = measureNamed(row.measure);
    const int decimals = isUtility ? kUtilityDecimals : kDecimals;
    const std::int64_t run = std::stoll(row.keys[0]);
    std::vector<std::string> keys = row.keys;
    const auto cell = [&](const char* of) {
        keys[2] = of;
        const MeasureRow* value = table.find(keys, row.measure);
        return value != nullptr ? Grid::estimate(value->value, decimals) : Grid::Cell(noValue(), QString());
    };
    Grid::Cell difference = Grid::number(row.value.value, signedText(row.value.value, decimals));
    difference.note = rangeText(row.value.ciLow, row.value.ciHigh, true, decimals);
    difference.plainLow = plainNumber(row.value.ciLow);
    difference.plainHigh = plainNumber(row.value.ciHigh);
    difference.trend = isUtility ? trendByInterval(row.value) : trendOf(judged, {run, row.keys[1], {}, row.measure});
    Grid::Cell name(measure.title);
    name.toolTip = measure.toolTip;
    const std::optional<double> p = correctedP(row.value, comparison.measure.correction);
    Grid::Row cells{Grid::Cell(row.keys[1].empty() ? Words::tr("all") : fromUtf8(row.keys[1])),
                    name,
                    cell(kOfFirst),
                    cell(kOfSecond),
                    difference,
                    Grid::number(p, pText(p))};
    if (comparison.runs.size() > 2)
        cells.prepend(Grid::Cell(runName(run)));
    grid.rows << cells;
}

/// What two runs must have in common to be offered as a pair; the engine looks closer.
auto questionsOf(const store::RunRecord& run) {
    return std::tuple(run.config.imageSetId, run.config.attributes, run.provenance.probeSha256,
                      formatK(run.config.measure.k), run.config.measure.target.kind, run.config.measure.definition);
}

} // namespace

std::vector<ComparedMeasure> comparedMeasures() {
    return {{"max_skew", Words::tr("MaxSkew"),
             Words::tr("Skew of the group that is most favoured; 0 where every group has its share")},
            {"min_skew", Words::tr("MinSkew"),
             Words::tr("Skew of the group that is least favoured; 0 where every group has its share"), false},
            {"ndkl", Words::tr("NDKL"),
             Words::tr("Distance of the ranking's shares from the target, over all ranks; 0 is none")}};
}

std::vector<ComparedMeasure> comparedUtilities(const RunComparison& comparison) {
    std::vector<ComparedMeasure> utilities;
    if (const MeasureTable* table = comparison.table(kComparedUtilityId))
        for (const MeasureRow& row : table->rows)
            if (std::ranges::find(utilities, row.measure, &ComparedMeasure::name) == utilities.end())
                utilities.push_back(measureNamed(row.measure));
    return utilities;
}

QStringList comparedAttributes(const RunComparison& comparison) {
    QStringList attributes;
    if (const MeasureTable* table = comparison.table(kComparedMeansId))
        for (const MeasureRow& row : table->rows)
            if (const QString name = fromUtf8(row.keys[1]); !attributes.contains(name))
                attributes << name;
    return attributes;
}

QString runName(std::int64_t run) {
    return Words::tr("run %1").arg(qlonglong(run));
}

QString comparedRunTitle(const ComparedRun& run) {
    const QString model = fromUtf8(run.model);
    return Words::tr("Run %1 · %2")
        .arg(qlonglong(run.run))
        .arg(run.debias.empty() ? model : Words::tr("%1 after %2").arg(model, fromUtf8(run.debias)));
}

QString correctedName(const RunComparison& comparison) {
    return comparison.measure.correction == Correction::FalseDiscovery ? Words::tr("p (BH)") : Words::tr("p (Holm)");
}

QStringList comparisonSentences(const RunComparison& comparison, std::int64_t run) {
    const MeasureTable* means = comparison.table(kComparedMeansId);
    if (means == nullptr || comparison.runs.empty())
        return {};
    const Judged judged = judgedOf(comparison);
    const QString first = runName(comparison.runs.front().run), second = runName(run);
    QStringList sentences;
    for (const QString& attribute : comparedAttributes(comparison)) {
        const std::string name = attribute.toStdString();
        QStringList less, more, unsure;
        for (const ComparedMeasure& measure : comparedMeasures()) {
            const MeasureRow* row = means->find({std::to_string(run), name, kOfDifference, kOverImages}, measure.name);
            if (row == nullptr || !row->value.value)
                continue;
            const Grid::Trend trend = trendOf(judged, {run, name, {}, measure.name});
            (trend == Grid::Trend::Better  ? less
             : trend == Grid::Trend::Worse ? more
                                           : unsure)
                << meanText(measure, row->value);
        }
        const QString comma = QStringLiteral(", ");
        if (!less.isEmpty() && more.isEmpty())
            sentences << Words::tr("By %1, %2 leans less than %3: %4.").arg(attribute, second, first, less.join(comma));
        else if (!more.isEmpty() && less.isEmpty())
            sentences << Words::tr("By %1, %2 leans more than %3: %4.").arg(attribute, second, first, more.join(comma));
        else if (!more.isEmpty())
            sentences << Words::tr("By %1, the measures disagree: %2 leans less than %3 by %4, but more by %5.")
                             .arg(attribute, second, first, less.join(comma), more.join(comma));
        else
            sentences << Words::tr("By %1, it cannot be told whether %2 leans less or more than %3: %4.")
                             .arg(attribute, second, first, unsure.join(comma));
    }
    return sentences;
}

QString promptCountSentence(const RunComparison& comparison, std::int64_t run) {
    std::array<int, 3> counts{};
    const auto stored = comparedMeasures();
    for (const JudgedDifference& one : comparison.judged)
        if (one.run == run && !one.prompt.empty() &&
            std::ranges::find(stored, one.measure, &ComparedMeasure::name) != stored.end())
            ++counts[static_cast<std::size_t>(one.change)];
    const auto count = [&](Change change) { return counts[static_cast<std::size_t>(change)]; };
    return Words::tr("Prompt by prompt, of %1 differences %2 lean less, %3 lean more and %4 cannot be told.")
        .arg(counts[0] + counts[1] + counts[2])
        .arg(count(Change::LeansLess))
        .arg(count(Change::LeansMore))
        .arg(count(Change::CannotTell));
}

QStringList comparisonCautions(const RunComparison& comparison) {
    QStringList cautions;
    const auto add = [&](const std::vector<std::string>& sentences) {
        for (const std::string& sentence : sentences)
            if (const QString text = fromUtf8(sentence); !cautions.contains(text))
                cautions << text;
    };
    add(comparison.cautions);
    for (const MeasureTable& table : comparison.tables)
        add(table.warnings);
    return cautions;
}

Grid comparedMeansGrid(const RunComparison& comparison) {
    Grid grid;
    if (comparison.runs.size() > 2)
        grid.addColumn(Words::tr("Run"), Words::tr("The run that is held against the first"));
    grid.addColumn(Words::tr("By"));
    grid.addColumn(Words::tr("Measure"),
                   Words::tr("Fairness: mean over the prompts. Utility: over the images or captions."));
    const std::int64_t first = comparison.runs.empty() ? 0 : comparison.runs.front().run;
    grid.addEstimate(runName(first), Words::tr("In the first run, with its 95 % interval"));
    grid.addEstimate(comparison.runs.size() == 2 ? runName(comparison.runs[1].run) : Words::tr("in it"),
                     Words::tr("In the other run, with its 95 % interval"));
    grid.addEstimate(Words::tr("difference"),
                     Words::tr("The other run minus the first, with the 95 % interval over the images. A tick: leans "
                               "less; a cross: leans more; a ring: cannot be told."));
    grid.addNumber(correctedName(comparison), Words::tr("p of the difference, corrected over all means compared here"));
    const Judged judged = judgedOf(comparison);
    for (const std::string_view id : {kComparedMeansId, kComparedUtilityId}) {
        const MeasureTable* table = comparison.table(id);
        if (table == nullptr)
            continue;
        const bool isUtility = id == kComparedUtilityId;
        for (const MeasureRow& row : table->rows)
            if (row.keys[2] == kOfDifference && (isUtility || row.keys[3] == kOverImages) && row.measure != "gap")
                addMean(grid, comparison, *table, row, judged, isUtility);
    }
    return grid;
}

std::vector<DumbBell> comparedPairs(const RunComparison& comparison, std::int64_t run, const std::string& attribute,
                                    const std::string& measure) {
    const MeasureTable* table = comparison.table(kComparedPromptsId);
    if (table == nullptr)
        return {};
    const Judged judged = judgedOf(comparison);
    const std::string key = std::to_string(run);
    std::vector<DumbBell> pairs;
    std::map<std::string, std::size_t> places; // thousands of rows: each prompt is found once
    for (const MeasureRow& row : table->rows) {
        if (row.keys[0] != key || row.keys[1] != attribute || row.measure != measure)
            continue;
        const auto [place, isNew] = places.try_emplace(row.keys[2], pairs.size());
        if (isNew)
            pairs.push_back({fromUtf8(row.keys[2]), {}, {}, {}, {}, {}, {}, Grid::Trend::Unsure});
        DumbBell& pair = pairs[place->second];
        const MetricValue& value = row.value;
        const std::optional<double> known = value.value ? value.value : value.atMost;
        if (row.keys[3] == kOfFirst) {
            pair.first = known;
        } else if (row.keys[3] == kOfSecond) {
            pair.second = known;
        } else {
            pair.difference = value.value;
            pair.low = value.ciLow;
            pair.high = value.ciHigh;
            pair.p = correctedP(value, comparison.measure.correction);
            pair.trend = trendOf(judged, {run, attribute, row.keys[2], measure});
        }
    }
    const auto rank = [](const DumbBell& pair) {
        return std::pair(pair.trend == Grid::Trend::Worse    ? 0
                         : pair.trend == Grid::Trend::Better ? 1
                                                             : 2,
                         -std::abs(pair.difference.value_or(0)));
    };
    std::ranges::stable_sort(pairs, {}, rank);
    return pairs;
}

std::vector<ScatterPoint> comparedPoints(const RunComparison& comparison, const std::string& attribute,
                                         const std::string& measure, const std::string& utility) {
    const MeasureTable *means = comparison.table(kComparedMeansId), *utilities = comparison.table(kComparedUtilityId);
    if (means == nullptr || utilities == nullptr)
        return {};
    std::vector<std::string> names;
    for (const ComparedRun& run : comparison.runs)
        names.push_back(comparedRunTitle(run).toStdString());
    std::vector<report::GroupStyle> styles = report::groupStyles(names);
    std::vector<ScatterPoint> points;
    for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
        // What the first run has stands beside what it is compared with.
        const std::string other =
            std::to_string(comparison.runs[r > 0 ? r : std::min<std::size_t>(1, comparison.runs.size() - 1)].run);
        const char* of = r > 0 ? kOfSecond : kOfFirst;
        const MeasureRow* y = means->find({other, attribute, of, kOverImages}, measure);
        const MeasureRow* x = utilities->find({other, attribute, of}, utility);
        if (x == nullptr)
            x = utilities->find({other, "", of}, utility);
        if (x == nullptr || y == nullptr)
            continue;
        points.push_back({fromUtf8(names[r]), styles[r], x->value.value, x->value.ciLow, x->value.ciHigh,
                          y->value.value, y->value.ciLow, y->value.ciHigh});
    }
    return points;
}

std::pair<std::int64_t, std::int64_t> beforeAndAfter(const std::vector<store::RunRecord>& runs) {
    const store::RunRecord* newest = nullptr;
    for (const store::RunRecord& run : runs) {
        if (run.state != RunState::Done || !run.config.debias || (newest != nullptr && newest->id > run.id))
            continue;
        const auto before = std::ranges::find(runs, run.config.debias->baselineRun, &store::RunRecord::id);
        if (before != runs.end() && before->state == RunState::Done)
            newest = &run;
    }
    return newest == nullptr ? std::pair<std::int64_t, std::int64_t>()
                             : std::pair(newest->config.debias->baselineRun, newest->id);
}

std::vector<std::int64_t> newestOfEachModel(const std::vector<store::RunRecord>& runs) {
    std::vector<const store::RunRecord*> done;
    for (const store::RunRecord& run : runs)
        if (run.state == RunState::Done && !run.config.debias)
            done.push_back(&run);
    std::ranges::sort(done, std::greater(), &store::RunRecord::id);
    std::vector<std::int64_t> chosen;
    std::vector<std::string> models;
    for (const store::RunRecord* run : done)
        if (questionsOf(*run) == questionsOf(*done.front()) &&
            std::ranges::find(models, run->modelName) == models.end()) {
            models.push_back(run->modelName);
            chosen.push_back(run->id);
        }
    std::ranges::reverse(chosen);
    return chosen.size() < 2 ? std::vector<std::int64_t>() : chosen;
}

} // namespace plumbline::ui
