// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

/// METHODS A14: x' = norm(x - lambda d), t' = norm(t + lambda d), d the difference of the mean unit embeddings of
/// images and texts. Labels play no part. Errors: InvalidArgument (no usable images or texts, dimensions).
Outcome<Fitted> gapShift(const FitInput& input, double lambda, Feedback& feedback);
Outcome<Fitted> fitGapShift(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
