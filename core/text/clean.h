// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/model_info.h"

namespace plumbline::text {

// The steps by which the reference tokenizers prepare a text, each as exact as its original. The README says which
// rules take which steps in what order.

/// UTF-8 to code points; each maximal ill-formed part becomes U+FFFD.
std::u32string decodeUtf8(std::string_view bytes);
void appendUtf8(std::string& out, char32_t c);
std::string encodeUtf8(std::u32string_view text);

/// White_Space of Unicode: \s of Python's `regex` module and of Oniguruma.
bool isSpace(char32_t c);
bool isLetter(char32_t c); ///< \p{L}
bool isNumber(char32_t c); ///< \p{N}
bool isPythonSpace(char32_t c);     ///< str.isspace: White_Space and U+001C to U+001F

/// Python's html.unescape (one pass): named references with and without semicolon, numeric ones.
std::u32string htmlUnescape(std::u32string_view text);

/// Python's str.lower(): full mapping, final sigma by its context, U+0130 to two characters.
std::u32string lowerInContext(std::u32string_view text);
/// Rust's char::to_lowercase for each character: as above without context.
std::u32string lowerEachCharacter(std::u32string_view text);

std::u32string normaliseNfc(std::u32string_view text);

// What the tokenizers package asks of Unicode, each by the tables that it was built with: characters that are younger are
// left alone.
std::u32string normaliseNfd9(std::u32string_view text); ///< of Unicode 9
std::u32string normaliseNfkc9(std::u32string_view text);
std::u32string normaliseNfkd9(std::u32string_view text);
bool isMark9(char32_t c);            ///< \p{M} of Unicode 9
bool isNonSpacingMark8(char32_t c);  ///< \p{Mn} of Unicode 8
bool isControlOrFormat8(char32_t c); ///< \p{Cc}, \p{Cf}, \p{Co}
bool isPunctuation8(char32_t c);     ///< ASCII's (Python's string.punctuation), or \p{P}
bool isWordCharacter(char32_t c);    ///< \w of today's

/// Runs of white space become one blank; none at the ends.
std::u32string collapseSpaces(std::u32string_view text);

/// The lengths of the text's grapheme clusters (UAX 29, extended), in characters.
std::vector<std::size_t> graphemeLengths(std::u32string_view text);

/// OpenCLIP's clean functions: ftfy, HTML entities, white space; then lower case; or blanks for underscores, no
/// other ASCII punctuation, and lower case.
std::u32string cleanAsOpenClip(std::u32string text, TextCleaning cleaning);

/// Without Python's string.punctuation.
std::u32string removePunctuation(std::u32string_view text);

/// ftfy.fix_text of ftfy 6 with its defaults, but for its guess at wrongly decoded text (fix_encoding).
std::u32string fixCharacters(std::u32string text);

} // namespace plumbline::text
