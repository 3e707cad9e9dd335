// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/study_words.h"

#include <algorithm>
#include <cmath>

#include <QDir>
#include <QFileInfo>
#include <QLocale>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"
#include "ui/models/record_tables.h"

namespace plumbline::ui {
namespace {

constexpr const char* kBefore = "before";
constexpr const char* kAfter = "after";
constexpr const char* kDifference = "difference";
constexpr const char* kAccuracy = "zero_shot_accuracy";
constexpr const char* kFile = "file"; ///< parameters that are paths
constexpr const char* kModel = "model";
constexpr double kSameStrength = 1e-9;
constexpr double kTenthOfAPoint = 0.001; ///< the last digit in which accuracies are said to change
constexpr qsizetype kLongValue = 16;     ///< a parameter's value is cut in a name

using Words = StudyWords;

const MeasureRow* rowOf(const MeasureTable& table, const std::string& attribute, const char* state,
                        const std::string& measure) {
    return table.find({attribute, state}, measure);
}

const MetricValue* valueOf(const DebiasCandidate& candidate, const StudyMeasure& measure, const char* state) {
    const MeasureRow* row =
        candidate.price.empty() ? nullptr : rowOf(candidate.price.front(), measure.attribute, state, measure.measure);
    return row != nullptr ? &row->value : nullptr;
}

/// A method that has numbers; null where every one failed.
const DebiasCandidate* anyPriced(const DebiasStudy& study) {
    const auto found = std::ranges::find_if(study.candidates, [](const auto& each) { return !each.price.empty(); });
    return found == study.candidates.end() ? nullptr : &*found;
}

bool below(const MetricValue* value) {
    return value != nullptr && value->ciHigh && *value->ciHigh < 0;
}
bool above(const MetricValue* value) {
    return value != nullptr && value->ciLow && *value->ciLow > 0;
}
bool holdsNought(const MetricValue* value) {
    return value != nullptr && value->ciLow && value->ciHigh && *value->ciLow <= 0 && *value->ciHigh >= 0;
}

Grid::Trend trendOf(const MetricValue* difference, bool lowerIsBetter) {
    if (below(difference))
        return lowerIsBetter ? Grid::Trend::Better : Grid::Trend::Worse;
    if (above(difference))
        return lowerIsBetter ? Grid::Trend::Worse : Grid::Trend::Better;
    return holdsNought(difference) ? Grid::Trend::Unsure : Grid::Trend::None;
}

/// "0.38 to 0.10 (−0.28, 95 % interval −0.35 to −0.21)"
QString changeText(const DebiasCandidate& candidate, const StudyMeasure& measure) {
    const MetricValue* before = valueOf(candidate, measure, kBefore);
    const MetricValue* after = valueOf(candidate, measure, kAfter);
    const MetricValue* difference = valueOf(candidate, measure, kDifference);
    if (before == nullptr || after == nullptr || !before->value || !after->value)
        return {};
    QString words = Words::tr("from %1 to %2").arg(numberText(before->value), numberText(after->value));
    if (difference != nullptr && difference->value) {
        const QString range = rangeText(difference->ciLow, difference->ciHigh, true);
        words += range.isEmpty() ? QStringLiteral(" (%1)").arg(signedText(difference->value))
                                 : Words::tr(" (%1, 95 % interval %2)").arg(signedText(difference->value), range);
    }
    return words;
}

/// "0.38 to 0.10"
QString fromTo(const DebiasCandidate& candidate, const StudyMeasure& measure) {
    const MetricValue* before = valueOf(candidate, measure, kBefore);
    const MetricValue* after = valueOf(candidate, measure, kAfter);
    return Words::tr("%1 to %2")
        .arg(before != nullptr ? Grid::estimate(*before, 2).shown : noValue(),
             after != nullptr ? Grid::estimate(*after, 2).shown : noValue());
}

StudyMeasure maxSkewOf(const std::string& attribute) {
    return {attribute, "max_skew", {}, {}, true, 2};
}

/// "−0.4 points, 95 % interval −0.9 to +0.1, which could be chance"
QString costText(const DebiasStudy& study, const DebiasCandidate& candidate) {
    const MetricValue* difference = valueOf(candidate, {{}, kAccuracy, {}, {}}, kDifference);
    if (difference == nullptr || !difference->value)
        return Words::tr("What it costs is not known: no classes were named that the model must still tell apart.");
    const auto points = [](std::optional<double> share) { return share ? std::optional(100 * *share) : std::nullopt; };
    const auto isNought = [](std::optional<double> share) { return share && std::abs(*share) < kTenthOfAPoint / 2; };
    if (isNought(difference->value) && isNought(difference->ciLow) && isNought(difference->ciHigh))
        return Words::tr("Zero-shot accuracy of %1 stays as it is.").arg(fromUtf8(study.config.classes));
    const QString range = rangeText(points(difference->ciLow), points(difference->ciHigh), true, 1);
    QString words = Words::tr("Zero-shot accuracy of %1 changes by %2 points")
                        .arg(fromUtf8(study.config.classes), signedText(points(difference->value), 1));
    if (!range.isEmpty())
        words += Words::tr(" (95 % interval %1)").arg(range);
    return words + (holdsNought(difference) && *difference->value != 0 ? Words::tr(", which could be chance.")
                                                                       : QStringLiteral("."));
}

/// A path by its last part.
QString shortValue(const std::string& name, const std::string& value) {
    const QString text =
        name == kFile || name == kModel ? QFileInfo(QDir::cleanPath(fromUtf8(value))).fileName() : fromUtf8(value);
    return text.isEmpty() ? Words::tr("none") : text.size() > kLongValue ? text.left(kLongValue - 1) + u'…' : text;
}

/// "LEACE (apply = both)": with the parameters that were asked for. A fit adds rows of texts, which say nothing to
/// people.
QString stepTitle(const DebiasConfig& config) {
    const DebiasMethodInfo* info = findDebiasMethod(config.method);
    QString title = fromUtf8(info != nullptr ? info->title : std::string_view(config.method));
    const std::string other(config.parameter(kModel));
    if (!other.empty())
        title = Words::tr("Interpolation with %1").arg(shortValue(kModel, other));
    QStringList given;
    for (const auto& [name, value] : config.parameters)
        if (name != kModel && (value.empty() || (name != "spurious" && name != "pairs")))
            given << QStringLiteral("%1 = %2").arg(fromUtf8(name), shortValue(name, value));
    return given.isEmpty() ? title : QStringLiteral("%1 (%2)").arg(title, given.join(QStringLiteral(", ")));
}

QString joined(const std::vector<std::string>& names) {
    QStringList list;
    for (const std::string& name : names)
        list << fromUtf8(name);
    return list.join(QStringLiteral(", "));
}

} // namespace

std::optional<double> StudyMeasure::at(std::span<const DebiasNumber> points) const {
    for (const DebiasNumber& number : points)
        if (number.measure == measure && (number.attribute == attribute || number.attribute.empty()))
            return number.value;
    return std::nullopt;
}

std::vector<StudyMeasure> studyMeasures(const DebiasStudy& study) {
    const std::string& target = study.config.attribute;
    const QString name = fromUtf8(target), classes = fromUtf8(study.config.classes);
    std::vector<StudyMeasure> all{
        {target, "max_skew", Words::tr("MaxSkew"),
         Words::tr("MaxSkew of %1: how far the most over-represented group stands above its target share, mean over "
                   "the prompts. Nearer to 0 is fairer.")
             .arg(name),
         true, 2},
        {target, "min_skew", Words::tr("MinSkew"),
         Words::tr("MinSkew of %1: how far the most under-represented group stands below its target share. Nearer to 0 "
                   "is fairer.")
             .arg(name),
         false, 2},
        {target, "ndkl", Words::tr("NDKL"),
         Words::tr("NDKL of %1: how far the first ranks differ from the target, early ranks counting most. 0 is the "
                   "target.")
             .arg(name),
         true, 2},
        {target, "max_skew_excess", Words::tr("excess"),
         Words::tr("MaxSkew of %1 beyond what a ranking blind to it would have against this target.").arg(name), true,
         2},
        {"", kAccuracy, Words::tr("accuracy"),
         Words::tr("Zero-shot accuracy of %1: share of the images whose class prompt wins.").arg(classes), false, 3},
        {target, "worst_group_accuracy", Words::tr("worst group"),
         Words::tr("The lowest of that accuracy over the groups of %1.").arg(name), false, 3},
        {target, "able", Words::tr("ABLE"),
         Words::tr("Harmonic mean of the accuracy and exp(-MaxSkew) with equal shares: fairness and utility in one "
                   "number."),
         false, 3},
        {"", "recall_at_5", Words::tr("recall at 5"),
         Words::tr("Share of captions whose image is among the first five."), false, 3},
        {target, "linear_probe", Words::tr("linear probe"),
         Words::tr("Balanced accuracy with which a linear classifier still reads %1 from the images. What is gone is "
                   "gone for this probe only.")
             .arg(name),
         true, 3},
        {target, "nearest_neighbour_probe", Words::tr("k-NN probe"),
         Words::tr("The same by the 15 nearest neighbours, which also see what is not linear."), true, 3},
    };
    for (const std::string& other : study.config.untargeted)
        if (other != target)
            all.push_back({other, "max_skew", Words::tr("MaxSkew %1").arg(fromUtf8(other)),
                           Words::tr("MaxSkew of %1, which no method was asked to change: it should not grow.")
                               .arg(fromUtf8(other)),
                           true, 2});
    const DebiasCandidate* priced = anyPriced(study);
    std::erase_if(all, [&](const StudyMeasure& measure) {
        return priced == nullptr || valueOf(*priced, measure, kBefore) == nullptr;
    });
    return all;
}

QStringList candidateNames(const DebiasStudy& study) {
    QStringList names;
    for (const DebiasCandidate& candidate : study.candidates) {
        QStringList steps;
        for (const DebiasConfig& step : candidate.recipe.steps)
            steps << stepTitle(step);
        const QString title = steps.isEmpty() ? stepTitle(candidate.card.config)
                                              : steps.join(Words::tr(", then ", "between two methods"));
        QString distinct = title;
        for (int n = 2; names.contains(distinct); ++n)
            distinct = QStringLiteral("%1 – %2").arg(title).arg(n);
        names << distinct;
    }
    return names;
}

std::vector<report::GroupStyle> studyStyles(const DebiasStudy& study) {
    std::vector<std::string> names{Words::tr("Untouched").toStdString()};
    for (const QString& name : candidateNames(study))
        names.push_back(name.toStdString());
    return report::groupStyles(names);
}

QString studyRows(const DebiasStudy& study) {
    QString words = Words::tr("Fitted on %1 images, chosen on %2, audited on %3")
                        .arg(countText(study.fitRows), countText(study.selectRows), countText(study.auditRows));
    if (!study.split.empty())
        words += QStringLiteral("; ") + fromUtf8(study.split);
    return words + u'.';
}

QString studySentence(const DebiasStudy& study) {
    const auto index = static_cast<std::size_t>(study.recommended);
    if (study.recommended < 0 || index >= study.candidates.size())
        return std::ranges::all_of(study.candidates, [](const auto& each) { return !each.failure.empty(); })
                   ? Words::tr("No method could be fitted; the reason stands beside each.")
                   : Words::tr("No method is recommended: on the select rows none did better than leaving the model as "
                               "it is.");
    const DebiasCandidate& candidate = study.candidates[index];
    const QString name = candidateNames(study)[study.recommended];
    QString words =
        Words::tr("The select rows recommend %1 at strength %2.").arg(name, numberText(candidate.card.strength));
    if (const QString change = changeText(candidate, maxSkewOf(study.config.attribute)); !change.isEmpty())
        words +=
            u' ' + Words::tr("On the audit rows MaxSkew of %1 goes %2.").arg(fromUtf8(study.config.attribute), change);
    return words + u' ' + costText(study, candidate);
}

QStringList studyCaveats(const DebiasStudy& study, int index) {
    QStringList caveats;
    if (index < 0) {
        for (const std::string& warning : study.warnings)
            caveats << fromUtf8(warning);
        return caveats;
    }
    const DebiasCandidate& candidate = study.candidates[static_cast<std::size_t>(index)];
    if (!candidate.failure.empty())
        return {Words::tr("It could not be compared: %1").arg(fromUtf8(candidate.failure))};
    if (candidate.usesTrueLabels)
        caveats << Words::tr("It was given the true labels of the images that it ranks, which a model in use does not "
                             "have: an upper baseline, never recommended.");
    const std::string& target = study.config.attribute;
    const StudyMeasure skew = maxSkewOf(target), least{target, "min_skew", {}, {}, false, 2};
    if (const MetricValue* difference = valueOf(candidate, skew, kDifference); above(difference))
        caveats << Words::tr("It made %1 worse: MaxSkew goes from %2.").arg(fromUtf8(target), fromTo(candidate, skew));
    else if (holdsNought(difference) && candidate.card.strength > 0)
        caveats << Words::tr("On the audit rows its effect on MaxSkew of %1 could be chance.").arg(fromUtf8(target));
    if (below(valueOf(candidate, least, kDifference)))
        caveats << Words::tr(
                       "Over-correction: the lowest group now stands lower than the lowest did before, MinSkew from "
                       "%1.")
                       .arg(fromTo(candidate, least));
    // A curve that has turned: a weaker dial leaves surely less than the chosen one.
    if (const MetricValue* after = valueOf(candidate, skew, kAfter); after != nullptr && after->ciLow) {
        const DebiasPoint* best = nullptr;
        for (const DebiasPoint& point : candidate.curve)
            if (const auto value = skew.at(point.audit); value && point.strength < candidate.card.strength &&
                                                         *value < *after->ciLow &&
                                                         (best == nullptr || *value < *skew.at(best->audit)))
                best = &point;
        if (best != nullptr)
            caveats << Words::tr("Over-correction: on the audit rows strength %1 leaves less, MaxSkew %2.")
                           .arg(numberText(best->strength), numberText(skew.at(best->audit)));
    }
    for (const std::string& other : study.config.untargeted)
        if (const StudyMeasure of = maxSkewOf(other); above(valueOf(candidate, of, kDifference)))
            caveats << Words::tr("Another attribute got worse: MaxSkew of %1 from %2.")
                           .arg(fromUtf8(other), fromTo(candidate, of));
    return caveats;
}

Grid studyGrid(const DebiasStudy& study) {
    const auto measures = studyMeasures(study);
    const QStringList names = candidateNames(study);
    Grid grid;
    grid.addColumn(Words::tr("method"));
    grid.addNumber(Words::tr("strength"),
                   Words::tr("How far it is dialled, 0 nothing, 1 the whole method: chosen on the select rows."));
    for (const StudyMeasure& measure : measures)
        grid.addEstimate(measure.title, measure.explanation);
    grid.addNumber(Words::tr("fit, s"), Words::tr("Seconds that the fit took."));
    const auto style = studyStyles(study);
    grid.styles = {style.begin(), style.end()};

    const DebiasCandidate* priced = anyPriced(study);
    Grid::Row untouched{Grid::Cell(Words::tr("Untouched")), Grid::number({})};
    for (const StudyMeasure& measure : measures) {
        const MetricValue* before = valueOf(*priced, measure, kBefore);
        untouched << Grid::estimate(*before, measure.decimals);
    }
    untouched.front().note = Words::tr("the model as it is");
    grid.rows << (untouched << Grid::number({}));

    for (std::size_t i = 0; i < study.candidates.size(); ++i) {
        const DebiasCandidate& candidate = study.candidates[i];
        const bool failed = !candidate.failure.empty();
        Grid::Cell name(names[static_cast<qsizetype>(i)]);
        name.note = failed ? Words::tr("failed: %1").arg(fromUtf8(candidate.failure))
                    : static_cast<std::int64_t>(i) == study.recommended ? Words::tr("recommended")
                    : candidate.usesTrueLabels                          ? Words::tr("upper baseline, true labels")
                    : candidate.card.strength == 0                      ? Words::tr("not worth its cost: left at 0")
                                                                        : QString();
        name.toolTip = name.note.isEmpty() ? name.shown : name.shown + u'\n' + name.note;
        Grid::Row row{name, failed ? Grid::number({}) : Grid::number(candidate.card.strength)};
        for (const StudyMeasure& measure : measures) {
            const MetricValue* after = valueOf(candidate, measure, kAfter);
            if (failed || after == nullptr) {
                row << Grid::number({});
                continue;
            }
            Grid::Cell cell = Grid::estimate(*after, measure.decimals);
            const MetricValue* difference = valueOf(candidate, measure, kDifference);
            cell.trend = trendOf(difference, measure.lowerIsBetter);
            if (difference != nullptr && difference->value) {
                const QString range = rangeText(difference->ciLow, difference->ciHigh, true, 3);
                cell.toolTip = Words::tr("%1, %2: %3 against untouched%4")
                                   .arg(name.shown, measure.title, signedText(difference->value, 3),
                                        range.isEmpty() ? QString() : Words::tr(", 95 % interval %1").arg(range));
                if (const QString verdict = trendText(cell.trend); !verdict.isEmpty())
                    cell.toolTip += QStringLiteral(" – ") + verdict;
            }
            row << cell;
        }
        grid.rows << (row << (failed ? Grid::number({})
                                     : Grid::number(
                                           candidate.card.seconds,
                                           numberText(candidate.card.seconds, candidate.card.seconds < 10 ? 1 : 0))));
    }
    return grid;
}

Grid differencesGrid(const DebiasStudy& study, std::size_t index) {
    const DebiasCandidate& candidate = study.candidates[index];
    const bool severalSets = candidate.price.size() > 1;
    Grid grid;
    if (severalSets)
        grid.addColumn(Words::tr("images"));
    grid.addColumn(Words::tr("measure"));
    grid.addEstimate(Words::tr("difference"), Words::tr("Paired, on the same images: with the method minus without."));
    grid.addEstimate(Words::tr("untouched"));
    grid.addEstimate(Words::tr("at %1").arg(numberText(candidate.card.strength)),
                     Words::tr("At the strength that was chosen on the select rows."));
    grid.addNumber(Words::tr("p, Holm"), Words::tr("Corrected for all differences of this table"));
    const auto lower = [](const std::string& measure) {
        return measure != "min_skew" && measure != "able" && !measure.ends_with("accuracy") &&
               !measure.starts_with("recall");
    };
    // A gap is signed: neither direction is better by itself.
    const auto judged = [](const std::string& measure) { return !measure.starts_with("gap"); };
    for (const MeasureTable& table : candidate.price)
        for (const MeasureRow& row : table.rows) {
            if (row.keys.size() != 2 || row.keys[1] != kDifference)
                continue;
            const MeasureRow* before = rowOf(table, row.keys[0], kBefore, row.measure);
            const MeasureRow* after = rowOf(table, row.keys[0], kAfter, row.measure);
            if (before == nullptr || after == nullptr)
                continue;
            const auto estimate = [](const MetricValue& value) { return Grid::estimate(value, 3); };
            Grid::Cell difference = estimate(row.value);
            difference.shown = signedText(row.value.value, 3);
            difference.note = rangeText(row.value.ciLow, row.value.ciHigh, true, 3);
            if (judged(row.measure))
                difference.trend = trendOf(&row.value, lower(row.measure));
            Grid::Row cells;
            if (severalSets)
                cells << Grid::Cell(fromUtf8(table.title));
            const QString measure = fromUtf8(row.measure).replace(u'_', u' ');
            cells << Grid::Cell(row.keys[0].empty() ? measure
                                                    : QStringLiteral("%1, %2").arg(measure, fromUtf8(row.keys[0])))
                  << difference << estimate(before->value) << estimate(after->value)
                  << Grid::number(row.value.adjustedP,
                                  row.enough ? pText(row.value.adjustedP) : Words::tr("not enough"));
            grid.rows << cells;
        }
    return grid;
}

int chosenPoint(const DebiasCandidate& candidate) {
    if (!candidate.failure.empty())
        return -1;
    for (std::size_t i = 0; i < candidate.curve.size(); ++i)
        if (std::abs(candidate.curve[i].strength - candidate.card.strength) < kSameStrength)
            return static_cast<int>(i);
    return -1;
}

Grid strengthGrid(const DebiasStudy& study, std::size_t index, std::size_t point) {
    const DebiasCandidate& candidate = study.candidates[index];
    Grid grid;
    grid.addColumn(Words::tr("audit rows"));
    grid.addNumber(Words::tr("untouched"));
    const int chosen = chosenPoint(candidate);
    grid.addNumber(Words::tr("chosen"), Words::tr("At the strength that was chosen on the select rows."));
    const DebiasPoint* here = point < candidate.curve.size() ? &candidate.curve[point] : nullptr;
    grid.addNumber(here != nullptr ? Words::tr("at %1").arg(numberText(here->strength)) : Words::tr("here"),
                   Words::tr("At the strength that the slider shows."));
    grid.addNumber(Words::tr("select rows"), Words::tr("The same strength on the rows by which it was chosen."));
    if (here == nullptr)
        return grid;
    for (const StudyMeasure& measure : studyMeasures(study)) {
        const auto at = measure.at(here->audit), select = measure.at(here->select);
        if (!at && !select)
            continue; // probes are not measured along the curve
        const auto cell = [&](std::optional<double> value) {
            return Grid::number(value, numberText(value, measure.decimals));
        };
        grid.rows << Grid::Row{
            Grid::Cell(measure.title), cell(measure.at(candidate.curve.front().audit)),
            cell(chosen >= 0 ? measure.at(candidate.curve[static_cast<std::size_t>(chosen)].audit) : std::nullopt),
            cell(at), cell(select)};
    }
    return grid;
}

std::vector<FactSheet::Group> candidateFacts(const DebiasStudy& study, std::size_t index) {
    const DebiasCandidate& candidate = study.candidates[index];
    const DebiasCard& card = candidate.card;
    const DebiasMethodInfo* info = findDebiasMethod(card.config.method);
    std::vector<FactSheet::Group> groups;
    FactSheet::Group method{Words::tr("Method"), {}};
    if (info != nullptr) {
        method.facts.push_back({Words::tr("What it does"), fromUtf8(info->about)});
        method.facts.push_back({Words::tr("Changes"), fromUtf8(debiasTargetName(info->target))});
        method.facts.push_back({Words::tr("Source"), fromUtf8(info->source)});
    }
    if (!candidate.failure.empty())
        method.facts.push_back({{}, fromUtf8(candidate.failure), {}, true});
    for (const std::string& warning : card.warnings)
        method.facts.push_back({{}, fromUtf8(warning), {}, true});
    for (const DebiasConfig& step : candidate.recipe.steps)
        if (candidate.recipe.steps.size() > 1)
            method.facts.push_back({Words::tr("Step"), stepTitle(step)});
    groups.push_back(method);

    FactSheet::Group parameters{Words::tr("Parameters"), {}};
    if (info != nullptr)
        for (const DebiasParameter& parameter : info->parameters) {
            const bool given = std::ranges::any_of(card.config.parameters,
                                                   [&](const auto& each) { return each.first == parameter.name; });
            const std::string value(card.config.parameter(parameter.name));
            parameters.facts.push_back({fromUtf8(parameter.name), value.empty() ? Words::tr("none") : fromUtf8(value),
                                        given ? Words::tr("given") : Words::tr("default")});
        }
    parameters.facts.push_back({Words::tr("seed"), QString::number(card.config.seed)});
    groups.push_back(parameters);
    if (!candidate.failure.empty())
        return groups;

    FactSheet::Group fitted{Words::tr("Fitted on"), {}};
    fitted.facts.push_back({Words::tr("Rows"), fromUtf8(card.fitRows)});
    for (const auto& [group, rows] : card.groups)
        fitted.facts.push_back({fromUtf8(group), Words::tr("%1 images").arg(countText(rows))});
    if (card.predictedLabels)
        fitted.facts.push_back({Words::tr("Labels"), Words::tr("made by a classifier")});
    if (card.dim > 0)
        fitted.facts.push_back({Words::tr("Dimension"), countText(card.dim)});
    for (const auto& [label, hash] : {std::pair{Words::tr("Model"), &card.modelSha256},
                                      {Words::tr("Images"), &card.imagesSha256},
                                      {Words::tr("Labels"), &card.labelsSha256}})
        if (!hash->empty())
            fitted.facts.push_back({label, fromUtf8(*hash), QStringLiteral("SHA-256")});
    fitted.facts.push_back({Words::tr("Fit"), Words::tr("%1 s").arg(numberText(card.seconds))});
    if (!card.fitted.empty())
        fitted.facts.push_back({Words::tr("When"), momentText(card.fitted), fromUtf8(card.program)});
    fitted.facts.push_back({Words::tr("Compared by"), fromUtf8(study.score)});
    groups.push_back(fitted);

    FactSheet::Group facts{Words::tr("What the fit says of itself"), {}};
    for (const DebiasFact& fact : card.facts)
        facts.facts.push_back({fromUtf8(fact.name), numberText(fact.value, 3), fromUtf8(fact.meaning)});
    if (!facts.facts.empty())
        groups.push_back(facts);
    if (!study.config.untargeted.empty())
        groups.push_back({Words::tr("Looked at, too"), {{Words::tr("Attributes"), joined(study.config.untargeted)}}});
    return groups;
}

} // namespace plumbline::ui
