// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace plumbline::text {

/// SentencePiece's packed character map: texts and what they are replaced by. A 32-bit length, a double array of that
/// many bytes (in the form of darts-clone), then the replacements, each ended by a zero byte.
class Charsmap {
public:
    struct Match {
        std::size_t length = 0; ///< bytes that are replaced; 0: nothing is known
        std::string_view text;  ///< by what; lives as long as the map
    };

    /// Checks all of it: every reachable entry lies within, is UTF-8 and has an end, and no key is longer than 1024
    /// bytes. The error is a reason.
    static tl::expected<Charsmap, std::string> parse(std::string_view bytes);

    /// The longest key that the text begins with, as SentencePiece looks for it.
    Match longest(std::string_view text) const;
    /// The shortest, as the tokenizers package does it.
    Match shortest(std::string_view text) const;

private:
    template <class F>
    void eachKey(std::string_view text, F found) const;
    std::string_view replacement(std::uint32_t at) const;
    const char* check() const;

    std::vector<std::uint32_t> m_units;
    std::string m_texts;
};

} // namespace plumbline::text
