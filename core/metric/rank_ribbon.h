// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/labels.h"
#include "core/data/measure.h"

namespace plumbline::metric {

/// The front of one ranking, image by image, and how the shares of the groups run along it.
struct RankRibbon {
    struct Place {
        std::uint32_t row = 0;   ///< of the attribute
        std::uint32_t group = 0; ///< index into `groups`
        float score = 0;
    };
    std::int64_t n = 0;              ///< images that are ranked
    std::int64_t k = 0;              ///< of the measurement, at most n; may lie beyond `places`
    std::vector<Place> places;       ///< by rank, the first is rank 1
    std::vector<std::int64_t> ranks; ///< at which shares are given, ascending; the last is places.size()
    struct Group {
        std::string name;
        std::int64_t images = 0;                      ///< of the n
        std::int64_t inTop = 0;                       ///< among the first k
        double target = 0;                            ///< its share of what the ranking is measured against
        double topShare = 0, topLow = 0, topHigh = 0; ///< among the first k, and where random rankings have it
        std::int64_t best = 0;                        ///< its first rank; 0: none is among the places
        /// Of `ranks`: the share among the first so many, and the central 95 % of random rankings of the same images,
        /// each rank by itself (exact, hypergeometric).
        std::vector<double> share, nullLow, nullHigh;
    };
    std::vector<Group> groups; ///< those that have an image, in byte order of the name
};

/// `scores`: one a row of the attribute; an unlabelled row and one whose score is NaN have no rank. Ordered as
/// measurements are: higher scores first, ties by row. `options`: k, target and definition. `depth` ranks are given (at
/// least 1, at most n), and shares at `points` (at least 2) of them or, where there are fewer, at each.
/// Errors: AttributeEmpty, TargetInvalid, ScoresInvalid. O(n + depth log depth).
Result<RankRibbon> rankRibbon(const Attribute& attribute, const MeasureOptions& options, std::span<const float> scores,
                              std::int64_t depth, std::size_t points);

} // namespace plumbline::metric
