// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/run_words.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <QCoreApplication>
#include <QLocale>

#include "core/data/measure.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"
#include "ui/models/record_tables.h"

namespace plumbline::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(RunsPage)
};

const QString kDot = QStringLiteral(" · ");

QString joinedNames(const std::vector<std::string>& names) {
    QStringList list;
    for (const std::string& name : names)
        list << fromUtf8(name);
    return list.join(QStringLiteral(", "));
}

QString definitionExplanation(Definition definition) {
    switch (definition) {
    case Definition::Geyik:
        return Words::tr("Geyik et al. 2019: cosine scores, exactly k images, natural logarithm; a group without an "
                         "image in the top takes no part in MaxSkew.");
    case Definition::Berg:
        return Words::tr("As the published code of Berg et al. 2022: ties are kept, an absent group counts as one "
                         "image, MaxSkew is never below 0.");
    case Definition::VlDebiasing:
        return Words::tr("As the published code of VL-Debiasing: Berg's code with equal target shares.");
    default:
        return fromUtf8(definitionSentence(definition));
    }
}

} // namespace

QString runTitle(const store::RunRecord& run) {
    return Words::tr("Run %1 · %2").arg(QLocale().toString(qlonglong(run.id)), fromUtf8(run.modelName));
}

QString runLine(const store::RunRecord& run) {
    return QStringList{fromUtf8(run.imageSetName), joinedNames(run.config.attributes),
                       Words::tr("%n prompt(s)", nullptr, static_cast<int>(run.prompts)), momentText(run.created)}
        .join(kDot);
}

QString runChoice(const store::RunRecord& run) {
    const std::optional<AppliedDebias>& debias = run.config.debias;
    const QString title = debias && !debias->model ? Words::tr("%1 after %2").arg(runTitle(run), fromUtf8(debias->name))
                                                   : runTitle(run);
    return title + kDot + runLine(run);
}

QVector<RunFact> runFacts(const LoadedRun& run, std::size_t attribute) {
    QVector<RunFact> facts;
    const LoadedRun::AttributeChart& chart = run.attributes[attribute];
    facts.push_back({fromUtf8(run.record.imageSetName), Words::tr("The set of labelled images that was searched.")});
    const Measurement* first = chart.chart->measurements.empty() ? nullptr : &chart.chart->measurements.front();
    if (first) {
        QString explanation = Words::tr("Images that took part in every ranking.");
        if (first->unlabelled > 0)
            explanation += u' ' + Words::tr("%1 without a value for %2 took no part.")
                                      .arg(countText(first->unlabelled), fromUtf8(chart.name));
        if (run.result.skipped > 0)
            explanation += u' ' + Words::tr("%1 could not be read.").arg(countText(run.result.skipped));
        facts.push_back({Words::tr("%1 images").arg(countText(first->n)), explanation});
    }
    facts.push_back(
        {fromUtf8(chart.name), Words::tr("The label whose groups are compared: %1.").arg(joinedNames(chart.groups))});
    facts.push_back({Words::tr("%n prompt(s)", nullptr, static_cast<int>(chart.chart->measurements.size())),
                     Words::tr("Each prompt ranks all images by their cosine with it.")});
    if (first) {
        facts.push_back({Words::tr("top %1").arg(countText(first->kEffective)),
                         Words::tr("The k images with the highest scores are looked at. Asked for: %1.")
                             .arg(fromUtf8(formatK(run.record.config.measure.k)))});
        facts.push_back(
            {Words::tr("target: %1").arg(targetText(first->target)),
             first->target == Target::Kind::Pool
                 ? Words::tr("Each group should have the share in the top that it has among all images.")
                 : Words::tr("The shares that the groups should have in the top. What chance shows is still "
                             "measured against the shares among all images.")});
        facts.push_back({Words::tr("definition %1").arg(fromUtf8(definitionName(first->definition))),
                         definitionExplanation(first->definition)});
    }
    return facts;
}

QString summaryTitle(const report::PlumbChart& chart) {
    const auto leaning = std::count_if(chart.rows.begin(), chart.rows.end(), [](const report::Row& row) {
        return row.lean.kind == report::Lean::Kind::Leans;
    });
    return leaning == 0 ? Words::tr("No prompt leans")
                        : Words::tr("%n prompt(s) (leans|lean)", nullptr, static_cast<int>(leaning));
}

QString summaryLine(const report::PlumbChart& chart) {
    std::map<std::pair<bool, std::size_t>, int> groups;
    int slight = 0, none = 0, notEnough = 0, notApplicable = 0;
    for (const report::Row& row : chart.rows)
        switch (row.lean.kind) {
        case report::Lean::Kind::Leans:
            ++groups[{row.lean.away, row.lean.group}];
            break;
        case report::Lean::Kind::Slight:
            ++slight;
            break;
        case report::Lean::Kind::NoLean:
            ++none;
            break;
        case report::Lean::Kind::NotEnough:
            ++notEnough;
            break;
        case report::Lean::Kind::NotApplicable:
            ++notApplicable;
            break;
        }
    std::vector<std::pair<std::pair<bool, std::size_t>, int>> sorted(groups.begin(), groups.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    QStringList directions;
    constexpr std::size_t kMost = 4;
    int others = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const auto& [direction, count] = sorted[i];
        if (i >= kMost) {
            others += count;
            continue;
        }
        const QString name = fromUtf8(chart.styles[direction.second].name);
        directions << (direction.first ? Words::tr("%1 away from %2") : Words::tr("%1 towards %2"))
                          .arg(QLocale().toString(count), name);
    }
    if (others > 0)
        directions << Words::tr("%1 others").arg(QLocale().toString(others));
    QStringList parts;
    if (!directions.isEmpty())
        parts << directions.join(QStringLiteral(", "));
    if (slight > 0)
        parts << Words::tr("%n (leans|lean) slightly", nullptr, slight);
    if (none > 0)
        parts << Words::tr("%n (shows|show) no lean", nullptr, none);
    if (notEnough > 0)
        parts << Words::tr("%n without enough evidence", nullptr, notEnough);
    if (notApplicable > 0)
        parts << Words::tr("%n not applicable", nullptr, notApplicable);
    return parts.join(kDot);
}

QStringList runWarnings(const LoadedRun& run, std::size_t attribute) {
    QStringList warnings;
    for (const std::string& warning : run.result.warnings)
        if (const QString text = fromUtf8(warning); !warnings.contains(text))
            warnings << text;
    const auto cut = std::count(run.result.truncated.begin(), run.result.truncated.end(), true);
    if (cut > 0)
        warnings << Words::tr("%n prompt(s) longer than the model reads: the end was cut off.", nullptr,
                              static_cast<int>(cut));
    QStringList order;
    QHash<QString, int> prompts;
    for (const Measurement& measurement : run.attributes[attribute].chart->measurements)
        for (const std::string& warning : measurement.warnings) {
            const QString text = fromUtf8(warning);
            if (prompts[text]++ == 0)
                order << text;
        }
    const auto all = static_cast<int>(run.attributes[attribute].chart->measurements.size());
    for (const QString& text : order)
        warnings << (prompts[text] == all ? text : Words::tr("%1 (%n prompt(s))", nullptr, prompts[text]).arg(text));
    return warnings;
}

QString restsOn(const PlumbData& data, int index) {
    const Measurement& m = data.measurements[static_cast<std::size_t>(index)];
    const report::Lean& lean = data.chart.rows[static_cast<std::size_t>(index)].lean;
    const GroupMeasure* group = nullptr;
    const bool leaning = lean.kind == report::Lean::Kind::Leans || lean.kind == report::Lean::Kind::Slight;
    for (const GroupMeasure& each : m.groups) {
        const bool isLeaning = leaning && each.name == data.chart.styles[lean.group].name;
        const bool isFurther = !leaning && (!group || std::abs(each.gap) > std::abs(group->gap));
        if (isLeaning || isFurther)
            group = &each;
    }
    if (!group)
        return {};
    const QString size = numberText(std::abs(group->gap), 3);
    QString text = (group->gap >= 0 ? Words::tr("Mean score of %1: %2 above the others")
                                    : Words::tr("Mean score of %1: %2 below the others"))
                       .arg(fromUtf8(group->name), size);
    if (group->gapInSd)
        text += Words::tr(" (%1 sd)").arg(numberText(std::abs(*group->gapInSd), 1));
    if (group->cliffsDelta)
        text += Words::tr(", Cliff's delta %1").arg(signedText(group->cliffsDelta));
    text += Words::tr("; the prompt's scores spread by %1").arg(numberText(m.scoreSd, 3));
    if (m.relativeSpread)
        text += Words::tr(" (%1 × the median prompt's)").arg(numberText(m.relativeSpread, 1));
    if (m.explained)
        text += Words::tr(", %1 of it by %2").arg(percentText(*m.explained), fromUtf8(m.attribute));
    return text + u'.';
}

} // namespace plumbline::ui
