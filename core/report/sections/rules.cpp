// SPDX-License-Identifier: GPL-3.0-or-later
// The results in the form that public rules ask for.
#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/metric/rates.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr double kFourFifths = 0.8, kSmallCategory = 0.02, kConfidence = 0.95;

/// Selection rates at the cut-off, and each as a multiple of the highest.
Html selectionTable(const Rankings& rankings) {
    Table table(
        "Selection rate: images of the group among the first k, as a share of its images. Impact ratio: that rate "
        "divided by the highest group's, with its 95 % interval. Bold: below 0.80 (the four-fifths rule of thumb).",
        {{"Prompt", true},
         {"Group", true},
         {"In pool", false, false, "g-pool"},
         {"Share of pool"},
         {"Selected"},
         {"Selection rate"},
         {"Impact ratio", false, true, "g-ratio"},
         {"95 % interval", false, false, "g-interval"},
         {"Small", true}});
    for (const Measurement* m : rankings.measurements) {
        std::vector<metric::Rate> rates;
        for (const GroupMeasure& g : m->groups)
            rates.push_back(metric::wilson(g.topCount, g.poolCount, kConfidence));
        const auto highest =
            std::ranges::max_element(rates, {}, [](const metric::Rate& rate) { return rate.value.value_or(-1); });
        for (std::size_t i = 0; i < rates.size(); ++i) {
            const metric::Rate& rate = rates[i];
            const GroupMeasure& g = m->groups[i];
            if (!rate.value)
                continue;
            const bool any = highest->value.value_or(0) > 0;
            const std::optional<double> ratio = any ? std::optional(*rate.value / *highest->value) : std::nullopt;
            const bool reference = rates.begin() + static_cast<std::ptrdiff_t>(i) == highest;
            const metric::Interval ends =
                any && !reference ? metric::rateRatio(rate, *highest, kConfidence) : metric::Interval();
            table.add({m->prompt.value_or("(scores)"), g.name, std::to_string(g.poolCount), percent(g.poolShare),
                       std::to_string(g.topCount), percent(rate.value), number(ratio, 2),
                       reference ? "the highest" : interval(ends.low, ends.high, 2),
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
        "that. The interval takes the two rates as independent (Wilson's intervals, combined on the log scale) and "
        "does not know that the highest group was picked by its rate: read it as rough. Whether a lean could be chance "
        "is what the verdicts of the results say.");
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
