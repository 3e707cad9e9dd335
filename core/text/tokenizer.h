// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/model_info.h"
#include "core/formats/vocabulary.h"

namespace plumbline::text {

struct Tokens {
    std::vector<int> ids;   ///< BOS, text, EOS; at most contextLength, not padded
    bool truncated = false; ///< the text had more tokens than fit
    std::size_t untruncated = 0; ///< number of ids without the limit
};

/// CLIP's byte-level BPE with the text cleaning of the container's own reference: OpenAI's SimpleTokenizer, the fast
/// Hugging Face tokenizer or OpenCLIP's (they differ in HTML entities, special tokens and lower-casing; see the README).
/// Safe to use from several threads.
class Tokenizer {
public:
    Tokenizer(formats::Vocabulary vocabulary, TokenizerRules rules, int contextLength);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    /// Ids of any UTF-8 text; bytes that are not UTF-8 become U+FFFD. Truncated as the reference does: the last kept
    /// position holds EOS.
    Tokens encode(std::string_view text) const;
    int contextLength() const;
    int vocabularySize() const;
    int eos() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::text
