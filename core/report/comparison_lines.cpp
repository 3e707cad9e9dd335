// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/comparison_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

namespace plumbline::report {

namespace {

constexpr const char* kOverImages = "images";

using Changes = std::map<std::tuple<std::string, std::string, std::string>, Change>;

Changes changesOf(const RunComparison& comparison, std::int64_t run) {
    Changes changes;
    for (const JudgedDifference& one : comparison.judged)
        if (one.run == run)
            changes[{one.attribute, one.prompt, one.measure}] = one.change;
    return changes;
}

std::optional<Change> changeIn(const Changes& changes, const std::string& attribute, const std::string& prompt,
                               const std::string& measure) {
    const auto found = changes.find({attribute, prompt, measure});
    return found == changes.end() ? std::nullopt : std::optional(found->second);
}

/// Of a table with the keys run, attribute, value of, and then those of `over`.
std::vector<ComparedLine> linesOf(const RunComparison& comparison, std::int64_t run, std::string_view id,
                                  const std::vector<std::string>& over) {
    const MeasureTable* table = comparison.table(id);
    std::vector<ComparedLine> lines;
    if (table == nullptr)
        return lines;
    const Changes changes = changesOf(comparison, run);
    for (const MeasureRow& row : table->rows) {
        if (row.keys[0] != std::to_string(run) || row.keys[2] != kOfDifference ||
            !std::equal(row.keys.begin() + 3, row.keys.end(), over.begin(), over.end()))
            continue;
        const auto of = [&](const char* value) {
            std::vector<std::string> keys = row.keys;
            keys[2] = value;
            return table->find(keys, row.measure);
        };
        lines.push_back({row.keys[1], "", row.measure, of(kOfFirst), of(kOfSecond), &row,
                         changeIn(changes, row.keys[1], "", row.measure)});
    }
    return lines;
}

} // namespace

std::vector<ComparedLine> comparedMeans(const RunComparison& comparison, std::int64_t run) {
    return linesOf(comparison, run, kComparedMeansId, {kOverImages});
}

std::vector<ComparedLine> comparedUtility(const RunComparison& comparison, std::int64_t run) {
    return linesOf(comparison, run, kComparedUtilityId, {});
}

std::vector<ComparedLine> comparedPrompts(const RunComparison& comparison, std::int64_t run) {
    const MeasureTable* prompts = comparison.table(kComparedPromptsId);
    std::vector<ComparedLine> lines;
    if (prompts == nullptr)
        return lines;
    const Changes changes = changesOf(comparison, run);
    // Thousands of rows: each is found by its keys once.
    std::map<std::array<std::string, 3>, std::array<const MeasureRow*, 2>> values;
    for (const MeasureRow& row : prompts->rows) {
        if (row.keys[0] != std::to_string(run) ||
            (row.measure != "max_skew" && row.measure != "min_skew" && row.measure != "ndkl"))
            continue;
        const std::array<std::string, 3> key = {row.keys[1], row.keys[2], row.measure};
        if (row.keys[3] != kOfDifference) {
            values[key][row.keys[3] == kOfSecond] = &row;
            continue;
        }
        const auto mine = values[key]; // both stand before their difference
        lines.push_back({row.keys[1], row.keys[2], row.measure, mine[0], mine[1], &row,
                         changeIn(changes, row.keys[1], row.keys[2], row.measure)});
    }
    const auto place = [](const ComparedLine& line) {
        const Change change = line.change.value_or(Change::CannotTell);
        const int kind = change == Change::LeansMore ? 0 : change == Change::LeansLess ? 1 : 2;
        return std::pair(kind, -std::abs(line.difference->value.value.value_or(0)));
    };
    std::ranges::stable_sort(lines, {}, place);
    return lines;
}

std::vector<const MovedImage*> movedMost(const RunComparison& comparison, std::int64_t run, std::size_t count) {
    std::vector<const MovedImage*> moved;
    for (const MovedImage& one : comparison.moved)
        if (one.run == run)
            moved.push_back(&one);
    std::ranges::stable_sort(moved, std::greater(),
                             [](const MovedImage* one) { return std::abs(one->firstRank - one->secondRank); });
    moved.resize(std::min(moved.size(), count));
    return moved;
}

std::string promptCounts(const std::vector<ComparedLine>& prompts) {
    std::array<std::size_t, 3> found{};
    for (const ComparedLine& line : prompts)
        ++found[static_cast<std::size_t>(line.change.value_or(Change::CannotTell))];
    const auto of = [&found](Change change) { return std::to_string(found[static_cast<std::size_t>(change)]); };
    return "Of " + std::to_string(prompts.size()) + " differences of single prompts " + of(Change::LeansMore) +
           " lean more, " + of(Change::LeansLess) + " lean less, " + of(Change::CannotTell) + " cannot be told.";
}

std::string comparedRunText(const ComparedRun& run) {
    return "run " + std::to_string(run.run) + ": " + run.model + (run.debias.empty() ? "" : " after " + run.debias) +
           " on " + run.images + ", " + run.created;
}

} // namespace plumbline::report
