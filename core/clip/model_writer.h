// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/data/model_info.h"
#include "core/formats/model_folder.h"
#include "core/formats/vocabulary.h"

namespace plumbline::clip {

/// Copies what lies beside a model's weights: configuration, preparation of images, tokenizer.
/// Errors: FileUnwritable.
Result<void> copyCompanions(const formats::ModelFolder& model, const std::filesystem::path& out);

/// Writes preprocessor_config.json for CLIPImageProcessor, which converts to RGB before it resizes.
/// Errors: FileUnwritable, DiskFull.
Result<void> writeProcessor(const std::filesystem::path& folder, const Preprocessing& preprocessing);

/// Writes vocab.json, merges.txt and tokenizer_config.json for CLIPTokenizer. Errors: FileUnwritable, DiskFull.
Result<void> writeTokenizer(const std::filesystem::path& folder, const formats::Vocabulary& vocabulary,
                            int contextLength);

/// The part of a model that transformers' CLIPModel has no place for; empty: there is none.
std::string foreignToClipModel(const ModelConfig& config);

/// Writes a config.json for CLIPModel, whatever the container of the model that is described.
/// Errors: FileUnwritable, DiskFull.
Result<void> writeClipConfig(const std::filesystem::path& folder, const ModelConfig& config,
                             const formats::Vocabulary& vocabulary, bool half);

} // namespace plumbline::clip
