// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/captions.h"

namespace plumbline::formats {

struct CounterfactualOptions {
    std::string setColumn;     ///< empty: the first of counterfactual_set, set, set_id
    std::string captionColumn; ///< empty: the first of caption, title, text
    /// Instead of a caption column: "a photo of a {occupation}", where {COLUMN} is the row's value and
    /// {COLUMN|OTHERWISE} has something for rows without one. Of a folder of sets {folder} alone: the set's name
    /// without the number at its end.
    std::string captionTemplate;
    bool sharedCaption = false; ///< of each set the words that all its captions have, in their order
    std::vector<std::pair<std::string, std::string>> where = {}; ///< column, value: only rows that have all of these
};

/// Images in counterfactual sets, and what was left out. Counts are exact; the lists hold the first 100.
struct CounterfactualSets {
    CaptionedImages images;        ///< with setOf; nothing held out
    std::vector<std::string> sets; ///< the names, by number
    std::int64_t rows = 0;         ///< of the table, or images of the folder
    std::int64_t filteredRows = 0; ///< left out by `where`
    std::int64_t missing = 0;      ///< rows whose file is not there
    std::int64_t incomplete = 0;   ///< rows or images without a set or a caption, and rows that are none
    std::int64_t duplicates = 0;   ///< further rows for a file that an earlier row named
    std::int64_t singles = 0;      ///< sets with one image
    std::int64_t mixed = 0;        ///< sets whose images have different captions
    std::vector<std::string> missingExamples, incompleteExamples, duplicateExamples, singleExamples, mixedExamples;
};

/// Reads counterfactual sets (METHODS B2) with their captions, from one of
///  * a label table with a column for the set (the sample's `set`, SocialCounterfactuals' `counterfactual_set`) and one
///    for the caption; files relative to `root` or to the table;
///  * the table that SocialCounterfactuals' generation writes (`filename`, `caption_0` ...; METHODS D10): the images
///    under `root` are named FILENAME_CAPTION_N, and those with one FILENAME and N are a set;
///  * a folder with a folder for each set. Captions: `captions.csv` in it (set or file, and caption), or `caption.txt`
///    (or captions.txt) in a set's folder, its first line; else the set's name in words, without the number at its end.
/// `root` empty: the table's folder. Errors: those of readImageSet and readCsv; InvalidArgument for a template that is
/// none, or an option that has no place; LabelsMatchNothing where nothing is left; Cancelled.
Outcome<CounterfactualSets> readCounterfactualSets(const std::filesystem::path& tableOrFolder,
                                                   const std::filesystem::path& root,
                                                   const CounterfactualOptions& options, Feedback& feedback);

} // namespace plumbline::formats
