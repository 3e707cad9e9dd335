// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace plumbline::formats {

/// A byte-level BPE vocabulary: token text (in GPT-2's printable byte alphabet, with </w>) -> id, merges by rank.
struct Vocabulary {
    std::unordered_map<std::string, int> ids;
    std::vector<std::pair<std::string, std::string>> merges;
    int bos = -1, eos = -1; ///< <|startoftext|>, <|endoftext|>
    std::filesystem::path source;
};

/// Reads vocab.json and merges.txt of a folder, or bpe_simple_vocab_16e6.txt.gz (a file, or in the folder).
/// Checks: ids 0..n-1 without holes or repeats, both parts and the joined token of every merge present, BOS and EOS present.
/// Errors: VocabularyMissing, VocabularyInvalid, FileUnreadable.
Result<Vocabulary> readVocabulary(const std::filesystem::path& fileOrFolder);

/// The same from lists that were read elsewhere (a tokenizer.json), with the same checks. Errors: VocabularyInvalid.
Result<Vocabulary> makeVocabulary(std::unordered_map<std::string, int> ids,
                                  std::vector<std::pair<std::string, std::string>> merges,
                                  const std::filesystem::path& source);

/// Writes vocab.json and merges.txt. Errors: FileUnwritable, DiskFull.
Result<void> writeVocabulary(const std::filesystem::path& folder, const Vocabulary& vocabulary);

/// True if the folder holds one of the two forms.
bool hasVocabulary(const std::filesystem::path& folder);

} // namespace plumbline::formats
