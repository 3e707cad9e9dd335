// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct MeanDifferenceOptions {
    bool shift = false; ///< every row is moved along the direction instead of projected off it
    double beta = 1;    ///< length of the shift; positive towards the second group
    Apply apply = Apply::Images;
};

/// METHODS B10. A shift needs two groups. Errors also: InvalidArgument (a shift between more groups, nothing left).
Outcome<Fitted> meanDifference(const FitInput& input, const MeanDifferenceOptions& options, Feedback& feedback);
Outcome<Fitted> fitMeanDifference(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
