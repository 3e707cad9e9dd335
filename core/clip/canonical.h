// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/model_info.h"
#include "core/formats/model_tensors.h"
#include "core/formats/weights.h"

namespace plumbline::clip {

/// Gives back the memory of a tensor that was looked at once: a model must not lie in memory twice because its hash was
/// computed.
void release(const formats::TensorView& view, const formats::Weights& weights);

/// A canonical tensor's numbers, joined and transposed from its parts.
std::vector<float> canonicalValues(const formats::TensorRecipe& tensor, const formats::Weights& weights);

/// SHA-256 over name, shape and float32 values of all canonical tensors: equal for equal networks in any container and
/// any storage that rounds to the same values.
Outcome<std::string> tensorsSha256(const ModelConfig& config, const formats::Weights& weights, Feedback& feedback);

} // namespace plumbline::clip
