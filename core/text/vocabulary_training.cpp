// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/vocabulary_training.h"

#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "core/formats/byte_alphabet.h"
#include "core/text/tokenizer.h"

namespace plumbline::text {

namespace {

using Word = std::vector<std::string>; ///< tokens; the last ends with </w>

formats::Vocabulary bytesOnly() {
    formats::Vocabulary vocabulary;
    for (const char* end : {"", "</w>"})
        for (const unsigned char byte : formats::byteOrder())
            vocabulary.ids.emplace(formats::byteAlphabet()[byte] + end, static_cast<int>(vocabulary.ids.size()));
    vocabulary.bos = static_cast<int>(vocabulary.ids.size());
    vocabulary.eos = vocabulary.bos + 1;
    return vocabulary;
}

/// The words of the texts, each with how often it occurs. Without a merge the tokenizer gives a word byte by byte.
std::map<Word, std::size_t> countWords(std::span<const std::string> texts, const formats::Vocabulary& bytes) {
    std::map<int, std::string> tokenOf;
    for (const auto& [token, id] : bytes.ids)
        tokenOf[id] = token;
    const Tokenizer tokenizer(bytes, TokenizerRules::HuggingFace, std::numeric_limits<int>::max());
    std::map<Word, std::size_t> words;
    for (const std::string& text : texts) {
        Word word;
        for (const int id : tokenizer.encode(text).ids) {
            const auto token = tokenOf.find(id);
            if (token == tokenOf.end())
                continue; // a marker
            word.push_back(token->second);
            if (token->second.ends_with("</w>")) {
                ++words[word];
                word.clear();
            }
        }
    }
    return words;
}

Word joined(const Word& word, const std::pair<std::string, std::string>& pair) {
    Word result;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (i + 1 < word.size() && word[i] == pair.first && word[i + 1] == pair.second) {
            result.push_back(pair.first + pair.second);
            ++i;
        } else {
            result.push_back(word[i]);
        }
    }
    return result;
}

} // namespace

formats::Vocabulary learnVocabulary(std::span<const std::string> texts, std::size_t mostMerges) {
    formats::Vocabulary vocabulary = bytesOnly();
    std::map<Word, std::size_t> words = countWords(texts, vocabulary);
    while (vocabulary.merges.size() < mostMerges) {
        std::map<std::pair<std::string, std::string>, std::size_t> pairs;
        for (const auto& [word, count] : words)
            for (std::size_t i = 0; i + 1 < word.size(); ++i)
                pairs[{word[i], word[i + 1]}] += count;
        const std::pair<std::string, std::string>* best = nullptr;
        std::size_t most = 1;
        for (const auto& [pair, count] : pairs)
            if (count > most) {
                most = count;
                best = &pair;
            }
        if (best == nullptr)
            break;
        vocabulary.ids.emplace(best->first + best->second, static_cast<int>(vocabulary.ids.size()));
        std::map<Word, std::size_t> next;
        for (const auto& [word, count] : words)
            next[joined(word, *best)] += count;
        words = std::move(next);
        vocabulary.merges.push_back(*best);
    }
    vocabulary.bos = static_cast<int>(vocabulary.ids.size());
    vocabulary.ids.emplace("<|startoftext|>", vocabulary.bos);
    vocabulary.eos = vocabulary.bos + 1;
    vocabulary.ids.emplace("<|endoftext|>", vocabulary.eos);
    return vocabulary;
}

} // namespace plumbline::text
