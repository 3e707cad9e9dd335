// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG through libjpeg-turbo with its defaults (accurate integer DCT, fancy upsampling), as Pillow uses it.
//
// libjpeg reports errors by a function that must not return. It longjmps into the functions marked "setjmp" below,
// which therefore hold nothing with a destructor; all memory belongs to the session objects of their callers.
#include <algorithm>
#include <csetjmp>
#include <cstdio> // jpeglib.h needs FILE
#include <cstdlib>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

/// A progressive file may repeat scans at will, each over the whole picture; libjpeg-turbo's own fuzzers stop here too.
constexpr int kMaxScans = 500;
constexpr int kExifMarker = JPEG_APP0 + 1;

struct Errors : jpeg_error_mgr {
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX] = {};
};

[[noreturn]] void stop(j_common_ptr info) {
    auto& errors = *static_cast<Errors*>(info->err);
    errors.format_message(info, errors.message);
    std::longjmp(errors.jump, 1);
}

/// libjpeg only warns when the data ends early and paints the rest grey. Pillow refuses such files.
void emit(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) {
        auto& errors = *static_cast<Errors*>(info->err);
        std::memcpy(errors.message, kTruncated, sizeof kTruncated);
        std::longjmp(errors.jump, 1);
    }
}

void keepQuiet(j_common_ptr) {
}

void checkScans(j_common_ptr info) {
    if (info->is_decompressor && reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
        auto& errors = *static_cast<Errors*>(info->err);
        std::snprintf(errors.message, sizeof errors.message, "it has more than %d scans", kMaxScans);
        std::longjmp(errors.jump, 1);
    }
}

void prepare(Errors& errors) {
    jpeg_std_error(&errors);
    errors.error_exit = stop;
    errors.emit_message = emit;
    errors.output_message = keepQuiet;
}

struct DecodeSession {
    jpeg_decompress_struct info{};
    Errors errors{};
    jpeg_progress_mgr progress{};

    DecodeSession() {
        prepare(errors);
        info.err = &errors;
        progress.progress_monitor = checkScans;
    }
    ~DecodeSession() { jpeg_destroy_decompress(&info); }
    DecodeSession(const DecodeSession&) = delete;
    DecodeSession& operator=(const DecodeSession&) = delete;
};

// setjmp
bool readHeader(DecodeSession& session, std::span<const std::uint8_t> bytes) {
    if (setjmp(session.errors.jump))
        return false;
    jpeg_create_decompress(&session.info);
    session.info.progress = &session.progress;
    jpeg_mem_src(&session.info, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_save_markers(&session.info, kExifMarker, 0xFFFF);
    jpeg_read_header(&session.info, TRUE);
    return true;
}

// setjmp
bool start(DecodeSession& session, J_COLOR_SPACE space) {
    if (setjmp(session.errors.jump))
        return false;
    session.info.out_color_space = space;
    jpeg_start_decompress(&session.info);
    return true;
}

// setjmp
bool readPixels(DecodeSession& session, std::uint8_t* out) {
    if (setjmp(session.errors.jump))
        return false;
    constexpr JDIMENSION kRows = 8; // libjpeg hands out at most a few rows a call
    const std::size_t stride = std::size_t{session.info.output_width} * session.info.output_components;
    while (session.info.output_scanline < session.info.output_height) {
        JSAMPROW rows[kRows];
        for (JDIMENSION i = 0; i < kRows; ++i) // rows beyond the last are never written, see jpeg_read_scanlines
            rows[i] = out + stride * std::min(session.info.output_scanline + i, session.info.output_height - 1);
        jpeg_read_scanlines(&session.info, rows, kRows);
    }
    jpeg_finish_decompress(&session.info);
    return true;
}

int orientationOf(const jpeg_decompress_struct& info) {
    constexpr std::string_view kPrefix("Exif\0\0", 6);
    for (auto marker = info.marker_list; marker; marker = marker->next)
        if (marker->marker == kExifMarker && marker->data_length > kPrefix.size() &&
            std::memcmp(marker->data, kPrefix.data(), kPrefix.size()) == 0)
            return orientationOfExif({marker->data + kPrefix.size(), marker->data_length - kPrefix.size()});
    return 1;
}

struct EncodeSession {
    jpeg_compress_struct info{};
    Errors errors{};
    unsigned char* buffer = nullptr; // allocated by libjpeg with malloc
    unsigned long size = 0;

    EncodeSession() {
        prepare(errors);
        info.err = &errors;
    }
    ~EncodeSession() {
        jpeg_destroy_compress(&info);
        std::free(buffer);
    }
    EncodeSession(const EncodeSession&) = delete;
    EncodeSession& operator=(const EncodeSession&) = delete;
};

// setjmp
bool write(EncodeSession& session, const std::uint8_t* pixels, int width, int height, int quality) {
    if (setjmp(session.errors.jump))
        return false;
    jpeg_create_compress(&session.info);
    jpeg_mem_dest(&session.info, &session.buffer, &session.size);
    session.info.image_width = static_cast<JDIMENSION>(width);
    session.info.image_height = static_cast<JDIMENSION>(height);
    session.info.input_components = 3;
    session.info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&session.info);
    jpeg_set_quality(&session.info, quality, TRUE);
    jpeg_start_compress(&session.info, TRUE);
    while (session.info.next_scanline < session.info.image_height) {
        auto row =
            const_cast<JSAMPROW>(pixels + std::size_t{3} * session.info.image_width * session.info.next_scanline);
        jpeg_write_scanlines(&session.info, &row, 1);
    }
    jpeg_finish_compress(&session.info);
    return true;
}

} // namespace

Result<Decoded> decodeJpeg(const Source& source) {
    DecodeSession session;
    const jpeg_decompress_struct& info = session.info;
    if (!readHeader(session, source.bytes))
        return source.unreadable(session.errors.message);
    PLUMBLINE_CHECK(source.checkSize(info.image_width, info.image_height));

    Decoded image;
    J_COLOR_SPACE space = JCS_RGB;
    switch (info.num_components) {
    case 1:
        image.mode = Mode::Gray, space = JCS_GRAYSCALE;
        break;
    case 3:
        image.mode = Mode::Rgb, space = JCS_RGB;
        break;
    case 4:
        image.mode = Mode::Cmyk, space = JCS_CMYK;
        break;
    default:
        return source.unreadable("a JPEG with " + std::to_string(info.num_components) + " components");
    }
    image.width = static_cast<int>(info.image_width);
    image.height = static_cast<int>(info.image_height);
    image.exifOrientation = orientationOf(info);
    // A progressive file is read to its end here, so that a truncated one is refused before its pixels are allocated.
    if (!start(session, space))
        return source.unreadable(session.errors.message);
    image.pixels.resize(std::size_t{info.output_width} * info.output_height * info.output_components);
    if (!readPixels(session, image.pixels.data()))
        return source.unreadable(session.errors.message);
    if (image.mode == Mode::Cmyk) // stored inverted, as Adobe does; Pillow assumes it of every CMYK JPEG
        for (std::uint8_t& value : image.pixels)
            value = static_cast<std::uint8_t>(255 - value);
    return image;
}

Result<std::vector<std::uint8_t>> encodeJpeg(const Rgb& image, int quality) {
    EncodeSession session;
    if (!write(session, image.pixels.data(), image.width, image.height, quality))
        return fail(ErrorCode::Internal, {}, session.errors.message);
    return std::vector<std::uint8_t>(session.buffer, session.buffer + session.size);
}

} // namespace plumbline::image
