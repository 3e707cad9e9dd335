// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/numbers.h"
#include "core/report/comparison_lines.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr std::size_t kPromptsInSight = 18, kMoved = 10;

std::string measureText(std::string name) {
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"max_skew", "MaxSkew"}, {"min_skew", "MinSkew"}, {"ndkl", "NDKL"}, {"gap_sd", "gap in sd"}};
    for (const auto& [stable, title] : kNames)
        if (name == stable)
            return std::string(title);
    std::ranges::replace(name, '_', ' ');
    return name;
}

enum class Keys { Attribute, AttributeAndPrompt };

Html linesOf(const std::vector<ComparedLine>& lines, const std::string& caption, Keys keys,
             const RunComparison& comparison, std::int64_t run, std::size_t inSight) {
    const bool holm = comparison.measure.correction == Correction::Holm;
    std::vector<Table::Column> columns = {{"Attribute", true}};
    if (keys == Keys::AttributeAndPrompt)
        columns.push_back({"Prompt", true});
    for (const Table::Column& column :
         {Table::Column{"Measure", true}, Table::Column{"Run " + std::to_string(comparison.runs.front().run)},
          Table::Column{"Run " + std::to_string(run)}, Table::Column{"Difference", false, true, "g-difference"},
          Table::Column{"95 % interval", false, false, "g-interval"}, Table::Column{"p", false, false, "g-p"},
          Table::Column{holm ? "p, Holm" : "p, FDR", false, false, "g-corrected"},
          Table::Column{"Verdict", true, true}})
        columns.push_back(column);
    Table table(caption, std::move(columns));
    for (const ComparedLine& line : lines) {
        const MetricValue& value = line.difference->value;
        std::vector<std::string> cells = {line.attribute.empty() ? "all" : line.attribute};
        if (keys == Keys::AttributeAndPrompt)
            cells.push_back(line.prompt);
        for (std::string& cell :
             std::vector<std::string>{measureText(line.measure), valueText(line.first), valueText(line.second),
                                      valueText(line.difference), interval(value.ciLow, value.ciHigh),
                                      pText(value.pValue), pText(holm ? value.adjustedP : value.falseDiscovery),
                                      line.change ? std::string(changeText(*line.change)) : ""})
            cells.push_back(std::move(cell));
        table.add(cells, line.change.value_or(Change::CannotTell) != Change::CannotTell);
    }
    return table.html(inSight, keys == Keys::AttributeAndPrompt);
}

/// "By gender: MaxSkew leans less; NDKL leans less."
std::vector<std::string> verdicts(const std::vector<ComparedLine>& means) {
    std::vector<std::string> lines;
    std::string last;
    for (const ComparedLine& line : means) {
        if (!line.change)
            continue;
        if (lines.empty() || line.attribute != last)
            lines.push_back("By " + line.attribute + ": ");
        else
            lines.back() += "; ";
        last = line.attribute;
        lines.back() += measureText(line.measure) + " " + std::string(changeText(*line.change)) + " (difference " +
                        number(line.difference->value.value) + ", 95 % interval " +
                        interval(line.difference->value.ciLow, line.difference->value.ciHigh) + ")";
    }
    return lines;
}

} // namespace

Section comparisonSection(const RunComparison& comparison, EvidenceKind evidence) {
    Section section;
    section.entry = {"comparison", "Comparison with other runs", {}};
    Html& all = section.html;
    all =
        heading(2, "comparison", section.entry.title) +
        paragraph("Each run is held against " + comparedRunText(comparison.runs.front()) +
                  ": the same images, labels, prompts, k and target, paired image by image. A difference is the other "
                  "run minus that one. The differences of single prompts are one family of tests, those of the means "
                  "another.");
    const bool named = evidence == EvidenceKind::Ids || evidence == EvidenceKind::Thumbnails;
    for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
        const std::int64_t run = comparison.runs[r].run;
        const std::string id = "comparison-" + std::to_string(r);
        std::string title = comparedRunText(comparison.runs[r]);
        title.front() = 'R';
        section.entry.inner.emplace_back(id, title);
        all += heading(3, id, title);
        const std::vector<ComparedLine> means = comparedMeans(comparison, run),
                                        utility = comparedUtility(comparison, run),
                                        prompts = comparedPrompts(comparison, run);
        all += list(verdicts(means)) + paragraph(promptCounts(prompts));
        all += linesOf(means, "Means over the prompts", Keys::Attribute, comparison, run, means.size());
        if (!utility.empty())
            all += linesOf(utility, "What the models are good for", Keys::Attribute, comparison, run, utility.size());
        all += linesOf(prompts, "Prompt by prompt, what changed most surely first", Keys::AttributeAndPrompt,
                       comparison, run, kPromptsInSight);
        Table moved("Images among the first k of either run that moved furthest",
                    {{"Prompt", true},
                     {named ? "File" : "Image", true},
                     {"Rank in run " + std::to_string(comparison.runs.front().run)},
                     {"Rank in run " + std::to_string(run)}});
        for (const MovedImage* one : movedMost(comparison, run, kMoved))
            moved.add({one->prompt, named ? one->file : "number " + std::to_string(one->row + 1),
                       std::to_string(one->firstRank), std::to_string(one->secondRank)});
        if (moved.size() > 0)
            all += moved.html();
    }
    std::vector<std::string> remarks = comparison.cautions;
    for (const MeasureTable& table : comparison.tables)
        remarks.insert(remarks.end(), table.warnings.begin(), table.warnings.end());
    std::set<std::string> seen;
    std::erase_if(remarks, [&seen](const std::string& remark) { return !seen.insert(remark).second; });
    all += list(remarks);
    return section;
}

} // namespace plumbline::report
