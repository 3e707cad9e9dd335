// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/text_table.h"
#include "core/audit/compare_runs.h"
#include "core/data/json.h"

namespace plumbline::cli {

namespace {

constexpr std::size_t kPrintedPrompts = 40, kPrintedMoves = 10;

struct Arguments {
    std::string project, json, csv;
    std::vector<std::int64_t> runs;
};

std::string runText(const ComparedRun& run) {
    return "run " + std::to_string(run.run) + ": " + run.model + (run.debias.empty() ? "" : " after " + run.debias) +
           " on " + run.images + ", " + run.created;
}

/// What was found of one difference, as the columns of a table.
struct Line {
    std::vector<std::string> names;
    const MeasureRow *first, *second, *difference;
    std::optional<Change> change; ///< absent: not judged
};

std::vector<std::string> cells(const Line& line, Correction correction) {
    std::vector<std::string> row = line.names;
    const MetricValue& value = line.difference->value;
    const bool holm = correction == Correction::Holm;
    for (std::string& one :
         std::vector<std::string>{valueCell(line.first), valueCell(line.second), valueCell(line.difference),
                                  value.ciLow && value.ciHigh ? cell(value.ciLow) + " to " + cell(value.ciHigh) : "–",
                                  pCell(value.pValue), pCell(holm ? value.adjustedP : value.falseDiscovery),
                                  line.change ? std::string(changeText(*line.change)) : std::string()})
        row.push_back(std::move(one));
    return row;
}

std::string linesText(const std::vector<Line>& lines, std::vector<std::string> names, const RunComparison& comparison,
                      std::int64_t run) {
    const std::size_t left = names.size();
    const char* corrected = comparison.measure.correction == Correction::Holm ? "p (Holm)" : "p (BH)";
    for (const std::string& name :
         {"run " + std::to_string(comparison.runs.front().run), "run " + std::to_string(run), std::string("difference"),
          std::string("95 % interval"), std::string("p"), std::string(corrected), std::string("verdict")})
        names.push_back(name);
    TextTable table(std::move(names), left);
    for (const Line& line : lines)
        table.add(cells(line, comparison.measure.correction));
    return table.text();
}

using Changes = std::map<std::tuple<std::int64_t, std::string, std::string, std::string>, Change>;

std::optional<Change> changeIn(const Changes& changes, std::int64_t run, const std::string& attribute,
                               const std::string& prompt, const std::string& measure) {
    const auto found = changes.find({run, attribute, prompt, measure});
    return found == changes.end() ? std::nullopt : std::optional(found->second);
}

std::string meansText(const RunComparison& comparison, const Changes& changes, std::int64_t run) {
    const MeasureTable& means = *comparison.table(kComparedMeansId);
    std::vector<Line> lines;
    for (const MeasureRow& row : means.rows)
        if (row.keys[0] == std::to_string(run) && row.keys[2] == kOfDifference && row.keys[3] == "images")
            lines.push_back({{row.keys[1], row.measure},
                             means.find({row.keys[0], row.keys[1], kOfFirst, "images"}, row.measure),
                             means.find({row.keys[0], row.keys[1], kOfSecond, "images"}, row.measure),
                             &row,
                             changeIn(changes, run, row.keys[1], "", row.measure)});
    return "Means over the prompts\n" + linesText(lines, {"attribute", "measure"}, comparison, run);
}

std::string utilityText(const RunComparison& comparison, std::int64_t run) {
    const MeasureTable* utility = comparison.table(kComparedUtilityId);
    std::vector<Line> lines;
    if (utility)
        for (const MeasureRow& row : utility->rows)
            if (row.keys[0] == std::to_string(run) && row.keys[2] == kOfDifference)
                lines.push_back({{row.keys[1].empty() ? "all" : row.keys[1], row.measure},
                                 utility->find({row.keys[0], row.keys[1], kOfFirst}, row.measure),
                                 utility->find({row.keys[0], row.keys[1], kOfSecond}, row.measure),
                                 &row,
                                 {}});
    return lines.empty() ? "" : "\nUtility\n" + linesText(lines, {"attribute", "measure"}, comparison, run);
}

std::string promptsText(const RunComparison& comparison, const Changes& changes, std::int64_t run) {
    const MeasureTable& prompts = *comparison.table(kComparedPromptsId);
    // Thousands of rows: each is found by its keys once.
    std::map<std::array<std::string, 4>, std::array<const MeasureRow*, 2>> values;
    std::vector<Line> lines;
    std::array<std::size_t, 3> found{};
    for (const MeasureRow& row : prompts.rows) {
        if (row.keys[0] != std::to_string(run) ||
            (row.measure != "max_skew" && row.measure != "min_skew" && row.measure != "ndkl"))
            continue;
        const std::array<std::string, 4> key = {row.keys[0], row.keys[1], row.keys[2], row.measure};
        if (row.keys[3] != kOfDifference) {
            values[key][row.keys[3] == kOfSecond] = &row;
            continue;
        }
        const auto mine = values[key]; // both stand before their difference
        const auto change = changeIn(changes, run, row.keys[1], row.keys[2], row.measure);
        ++found[static_cast<std::size_t>(change.value_or(Change::CannotTell))];
        lines.push_back({{row.keys[1], row.keys[2], row.measure}, mine[0], mine[1], &row, change});
    }
    std::string text = "\nPrompt by prompt: of " + std::to_string(lines.size()) + " differences " +
                       std::to_string(found[static_cast<std::size_t>(Change::LeansMore)]) + " lean more, " +
                       std::to_string(found[static_cast<std::size_t>(Change::LeansLess)]) + " lean less, " +
                       std::to_string(found[static_cast<std::size_t>(Change::CannotTell)]) + " cannot be told.\n";
    const auto rank = [](const Line& line) {
        const Change change = line.change.value_or(Change::CannotTell);
        return change == Change::LeansMore ? 0 : change == Change::LeansLess ? 1 : 2;
    };
    std::ranges::stable_sort(lines, [&](const Line& a, const Line& b) {
        return std::pair(rank(a), -std::abs(a.difference->value.value.value_or(0))) <
               std::pair(rank(b), -std::abs(b.difference->value.value.value_or(0)));
    });
    const std::size_t all = lines.size();
    lines.resize(std::min(all, kPrintedPrompts));
    text += linesText(lines, {"attribute", "prompt", "measure"}, comparison, run);
    if (all > lines.size())
        text += "… and " + std::to_string(all - lines.size()) + " more, which --csv and --json hold.\n";
    return text;
}

std::string movedText(const RunComparison& comparison, std::int64_t run) {
    std::vector<const MovedImage*> moved;
    for (const MovedImage& one : comparison.moved)
        if (one.run == run)
            moved.push_back(&one);
    if (moved.empty())
        return "\nNo image among the first k moved.\n";
    std::ranges::stable_sort(moved, std::greater(),
                             [](const MovedImage* one) { return std::abs(one->firstRank - one->secondRank); });
    moved.resize(std::min(moved.size(), kPrintedMoves));
    TextTable table({"prompt", "image", "rank in run " + std::to_string(comparison.runs.front().run),
                     "rank in run " + std::to_string(run)},
                    2);
    for (const MovedImage* one : moved)
        table.add({one->prompt, one->file, std::to_string(one->firstRank), std::to_string(one->secondRank)});
    return "\nImages among the first k in either run that moved most\n" + table.text();
}

std::string comparisonText(const RunComparison& comparison) {
    Changes changes;
    for (const JudgedDifference& one : comparison.judged)
        changes[{one.run, one.attribute, one.prompt, one.measure}] = one.change;
    std::string text;
    for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
        const std::int64_t run = comparison.runs[r].run;
        text += (r > 1 ? "\n" : "") + runText(comparison.runs[r]) + "\nagainst " + runText(comparison.runs.front()) +
                "\n\n" + meansText(comparison, changes, run) + utilityText(comparison, run) +
                promptsText(comparison, changes, run) + movedText(comparison, run);
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
