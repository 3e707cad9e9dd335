// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::clip {

struct InterpolateOptions {
    double alpha = 0.5;               ///< 0: the first model, 1: the second
    bool half = false;                ///< store the weights as float16
    std::filesystem::path vocabulary; ///< for models that bring none
};

struct InterpolateReport {
    std::int64_t parameters = 0;
    double distance = 0;               ///< |second - first| / |first| over all parameters
    std::string secondSha256;          ///< of the second model's tensors
    std::vector<std::string> warnings; ///< sentences
};

/// Writes the model between two others (METHODS B2, B14): (1 - alpha) first + alpha second for every parameter but the
/// logit scale (and SigLIP's logit bias), which stay the first's. The models may lie in different containers; towers,
/// sizes and tokenizer must be the same. `out` (created if need be) becomes a Hugging Face folder; from another
/// container the images are prepared from then on as CLIPImageProcessor does it, which differs by a pixel here and
/// there. interpolation.json says what it was made of.
/// Errors: InvalidArgument, ModelUnsupported for towers that Hugging Face's CLIPModel has no place for,
/// VocabularyMissing, those of formats::readModelFolder, FileUnwritable, DiskFull, OutOfMemory; Cancelled.
Outcome<InterpolateReport> interpolate(const std::filesystem::path& first, const std::filesystem::path& second,
                                       const InterpolateOptions& options, const std::filesystem::path& out,
                                       Feedback& feedback);

} // namespace plumbline::clip
