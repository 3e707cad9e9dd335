// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfloat>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/path.h"
#include "core/text/charsmap.h"
#include "core/text/clean.h"
#include "core/text/subword.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

using Kind = formats::SentencePieceModel::Kind;

constexpr std::string_view kSpace = "\u2581"; // SentencePiece's sign for a blank

/// SentencePiece's own encoder for unigram models: what its Python class does with its defaults.
class SentencePiece {
public:
    SentencePiece(const formats::SentencePieceModel& model, std::optional<Charsmap> map)
        : m_map(std::move(map)), m_unknown(model.unknownId), m_byteFallback(model.byteFallback),
          m_removeExtraSpaces(model.removeExtraSpaces), m_escapeSpaces(model.escapeSpaces) {
        std::vector<std::pair<std::string_view, int>> searched, defined;
        for (std::size_t id = 0; id < model.pieces.size(); ++id) {
            const auto& piece = model.pieces[id];
            const int number = static_cast<int>(id);
            m_ids.emplace(piece.text, number);
            m_pieces.push_back({piece.score, piece.kind});
            if (piece.kind == Kind::Normal) {
                m_least = std::min(m_least, piece.score);
                m_most = std::max(m_most, piece.score);
            }
            if (piece.kind == Kind::Normal || piece.kind == Kind::UserDefined)
                searched.emplace_back(piece.text, number);
            if (piece.kind == Kind::UserDefined)
                defined.emplace_back(piece.text, number);
        }
        m_searched = Prefixes(std::move(searched));
        m_defined = Prefixes(std::move(defined));
        m_bytes = bytePieces(m_ids);
    }

    int idOf(std::string_view piece) const {
        const auto found = m_ids.find(piece);
        return found == m_ids.end() ? m_unknown : found->second;
    }
    const formats::TokenIds& ids() const { return m_ids; }

    std::vector<int> encode(std::string_view text) const;

private:
    std::string normalised(std::string_view text) const;
    std::pair<std::string_view, std::size_t> normalisedPrefix(std::string_view text) const;

    struct Piece {
        float score;
        Kind kind;
    };
    formats::TokenIds m_ids;
    std::vector<Piece> m_pieces;
    Prefixes m_searched, m_defined;
    std::optional<Charsmap> m_map;
    std::array<int, 256> m_bytes{};
    float m_least = FLT_MAX, m_most = FLT_MIN; // as the reference begins
    int m_unknown;
    bool m_byteFallback, m_removeExtraSpaces, m_escapeSpaces;
};

/// What the text's beginning is replaced by, and how many bytes of it.
std::pair<std::string_view, std::size_t> SentencePiece::normalisedPrefix(std::string_view text) const {
    std::size_t defined = 0;
    m_defined.each(text, [&](std::size_t length, int) { defined = length; });
    if (defined > 0)
        return {text.substr(0, defined), defined};
    if (m_map)
        if (const Charsmap::Match match = m_map->longest(text); match.length > 0)
            return {match.text, match.length};
    const std::size_t length = characterLength(text);
    if (!isUtf8(text.substr(0, length))) // a key of the map can end inside of a character
        return {"\uFFFD", 1};
    return {text.substr(0, length), length};
}

std::string SentencePiece::normalised(std::string_view text) const {
    const std::string_view space = m_escapeSpaces ? kSpace : " ";
    std::string out;
    while (m_removeExtraSpaces && !text.empty()) {
        const auto [replacement, length] = normalisedPrefix(text);
        if (replacement != " ")
            break;
        text.remove_prefix(length);
    }
    bool afterSpace = m_removeExtraSpaces;
    while (!text.empty()) {
        auto [replacement, length] = normalisedPrefix(text);
        while (afterSpace && replacement.starts_with(' '))
            replacement.remove_prefix(1);
        for (const char c : replacement)
            if (c == ' ')
                out += space;
            else
                out.push_back(c);
        if (!replacement.empty())
            afterSpace = m_removeExtraSpaces && replacement.ends_with(' ');
        text.remove_prefix(length);
    }
    while (m_removeExtraSpaces && out.ends_with(space))
        out.resize(out.size() - space.size());
    return out;
}

/// Scores are added up in single precision where the reference does so, and compared in double.
std::vector<int> SentencePiece::encode(std::string_view raw) const {
    const std::string text = normalised(raw);
    std::vector<PathNode> ends(text.size() + 1);
    const float unknownScore = m_least - 10.0F;
    const auto offer = [&ends](std::size_t start, std::size_t end, float score, int id) {
        PathNode& node = ends[end];
        if (node.id < 0 || score > static_cast<float>(node.score))
            node = {score, start, id};
    };
    for (std::size_t start = 0; start < text.size();) {
        const std::string_view rest = std::string_view(text).substr(start);
        const double before = ends[start].score;
        const std::size_t character = characterLength(rest);
        bool known = false;
        m_searched.each(rest, [&](std::size_t length, int id) {
            const Piece& piece = m_pieces[static_cast<std::size_t>(id)];
            // A piece that somebody has defined always wins.
            const double score = piece.kind == Kind::UserDefined
                                     ? static_cast<double>(static_cast<float>(length) * m_most) - 0.1
                                     : static_cast<double>(piece.score);
            offer(start, start + length, static_cast<float>(score + before), id);
            known = known || length == character;
        });
        if (!known)
            offer(start, start + character, unknownScore + static_cast<float>(before), m_unknown);
        start += character;
    }
    std::vector<int> ids;
    for (std::size_t end = text.size(); end > 0;) {
        std::size_t start = ends[end].start;
        if (ends[end].id != m_unknown) {
            ids.push_back(ends[end].id);
            end = start;
            continue;
        }
        while (!m_byteFallback && start > 0 && ends[start].id == m_unknown)
            start = ends[start].start;
        const std::string_view unknown = std::string_view(text).substr(start, end - start);
        end = start;
        if (m_byteFallback)
            for (auto byte = unknown.rbegin(); byte != unknown.rend(); ++byte)
                ids.push_back(m_bytes[static_cast<unsigned char>(*byte)]);
        else
            ids.push_back(idOf(unknown)); // the token is a text, which is looked up anew
    }
    std::reverse(ids.begin(), ids.end());
    return ids;
}

struct SiglipTokenizer : Tokenizer::Impl {
    struct Special {
        std::u32string text;
        int id;
        bool leftStrip, rightStrip;
        bool special; ///< one of those that the tokenizer names
        bool keepsCase;
    };

    SiglipTokenizer(const formats::SentencePieceModel& model, std::optional<Charsmap> map)
        : pieces(model, std::move(map)) {}

    SentencePiece pieces;
    std::vector<Special> specials; ///< the longest first
    std::string unknownText;
    std::size_t unknownLength = 0; ///< tokens that `unknownText` is by itself
    int signId = -1;               ///< of SentencePiece's sign for a blank; -1: it is no piece
    bool lowerCase = true;

    const Special* specialAt(std::u32string_view text) const {
        const auto found = std::find_if(specials.begin(), specials.end(), [&](const Special& special) {
            return special.text.front() == text.front() && text.starts_with(special.text);
        });
        return found == specials.end() ? nullptr : &*found;
    }

    /// Transformers' SiglipTokenizer.tokenize.
    std::vector<int> tokens(std::u32string_view input) const {
        constexpr char32_t kSpaceSign = 0x2581;
        std::u32string text(1, kSpaceSign);
        for (const char32_t c : input)
            text.push_back(c == kSpaceSign ? U' ' : c);
        if (lowerCase)
            text = lowered(text);
        struct Stretch {
            std::u32string text;
            const Special* special;
        };
        std::vector<Stretch> stretches;
        std::size_t begin = 0;
        const auto addText = [&](std::size_t end) {
            if (begin < end)
                stretches.push_back({text.substr(begin, end - begin), nullptr});
        };
        for (std::size_t at = 0; at < text.size();) {
            const Special* special = specialAt(std::u32string_view(text).substr(at));
            if (!special) {
                ++at;
                continue;
            }
            addText(at);
            stretches.push_back({{}, special});
            at += special->text.size();
            begin = at;
        }
        addText(text.size());
        std::vector<int> ids;
        bool firstIsSign = false;
        std::size_t count = 0; // of tokens so far, until the second is known
        for (std::size_t i = 0; i < stretches.size(); ++i) {
            const Special* special = stretches[i].special;
            if (special) {
                // A lone sign in front of a special token is dropped.
                if (count == 1 && firstIsSign && special->special)
                    ids.clear();
                ids.push_back(special->id);
                ++count;
                continue;
            }
            std::u32string_view stretch = stretches[i].text;
            const Special* left = i > 0 ? stretches[i - 1].special : nullptr;
            const Special* right = i + 1 < stretches.size() ? stretches[i + 1].special : nullptr;
            while (left && left->rightStrip && !stretch.empty() && isPythonSpace(stretch.front()))
                stretch.remove_prefix(1);
            while (right && right->leftStrip && !stretch.empty() && isPythonSpace(stretch.back()))
                stretch.remove_suffix(1);
            if (stretch.empty())
                continue;
            const std::vector<int> more = stretchTokens(stretch);
            if (count == 0 && !more.empty())
                firstIsSign = more.front() == signId && signId >= 0;
            count += more.size();
            ids.insert(ids.end(), more.begin(), more.end());
        }
        return ids;
    }

    /// One character at a time, as its pattern is; line breaks are no part of the pattern, and have no case either.
    std::u32string lowered(std::u32string_view text) const {
        std::u32string out;
        for (std::size_t at = 0; at < text.size();) {
            const Special* special = specialAt(text.substr(at));
            const bool kept = special && special->keepsCase;
            const std::size_t length = kept ? special->text.size() : 1;
            out += kept ? special->text : lowerEachCharacter(text.substr(at, 1));
            at += length;
        }
        return out;
    }

    /// SiglipTokenizer._tokenize: encoded behind the unknown token's text, whose tokens are then taken away again.
    std::vector<int> stretchTokens(std::u32string_view stretch) const {
        std::u32string cleaned;
        bool space = false;
        for (const char32_t c : removePunctuation(stretch)) {
            if (isPythonSpace(c)) {
                space = !cleaned.empty();
                continue;
            }
            if (space)
                cleaned.push_back(U' ');
            space = false;
            cleaned.push_back(c);
        }
        std::vector<int> ids = pieces.encode(unknownText + encodeUtf8(cleaned));
        if (ids.size() >= unknownLength)
            ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(unknownLength));
        return ids;
    }

    Tokens encode(std::string_view utf8) const override {
        std::vector<int> ids = tokens(decodeUtf8(utf8));
        // The closing token is not put behind one that is there already, but is counted as if it were.
        const auto limit = static_cast<std::size_t>(contextLength);
        const std::size_t whole = ids.size() + (ids.empty() || ids.back() != eos ? 1 : 0);
        Tokens result;
        result.untruncated = whole;
        if (ids.size() + 1 > limit)
            ids.resize(limit - 1);
        if (ids.empty() || ids.back() != eos)
            ids.push_back(eos);
        result.truncated = ids.size() < whole;
        result.ids = std::move(ids);
        return result;
    }
};

} // namespace

Result<std::unique_ptr<Tokenizer::Impl>> makeSiglip(const formats::SentencePieceModel& model,
                                                    const formats::TokenizerSettings& settings, int contextLength,
                                                    const std::filesystem::path& path) {
    if (model.algorithm != formats::SentencePieceModel::Algorithm::Unigram)
        return unusable(path, "it is a BPE model, where SigLIP's tokenizer is unigram");
    if (model.spaceAsSuffix)
        return unusable(path, "it puts blanks behind words, which is not supported");
    std::optional<Charsmap> map;
    if (!model.charsmap.empty()) {
        auto parsed = Charsmap::parse(model.charsmap);
        if (!parsed)
            return unusable(path, parsed.error());
        map = std::move(*parsed);
    }
    auto tokenizer = std::make_unique<SiglipTokenizer>(model, std::move(map));
    tokenizer->lowerCase = settings.lowerCase.value_or(true);
    if (const auto sign = tokenizer->pieces.ids().find(kSpace); sign != tokenizer->pieces.ids().end())
        tokenizer->signId = sign->second;

    // First the tokens that the settings list with their ids, then the named ones; those that nobody knows come behind.
    int next = static_cast<int>(model.pieces.size());
    std::vector<SiglipTokenizer::Special>& specials = tokenizer->specials;
    const auto known = [&](std::u32string_view text) {
        return std::find_if(specials.begin(), specials.end(), [&](const auto& one) { return one.text == text; });
    };
    constexpr std::size_t kMost = 1000; // each is looked for at each character
    if (settings.added.size() + settings.special.size() > kMost)
        return unusable(path, "its settings add more than " + std::to_string(kMost) + " tokens");
    for (const formats::AddedToken& token : settings.added) {
        if (token.singleWord)
            return unusable(path, "the added token “" + encodeName(token.text) +
                                      "” must stand alone (“single_word”), which is not supported");
        if (const std::u32string text = decodeUtf8(token.text); !text.empty() && known(text) == specials.end())
            specials.push_back(
                {text, token.id, token.leftStrip, token.rightStrip, false, !token.special && token.normalized});
        next = std::max(next, token.id + 1);
    }
    const auto named = [&](std::string_view role, std::string_view otherwise) {
        formats::AddedToken token;
        token.text = otherwise;
        token.leftStrip = token.rightStrip = true; // of the class, unless the settings say more
        if (const auto* special = settings.find(role)) {
            if (special->plain)
                token.text = special->token.text;
            else
                token = special->token;
        }
        return token;
    };
    const auto add = [&](const formats::AddedToken& token) {
        const std::u32string text = decodeUtf8(token.text);
        if (text.empty())
            return -1;
        auto place = known(text);
        if (place == specials.end()) {
            const auto piece = tokenizer->pieces.ids().find(token.text);
            const int id = piece != tokenizer->pieces.ids().end() ? piece->second : next++;
            specials.push_back({text, id, token.leftStrip, token.rightStrip, true, true});
            place = std::prev(specials.end());
        }
        place->special = place->keepsCase = true;
        return place->id;
    };
    tokenizer->eos = add(named("eos_token", "</s>"));
    const formats::AddedToken unknown = named("unk_token", "<unk>");
    add(unknown);
    tokenizer->padId = add(named("pad_token", "</s>"));
    for (const auto& special : settings.special)
        if (special.role != "eos_token" && special.role != "unk_token" && special.role != "pad_token")
            add(special.token);
    if (tokenizer->eos < 0)
        return unusable(path, "its closing token is empty");
    std::stable_sort(specials.begin(), specials.end(),
                     [](const auto& a, const auto& b) { return a.text.size() > b.text.size(); });
    tokenizer->unknownText = unknown.text;
    tokenizer->unknownLength = tokenizer->pieces.encode(unknown.text).size();
    tokenizer->contextLength = std::max(contextLength, 1);
    int largest = next - 1;
    for (const auto& special : specials)
        largest = std::max(largest, special.id);
    tokenizer->size = largest + 1;
    tokenizer->kind = "SentencePiece unigram, " + std::to_string(tokenizer->size) + " entries";
    return tokenizer;
}

} // namespace plumbline::text
