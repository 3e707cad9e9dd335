// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/model_info.h"
#include "core/formats/vocabulary.h"

namespace plumbline::text {

struct Tokens {
    std::vector<int> ids;        ///< [BOS], text, [EOS] as the tokenizer has them; at most contextLength, not padded
    bool truncated = false;      ///< the text had more tokens than fit
    std::size_t untruncated = 0; ///< number of ids without the limit
};

struct TokenizerOptions {
    TokenizerRules rules = TokenizerRules::HuggingFace; ///< of CLIP's byte-level BPE; no other tokenizer has a choice
    int contextLength = 77;
    TextCleaning cleaning =
        TextCleaning::None;      ///< OpenCLIP's tokenizer_kwargs.clean, for tokenizers that are not CLIP's BPE
    bool stripSeparator = false; ///< OpenCLIP's strip_sep_token: separator ids become 0
};

/// The tokenizer of a text tower, with the ids of its container's own reference: CLIP's byte-level BPE under one of
/// three sets of rules, what a tokenizer.json describes, or a SentencePiece model (see the README). Safe to use from
/// several threads.
class Tokenizer {
public:
    /// CLIP's BPE.
    Tokenizer(formats::Vocabulary vocabulary, TokenizerRules rules, int contextLength);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    /// Reads whatever tokenizer lies in the folder, or is the file: CLIP's vocab.json with merges.txt or its packed
    /// list, tokenizer.json, or a SentencePiece model (spiece.model, tokenizer.model, sentencepiece.bpe.model); with
    /// the tokenizer_config.json and special_tokens_map.json beside it. Errors: VocabularyMissing, VocabularyInvalid,
    /// FileUnreadable.
    static Result<Tokenizer> load(const std::filesystem::path& fileOrFolder, const TokenizerOptions& options);

    /// Ids of any UTF-8 text; bytes that are not UTF-8 become U+FFFD. Truncated as the reference does: what closes a
    /// text (EOS) stays.
    Tokens encode(std::string_view text) const;
    int contextLength() const;
    int vocabularySize() const;                              ///< largest id + 1
    int eos() const;                                         ///< the id that closes a text; -1 if none does
    int padId() const;                                       ///< what the reference pads a text with
    const std::string& kind() const;                         ///< for people: "CLIP BPE, 49408 entries"
    const std::vector<std::filesystem::path>& files() const; ///< every file that was read
    const std::vector<std::string>& warnings() const;        ///< sentences

    struct Impl; ///< one for each kind of tokenizer (tokenizer_impl.h)

private:
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// True if the folder holds files that `Tokenizer::load` would try to read.
bool hasTokenizer(const std::filesystem::path& folder);

} // namespace plumbline::text
