// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become a picture of the size it claims.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/image/decode.h"
#include "core/image/preprocess.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto image = image::decode(std::as_bytes(std::span(data, size)), "fuzz");
    if (!image)
        return 0;
    constexpr std::int64_t kSmall = 1 << 22; // the rest would only be slow
    if (std::int64_t{image->width} * image->height > kSmall)
        return 0;
    const auto pixels = static_cast<std::size_t>(image->width) * static_cast<std::size_t>(image->height);
    if (image::toRgb(*image).pixels.size() != 3 * pixels)
        std::abort();
    Preprocessing preprocessing;
    preprocessing.size.value = 32;
    preprocessing.interpolation.value = Interpolation::Bicubic;
    if (image::cropForModel(*image, preprocessing).pixels.size() != 3 * 32 * 32)
        std::abort();
    if (!image::thumbnail(*image, 32))
        std::abort();
    return 0;
}
