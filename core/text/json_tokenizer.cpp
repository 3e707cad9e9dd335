// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/path.h"
#include "core/text/charsmap.h"
#include "core/text/clean.h"
#include "core/text/subword.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

using formats::AddedToken;

/// A stretch of a text on its way to the model.
struct Part {
    std::string text;
    bool atStart = false; ///< its first character is the text's own first character
    int id = -1;          ///< an added token: the text is done
};

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

/// Takes the characters that `belongs` names from one or both ends.
std::u32string_view stripped(std::u32string_view text, bool (*belongs)(char32_t), bool left, bool right) {
    while (left && !text.empty() && belongs(text.front()))
        text.remove_prefix(1);
    while (right && !text.empty() && belongs(text.back()))
        text.remove_suffix(1);
    return text;
}

bool isChinese(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
           (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

std::u32string without(std::u32string_view text, bool (*belongs)(char32_t)) {
    std::u32string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [belongs](char32_t c) { return !belongs(c); });
    return out;
}

std::u32string cleanedForBert(const formats::BertClean& options, std::u32string_view text) {
    std::u32string out;
    for (char32_t c : text) {
        const bool lineBreak = c == U'\t' || c == U'\n' || c == U'\r';
        if (options.cleanText) {
            if (c == 0 || c == 0xFFFD || (!lineBreak && isControlOrFormat(c)))
                continue;
            if (lineBreak || isSpace(c))
                c = U' ';
        }
        const bool apart = options.spaceChinese && isChinese(c);
        if (apart)
            out.push_back(U' ');
        out.push_back(c);
        if (apart)
            out.push_back(U' ');
    }
    if (options.stripAccents)
        out = without(normaliseNfd(out), isNonSpacingMark);
    return options.lowercase ? lowerEachCharacter(out) : out;
}

/// Replaces runs of at least `least` characters that `belongs` names.
std::u32string replacedRuns(std::u32string_view text, bool (*belongs)(char32_t), std::size_t least,
                            std::u32string_view by) {
    std::u32string out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && belongs(text[end]))
            ++end;
        if (end - at >= least)
            out += by;
        else
            out += text.substr(at, end - at);
        at = end;
        if (at < text.size())
            out.push_back(text[at++]);
    }
    return out;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string out;
    for (std::size_t at = 0;;) {
        const std::size_t found = text.find(from, at);
        out += text.substr(at, found - at);
        if (found == std::string_view::npos)
            return out;
        out += to;
        at = found + from.size();
    }
}

/// The tokenizers package asks for a whole grapheme cluster of less than six bytes first, then for each character; and
/// of the keys that begin it, it takes the shortest for all of it.
std::string mapped(const Charsmap& map, std::string_view utf8) {
    const std::u32string text = decodeUtf8(utf8);
    std::string out, cluster, character;
    std::size_t at = 0;
    for (const std::size_t length : graphemeLengths(text)) {
        const std::u32string_view characters = std::u32string_view(text).substr(at, length);
        at += length;
        constexpr std::size_t kLongest = 5;
        cluster.clear();
        for (const char32_t c : characters.substr(0, kLongest + 1))
            appendUtf8(cluster, c);
        if (cluster.size() <= kLongest)
            if (const Charsmap::Match match = map.shortest(cluster); match.length > 0) {
                out += match.text;
                continue;
            }
        for (const char32_t c : characters) {
            character.clear();
            appendUtf8(character, c);
            const Charsmap::Match match = map.shortest(character);
            out += match.length > 0 ? match.text : std::string_view(character);
        }
    }
    return out;
}

/// Where a splitter cuts: what it matched and what lies between, in order and without gaps.
struct Cut {
    std::size_t begin, end;
    bool matched;
};

std::vector<Cut> cutsAt(std::string_view text, std::string_view literal) {
    std::vector<Cut> cuts;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t found = std::min(text.find(literal, at), text.size());
        if (found > at)
            cuts.push_back({at, found, false});
        if (found == text.size())
            break;
        at = found + literal.size();
        cuts.push_back({found, at, true});
    }
    return cuts;
}

/// Each character that `belongs` names is matched by itself.
std::vector<Cut> cutsAt(std::string_view text, bool (*belongs)(char32_t)) {
    std::vector<Cut> cuts;
    const std::u32string characters = decodeUtf8(text);
    std::size_t at = 0, open = 0;
    for (const char32_t c : characters) {
        const std::size_t end = at + (c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        if (belongs(c)) {
            if (at > open)
                cuts.push_back({open, at, false});
            cuts.push_back({at, end, true});
            open = end;
        }
        at = end;
    }
    if (at > open)
        cuts.push_back({open, at, false});
    return cuts;
}

using Behaviour = formats::SplitText::Behaviour;

/// What a splitter does with what it matched, as the tokenizers package.
std::vector<Cut> arranged(const std::vector<Cut>& cuts, Behaviour behaviour) {
    std::vector<Cut> out;
    bool previous = false;
    switch (behaviour) {
    case Behaviour::Removed:
        std::copy_if(cuts.begin(), cuts.end(), std::back_inserter(out), [](const Cut& cut) { return !cut.matched; });
        break;
    case Behaviour::Isolated:
        out = cuts;
        break;
    case Behaviour::Contiguous:
        for (const Cut& cut : cuts)
            if (!out.empty() && out.back().matched == cut.matched)
                out.back().end = cut.end;
            else
                out.push_back(cut);
        break;
    case Behaviour::MergedWithPrevious:
        for (const Cut& cut : cuts) {
            if (cut.matched && !previous && !out.empty())
                out.back().end = cut.end;
            else
                out.push_back(cut);
            previous = cut.matched;
        }
        break;
    case Behaviour::MergedWithNext:
        for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
            if (cut->matched && !previous && !out.empty())
                out.back().begin = cut->begin;
            else
                out.push_back(*cut);
            previous = cut->matched;
        }
        std::reverse(out.begin(), out.end());
        break;
    }
    return out;
}

void appendParts(std::vector<Part>& parts, const Part& whole, const std::vector<Cut>& cuts) {
    for (const Cut& cut : cuts)
        parts.push_back({whole.text.substr(cut.begin, cut.end - cut.begin), whole.atStart && cut.begin == 0, -1});
}

struct JsonTokenizer : Tokenizer::Impl {
    using Model = std::variant<BpeEncoder, UnigramEncoder, WordPieceEncoder>;

    explicit JsonTokenizer(formats::TokenizerJson d)
        : description(std::move(d)),
          model(std::visit(Overloaded{
                               [](formats::BpeModel& m) -> Model { return BpeEncoder(std::move(m)); },
                               [](formats::UnigramModel& m) -> Model { return UnigramEncoder(std::move(m)); },
                               [](formats::WordPieceModel& m) -> Model { return WordPieceEncoder(std::move(m)); },
                           },
                           description.model)) {}

    formats::TokenizerJson description; ///< its model is used up
    Model model;
    std::vector<Charsmap> maps;           ///< of its normalisers, in their order
    Prefixes rawTokens, normalisedTokens; ///< numbers: places among the added tokens

    void prepareTokens() {
        std::vector<std::pair<std::string_view, int>> raw, normalised;
        std::vector<std::string> texts; // that `normalised` looks at
        const std::vector<AddedToken>& added = description.added();
        texts.reserve(added.size());
        // Of equal texts the first counts, and special tokens come first.
        for (const bool special : {true, false})
            for (std::size_t place = 0; place < added.size(); ++place)
                if (added[place].special == special) {
                    const int number = static_cast<int>(place);
                    if (added[place].normalized)
                        normalised.emplace_back(texts.emplace_back(normalise({added[place].text, false, -1}).text),
                                                number);
                    else
                        raw.emplace_back(added[place].text, number);
                }
        rawTokens = Prefixes(std::move(raw));
        normalisedTokens = Prefixes(std::move(normalised));
    }

    Part normalise(Part part) const {
        std::size_t map = 0;
        // Whether the first character is still the first is asked of each step that can take it away.
        const auto change = [&part](auto step) { part.text = encodeUtf8(step(decodeUtf8(part.text))); };
        for (const formats::Normaliser& normaliser : description.normalisers)
            std::visit(Overloaded{
                           [&](formats::UnicodeForm form) {
                               using formats::UnicodeForm;
                               change([form](const std::u32string& text) {
                                   return form == UnicodeForm::Nfc    ? normaliseNfc(text)
                                          : form == UnicodeForm::Nfd  ? normaliseNfd(text)
                                          : form == UnicodeForm::Nfkc ? normaliseNfkc(text)
                                                                      : normaliseNfkd(text);
                               });
                           },
                           [&](formats::Lowercase) { change(lowerEachCharacter); },
                           [&](formats::StripAccents) { change([](const std::u32string& text) { return without(text, isMark); }); },
                           [&](const formats::StripBlanks& strip) {
                               const std::u32string text = decodeUtf8(part.text);
                               if (strip.left && !text.empty() && isSpace(text.front()))
                                   part.atStart = false;
                               part.text = encodeUtf8(stripped(text, isSpace, strip.left, strip.right));
                           },
                           [&](const formats::ReplaceText& replace) {
                               if (replace.what == formats::ReplaceText::What::Text)
                                   part.text = replaced(part.text, replace.from, replace.to);
                               else
                                   change([&replace](const std::u32string& text) {
                                       const bool blanks = replace.what == formats::ReplaceText::What::TwoOrMoreBlanks;
                                       return blanks ? replacedRuns(
                                                           text, [](char32_t c) { return c == U' '; }, 2,
                                                           decodeUtf8(replace.to))
                                                     : replacedRuns(text, isSpace, 1, decodeUtf8(replace.to));
                                   });
                           },
                           [&](const formats::PrependText& prepend) {
                               if (!part.text.empty())
                                   part.text.insert(0, prepend.text);
                           },
                           [&](const formats::PrecompiledMap&) { part.text = mapped(maps[map++], part.text); },
                           [&](const formats::BertClean& bert) {
                               change([&bert](const std::u32string& text) { return cleanedForBert(bert, text); });
                           },
                       },
                       normaliser);
        return part;
    }

    /// Cuts the added tokens out of a text: the leftmost, of several the longest.
    void cutTokens(const Part& part, const Prefixes& tokens, std::vector<Part>& parts) const {
        const std::string_view text = part.text;
        std::size_t done = 0, blankEnd = 0; // what is already in `parts`; where the last run of blanks ends
        const auto addText = [&](std::size_t end) {
            if (done < end)
                parts.push_back({part.text.substr(done, end - done), part.atStart && done == 0, -1});
        };
        for (std::size_t at = 0; at < text.size();) {
            std::size_t length = 0;
            int place = -1;
            tokens.each(text.substr(at), [&](std::size_t l, int p) {
                length = l;
                place = p;
            });
            if (place < 0) {
                ++at;
                continue;
            }
            const AddedToken& token = description.added()[static_cast<std::size_t>(place)];
            std::size_t begin = at, end = at + length;
            at = end;
            if (token.singleWord && (touchesWord(text.substr(0, begin), true) || touchesWord(text.substr(end), false)))
                continue;
            if (token.leftStrip && done < begin)
                begin -= blanks(text.substr(done, begin - done), true);
            if (token.rightStrip) {
                if (end >= blankEnd) // a run of blanks is looked through once
                    blankEnd = end + blanks(text.substr(end), false);
                end = blankEnd;
            }
            addText(begin);
            parts.push_back({{}, false, token.id});
            done = end;
        }
        addText(text.size());
    }

    /// A letter, digit or the like at the end or the beginning of a text.
    static bool touchesWord(std::string_view text, bool atEnd) {
        if (text.empty())
            return false;
        std::size_t begin = 0;
        if (atEnd)
            for (begin = text.size() - 1; begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U;)
                --begin;
        return isWordCharacter(decodeUtf8(text.substr(begin, characterLength(text.substr(begin)))).front());
    }

    /// How many bytes of white space a text begins or ends with.
    static std::size_t blanks(std::string_view text, bool atEnd) {
        std::size_t bytes = 0;
        while (bytes < text.size()) {
            std::size_t begin = bytes;
            if (atEnd)
                for (begin = text.size() - bytes - 1;
                     begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U;)
                    --begin;
            const std::string_view character = text.substr(begin, characterLength(text.substr(begin)));
            if (!isSpace(decodeUtf8(character).front()))
                break;
            bytes += character.size();
        }
        return bytes;
    }

    std::vector<Part> preTokenise(Part whole) const {
        std::vector<Part> parts;
        parts.push_back(std::move(whole));
        for (const formats::PreTokenizer& step : description.preTokenizers) {
            std::vector<Part> next;
            for (Part& part : parts)
                std::visit(Overloaded{
                               [&](formats::SplitWhiteSpace) {
                                   appendParts(next, part, arranged(cutsAt(part.text, isSpace), Behaviour::Removed));
                               },
                               [&](formats::SplitBertWords) {
                                   std::vector<Part> words;
                                   appendParts(words, part, arranged(cutsAt(part.text, isSpace), Behaviour::Removed));
                                   for (const Part& word : words)
                                       appendParts(next, word, cutsAt(word.text, isPunctuation));
                               },
                               [&](const formats::Metaspace& metaspace) {
                                   using Prefix = formats::Metaspace::Prefix;
                                   part.text = replaced(part.text, " ", metaspace.replacement);
                                   if (!part.text.starts_with(metaspace.replacement) &&
                                       (metaspace.prefix == Prefix::Always ||
                                        (metaspace.prefix == Prefix::First && part.atStart)))
                                       part.text.insert(0, metaspace.replacement);
                                   if (metaspace.split)
                                       appendParts(next, part,
                                                   arranged(cutsAt(part.text, metaspace.replacement),
                                                            Behaviour::MergedWithNext));
                                   else
                                       next.push_back(std::move(part));
                               },
                               [&](const formats::SplitText& split) {
                                   std::vector<Cut> cuts = cutsAt(part.text, split.text);
                                   if (split.invert)
                                       for (Cut& cut : cuts)
                                           cut.matched = !cut.matched;
                                   appendParts(next, part, arranged(cuts, split.behaviour));
                               },
                           },
                           step);
            parts = std::move(next);
        }
        return parts;
    }

    Tokens encode(std::string_view utf8) const override {
        Part whole{isUtf8(utf8) ? std::string(utf8) : encodeUtf8(decodeUtf8(utf8)), true, -1};
        std::vector<Part> raw, parts;
        cutTokens(whole, rawTokens, raw);
        for (Part& part : raw)
            if (part.id >= 0)
                parts.push_back(std::move(part));
            else
                cutTokens(normalise(std::move(part)), normalisedTokens, parts);
        std::vector<int> ids;
        for (Part& part : parts)
            if (part.id >= 0)
                ids.push_back(part.id);
            else
                for (const Part& piece : preTokenise(std::move(part)))
                    std::visit([&](const auto& one) { one.encode(piece.text, ids); }, model);
        return fitted(description.before, std::move(ids), description.after, contextLength);
    }
};

} // namespace

tl::unexpected<Error> unusable(const std::filesystem::path& path, std::string reason) {
    return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
}

Result<std::unique_ptr<Tokenizer::Impl>> makeFromJson(formats::TokenizerJson description, int contextLength,
                                                      const std::filesystem::path& path) {
    const int largest = description.largestId();
    for (const auto* around : {&description.before, &description.after})
        for (const int id : *around)
            if (id > largest)
                return unusable(path, "it puts the id " + std::to_string(id) + " around a text, which no token has");
    const char* const name = std::holds_alternative<formats::BpeModel>(description.model)       ? "BPE"
                             : std::holds_alternative<formats::UnigramModel>(description.model) ? "unigram"
                                                                                                : "WordPiece";
    const bool bytes = std::visit(
        Overloaded{[](const formats::WordPieceModel&) { return false; }, [](const auto& m) { return m.byteFallback; }},
        description.model);
    std::vector<Charsmap> maps;
    for (const formats::Normaliser& step : description.normalisers)
        if (const auto* packed = std::get_if<formats::PrecompiledMap>(&step)) {
            auto map = Charsmap::parse(packed->bytes);
            if (!map)
                return unusable(path, map.error());
            maps.push_back(std::move(*map));
        }
    auto tokenizer = std::make_unique<JsonTokenizer>(std::move(description));
    tokenizer->maps = std::move(maps);
    tokenizer->prepareTokens();
    const auto around = static_cast<int>(tokenizer->description.before.size() + tokenizer->description.after.size());
    tokenizer->contextLength = std::max(contextLength, around);
    tokenizer->size = largest + 1;
    tokenizer->eos = tokenizer->description.after.empty() ? -1 : tokenizer->description.after.back();
    tokenizer->padId = tokenizer->description.padId.value_or(0);
    tokenizer->kind = std::string(name) + (bytes ? " with bytes, " : ", ") + std::to_string(largest + 1) + " entries";
    return tokenizer;
}

} // namespace plumbline::text
