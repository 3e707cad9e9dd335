// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/metric/interval.h"

namespace plumbline::metric {

/// A mean of independent values with its interval by Student's t. Values that are not finite are left out.
struct Mean {
    std::int64_t n = 0;
    std::optional<double> mean; ///< absent without a value
    std::optional<double> sd;   ///< ddof 1; absent for fewer than two
    Interval interval;          ///< absent for fewer than two
};
Mean meanInterval(std::span<const double> values, double confidence);

/// Ends of the interval estimate ± t se with `freedom` degrees of freedom (> 0).
Interval studentInterval(double estimate, double standardError, double freedom, double confidence);

/// Two-sided p of t with `freedom` degrees of freedom (> 0); never 0.
double studentP(double t, double freedom);

} // namespace plumbline::metric
