// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/numbers.h"
#include "core/data/debias_price.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

/// A line a measure: before, after and the difference beside each other.
Html priceTable(const MeasureTable& price, double level) {
    Table lines(
        "After minus before on the same images and prompts, with the paired 95 % interval. Bold: the difference is "
        "significant after correction.",
        {{"Attribute", true},
         {"Measure", true},
         {"Before"},
         {"After"},
         {"Difference", false, true, "g-difference"},
         {"95 % interval", false, false, "g-interval"},
         {"p, Holm", false, true, "g-corrected"},
         {"p"},
         {"n"}});
    for (const MeasureRow& after : price.rows) {
        if (after.keys.size() != 2 || after.keys[1] != "after")
            continue;
        const MeasureRow* difference = price.find({after.keys[0], "difference"}, after.measure);
        const MetricValue change = difference ? difference->value : MetricValue();
        std::string measure = after.measure;
        std::ranges::replace(measure, '_', ' ');
        lines.add({after.keys[0].empty() ? "all" : after.keys[0], measure,
                   valueText(price.find({after.keys[0], "before"}, after.measure)), valueText(&after),
                   number(change.value), interval(change.ciLow, change.ciHigh), pText(change.adjustedP),
                   pText(change.pValue), std::to_string(after.n)},
                  difference && difference->enough && change.adjustedP && *change.adjustedP <= level);
    }
    Html all = lines.html() + quiet(price.definition + " " + price.source);
    for (const std::string& warning : price.warnings)
        all += quiet(warning);
    return all;
}

Html cardOf(const DebiasCard& card, int level) {
    const DebiasMethodInfo* method = findDebiasMethod(card.config.method);
    Html all = heading(level, "", "Method: " + (card.name.empty() ? card.config.method : card.name));
    if (method != nullptr)
        all += quiet(std::string(method->about) + " " + std::string(method->source));
    std::string groups, parameters, found;
    for (const auto& [name, rows] : card.groups)
        groups += (groups.empty() ? "" : ", ") + name + " " + std::to_string(rows);
    if (method != nullptr)
        for (const DebiasParameter& parameter : method->parameters)
            if (const std::string_view value = card.config.parameter(parameter.name); !value.empty())
                parameters +=
                    (parameters.empty() ? "" : ", ") + std::string(parameter.name) + " = " + std::string(value);
    for (const DebiasFact& fact : card.facts)
        found += (found.empty() ? "" : "; ") + fact.name + " " + formatFixed(fact.value, 4);
    all += facts({{"Attribute", card.config.attribute},
                  {"Parameters", parameters},
                  {"Strength", formatDouble(card.strength) + " (0: nothing changes, 1: the whole method)"},
                  {"Fitted on", card.fitRows},
                  {"Labelled rows", groups},
                  {"Labels", card.predictedLabels ? "made by a classifier, not by people" : ""},
                  {"The fit says", found},
                  {"Seed", std::to_string(card.config.seed)},
                  {"Fitted with", card.program + (card.fitted.empty() ? "" : ", " + card.fitted)},
                  {"Model of the fit, SHA-256", card.modelSha256},
                  {"Images of the fit, SHA-256", card.imagesSha256},
                  {"Labels of the fit, SHA-256", card.labelsSha256}});
    return all + list(card.warnings);
}

std::string runText(std::int64_t run) {
    return run ? " (run " + std::to_string(run) + ")" : "";
}

} // namespace

std::optional<Section> mitigationSection(const ReportInput& input) {
    Section section;
    section.entry = {"mitigation", "Mitigation: before and after", {}};
    Html& all = section.html;
    all = heading(2, "mitigation", section.entry.title) +
          paragraph(
              "Everything above is of the untouched model" + runText(input.run) +
              ". What stands here was measured on the same images with the same prompts after a change, each change "
              "alone. A smaller lean is worth only what it costs elsewhere: look at the whole table.");
    for (std::size_t i = 0; i < input.mitigated.size(); ++i) {
        const MitigatedRun& after = input.mitigated[i];
        const std::string id = "mitigation-" + std::to_string(i + 1),
                          title = "After " + after.name + runText(after.run);
        section.entry.inner.emplace_back(id, title);
        all += heading(3, id, title);
        const std::vector<Rankings> rankings = rankingsOf(*after.result, id + "-attribute-");
        for (const Rankings& one : rankings)
            all += paragraph(Html{"After it, "} + link(one.id, "by " + one.attribute) + escaped(": " + one.summary)) +
                   list(findingsOf(one));
        const double level = after.result->config.measure.level;
        std::vector<MeasureTable> others;
        for (const MeasureTable& table : tablesOf(*after.result)) {
            if (table.id == kDebiasPriceId)
                all += heading(4, id + "-price", "What it changed and what it costs") + priceTable(table, level);
            else
                others.push_back(table);
        }
        if (const auto& debias = after.result->config.debias)
            all +=
                facts({{debias->model ? "The other model" : "Transform", debias->model ? *debias->model : debias->path},
                       {"Transform, SHA-256", debias->sha256},
                       {"Strength of the whole", debias->strength == 1 ? "" : formatDouble(debias->strength)}});
        for (const DebiasCard& card : after.cards)
            all += cardOf(card, 4);
        all += list(after.result->warnings);
        for (const Rankings& one : rankings) {
            const std::optional<Html> drawn = rankingsSection(one, *after.result, 4);
            if (!drawn)
                return {};
            all += *drawn;
        }
        for (const Section& family : measureSections(others, id + "-", level, 4))
            all += family.html;
    }
    return section;
}

} // namespace plumbline::report
