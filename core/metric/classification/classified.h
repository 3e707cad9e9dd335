// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"

namespace plumbline::metric {

/// What a classifier said of labelled images.
struct Classified {
    std::vector<std::string> classes;
    std::vector<std::int32_t> truth;     ///< one an image: index into `classes`; negative: not known, takes no part
    std::vector<std::int32_t> predicted; ///< one an image: index into `classes`; negative: none, takes no part
};

/// The class with the highest score of each row of `scores` (images x classes, row-major); of equal scores the lowest
/// index wins. -1 for a row that holds a NaN. An empty list where `classes` is 0 or does not divide the scores.
std::vector<std::int32_t> predict(std::span<const float> scores, std::size_t classes);
std::vector<std::int32_t> predict(std::span<const double> scores, std::size_t classes);

/// The class weights of a zero-shot classifier with several templates (CLIP21's notebooks; METHODS A10): the texts of a
/// class are normalised, averaged and normalised again. `texts`: one row a text; `classOf`: its class, negative for a
/// text that takes no part. classes x D; a class without a usable text (none, zero or not finite) is a row of zeros,
/// whose cosines are NaN. InvalidArgument where the sizes do not match.
Result<Embeddings> promptEnsemble(const Embeddings& texts, std::span<const std::int32_t> classOf, std::size_t classes);

/// Softmax of temperature-scaled logits, row by row: exp(scale x / T) / sum, x in `scores` (images x classes). CLIP:
/// scale = exp(logit_scale), 100 for the published models. A row that holds a NaN or an infinity is NaN.
std::vector<double> probabilities(std::span<const double> scores, std::size_t classes, double scale,
                                  double temperature = 1);
std::vector<double> probabilities(std::span<const float> scores, std::size_t classes, double scale,
                                  double temperature = 1);

} // namespace plumbline::metric
