// SPDX-License-Identifier: GPL-3.0-or-later
// PNG through libpng. Gamma, colour profiles and transparency chunks are left alone, as Pillow leaves them.
//
// libpng reports errors by longjmp into the functions marked "setjmp" below, which therefore hold nothing with a
// destructor; all memory belongs to the session object of their caller.
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <png.h>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

struct Session {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::span<const std::uint8_t> bytes;
    std::size_t position = 0;
    std::jmp_buf jump;
    char message[160] = {};

    explicit Session(std::span<const std::uint8_t> data) : bytes(data) {}
    ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
};

[[noreturn]] void stop(png_structp png, png_const_charp message) {
    auto& session = *static_cast<Session*>(png_get_error_ptr(png));
    std::snprintf(session.message, sizeof session.message, "%s", message);
    std::longjmp(session.jump, 1);
}

void keepQuiet(png_structp, png_const_charp) {
}

void readBytes(png_structp png, png_bytep out, std::size_t count) {
    auto& session = *static_cast<Session*>(png_get_io_ptr(png));
    if (count > session.bytes.size() - session.position)
        png_error(png, kTruncated);
    std::memcpy(out, session.bytes.data() + session.position, count);
    session.position += count;
}

// setjmp
bool readHeader(Session& session) {
    if (setjmp(session.jump))
        return false;
    session.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &session, stop, keepQuiet);
    if (!session.png)
        return false;
    session.info = png_create_info_struct(session.png);
    if (!session.info)
        return false;
    png_set_read_fn(session.png, &session, readBytes);
    png_set_user_limits(session.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // decode.h's own limit follows at once
    png_set_crc_action(session.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(session.png, session.info);
    return true;
}

/// Asks for whole bytes in the mode's own layout; 16-bit grey stays as two bytes, high byte first. setjmp
bool start(Session& session, int depth, int colour) {
    if (setjmp(session.jump))
        return false;
    if (depth < 8 && colour == PNG_COLOR_TYPE_PALETTE)
        png_set_packing(session.png);
    if (depth < 8 && colour == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(session.png);
    if (depth == 16 && colour != PNG_COLOR_TYPE_GRAY)
        png_set_strip_16(session.png); // keeps the high byte
    if (depth == 16 && colour == PNG_COLOR_TYPE_GRAY_ALPHA)
        png_set_gray_to_rgb(session.png); // Pillow has no 16-bit "LA" and opens it as RGBA
    png_set_interlace_handling(session.png);
    png_read_update_info(session.png, session.info);
    return true;
}

// setjmp
bool readPixels(Session& session, std::uint8_t* out, std::size_t stride, std::uint32_t height) {
    if (setjmp(session.jump))
        return false;
    const int passes = png_get_interlace_type(session.png, session.info) == PNG_INTERLACE_NONE ? 1 : 7;
    for (int pass = 0; pass < passes; ++pass)
        for (std::uint32_t y = 0; y < height; ++y)
            png_read_row(session.png, out + stride * y, nullptr);
    return true;
}

Mode modeOf(int depth, int colour) {
    switch (colour) {
    case PNG_COLOR_TYPE_PALETTE:
        return Mode::Palette;
    case PNG_COLOR_TYPE_GRAY:
        return depth == 1 ? Mode::Bilevel : depth == 16 ? Mode::Int32 : Mode::Gray;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return depth == 16 ? Mode::Rgba : Mode::GrayAlpha;
    case PNG_COLOR_TYPE_RGB_ALPHA:
        return Mode::Rgba;
    default:
        return Mode::Rgb;
    }
}

} // namespace

Result<Decoded> decodePng(const Source& source) {
    Session session(source.bytes);
    if (!readHeader(session))
        return source.unreadable(session.message[0] ? session.message : "libpng cannot start");
    const std::uint32_t width = png_get_image_width(session.png, session.info);
    const std::uint32_t height = png_get_image_height(session.png, session.info);
    PLUMBLINE_CHECK(source.checkSize(width, height));
    const int depth = png_get_bit_depth(session.png, session.info);
    const int colour = png_get_color_type(session.png, session.info);

    // DEFLATE shrinks 1032:1 at best, so that a small file cannot make us allocate what it does not hold.
    constexpr std::uint64_t kMaxRatio = 1032;
    const std::uint64_t packedRow = png_get_rowbytes(session.png, session.info);
    if (packedRow * height > kMaxRatio * source.bytes.size())
        return source.unreadable(kTruncated);

    Decoded image;
    image.mode = modeOf(depth, colour);
    image.width = static_cast<int>(width);
    image.height = static_cast<int>(height);
    png_colorp palette = nullptr;
    int entries = 0;
    if (image.mode == Mode::Palette && png_get_PLTE(session.png, session.info, &palette, &entries))
        for (int i = 0; i < entries; ++i)
            image.palette.insert(image.palette.end(), {palette[i].red, palette[i].green, palette[i].blue});
    png_bytep exif = nullptr;
    png_uint_32 exifBytes = 0;
    if (png_get_eXIf_1(session.png, session.info, &exifBytes, &exif))
        image.exifOrientation = orientationOfExif({exif, exifBytes});

    if (!start(session, depth, colour))
        return source.unreadable(session.message);
    const std::size_t stride = png_get_rowbytes(session.png, session.info);
    image.pixels.resize(stride * height);
    // The chunks after the pixels are not read: what a viewer can show is whole.
    if (!readPixels(session, image.pixels.data(), stride, height))
        return source.unreadable(session.message);
    if (image.mode == Mode::Int32) {
        image.wide.resize(std::size_t{width} * height);
        for (std::size_t i = 0; i < image.wide.size(); ++i)
            image.wide[i] = 256 * image.pixels[2 * i] + image.pixels[2 * i + 1];
        image.pixels = {};
    }
    return image;
}

} // namespace plumbline::image
