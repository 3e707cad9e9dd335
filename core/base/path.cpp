// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/path.h"

#include <cstdlib>

namespace plumbline {

namespace {

// U+EF80..U+EFFF in UTF-8: EE BE 80 .. EE BF BF.
constexpr unsigned kEscapeBase = 0xEF00;

bool continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Length of the well-formed UTF-8 sequence at the start of `s`, or 0.
std::size_t sequenceLength(std::string_view s) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    if (s.empty())
        return 0;
    const unsigned lead = at(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return s.size() >= 2 && continuation(s[1]) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (s.size() < 3 || !continuation(s[1]) || !continuation(s[2]))
            return 0;
        if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F)) // overlong, surrogate
            return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (s.size() < 4 || !continuation(s[1]) || !continuation(s[2]) || !continuation(s[3]))
            return 0;
        if ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F)) // overlong, beyond U+10FFFF
            return 0;
        return 4;
    }
    return 0;
}

/// The byte that an escape at the start of `s` stands for, or -1.
int escapedByte(std::string_view s) {
    if (s.size() < 3 || static_cast<unsigned char>(s[0]) != 0xEE)
        return -1;
    const unsigned code = 0xE000U | (static_cast<unsigned>(static_cast<unsigned char>(s[1])) & 0x3FU) << 6 |
                          (static_cast<unsigned>(static_cast<unsigned char>(s[2])) & 0x3FU);
    return continuation(s[1]) && continuation(s[2]) && code >= kEscapeBase + 0x80 && code <= kEscapeBase + 0xFF
               ? static_cast<int>(code - kEscapeBase)
               : -1;
}

std::filesystem::path userFolder(const char* variable, const char* fallback) {
    if (const char* set = std::getenv(variable); set && *set == '/')
        return std::filesystem::path(set) / "plumbline";
    if (const char* home = std::getenv("HOME"); home && *home)
        return std::filesystem::path(home) / fallback / "plumbline";
    return std::filesystem::temp_directory_path() / "plumbline";
}

} // namespace

bool isUtf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = sequenceLength(bytes);
        if (length == 0)
            return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::string encodeName(std::string_view bytes) {
    std::string name;
    name.reserve(bytes.size());
    while (!bytes.empty()) {
        std::size_t length = sequenceLength(bytes);
        if (length == 0 || escapedByte(bytes) >= 0) {
            // One byte of a malformed sequence, or one of the three of a genuine escape character. All are >= 0x80.
            const unsigned code = kEscapeBase + static_cast<unsigned char>(bytes.front());
            name += static_cast<char>(0xE0 | code >> 12);
            name += static_cast<char>(0x80 | (code >> 6 & 0x3F));
            name += static_cast<char>(0x80 | (code & 0x3F));
            length = 1;
        } else {
            name += bytes.substr(0, length);
        }
        bytes.remove_prefix(length);
    }
    return name;
}

std::string decodeName(std::string_view name) {
    std::string bytes;
    bytes.reserve(name.size());
    while (!name.empty()) {
        if (const int byte = escapedByte(name); byte >= 0) {
            bytes += static_cast<char>(byte);
            name.remove_prefix(3);
        } else {
            bytes += name.front();
            name.remove_prefix(1);
        }
    }
    return bytes;
}

std::string encodePath(const std::filesystem::path& path) {
    return encodeName(path.native());
}

std::filesystem::path decodePath(std::string_view name) {
    return decodeName(name);
}

std::filesystem::path userCacheFolder() {
    return userFolder("XDG_CACHE_HOME", ".cache");
}

std::filesystem::path userConfigFolder() {
    return userFolder("XDG_CONFIG_HOME", ".config");
}

} // namespace plumbline
