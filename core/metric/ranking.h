// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plumbline::metric {

/// The first k rows by descending score, ties by ascending row number; rows with NaN are left out (+inf and -inf take
/// part). Returns min(k, finite-or-infinite rows) row numbers. O(n + k log k).
std::vector<std::uint32_t> topRows(std::span<const double> scores, std::size_t k);
std::vector<std::uint32_t> topRows(std::span<const float> scores, std::size_t k);

} // namespace plumbline::metric
