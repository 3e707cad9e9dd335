// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/path.h"
#include "core/text/clean.h"
#include "core/text/subword.h"
#include "core/text/text_steps.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

using formats::AddedToken;

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

    formats::TokenizerJson description; ///< its model and normalisers are used up
    Model model;
    Normalisers normalisers;
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
                        normalised.emplace_back(
                            texts.emplace_back(normalisers.apply({added[place].text, false, -1}).text), number);
                    else
                        raw.emplace_back(added[place].text, number);
                }
        rawTokens = Prefixes(std::move(raw));
        normalisedTokens = Prefixes(std::move(normalised));
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

    Tokens encode(std::string_view utf8) const override {
        Part whole{isUtf8(utf8) ? std::string(utf8) : encodeUtf8(decodeUtf8(utf8)), true, -1};
        std::vector<Part> raw, parts;
        cutTokens(whole, rawTokens, raw);
        for (Part& part : raw)
            if (part.id >= 0)
                parts.push_back(std::move(part));
            else
                cutTokens(normalisers.apply(std::move(part)), normalisedTokens, parts);
        std::vector<int> ids;
        for (Part& part : parts)
            if (part.id >= 0)
                ids.push_back(part.id);
            else
                for (const Part& piece : preTokenised(description.preTokenizers, std::move(part)))
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
    auto normalisers = Normalisers::make(std::move(description.normalisers));
    if (!normalisers)
        return unusable(path, normalisers.error());
    auto tokenizer = std::make_unique<JsonTokenizer>(std::move(description));
    tokenizer->normalisers = std::move(*normalisers);
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
