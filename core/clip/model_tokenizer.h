// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/formats/model_folder.h"
#include "core/text/tokenizer.h"

namespace plumbline::clip {

/// The tokenizer of a model: from `vocabulary` (a folder or file) if one is named, else from the model's own folder.
/// Nothing if neither brings one. What is odd but usable becomes a warning; another family's tokenizer, or one with ids
/// that the network does not know, is an error. Errors: VocabularyMissing, VocabularyInvalid, FileUnreadable.
Result<std::optional<text::Tokenizer>> tokenizerOf(const formats::ModelFolder& model,
                                                   const std::filesystem::path& vocabulary,
                                                   std::vector<std::string>& warnings);

} // namespace plumbline::clip
