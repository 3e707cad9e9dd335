// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/data/model_info.h"

namespace plumbline::formats {

/// The file names of the two containers.
inline constexpr const char* kHuggingFaceConfig = "config.json";
inline constexpr const char* kHuggingFaceProcessor = "preprocessor_config.json";
inline constexpr const char* kHuggingFaceProcessorNested = "processor_config.json"; ///< since transformers 5
inline constexpr const char* kHuggingFaceWeights = "model.safetensors";
inline constexpr const char* kOpenClipConfig = "open_clip_config.json";
inline constexpr const char* kOpenClipWeights = "open_clip_model.safetensors";

/// A configuration and the files it was read from.
struct ConfigFiles {
    ModelConfig config;
    std::vector<std::filesystem::path> files;
};

/// Reads config.json and preprocessor_config.json of a Hugging Face folder. Missing fields take the defaults of
/// CLIPTextConfig, CLIPVisionConfig, CLIPConfig and CLIPImageProcessor (transformers).
/// Errors: NotAModel, ModelUnsupported, ModelConfigInvalid, JsonInvalid, FileUnreadable.
Result<ConfigFiles> readHuggingFaceConfig(const std::filesystem::path& folder);

/// Reads open_clip_config.json. Missing fields take the defaults of CLIPVisionCfg, CLIPTextCfg and PreprocessCfg
/// (mlfoundations/open_clip); an option that is not known is refused, since it might change the result.
/// Errors: NotAModel, ModelUnsupported, ModelConfigInvalid, JsonInvalid, FileUnreadable.
Result<ConfigFiles> readOpenClipConfig(const std::filesystem::path& folder);

} // namespace plumbline::formats
