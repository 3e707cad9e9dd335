// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/measure.h"
#include "core/metric/interval.h"

namespace plumbline::metric {

/// How uncertainty is drawn; the same for every measure of an audit. The seed alone decides the draws: they do not
/// depend on the number of threads (counter-based random numbers, one stream a replicate).
struct Resampling {
    std::uint64_t seed = 0;
    int nullDraws = 1000, bootstrapDraws = 1000; ///< 0: none, the fields that need them stay absent
    double confidence = 0.95;
    std::int64_t minGroup = 30; ///< a number that rests on fewer is not enough evidence for a finding
};

/// Several statistics at once of a resample or of relabelled rows: writes one number each, NaN where undefined.
using Statistics = std::function<void(std::span<const std::uint32_t> rows, std::span<double> values)>;

/// Draws of several statistics, one list each; a list may hold NaN.
using Draws = std::vector<std::vector<double>>;

/// The bootstrap over rows (Efron 1979): each replicate draws rows with replacement and asks `statistics` for `width`
/// numbers. `clusters`: one a row (the image's identity, the prompt's concept), whole clusters are drawn then; empty:
/// each row is its own. `name` separates the streams of different measures. `statistics` is called from several
/// threads. Cancelled.
Outcome<Draws> bootstrapRows(std::size_t rows, std::span<const std::int32_t> clusters, std::size_t width,
                             std::string_view name, const Resampling& options, const Statistics& statistics,
                             Feedback& feedback);

/// The same within strata: as many rows of each stratum as there are (fixed group sizes). `strata`: one a row, negative
/// for a row that takes no part.
Outcome<Draws> bootstrapWithinGroups(std::span<const std::int32_t> strata, std::size_t width, std::string_view name,
                                     const Resampling& options, const Statistics& statistics, Feedback& feedback);

/// The permutation null: each replicate hands `statistics` the rows 0..rows-1 in random order; what stands at place i
/// takes the label of row i. `blocks`: one a row, rows change places within their block only (paired designs); empty:
/// one block.
Outcome<Draws> permuteRows(std::size_t rows, std::span<const std::int32_t> blocks, std::size_t width,
                           std::string_view name, const Resampling& options, const Statistics& statistics,
                           Feedback& feedback);

/// Percentiles of draws. Undefined draws are left out; nothing when more than a tenth of them are.
Interval percentileInterval(std::vector<double> draws, double confidence);

/// Sets nullMean, nullP95 and pValue of a value from draws under the null (add-one, equality counts against us).
/// TwoSided takes absolute distances from `centre`.
enum class Tail { Upper, Lower, TwoSided };
void setNull(MetricValue& value, std::vector<double> draws, Tail tail, double centre = 0);

/// Sets ciLow and ciHigh.
void setInterval(MetricValue& value, const Interval& interval);

} // namespace plumbline::metric
