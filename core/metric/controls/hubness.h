// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Images that answer everything: how often each image is among the first k of a prompt (METHODS A25, a reconstruction;
/// the k-occurrence of Radovanovic, Nanopoulos, Ivanovic, "Hubs in space", JMLR 11, 2010).
struct Hubness {
    std::vector<std::int64_t> occurrence; ///< of each image; -1: takes no part
    double mean = 0, sd = 0;              ///< over the images that take part, ddof 1
    std::optional<double> skewness;       ///< third standardised moment; absent where all occur alike
    double limit = 0;                     ///< mean + kHubSds sd
    std::vector<std::uint32_t> flagged;   ///< images above the limit, in order
};
inline constexpr double kHubSds = 5;

/// `scores`: prompts x images, row-major (as `cosines(texts, images)` gives them); `takesPart`: one an image, empty:
/// all. Errors: InvalidArgument, KInvalid.
Result<Hubness> hubness(std::span<const float> scores, std::size_t images, std::size_t k,
                        const std::vector<bool>& takesPart = {});

/// Keys {"prompt"}: occurrence_skewness (interval over images, by influence), hub_share: share of the images that are
/// flagged (Wilson), and of each prompt max_skew with all images and max_skew_without_hubs. Errors: those of Meter.
struct HubnessResult {
    Hubness hubs;
    MeasureTable table;
};
Outcome<HubnessResult> hubnessOfAudit(std::span<const float> scores, const std::vector<std::string>& prompts,
                                      const Attribute& attribute, const MeasureOptions& ranking,
                                      const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
