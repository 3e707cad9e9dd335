// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/error.h"

namespace plumbline::image {

/// The pixel modes that the reference library (Pillow) would open a file in; they decide how it is resized.
enum class Mode { Bilevel, Palette, Gray, GrayAlpha, Rgb, Rgba, Cmyk, Int32 };

/// A decoded picture in the file's own mode: 8 bits a channel, interleaved (Bilevel and Palette: one byte a pixel,
/// Int32: one 32-bit value a pixel in `wide`).
struct Decoded {
    Mode mode = Mode::Rgb;
    int width = 0, height = 0;
    std::vector<std::uint8_t> pixels;
    std::vector<std::int32_t> wide;
    std::vector<std::uint8_t> palette; ///< 3 bytes an entry
    int exifOrientation = 1;           ///< read, never applied (as the reference; TIFF's own tag is, and stays 1 here)
};

/// Pillow's own limit (2 * 89,478,485 pixels); larger images are refused.
inline constexpr std::int64_t kMaxPixels = 178956970;

/// Decodes JPEG, PNG, WebP, BMP, TIFF or a GIF's first frame by content, whatever the file is called.
/// Errors: FileNotFound, FileUnreadable, ImageFormatUnknown, ImageUnreadable, ImageTooLarge, OutOfMemory. Thread-safe.
Result<Decoded> decodeFile(const std::filesystem::path& path);
Result<Decoded> decode(std::span<const std::byte> bytes, const std::filesystem::path& name);

/// What the first bytes tell without decoding, for the match report: that the file is there, is no other thing than a
/// picture, and how EXIF would turn it (JPEG, PNG, WebP). Errors: FileNotFound, FileUnreadable, ImageUnreadable (empty),
/// ImageFormatUnknown. Thread-safe.
struct Inspected {
    int exifOrientation = 1;
};
Result<Inspected> inspectFile(const std::filesystem::path& path);

/// 8-bit RGB, interleaved.
struct Rgb {
    int width = 0, height = 0;
    std::vector<std::uint8_t> pixels;
};
/// Pillow's convert("RGB"): alpha dropped, palette looked up, CMYK inverted naively, 32-bit integers clipped at 255.
Rgb toRgb(const Decoded& image);

} // namespace plumbline::image
