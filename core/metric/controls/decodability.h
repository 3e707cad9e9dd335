// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// How well an attribute can be read off the embeddings by a linear probe, against how many examples of each group the
/// probe has seen (METHODS A25, a reconstruction).
struct DecodabilityOptions {
    std::vector<std::int64_t> perGroup = {1, 5, 25, 0}; ///< examples of each group; 0: all of the other folds
    int folds = 5;
    double l2 = 1.0;
    int repeats = 5; ///< probes a fold for a number of examples up to 25, each with others by lot
};

/// Unit vectors, their columns standardised over all labelled images (which needs no label), one logistic probe a group
/// against all others, fitted without the fold that it is tried on. Keys {"group", "examples"}: auroc of each group,
/// and of group "" their mean; with two groups that of the second against the first alone. Pairs of images are compared
/// within a fold; repeats are averaged.
/// Interval: over the held-out images, for the probes as fitted (DeLong, DeLong, Clarke-Pearson, Biometrics 44(3),
/// 1988), on the logit scale. Null: the held-out images' labels change places within their fold, one-sided,
/// widened for folds that share training images (Nadeau, Bengio, "Inference for the generalization error", Machine
/// Learning 52, 2003): without it 10 % of the p-values are below 5 % where there is nothing to find.
/// Groups with fewer than two images a fold, and numbers of examples that a group does not have, are left out and
/// named. Errors: InvalidArgument; AttributeSingleGroup, AttributeEmpty; those of fitLogistic; Cancelled.
Outcome<MeasureTable> attributeDecodability(const Embeddings& embeddings, const Attribute& attribute,
                                            const DecodabilityOptions& what, const Resampling& options,
                                            Feedback& feedback);

} // namespace plumbline::metric
