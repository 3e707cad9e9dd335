// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/measure_table.h"
#include "core/metric/classification/classified.h"
#include "core/metric/rates.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// The share that a cell had among the training images (Waterbirds: 3498, 184, 56 and 1057 images).
struct TrainingShare {
    std::string className, group;
    double share = 0; ///< or a count; scaled to sum 1
};

struct AccuracyOptions {
    Resampling resampling;
    std::vector<TrainingShare> training; ///< empty: no adjusted average
    double alpha = 1;                    ///< of the equity-scaled accuracy
};

/// Accuracy of a (zero-shot) classifier in each class x group cell, of the groups and of the classes, worst group and
/// worst cell, the gap average - worst (Sagawa et al., ICLR 2020; CHUANG23 `evaluate.py`), the average with the
/// training shares of the cells, equity-scaled accuracy overall / (1 + alpha sum_g |acc_g - overall|) and the spread
/// relative to the overall accuracy (LUO24). METHODS A10. Intervals over images: Wilson, Newcombe, extremesInterval,
/// and variance estimates recovery where rates are combined. Null of the worst and the gaps: groups permuted within the
/// true class. Errors: InvalidArgument, AttributeEmpty; Cancelled.
Outcome<MeasureTable> accuracyByGroup(const Classified& classified, const Attribute& attribute,
                                      const AccuracyOptions& options, Feedback& feedback);

/// overall / (1 + alpha sum_g |m_g - overall|) (LUO24).
double equityScaled(double overall, std::span<const double> groups, double alpha = 1);

} // namespace plumbline::metric
