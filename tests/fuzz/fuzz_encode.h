// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>
#include <string_view>

#include "core/text/tokenizer.h"

namespace plumbline::fuzz {

/// A tokenizer that was read must give ids of its own for any text, in bounded time.
inline void encodeAFew(const text::Tokenizer& tokenizer, std::string_view own) {
    for (const std::string_view text :
         {std::string_view("a photo  of a person, 12 \xF0\x9F\x98\x80 \xE2\x96\x81 e\xCC\x81"),
          std::string_view("</s> <unk>\tx\n"), std::string_view("\xFF\x00 \xEF\xBD\x81", 6), std::string_view(), own})
        for (const int id : tokenizer.encode(text).ids)
            if (id < 0 || id >= tokenizer.vocabularySize())
                std::abort();
    if (tokenizer.padId() < 0 || tokenizer.padId() >= tokenizer.vocabularySize())
        std::abort();
}

} // namespace plumbline::fuzz
