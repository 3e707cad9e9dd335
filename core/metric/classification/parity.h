// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/feedback.h"
#include "core/data/measure_table.h"
#include "core/metric/classification/classified.h"
#include "core/metric/rates.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// The line of the four-fifths rule: a convention of US employment law for the ratio of selection rates (Uniform
/// Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D, 1978); no verdict about anybody's compliance.
inline constexpr double kFourFifths = 0.8;

/// One class against the rest in one group. `tpr`: of the images of the class, the share that is given it; `fpr`: of
/// all others; `selection`: of all images.
struct ClassRates {
    Rate tpr, fpr, selection;
};
/// One-vs-rest rates of each class (outer) and group (inner). The order of the arguments is (labels, predictions): the
/// other way round TPR would be the precision and FPR the false omission rate. Rows without a label, a
/// prediction or a group take no part. InvalidArgument where sizes or codes do not fit.
Result<std::vector<std::vector<ClassRates>>> classRates(std::span<const std::int32_t> labels,
                                                        std::span<const std::int32_t> predictions, std::size_t classes,
                                                        std::span<const std::int32_t> groups, std::size_t groupCount,
                                                        double confidence);

/// Equal opportunity (range over the groups of the TPR; Hardt et al., NeurIPS 2016), FPR range, equalised odds (larger
/// of the two, and their mean), demographic parity (range and smallest-to-largest ratio of the selection rates; the
/// range is SFID24's delta DP) of each class, and their mean, root mean square and maximum over the classes. METHODS
/// A10, A11. A class without an image in one of the groups has no TPR there: it is passed over in what needs one, and
/// named. Intervals over images; nulls: groups permuted within the true class (TPR, FPR), over all images (selection);
/// of two groups Fisher's exact p. Errors: InvalidArgument, AttributeEmpty; Cancelled.
Outcome<MeasureTable> parityByGroup(const Classified& classified, const Attribute& attribute, const Resampling& options,
                                    Feedback& feedback);

/// Interval of the smallest ratio of two of several rates. Low: the lowest of the pairs' lower ends; high: the lowest
/// of their upper ends, each with an equal part of that tail. At most 1.
Interval smallestRatioInterval(std::span<const Rate> rates, double confidence);

} // namespace plumbline::metric
