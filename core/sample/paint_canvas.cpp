// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/paint_canvas.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

namespace plumbline::sample {

namespace {

constexpr int kFiner = 3;        // fine pixels a pixel, each way
constexpr int kFractionBits = 4; // of the coordinates that OpenCV gets

constexpr float kPi = std::numbers::pi_v<float>;

cv::Scalar scalar(Colour c) {
    return {c.r, c.g, c.b};
}

Point spline(Point a, Point b, Point c, Point d, float t) {
    const float t2 = t * t, t3 = t2 * t;
    return 0.5F * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t2 + (3 * b - a - 3 * c + d) * t3);
}

constexpr int kSteps = 7; // points a knot

std::uint8_t blend(std::uint8_t below, int above, int alpha) { // alpha 0 to 256
    return static_cast<std::uint8_t>((below * (256 - alpha) + above * alpha + 128) >> 8);
}

} // namespace

Colour shade(Colour c, float factor) {
    return {std::min(255.F, c.r * std::pow(factor, 0.82F)), std::min(255.F, c.g * factor),
            std::min(255.F, c.b * std::pow(factor, 1.04F))};
}

Points curve(const Points& knots) {
    Points result;
    const std::size_t n = knots.size();
    for (std::size_t i = 0; i + 1 < n; ++i)
        for (int step = 0; step < kSteps; ++step)
            result.push_back(spline(knots[i > 0 ? i - 1 : 0], knots[i], knots[i + 1], knots[std::min(i + 2, n - 1)],
                                    static_cast<float>(step) / kSteps));
    result.push_back(knots.back());
    return result;
}

Points closedCurve(const Points& knots) {
    Points result;
    const std::size_t n = knots.size();
    for (std::size_t i = 0; i < n; ++i)
        for (int step = 0; step < kSteps; ++step)
            result.push_back(spline(knots[(i + n - 1) % n], knots[i], knots[(i + 1) % n], knots[(i + 2) % n],
                                    static_cast<float>(step) / kSteps));
    return result;
}

Points arc(Point centre, float rx, float ry, float from, float to) {
    const int steps = std::clamp(static_cast<int>(std::max(rx, ry) * 1.2F) + 10, 12, 48);
    Points result;
    for (int i = 0; i <= steps; ++i) {
        const float angle = (from + (to - from) * static_cast<float>(i) / static_cast<float>(steps)) * kPi / 180;
        result.emplace_back(centre.x + rx * std::cos(angle), centre.y + ry * std::sin(angle));
    }
    return result;
}

Points ellipse(Point centre, float rx, float ry, float degrees) {
    Points result = arc(centre, rx, ry, 0, 360);
    return degrees == 0 ? result : turned(std::move(result), centre, degrees);
}

Points box(float left, float top, float right, float bottom) {
    return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

Points roundBox(float left, float top, float right, float bottom, float radius) {
    Points result = arc({left + radius, top + radius}, radius, radius, 180, 270);
    result = joined(std::move(result), arc({right - radius, top + radius}, radius, radius, 270, 360));
    result = joined(std::move(result), arc({right - radius, bottom - radius}, radius, radius, 0, 90));
    return joined(std::move(result), arc({left + radius, bottom - radius}, radius, radius, 90, 180));
}

Points turned(Points points, Point centre, float degrees) {
    const float c = std::cos(degrees * kPi / 180), s = std::sin(degrees * kPi / 180);
    for (Point& p : points) {
        const Point d = p - centre;
        p = centre + Point(d.x * c - d.y * s, d.x * s + d.y * c);
    }
    return points;
}

Points joined(Points first, const Points& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Canvas::Canvas(int size)
    : m_size(size), m_scale(static_cast<float>(size * kFiner) / kExtent), m_fine(size * kFiner, size * kFiner),
      m_personFine(size * kFiner, size * kFiner, std::uint8_t{0}), m_scratch(size * kFiner, size * kFiner) {
}

std::vector<cv::Point> Canvas::toFine(const Points& points) const {
    std::vector<cv::Point> result;
    result.reserve(points.size());
    for (const Point& p : points)
        result.emplace_back(cvRound((p.x * m_scale - 0.5F) * (1 << kFractionBits)),
                            cvRound(((p.y + m_lower) * m_scale - 0.5F) * (1 << kFractionBits)));
    return result;
}

void Canvas::fillFine(const std::vector<std::vector<cv::Point>>& contours, Colour colour, float alpha,
                      const Stencil& within) {
    if (alpha >= 1 && within.empty()) {
        cv::fillPoly(m_fine, contours, scalar(colour), cv::LINE_8, kFractionBits);
        if (m_person)
            cv::fillPoly(m_personFine, contours, 255, cv::LINE_8, kFractionBits);
        return;
    }
    cv::Rect area = cv::boundingRect(contours.front());
    area = cv::Rect((area.x >> kFractionBits) - 1, (area.y >> kFractionBits) - 1, (area.width >> kFractionBits) + 4,
                    (area.height >> kFractionBits) + 4) &
           cv::Rect(0, 0, m_fine.cols, m_fine.rows);
    if (area.empty())
        return;
    cv::Mat1b mask = m_scratch(area);
    mask = std::uint8_t{0};
    // The offset is added before the fraction bits are taken off.
    cv::fillPoly(mask, contours, 255, cv::LINE_8, kFractionBits,
                 cv::Point(-area.x * (1 << kFractionBits), -area.y * (1 << kFractionBits)));
    const int weight = cvRound(std::min(alpha, 1.F) * 256);
    const int r = cvRound(colour.r), g = cvRound(colour.g), b = cvRound(colour.b);
    for (int y = 0; y < area.height; ++y) {
        const std::uint8_t* in = mask[y];
        const std::uint8_t* allowed = within.empty() ? nullptr : within[area.y + y] + area.x;
        cv::Vec3b* out = m_fine[area.y + y] + area.x;
        std::uint8_t* person = m_person ? m_personFine[area.y + y] + area.x : nullptr;
        for (int x = 0; x < area.width; ++x) {
            if (in[x] == 0 || (allowed && allowed[x] == 0))
                continue;
            out[x] = {blend(out[x][0], r, weight), blend(out[x][1], g, weight), blend(out[x][2], b, weight)};
            if (person && weight > 128)
                person[x] = 255;
        }
    }
}

void Canvas::fill(const Points& shape, Colour colour, float alpha, const Stencil& within) {
    fillFine({toFine(shape)}, colour, alpha, within);
}

void Canvas::fillRing(const Points& outer, const Points& inner, Colour colour) {
    fillFine({toFine(outer), toFine(inner)}, colour, 1, {});
}

void Canvas::stroke(const Points& path, float width, Colour colour, float alpha, Taper taper, const Stencil& within) {
    const std::size_t n = path.size();
    Points left, right;
    for (std::size_t i = 0; i < n; ++i) {
        const Point along = path[std::min(i + 1, n - 1)] - path[i > 0 ? i - 1 : 0];
        const float length = std::max(1e-3F, std::hypot(along.x, along.y));
        const float t = static_cast<float>(i) / static_cast<float>(n - 1);
        float half = width / 2;
        if (taper == Taper::End)
            half *= 1 - 0.8F * t * t;
        else if (taper == Taper::Both)
            half *= 0.25F + 0.75F * std::sin(kPi * t);
        const Point across(-along.y / length * half, along.x / length * half);
        left.push_back(path[i] + across);
        right.push_back(path[i] - across);
    }
    if (taper == Taper::None) { // round ends
        const auto cap = [&](Points& side, Point centre, Point from, float sign) {
            const Point d = from - centre;
            for (int i = 1; i < 6; ++i) {
                const float a = sign * kPi * static_cast<float>(i) / 6;
                side.push_back(centre +
                               Point(d.x * std::cos(a) - d.y * std::sin(a), d.x * std::sin(a) + d.y * std::cos(a)));
            }
        };
        const Point lastLeft = left.back(), firstRight = right.front();
        cap(left, path.back(), lastLeft, -1);
        std::reverse(right.begin(), right.end());
        cap(right, path.front(), firstRight, -1);
    } else {
        std::reverse(right.begin(), right.end());
    }
    fill(joined(std::move(left), right), colour, alpha, within);
}

void Canvas::glow(Point centre, float rx, float ry, Colour colour, float alpha, const Stencil& within) {
    const float cx = centre.x * m_scale - 0.5F, cy = (centre.y + m_lower) * m_scale - 0.5F, w = rx * m_scale,
                h = ry * m_scale;
    const int top = std::max(0, cvFloor(cy - h)), bottom = std::min(m_fine.rows - 1, cvCeil(cy + h));
    const int r = cvRound(colour.r), g = cvRound(colour.g), b = cvRound(colour.b);
    for (int y = top; y <= bottom; ++y) {
        const float dy = (static_cast<float>(y) - cy) / h, rest = 1 - dy * dy;
        if (rest <= 0)
            continue;
        const float reach = w * std::sqrt(rest);
        const int first = std::max(0, cvCeil(cx - reach)), last = std::min(m_fine.cols - 1, cvFloor(cx + reach));
        cv::Vec3b* out = m_fine[y];
        const std::uint8_t* allowed = within.empty() ? nullptr : within[y];
        for (int x = first; x <= last; ++x) {
            if (allowed && allowed[x] == 0)
                continue;
            const float dx = (static_cast<float>(x) - cx) / w, in = rest - dx * dx;
            const int weight = static_cast<int>(alpha * in * in * 256);
            out[x] = {blend(out[x][0], r, weight), blend(out[x][1], g, weight), blend(out[x][2], b, weight)};
        }
    }
}

void Canvas::wash(Colour top, Colour bottom) {
    for (int y = 0; y < m_fine.rows; ++y)
        m_fine.row(y).setTo(scalar(mix(top, bottom, static_cast<float>(y) / static_cast<float>(m_fine.rows - 1))));
}

Stencil Canvas::stencil(const Points& shape) const {
    Stencil result(m_fine.rows, m_fine.cols, std::uint8_t{0});
    cv::fillPoly(result, std::vector{toFine(shape)}, 255, cv::LINE_8, kFractionBits);
    return result;
}

Stencil Canvas::stencilOutside(const Points& shape) const {
    Stencil result(m_fine.rows, m_fine.cols, std::uint8_t{255});
    cv::fillPoly(result, std::vector{toFine(shape)}, 0, cv::LINE_8, kFractionBits);
    return result;
}

cv::Mat3b Canvas::picture() const {
    cv::Mat3b result;
    cv::resize(m_fine, result, {m_size, m_size}, 0, 0, cv::INTER_AREA);
    return result;
}

cv::Mat1b Canvas::person() const {
    cv::Mat1b result;
    cv::resize(m_personFine, result, {m_size, m_size}, 0, 0, cv::INTER_AREA);
    return result;
}

} // namespace plumbline::sample
