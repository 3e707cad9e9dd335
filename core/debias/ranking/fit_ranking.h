// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/fit.h"

namespace plumbline::debias {

// The methods det-greedy, det-cons, det-relaxed, det-const-sort and fa-ir: a rule for the rankings to come. Only
// labels=predicted takes something from the embeddings, the classifier.
Outcome<Fitted> fitDetGreedy(const FitInput& input, const Parameters& parameters, Feedback& feedback);
Outcome<Fitted> fitDetCons(const FitInput& input, const Parameters& parameters, Feedback& feedback);
Outcome<Fitted> fitDetRelaxed(const FitInput& input, const Parameters& parameters, Feedback& feedback);
Outcome<Fitted> fitDetConstSort(const FitInput& input, const Parameters& parameters, Feedback& feedback);
Outcome<Fitted> fitFairIr(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
