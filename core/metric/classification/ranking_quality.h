// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// One yes-or-no question of the images, with the model's scores: a class against the rest, a finding in a radiograph.
struct BinaryTask {
    std::string name;
    std::vector<double> scores;      ///< one an image, higher for yes; NaN takes no part
    std::vector<std::int32_t> truth; ///< one an image: 1 yes, 0 no, negative not known
};
/// A task for each class from scores (images x classes, row-major) and true classes (negative: not known).
/// InvalidArgument where the sizes do not match.
Result<std::vector<BinaryTask>> oneVersusRest(std::span<const float> scores, std::span<const std::int32_t> truth,
                                              std::span<const std::string> classes);
Result<std::vector<BinaryTask>> oneVersusRest(std::span<const double> scores, std::span<const std::int32_t> truth,
                                              std::span<const std::string> classes);

/// AUROC of each group, the worst group, the gap best - worst (BEND24: groups with one class only are passed over) and
/// the equity-scaled AUROC (LUO24). METHODS A10, A12. DeLong intervals; null: groups permuted within the true answer.
/// Errors: InvalidArgument, AttributeEmpty; Cancelled.
Outcome<MeasureTable> aurocByGroup(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                   const Resampling& options, Feedback& feedback);

/// Cross-group AUROC: how often a positive of one group scores above a negative of another, for every ordered pair of
/// groups, and the disparity xAUC(g, h) - xAUC(h, g) (Kallus and Zhou, NeurIPS 2019). DeLong intervals; null as above.
Outcome<MeasureTable> crossGroupAuroc(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                      const Resampling& options, Feedback& feedback);

/// Average precision of each group beside its share of positives, and the form that a share of positives does not move,
/// 1 - ln(AP) / ln(share) (CXR). Average precision weights mistakes by the share of positives (MCD24), so groups with
/// different shares are never compared by it: the table says so and holds no gap of it. Intervals from the bootstrap's
/// standard error (images within the group, so that the share of positives varies too), on the logit scale.
Outcome<MeasureTable> averagePrecisionByGroup(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                              const Resampling& options, Feedback& feedback);

/// How far the scores of each group stand from all others': AUROC of group against others (0.5 is even), Cliff's delta,
/// Cohen's d, Kolmogorov and Smirnov's statistic and Mann and Whitney's U with their p. `scores`: one an image.
Outcome<MeasureTable> scoreSeparation(const std::string& name, std::span<const double> scores,
                                      const Attribute& attribute, const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
