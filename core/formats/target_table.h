// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/measure.h"

namespace plumbline::formats {

/// A table of target shares: the columns group and share (or proportion, percent), and perhaps concept, whose prompts have
/// these shares; rows without a concept, or with "*", are for all others. The shares of a concept add up to 1 (published
/// percentages are rounded: within 0.01). Errors: TargetInvalid, readCsv's.
Result<Target> readTargetTable(const std::filesystem::path& path);

/// The shares of a table without concepts. Errors: the same; TargetInvalid for a table with concepts.
Result<std::vector<std::pair<std::string, double>>> readTargetShares(const std::filesystem::path& path);

/// Target shares that come with the program, one JSON file each under resources/labels.
struct TargetPreset {
    std::string name, title, citation;
    std::vector<ConceptShares> concepts;
};
const std::vector<TargetPreset>& targetPresets();

/// What `--target` takes: "pool", "uniform", "conditional", a preset ("visogender-us": each concept its own shares), one of
/// its concepts ("visogender-us:doctor": its shares for every prompt), or the path of a table. Errors: TargetInvalid,
/// readTargetTable's.
Result<Target> readTarget(const std::string& text);

} // namespace plumbline::formats
