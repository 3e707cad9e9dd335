// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/group_style.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>
#include <tuple>

namespace plumbline::report {
namespace {

struct Tone {
    unsigned light, lightStroke, dark;
};

// Okabe and Ito (2008), "Color Universal Design". Yellow comes last because it is the hardest to see on white.
// The fills on light are the originals, which are the furthest apart for colour-blind people; strokes are darkened
// where the original has less than 3 : 1 against white. On dark the tones are lightened.
constexpr std::array<Tone, kPaletteColours> kTones{{
    {0x0072B2, 0x0072B2, 0x4FA6E0}, // blue
    {0xD55E00, 0xC25500, 0xF07A2B}, // vermillion
    {0x009E73, 0x00805D, 0x2CC295}, // bluish green
    {0xCC79A7, 0xA9558A, 0xE29AC4}, // reddish purple
    {0xE69F00, 0xA87400, 0xF2B632}, // orange
    {0x56B4E9, 0x2A86BC, 0x8CD0F7}, // sky blue
    {0x4A4A4A, 0x3C3C3C, 0xDADADA}, // ink (Okabe-Ito's black)
    {0xF0E442, 0x857D00, 0xF3EA6B}, // yellow
}};

const Tone& tone(int index) {
    return kTones[static_cast<std::size_t>(std::max(index, 0)) % kTones.size()];
}

constexpr std::string_view kCross = " × ";

/// Numbers the distinct parts before (or after) the cross of all names; empty when a name has not exactly two parts.
std::vector<int> partNumbers(const std::vector<std::string>& groups, bool first, std::size_t limit) {
    std::vector<std::string_view> parts;
    for (const std::string& name : groups) {
        const std::size_t at = name.find(kCross);
        if (at == std::string::npos || name.find(kCross, at + kCross.size()) != std::string::npos)
            return {};
        const std::string_view whole = name;
        parts.push_back(first ? whole.substr(0, at) : whole.substr(at + kCross.size()));
    }
    std::vector<std::string_view> distinct = parts;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() > limit)
        return {};
    std::vector<int> numbers;
    for (const std::string_view part : parts)
        numbers.push_back(
            static_cast<int>(std::lower_bound(distinct.begin(), distinct.end(), part) - distinct.begin()));
    return numbers;
}

std::vector<std::pair<double, double>> ring(int corners, double outer, double inner, double turn) {
    std::vector<std::pair<double, double>> points;
    const int count = inner > 0 ? 2 * corners : corners;
    for (int i = 0; i < count; ++i) {
        const double radius = inner > 0 && i % 2 == 1 ? inner : outer;
        const double angle = turn + 2 * std::numbers::pi * i / count;
        points.emplace_back(radius * std::sin(angle), -radius * std::cos(angle));
    }
    return points;
}

} // namespace

std::vector<GroupStyle> groupStyles(const std::vector<std::string>& groups) {
    const std::vector<int> shapes = partNumbers(groups, true, kMarkShapes);
    const std::vector<int> colours = partNumbers(groups, false, kPaletteColours);
    const bool crossed = !shapes.empty() && !colours.empty();
    std::vector<GroupStyle> styles;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        // 8 colours and 9 shapes have no common divisor: the pair repeats after 72 groups only.
        const int shape = crossed ? shapes[i] : static_cast<int>(i % kMarkShapes);
        const int colour = crossed ? colours[i] : static_cast<int>(i % kPaletteColours);
        styles.push_back({groups[i], static_cast<MarkShape>(shape), colour});
    }
    return styles;
}

unsigned paletteColour(int index, bool dark) {
    return dark ? tone(index).dark : tone(index).light;
}

unsigned paletteStroke(int index, bool dark) {
    return dark ? tone(index).dark : tone(index).lightStroke;
}

std::vector<std::pair<double, double>> markOutline(MarkShape shape) {
    constexpr double pi = std::numbers::pi;
    switch (shape) {
    case MarkShape::Circle:
        return {};
    case MarkShape::Triangle:
        return {{0, -1.05}, {1.06, 0.8}, {-1.06, 0.8}};
    case MarkShape::TriangleDown:
        return {{0, 1.05}, {-1.06, -0.8}, {1.06, -0.8}};
    case MarkShape::Square:
        return {{-0.8, -0.8}, {0.8, -0.8}, {0.8, 0.8}, {-0.8, 0.8}};
    case MarkShape::Diamond:
        return {{0, -1.15}, {1.0, 0}, {0, 1.15}, {-1.0, 0}};
    case MarkShape::Plus:
    case MarkShape::Cross: {
        constexpr double a = 0.38, b = 1.05;
        std::vector<std::pair<double, double>> points = {{-a, -b}, {a, -b}, {a, -a}, {b, -a}, {b, a},   {a, a},
                                                         {a, b},   {-a, b}, {-a, a}, {-b, a}, {-b, -a}, {-a, -a}};
        if (shape == MarkShape::Cross) {
            const double s = std::sqrt(0.5);
            for (auto& [x, y] : points)
                std::tie(x, y) = std::pair(s * (x - y), s * (x + y));
        }
        return points;
    }
    case MarkShape::Star:
        return ring(5, 1.25, 0.55, 0);
    case MarkShape::Hexagon:
        return ring(6, 1.0, 0, pi / 6);
    }
    return {};
}

} // namespace plumbline::report
