// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/clean.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "core/text/html_entities.h"

namespace plumbline::text {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

UChar32 codePoint(char32_t c) { return static_cast<UChar32>(c); }

bool isAscii(char32_t c) { return c < 0x80; }
bool isAsciiDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool isAsciiLetter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
int hexDigit(char32_t c) {
    if (isAsciiDigit(c))
        return static_cast<int>(c - U'0');
    if (c >= U'a' && c <= U'f')
        return static_cast<int>(c - U'a') + 10;
    if (c >= U'A' && c <= U'F')
        return static_cast<int>(c - U'A') + 10;
    return -1;
}

// Windows-1252 for 0x80..0x9F; the five bytes it leaves open stay what they are, as in HTML and ftfy's "sloppy" codec.
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

const HtmlEntity* findEntity(std::string_view name) {
    const auto* found = std::lower_bound(std::begin(kHtmlEntities), std::end(kHtmlEntities), name,
                                         [](const HtmlEntity& e, std::string_view n) { return e.name < n; });
    return found != std::end(kHtmlEntities) && found->name == name ? found : nullptr;
}

void append(std::u32string& out, const HtmlEntity& entity) {
    out.push_back(entity.first);
    if (entity.second != 0)
        out.push_back(entity.second);
}

/// The character of a numeric reference by the rules of the HTML standard, as html.unescape has them.
void appendNumericReference(std::u32string& out, char32_t number) {
    if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
        out.push_back(kReplacement);
    else if (number >= 0x80 && number <= 0x9F)
        out.push_back(kWindows1252[number - 0x80]);
    else if (number == 0x0D)
        out.push_back(number);
    else if (number == 0x0B || number < 0x09 || (number >= 0x0E && number <= 0x1F) || number == 0x7F ||
             (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE)
        return; // not a character: dropped
    else
        out.push_back(number);
}

/// Reads a reference after its '&' at `at`. Returns the number of characters taken, 0 if there is none.
std::size_t readReference(std::u32string_view text, std::size_t at, std::u32string& out) {
    const std::u32string_view rest = text.substr(at);
    if (rest.starts_with(U'#')) {
        const bool hex = rest.size() > 1 && (rest[1] == U'x' || rest[1] == U'X');
        const std::size_t first = hex ? 2 : 1;
        std::size_t end = first;
        char32_t number = 0;
        for (; end < rest.size(); ++end) {
            const int digit = hexDigit(rest[end]);
            if (digit < 0 || (!hex && digit > 9))
                break;
            // Beyond Unicode is beyond Unicode, however many digits follow.
            number = std::min<char32_t>(number * (hex ? 16u : 10u) + static_cast<char32_t>(digit), 0x110000);
        }
        if (end == first)
            return 0;
        appendNumericReference(out, number);
        return end < rest.size() && rest[end] == U';' ? end + 1 : end;
    }
    constexpr std::size_t kLongestName = 32; // of html.unescape's pattern, without the semicolon
    std::size_t length = 0;
    while (length < rest.size() && length < kLongestName && rest[length] != U'\t' && rest[length] != U'\n' &&
           rest[length] != U'\f' && rest[length] != U' ' && rest[length] != U'<' && rest[length] != U'&' &&
           rest[length] != U'#' && rest[length] != U';')
        ++length;
    if (length == 0)
        return 0;
    if (length < rest.size() && rest[length] == U';')
        ++length;
    std::string name;
    while (name.size() < length && isAscii(rest[name.size()]))
        name.push_back(static_cast<char>(rest[name.size()]));
    // The longest beginning that is a name (none has less than two characters); the rest stands as it is.
    for (std::size_t n = name.size(); n >= 2; --n) {
        if (const HtmlEntity* entity = findEntity(std::string_view(name).substr(0, n))) {
            append(out, *entity);
            out.append(rest.substr(n, length - n));
            return length;
        }
    }
    out.push_back(U'&');
    out.append(rest.substr(0, length));
    return length;
}

/// ftfy's own unescaping: only references that end in a semicolon, of at most 24 characters.
std::u32string unescapeTerminated(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == U'&') {
            const bool numeric = i + 1 < text.size() && text[i + 1] == U'#';
            std::size_t end = i + 1 + (numeric ? 1 : 0);
            const std::size_t first = end;
            while (end < text.size() && end - first < 24 && (isAsciiDigit(text[end]) || isAsciiLetter(text[end])))
                ++end;
            if (end > first && end < text.size() && text[end] == U';') {
                const std::u32string_view reference = text.substr(i, end + 1 - i);
                std::u32string character;
                bool known = false;
                if (numeric) {
                    // Only if all of it was read ("&#12ab;" stays as it is), and not for a semicolon itself.
                    known = readReference(reference, 1, character) == reference.size() - 1 && character != U";";
                } else if (const HtmlEntity* entity = findEntity(std::string(reference.begin() + 1, reference.end()))) {
                    append(character, *entity);
                    known = true;
                }
                out += known ? std::u32string_view(character) : reference;
                i = end;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

bool isFixedControl(char32_t c) {
    return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F || (c >= 0x206A && c < 0x2070) ||
           c == 0xFEFF || (c >= 0xFFF9 && c < 0xFFFD);
}

/// Latin ligatures and digraphs as letters; nullptr for any other character.
const char32_t* ligature(char32_t c) {
    switch (c) {
    case 0x0132: return U"IJ";
    case 0x0133: return U"ij";
    case 0x0149: return U"\u02BCn";
    case 0x01C4: return U"D\u017D";
    case 0x01C5: return U"D\u017E";
    case 0x01C6: return U"d\u017E";
    case 0x01C7: return U"LJ";
    case 0x01C8: return U"Lj";
    case 0x01C9: return U"lj";
    case 0x01CA: return U"NJ";
    case 0x01CB: return U"Nj";
    case 0x01CC: return U"nj";
    case 0x01F1: return U"DZ";
    case 0x01F2: return U"Dz";
    case 0x01F3: return U"dz";
    case 0xFB00: return U"ff";
    case 0xFB01: return U"fi";
    case 0xFB02: return U"fl";
    case 0xFB03: return U"ffi";
    case 0xFB04: return U"ffl";
    case 0xFB05: return U"\u017Ft";
    case 0xFB06: return U"st";
    default: return nullptr;
    }
}

std::u32string normalise(const icu::Normalizer2* form, std::u32string_view text) {
    icu::UnicodeString utf16;
    for (const char32_t c : text)
        utf16.append(codePoint(c));
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString result = form->normalize(utf16, status);
    if (U_FAILURE(status))
        return std::u32string(text);
    std::u32string out;
    for (std::int32_t i = 0; i < result.length(); i = result.moveIndex32(i, 1))
        out.push_back(static_cast<char32_t>(result.char32At(i)));
    return out;
}

using FormInstance = const icu::Normalizer2* (*)(UErrorCode&);

std::u32string inForm(std::u32string_view text, FormInstance instance) {
    if (std::all_of(text.begin(), text.end(), isAscii))
        return std::u32string(text);
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* form = instance(status);
    return U_FAILURE(status) ? std::u32string(text) : normalise(form, text);
}

/// The same with characters that are younger than Unicode 9 passed over.
std::u32string inForm9(std::u32string_view text, FormInstance instance) {
    if (std::all_of(text.begin(), text.end(), isAscii))
        return std::u32string(text);
    static const icu::UnicodeSet known = [] {
        UErrorCode status = U_ZERO_ERROR;
        icu::UnicodeSet set(u"[:age=9.0:]", status);
        set.freeze();
        return set;
    }();
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* form = instance(status);
    if (U_FAILURE(status))
        return std::u32string(text);
    const icu::FilteredNormalizer2 filtered(*form, known);
    return normalise(&filtered, text);
}

bool isOfAge(char32_t c, std::uint8_t most) {
    UVersionInfo age;
    u_charAge(codePoint(c), age);
    return age[0] <= most;
}

std::u32string normalWidth(char32_t c) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
    return U_FAILURE(status) ? std::u32string(1, c) : normalise(nfkc, std::u32string_view(&c, 1));
}

/// Everything of one round that looks at single characters, in ftfy's order for each of them.
std::u32string fixEachCharacter(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    const auto add = [&out](char32_t c) {
        if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B))
            out.push_back(U'\'');
        else if (c >= 0x201C && c <= 0x201F)
            out.push_back(U'"');
        else if (c == 0x2028 || c == 0x2029)
            out.push_back(U'\n');
        else
            out.push_back(c);
    };
    for (char32_t c : text) {
        if (c >= 0x80 && c <= 0x9F)
            c = kWindows1252[c - 0x80];
        if (const char32_t* letters = ligature(c)) {
            for (; *letters != 0; ++letters)
                add(*letters);
        } else if (c == 0x3000) {
            add(U' ');
        } else if (c >= 0xFF01 && c < 0xFFF0) {
            for (const char32_t n : normalWidth(c))
                add(n);
        } else {
            add(c);
        }
    }
    return out;
}

/// Without the escape sequences that colour a terminal ("\x1B[31m") and without control characters.
std::u32string removeControls(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == 0x1B && i + 1 < text.size() && text[i + 1] == U'[') {
            std::size_t end = i + 2;
            while (end < text.size() && (u_charType(codePoint(text[end])) == U_DECIMAL_DIGIT_NUMBER || text[end] == U';'))
                ++end;
            if (end < text.size() && isAsciiLetter(text[end])) {
                i = end;
                continue;
            }
        }
        if (!isFixedControl(text[i]))
            out.push_back(text[i]);
    }
    return out;
}

bool isCaseIgnorable(char32_t c) { return u_hasBinaryProperty(codePoint(c), UCHAR_CASE_IGNORABLE); }
bool isCased(char32_t c) { return u_hasBinaryProperty(codePoint(c), UCHAR_CASED); }

/// Unicode's Final_Sigma: a cased letter before, none after, with case-ignorable characters passed over.
bool isFinalSigma(std::u32string_view text, std::size_t at) {
    std::size_t before = at;
    while (before > 0 && isCaseIgnorable(text[before - 1]))
        --before;
    if (before == 0 || !isCased(text[before - 1]))
        return false;
    std::size_t after = at + 1;
    while (after < text.size() && isCaseIgnorable(text[after]))
        ++after;
    return after == text.size() || !isCased(text[after]);
}

std::u32string lower(std::u32string_view text, bool inContext) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == 0x0130) // the only character whose lower case is longer, in any language
            out.append(U"i\u0307");
        else if (text[i] == 0x03A3 && inContext && isFinalSigma(text, i))
            out.push_back(0x03C2);
        else
            out.push_back(static_cast<char32_t>(u_tolower(codePoint(text[i]))));
    }
    return out;
}

} // namespace

std::u32string decodeUtf8(std::string_view bytes) {
    std::u32string out;
    out.reserve(bytes.size());
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    for (std::size_t i = 0; i < bytes.size();) {
        UChar32 c = 0;
        U8_NEXT_OR_FFFD(data, i, bytes.size(), c); // NOLINT: ICU's macro
        out.push_back(static_cast<char32_t>(c));
    }
    return out;
}

void appendUtf8(std::string& out, char32_t c) {
    std::array<char, 4> bytes{};
    std::size_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, codePoint(c)); // NOLINT: ICU's macro
    out.append(bytes.data(), length);
}

bool isSpace(char32_t c) { return u_isUWhiteSpace(codePoint(c)); }
bool isLetter(char32_t c) { return (U_GET_GC_MASK(codePoint(c)) & U_GC_L_MASK) != 0; }
bool isNumber(char32_t c) { return (U_GET_GC_MASK(codePoint(c)) & U_GC_N_MASK) != 0; }
bool isPythonSpace(char32_t c) { return isSpace(c) || (c >= 0x1C && c <= 0x1F); }
bool isWordCharacter(char32_t c) {
    return u_isUAlphabetic(codePoint(c)) || u_hasBinaryProperty(codePoint(c), UCHAR_JOIN_CONTROL) ||
           (U_GET_GC_MASK(codePoint(c)) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}
bool isMark9(char32_t c) { return isOfAge(c, 9) && (U_GET_GC_MASK(codePoint(c)) & U_GC_M_MASK) != 0; }
bool isNonSpacingMark8(char32_t c) { return isOfAge(c, 8) && u_charType(codePoint(c)) == U_NON_SPACING_MARK; }
bool isControlOrFormat8(char32_t c) {
    return isOfAge(c, 8) && (U_GET_GC_MASK(codePoint(c)) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK)) != 0;
}
bool isPunctuation8(char32_t c) {
    return isAscii(c) ? c > U' ' && c < 0x7F && !isAsciiDigit(c) && !isAsciiLetter(c)
                      : isOfAge(c, 8) && (U_GET_GC_MASK(codePoint(c)) & U_GC_P_MASK) != 0;
}

std::string encodeUtf8(std::u32string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char32_t c : text)
        appendUtf8(out, c);
    return out;
}

std::u32string htmlUnescape(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == U'&') {
            if (const std::size_t taken = readReference(text, i + 1, out); taken > 0) {
                i += taken;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

std::u32string lowerInContext(std::u32string_view text) { return lower(text, true); }
std::u32string lowerEachCharacter(std::u32string_view text) { return lower(text, false); }

std::u32string normaliseNfc(std::u32string_view text) { return inForm(text, icu::Normalizer2::getNFCInstance); }
std::u32string normaliseNfd9(std::u32string_view text) { return inForm9(text, icu::Normalizer2::getNFDInstance); }
std::u32string normaliseNfkc9(std::u32string_view text) { return inForm9(text, icu::Normalizer2::getNFKCInstance); }
std::u32string normaliseNfkd9(std::u32string_view text) { return inForm9(text, icu::Normalizer2::getNFKDInstance); }

std::vector<std::size_t> graphemeLengths(std::u32string_view text) {
    icu::UnicodeString utf16;
    for (const char32_t c : text)
        utf16.append(codePoint(c));
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> breaks(
        icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
    if (U_FAILURE(status))
        return std::vector<std::size_t>(text.size(), 1);
    breaks->setText(utf16);
    std::vector<std::size_t> lengths;
    std::int32_t begin = breaks->first();
    for (std::int32_t end = breaks->next(); end != icu::BreakIterator::DONE; begin = end, end = breaks->next())
        lengths.push_back(static_cast<std::size_t>(utf16.countChar32(begin, end - begin)));
    return lengths;
}

std::u32string removePunctuation(std::u32string_view text) {
    std::u32string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out),
                 [](char32_t c) { return !isAscii(c) || !isPunctuation8(c); });
    return out;
}

std::u32string cleanAsOpenClip(std::u32string text, TextCleaning cleaning) {
    if (cleaning == TextCleaning::None)
        return text;
    text = htmlUnescape(htmlUnescape(fixCharacters(std::move(text))));
    if (cleaning == TextCleaning::Canonicalize) {
        std::replace(text.begin(), text.end(), U'_', U' ');
        text = removePunctuation(text);
    }
    if (cleaning != TextCleaning::Whitespace)
        text = lowerInContext(text);
    return collapseSpaces(text);
}

std::u32string collapseSpaces(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    bool blank = false;
    for (const char32_t c : text) {
        if (isSpace(c)) {
            blank = !out.empty();
            continue;
        }
        if (blank)
            out.push_back(U' ');
        blank = false;
        out.push_back(c);
    }
    return out;
}

std::u32string fixCharacters(std::u32string text) {
    const bool unescape = text.find(U'<') == std::u32string::npos; // ftfy takes a '<' for markup and keeps references
    while (true) {
        std::u32string fixed = unescape ? unescapeTerminated(text) : text;
        fixed = normaliseNfc(removeControls(fixEachCharacter(fixed)));
        if (fixed == text)
            return fixed;
        text = std::move(fixed);
    }
}

} // namespace plumbline::text
