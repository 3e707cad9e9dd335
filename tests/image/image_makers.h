// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Small image files written byte by byte from their formats' specifications, so that the tests need neither stored
// pictures nor the codecs that they test.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::test {

using Bytes = std::vector<std::uint8_t>;

inline void put(Bytes& out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
}
inline void put(Bytes& out, const Bytes& bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void putLittle(Bytes& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void putBig(Bytes& out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// Smooth, with an edge and different in every channel: `count` samples in rows of `rowSamples`.
inline Bytes pattern(std::size_t rowSamples, std::size_t rows) {
    Bytes out;
    out.reserve(rowSamples * rows);
    for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < rowSamples; ++x)
            out.push_back(static_cast<std::uint8_t>(x * x / 3 + 5 * y + (x > rowSamples / 2 ? 90 : 0) + 37 * (x % 3)));
    return out;
}

// ---- PNG (RFC 2083; deflate blocks are stored, RFC 1951) ----

inline void putPngChunk(Bytes& out, std::string_view type, const Bytes& data) {
    putBig(out, data.size(), 4);
    const std::size_t begin = out.size();
    put(out, type);
    put(out, data);
    std::uint32_t crc = 0xFFFFFFFF;
    for (std::size_t i = begin; i < out.size(); ++i) {
        crc ^= out[i];
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320U : 0U);
    }
    putBig(out, ~crc, 4);
}

inline Bytes zlibStored(const Bytes& data) {
    Bytes out{0x78, 0x01};
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t byte : data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    for (std::size_t at = 0; at < data.size() || at == 0; at += 65535) {
        const std::size_t count = std::min<std::size_t>(65535, data.size() - at);
        out.push_back(at + count == data.size() ? 1 : 0);
        putLittle(out, count, 2);
        putLittle(out, ~count, 2);
        out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(at),
                   data.begin() + static_cast<std::ptrdiff_t>(at + count));
    }
    putBig(out, (b << 16) | a, 4);
    return out;
}

struct PngParts {
    std::uint32_t width = 1, height = 1;
    int depth = 8, colour = 2; ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
    Bytes rows{};              ///< packed, without filter bytes
    Bytes palette{}, transparency{}, exif{};
};

inline Bytes makePng(const PngParts& parts) {
    Bytes out;
    put(out, "\x89PNG\r\n\x1A\n");
    Bytes header;
    putBig(header, parts.width, 4);
    putBig(header, parts.height, 4);
    put(header, Bytes{static_cast<std::uint8_t>(parts.depth), static_cast<std::uint8_t>(parts.colour), 0, 0, 0});
    putPngChunk(out, "IHDR", header);
    if (!parts.exif.empty())
        putPngChunk(out, "eXIf", parts.exif);
    if (!parts.palette.empty())
        putPngChunk(out, "PLTE", parts.palette);
    if (!parts.transparency.empty())
        putPngChunk(out, "tRNS", parts.transparency);
    Bytes filtered;
    const std::size_t stride = parts.rows.size() / parts.height;
    for (std::size_t at = 0; stride > 0 && at < parts.rows.size(); at += stride) {
        filtered.push_back(0);
        filtered.insert(filtered.end(), parts.rows.begin() + static_cast<std::ptrdiff_t>(at),
                        parts.rows.begin() + static_cast<std::ptrdiff_t>(at + stride));
    }
    putPngChunk(out, "IDAT", zlibStored(filtered));
    putPngChunk(out, "IEND", {});
    return out;
}

// ---- BMP ----

struct BmpParts {
    int width = 1, height = 1; ///< a negative height is top-down
    int bits = 24, compression = 0;
    Bytes rows{};    ///< as stored, padded to 4 bytes
    Bytes palette{}; ///< 4 bytes an entry: blue, green, red, 0
    std::vector<std::uint32_t> masks{};
};

inline Bytes makeBmp(const BmpParts& parts) {
    const bool longHeader = parts.masks.size() == 4;
    const std::size_t headerBytes = longHeader ? 108 : 40;
    Bytes info;
    putLittle(info, headerBytes, 4);
    putLittle(info, static_cast<std::uint32_t>(parts.width), 4);
    putLittle(info, static_cast<std::uint32_t>(parts.height), 4);
    putLittle(info, 1, 2);
    putLittle(info, static_cast<std::uint64_t>(parts.bits), 2);
    putLittle(info, static_cast<std::uint64_t>(parts.compression), 4);
    putLittle(info, parts.rows.size(), 4);
    putLittle(info, 0, 8);
    putLittle(info, parts.palette.size() / 4, 4);
    putLittle(info, 0, 4);
    for (const std::uint32_t mask : parts.masks)
        putLittle(info, mask, 4);
    info.resize(std::max(info.size(), headerBytes));
    put(info, parts.palette);
    Bytes out;
    put(out, "BM");
    putLittle(out, 14 + info.size() + parts.rows.size(), 4);
    putLittle(out, 0, 4);
    putLittle(out, 14 + info.size(), 4);
    put(out, info);
    put(out, parts.rows);
    return out;
}

// ---- TIFF 6.0, one uncompressed strip, little-endian ----

struct TiffParts {
    std::uint32_t width = 1, height = 1, samples = 3, bits = 8, photometric = 2, orientation = 1, format = 1;
    Bytes pixels{};
};

inline Bytes makeTiff(const TiffParts& parts) {
    struct Entry {
        std::uint32_t tag, type, count, value;
    };
    constexpr std::uint32_t kShort = 3, kLong = 4;
    const std::uint32_t entryCount = 11, bitsAt = 8 + 2 + 12 * entryCount + 4, pixelsAt = bitsAt + 8;
    const Entry bits = parts.samples <= 2 ? Entry{258, kShort, parts.samples, parts.bits | parts.bits << 16}
                                          : Entry{258, kShort, parts.samples, bitsAt};
    const std::array<Entry, entryCount> entries{{{256, kLong, 1, parts.width},
                                                 {257, kLong, 1, parts.height},
                                                 bits,
                                                 {259, kShort, 1, 1},
                                                 {262, kShort, 1, parts.photometric},
                                                 {273, kLong, 1, pixelsAt},
                                                 {274, kShort, 1, parts.orientation},
                                                 {277, kShort, 1, parts.samples},
                                                 {278, kLong, 1, parts.height},
                                                 {279, kLong, 1, static_cast<std::uint32_t>(parts.pixels.size())},
                                                 {339, kShort, 1, parts.format}}};
    Bytes out;
    put(out, "II");
    putLittle(out, 42, 2);
    putLittle(out, 8, 4);
    putLittle(out, entryCount, 2);
    for (const Entry& entry : entries) {
        putLittle(out, entry.tag, 2);
        putLittle(out, entry.type, 2);
        putLittle(out, entry.count, 4);
        putLittle(out, entry.value, 4);
    }
    putLittle(out, 0, 4);
    for (int i = 0; i < 4; ++i)
        putLittle(out, parts.bits, 2);
    put(out, parts.pixels);
    return out;
}

// ---- GIF89a, codes of 9 bits that never grow because the table is cleared in time ----

struct GifParts {
    int screenWidth = 1, screenHeight = 1;
    int left = 0, top = 0, width = 1, height = 1;
    int transparent = -1;
    Bytes palette{}; ///< 256 entries
    Bytes indices{};
};

inline Bytes makeGif(const GifParts& parts) {
    Bytes out;
    put(out, "GIF89a");
    putLittle(out, static_cast<std::uint64_t>(parts.screenWidth), 2);
    putLittle(out, static_cast<std::uint64_t>(parts.screenHeight), 2);
    put(out, Bytes{0xF7, 0, 0}); // a global palette of 256 entries
    put(out, parts.palette);
    if (parts.transparent >= 0)
        put(out, Bytes{0x21, 0xF9, 4, 1, 0, 0, static_cast<std::uint8_t>(parts.transparent), 0});
    out.push_back(',');
    for (const int value : {parts.left, parts.top, parts.width, parts.height})
        putLittle(out, static_cast<std::uint64_t>(value), 2);
    put(out, Bytes{0, 8});
    constexpr unsigned kClear = 256, kEnd = 257;
    Bytes data;
    unsigned pending = 0;
    int pendingBits = 0;
    const auto addCode = [&](unsigned code) {
        pending |= code << pendingBits;
        for (pendingBits += 9; pendingBits >= 8; pendingBits -= 8, pending >>= 8)
            data.push_back(static_cast<std::uint8_t>(pending));
    };
    for (std::size_t i = 0; i < parts.indices.size(); ++i) {
        if (i % 250 == 0)
            addCode(kClear);
        addCode(parts.indices[i]);
    }
    addCode(kEnd);
    data.push_back(static_cast<std::uint8_t>(pending));
    for (std::size_t at = 0; at < data.size(); at += 255) {
        const std::size_t count = std::min<std::size_t>(255, data.size() - at);
        out.push_back(static_cast<std::uint8_t>(count));
        out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(at),
                   data.begin() + static_cast<std::ptrdiff_t>(at + count));
    }
    put(out, Bytes{0, ';'});
    return out;
}

// ---- WebP: 2 x 2, lossless: (255,0,0,255) (0,255,0,128) / (0,0,255,1) (10,20,30,255) ----

inline Bytes smallWebp() {
    return {0x52, 0x49, 0x46, 0x46, 0x3C, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38, 0x4C, 0x2F,
            0x00, 0x00, 0x00, 0x2F, 0x01, 0x40, 0x00, 0x10, 0x1F, 0x20, 0x10, 0x48, 0x92, 0xD8, 0x1F, 0x75, 0x0D,
            0x21, 0x01, 0x41, 0xF5, 0xFF, 0x2F, 0x81, 0x00, 0xC1, 0x88, 0xFF, 0x4B, 0x02, 0x12, 0x22, 0xCB, 0xE5,
            0xB8, 0x02, 0x63, 0x5F, 0xAA, 0x84, 0x92, 0x00, 0x01, 0x50, 0x94, 0x91, 0x88, 0xFE, 0x07, 0x03, 0x00};
}

/// An EXIF block with an orientation only.
inline Bytes makeExif(int orientation, bool bigEndian = false) {
    Bytes out;
    put(out, bigEndian ? "MM" : "II");
    const auto number = [&](std::uint64_t value, int bytes) {
        bigEndian ? putBig(out, value, bytes) : putLittle(out, value, bytes);
    };
    number(42, 2);
    number(8, 4);
    number(1, 2);
    number(0x0112, 2);
    number(3, 2);
    number(1, 4);
    number(static_cast<std::uint64_t>(orientation), 2);
    number(0, 2);
    number(0, 4);
    return out;
}

/// The JPEG with an APP1 segment after its first marker.
inline Bytes withExif(Bytes jpeg, const Bytes& exif) {
    Bytes segment{0xFF, 0xE1};
    putBig(segment, 2 + 6 + exif.size(), 2);
    put(segment, std::string_view("Exif\0\0", 6));
    put(segment, exif);
    jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
    return jpeg;
}

} // namespace plumbline::test
