// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/image/decode.h"

namespace plumbline::image {

/// What a codec gets: the bytes of the file and its name for messages.
struct Source {
    std::span<const std::uint8_t> bytes;
    std::string name; ///< encodePath form

    tl::unexpected<Error> unreadable(std::string reason) const {
        return fail(ErrorCode::ImageUnreadable, {{"path", name}, {"reason", std::move(reason)}});
    }
    /// Refuses empty and too large sizes; to be asked before anything is allocated.
    Result<void> checkSize(std::int64_t width, std::int64_t height) const {
        if (width <= 0 || height <= 0)
            return unreadable("its header names a size of zero");
        if (height > kMaxPixels / width)
            return fail(ErrorCode::ImageTooLarge, {{"path", name},
                                                   {"width", std::to_string(width)},
                                                   {"height", std::to_string(height)},
                                                   {"limit", std::to_string(kMaxPixels)}});
        return {};
    }
};

inline constexpr char kTruncated[] = "the file is truncated";

/// One function a format. They may throw std::bad_alloc, which decode() turns into OutOfMemory.
Result<Decoded> decodeJpeg(const Source& source);
Result<Decoded> decodePng(const Source& source);
Result<Decoded> decodeWebp(const Source& source);
Result<Decoded> decodeBmp(const Source& source);
Result<Decoded> decodeTiff(const Source& source);
Result<Decoded> decodeGif(const Source& source);

/// Baseline JPEG with 4:2:0 chroma. Error: Internal (the encoder's message), OutOfMemory.
Result<std::vector<std::uint8_t>> encodeJpeg(const Rgb& image, int quality);

/// The orientation (1 to 8) in an EXIF block that begins with its TIFF header; 1 where there is none or it is damaged.
int orientationOfExif(std::span<const std::uint8_t> exif);

/// Samples a pixel in Decoded::pixels; 0 for Int32.
int channelsOf(Mode mode);

} // namespace plumbline::image
