// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// A pair of opposite prompts and the cosine of every image with each of them.
struct PolarityScale {
    std::string name;                          ///< "warm – cold"
    std::span<const float> positive, negative; ///< one an image
};

/// How far every image is on the side of the first of two opposite prompts (METHODS A25, our own construction;
/// two-prompt softmax as in CLIP-IQA: Wang, Chan and Loy, "Exploring CLIP for Assessing the Look and Feel of Images",
/// AAAI 2023):
///
///   score = e^(s p) / (e^(s p) + e^(s q)), p and q the cosines with the two prompts, s the logit scale (100 in
///   OpenAI's models),
///
/// and how the groups differ in it: mean score of each group (Student's interval), its gap to all other images (Welch's
/// interval, two-sided permutation p), and the range of the group means. An image with a cosine that is not a number is
/// left out. Errors: InvalidArgument (sizes that do not match, logit scale not positive), AttributeEmpty,
/// AttributeSingleGroup.
Outcome<MeasureTable> polarityTable(std::span<const PolarityScale> scales, double logitScale,
                                    const Attribute& attribute, const Resampling& options, Feedback& feedback);

/// The score of one image.
double polarityScore(double positive, double negative, double logitScale);

} // namespace plumbline::metric
