// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/measure_table.h"
#include "core/metric/controls/contrast.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// What moves a score more: who is in the picture, or how it was taken? (METHODS A19, HAUS25: images that differ in
/// exactly one of six dimensions.)
struct Dimension {
    /// Person: a group of people (race, gender, age). Control: what audits should not hang on (smile, light, pose).
    /// Identity: which face or which seed; pairs that differ in nothing else are the baseline.
    enum class Role { Person, Control, Identity };
    std::string name;
    Role role = Role::Control;
    std::vector<std::int32_t> codes; ///< of a categorical dimension, one an image, negative: unknown
    std::vector<double> numbers;     ///< of a numeric one instead, NaN: unknown
    double minDistance = 0;          ///< numeric: pairs are at least this far apart (HAUS25: 1.1 for age and smile)

    bool numeric() const { return codes.empty() && !numbers.empty(); }
};

/// Whether a column's name is that of a group of people (gender, skin tone, age, ...), by its words.
bool namesPeople(std::string_view column);

/// Pairs of images that differ in one dimension and are equal in all others; images with an unknown value take no part.
struct DimensionPairs {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
    double available = 0; ///< pairs that there are
};
/// All pairs where there are at most `most`, otherwise `most` different ones at random. Errors: InvalidArgument
/// (sizes).
Result<std::vector<DimensionPairs>> pairsByDimension(std::span<const Dimension> dimensions, std::size_t images,
                                                     std::size_t most, std::uint64_t seed);

/// How far the score moves along each dimension, |score a - score b| over pairs.
///
/// Keys {"score", "dimension", "other"}. Of each dimension mean_change, median_change and the quartiles p25_change and
/// p75_change; of two dimensions superiority: the chance that a pair of the first moves more than one of the other
/// (neutral 1/2), with the p-value of Mann and Whitney's test; of each control, and the baseline, ratio_to_people: its
/// mean change over the mean of the people's dimensions; controls_to_people: that of all controls (neutral 1).
/// n counts pairs. The finding stands in the warnings as a sentence, one a score.
///
/// Pairs share images, so they are not independent: standard errors are robust to that (Aronow, Samii, Assenova,
/// "Cluster-robust variance estimation for dyadic data", Political Analysis 23(4), 2015), over images or, with a
/// dimension of identities, over identities. A test takes the larger of this and its own variance.
struct DimensionInfluence {
    std::size_t pairs = 1000; ///< sampled a dimension, as HAUS25
};
Result<MeasureTable> dimensionInfluence(std::span<const NamedScores> scores, std::span<const Dimension> dimensions,
                                        const DimensionInfluence& what, const Resampling& options);

} // namespace plumbline::metric
