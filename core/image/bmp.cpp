// SPDX-License-Identifier: GPL-3.0-or-later
// Windows and OS/2 bitmaps, uncompressed (Microsoft, "Bitmap Storage"), opened in the modes that Pillow gives them.
// Our own reader, because OpenCV hides palettes and decodes to blue-green-red.
#include <algorithm>
#include <array>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

constexpr std::uint32_t kUncompressed = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3;
constexpr std::size_t kFileHeader = 14;

struct Reader {
    std::span<const std::uint8_t> bytes;
    bool has(std::size_t at, std::size_t count) const { return at <= bytes.size() && count <= bytes.size() - at; }
    std::uint32_t u16(std::size_t at) const { return bytes[at] + 256U * bytes[at + 1]; }
    std::uint32_t u32(std::size_t at) const { return u16(at) + 65536U * u16(at + 2); }
};

struct Header {
    std::size_t headerBytes = 0, pixelOffset = 0;
    std::int64_t width = 0, height = 0;
    bool topDown = false;
    std::uint32_t bits = 0, compression = kUncompressed, colours = 0;
    std::size_t paletteEntryBytes = 4;
    std::array<std::uint32_t, 4> masks{}; ///< red, green, blue, alpha
};

/// Where a pixel's bytes hold red, green, blue and alpha.
struct ByteLayout {
    std::array<std::uint32_t, 4> masks;
    std::array<std::uint8_t, 4> at;
    bool alpha;
};
// The 32-bit layouts that Pillow knows. All masks zero means the usual order with alpha.
constexpr ByteLayout kLayouts[] = {
    {{0xFF0000, 0xFF00, 0xFF, 0}, {2, 1, 0, 3}, false},
    {{0xFF000000, 0xFF0000, 0xFF00, 0}, {3, 2, 1, 0}, false},
    {{0xFF000000, 0xFF0000, 0xFF00, 0xFF}, {3, 2, 1, 0}, true},
    {{0xFF, 0xFF00, 0xFF0000, 0xFF000000}, {0, 1, 2, 3}, true},
    {{0xFF0000, 0xFF00, 0xFF, 0xFF000000}, {2, 1, 0, 3}, true},
    {{0, 0, 0, 0}, {2, 1, 0, 3}, true},
};
constexpr std::array<std::uint32_t, 4> kMasks555{0x7C00, 0x3E0, 0x1F, 0}, kMasks565{0xF800, 0x7E0, 0x1F, 0};

Result<Header> readHeader(const Source& source, const Reader& in) {
    Header header;
    if (!in.has(kFileHeader, 4))
        return source.unreadable(kTruncated);
    header.pixelOffset = in.u32(10);
    header.headerBytes = in.u32(kFileHeader);
    if (header.headerBytes != 12 && header.headerBytes != 40 && header.headerBytes != 64 && header.headerBytes != 108 &&
        header.headerBytes != 124)
        return source.unreadable("a BMP with a header of " + std::to_string(header.headerBytes) + " bytes");
    if (!in.has(kFileHeader, header.headerBytes))
        return source.unreadable(kTruncated);
    constexpr std::size_t at = kFileHeader;
    std::size_t paletteOffset = kFileHeader + header.headerBytes;
    if (header.headerBytes == 12) {
        header.width = in.u16(at + 4);
        header.height = in.u16(at + 6);
        header.bits = in.u16(at + 10);
        header.paletteEntryBytes = 3;
    } else {
        header.width = static_cast<std::int32_t>(in.u32(at + 4));
        header.height = static_cast<std::int32_t>(in.u32(at + 8));
        header.topDown = header.height < 0;
        header.height = header.topDown ? -header.height : header.height;
        header.bits = in.u16(at + 14);
        header.compression = in.u32(at + 16);
        header.colours = in.u32(at + 32);
        if (header.compression == kBitFields) {
            // The masks follow a short header and belong to a long one; only a long one has a mask for alpha.
            const std::size_t count = header.headerBytes >= 56 ? 4 : 3;
            if (!in.has(at + 40, 4 * count))
                return source.unreadable(kTruncated);
            for (std::size_t i = 0; i < count; ++i)
                header.masks[i] = in.u32(at + 40 + 4 * i);
        }
    }
    if (header.colours == 0 && header.bits <= 8)
        header.colours = 1U << header.bits;
    // Some writers forget the palette when they say where the pixels begin.
    if (header.pixelOffset == paletteOffset && header.bits <= 8)
        header.pixelOffset += std::size_t{4} * header.colours;
    return header;
}

/// Black and white, or the grey ramp: Pillow opens these as "1" and "L" instead of "P".
bool isGreyRamp(const std::vector<std::uint8_t>& palette, std::uint32_t bits) {
    const std::size_t entries = palette.size() / 3;
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t grey = bits == 1 ? 255 * i : i;
        for (std::size_t c = 0; c < 3; ++c)
            if (palette[3 * i + c] != grey)
                return false;
    }
    return bits == 8 || (bits == 1 && entries == 2);
}

std::uint8_t field(std::uint32_t pixel, int shift, std::uint32_t largest) {
    return static_cast<std::uint8_t>(((pixel >> shift) & largest) * 255 / largest);
}

} // namespace

Result<Decoded> decodeBmp(const Source& source) {
    const Reader in{source.bytes};
    PLUMBLINE_TRY(Header header, readHeader(source, in));
    PLUMBLINE_CHECK(source.checkSize(header.width, header.height));
    const std::uint32_t bits = header.bits;
    if (header.compression == kRle8 || header.compression == kRle4)
        return source.unreadable("a run-length encoded BMP");
    if (header.compression != kUncompressed && header.compression != kBitFields)
        return source.unreadable("a BMP with compression " + std::to_string(header.compression));
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
        return source.unreadable("a BMP with " + std::to_string(bits) + " bits a pixel");

    const auto width = static_cast<std::size_t>(header.width), height = static_cast<std::size_t>(header.height);
    const std::size_t stride = (width * bits + 31) / 32 * 4;
    // The last row may come without its padding.
    if (!in.has(header.pixelOffset, stride * (height - 1) + (width * bits + 7) / 8))
        return source.unreadable(kTruncated);

    Decoded image;
    image.mode = bits <= 8 ? Mode::Palette : Mode::Rgb;
    image.width = static_cast<int>(width);
    image.height = static_cast<int>(height);
    if (bits <= 8) {
        const std::size_t paletteOffset = kFileHeader + header.headerBytes;
        if (header.colours > (1U << bits))
            return source.unreadable("its palette is larger than its pixels can name");
        if (!in.has(paletteOffset, header.colours * header.paletteEntryBytes))
            return source.unreadable(kTruncated);
        for (std::size_t i = 0; i < header.colours; ++i) {
            const auto* entry = source.bytes.data() + paletteOffset + i * header.paletteEntryBytes;
            image.palette.insert(image.palette.end(), {entry[2], entry[1], entry[0]});
        }
        if (isGreyRamp(image.palette, bits)) {
            image.mode = bits == 1 ? Mode::Bilevel : Mode::Gray;
            image.palette.clear();
        }
    }
    const ByteLayout* layout = &kLayouts[0];
    bool is565 = false;
    if (header.compression == kBitFields) {
        const auto known = [&](const ByteLayout& candidate) { return candidate.masks == header.masks; };
        const std::array<std::uint32_t, 4> colourMasks{header.masks[0], header.masks[1], header.masks[2], 0};
        is565 = bits == 16 && colourMasks == kMasks565;
        const auto* end = std::end(kLayouts);
        if (bits == 32)
            layout = std::find_if(std::begin(kLayouts), end, known);
        const bool supported = bits == 32   ? layout != end
                               : bits == 16 ? is565 || colourMasks == kMasks555
                                            : bits == 24 && colourMasks == kLayouts[0].masks;
        if (!supported)
            return source.unreadable("a BMP with an unusual layout of its colour bits");
        if (bits == 32 && layout->alpha)
            image.mode = Mode::Rgba;
    }

    const auto channels = static_cast<std::size_t>(channelsOf(image.mode));
    image.pixels.resize(width * height * channels);
    for (std::size_t y = 0; y < height; ++y) {
        const std::size_t stored = header.topDown ? y : height - 1 - y;
        const std::uint8_t* row = source.bytes.data() + header.pixelOffset + stride * stored;
        std::uint8_t* out = image.pixels.data() + y * width * channels;
        for (std::size_t x = 0; x < width; ++x, out += channels) {
            switch (bits) {
            case 1:
            case 4:
            case 8: {
                const std::size_t bit = x * bits;
                const auto index =
                    static_cast<std::uint8_t>((row[bit / 8] >> (8 - bits - bit % 8)) & ((1U << bits) - 1));
                out[0] = image.mode == Mode::Bilevel ? static_cast<std::uint8_t>(255 * index) : index;
                break;
            }
            case 16: {
                const std::uint32_t pixel = row[2 * x] + 256U * row[2 * x + 1];
                out[0] = field(pixel, is565 ? 11 : 10, 31);
                out[1] = field(pixel, 5, is565 ? 63 : 31);
                out[2] = field(pixel, 0, 31);
                break;
            }
            case 24:
                out[0] = row[3 * x + 2], out[1] = row[3 * x + 1], out[2] = row[3 * x];
                break;
            default:
                for (std::size_t c = 0; c < channels; ++c)
                    out[c] = row[4 * x + layout->at[c]];
            }
        }
    }
    return image;
}

} // namespace plumbline::image
