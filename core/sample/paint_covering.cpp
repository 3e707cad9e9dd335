// SPDX-License-Identifier: GPL-3.0-or-later
// Head coverings and glasses.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

using Covering = Portrait::Covering;

constexpr std::array<std::uint32_t, 10> kFabrics{0x2f4a6d, 0x7b3b44, 0x3f6b57, 0xb98a3e, 0x5d5470,
                                                 0x8a8f96, 0xc7b79b, 0x2f3338, 0x9c5a3c, 0x4e7f8c};

Colour fabric(const Look& look) {
    return hex(Dice(look.portrait.seed, "covering/fabric").oneOf(kFabrics));
}

/// The upper head down to `edge`, grown.
Points dome(const Look& look, float top, float sides, float edgeSide, float edgeMiddle) {
    const float x = look.back(), r = look.head() + 1 + sides;
    const float front = look.at(0, 0).x;
    return joined(curve({{x - r, edgeSide},
                         {x - r * 0.93F, 40},
                         {x - r * 0.55F, 27 - top},
                         {x, 22 - top},
                         {x + r * 0.55F, 27 - top},
                         {x + r * 0.93F, 40},
                         {x + r, edgeSide}}),
                  curve({{x + r, edgeSide},
                         {(x + front) / 2 + r * 0.55F, edgeMiddle + (edgeSide - edgeMiddle) * 0.3F},
                         {front, edgeMiddle},
                         {(x + front) / 2 - r * 0.55F, edgeMiddle + (edgeSide - edgeMiddle) * 0.3F},
                         {x - r, edgeSide}}));
}

} // namespace

void paintCoveringBehind(Canvas& canvas, const Look& look) {
    const Colour cloth = fabric(look);
    const float x = look.back(), w = look.head();
    if (look.portrait.covering == Covering::Headscarf)
        canvas.fill(closedCurve({{x, 16},
                                 {x + w * 0.8F, 26},
                                 {x + w + 7, 58},
                                 {x + w + 8, 92},
                                 {x + w + 12, 122},
                                 {x, 130},
                                 {x - w - 12, 122},
                                 {x - w - 8, 92},
                                 {x - w - 7, 58},
                                 {x - w * 0.8F, 26}}),
                    shade(cloth, 0.7F));
    else if (look.portrait.covering == Covering::Hat)
        canvas.fill(ellipse({x, 47}, w + 19, 8), shade(cloth, 0.62F));
}

void paintCovering(Canvas& canvas, const Look& look) {
    const Colour cloth = fabric(look), light = tint(cloth, 0.18F), deep = shade(cloth, 0.74F);
    const float x = look.back(), w = look.head(), front = look.at(0, 0).x;
    switch (look.portrait.covering) {
    case Covering::None:
        break;
    case Covering::Cap: {
        const Points shape = dome(look, 2.5F, 1.5F, 51, 43);
        canvas.fill(shape, cloth);
        const Stencil inside = canvas.stencil(shape);
        canvas.glow({x - 10, 30}, 17, 13, light, 0.9F, inside);
        for (float side : {-1.F, 1.F})
            canvas.stroke(curve({{x, 20}, {x + side * 13, 28}, {(x + front) / 2 + side * 18, 46}}), 0.9F, deep, 0.8F,
                          Taper::None, inside);
        canvas.fill(ellipse({x, 20}, 2.2F, 1.4F), deep);
        // The peak comes towards the viewer.
        const float tip = front + 7 * look.yaw;
        canvas.fill(closedCurve({{front - 25, 45.5F},
                                 {front, 39.5F},
                                 {front + 25, 45.5F},
                                 {tip + 21, 51},
                                 {tip, 52.8F},
                                 {tip - 21, 51}}),
                    deep);
        canvas.fill(
            closedCurve(
                {{front - 25, 45}, {front, 39}, {front + 25, 45}, {tip + 20, 48.6F}, {tip, 49.8F}, {tip - 20, 48.6F}}),
            shade(cloth, 0.88F));
        break;
    }
    case Covering::Beanie: {
        const Points shape = dome(look, 6, 2, 52, 46);
        canvas.fill(shape, cloth);
        const Stencil inside = canvas.stencil(shape);
        for (int i = -5; i <= 5; ++i) {
            const float t = static_cast<float>(i) / 5;
            canvas.stroke(curve({{x + t * 5, 15}, {x + t * 20, 24}, {x + t * (w + 2), 44}}), 1.2F, deep, 0.45F,
                          Taper::None, inside);
        }
        const float r = w + 4;
        const Points band =
            joined(curve({{x - r, 42}, {(x + front) / 2, 36.5F}, {x + r, 42}}),
                   curve({{x + r + 0.4F, 53}, {(x + front) / 2 + 0.5F * (front - x), 47}, {x - r - 0.4F, 53}}));
        canvas.fill(band, light);
        const Stencil inBand = canvas.stencil(band);
        for (int i = -8; i <= 8; ++i) {
            const float t = static_cast<float>(i) / 8;
            canvas.stroke({{x + t * r, 36.F}, {x + t * (r + 0.5F), 54}}, 1.1F, cloth, 0.8F, Taper::None, inBand);
        }
        break;
    }
    case Covering::Headscarf: {
        const Points outer = closedCurve({{x, 16.5F},
                                          {x + w * 0.78F, 25},
                                          {x + w + 5.5F, 50},
                                          {x + w + 6.5F, 78},
                                          {x + w + 2, 102},
                                          {x + w + 9, 124},
                                          {x + 21, 137},
                                          {x, 141},
                                          {x - 21, 137},
                                          {x - w - 9, 124},
                                          {x - w - 2, 102},
                                          {x - w - 6.5F, 78},
                                          {x - w - 5.5F, 50},
                                          {x - w * 0.78F, 25}});
        // The opening follows the face.
        Points opening = look.faceOutline();
        const float middle = (front + Look::kMiddle + 4 * look.yaw) / 2; // The cloth hides the side of a turned head.
        const float reach = look.width * 0.94F;
        const float nearer = 1 - 0.16F * std::abs(look.yaw);
        for (Point& p : opening) {
            if ((p.x - front) * look.yaw < 0)
                p.x = front + std::copysign(std::min(std::abs(p.x - front) * nearer, reach), p.x - front);
            p.x = middle + (p.x - middle) * 0.94F;
            p.y = p.y > 100 ? 100 + (p.y - 100) * 0.86F : std::max(p.y, 38 + 0.00005F * std::pow(p.x - middle, 4.F));
        }
        canvas.fillRing(outer, opening, cloth);
        Stencil inside = canvas.stencil(outer);
        inside.setTo(0, canvas.stencil(opening));
        for (float side : {-1.F, 1.F}) {
            canvas.stroke(curve({{x + side * 6, 22},
                                 {x + side * (w - 1), 38},
                                 {x + side * (w + 3.5F), 70},
                                 {x + side * (w - 5), 108}}),
                          2.2F, light, 0.7F, Taper::Both, inside);
            canvas.stroke(curve({{x + side * 15, 22}, {x + side * (w + 4), 48}, {x + side * (w + 4), 84}}), 1.6F, deep,
                          0.5F, Taper::Both, inside);
        }
        canvas.stroke(curve({{x - w, 106}, {x - 6, 121}, {x + w + 4, 116}}), 2.4F, deep, 0.6F, Taper::Both, inside);
        canvas.stroke(curve({{x - w - 5, 117}, {x - 4, 130}, {x + w + 5, 123}}), 2.2F, light, 0.6F, Taper::Both,
                      inside);
        canvas.stroke(curve({{x - w - 6, 122}, {x - 4, 135}, {x + w + 2, 127}}), 1.8F, deep, 0.5F, Taper::Both, inside);
        break;
    }
    case Covering::Turban: {
        const float r = w + 7.5F;
        const Points shape = closedCurve({{x - r + 1, 52},
                                          {x - r - 1, 38},
                                          {x - r * 0.72F, 18},
                                          {x - r * 0.2F, 8.5F},
                                          {x + r * 0.3F, 9.5F},
                                          {x + r * 0.78F, 20},
                                          {x + r + 1, 38},
                                          {x + r - 1, 52},
                                          {(x + front) / 2 + 17, 47},
                                          {front, 39.5F},
                                          {(x + front) / 2 - 17, 47}});
        canvas.fill(shape, cloth);
        const Stencil inside = canvas.stencil(shape);
        for (int i = 0; i < 5; ++i) {
            const float t = static_cast<float>(i) * 7.5F;
            canvas.stroke(curve({{x - r - 2, 47 - t}, {front - 6, 36 - t * 0.95F}, {front + 8, 30 - t * 0.9F}}), 2,
                          i % 2 ? light : deep, 0.65F, Taper::Both, inside);
            canvas.stroke(curve({{x + r + 2, 47 - t}, {front + 7, 37 - t * 0.95F}, {front - 7, 30 - t * 0.9F}}), 2,
                          i % 2 ? deep : light, 0.65F, Taper::Both, inside);
        }
        canvas.fill(closedCurve({{front - 6, 34}, {front, 28}, {front + 6, 34}, {front, 40}}), shade(cloth, 0.6F), 0.7F,
                    inside);
        break;
    }
    case Covering::Hat: {
        const float r = w + 2;
        const Points crown = closedCurve({{x - r, 46},
                                          {x - r + 3, 26},
                                          {x - r * 0.6F, 12.5F},
                                          {x - 5, 14.5F},
                                          {x + 5, 14.5F},
                                          {x + r * 0.6F, 12.5F},
                                          {x + r - 3, 26},
                                          {x + r, 46},
                                          {front, 46}});
        canvas.fill(crown, cloth);
        const Stencil inside = canvas.stencil(crown);
        canvas.glow({x - 12, 24}, 14, 14, light, 0.8F, inside);
        canvas.stroke(curve({{x, 15}, {x + 1, 22}, {x, 28}}), 2.5F, deep, 0.6F, Taper::Both, inside);
        canvas.fill(joined(curve({{x - r - 2, 35}, {front, 38}, {x + r + 2, 35}}),
                           curve({{x + r + 2, 44}, {front, 46}, {x - r - 2, 44}})),
                    shade(cloth, 0.5F), 1, inside);
        canvas.fill(closedCurve({{x - w - 19, 44.5F},
                                 {x - w, 41.5F},
                                 {front, 42.5F},
                                 {x + w, 41.5F},
                                 {x + w + 19, 44.5F},
                                 {front + 24, 51},
                                 {front, 53},
                                 {front - 24, 51}}),
                    cloth);
        canvas.stroke(
            curve({{x - w - 18, 45.2F}, {front - 23, 50.8F}, {front, 52.6F}, {front + 23, 50.8F}, {x + w + 18, 45.2F}}),
            1.2F, deep, 0.9F, Taper::Both);
        break;
    }
    }
}

void paintGlasses(Canvas& canvas, const Look& look) {
    using Glasses = Portrait::Glasses;
    const Glasses kind = look.portrait.glasses;
    if (kind == Glasses::None)
        return;
    constexpr std::array<std::uint32_t, 5> kFrames{0xc79a4b, 0xb9bec6, 0xa8433c, 0x2f8c90, 0x9a6a3c};
    const Colour frame = hex(Dice(look.portrait.seed, "glasses/frame").oneOf(kFrames));
    const float y = look.eyeY + 1;
    for (float side : {-1.F, 1.F}) {
        const float cx = side * (look.eyeX + 0.3F);
        Points lens;
        if (kind == Glasses::Round)
            lens = ellipse({cx, y}, 9.6F, 9.6F);
        else if (kind == Glasses::Square)
            lens = roundBox(cx - 10.2F, y - 7.2F, cx + 10.2F, y + 7.6F, 2.6F);
        else
            lens = closedCurve({{cx - 10, y - 6.6F},
                                {cx, y - 7.6F},
                                {cx + 10, y - 6.6F},
                                {cx + 9.4F, y + 3},
                                {cx + side * 1, y + 9},
                                {cx - 9.4F, y + 3}});
        for (Point& p : lens)
            p = look.at(p.x, p.y, 3);
        lens.push_back(lens.front());
        if (kind == Glasses::Dark) {
            canvas.fill(lens, hex(0x23262d), 0.97F);
            const Stencil inside = canvas.stencil(lens);
            canvas.fill({look.at(cx - 6, y - 9, 3), look.at(cx - 1, y - 9, 3), look.at(cx - 6, y + 9, 3),
                         look.at(cx - 11, y + 9, 3)},
                        hex(0x9fb2c4), 0.4F, inside);
        } else {
            canvas.fill(lens, kWhite, 0.13F);
        }
        canvas.stroke(lens, kind == Glasses::Square ? 2.2F : 1.8F, frame);
        // The temple goes to the ear, unless that is on the far side.
        if (side * look.yaw <= 0.01F)
            canvas.stroke({look.at(side * (look.eyeX + 10), y - 3, 3), look.at(side * (look.width + 0.5F), y - 2.4F)},
                          1.9F, frame);
    }
    canvas.stroke(curve({look.at(-3, y - 1.2F, 4), look.at(0, y - 2.8F, 5), look.at(3, y - 1.2F, 4)}), 1.9F, frame);
}

} // namespace plumbline::sample
