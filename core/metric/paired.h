// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"

namespace plumbline::metric {

/// The prompts of an audit, in the order of the rows of its scores.
struct AskedPrompts {
    std::vector<std::string> texts;
    std::vector<std::int32_t> concepts; ///< which prompts are about the same thing; empty: each is its own
};

/// Means over the prompts of one audit: MaxSkew, its excess over the neutral level, MinSkew, NDKL and the mean gap of
/// the groups' scores, each with three intervals (a row each, told apart by the key "interval over"):
///
/// - images: the images are a sample, the prompts are those that matter. Bootstrap over images, the same resampled
///   images for every prompt (Efron 1979), so that what the prompts have in common does not average out. A resample has
///   the noise of the sample once more, and a maximum taken anew of it varies less than the sample's own (with five
///   groups its intervals covered 88 %). So the draws are of the skew of the group that is the largest (smallest) of
///   its prompt, and of the gaps with the signs that they have, which varies at least as much in the mean (Poincare's
///   inequality). NDKL, for which repeated rows at the first ranks are the trouble, has the delete-a-group jackknife
///   (100 random parts of the images, t with 99 degrees of freedom). All of these measures are raised by noise: the
///   interval is around the value and of the mean over pools of this size; compare it with the null.
/// - prompts: the images are fixed, the prompts are a sample, clustered by concept. t with concepts - 1 degrees of
///   freedom and the cluster-robust standard error.
/// - images and prompts: both; the two distances of each end are joined as independent (root of the sum of squares).
///   What prompts and images have in common counts in both, so it is on the wide side.
///
/// The null of the rows over images: the images' labels in random order, the same for every prompt.
/// `scores`: prompts x images, row-major, NaN where an image has none. An image without a score for any prompt takes no
/// part. The gap is the mean over the groups of |mean score of the group - mean of all others|, in the scores' unit
/// and ("gap_sd") in standard deviations of each prompt's scores; its images are resampled within the groups in at
/// most 400 blocks a group.
/// Errors: ScoresInvalid, ProbeEmpty, InvalidArgument, AttributeEmpty, KInvalid, TargetInvalid; Cancelled.
Outcome<MeasureTable> summariseAudit(std::span<const float> scores, const AskedPrompts& prompts,
                                     const Attribute& attribute, const MeasureOptions& options, Feedback& feedback);

/// The same images and prompts under two models, or before and after a change.
struct PairedMeasures {
    MeasureTable mean;    ///< over the prompts: of the first, of the second, and second minus first
    MeasureTable prompts; ///< second minus first, a row a prompt and measure
};

/// Differences of MaxSkew, MinSkew, NDKL and the mean gap, second minus first, with intervals as in summariseAudit: the
/// same resampled images for both models and all prompts.
///
/// p over images: a permutation test that exchanges the two models image by image. Null hypothesis: for each image it
/// is a matter of chance which of its two rows of ranks is the first model's, as if both rows came from one model. Each
/// draw tosses a coin an image, the same for all prompts; the image stands where the one model's or the other's ranking
/// of the prompt has it (ranks, since the models' scores need not be comparable), and the measures are taken of both
/// mixed rankings. Two-sided, add-one. It is chosen before an inverted bootstrap interval because it holds its level
/// for few rows and where neither model leans at all (there the bootstrap's spread is too large and finds nothing); an
/// exchange of whole prompts would ask another question and is what the rows over prompts do: signs of the concepts'
/// sums of differences in random order. If the models differ, but not in the group shares at the top of their
/// rankings, the exchange still centres on the right difference, since a mixed ranking has the mean of both shares.
/// Sizes and errors as for summariseAudit; `first` and `second` have the same shape.
Outcome<PairedMeasures> comparePaired(std::span<const float> first, std::span<const float> second,
                                      const AskedPrompts& prompts, const Attribute& attribute,
                                      const MeasureOptions& options, const std::string& firstName,
                                      const std::string& secondName, Feedback& feedback);

} // namespace plumbline::metric
