// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>

#include "core/formats/byte_alphabet.h"
#include "core/text/clean.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

constexpr std::array<std::u32string_view, 2> kOpenAiMarkers = {U"<|startoftext|>", U"<|endoftext|>"};
constexpr std::array<std::u32string_view, 2> kOpenClipMarkers = {U"<start_of_text>", U"<end_of_text>"};
constexpr std::array<std::u32string_view, 7> kContractions = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};

/// Whether `text` begins with `literal` as a pattern that ignores case has it. The text is already in lower case, so
/// only the long s is left: it folds to s but is its own lower case.
bool startsWithFolded(std::u32string_view text, std::u32string_view literal) {
    return text.size() >= literal.size() &&
           std::equal(literal.begin(), literal.end(), text.begin(),
                      [](char32_t l, char32_t c) { return l == c || (l == U's' && c == 0x017F); });
}

/// [^\s\p{L}\p{N}]
bool isOther(char32_t c) {
    return !isSpace(c) && !isLetter(c) && !isNumber(c);
}

/// The same in a pattern that ignores case: U+0345, a mark that folds to the letter iota, is in none of its classes,
/// and is passed over. Hugging Face's does not ignore case.
bool isOtherFolded(char32_t c) {
    return isOther(c) && c != 0x0345;
}

std::size_t runLength(std::u32string_view text, bool (*belongs)(char32_t)) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

/// Length of the reference pattern's match at the beginning of `text`: markers | contractions | letters | one number |
/// others; 0 where nothing matches, as at white space.
std::size_t matchLength(std::u32string_view text, std::span<const std::u32string_view> markers) {
    for (const auto literals : {markers, std::span<const std::u32string_view>(kContractions)})
        for (const std::u32string_view literal : literals)
            if (startsWithFolded(text, literal))
                return literal.size();
    if (const std::size_t letters = runLength(text, isLetter))
        return letters;
    return isNumber(text.front()) ? 1 : runLength(text, markers.empty() ? isOther : isOtherFolded);
}

/// CLIP's byte-level BPE.
struct ClipTokenizer : Tokenizer::Impl {
    struct Merge {
        int rank, id;
    };

    TokenizerRules rules = TokenizerRules::OpenAi;
    int bos = -1;
    std::array<int, 256> inner{}, last{}; ///< id of a byte inside a word, and at its end (with </w>)
    std::unordered_map<std::uint64_t, Merge> merges;
    std::vector<std::pair<std::u32string, int>> markers; ///< that Hugging Face's rules cut out, the longest first

    Tokens encode(std::string_view utf8) const override;

    static std::uint64_t key(int left, int right) {
        return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
    }

    const Merge* find(int left, int right) const {
        const auto found = merges.find(key(left, right));
        return found == merges.end() ? nullptr : &found->second;
    }

    void encodeWord(std::string_view bytes, std::vector<int>& ids) const;
    void encodeCleaned(std::u32string_view text, std::span<const std::u32string_view> known,
                       std::vector<int>& ids) const;
    void encodeHuggingFace(std::u32string_view text, std::vector<int>& ids) const;
};

/// Byte-pair merging. The reference joins, again and again, all occurrences of the pair of lowest rank from left to
/// right; a queue by rank and position does the same in n log n, as long as the occurrences of one rank are taken
/// together.
void ClipTokenizer::encodeWord(std::string_view bytes, std::vector<int>& ids) const {
    struct Symbol {
        int id, previous, next;
    };
    struct Candidate {
        int rank, at, left, right, joined;
        bool operator>(const Candidate& other) const { return std::tie(rank, at) > std::tie(other.rank, other.at); }
    };
    const int n = static_cast<int>(bytes.size());
    std::vector<Symbol> symbols(bytes.size());
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto offer = [&](int at) {
        if (at < 0 || symbols[at].next < 0)
            return;
        const int left = symbols[at].id, right = symbols[symbols[at].next].id;
        if (const Merge* merge = find(left, right))
            queue.push({merge->rank, at, left, right, merge->id});
    };
    for (int i = 0; i < n; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        symbols[i] = {i + 1 < n ? inner[byte] : last[byte], i - 1, i + 1 < n ? i + 1 : -1};
        if (i > 0)
            offer(i - 1);
    }
    std::vector<Candidate> sameRank;
    while (!queue.empty()) {
        sameRank.clear();
        const int rank = queue.top().rank;
        for (; !queue.empty() && queue.top().rank == rank; queue.pop())
            sameRank.push_back(queue.top());
        for (const Candidate& c : sameRank) {
            Symbol& left = symbols[c.at];
            if (left.id != c.left || left.next < 0 || symbols[left.next].id != c.right)
                continue; // an earlier join has taken one of the two
            Symbol& right = symbols[left.next];
            left.id = c.joined;
            left.next = right.next;
            if (right.next >= 0)
                symbols[right.next].previous = c.at;
            right.id = -1;
            offer(left.previous);
            offer(c.at);
        }
    }
    for (int i = 0; i >= 0 && i < n; i = symbols[i].next)
        ids.push_back(symbols[i].id);
}

void ClipTokenizer::encodeCleaned(std::u32string_view text, std::span<const std::u32string_view> known,
                                  std::vector<int>& ids) const {
    std::string bytes;
    while (!text.empty()) {
        const std::size_t length = matchLength(text, known);
        if (length == 0) {
            text.remove_prefix(1);
            continue;
        }
        const std::u32string_view word = text.substr(0, length);
        text.remove_prefix(length);
        if (!known.empty() && (word == known[0] || word == known[1])) {
            ids.push_back(word == known[0] ? bos : eos);
            continue;
        }
        bytes.clear();
        for (const char32_t c : word)
            appendUtf8(bytes, c);
        encodeWord(bytes, ids);
    }
}

/// The markers are cut out of the raw text first, with their exact case; what lies between is prepared piece by piece.
void ClipTokenizer::encodeHuggingFace(std::u32string_view text, std::vector<int>& ids) const {
    std::size_t begin = 0;
    const auto encodeUpTo = [&](std::size_t end) {
        encodeCleaned(lowerEachCharacter(normaliseNfc(text.substr(begin, end - begin))), {}, ids);
    };
    for (std::size_t at = 0; at < text.size();) {
        const auto marker = std::find_if(markers.begin(), markers.end(), [&](const auto& known) {
            return text[at] == known.first.front() && text.substr(at).starts_with(known.first);
        });
        if (marker == markers.end()) {
            ++at;
            continue;
        }
        encodeUpTo(at);
        ids.push_back(marker->second);
        at += marker->first.size();
        begin = at;
    }
    encodeUpTo(text.size());
}

Tokens ClipTokenizer::encode(std::string_view utf8) const {
    std::u32string text = decodeUtf8(utf8);
    std::vector<int> ids;
    if (rules == TokenizerRules::HuggingFace) {
        encodeHuggingFace(text, ids);
    } else {
        const auto& known = rules == TokenizerRules::OpenAi ? kOpenAiMarkers : kOpenClipMarkers;
        text = htmlUnescape(htmlUnescape(fixCharacters(std::move(text))));
        encodeCleaned(lowerInContext(collapseSpaces(text)), known, ids);
    }
    return fitted({bos}, std::move(ids), {eos}, contextLength);
}

} // namespace

std::unique_ptr<Tokenizer::Impl> makeClip(const formats::Vocabulary& vocabulary, TokenizerRules rules,
                                          int contextLength, const std::vector<formats::AddedToken>& markers) {
    auto clip = std::make_unique<ClipTokenizer>();
    clip->rules = rules;
    clip->contextLength = std::max(contextLength, 2);
    clip->size = static_cast<int>(vocabulary.ids.size());
    clip->bos = vocabulary.bos;
    clip->eos = vocabulary.eos;
    clip->padId = rules == TokenizerRules::HuggingFace ? vocabulary.eos : 0;
    const auto idOf = [&vocabulary](const std::string& token, int otherwise) {
        const auto found = vocabulary.ids.find(token);
        return found == vocabulary.ids.end() ? otherwise : found->second;
    };
    for (int byte = 0; byte < 256; ++byte) {
        // A byte that the vocabulary lacks is Hugging Face's unk_token, which is the end-of-text token.
        const std::string& letter = formats::byteAlphabet()[byte];
        clip->inner[byte] = idOf(letter, vocabulary.eos);
        clip->last[byte] = idOf(letter + "</w>", vocabulary.eos);
    }
    clip->merges.reserve(vocabulary.merges.size());
    for (std::size_t rank = 0; rank < vocabulary.merges.size(); ++rank) {
        const auto& [left, right] = vocabulary.merges[rank];
        const int leftId = idOf(left, -1), rightId = idOf(right, -1), joined = idOf(left + right, -1);
        if (leftId >= 0 && rightId >= 0 && joined >= 0)
            clip->merges.try_emplace(ClipTokenizer::key(leftId, rightId),
                                     ClipTokenizer::Merge{static_cast<int>(rank), joined});
    }
    clip->markers = {{std::u32string(kOpenAiMarkers[0]), clip->bos}, {std::u32string(kOpenAiMarkers[1]), clip->eos}};
    for (const formats::AddedToken& marker : markers)
        if (std::u32string text = decodeUtf8(marker.text); !text.empty())
            clip->markers.emplace_back(std::move(text), marker.id);
    for (const auto& [text, id] : clip->markers) // added tokens may lie behind the vocabulary
        clip->size = std::max(clip->size, id + 1);
    clip->kind = "CLIP BPE, " + std::to_string(clip->size) + " entries";
    std::stable_sort(clip->markers.begin(), clip->markers.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    return clip;
}

} // namespace plumbline::text
