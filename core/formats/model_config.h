// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/data/model_info.h"
#include "core/formats/safetensors.h"

namespace plumbline::formats {

/// The file names of the two containers.
inline constexpr const char* kHuggingFaceConfig = "config.json";
inline constexpr const char* kHuggingFaceProcessor = "preprocessor_config.json";
inline constexpr const char* kHuggingFaceProcessorNested = "processor_config.json"; ///< since transformers 5
inline constexpr const char* kHuggingFaceWeights = "model.safetensors";
inline constexpr const char* kHuggingFaceIndex = "model.safetensors.index.json";
inline constexpr const char* kOpenClipConfig = "open_clip_config.json";
inline constexpr const char* kOpenClipWeights = "open_clip_model.safetensors";

/// A configuration and the files it was read from.
struct ConfigFiles {
    ModelConfig config;
    std::vector<std::filesystem::path> files;
};

/// Reads config.json and preprocessor_config.json of a Hugging Face folder. Missing fields take the defaults of
/// CLIPTextConfig, CLIPVisionConfig, CLIPConfig and CLIPImageProcessor (transformers).
/// Reads CLIP and SigLIP. Errors: NotAModel, ModelUnsupported, ModelConfigInvalid, JsonInvalid, FileUnreadable.
Result<ConfigFiles> readHuggingFaceConfig(const std::filesystem::path& folder);

/// Reads an open_clip_config.json, or one of the configurations that OpenCLIP ships (the model_cfg alone). Missing
/// fields take the defaults of CLIPVisionCfg, CLIPTextCfg and PreprocessCfg (mlfoundations/open_clip); an option that is
/// not known is refused, since it might change the result. The names of the tensors are left to the weights.
/// Errors: NotAModel, ModelUnsupported, ModelConfigInvalid, JsonInvalid, FileUnreadable.
Result<ConfigFiles> readOpenClipConfig(const std::filesystem::path& file);

/// What the shapes of the tensors tell where no configuration lies beside them: OpenAI's archives and state dicts with
/// OpenAI's names (openai/CLIP, model.py: build_model). QuickGELU is certain where OpenAI's own numbers lie beside the
/// weights, and otherwise assumed with a warning. Errors: NotAModel, ModelUnsupported.
Result<ModelConfig> inferConfig(const Weights& weights, const std::filesystem::path& file);

/// The name under which a model is shown: of its folder, or of the file without its extension.
std::string modelName(const std::filesystem::path& folderOrFile);

} // namespace plumbline::formats
