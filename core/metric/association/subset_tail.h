// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace plumbline::metric {

/// The chance that the values of `picked` items, drawn at random without replacement, sum to `sum` or more: the tail of
/// a permutation test of two means where random partitions cannot reach it. Saddlepoint approximation (Skovgaard,
/// "Saddlepoint expansions for conditional distributions", Journal of Applied Probability 24(4), 1987; for permutation
/// tests Booth and Butler, Biometrika 77(4), 1990): with I_i Bernoulli(picked / n), the law of sum a_i I_i given sum
/// I_i = picked, in Barndorff-Nielsen's form. Its error is relative, of order 1 / picked, also far out. For sums above
/// the mean; 0 beyond the largest that is possible; nothing near it, or where the values are too few or too alike.
std::optional<double> subsetSumTail(std::span<const double> values, std::size_t picked, double sum);

} // namespace plumbline::metric
