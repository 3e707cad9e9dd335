// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"

namespace plumbline::debias {

// Mutual information, in nats, of each coordinate of `x` with a group, one value a coordinate. `codes`: one a row, from
// 0 to groups - 1. Same bits for any number of threads. Errors: Cancelled.

/// Mixed-KSG (Gao et al., NeurIPS 2017; METHODS B5) for a group, which has no distance to another:
///
///   I = (1/N) sum_i [psi(k_i) + ln N - psi(n_i) - psi(N_i)],
///
/// N_i the rows of row i's group. With d the distance to the k-th nearest row of the same group, k_i = k and n_i is the
/// number of rows of any group nearer than d, itself included. Where d is 0 (ties), k_i and n_i are the rows of the
/// group, and of all groups, with the very same value. Can be slightly negative. Every group needs more than k rows.
Outcome<std::vector<double>> mixedKsg(const Embeddings& x, std::span<const std::int32_t> codes, std::size_t groups,
                                      std::size_t k, Feedback& feedback);

/// Of a histogram with 64 bins from the least to the greatest value, smoothed by a Gaussian of one bin (Wang, Liu,
/// Wang, EMNLP 2021). Groups are not smoothed into each other; for two that is what the published code computes.
Outcome<std::vector<double>> histogramInformation(const Embeddings& x, std::span<const std::int32_t> codes,
                                                  std::size_t groups, Feedback& feedback);

} // namespace plumbline::debias
