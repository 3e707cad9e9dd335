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

/// Image quality as a covariate (METHODS A25, a reconstruction, after CLIP-IQA: Wang, Chan, Loy, "Exploring CLIP for
/// assessing the look and feel of images", AAAI 2023): does a lean stay where groups have photos of the same quality?

/// softmax(scale * [good, bad])[0] of the cosines with "Good photo." and "Bad photo."; NaN where one of them is.
std::vector<double> imageQuality(std::span<const double> good, std::span<const double> bad, double scale = 100);

/// Images of which every group has as many in each of `strata` equal parts of the quality's range of ranks.
struct QualityMatch {
    std::vector<std::uint32_t> rows; ///< kept, in order
    std::vector<std::int64_t> kept;  ///< of each group of the attribute
    int empty = 0;                   ///< strata that some group does not have
};
/// Equal qualities share a stratum. In each stratum the rarest group keeps all, the others as many by lot (seed).
/// Errors: InvalidArgument; AttributeSingleGroup, AttributeEmpty.
Result<QualityMatch> matchOnQuality(std::span<const double> quality, const Attribute& attribute, int strata,
                                    std::uint64_t seed);

/// The audit before and after. `scores`: prompts x images. After matching k is the same share of the images as before.
/// Keys {"prompt", "group"}: mean_quality of each group and quality_range (p: Kruskal and Wallis); of each prompt
/// max_skew, max_skew_matched and change, whose null keeps as many random images of each group regardless of quality
/// and whose interval is that of the population's change (none without the ranking's bootstrap draws);
/// skew and skew_matched of each group. Errors: those of matchOnQuality and Meter.
Outcome<MeasureTable> qualityControlled(std::span<const float> scores, const std::vector<std::string>& prompts,
                                        std::span<const double> quality, const Attribute& attribute,
                                        const MeasureOptions& ranking, const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
