// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"

namespace plumbline::formats {

/// What a tokenizer.json of the Hugging Face tokenizers package says, as values: the steps that a text goes through, in
/// their order, with sequences taken apart. `core/text` carries them out.

/// Looks a text up without making a string of it.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using TokenIds = std::unordered_map<std::string, int, TextHash, std::equal_to<>>;

/// A token that is cut out of a text before the model sees the rest.
struct AddedToken {
    std::string text;
    int id = -1;
    bool singleWord = false; ///< only where no letter, digit or underscore touches it
    bool leftStrip = false;  ///< takes the white space before it along
    bool rightStrip = false; ///< and that behind it
    bool normalized = false; ///< is looked for in the normalised text, in its own normalised form
    bool special = false;
};

// Normalisers, and what they are called in the file.
enum class UnicodeForm { Nfc, Nfd, Nfkc, Nfkd };
struct Lowercase {};    ///< each character for itself
struct StripAccents {}; ///< without marks of any kind
struct StripBlanks {    ///< "Strip"
    bool left = true, right = true;
};
struct ReplaceText {                                       ///< "Replace"
    enum class What { Text, TwoOrMoreBlanks, WhiteSpace }; ///< a literal text, or the patterns " {2,}" and "\s+"
    What what = What::Text;
    std::string from, to;
};
struct PrependText { ///< "Prepend", to texts that are not empty
    std::string text;
};
struct PrecompiledMap { ///< "Precompiled": SentencePiece's character map, still packed
    std::string bytes;
};
struct BertClean { ///< "BertNormalizer"
    bool cleanText = true, spaceChinese = true, stripAccents = true, lowercase = true;
};
using Normaliser = std::variant<UnicodeForm, Lowercase, StripAccents, StripBlanks, ReplaceText, PrependText,
                                PrecompiledMap, BertClean>;

// Pre-tokenizers.
struct SplitWhiteSpace {}; ///< "WhitespaceSplit"
struct SplitBertWords {};  ///< "BertPreTokenizer": at white space, punctuation by itself
struct Metaspace {
    enum class Prefix { Always, First, Never };
    std::string replacement; ///< one character
    Prefix prefix = Prefix::Always;
    bool split = true;
};
struct SplitText { ///< "Split" at a literal text
    enum class Behaviour { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };
    std::string text;
    Behaviour behaviour = Behaviour::Removed;
    bool invert = false;
};
using PreTokenizer = std::variant<SplitWhiteSpace, SplitBertWords, Metaspace, SplitText>;

// Models.
struct BpeModel {
    struct Merge {
        int rank, joined; ///< the id of both together
    };
    static std::uint64_t pair(int left, int right) {
        return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
    }
    TokenIds ids;
    std::unordered_map<std::uint64_t, Merge> merges; ///< by the pair of ids
    int unknownId = -1;                              ///< -1: unknown characters vanish
    bool fuseUnknown = false, byteFallback = false, ignoreMerges = false;
};
struct UnigramModel {
    TokenIds ids;               ///< 0 to n - 1
    std::vector<double> scores; ///< logarithmic probability, by id
    int unknownId = -1;
    bool byteFallback = false;
};
struct WordPieceModel {
    TokenIds ids;
    int unknownId = -1;
    std::string prefix = "##";     ///< of what does not begin a word
    std::size_t longestWord = 100; ///< characters; a longer word is unknown
};
using TokenizerModel = std::variant<BpeModel, UnigramModel, WordPieceModel>;

struct TokenizerJson {
    std::vector<Normaliser> normalisers;
    std::vector<PreTokenizer> preTokenizers;
    TokenizerModel model;
    std::vector<int> before, after; ///< ids that are put before and behind every text
    std::optional<int> padId;       ///< of its "padding"

    const TokenIds& modelIds() const;
    const std::vector<AddedToken>& added() const { return m_added; }
    /// The id of an added token or a token of the model.
    std::optional<int> find(std::string_view token) const;
    int largestId() const;
    /// Adds a token as the tokenizers package does: one that is known keeps its id, another one gets the next free id.
    /// Of a text that was added before, `normalized` stays and the other options count anew. Returns the id.
    int add(AddedToken token);

private:
    std::vector<AddedToken> m_added;
    TokenIds m_places; ///< in m_added
    int m_largestAdded = -1;
};

/// CLIP's own byte-level BPE in this form: the lists that formats::makeVocabulary checks.
struct ClipTokenizerJson {
    std::unordered_map<std::string, int> ids;
    std::vector<std::pair<std::string, std::string>> merges;
};

/// Reads a tokenizer.json. Each of its parts must be known by its "type": another one could change every id without an
/// error, and is refused by its name. What has no effect on ids (decoder, padding, truncation, offsets) is passed over.
/// Errors: FileNotFound, FileUnreadable, VocabularyInvalid.
Result<std::variant<TokenizerJson, ClipTokenizerJson>> readTokenizerJson(const std::filesystem::path& path);

/// What lies beside a tokenizer and changes its ids: tokenizer_config.json, or special_tokens_map.json where the first
/// is silent.
struct TokenizerSettings {
    struct Special {
        std::string role; ///< "bos_token", …, "mask_token", "additional_special_tokens"
        AddedToken token;
        bool plain = false; ///< only its text is given, so that the tokenizer's class decides on the rest
    };
    std::string tokenizerClass;    ///< without "Fast"; empty: not said
    std::vector<Special> special;  ///< in the order in which the transformers package adds them
    std::vector<AddedToken> added; ///< "added_tokens_decoder" or added_tokens.json, by id
    bool listsAdded = false;       ///< the first of the two: then options of special tokens count, too
    std::optional<bool> addBos, addEos, lowerCase, stripAccents, spaceChinese, legacy, addPrefixSpace;
    std::optional<int> extraIds;
    std::string paddingSide, truncationSide; ///< empty: not said
    std::vector<std::filesystem::path> files;

    /// The special token of that role, or nullptr.
    const Special* find(std::string_view role) const;
};

/// Reads the settings in the folder; none is fine. Errors: FileUnreadable, VocabularyInvalid.
Result<TokenizerSettings> readTokenizerSettings(const std::filesystem::path& folder);

} // namespace plumbline::formats
