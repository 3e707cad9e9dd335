// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/byte_alphabet.h"

#include <cstddef>

namespace plumbline::formats {

namespace {

bool isPrintable(int byte) { return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD); }

std::string latinUtf8(int codePoint) { // below U+0800
    if (codePoint < 0x80)
        return std::string(1, static_cast<char>(codePoint));
    return {static_cast<char>(0xC0 | (codePoint >> 6)), static_cast<char>(0x80 | (codePoint & 0x3F))};
}

} // namespace

const std::array<std::string, 256>& byteAlphabet() {
    static const std::array<std::string, 256> alphabet = [] {
        std::array<std::string, 256> letters;
        int next = 0x100;
        for (int byte = 0; byte < 256; ++byte)
            letters[static_cast<std::size_t>(byte)] = latinUtf8(isPrintable(byte) ? byte : next++);
        return letters;
    }();
    return alphabet;
}

const std::array<unsigned char, 256>& byteOrder() {
    static const std::array<unsigned char, 256> order = [] {
        std::array<unsigned char, 256> bytes{};
        std::size_t n = 0;
        for (const bool printable : {true, false})
            for (int byte = 0; byte < 256; ++byte)
                if (isPrintable(byte) == printable)
                    bytes[n++] = static_cast<unsigned char>(byte);
        return bytes;
    }();
    return order;
}

} // namespace plumbline::formats
