// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/formats/vocabulary.h"

namespace plumbline::text {

/// A byte-level BPE vocabulary of its own for a small model (Sennrich, Haddow and Birch, ACL 2016): the 512 byte
/// tokens, then at most `mostMerges` merges, always of the pair that is most frequent in the texts (of equals the first
/// in byte order), then the two markers. Ends early when no pair is left that occurs twice. Texts are prepared as
/// Hugging Face's tokenizer does it. The same texts give the same vocabulary.
formats::Vocabulary learnVocabulary(std::span<const std::string> texts, std::size_t mostMerges);

} // namespace plumbline::text
