// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/model_info.h"
#include "core/formats/safetensors.h"

namespace plumbline::clip {

/// A tensor under OpenCLIP's name and shape, and how to make it from the tensors of the container: their
/// concatenation along the first axis, or the transpose of the only one.
struct CanonicalTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<std::string> parts;
    bool transposed = false;
};

/// All tensors of a CLIP in byte order of their canonical name, whatever container they lie in.
std::vector<CanonicalTensor> canonicalTensors(const ModelConfig& config);

/// Elements first..first+to.size() of a float32, float16 or bfloat16 tensor as float32; exact.
void widen(const formats::TensorView& view, std::size_t first, std::span<float> to);

/// SHA-256 over name, shape and float32 values of all canonical tensors: equal for equal networks in any container and
/// any storage that rounds to the same values.
Outcome<std::string> tensorsSha256(const ModelConfig& config, const formats::Weights& weights, Feedback& feedback);

} // namespace plumbline::clip
