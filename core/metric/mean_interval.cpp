// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/mean_interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>

namespace plumbline::metric {

namespace {

/// t with P(|T| <= t) = confidence.
double studentQuantile(double confidence, double freedom) {
    // P(|T| > t) = I_x(freedom / 2, 1/2) with x = freedom / (freedom + t^2).
    const double x = boost::math::ibeta_inv(freedom / 2, 0.5, 1 - confidence);
    return std::sqrt(freedom * (1 - x) / x);
}

} // namespace

Interval studentInterval(double estimate, double standardError, double freedom, double confidence) {
    const double half = studentQuantile(confidence, freedom) * standardError;
    return {estimate - half, estimate + half};
}

double studentP(double t, double freedom) {
    if (std::isinf(t))
        return std::numeric_limits<double>::min();
    return std::clamp(boost::math::ibeta(freedom / 2, 0.5, freedom / (freedom + t * t)),
                      std::numeric_limits<double>::min(), 1.0);
}

Mean meanInterval(std::span<const double> values, double confidence) {
    Mean result;
    double sum = 0;
    for (const double value : values)
        if (std::isfinite(value)) {
            sum += value;
            ++result.n;
        }
    if (result.n == 0)
        return result;
    const auto n = static_cast<double>(result.n);
    result.mean = sum / n;
    if (result.n < 2)
        return result;
    double squares = 0;
    for (const double value : values)
        if (std::isfinite(value))
            squares += (value - *result.mean) * (value - *result.mean);
    result.sd = std::sqrt(squares / (n - 1));
    result.interval = studentInterval(*result.mean, *result.sd / std::sqrt(n), n - 1, confidence);
    return result;
}

} // namespace plumbline::metric
