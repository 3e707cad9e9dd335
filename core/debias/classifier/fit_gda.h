// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/classifier/gaussian.h"
#include "core/debias/classifier/training_rows.h"
#include "core/debias/fit.h"

namespace plumbline::debias {

/// The method `gda`: x' = x̂ - sum_g p(g | x) (mean_g - mean).
Outcome<Fitted> fitGda(const FitInput& input, const Parameters& parameters, Feedback& feedback);

/// What a user wants to know of the classifier: how often it is right, and what it mistakes for what.
void tellOfClassifier(const GaussianFit& fit, const TrainingRows& rows, Fitted& fitted);

/// How well a Gaussian classifier that was fitted for it tells the groups apart before and after: two facts. `after`:
/// the rows of `rows` in their order, not yet of unit length. Errors: Cancelled.
Outcome<void> tellOfSeparability(const TrainingRows& rows, Embeddings after, std::uint64_t seed, Feedback& feedback,
                                 Fitted& fitted);

} // namespace plumbline::debias
