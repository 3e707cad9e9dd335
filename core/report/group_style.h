// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumbline::report {

/// Shapes and colour numbers of the groups; a group keeps its own in the whole program.
enum class MarkShape { Circle, Triangle, Square, Diamond, TriangleDown, Cross, Plus, Star, Hexagon };
inline constexpr int kMarkShapes = 9;
inline constexpr int kPaletteColours = 8;

struct GroupStyle {
    std::string name;
    MarkShape shape = MarkShape::Circle;
    int colour = 0; ///< index into the colour-blind-safe palette (Okabe-Ito), see paletteColour()
};

/// Styles of an attribute's groups (all groups of the attribute, in byte order). No two of the first 72 groups share
/// both colour and shape. A crossing "Female × White" takes the shape of its first part and the colour of its second,
/// as far as there are enough of both.
std::vector<GroupStyle> groupStyles(const std::vector<std::string>& groups);

/// Okabe-Ito colours as 0xRRGGBB, for light and for dark backgrounds: the inside of marks and bars.
unsigned paletteColour(int index, bool dark);
/// The same hue, dark (light) enough for outlines and thin lines: contrast at least 3 : 1 against a light (dark) page.
unsigned paletteStroke(int index, bool dark);

/// The closed outline of a mark, in units of half its size (x to the right, y downwards); empty for Circle.
/// The shapes have about the same area, so that none looks more important.
std::vector<std::pair<double, double>> markOutline(MarkShape shape);
/// The radius of Circle in the same units.
inline constexpr double kCircleRadius = 0.9;

} // namespace plumbline::report
