// SPDX-License-Identifier: GPL-3.0-or-later
// What a person holds at work, in a lower corner of the picture.
#include <array>
#include <cmath>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

constexpr Colour kSteel = hex(0xb9c1c8), kDarkSteel = hex(0x6b747c), kWood = hex(0xa86f38), kDarkWood = hex(0x7a4b22);

/// Drawn for the right corner; `side` -1 mirrors it to the left one.
struct Tool {
    Canvas& canvas;
    const Look& look;
    float side;

    Point at(float x, float y) const { return {80 + side * (x - 80), y}; }
    Points at(Points points) const {
        for (Point& p : points)
            p = at(p.x, p.y);
        return points;
    }
    void fill(const Points& shape, Colour c) const { canvas.fill(at(shape), c); }
    void stroke(const Points& path, float width, Colour c) const { canvas.stroke(at(path), width, c); }
    /// Fingers around something.
    void hand(float x, float y, float degrees = 0) const {
        const Point centre(x, y);
        const auto part = [&](const Points& shape, Colour c) { canvas.fill(at(turned(shape, centre, degrees)), c); };
        const Colour gap = look.dark() ? look.line : shade(look.skin, 0.68F);
        part(roundBox(x - 8, y - 8, x + 8, y + 9, 5.5F), mix(look.skin, look.shadow, 0.3F));
        for (int i = 0; i < 4; ++i) {
            const float top = y - 8.2F + 4.2F * static_cast<float>(i);
            part(roundBox(x - 8.6F, top, x + 5, top + 4.6F, 2.2F), gap);
            part(roundBox(x - 8.6F, top, x + 4.6F, top + 3.9F, 1.9F), look.skin);
        }
        part(roundBox(x + 1, y - 6.5F, x + 8, y - 1.5F, 2.4F), mix(look.skin, look.highlight, 0.5F));
    }

    void rollingPin() const;
    void honeycomb() const;
    void shovel() const;
    void saw() const;
    void flask() const;
    void stethoscope() const;
    void pitchfork() const;
    void hose() const;
    void net() const;
    void wateringCan() const;
    void gavel() const;
    void bookStack() const;
    void wrench() const;
    void violin() const;
    void palette() const;
    void camera() const;
    void headset() const;
    void globe() const;
};

void Tool::rollingPin() const {
    stroke({{121, 158}, {152, 92}}, 5, kDarkWood);
    stroke({{126, 147}, {147, 103}}, 13, hex(0xd9a765));
    stroke({{123.5F, 146}, {143.5F, 104}}, 2.4F, hex(0xf0cd96));
    hand(124, 151, 25);
}

void Tool::honeycomb() const {
    fill(roundBox(114, 104, 157, 152, 2), hex(0x9a6a35));
    fill(box(119, 110, 152, 147), hex(0xe79a1c));
    for (int row = 0; row < 6; ++row)
        for (int i = 0; i < 6; ++i) {
            const float x = 120.5F + 6.F * static_cast<float>(i) + (row % 2 ? 3.F : 0.F),
                        y = 113 + 6.F * static_cast<float>(row);
            if (x < 151)
                canvas.fill(ellipse(at(x, y), 2.4F, 2.4F), (row + i) % 3 ? hex(0xf7c64a) : hex(0xb86c10));
        }
    fill(roundBox(110, 101, 160, 107, 2), hex(0xb98548));
    hand(117, 149);
}

void Tool::shovel() const {
    stroke({{132, 160}, {140, 96}}, 4.4F, kWood);
    fill(closedCurve({{133, 98}, {131, 80}, {137, 68}, {143.5F, 61}, {148.5F, 70}, {152, 83}, {148, 100}, {140, 103}}),
         kSteel);
    stroke({{142, 72}, {140.5F, 98}}, 1.6F, kDarkSteel);
    hand(134, 138, 7);
}

void Tool::saw() const {
    fill({{112, 146}, {152, 84}, {158, 90}, {132, 156}}, hex(0xd0d6da));
    for (int i = 0; i < 10; ++i) {
        const float t = static_cast<float>(i) / 10;
        const Point a(132 + 26 * t, 156 - 66 * t);
        fill({a, a + Point(2.6F, -6.6F), a + Point(3.6F, -1.8F)}, hex(0xd0d6da));
    }
    fill(closedCurve({{104, 146}, {113, 136}, {127, 143}, {134, 156}, {126, 166}, {108, 162}}), kWood);
    hand(117, 151, 30);
}

void Tool::flask() const {
    fill({{130, 94}, {141, 94}, {141, 113}, {157, 146}, {154, 152}, {117, 152}, {114, 146}, {130, 113}}, hex(0xe6f2f6));
    fill({{122.5F, 130}, {148.5F, 130}, {156, 146}, {153.5F, 150.5F}, {117.5F, 150.5F}, {115, 146}}, hex(0x4db84a));
    canvas.fill(ellipse(at(135.5F, 130), 13, 2.6F), hex(0x8fdd7c));
    for (const Point& p : Points{{130, 138}, {139, 143}, {134, 146}, {143, 136}})
        canvas.fill(ellipse(at(p.x, p.y), 1.6F, 1.6F), hex(0xc9f2b8));
    fill(roundBox(127.5F, 91, 143.5F, 95.5F, 2), hex(0xb5cbd4));
    stroke({{133, 97}, {133, 114}, {120, 143}}, 1.6F, kWhite);
    hand(136, 112);
}

void Tool::stethoscope() const {
    const Colour tube = hex(0x23262b);
    const float n = look.neck;
    for (float s : {-1.F, 1.F})
        canvas.stroke(
            curve({{80 + s * (n + 5), 114}, {80 + s * (n + 9), 126}, {80 + s * 15, 140}, {80 + s * 5, 149}, {80, 151}}),
            3, tube);
    canvas.stroke(curve({at(80, 150), at(84, 160), at(104, 158), at(122, 150), at(128, 140)}), 3, tube);
    canvas.fill(ellipse(at(130, 134), 11, 11), hex(0x8f989f));
    canvas.fill(ellipse(at(130, 134), 8.2F, 8.2F), hex(0xe4e9ec));
    canvas.fill(ellipse(at(130, 134), 4.5F, 4.5F), hex(0xb9c2c8));
    hand(133, 148);
}

void Tool::pitchfork() const {
    stroke({{134, 160}, {139, 92}}, 4, kWood);
    for (float o : {-10.F, -3.4F, 3.4F, 10.F})
        stroke(curve({{139.5F + o * 0.9F, 92}, {140 + o, 80}, {141.5F + o, 60}}), 2.2F, hex(0x59626a));
    stroke(curve({{130, 92}, {139.5F, 95}, {149.5F, 92}}), 3.4F, hex(0x59626a));
    hand(135, 138, 5);
}

void Tool::hose() const {
    for (float r : {22.F, 14.5F, 7.F}) {
        canvas.stroke(arc(at(137, 136), r, r, 0, 360), 6.4F, hex(0xd8b060));
        canvas.stroke(arc(at(137, 136), r, r, 0, 360), 1.2F, hex(0x9a7630));
    }
    stroke({{118, 122}, {112, 104}}, 6.5F, hex(0xd8b060));
    fill({{107, 106}, {115, 103}, {112.5F, 90}, {106, 92}}, hex(0xc9322a));
    fill({{105, 93}, {113.5F, 90.5F}, {112.5F, 86}, {103.5F, 88.5F}}, hex(0xdde2e5));
    hand(116, 113, -15);
}

void Tool::net() const {
    stroke({{118, 160}, {133, 118}}, 4, kWood);
    const Point c = at(140, 98);
    const Points bag =
        closedCurve(at({{122, 96}, {140, 90}, {158, 96}, {156, 118}, {148, 138}, {138, 136}, {128, 118}}));
    canvas.fill(bag, hex(0xeef3f0), 0.55F);
    const Stencil inside = canvas.stencil(bag);
    for (float o = -60; o < 70; o += 5.5F) {
        canvas.stroke({at(118 + o, 84), at(158 + o, 144)}, 1, hex(0x2e6a5a), 0.95F, Taper::None, inside);
        canvas.stroke({at(158 + o, 84), at(118 + o, 144)}, 1, hex(0x2e6a5a), 0.95F, Taper::None, inside);
    }
    canvas.fill(closedCurve(at({{134, 122}, {142, 117}, {149, 123}, {153, 119}, {153, 129}, {149, 125}, {141, 129}})),
                hex(0xe0865a));
    Points rim = ellipse(c, 19, 6.5F);
    canvas.stroke(rim, 2.6F, kDarkSteel);
    hand(121, 150, 20);
}

void Tool::wateringCan() const {
    const Colour can = hex(0x3f86b0);
    canvas.stroke(arc(at(139, 116), 13, 15, 180, 360), 3.6F, shade(can, 0.75F));
    stroke({{124, 138}, {110, 116}}, 5, can);
    fill({{102, 116}, {115, 107}, {117, 111}, {106, 120}}, tint(can, 0.2F));
    fill(roundBox(122, 116, 157, 154, 3), can);
    canvas.fill(ellipse(at(139.5F, 116.5F), 17.5F, 4), shade(can, 0.65F));
    fill(box(122, 130, 157, 134), tint(can, 0.3F));
    for (const Point& p : Points{{102, 122}, {100, 128}, {105, 126}, {103, 134}})
        canvas.fill(ellipse(at(p.x, p.y), 1.1F, 1.9F), hex(0x9fd4ec));
    hand(139, 103, 90);
}

void Tool::gavel() const {
    stroke({{112, 158}, {138, 118}}, 5, kWood);
    canvas.fill(at(turned(roundBox(122, 101, 156, 121, 3), {139, 111}, 33)), kDarkWood);
    canvas.fill(at(turned(box(127, 101, 131, 121), {139, 111}, 33)), hex(0xd8ac4a));
    canvas.fill(at(turned(box(147, 101, 151, 121), {139, 111}, 33)), hex(0xd8ac4a));
    fill(roundBox(128, 148, 160, 156, 3), kDarkWood);
    fill(roundBox(132, 143, 158, 149, 2), kWood);
    hand(116, 150, 30);
}

void Tool::bookStack() const {
    constexpr std::array<std::uint32_t, 5> kCovers{0x2f6a8c, 0xb8402f, 0xd3a030, 0x4c7d4a, 0x6d4a86};
    for (int i = 0; i < 5; ++i) {
        const float bottom = 156 - 10.5F * static_cast<float>(i), shift = (i % 2 ? 2.5F : -1.5F);
        const Colour c = hex(kCovers[static_cast<std::size_t>(i)]);
        fill(roundBox(114 + shift, bottom - 10, 157 + shift, bottom, 1.6F), c);
        fill(box(139 + shift, bottom - 8, 156 + shift, bottom - 2), hex(0xf4eedf));
        fill(box(119 + shift, bottom - 10, 122 + shift, bottom), tint(c, 0.45F));
    }
    hand(115, 152);
}

void Tool::wrench() const {
    stroke({{120, 156}, {142, 106}}, 8, kSteel);
    stroke({{122, 150}, {140, 109}}, 2.2F, kDarkSteel);
    canvas.fill(ellipse(at(144, 99), 12, 12), kSteel);
    fill({{141, 84}, {156, 89}, {150, 103}, {142, 99}}, shade(kSteel, 0.45F));
    canvas.fill(ellipse(at(146, 95), 4.6F, 4.6F), shade(kSteel, 0.45F));
    hand(123, 147, 24);
}

void Tool::violin() const {
    stroke({{132, 118}, {149, 72}}, 4, hex(0x2a1a12));
    canvas.fill(at(turned(ellipse({124, 139}, 15, 13), {124, 139}, 20)), hex(0x8f3f17));
    canvas.fill(ellipse(at(131, 120), 11.5F, 10), hex(0x8f3f17));
    canvas.fill(ellipse(at(124, 139), 12.6F, 10.8F), hex(0xc0612a));
    canvas.fill(ellipse(at(131, 120.5F), 9.2F, 7.8F), hex(0xc0612a));
    stroke({{121, 149}, {149, 74}}, 1, hex(0xf1e6cf));
    stroke({{123, 150}, {150.5F, 75}}, 1, hex(0xf1e6cf));
    stroke({{121, 131}, {130, 135}}, 2.2F, hex(0x2a1a12));
    canvas.fill(ellipse(at(150, 70), 3.6F, 3.6F), hex(0x2a1a12));
    stroke({{106, 128}, {160, 112}}, 1.8F, hex(0x5b3413));
    stroke({{106, 131}, {160, 115}}, 0.9F, hex(0xf6f1e4));
    hand(146, 88, 20);
}

void Tool::palette() const {
    fill(closedCurve({{108, 136},
                      {114, 116},
                      {134, 107},
                      {154, 114},
                      {160, 132},
                      {152, 152},
                      {134, 155},
                      {128, 146},
                      {118, 150}}),
         hex(0xd7a263));
    constexpr std::array<std::uint32_t, 6> kPaints{0xd8432f, 0xf0b429, 0x2c73b8, 0x3d9a57, 0x8d4aa5, 0xf7f4ec};
    const Points spots{{119, 122}, {130, 114}, {143, 115}, {152, 124}, {152, 136}, {144, 146}};
    for (std::size_t i = 0; i < spots.size(); ++i)
        canvas.fill(ellipse(at(spots[i].x, spots[i].y), 4.8F, 4.1F), hex(kPaints[i]));
    stroke({{126, 150}, {141, 92}}, 2.6F, kDarkWood);
    stroke({{141, 92}, {142.6F, 86}}, 4, kSteel);
    stroke({{142.8F, 85}, {144.5F, 78}}, 5, hex(0x2c73b8));
    hand(128, 145, 14);
}

void Tool::camera() const {
    fill(roundBox(130, 104, 146, 116, 3), hex(0x2b2d31));
    fill(roundBox(110, 112, 158, 148, 5), hex(0x2b2d31));
    fill(box(110, 120, 158, 124), hex(0x54585e));
    canvas.fill(ellipse(at(134, 131), 14.5F, 14.5F), hex(0x8f969c));
    canvas.fill(ellipse(at(134, 131), 12.4F, 12.4F), hex(0x15171a));
    canvas.fill(ellipse(at(134, 131), 8.4F, 8.4F), hex(0x2f4e78));
    canvas.fill(ellipse(at(130.5F, 127.5F), 3, 2.6F), hex(0xbfd6ee));
    fill(roundBox(113, 108, 121, 113, 1.5F), hex(0xb23a34));
    hand(155, 138);
}

void Tool::headset() const {
    canvas.stroke(arc(at(137, 128), 17.5F, 22, 180, 360), 5.2F, hex(0x2a2d33));
    canvas.stroke(arc(at(137, 128), 17.5F, 22, 205, 335), 1.4F, hex(0x9aa1a8));
    for (float x : {119.F, 155.F}) {
        canvas.fill(ellipse(at(x, 134), 7, 11), hex(0x3f8a52));
        canvas.fill(ellipse(at(x, 134), 4.4F, 8), hex(0x1d1f23));
    }
    canvas.stroke(curve({at(119, 144), at(122, 153), at(132, 155)}), 2, hex(0x2a2d33));
    canvas.fill(ellipse(at(135, 155), 4, 2.8F), hex(0x15171a));
    hand(152, 110, 40);
}

void Tool::globe() const {
    const Point c = at(137, 120);
    canvas.stroke(arc(c, 23, 23, side > 0 ? -70.F : 70.F, side > 0 ? 110.F : 250.F), 3, hex(0xc2923e));
    canvas.fill(ellipse(c, 19.5F, 19.5F), hex(0x3d8fc4));
    const Stencil inside = canvas.stencil(ellipse(c, 19.5F, 19.5F));
    canvas.fill(closedCurve(at({{124, 110}, {132, 104}, {137, 109}, {133, 117}, {136, 124}, {130, 132}, {126, 122}})),
                hex(0x6fae4e), 1, inside);
    canvas.fill(closedCurve(at({{143, 106}, {154, 108}, {157, 118}, {150, 124}, {148, 132}, {142, 122}, {146, 114}})),
                hex(0x6fae4e), 1, inside);
    canvas.glow(c + Point(-7, -8), 9, 8, kWhite, 0.6F, inside);
    stroke({{137, 140}, {137, 150}}, 3.4F, hex(0xc2923e));
    fill(closedCurve({{124, 154}, {137, 148}, {150, 154}, {137, 157}}), kDarkWood);
    hand(121, 141);
}

} // namespace

void paintTool(Canvas& canvas, const Look& look) {
    constexpr std::array<void (Tool::*)() const, 18> kTools{
        &Tool::rollingPin, &Tool::honeycomb, &Tool::shovel,  &Tool::saw,         &Tool::flask,   &Tool::stethoscope,
        &Tool::pitchfork,  &Tool::hose,      &Tool::net,     &Tool::wateringCan, &Tool::gavel,   &Tool::bookStack,
        &Tool::wrench,     &Tool::violin,    &Tool::palette, &Tool::camera,      &Tool::headset, &Tool::globe};
    const Tool tool{canvas, look, Dice(look.portrait.seed, "work/side").chance(0.5) ? 1.F : -1.F};
    (tool.*kTools[static_cast<std::size_t>(look.portrait.occupation)])();
}

} // namespace plumbline::sample
