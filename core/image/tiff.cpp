// SPDX-License-Identifier: GPL-3.0-or-later
// TIFF's first page through libtiff: 8 bits a sample (and black-and-white), interleaved, in the file's own mode.
// Anything else is refused by name.
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include <tiffio.h>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

/// A strip or tile that a header claims; a whole photograph of the largest size fits.
constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 30;

struct Stream {
    std::span<const std::uint8_t> bytes;
    std::size_t position = 0;
    char message[200] = {};
};

Stream& streamOf(thandle_t handle) {
    return *static_cast<Stream*>(handle);
}

tmsize_t readBytes(thandle_t handle, void* out, tmsize_t count) {
    Stream& stream = streamOf(handle);
    const std::size_t got = std::min(static_cast<std::size_t>(count), stream.bytes.size() - stream.position);
    std::memcpy(out, stream.bytes.data() + stream.position, got);
    stream.position += got;
    return static_cast<tmsize_t>(got);
}
tmsize_t writeNothing(thandle_t, void*, tmsize_t) {
    return 0;
}
toff_t seek(thandle_t handle, toff_t offset, int whence) {
    Stream& stream = streamOf(handle);
    const toff_t base = whence == SEEK_CUR ? stream.position : whence == SEEK_END ? stream.bytes.size() : 0;
    stream.position = static_cast<std::size_t>(std::min<toff_t>(base + offset, stream.bytes.size()));
    return stream.position;
}
int keepOpen(thandle_t) {
    return 0;
}
toff_t sizeOf(thandle_t handle) {
    return streamOf(handle).bytes.size();
}
int map(thandle_t handle, void** base, toff_t* size) {
    Stream& stream = streamOf(handle);
    *base = const_cast<std::uint8_t*>(stream.bytes.data()); // libtiff only reads a file opened with "r"
    *size = stream.bytes.size();
    return 1;
}
void unmap(thandle_t, void*, toff_t) {
}

/// The first message is the cause. Returning 1 keeps libtiff's global handlers, which print, out of it.
int keepError(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    Stream& stream = *static_cast<Stream*>(user);
    if (!stream.message[0])
        std::vsnprintf(stream.message, sizeof stream.message, format, arguments);
    return 1;
}
int keepQuiet(TIFF*, void*, const char*, const char*, va_list) {
    return 1;
}

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

Tiff open(Stream& stream) {
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                   TIFFOpenOptionsFree);
    TIFF* tiff = nullptr;
    if (options) {
        TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
        TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keepError, &stream);
        TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keepQuiet, nullptr);
        tiff = TIFFClientOpenExt("image", "r", &stream, readBytes, writeNothing, seek, keepOpen, sizeOf, map, unmap,
                                 options.get());
    }
    return {tiff, TIFFClose};
}

std::uint16_t tag(TIFF* tiff, std::uint32_t which) {
    std::uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff, which, &value);
    return value;
}

/// How the stored samples become a mode.
struct Layout {
    Mode mode = Mode::Rgb;
    std::size_t stored = 3; ///< samples a pixel in the file; those beyond the mode's own are dropped
    bool inverted = false;  ///< 0 is white
    bool premultiplied = false;
    bool packed = false; ///< eight black-and-white pixels a byte
};

/// The layout, or what about the file is not supported.
tl::expected<Layout, std::string> layoutOf(TIFF* tiff) {
    const unsigned photometric = tag(tiff, TIFFTAG_PHOTOMETRIC), bits = tag(tiff, TIFFTAG_BITSPERSAMPLE),
                   samples = tag(tiff, TIFFTAG_SAMPLESPERPIXEL), compression = tag(tiff, TIFFTAG_COMPRESSION);
    std::uint16_t extraCount = 0;
    const std::uint16_t* extras = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extraCount, &extras);
    const bool associated = extraCount > 0 && extras[0] == EXTRASAMPLE_ASSOCALPHA;
    const bool unspecified = extraCount > 0 && extras[0] == EXTRASAMPLE_UNSPECIFIED;

    const auto unsupported = [](const std::string& what) { return tl::unexpected("a TIFF " + what); };
    if (tag(tiff, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_UINT && tag(tiff, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_VOID)
        return unsupported("with signed or floating-point samples");
    if (tag(tiff, TIFFTAG_PLANARCONFIG) != PLANARCONFIG_CONTIG && samples > 1)
        return unsupported("with separate colour planes");
    const bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    const bool inverted = photometric == PHOTOMETRIC_MINISWHITE;
    if (grey && bits == 1 && samples == 1)
        return Layout{.mode = Mode::Bilevel, .stored = 1, .inverted = inverted, .packed = true};
    if (bits != 8)
        return unsupported("with " + std::to_string(bits) + " bits a sample");
    if (grey && samples == 1)
        return Layout{.mode = Mode::Gray, .stored = 1, .inverted = inverted};
    if (photometric == PHOTOMETRIC_MINISBLACK && samples == 2 && !associated && !unspecified)
        return Layout{.mode = Mode::GrayAlpha, .stored = 2};
    if (photometric == PHOTOMETRIC_RGB && samples == 3)
        return Layout{.mode = Mode::Rgb, .stored = 3};
    if (photometric == PHOTOMETRIC_RGB && samples == 4)
        return Layout{.mode = unspecified ? Mode::Rgb : Mode::Rgba, .stored = 4, .premultiplied = associated};
    if (photometric == PHOTOMETRIC_PALETTE && samples == 1)
        return Layout{.mode = Mode::Palette, .stored = 1};
    if (photometric == PHOTOMETRIC_SEPARATED && samples == 4)
        return Layout{.mode = Mode::Cmyk, .stored = 4};
    if (photometric == PHOTOMETRIC_YCBCR && samples == 3 && compression == COMPRESSION_JPEG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        return Layout{.mode = Mode::Rgb, .stored = 3};
    }
    return unsupported("of photometric kind " + std::to_string(photometric) + " with " + std::to_string(samples) +
                       " samples a pixel");
}

/// One row of stored samples becomes one row of the mode.
void convertRow(const Layout& layout, const std::uint8_t* in, std::uint8_t* out, std::size_t width) {
    const auto channels = static_cast<std::size_t>(channelsOf(layout.mode));
    const std::uint8_t flip = layout.inverted ? 255 : 0;
    for (std::size_t x = 0; x < width; ++x, out += channels) {
        if (layout.packed) {
            const bool set = (in[x / 8] >> (7 - x % 8)) & 1;
            out[0] = static_cast<std::uint8_t>((set ? 255 : 0) ^ flip);
            continue;
        }
        const std::uint8_t* pixel = in + x * layout.stored;
        for (std::size_t c = 0; c < channels; ++c)
            out[c] = pixel[c] ^ flip;
        if (layout.premultiplied && out[3] != 0 && out[3] != 255)
            for (int c = 0; c < 3; ++c)
                out[c] = static_cast<std::uint8_t>(std::min(255, 255 * out[c] / out[3]));
    }
}

bool readStrips(TIFF* tiff, const Layout& layout, Decoded& image, std::size_t rowBytes) {
    const auto width = static_cast<std::size_t>(image.width);
    const std::size_t outStride = image.pixels.size() / static_cast<std::size_t>(image.height);
    std::vector<std::uint8_t> row(rowBytes);
    for (int y = 0; y < image.height; ++y) {
        if (TIFFReadScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0) != 1)
            return false;
        convertRow(layout, row.data(), image.pixels.data() + outStride * static_cast<std::size_t>(y), width);
    }
    return true;
}

bool readTiles(TIFF* tiff, const Layout& layout, Decoded& image) {
    std::uint32_t tileWidth = 0, tileHeight = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tileWidth);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tileHeight);
    const tmsize_t tileBytes = TIFFTileSize(tiff), tileRow = TIFFTileRowSize(tiff);
    if (tileWidth == 0 || tileHeight == 0 || tileBytes <= 0 || tileBytes > kMaxAllocation || tileRow <= 0)
        return false;
    const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
    const auto channels = static_cast<std::size_t>(channelsOf(image.mode));
    const auto storedRow = static_cast<std::size_t>(tileRow);
    if (storedRow < (layout.packed ? (tileWidth + 7) / 8 : tileWidth * layout.stored))
        return false;
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(tileBytes));
    for (std::size_t top = 0; top < height; top += tileHeight)
        for (std::size_t left = 0; left < width; left += tileWidth) {
            if (TIFFReadTile(tiff, tile.data(), static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top), 0,
                             0) < 0)
                return false;
            for (std::size_t y = 0; y < std::min<std::size_t>(tileHeight, height - top); ++y)
                convertRow(layout, tile.data() + y * storedRow,
                           image.pixels.data() + ((top + y) * width + left) * channels,
                           std::min<std::size_t>(tileWidth, width - left));
        }
    return true;
}

/// Turns the stored picture upright as the orientation tag says (TIFF 6.0, tag 274).
void applyOrientation(Decoded& image, unsigned orientation) {
    if (orientation < 2 || orientation > 8)
        return;
    const bool swaps = orientation >= 5;
    const bool fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
    const auto channels = static_cast<std::size_t>(channelsOf(image.mode));
    const std::size_t outWidth = swaps ? height : width, outHeight = swaps ? width : height;
    std::vector<std::uint8_t> out(image.pixels.size());
    for (std::size_t y = 0; y < outHeight; ++y)
        for (std::size_t x = 0; x < outWidth; ++x) {
            const std::size_t column = swaps ? y : x, row = swaps ? x : y;
            const std::size_t fromX = fromRight ? width - 1 - column : column;
            const std::size_t fromY = fromBottom ? height - 1 - row : row;
            std::copy_n(image.pixels.data() + (fromY * width + fromX) * channels, channels,
                        out.data() + (y * outWidth + x) * channels);
        }
    image.pixels = std::move(out);
    image.width = static_cast<int>(outWidth);
    image.height = static_cast<int>(outHeight);
}

} // namespace

Result<Decoded> decodeTiff(const Source& source) {
    Stream stream{.bytes = source.bytes};
    const auto damaged = [&] {
        return source.unreadable(stream.message[0] ? stream.message : "its TIFF data is truncated or damaged");
    };
    const Tiff tiff = open(stream);
    if (!tiff)
        return damaged();
    std::uint32_t width = 0, height = 0;
    if (!TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) ||
        !TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height))
        return damaged();
    PLUMBLINE_CHECK(source.checkSize(width, height));
    const auto layout = layoutOf(tiff.get());
    if (!layout)
        return source.unreadable(layout.error());

    Decoded image;
    image.mode = layout->mode;
    image.width = static_cast<int>(width);
    image.height = static_cast<int>(height);
    if (image.mode == Mode::Palette) {
        std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
        if (!TIFFGetField(tiff.get(), TIFFTAG_COLORMAP, &red, &green, &blue))
            return damaged();
        for (int i = 0; i < 256; ++i)
            for (const std::uint16_t* channel : {red, green, blue})
                image.palette.push_back(static_cast<std::uint8_t>(channel[i] >> 8));
    }
    const bool tiled = TIFFIsTiled(tiff.get()) != 0;
    const tmsize_t rowBytes = tiled ? 0 : TIFFScanlineSize(tiff.get());
    const std::size_t neededBytes = layout->packed ? (std::size_t{width} + 7) / 8 : width * layout->stored;
    if (!tiled && (rowBytes <= 0 || static_cast<std::size_t>(rowBytes) < neededBytes))
        return damaged();
    image.pixels.resize(std::size_t{width} * height * static_cast<std::size_t>(channelsOf(image.mode)));
    if (tiled ? !readTiles(tiff.get(), *layout, image)
              : !readStrips(tiff.get(), *layout, image, static_cast<std::size_t>(rowBytes)))
        return damaged();
    // Unlike EXIF's, Pillow applies TIFF's own orientation while it loads; nothing is left to be reported.
    applyOrientation(image, tag(tiff.get(), TIFFTAG_ORIENTATION));
    return image;
}

} // namespace plumbline::image
