// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"

namespace plumbline::metric {

/// Logistic regression with an L2 penalty, the linear probe of embeddings (Alain and Bengio, "Understanding
/// intermediate layers using linear classifier probes", 2016). Minimises
///
///   sum over rows of ln(1 + exp(-y z)) + l2 / 2 |w|^2,   z = w x + b,   y = +1 or -1,
///
/// so that l2 = 1 is scikit-learn's C = 1. The bias is not penalised. Found by Newton's method with conjugate gradients
/// and a backtracking line search in double precision: no random numbers, same bits for any number of threads.
struct LogisticOptions {
    double l2 = 1.0;          ///< >= 0; with 0 there is no optimum where a plane separates the classes
    bool standardise = false; ///< the penalty is on columns of mean 0 and standard deviation 1 (ddof 0)
    double tolerance = 1e-8;  ///< done when no component of the mean objective's gradient is larger
    int maxIterations = 100;  ///< Newton steps
};

/// A fitted plane, in the units of the columns as they came in (standardised or not).
struct LogisticFit {
    std::vector<double> weights; ///< one a column; 0 for a constant column where columns are standardised
    double bias = 0;
    bool converged = false; ///< false: the last step, not the optimum (separable classes without penalty, usually)
    int iterations = 0;

    /// ln(P(1) / P(0)) of an embedding of the same dimension.
    double logOdds(std::span<const float> embedding) const;
};

/// One plane a class against all others; `predict` names the class with the highest log odds, the first on ties.
struct OneVsRestFit {
    std::vector<LogisticFit> classes;

    bool converged() const;
    std::size_t predict(std::span<const float> embedding) const;
};

/// `labels`: one a row of `x`, 1 or 0; a row with a negative label takes no part. Both classes must be there.
/// Errors: InvalidArgument (labels or options of no use), ScoresInvalid (a value that is not finite).
Outcome<LogisticFit> fitLogistic(const Embeddings& x, std::span<const std::int32_t> labels,
                                 const LogisticOptions& options, Feedback& feedback);

/// Labels 0 to classes-1, each with a row at least; a negative label takes no part. Two classes or more.
Outcome<OneVsRestFit> fitOneVsRest(const Embeddings& x, std::span<const std::int32_t> labels, std::size_t classes,
                                   const LogisticOptions& options, Feedback& feedback);

/// Places the rows of each class in `folds` folds at random, as evenly as can be, so that every fold has its share of
/// each class: one number from 0 to folds-1 a row, -1 for a row with a negative label. `name` separates the draws.
std::vector<std::int32_t> stratifiedFolds(std::span<const std::int32_t> labels, int folds, std::uint64_t seed,
                                          std::string_view name);

/// Log odds of every row from the plane that was fitted without the row's fold; NaN for a row that takes no part.
struct HeldOut {
    std::vector<double> logOdds; ///< one a row of `x`
    bool converged = false;      ///< all of the fits
    double accuracy = 0;         ///< share of the rows on the right side of the plane; a row on it counts half
};
/// `fold`: one a row, as of `stratifiedFolds`. Without any one fold both classes must be there.
Outcome<HeldOut> crossValidate(const Embeddings& x, std::span<const std::int32_t> labels,
                               std::span<const std::int32_t> fold, const LogisticOptions& options, Feedback& feedback);

} // namespace plumbline::metric
