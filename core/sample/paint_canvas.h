// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include "core/base/random.h"

namespace plumbline::sample {

/// 0 to 255 a channel.
struct Colour {
    float r = 0, g = 0, b = 0;
};
constexpr Colour hex(std::uint32_t rgb) {
    return {static_cast<float>(rgb >> 16 & 255), static_cast<float>(rgb >> 8 & 255), static_cast<float>(rgb & 255)};
}
constexpr Colour kWhite = hex(0xffffff);
constexpr Colour kBlack = hex(0x000000);
constexpr Colour mix(Colour from, Colour to, float share) {
    return {from.r + (to.r - from.r) * share, from.g + (to.g - from.g) * share, from.b + (to.b - from.b) * share};
}
/// Darker (factor < 1) with a little warmth, as shadows of matt surfaces look.
Colour shade(Colour colour, float factor);
constexpr Colour tint(Colour colour, float share) {
    return mix(colour, kWhite, share);
}
constexpr float luminance(Colour c) {
    return 0.2126F * c.r + 0.7152F * c.g + 0.0722F * c.b;
}

/// All coordinates: the picture is 160 x 160 units, y grows downwards.
constexpr float kExtent = 160;
using Point = cv::Point2f;
using Points = std::vector<Point>;

/// Smooth curves through the knots (Catmull-Rom).
Points curve(const Points& knots);
Points closedCurve(const Points& knots);
Points ellipse(Point centre, float rx, float ry, float degrees = 0);
/// Part of an ellipse; 0 degrees points right, 90 down.
Points arc(Point centre, float rx, float ry, float from, float to);
Points box(float left, float top, float right, float bottom);
Points roundBox(float left, float top, float right, float bottom, float radius);
/// Turned around a centre, clockwise on the screen.
Points turned(Points points, Point centre, float degrees);
Points joined(Points first, const Points& second);

/// Random choices of one purpose: a stream of its own, so that no other choice moves it.
class Dice {
public:
    Dice(std::uint64_t seed, std::string_view purpose) : m_stream(seed, streamId(purpose), 0) {}
    float between(float low, float high) { return low + (high - low) * static_cast<float>(m_stream.uniform()); }
    int below(int bound) { return static_cast<int>(m_stream.below(static_cast<std::uint64_t>(bound))); }
    bool chance(double probability) { return m_stream.uniform() < probability; }
    template <class Range>
    const auto& oneOf(const Range& range) {
        return range[m_stream.below(std::size(range))];
    }

private:
    RandomStream m_stream;
};

/// How the width of a stroke runs: full all along, thin at the end, or thin at both ends.
enum class Taper { None, End, Both };

/// The area that a drawing may touch, at the canvas's fine resolution; empty: everywhere.
using Stencil = cv::Mat1b;

/// An RGB picture, drawn several times finer than wanted and averaged at the end: clean edges from plain fills.
class Canvas {
public:
    explicit Canvas(int size);

    void fill(const Points& shape, Colour colour, float alpha = 1, const Stencil& within = {});
    /// The outer shape without the inner one.
    void fillRing(const Points& outer, const Points& inner, Colour colour);
    void stroke(const Points& path, float width, Colour colour, float alpha = 1, Taper taper = Taper::None,
                const Stencil& within = {});
    /// A soft spot: full in the middle, fading to nothing at the ellipse.
    void glow(Point centre, float rx, float ry, Colour colour, float alpha, const Stencil& within = {});
    /// The whole picture: from `top` to `bottom`.
    void wash(Colour top, Colour bottom);
    Stencil stencil(const Points& shape) const;
    Stencil stencilOutside(const Points& shape) const;

    /// From now on, what is filled belongs to the person.
    void beginPerson() { m_person = true; }
    void endPerson() { m_person = false; }
    /// From now on, everything is drawn so much lower.
    void lower(float by) { m_lower = by; }

    /// The averaged picture and the person's share of each pixel, size x size.
    cv::Mat3b picture() const;
    cv::Mat1b person() const;

private:
    std::vector<cv::Point> toFine(const Points& points) const;
    void fillFine(const std::vector<std::vector<cv::Point>>& contours, Colour colour, float alpha,
                  const Stencil& within);

    int m_size;
    float m_scale; ///< fine pixels a unit
    bool m_person = false;
    float m_lower = 0;
    cv::Mat3b m_fine;
    cv::Mat1b m_personFine;
    cv::Mat1b m_scratch;
};

} // namespace plumbline::sample
