// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/model_info.h"

#include "core/base/numbers.h"

namespace plumbline {

namespace {

std::string triple(const std::array<double, 3>& values) {
    return formatDouble(values[0]) + ',' + formatDouble(values[1]) + ',' + formatDouble(values[2]);
}

std::string_view word(Interpolation interpolation) {
    switch (interpolation) {
    case Interpolation::Nearest:
        return "nearest";
    case Interpolation::Bilinear:
        return "bilinear";
    case Interpolation::Bicubic:
        return "bicubic";
    }
    return {};
}

} // namespace

std::string Preprocessing::id() const {
    std::string text = std::to_string(size.value);
    text += '/';
    text += word(interpolation.value);
    text += order.value == Order::ResizeThenRgb ? "/resize-rgb" : "/rgb-resize";
    text += cropOffset.value == CropOffset::RoundHalfEven ? "/round-half-even" : "/floor";
    if (resize.value == Resize::Stretch)
        text += "/stretch";
    return text + '/' + triple(mean.value) + '/' + triple(std.value);
}

} // namespace plumbline
