// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "core/image/pixels.h"
#include "core/image/resample.h"
#include "core/image/source.h"

namespace plumbline::image {

namespace {

constexpr int kThumbnailQuality = 85;

struct Size {
    std::int64_t width, height;
};

/// The shorter side becomes `side`, the longer int(side * long / short), as torchvision's Resize and Hugging Face's.
Size resizedSize(const Decoded& image, int side) {
    const std::int64_t shorter = std::min(image.width, image.height), longer = std::max(image.width, image.height);
    const auto newLonger = static_cast<std::int64_t>(static_cast<double>(side * longer) / static_cast<double>(shorter));
    return image.width <= image.height ? Size{side, newLonger} : Size{newLonger, side};
}

std::int64_t cropOffset(std::int64_t spare, Preprocessing::CropOffset rule) {
    const std::int64_t half = spare / 2;
    const bool roundsUp = rule == Preprocessing::CropOffset::RoundHalfEven && spare % 2 != 0 && half % 2 != 0;
    return half + (roundsUp ? 1 : 0);
}

template <class Sample>
std::vector<Sample> cutOut(const Raster<Sample>& image, const Window& window) {
    std::vector<Sample> out;
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::size_t count = static_cast<std::size_t>(window.width) * channels;
    out.reserve(count * static_cast<std::size_t>(window.height));
    for (int y = 0; y < window.height; ++y) {
        const auto pixel = static_cast<std::size_t>((window.y + y) * image.width + window.x);
        out.insert(out.end(), image.samples + pixel * channels, image.samples + pixel * channels + count);
    }
    return out;
}

/// The window of the picture resized in its own mode.
Decoded resizeOwnMode(const Decoded& image, const Size& full, const Window& window, Interpolation interpolation) {
    Decoded out;
    out.mode = image.mode;
    out.width = window.width;
    out.height = window.height;
    out.palette = image.palette;
    const bool unchanged = full.width == image.width && full.height == image.height;
    if (image.mode == Mode::Int32) {
        const Raster<std::int32_t> raster{image.wide.data(), image.width, image.height, 1};
        out.wide =
            unchanged ? cutOut(raster, window) : resample(raster, full.width, full.height, window, interpolation);
        return out;
    }
    // Colours cannot be averaged by index, and Pillow treats black-and-white alike.
    if (image.mode == Mode::Palette || image.mode == Mode::Bilevel)
        interpolation = Interpolation::Nearest;
    Raster<std::uint8_t> raster{image.pixels.data(), image.width, image.height, channelsOf(image.mode)};
    if (unchanged) {
        out.pixels = cutOut(raster, window);
        return out;
    }
    const bool throughAlpha =
        (image.mode == Mode::Rgba || image.mode == Mode::GrayAlpha) && interpolation != Interpolation::Nearest;
    std::vector<std::uint8_t> premultiplied;
    if (throughAlpha) {
        premultiplied = image.pixels;
        premultiply(premultiplied, raster.channels);
        raster.samples = premultiplied.data();
    }
    out.pixels = resample(raster, full.width, full.height, window, interpolation);
    if (throughAlpha)
        unpremultiply(out.pixels, raster.channels);
    return out;
}

/// The window of the picture converted to RGB and then resized.
Rgb resizeAsRgb(const Decoded& image, const Size& full, const Window& window, Interpolation interpolation) {
    const Rgb converted = image.mode == Mode::Rgb ? Rgb() : toRgb(image);
    const auto& pixels = image.mode == Mode::Rgb ? image.pixels : converted.pixels;
    const Raster<std::uint8_t> raster{pixels.data(), image.width, image.height, 3};
    const bool unchanged = full.width == image.width && full.height == image.height;
    return {window.width, window.height,
            unchanged ? cutOut(raster, window) : resample(raster, full.width, full.height, window, interpolation)};
}

} // namespace

Rgb cropForModel(const Decoded& image, const Preprocessing& preprocessing) {
    const int side = preprocessing.size.value;
    const bool stretch = preprocessing.resize.value == Preprocessing::Resize::Stretch;
    const Size full = stretch ? Size{side, side} : resizedSize(image, side);
    const Window window{cropOffset(full.width - side, preprocessing.cropOffset.value),
                        cropOffset(full.height - side, preprocessing.cropOffset.value), side, side};
    const Interpolation interpolation = preprocessing.interpolation.value;
    if (image.mode == Mode::Rgb || preprocessing.order.value == Preprocessing::Order::RgbThenResize)
        return resizeAsRgb(image, full, window, interpolation);
    return toRgb(resizeOwnMode(image, full, window, interpolation));
}

void normalise(const Rgb& crop, const Preprocessing& preprocessing, std::span<float> out) {
    const std::size_t count = crop.pixels.size() / 3;
    for (std::size_t c = 0; c < 3; ++c) {
        // Only 256 values are possible; the divisions are done once for each.
        const auto mean = static_cast<float>(preprocessing.mean.value[c]);
        const auto deviation = static_cast<float>(preprocessing.std.value[c]);
        std::array<float, 256> values;
        for (std::size_t level = 0; level < values.size(); ++level)
            values[level] = (static_cast<float>(level) / 255.0F - mean) / deviation;
        const std::uint8_t* in = crop.pixels.data() + c;
        float* plane = out.data() + c * count;
        for (std::size_t i = 0; i < count; ++i)
            plane[i] = values[in[3 * i]];
    }
}

Result<std::vector<std::uint8_t>> thumbnail(const Decoded& image, int side) {
    try {
        const int longer = std::max(image.width, image.height);
        if (longer <= side)
            return encodeJpeg(toRgb(image), kThumbnailQuality);
        const auto fitted = [&](int length) {
            return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) * side / longer)));
        };
        const Window whole{0, 0, fitted(image.width), fitted(image.height)};
        // The smoothing kernel's memory grows with the length; a strip a thousand times longer needs none.
        constexpr int kSmoothUpTo = 1000;
        const auto interpolation = longer / side < kSmoothUpTo ? Interpolation::Bicubic : Interpolation::Nearest;
        return encodeJpeg(resizeAsRgb(image, {whole.width, whole.height}, whole, interpolation), kThumbnailQuality);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", "a thumbnail"}, {"bytes", std::to_string(image.pixels.size())}});
    }
}

} // namespace plumbline::image
