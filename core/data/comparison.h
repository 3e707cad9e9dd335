// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/measure.h"
#include "core/data/measure_table.h"

namespace plumbline {

/// Ids of the tables of a comparison of runs. Each names the run that is held against the first in the key "run", and
/// what a row is of in "value of": kOfFirst, kOfSecond, kOfDifference (second minus first).
inline constexpr std::string_view kComparedMeansId = "compared_means";     ///< run, attribute, value of, interval over
inline constexpr std::string_view kComparedPromptsId = "compared_prompts"; ///< run, attribute, prompt, value of
inline constexpr std::string_view kComparedUtilityId = "compared_utility"; ///< run, attribute, value of
/// Who is at the top: run (the first among them), attribute, prompt, group.
inline constexpr std::string_view kComparedGroupsId = "compared_groups";
inline constexpr const char* kOfFirst = "first";
inline constexpr const char* kOfSecond = "second";
inline constexpr const char* kOfDifference = "difference";

/// A run of a comparison, for people.
struct ComparedRun {
    std::int64_t run = 0;
    std::string model, debias, images; ///< debias: empty where the model was as it is
    std::string created;
};

/// What a difference between two runs says of the second.
enum class Change { LeansLess, LeansMore, CannotTell };
/// "leans less", "leans more", "cannot tell".
std::string_view changeText(Change change);
/// Of a difference of max_skew, min_skew, ndkl, gap or gap_sd: the corrected test finds it (at the options' level, by
/// their correction) and the interval does not hold 0. Whatever rests on too little, or has neither, cannot be told.
Change changeOf(const MeasureRow& difference, const MeasureOptions& options);

/// changeOf one difference of a comparison.
struct JudgedDifference {
    std::int64_t run = 0; ///< the second; the first is that of the comparison
    std::string attribute;
    std::string prompt; ///< empty: the mean over the prompts
    std::string measure;
    Change change = Change::CannotTell;
};

/// An image that moved, of those that are among the first k in either run.
struct MovedImage {
    std::int64_t run = 0; ///< the second
    std::string prompt;
    std::int64_t row = 0;
    std::string file;                           ///< encodeName form
    std::int64_t firstRank = 0, secondRank = 0; ///< from 1, among the images that both runs scored
};

/// Runs of a project on the same images, labels and prompts: each against the first.
struct RunComparison {
    std::vector<ComparedRun> runs;
    std::vector<std::string> refusals; ///< sentences; with any of them there is nothing below
    std::vector<std::string> cautions;
    MeasureOptions measure; ///< of the first run; k, target and definition are those of all
    std::vector<MeasureTable> tables;
    std::vector<JudgedDifference> judged;
    std::vector<MovedImage> moved; ///< by run and prompt, those that moved most first

    /// The table of this id; null where there is none.
    const MeasureTable* table(std::string_view id) const;
};

} // namespace plumbline
