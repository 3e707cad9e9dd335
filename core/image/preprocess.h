// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/data/model_info.h"
#include "core/image/decode.h"

namespace plumbline::image {

/// Resize of the shorter side, centre crop and conversion to RGB in the container's own order, with Pillow's rounding.
/// Result: size x size, 8-bit RGB.
Rgb cropForModel(const Decoded& image, const Preprocessing& preprocessing);

/// The network's input: (u8 / 255 - mean) / std in float32, planes R, G, B. `out` holds 3 * size * size values.
void normalise(const Rgb& crop, const Preprocessing& preprocessing, std::span<float> out);

/// A thumbnail as JPEG bytes: fitted into side x side, RGB, quality 85.
Result<std::vector<std::uint8_t>> thumbnail(const Decoded& image, int side);

} // namespace plumbline::image
