// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/data/model_info.h"
#include "core/formats/model_tensors.h"
#include "core/formats/weights.h"

namespace plumbline::formats {

/// A model that was read and checked: configuration, weights (mapped), every tensor's name, shape and type right.
struct ModelFolder {
    std::filesystem::path path;   ///< what was named: a folder or a file of weights
    std::filesystem::path folder; ///< where its files lie
    ModelConfig config;
    Weights weights;
    std::string storage;                      ///< the form of the weights, for people
    std::vector<std::filesystem::path> files; ///< every file that was used, in a fixed order
    std::string licence;                      ///< the text of its LICENSE file, or what README.md names; may be empty
};

/// Reads a model in any of the layouts of core/formats/README.md: a Hugging Face folder (CLIP, SigLIP; one file or
/// shards; safetensors or PyTorch), a folder of the Hugging Face cache, an OpenCLIP folder, or a single file of weights
/// with or without a configuration beside it. No code of a checkpoint is ever run, no weight is interpreted beyond its
/// name, type and shape, and no link is followed that leads out of the folder (in the cache: out of the repository).
/// Errors: FileNotFound, NotAModel, ModelUnsupported, ModelConfigInvalid, ModelConfigConflict, WeightsInvalid,
/// PickleRefused, TensorMissing, TensorUnexpected, TensorShape, TensorType, JsonInvalid, FileUnreadable.
Result<ModelFolder> readModelFolder(const std::filesystem::path& path);

} // namespace plumbline::formats
