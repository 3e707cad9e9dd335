// SPDX-License-Identifier: GPL-3.0-or-later
// The results in the form that public rules ask for.
#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr double kFourFifths = 0.8, kSmallCategory = 0.02;

/// Selection rates at the cut-off, and each as a multiple of the highest.
Html selectionTable(const Rankings& rankings) {
    Table table(
        "Selection rate: images of the group among the first k, as a share of its images. Impact ratio: that rate "
        "divided by the highest group's. Bold: below 0.80 (the four-fifths rule of thumb).",
        {{"Prompt", true},
         {"Group", true},
         {"In pool", false, false, "g-pool"},
         {"Share of pool"},
         {"Selected"},
         {"Selection rate"},
         {"Impact ratio", false, true, "g-ratio"},
         {"Small", true}});
    for (const Measurement* m : rankings.measurements) {
        double highest = 0;
        for (const GroupMeasure& g : m->groups)
            if (g.poolCount > 0)
                highest = std::max(highest, static_cast<double>(g.topCount) / static_cast<double>(g.poolCount));
        for (const GroupMeasure& g : m->groups) {
            if (g.poolCount == 0)
                continue;
            const double rate = static_cast<double>(g.topCount) / static_cast<double>(g.poolCount);
            const std::optional<double> ratio = highest > 0 ? std::optional(rate / highest) : std::nullopt;
            table.add({m->prompt.value_or("(scores)"), g.name, std::to_string(g.poolCount), percent(g.poolShare),
                       std::to_string(g.topCount), percent(rate), number(ratio, 2),
                       g.poolShare < kSmallCategory ? "below 2 % of the pool" : ""},
                      ratio && *ratio < kFourFifths);
        }
    }
    return table.html(24);
}

} // namespace

Section rulesSection(const std::vector<Rankings>& rankings, const ReportInput& input) {
    const std::string title = "In the form of public rules";
    Section section{{"rules", title, {}}, heading(2, "rules", title)};
    section.html +=
        paragraph("These tables use the same numbers in the form that some rules ask for. They state nothing about "
                  "whether a rule applies or is met: that is for people who know the use.");
    const std::string ll144 = "LL144-style tables";
    section.entry.inner.emplace_back("ll144", ll144);
    section.html += heading(3, "ll144", ll144);
    const std::string k = formatK(input.result->config.measure.k);
    section.html += paragraph(
        "New York City's Local Law 144 asks for selection rates and impact ratios by sex, by race or ethnicity "
        "and by their crossing. Here an image counts as selected if it is among the first " +
        k +
        " of a prompt's ranking. That cut-off is the auditor's; where the use has another one, measure with "
        "that. The ratio alone says nothing about chance: the verdicts of the results do.");
    for (const Rankings& one : rankings) {
        section.html += heading(4, "", one.attribute);
        const Measurement& first = *one.measurements.front();
        if (first.unlabelled > 0)
            section.html += paragraph(count(static_cast<std::size_t>(first.unlabelled), "image was", "images were") +
                                      " not assessed, because the category is not known.");
        section.html += selectionTable(one);
    }
    const std::string where = "Where to find what frameworks ask for";
    section.entry.inner.emplace_back("frameworks", where);
    section.html += heading(3, "frameworks", where);
    const auto to = [](std::string_view text, std::initializer_list<std::pair<const char*, const char*>> places) {
        Html line = escaped(text) + Html{": "};
        bool first = true;
        for (const auto& [id, name] : places) {
            line += (first ? Html() : Html{", "}) + link(id, name);
            first = false;
        }
        return line;
    };
    section.html += list(std::vector<Html>{
        to("Local Law 144: date, tool, data, rates, ratios, unknown categories",
           {{"about", "about this report"}, {"data", "data"}, {"ll144", "LL144-style tables"}}),
        to("EU AI Act, Annex IV 2(g): metrics of accuracy and of potentially discriminatory impacts, test logs and "
           "reports, dated "
           "and signed",
           {{"method", "method"},
            {"summary", "summary"},
            {"repeat", "reproducibility"},
            {"about", "date and signature"}}),
        to("EU AI Act, Annex IV 3: expected accuracy for specific groups", {{"utility", "utility"}}),
        to("NIST AI RMF, MEASURE 2.11: fairness and bias are evaluated and results are documented",
           {{"summary", "summary"}, {"scope", "scope"}, {"method", "method"}, {"limitations", "limitations"}}),
        to("Model cards (Mitchell et al. 2019): details, factors, metrics, unitary and crossed results, caveats",
           {{"model", "model"}, {"scope", "scope"}, {"method", "method"}, {"limitations", "limitations"}}),
        to("Datasheets (Gebru et al. 2021): composition, labels, what is missing", {{"data", "data"}})});
    return section;
}

} // namespace plumbline::report
