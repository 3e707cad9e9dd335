// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data/model_info.h"

namespace plumbline::image {

/// Interleaved samples that someone else owns.
template <class Sample>
struct Raster {
    const Sample* samples;
    int width, height, channels;
};

/// The rectangle of the resized picture that is computed.
struct Window {
    std::int64_t x, y;
    int width, height;
};

/// The window of `image` resized to fullWidth x fullHeight, bit for bit as Pillow's Image.resize would give it:
/// antialiased (the kernel widens when shrinking), first along rows, then along columns, rounded and clipped to 8 bits
/// after each; a pass that would not change the size is left out. Bicubic has a = -0.5. Weights are fixed-point with
/// 22 bits. Nearest takes the sample under each output pixel's centre.
/// Source: measured against Pillow 9.4.0; the method is described in its documentation ("Concepts: Filters").
/// The window lies within the resized picture. Throws std::bad_alloc only.
std::vector<std::uint8_t> resample(const Raster<std::uint8_t>& image, std::int64_t fullWidth, std::int64_t fullHeight,
                                   const Window& window, Interpolation interpolation);
/// The same for 32-bit integers (one channel): sums in double, rounded half away from zero after each pass.
std::vector<std::int32_t> resample(const Raster<std::int32_t>& image, std::int64_t fullWidth, std::int64_t fullHeight,
                                   const Window& window, Interpolation interpolation);

} // namespace plumbline::image
