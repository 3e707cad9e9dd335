// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/debias/fit.h"
#include "core/debias/ranking/rules.h"

namespace plumbline::debias {

/// kappa of a row of cosines with the rule's texts.
double gateValue(const ScoreRule& rule, std::span<const float> cosines);

/// Mean over the rows of softmax(logitScale s + kappa bias): how often each text is predicted. Rows with a value that
/// is not finite take no part.
std::vector<double> meanShares(const ScoreRule& rule, std::span<const float> cosines);

struct BiasFit {
    std::vector<double> bias; ///< of mean 0
    std::int64_t rows = 0;    ///< that took part
    double furthest = 0;      ///< largest difference of a mean share from its target
};

/// The bias for which the mean shares of these rows are `target` (above 0, of sum 1, one a text): the minimum of the
/// convex sum over rows of logsumexp(l + kappa b) / kappa - target b, by Newton's method with conjugate gradients.
/// Errors: ScoresInvalid (no row with finite values); Cancelled.
Outcome<BiasFit> fitBias(const ScoreRule& rule, std::span<const float> cosines, std::span<const double> target,
                         Feedback& feedback);

/// The method `logit-bias`.
Outcome<Fitted> fitLogitBias(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
