// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct InlpOptions {
    std::size_t rank = 20; ///< directions to remove at most
    double epsilon = 0.01; ///< accuracy above chance at which it ends
    double l2 = 1;         ///< penalty of the classifiers
    Apply apply = Apply::Images;
};

/// METHODS B10. Every fifth image of each group is held out; it ends when the classifiers of the others are right of
/// them no more often than the majority is, and of each group no more often than by chance. Errors also:
/// InvalidArgument (a group of fewer than 5 images, a single dimension).
Outcome<Fitted> inlp(const FitInput& input, const InlpOptions& options, Feedback& feedback);
Outcome<Fitted> fitInlp(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
