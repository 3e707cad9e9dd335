// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

std::string verdictText(const GroupMeasure& group) {
    const std::string how = group.slight ? "slightly " : "";
    switch (group.verdict) {
    case Verdict::Towards:
        return "leans " + how + "towards";
    case Verdict::Away:
        return "leans " + how + "away";
    case Verdict::NoLean:
        return "no lean found";
    case Verdict::TooFewImages:
    case Verdict::LostToCorrection:
    case Verdict::UnsureOfTolerance:
        return "not enough evidence";
    case Verdict::NotApplicable:
        return "not applicable";
    case Verdict::Unjudged:
        break;
    }
    return "–";
}

/// "< 0.60 × or > 1.50 ×"
std::string detectableText(const GroupMeasure& group) {
    std::string text;
    if (group.detectableBelow)
        text = "< " + formatFixed(*group.detectableBelow, 2) + " ×";
    if (group.detectableAbove)
        text += (text.empty() ? "> " : " or > ") + formatFixed(*group.detectableAbove, 2) + " ×";
    return text.empty() ? "nothing" : text;
}

/// Prompts of which every number is in sight: those that lean, and at least a few.
std::size_t promptsInSight(const std::vector<Row>& rows) {
    constexpr std::ptrdiff_t kFew = 4, kMany = 10;
    const auto leaning = std::ranges::count_if(
        rows, [](const Row& row) { return row.lean.kind == Lean::Kind::Leans || row.lean.kind == Lean::Kind::Slight; });
    return static_cast<std::size_t>(std::clamp(leaning, kFew, kMany));
}

/// `rows`: of the chart, in the order of `measurements`.
Html numbers(const std::vector<const Measurement*>& measurements, const std::vector<Row>& rows, Correction correction) {
    const bool falseDiscovery = correction == Correction::FalseDiscovery;
    const std::size_t prompts = promptsInSight(rows);
    Table cells("Every number of the chart, and what each lean rests on",
                {{"Prompt", true},
                 {"Group", true},
                 {"Verdict", true, true, "g-verdict"},
                 {"Skew", false, false, "g-skew"},
                 {"95 % interval", false, false, "g-interval"},
                 {"Chance 95 %", false, false, "g-chance"},
                 {falseDiscovery ? "p, FDR" : "p, Holm", false, false, "g-corrected"},
                 {"p", false, false, "g-p"},
                 {"In top"},
                 {"In pool", false, false, "g-pool"},
                 {"Would show", false, false, "g-shows"}});
    Table gaps(
        "How much the scores differ: the gap of mean scores between a group and all others, and Cliff’s delta (0: no "
        "difference, 1 or −1: no overlap)",
        {{"Prompt", true},
         {"Group", true},
         {"Gap", false, false, "g-gap"},
         {"95 % interval", false, false, "g-interval"},
         {"in logits"},
         {"in sd"},
         {"Cliff’s delta", false, false, "g-delta"}});
    Table summaries("Summary measures of each prompt", {{"Prompt", true},
                                                        {"MaxSkew", false, false, "g-maxskew"},
                                                        {"95 % interval", false, false, "g-interval"},
                                                        {"chance: mean", false, false, "g-chance"},
                                                        {"95 %"},
                                                        {"p", false, false, "g-p"},
                                                        {"neutral", false, false, "g-neutral"},
                                                        {"MinSkew", false, false, "g-minskew"},
                                                        {"95 % interval"},
                                                        {"NDKL", false, false, "g-ndkl"},
                                                        {"95 % interval"},
                                                        {"chance 95 %"},
                                                        {"variance explained", false, false, "g-explained"},
                                                        {"spread", false, false, "g-spread"}});
    std::size_t inSight = 0;
    for (std::size_t i = 0; i < measurements.size(); ++i) {
        const Measurement& m = *measurements[i];
        const std::string prompt = m.prompt.value_or("(scores)");
        inSight += i < prompts ? m.groups.size() : 0;
        for (const GroupMeasure& g : m.groups) {
            cells.add({prompt, g.name, verdictText(g), number(g.skew), interval(g.ciLow, g.ciHigh, 2),
                       interval(g.nullLow, g.nullHigh, 2), pText(falseDiscovery ? g.falseDiscovery : g.adjustedP),
                       pText(g.pValue), std::to_string(g.topCount), std::to_string(g.poolCount), detectableText(g)},
                      leans(g.verdict));
            gaps.add({prompt, g.name, formatFixed(g.gap, 4), interval(g.gapLow, g.gapHigh, 4), number(g.gapInLogits, 2),
                      number(g.gapInSd, 2), number(g.cliffsDelta, 2)});
        }
        summaries.add({prompt, number(m.maxSkew.value), interval(m.maxSkew.ciLow, m.maxSkew.ciHigh, 2),
                       number(m.maxSkew.nullMean), number(m.maxSkew.nullP95), pText(m.maxSkew.pValue),
                       number(m.maxSkew.neutral),
                       m.minSkew.value ? number(m.minSkew.value) : "≤ " + number(m.minSkew.atMost),
                       interval(m.minSkew.ciLow, m.minSkew.ciHigh, 2), number(m.ndkl.value),
                       interval(m.ndkl.ciLow, m.ndkl.ciHigh, 2), number(m.ndkl.nullP95), percent(m.explained),
                       number(m.relativeSpread, 2)});
    }
    return cells.html(inSight) + gaps.html(inSight) + summaries.html(prompts, true);
}

} // namespace

std::vector<Rankings> rankingsOf(const AuditResult& result, const std::string& prefix) {
    std::vector<Rankings> all;
    for (const std::string& attribute : result.config.attributes) {
        std::vector<const Measurement*> measurements;
        for (const Measurement& measurement : result.measurements)
            if (measurement.attribute == attribute)
                measurements.push_back(&measurement);
        if (measurements.empty())
            continue;
        std::vector<std::string> groups;
        for (const GroupMeasure& group : measurements.front()->groups)
            groups.push_back(group.name);
        PlumbChart chart = layOut(measurements, groups);
        std::ranges::stable_sort(chart.rows, std::ranges::greater{}, [](const Row& row) { return row.lean.strength; });
        const auto ofKind = [&](Lean::Kind kind) {
            return static_cast<std::size_t>(
                std::ranges::count(chart.rows, kind, [](const Row& row) { return row.lean.kind; }));
        };
        Rankings& one = all.emplace_back();
        one.attribute = attribute;
        one.id = prefix + std::to_string(all.size());
        one.summary = count(ofKind(Lean::Kind::Leans), "prompt leans", "prompts lean") + ", " +
                      count(ofKind(Lean::Kind::Slight), "leans", "lean") + " slightly, " +
                      count(ofKind(Lean::Kind::NoLean), "shows", "show") + " no lean, " +
                      std::to_string(ofKind(Lean::Kind::NotEnough)) + " not enough evidence.";
        for (std::size_t i = 0; i < chart.rows.size(); ++i) {
            one.measurements.push_back(measurements[chart.rows[i].measurement]);
            chart.rows[i].measurement = i;
        }
        one.chart = std::move(chart);
    }
    return all;
}

std::vector<std::string> findingsOf(const Rankings& rankings) {
    constexpr std::size_t kFindings = 6;
    std::vector<std::string> lines;
    std::size_t left = 0;
    for (std::size_t i = 0; i < rankings.chart.rows.size(); ++i) {
        const Row& row = rankings.chart.rows[i];
        if (row.lean.kind != Lean::Kind::Leans && row.lean.kind != Lean::Kind::Slight)
            continue;
        if (lines.size() == kFindings) {
            ++left;
            continue;
        }
        const Measurement& measurement = *rankings.measurements[i];
        std::string line = measurement.prompt.value_or("(scores)") + ": " + row.lean.text;
        const std::string& name = rankings.chart.styles[row.lean.group].name;
        const auto group = std::ranges::find(measurement.groups, name, &GroupMeasure::name);
        if (group != measurement.groups.end() && group->skew)
            line += " (skew " + formatFixed(*group->skew, 2) + ", 95 % interval " +
                    interval(group->ciLow, group->ciHigh, 2) +
                    (group->gapInSd ? ", mean scores " + formatFixed(std::abs(*group->gapInSd), 1) + " sd apart" : "") +
                    ")";
        lines.push_back(std::move(line));
    }
    if (left > 0)
        lines.push_back("and " + count(left, "more", "more"));
    return lines;
}

std::optional<Html> rankingsSection(const Rankings& rankings, const AuditResult& result, int level) {
    std::string spoken = rankings.summary;
    for (const Row& row : rankings.chart.rows)
        spoken +=
            " " + rankings.measurements[row.measurement]->prompt.value_or("(scores)") + ": " + row.lean.text + ".";
    const std::optional<Html> chart = chartPicture(rankings.chart, rankings.measurements, spoken);
    if (!chart)
        return {};
    const Measurement& first = *rankings.measurements.front();
    return heading(level, rankings.id, "By " + rankings.attribute) +
           paragraph(std::to_string(first.n) + " images, the first " + std::to_string(first.kEffective) +
                     " of each ranking. " + rankings.summary) +
           *chart +
           quiet(
               "Each row is a prompt; the line is plumb (the group has exactly its target share), the shade what "
               "chance "
               "alone shows in 95 of 100 random rankings. Filled marks lean. A bar is the 95 % interval over images.") +
           numbers(rankings.measurements, rankings.chart.rows, result.config.measure.correction);
}

} // namespace plumbline::report
