// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>
#include <vector>

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct BiasedPromptsOptions {
    std::vector<std::size_t> spurious = {}; ///< rows of the texts that say nothing but the attribute
    std::vector<std::pair<std::size_t, std::size_t>> pairs = {}; ///< rows that should coincide
    double lambda = 1000;                                        ///< strength of the calibration
    Apply apply = Apply::Texts;
};

/// METHODS B4: y = norm(P0 (I + lambda M)^-1 x). Labels play no part. Errors: InvalidArgument (no texts, no usable
/// spurious row, nothing left, another dimension than the images').
Outcome<Fitted> biasedPrompts(const FitInput& input, const BiasedPromptsOptions& options, Feedback& feedback);
Outcome<Fitted> fitBiasedPrompts(const FitInput& input, const Parameters& parameters, Feedback& feedback);

/// The spurious rows' and the pairs' unit vectors, as both methods with prompts need them.
struct SpuriousTexts {
    std::vector<double> spurious;    ///< unit rows
    std::vector<double> differences; ///< of the pairs' unit rows
};
/// Rows that are zero or not finite are left out and counted in `warnings`.
Outcome<SpuriousTexts> spuriousTexts(const Embeddings* texts, const std::vector<std::size_t>& spurious,
                                     const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                                     std::vector<std::string>& warnings);

} // namespace plumbline::debias
