// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/error.h"
#include "core/formats/weights.h"

namespace plumbline::formats {

inline constexpr std::int64_t kMostPromptTokens = 1024; ///< rows that such an array may have

/// A learned array of prompt tokens (Berg et al. 2022, "A Prompt Array Keeps the Bias Away"): `count` vectors as wide
/// as the text tower, row by row, which are put before the embedded tokens of every text.
struct PromptArray {
    std::int64_t count = 0, width = 0;
    std::vector<float> values;
    bool operator==(const PromptArray&) const = default;
};

/// y = relu(second relu(first x + firstBias) + secondBias), row-major matrices (Zhang et al. 2025: MLP).
struct ResidualMlp {
    std::int64_t dim = 0, hidden = 0;
    std::vector<float> first, firstBias;   ///< [hidden, dim], [hidden]
    std::vector<float> second, secondBias; ///< [dim, hidden], [dim]
};

/// The two heads of joint vision-language bias removal (Zhang et al., CVPR 2025; METHODS B1) on raw embeddings:
/// text t + shared(t), image x + shared(image(x) + x).
struct ResidualHead {
    ResidualMlp image, shared; ///< mlp1, mlp2
};

/// Reads a file of torch.save or safetensors that holds the array: a single matrix, or a checkpoint with a tensor whose
/// name ends in debias_tokens, debias_tokens.weight or prompt_tokens. Errors: those of readTorchFile and
/// readSafetensors, NotAModel.
Result<PromptArray> readPromptArray(const std::filesystem::path& file);

/// Reads mlp1.network.{0,2}.{weight,bias} and mlp2.network... of a state dict; what else it holds (momentum copies,
/// queues) is not read. Errors: as above, TensorMissing, TensorShape, TensorType.
Result<ResidualHead> readResidualHead(const std::filesystem::path& file);

/// Reads NAME.network.{0,2}.{weight,bias} of the tensors of `file`. Errors: TensorMissing, TensorShape, TensorType,
/// WeightsInvalid (a value that is not finite).
Result<ResidualMlp> readResidualMlp(const Weights& weights, const std::filesystem::path& file, const std::string& name);

} // namespace plumbline::formats
