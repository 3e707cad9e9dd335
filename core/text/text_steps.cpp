// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/text_steps.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include "core/text/clean.h"
#include "core/text/subword.h"

namespace plumbline::text {

namespace {

/// Without the characters that `belongs` names at one or both ends.
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
            if (c == 0 || c == 0xFFFD || (!lineBreak && isControlOrFormat8(c)))
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
        out = without(normaliseNfd9(out), isNonSpacingMark8);
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

std::u32string inForm(formats::UnicodeForm form, std::u32string_view text) {
    using formats::UnicodeForm;
    switch (form) {
    case UnicodeForm::Nfc:
        return normaliseNfc(text);
    case UnicodeForm::Nfd:
        return normaliseNfd9(text);
    case UnicodeForm::Nfkc:
        return normaliseNfkc9(text);
    case UnicodeForm::Nfkd:
        return normaliseNfkd9(text);
    }
    return std::u32string(text);
}

void split(const formats::SplitWhiteSpace&, Part& part, std::vector<Part>& parts) {
    appendParts(parts, part, arranged(cutsAt(part.text, isSpace), Behaviour::Removed));
}

void split(const formats::SplitBertWords&, Part& part, std::vector<Part>& parts) {
    std::vector<Part> words;
    split(formats::SplitWhiteSpace(), part, words);
    for (const Part& word : words)
        appendParts(parts, word, cutsAt(word.text, isPunctuation8));
}

void split(const formats::Metaspace& metaspace, Part& part, std::vector<Part>& parts) {
    using Prefix = formats::Metaspace::Prefix;
    part.text = replaced(part.text, " ", metaspace.replacement);
    if (!part.text.starts_with(metaspace.replacement) &&
        (metaspace.prefix == Prefix::Always || (metaspace.prefix == Prefix::First && part.atStart)))
        part.text.insert(0, metaspace.replacement);
    if (metaspace.split)
        appendParts(parts, part, arranged(cutsAt(part.text, metaspace.replacement), Behaviour::MergedWithNext));
    else
        parts.push_back(std::move(part));
}

void split(const formats::SplitText& at, Part& part, std::vector<Part>& parts) {
    std::vector<Cut> cuts = cutsAt(part.text, at.text);
    if (at.invert)
        for (Cut& cut : cuts)
            cut.matched = !cut.matched;
    appendParts(parts, part, arranged(cuts, at.behaviour));
}

} // namespace

tl::expected<Normalisers, std::string> Normalisers::make(std::vector<formats::Normaliser> steps) {
    Normalisers normalisers;
    for (const formats::Normaliser& step : steps)
        if (const auto* packed = std::get_if<formats::PrecompiledMap>(&step)) {
            auto map = Charsmap::parse(packed->bytes);
            if (!map)
                return tl::unexpected(std::move(map).error());
            normalisers.m_maps.push_back(std::move(*map));
        }
    normalisers.m_steps = std::move(steps);
    return normalisers;
}

Part Normalisers::apply(Part part) const {
    // No text of any language grows this much; steps that would let one explode are stopped.
    const std::size_t most = 64 * part.text.size() + 4096;
    std::size_t map = 0;
    for (const formats::Normaliser& step : m_steps) {
        apply(step, part, map);
        if (part.text.size() > most) {
            std::size_t end = most;
            while ((static_cast<unsigned char>(part.text[end]) & 0xC0U) == 0x80U) // not inside of a character
                --end;
            part.text.resize(end);
        }
    }
    return part;
}

void Normalisers::apply(const formats::Normaliser& step, Part& part, std::size_t& map) const {
    const auto change = [&part](auto function) { part.text = encodeUtf8(function(decodeUtf8(part.text))); };
    // The reference loses sight of the text's beginning where its first character is taken away, and where several are
    // replaced together.
    const auto loseStart = [&part](bool lost) { part.atStart = part.atStart && !lost; };
    std::visit(
        Overloaded{
            [&](formats::UnicodeForm form) { change([form](std::u32string_view text) { return inForm(form, text); }); },
            [&](formats::Lowercase) { change(lowerEachCharacter); },
            [&](formats::StripAccents) {
                change([&](std::u32string_view text) {
                    loseStart(!text.empty() && isMark9(text.front()));
                    return without(text, isMark9);
                });
            },
            [&](const formats::StripBlanks& strip) {
                change([&](std::u32string_view text) {
                    const std::u32string_view kept = stripped(text, isSpace, strip.left, strip.right);
                    loseStart(kept.data() != text.data());
                    return kept;
                });
            },
            [&](const formats::ReplaceText& replace) {
                using What = formats::ReplaceText::What;
                if (replace.what == What::Text) {
                    const bool one = characterLength(replace.from) == replace.from.size() && !replace.to.empty();
                    loseStart(!one && part.text.starts_with(replace.from));
                    part.text = replaced(part.text, replace.from, replace.to);
                    return;
                }
                const bool any = replace.what == What::WhiteSpace;
                const auto belongs = any ? isSpace : [](char32_t c) { return c == U' '; };
                const std::size_t least = any ? 1 : 2;
                change([&](std::u32string_view text) {
                    const auto run =
                        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
                    loseStart(run >= least && (run > 1 || replace.to.empty()));
                    return replacedRuns(text, belongs, least, decodeUtf8(replace.to));
                });
            },
            [&](const formats::PrependText& prepend) {
                if (!part.text.empty())
                    part.text.insert(0, prepend.text);
            },
            [&](const formats::PrecompiledMap&) { part.text = mapped(m_maps[map++], part.text); },
            [&](const formats::BertClean& bert) {
                change([&](std::u32string_view text) {
                    loseStart(cleanedForBert(bert, text.substr(0, 1)).empty());
                    return cleanedForBert(bert, text);
                });
            },
        },
        step);
}

std::vector<Part> preTokenised(const std::vector<formats::PreTokenizer>& steps, Part whole) {
    std::vector<Part> parts;
    parts.push_back(std::move(whole));
    for (const formats::PreTokenizer& step : steps) {
        std::vector<Part> next;
        for (Part& part : parts)
            std::visit([&](const auto& one) { split(one, part, next); }, step);
        parts = std::move(next);
    }
    return parts;
}

} // namespace plumbline::text
