// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// How much a score moves when nothing but one attribute of the image changes (METHODS A15, a reconstruction; data of
/// this kind: Howard et al., SocialCounterfactuals, CVPR 2024). A set is complete with exactly one image of each
/// variant; others are dropped and counted.
struct CounterfactualInput {
    std::span<const double> scores;         ///< images x prompts, row-major; empty: cohesion alone
    std::vector<std::string> prompts;       ///< one a column
    std::span<const std::int32_t> sets;     ///< one an image: which set; negative: none
    const Attribute* variant = nullptr;     ///< of the images: what differs inside a set
    std::vector<std::size_t> labels;        ///< columns that are a list of labels, for the flip rate; empty: all
    const Embeddings* embeddings = nullptr; ///< of the images, for cohesion; null: none
    std::span<const std::int32_t> captions; ///< one an image: the caption that its set shares; empty: one for all
};

/// Keys {"prompt", "variant", "other"}. Of each prompt range, sd (ddof 1) and rank_spread: means over sets; effect of
/// each variant: mean over sets of its score less its set's mean; with more than two variants difference, variant less
/// other. Of all prompts flip_rate and cohesion. Intervals are over sets. p of an effect: with two variants Wilcoxon's,
/// with more scores change places within their set; of a difference Wilcoxon's. n counts sets.
/// Errors: InvalidArgument (sizes that do not match), AttributeEmpty, AttributeSingleGroup (no set
/// has two variants).
Outcome<MeasureTable> counterfactualSensitivity(const CounterfactualInput& input, const Resampling& options,
                                                Feedback& feedback);

/// Rows of complete sets: in such a pool the groups are balanced, so the neutral MaxSkew of its rankings is 0.
std::vector<std::uint32_t> completeSets(std::span<const std::int32_t> sets, const Attribute& variant);

} // namespace plumbline::metric
