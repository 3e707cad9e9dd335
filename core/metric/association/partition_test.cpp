// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/partition_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/random.h"
#include "core/metric/association/subset_tail.h"
#include "core/metric/association/vectors.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {

namespace {

constexpr std::int64_t kFewest = 10'000;                ///< partitions that are sampled however large the sets are
constexpr double kWork = 4e8;                           ///< additions that a sampled test is worth
constexpr double kSmallestP = 1e-15;                    ///< no approximation is asked for more
constexpr std::size_t kMostSums = std::size_t{1} << 24; ///< sums in memory at a time

/// Centred columns, one row an item.
struct Columns {
    std::vector<double> values;
    std::size_t items = 0, width = 0;
    const double* row(std::size_t item) const { return values.data() + item * width; }
};

Columns centred(std::span<const double> values, std::size_t all, std::size_t from, std::size_t to) {
    Columns columns;
    columns.items = values.size() / all;
    columns.width = to - from;
    columns.values.resize(columns.items * columns.width);
    for (std::size_t c = from; c < to; ++c) {
        double mean = 0;
        for (std::size_t i = 0; i < columns.items; ++i)
            mean += values[i * all + c];
        mean /= static_cast<double>(columns.items);
        for (std::size_t i = 0; i < columns.items; ++i)
            columns.values[i * columns.width + c - from] = values[i * all + c] - mean;
    }
    return columns;
}

/// sums[column] of every partition, column by column. Every set's sum is made anew along its own items (prefixes are
/// kept), so rounding does not pile up from partition to partition.
bool enumerate(const Columns& columns, std::size_t picked, std::size_t partitions, std::vector<double>& sums,
               Feedback& feedback) {
    const std::size_t width = columns.width;
    std::vector<std::size_t> pick(picked);
    std::iota(pick.begin(), pick.end(), std::size_t{0});
    std::vector<double> prefix((picked + 1) * width, 0.0);
    std::size_t changed = 0;
    for (std::size_t partition = 0;; ++partition) {
        for (std::size_t level = changed; level < picked; ++level)
            for (std::size_t c = 0; c < width; ++c)
                prefix[(level + 1) * width + c] = prefix[level * width + c] + columns.row(pick[level])[c];
        for (std::size_t c = 0; c < width; ++c)
            sums[c * partitions + partition] = prefix[picked * width + c];
        if (partition % 65536 == 0 && feedback.cancelled())
            return false;
        std::size_t level = picked;
        while (level > 0 && pick[level - 1] == columns.items - picked + level - 1)
            --level;
        if (level == 0)
            return true;
        changed = level - 1;
        ++pick[changed];
        for (std::size_t next = changed + 1; next < picked; ++next)
            pick[next] = pick[next - 1] + 1;
    }
}

/// The sums of the items in `observed` first, then of random sets of `picked` items.
bool sample(const Columns& columns, std::size_t picked, std::size_t partitions, std::string_view name,
            std::uint64_t seed, std::vector<double>& sums, Feedback& feedback) {
    struct Scratch {
        std::vector<std::uint32_t> items;
        std::vector<std::size_t> swapped;
        std::vector<double> sum;
    };
    const std::uint64_t stream = streamId("partitions/" + std::string(name));
    return forEachReplicate(
        partitions - 1, feedback,
        [&] {
            Scratch scratch{std::vector<std::uint32_t>(columns.items), std::vector<std::size_t>(picked),
                            std::vector<double>(columns.width)};
            std::iota(scratch.items.begin(), scratch.items.end(), 0U);
            return scratch;
        },
        [&](Scratch& scratch, std::size_t i) {
            RandomStream random(seed, stream, i);
            std::ranges::fill(scratch.sum, 0.0);
            for (std::size_t j = 0; j < picked; ++j) {
                scratch.swapped[j] = j + random.below(columns.items - j);
                std::swap(scratch.items[j], scratch.items[scratch.swapped[j]]);
                const double* row = columns.row(scratch.items[j]);
                for (std::size_t c = 0; c < columns.width; ++c)
                    scratch.sum[c] += row[c];
            }
            for (std::size_t j = picked; j-- > 0;) // back in order: the next draw must not depend on this one
                std::swap(scratch.items[j], scratch.items[scratch.swapped[j]]);
            for (std::size_t c = 0; c < columns.width; ++c)
                sums[c * partitions + i + 1] = scratch.sum[c];
        });
}

/// The chances that the first set's sum lies as far out as `sum` on its own side, and on the other; 1 where the
/// approximation says nothing. Its error is of the order of 1 / picked (measured: at most 3 / picked, at the very end
/// of what is possible), so the tails are raised by 5 / picked: never too small.
struct Tails {
    double own = 1, other = 1;
};
Tails tailsOf(std::vector<double>& values, std::size_t first, double sum) {
    Tails tails;
    for (int side = 0; side < 2; ++side) {
        // The lower tail is the upper one of the values with the sign turned.
        if (const auto tail = subsetSumTail(values, first, std::abs(sum)))
            (side == 0 ? (sum > 0 ? tails.own : tails.other) : (sum > 0 ? tails.other : tails.own)) =
                *tail * (1 + 5 / static_cast<double>(std::min(first, values.size() - first)));
        for (double& value : values)
            value = -value;
    }
    return tails;
}

double percentile95(std::vector<double>& values) {
    const auto place = static_cast<std::ptrdiff_t>(std::ceil(0.95 * static_cast<double>(values.size()))) - 1;
    std::nth_element(values.begin(), values.begin() + place, values.end());
    return values[static_cast<std::size_t>(place)];
}

} // namespace

std::optional<std::int64_t> choose(std::int64_t n, std::int64_t k, std::int64_t most) {
    if (k < 0 || k > n)
        return 0;
    k = std::min(k, n - k);
    std::int64_t number = 1;
    for (std::int64_t i = 1; i <= k && number <= most; ++i) // grows with i, since k is at most half of n
        number = number * (n - k + i) / i;
    return number <= most ? std::optional(number) : std::nullopt;
}

Outcome<std::vector<PartitionTest>> partitionTests(std::span<const double> values, std::size_t columns,
                                                   std::size_t first, double scale, std::string_view name,
                                                   const Partitions& partitions, Feedback& feedback) {
    for (const std::int64_t number : {partitions.exact, partitions.sampled})
        if (number < 1 || number > Partitions::kMost)
            return unusableArgument("partitions", std::to_string(number), "1 to " + std::to_string(Partitions::kMost));
    const std::size_t items = columns == 0 ? 0 : values.size() / columns;
    if (columns == 0)
        return std::vector<PartitionTest>();
    if (first == 0 || first >= items)
        return unusableArgument("first", std::to_string(first), "an item in both sets");
    // The smaller set is drawn; its sum is the other's with the sign turned, since the values are centred.
    const bool turned = first > items - first;
    const std::size_t picked = std::min(first, items - first);
    const auto all = choose(static_cast<std::int64_t>(items), static_cast<std::int64_t>(picked), partitions.exact);
    const double most = kWork / (static_cast<double>(picked) * (3 + static_cast<double>(columns)));
    const std::int64_t sampled =
        std::min(partitions.sampled, std::max(kFewest, static_cast<std::int64_t>(std::min(most, 1e9))));
    const auto count = static_cast<std::size_t>(all ? *all : std::max<std::int64_t>(2, sampled));
    const double perSum = 1 / static_cast<double>(first) + 1 / static_cast<double>(items - first);
    const double slack = 1e-12 * scale * static_cast<double>(picked);

    std::vector<PartitionTest> tests(columns);
    const std::size_t atOnce = std::max<std::size_t>(1, kMostSums / count);
    for (std::size_t from = 0; from < columns; from += atOnce) {
        const Columns some = centred(values, columns, from, std::min(columns, from + atOnce));
        std::vector<double> observed(some.width, 0.0);
        for (std::size_t j = 0; j < picked; ++j) {
            const double* row = some.row(turned ? first + j : j);
            for (std::size_t c = 0; c < some.width; ++c)
                observed[c] += row[c];
        }
        std::vector<double> sums(some.width * count);
        if (!all)
            for (std::size_t c = 0; c < some.width; ++c)
                sums[c * count] = observed[c];
        if (!(all ? enumerate(some, picked, count, sums, feedback)
                  : sample(some, picked, count, name, partitions.seed, sums, feedback)))
            return tl::unexpected<Stop>(Cancelled{});
        for (std::size_t c = 0; c < some.width; ++c) {
            std::vector<double> signedSums(sums.begin() + static_cast<std::ptrdiff_t>(c * count),
                                           sums.begin() + static_cast<std::ptrdiff_t>((c + 1) * count));
            if (turned)
                for (double& sum : signedSums)
                    sum = -sum;
            const double here = turned ? -observed[c] : observed[c];
            std::int64_t atLeast = 0, above = 0, asFar = 0;
            for (const double sum : signedSums) {
                atLeast += sum >= here - slack ? 1 : 0;
                above += sum > here + slack ? 1 : 0;
                asFar += std::abs(sum) >= std::abs(here) - slack ? 1 : 0;
            }
            PartitionTest& test = tests[from + c];
            const auto number = static_cast<double>(count);
            test.partitions = static_cast<std::int64_t>(count);
            test.exact = all.has_value();
            test.greaterEqual = static_cast<double>(atLeast) / number;
            test.greater = static_cast<double>(above) / number;
            test.twoSided = static_cast<double>(asFar) / number;
            if (!all && asFar == 1) {
                // No partition but the observed one is so far out: its tails say more than the number of draws does.
                std::vector<double> column(items);
                for (std::size_t i = 0; i < items; ++i)
                    column[i] = some.row(i)[c];
                const auto tails = tailsOf(column, first, here);
                test.twoSided = std::min(test.twoSided, std::max(kSmallestP, tails.own + tails.other));
                if (atLeast == 1)
                    test.greaterEqual = std::min(test.greaterEqual, std::max(kSmallestP, tails.own));
            }
            test.upper95 = percentile95(signedSums) * perSum;
            for (double& sum : signedSums)
                sum = std::abs(sum);
            test.size95 = percentile95(signedSums) * perSum;
        }
    }
    return tests;
}

} // namespace plumbline::metric
