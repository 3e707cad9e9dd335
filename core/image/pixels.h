// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace plumbline::image {

/// a * b / 255, rounded to nearest in integers as Pillow rounds its alpha products.
constexpr std::uint8_t productOf255(unsigned a, unsigned b) {
    const unsigned product = a * b + 128;
    return static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
}

/// Colours times alpha, the last of `channels` interleaved samples, and back (truncated, at most 255; where alpha is
/// 0 or 255 colours stay as they are). Pillow resizes "RGBA" and "LA" in between, as "RGBa" and "La".
void premultiply(std::span<std::uint8_t> pixels, int channels);
void unpremultiply(std::span<std::uint8_t> pixels, int channels);

} // namespace plumbline::image
