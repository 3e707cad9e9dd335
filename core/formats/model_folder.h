// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/data/model_info.h"
#include "core/formats/safetensors.h"

namespace plumbline::formats {

/// One tensor that the architecture needs, under its name in this container.
struct ExpectedTensor {
    std::string name;
    std::vector<std::int64_t> shape;
};

/// A model folder that was read and checked: configuration, weights (mapped), every tensor's name and shape right.
struct ModelFolder {
    std::filesystem::path path;
    ModelConfig config;
    Weights weights;
    std::vector<std::filesystem::path> files; ///< every file that was used, in a fixed order
};

/// Reads a Hugging Face CLIP folder (config.json, preprocessor_config.json, model.safetensors) or an OpenCLIP folder
/// (open_clip_config.json, open_clip_model.safetensors). No weight is interpreted beyond its name, type and shape.
/// Errors: NotAModel, ModelUnsupported, ModelConfigInvalid, ModelConfigConflict, WeightsInvalid, TensorMissing,
/// TensorUnexpected, TensorShape, TensorType, JsonInvalid, FileUnreadable.
Result<ModelFolder> readModelFolder(const std::filesystem::path& path);

/// The tensors of this configuration in its container's own names (the two position_ids buffers of old Hugging Face
/// exports are allowed beside them).
std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config);

} // namespace plumbline::formats
