// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Zero-shot classification as CLIP's own code does it (Radford et al., ICML 2021): an image's classes in the order of
/// its scores with the class prompts. Labels are class numbers, since names can be double ("missile", "sunglasses" and
/// "crane" of ImageNet).

/// Place of the true class among all, from 1: the number of classes with a score at least its own. A class that ties
/// with the true one stands before it, so that a model which gives every class the same score is right by chance for
/// nobody. NaN scores rank last; 0 where the true class's own score is NaN.
std::int64_t rankOfClass(std::span<const float> scores, std::size_t trueClass);

/// Top-1 and top-5 accuracy over all images (Wilson), the mean over the classes of each class's own accuracy (classes
/// with images; bootstrap of the images within their classes), and, with an attribute, the same of each group and the
/// range over the groups (null: the groups in random order among the images of a class).
/// `scores`: images x classes. `labels`: a class number an image, negative for an image that takes no part. `attribute`
/// may be null. Errors: ScoresInvalid, InvalidArgument (a label outside the classes); Cancelled.
Outcome<MeasureTable> zeroShotAccuracy(std::span<const float> scores, std::size_t classes,
                                       std::span<const std::int32_t> labels, const Attribute* attribute,
                                       const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
