// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/source.h"

namespace plumbline::image {

// EXIF 2.32: a TIFF header ("II" or "MM", 42, offset of the first directory), then directories of 12-byte entries.
int orientationOfExif(std::span<const std::uint8_t> exif) {
    constexpr unsigned kOrientation = 0x0112, kShort = 3;
    if (exif.size() < 8 || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M'))
        return 1;
    const bool little = exif[0] == 'I';
    const auto u16 = [&](std::size_t at) {
        return little ? exif[at] + 256U * exif[at + 1] : 256U * exif[at] + exif[at + 1];
    };
    const auto u32 = [&](std::size_t at) {
        return little ? u16(at) + 65536U * u16(at + 2) : 65536U * u16(at) + u16(at + 2);
    };
    const std::size_t directory = u32(4);
    if (directory > exif.size() - 2)
        return 1;
    const std::size_t entries = u16(directory);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * i;
        if (entry + 12 > exif.size())
            break;
        if (u16(entry) == kOrientation && u16(entry + 2) == kShort) {
            const unsigned value = u16(entry + 8);
            return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        }
    }
    return 1;
}

} // namespace plumbline::image
