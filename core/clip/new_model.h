// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/base/error.h"
#include "core/formats/vocabulary.h"

namespace plumbline::clip {

/// Writes an untrained CLIP as a Hugging Face folder (created if need be): the given config.json, completed by the size
/// and the marks of the vocabulary; the preprocessing of OpenAI's CLIP at the configured image size; the vocabulary;
/// and float32 weights drawn as OpenAI's code draws them (openai/CLIP, model.py, initialize_parameters) from `seed`.
/// Errors: JsonInvalid, those of the configuration's reader, FileUnwritable, DiskFull.
Result<void> writeNewModel(const std::filesystem::path& folder, std::string_view config,
                           const formats::Vocabulary& vocabulary, std::uint64_t seed);

} // namespace plumbline::clip
