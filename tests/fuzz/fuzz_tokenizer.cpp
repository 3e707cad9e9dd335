// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes become ids of the vocabulary, between BOS and EOS.
#include <cstdlib>

#include "core/formats/byte_alphabet.h"
#include "core/text/tokenizer.h"

namespace {

plumbline::formats::Vocabulary bytesAndAFewMerges() {
    using namespace plumbline::formats;
    Vocabulary vocabulary;
    const auto add = [&](const std::string& token) {
        const int id = static_cast<int>(vocabulary.ids.size());
        vocabulary.ids.emplace(token, id);
        return id;
    };
    for (const char* end : {"", "</w>"})
        for (const unsigned char byte : byteOrder())
            add(byteAlphabet()[byte] + end);
    vocabulary.merges = {{"i", "n"}, {"in", "g</w>"}, {"a", "a"}, {"aa", "aa"}, {"t", "h"}, {"th", "e</w>"}};
    for (const auto& [left, right] : vocabulary.merges)
        add(left + right);
    vocabulary.bos = add("<|startoftext|>");
    vocabulary.eos = add("<|endoftext|>");
    return vocabulary;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    static const formats::Vocabulary vocabulary = bytesAndAFewMerges();
    static const text::Tokenizer tokenizers[] = {{vocabulary, TokenizerRules::OpenAi, 77},
                                                 {vocabulary, TokenizerRules::OpenClip, 77},
                                                 {vocabulary, TokenizerRules::HuggingFace, 77}};
    for (const text::Tokenizer& tokenizer : tokenizers) {
        const text::Tokens tokens = tokenizer.encode({reinterpret_cast<const char*>(data), size});
        if (tokens.ids.size() < 2 || tokens.ids.size() > 77 || tokens.ids.front() != vocabulary.bos ||
            tokens.ids.back() != vocabulary.eos)
            std::abort();
        for (const int id : tokens.ids)
            if (id < 0 || id >= tokenizer.vocabularySize())
                std::abort();
    }
    return 0;
}
