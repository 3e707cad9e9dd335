// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/comparison.h"
#include "core/store/project.h"

namespace plumbline::audit {

/// Images that a comparison names for each prompt and pair of runs.
inline constexpr std::size_t kMovedImages = 10;

/// Holds finished runs against the first of them, from the scores and results that the project keeps; neither images
/// nor models are read. Refused (RunComparison::refusals) where they do not ask the same of the same: images, labels,
/// prompts, attributes, k, target, definition. All differences of the prompts are one family of tests, all
/// differences of the means another. Errors: InvalidArgument (fewer than two runs, one twice), RecordUnknown (a run
/// that is not finished), those of the store and of metric::comparePaired; Cancelled.
Outcome<RunComparison> compareRuns(store::Project& project, std::span<const std::int64_t> runs, Feedback& feedback);

} // namespace plumbline::audit
