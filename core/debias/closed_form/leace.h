// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct LeaceOptions {
    bool shrinkage = false; ///< the covariance is shrunk towards a multiple of the identity
    /// Singular values of the cross-covariance that are left; none: those that rounding makes, so that all means come
    /// to coincide. With `orth` a share of the largest.
    std::optional<double> tolerance;
    bool orth = false; ///< the orthogonal projection instead of the smallest change
    Apply apply = Apply::Images;
};

struct LeaceMap {
    LinearMap map;             ///< y = x - W+ U U^T W (x - mean)
    std::size_t rank = 0;      ///< directions removed
    double shrunk = 0;         ///< weight of the identity in the covariance
    bool traceGuarded = false; ///< mixed with the orthogonal projection, as the variance would have grown
};

/// METHODS B10 on rows of any length. Covariances have n - 1. Errors: InvalidArgument (fewer than 2 rows, rows without
/// variance); Cancelled.
Outcome<LeaceMap> leaceOf(const FitRows& rows, const LeaceOptions& options, Feedback& feedback);

/// Texts get the same linear part around their own mean. Errors also: InvalidArgument (texts are to be changed and none
/// were given).
Outcome<Fitted> leace(const FitInput& input, const LeaceOptions& options, Feedback& feedback);
Outcome<Fitted> fitLeace(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
