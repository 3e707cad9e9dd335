// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plumbline::metric {

/// The front of a ranking of the labelled rows: by descending score, ties by ascending row number, rows whose score is
/// NaN last (or first) in row order.
struct RankOrder {
    std::vector<std::uint32_t> rows; ///< the first min(prefix, labelled rows) rows
    std::int64_t notNumbers = 0;     ///< labelled rows with NaN
};

/// `groups`: one a score; a row with a negative group takes no part. O(n + prefix log prefix) time, O(prefix) memory.
RankOrder rankOrder(std::span<const double> scores, std::span<const std::int32_t> groups, std::size_t prefix,
                    bool notNumbersFirst = false);
RankOrder rankOrder(std::span<const float> scores, std::span<const std::int32_t> groups, std::size_t prefix,
                    bool notNumbersFirst = false);

} // namespace plumbline::metric
