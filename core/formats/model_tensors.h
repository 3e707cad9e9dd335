// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/model_info.h"

namespace plumbline::formats {

/// One tensor that the architecture needs, under its name in this model's files.
struct ExpectedTensor {
    std::string name;
    std::vector<std::int64_t> shape;
};

/// A tensor under its canonical name and shape (OpenCLIP's, without the prefix of a custom text tower), and what it is
/// made of: the parts joined along their first axis, or the only part transposed. A stored tensor may have further axes
/// of length 1 before those of its part.
struct TensorRecipe {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<ExpectedTensor> parts;
    bool transposed = false;
};

/// Every tensor that a network of this configuration is made of, in byte order of the canonical name.
std::vector<TensorRecipe> tensorRecipes(const ModelConfig& config);

/// All parts of all recipes, in that order.
std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config);

/// Tensors that are stored beside the weights and never read: buffers, counters, a caption decoder.
bool isIgnoredTensor(const std::string& name, const ModelConfig& config);

/// The name of the token table in this model's files.
std::string tokenTableName(const ModelConfig& config);

} // namespace plumbline::formats
