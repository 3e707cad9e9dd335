// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/text_table.h"
#include "core/audit/compare_runs.h"
#include "core/data/json.h"
#include "core/report/comparison_lines.h"

namespace plumbline::cli {

namespace {

constexpr std::size_t kPrintedPrompts = 40, kPrintedMoves = 10;

struct Arguments {
    std::string project, json, csv;
    std::vector<std::int64_t> runs;
};

std::vector<std::string> cells(const report::ComparedLine& line, std::vector<std::string> names,
                               Correction correction) {
    const MetricValue& value = line.difference->value;
    const bool holm = correction == Correction::Holm;
    for (std::string& one :
         std::vector<std::string>{valueCell(line.first), valueCell(line.second), valueCell(line.difference),
                                  value.ciLow && value.ciHigh ? cell(value.ciLow) + " to " + cell(value.ciHigh) : "–",
                                  pCell(value.pValue), pCell(holm ? value.adjustedP : value.falseDiscovery),
                                  line.change ? std::string(changeText(*line.change)) : std::string()})
        names.push_back(std::move(one));
    return names;
}

/// `names`: heads of the columns that `keys` gives of each line.
template <class Keys>
std::string linesText(const std::vector<report::ComparedLine>& lines, std::vector<std::string> names, Keys&& keys,
                      const RunComparison& comparison, std::int64_t run) {
    const std::size_t left = names.size();
    const char* corrected = comparison.measure.correction == Correction::Holm ? "p (Holm)" : "p (BH)";
    for (const std::string& name :
         {"run " + std::to_string(comparison.runs.front().run), "run " + std::to_string(run), std::string("difference"),
          std::string("95 % interval"), std::string("p"), std::string(corrected), std::string("verdict")})
        names.push_back(name);
    TextTable table(std::move(names), left);
    for (const report::ComparedLine& line : lines)
        table.add(cells(line, keys(line), comparison.measure.correction));
    return table.text();
}

using Names = std::vector<std::string>;

std::string meansText(const RunComparison& comparison, std::int64_t run) {
    return "Means over the prompts\n" + linesText(
                                            report::comparedMeans(comparison, run), {"attribute", "measure"},
                                            [](const report::ComparedLine& line) {
                                                return Names{line.attribute, line.measure};
                                            },
                                            comparison, run);
}

std::string utilityText(const RunComparison& comparison, std::int64_t run) {
    const std::vector<report::ComparedLine> lines = report::comparedUtility(comparison, run);
    return lines.empty()
               ? ""
               : "\nUtility\n" + linesText(
                                     lines, {"attribute", "measure"},
                                     [](const report::ComparedLine& line) {
                                         return Names{line.attribute.empty() ? "all" : line.attribute, line.measure};
                                     },
                                     comparison, run);
}

std::string promptsText(const RunComparison& comparison, std::int64_t run) {
    std::vector<report::ComparedLine> lines = report::comparedPrompts(comparison, run);
    std::string text = "\nPrompt by prompt\n" + report::promptCounts(lines) + "\n";
    const std::size_t all = lines.size();
    lines.resize(std::min(all, kPrintedPrompts));
    text += linesText(
        lines, {"attribute", "prompt", "measure"},
        [](const report::ComparedLine& line) {
            return Names{line.attribute, line.prompt, line.measure};
        },
        comparison, run);
    if (all > lines.size())
        text += "… and " + std::to_string(all - lines.size()) + " more, which --csv and --json hold.\n";
    return text;
}

std::string movedText(const RunComparison& comparison, std::int64_t run) {
    const std::vector<const MovedImage*> moved = report::movedMost(comparison, run, kPrintedMoves);
    if (moved.empty())
        return "\nNo image among the first k moved.\n";
    TextTable table({"prompt", "image", "rank in run " + std::to_string(comparison.runs.front().run),
                     "rank in run " + std::to_string(run)},
                    2);
    for (const MovedImage* one : moved)
        table.add({one->prompt, one->file, std::to_string(one->firstRank), std::to_string(one->secondRank)});
    return "\nImages among the first k in either run that moved most\n" + table.text();
}

std::string comparisonText(const RunComparison& comparison) {
    std::string text;
    for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
        const std::int64_t run = comparison.runs[r].run;
        text += (r > 1 ? "\n" : "") + report::comparedRunText(comparison.runs[r]) + "\nagainst " +
                report::comparedRunText(comparison.runs.front()) + "\n\n" + meansText(comparison, run) +
                utilityText(comparison, run) + promptsText(comparison, run) + movedText(comparison, run);
    }
    return text;
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    Result<store::Project> project = store::Project::open(arguments.project, store::Project::Access::ReadOnly);
    if (!project)
        return report(project.error());
    const Outcome<RunComparison> comparison = audit::compareRuns(*project, arguments.runs, feedback);
    if (!comparison)
        return report(comparison.error());
    if (!arguments.json.empty())
        if (const auto written = writeJson(arguments.json, toJson(*comparison)); !written)
            return report(written.error());
    if (!comparison->refusals.empty()) {
        for (const std::string& refusal : comparison->refusals)
            note(refusal);
        note("such runs are not compared: their numbers do not answer the same question");
        return kBadInput;
    }
    if (!arguments.csv.empty())
        if (const auto written = writeOut(arguments.csv, measureTablesCsv(comparison->tables)); !written)
            return report(written.error());
    if (arguments.json.empty() && arguments.csv.empty())
        if (const auto written = writeOut("-", comparisonText(*comparison)); !written)
            return report(written.error());
    for (const std::string& caution : comparison->cautions)
        note(caution);
    for (const MeasureTable& table : comparison->tables)
        for (const std::string& warning : table.warnings)
            note(warning);
    return kDone;
}

} // namespace

void addCompare(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand(
        "compare", "Compares audits that a project holds: the same images and prompts under two models or versions");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("project", arguments->project, "Project file (.plumb)")->required();
    command
        ->add_option("--runs", arguments->runs, "Numbers of two or more finished runs; each is held against the first")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->required();
    command->add_option("--json", arguments->json, "Write the comparison as JSON to this file, - for standard output");
    command->add_option("--csv", arguments->csv, "Write one line a number to this file, - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
