// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::metric {

/// How the partitions of a permutation test are gone through.
struct Partitions {
    std::int64_t exact = 100'000;   ///< all of them where there are at most so many; 1 to kMost
    std::int64_t sampled = 100'000; ///< otherwise so many: the observed one and the rest at random; 2 to kMost
    std::uint64_t seed = 0;
    static constexpr std::int64_t kMost = 10'000'000;
};

/// The permutation test of the difference of means of two sets, over partitions of all values into sets of the same
/// sizes (WEAT: Caliskan, Bryson and Narayanan, Science 356(6334), 2017; METHODS A8). Difference of means and
/// difference of sums order the partitions alike, since the sizes stay. Values are centred first, so the two-sided test
/// is about the mean difference whatever the sizes. Differences that are equal up to rounding count as equal. Where
/// partitions are sampled and none but the observed one is so extreme, the p-values are those of subsetSumTail, so that
/// they can fall below 1 / partitions (to 1e-15 at the least).
struct PartitionTest {
    std::int64_t partitions = 0; ///< that were looked at, the observed one among them
    bool exact = false;          ///< all that there are
    double greaterEqual = 1;     ///< share at least as large as the observed one (equality counts against us)
    double greater = 0;          ///< share that is larger
    double twoSided = 1;         ///< share whose size is at least the observed one's
    double upper95 = 0;          ///< 95th percentile of the mean difference, and of its size
    double size95 = 0;
};

/// The number of sets of k of n things; nothing where that is above `most`.
std::optional<std::int64_t> choose(std::int64_t n, std::int64_t k, std::int64_t most);

/// Tests several columns of values at once over the same partitions. `values`: row-major, one row an item and one
/// column a test, all finite; the first `first` items are the observed first set. `scale`: the size of the values that
/// rounding is judged by (1 for cosines). Both sets need an item. `name` separates the draws. Where partitions are
/// sampled from large sets their number is lowered (to 10,000 at the least, or to `sampled`) so that the test ends in
/// seconds; PartitionTest says how many were looked at. Same bits for any number of threads. Errors: InvalidArgument.
Outcome<std::vector<PartitionTest>> partitionTests(std::span<const double> values, std::size_t columns,
                                                   std::size_t first, double scale, std::string_view name,
                                                   const Partitions& partitions, Feedback& feedback);

} // namespace plumbline::metric
