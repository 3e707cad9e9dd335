// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/formats/sentencepiece.h"
#include "core/formats/tokenizer_json.h"
#include "core/text/tokenizer.h"

namespace plumbline::text {

/// One kind of tokenizer. Internal to this folder.
struct Tokenizer::Impl {
    virtual ~Impl() = default;
    virtual Tokens encode(std::string_view text) const = 0;

    int contextLength = 0, size = 0, eos = -1, padId = 0;
    int separator = -1; ///< becomes 0 where it is not -1
    TextCleaning cleaning = TextCleaning::None;
    std::string kind;
    std::vector<std::filesystem::path> files;
    std::vector<std::string> warnings;
};

/// A text's ids without the limit, cut down to it: what stands before and behind the text stays.
Tokens fitted(const std::vector<int>& before, std::vector<int> ids, const std::vector<int>& after, int contextLength);

/// `markers`: tokens besides BOS and EOS that Hugging Face's rules cut out of a text.
std::unique_ptr<Tokenizer::Impl> makeClip(const formats::Vocabulary& vocabulary, TokenizerRules rules,
                                          int contextLength, const std::vector<formats::AddedToken>& markers = {});

/// What a tokenizer.json describes, or a SentencePiece model in that form. `path` is named in errors.
Result<std::unique_ptr<Tokenizer::Impl>> makeFromJson(formats::TokenizerJson description, int contextLength,
                                                      const std::filesystem::path& path);

/// Transformers' SiglipTokenizer, which calls SentencePiece itself.
Result<std::unique_ptr<Tokenizer::Impl>> makeSiglip(const formats::SentencePieceModel& model,
                                                    const formats::TokenizerSettings& settings, int contextLength,
                                                    const std::filesystem::path& path);

/// A SentencePiece model in the form that the transformers package converts it to for a class of tokenizers:
/// "T5Tokenizer", "XLMRobertaTokenizer" or "GemmaTokenizer". Errors: VocabularyInvalid.
Result<formats::TokenizerJson> converted(const formats::SentencePieceModel& model, std::string_view tokenizerClass,
                                         const formats::TokenizerSettings& settings, const std::filesystem::path& path);

tl::unexpected<Error> unusable(const std::filesystem::path& path, std::string reason);

} // namespace plumbline::text
