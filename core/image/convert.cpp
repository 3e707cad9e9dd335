// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "core/image/pixels.h"
#include "core/image/source.h"

namespace plumbline::image {

int channelsOf(Mode mode) {
    switch (mode) {
    case Mode::Bilevel:
    case Mode::Palette:
    case Mode::Gray:
        return 1;
    case Mode::GrayAlpha:
        return 2;
    case Mode::Rgb:
        return 3;
    case Mode::Rgba:
    case Mode::Cmyk:
        return 4;
    case Mode::Int32:
        return 0;
    }
    return 0;
}

void premultiply(std::span<std::uint8_t> pixels, int channels) {
    const auto step = static_cast<std::size_t>(channels);
    for (std::size_t i = 0; i + step <= pixels.size(); i += step) {
        const std::uint8_t alpha = pixels[i + step - 1];
        for (std::size_t c = 0; c + 1 < step; ++c)
            pixels[i + c] = productOf255(pixels[i + c], alpha);
    }
}

void unpremultiply(std::span<std::uint8_t> pixels, int channels) {
    const auto step = static_cast<std::size_t>(channels);
    for (std::size_t i = 0; i + step <= pixels.size(); i += step) {
        const int alpha = pixels[i + step - 1];
        if (alpha == 0 || alpha == 255)
            continue;
        for (std::size_t c = 0; c + 1 < step; ++c) // the resampler can overshoot alpha
            pixels[i + c] = static_cast<std::uint8_t>(std::min(255, 255 * pixels[i + c] / alpha));
    }
}

Rgb toRgb(const Decoded& image) {
    Rgb out{image.width, image.height, {}};
    if (image.mode == Mode::Rgb) {
        out.pixels = image.pixels;
        return out;
    }
    const std::size_t count = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    out.pixels.resize(3 * count);
    const auto convert = [&](auto&& colourOf) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::array<std::uint8_t, 3> colour = colourOf(i);
            std::copy(colour.begin(), colour.end(), out.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i));
        }
    };
    const std::uint8_t* in = image.pixels.data();
    const auto grey = [](std::uint8_t value) { return std::array{value, value, value}; };
    switch (image.mode) {
    case Mode::Bilevel:
    case Mode::Gray:
        convert([&](std::size_t i) { return grey(in[i]); });
        break;
    case Mode::GrayAlpha:
        convert([&](std::size_t i) { return grey(in[2 * i]); });
        break;
    case Mode::Palette: {
        // Pillow's palettes begin as the grey ramp; a file's shorter palette leaves the rest of it.
        std::array<std::array<std::uint8_t, 3>, 256> palette;
        for (std::size_t i = 0; i < palette.size(); ++i) {
            palette[i] = grey(static_cast<std::uint8_t>(i));
            if (3 * i + 2 < image.palette.size())
                palette[i] = {image.palette[3 * i], image.palette[3 * i + 1], image.palette[3 * i + 2]};
        }
        convert([&](std::size_t i) { return palette[in[i]]; });
        break;
    }
    case Mode::Rgba:
        convert([&](std::size_t i) { return std::array{in[4 * i], in[4 * i + 1], in[4 * i + 2]}; });
        break;
    case Mode::Cmyk:
        convert([&](std::size_t i) {
            const auto light = static_cast<std::uint8_t>(255 - in[4 * i + 3]);
            std::array<std::uint8_t, 3> colour;
            for (std::size_t c = 0; c < 3; ++c)
                colour[c] = static_cast<std::uint8_t>(light - productOf255(in[4 * i + c], light));
            return colour;
        });
        break;
    case Mode::Int32:
        convert([&](std::size_t i) { return grey(static_cast<std::uint8_t>(std::clamp(image.wide[i], 0, 255))); });
        break;
    case Mode::Rgb:
        break;
    }
    return out;
}

} // namespace plumbline::image
