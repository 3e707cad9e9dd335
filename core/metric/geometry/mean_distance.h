// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "core/metric/interval.h"

namespace plumbline::metric {

/// A sample of vectors that are made on request.
struct VectorSample {
    std::size_t n = 0, dim = 0;
    std::function<void(std::size_t i, std::span<double> to)> row; ///< writes vector i
};

/// The distance between two mean vectors, and what it rests on.
///
/// The length of a difference of sample means is biased upwards by noise, above all near 0, where percentiles of
/// resampled lengths never cover. So the squared length is estimated without bias, q = |d|^2 - tr S_a / n_a - tr S_b /
/// n_b (Chen and Qin, "A two-sample test for high-dimensional data with applications to gene-set testing", Annals of
/// Statistics 38(2), 2010). Its variance at a true squared length t is 4 t s + 2 T, with s the variance of the
/// difference along its own direction and T = tr((Sigma_a / n_a + Sigma_b / n_b)^2). The interval holds every t that is
/// not rejected, (q - t)^2 <= z^2 (4 t s + 2 T): a quadratic inequality, as in Wilson's interval.
struct MeanDistance {
    double plain = 0;              ///< |mean a - mean b|, as papers define it
    std::optional<double> squared; ///< unbiased estimate of its square, may be negative; absent for a sample of one
    std::optional<double> along;   ///< s
    std::optional<double> spread;  ///< T; absent for a sample of fewer than four

    /// sqrt(max(0, squared)): the distance without what noise adds.
    std::optional<double> corrected() const;
    Interval interval(double confidence) const;
};

/// Distance between the means of `a` and of `b`, or of `a` and a point. tr(Sigma^2) is estimated from
/// kMeanDistanceDraws random quadruples; `name` separates the draws of different distances.
MeanDistance meanDistance(const VectorSample& a, const VectorSample& b, std::uint64_t seed, std::string_view name);
MeanDistance meanDistance(const VectorSample& a, std::span<const double> point, std::uint64_t seed,
                          std::string_view name);
inline constexpr int kMeanDistanceDraws = 1000;

} // namespace plumbline::metric
