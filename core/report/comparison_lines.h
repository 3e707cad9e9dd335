// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/comparison.h"

namespace plumbline::report {

/// What was found of one difference, beside the two values that it is the difference of. Points into the comparison.
struct ComparedLine {
    std::string attribute; ///< empty: of all images
    std::string prompt;    ///< empty: of no single one
    std::string measure;
    const MeasureRow *first = nullptr, *second = nullptr, *difference = nullptr;
    std::optional<Change> change; ///< none: it is not judged
};

// Each of one run against the first.
/// The means over the prompts, with intervals over the images.
std::vector<ComparedLine> comparedMeans(const RunComparison& comparison, std::int64_t run);
std::vector<ComparedLine> comparedUtility(const RunComparison& comparison, std::int64_t run);
/// MaxSkew, MinSkew and NDKL of every prompt: what leans more, what leans less, then the rest; the largest first.
std::vector<ComparedLine> comparedPrompts(const RunComparison& comparison, std::int64_t run);
/// The images that moved furthest.
std::vector<const MovedImage*> movedMost(const RunComparison& comparison, std::int64_t run, std::size_t count);

/// "Of 36 differences of single prompts 7 lean more, 0 lean less, 29 cannot be told."
std::string promptCounts(const std::vector<ComparedLine>& prompts);
/// "run 3: faceclip-a after LEACE on faces, 2026-11-01T10:00:00Z"
std::string comparedRunText(const ComparedRun& run);

} // namespace plumbline::report
