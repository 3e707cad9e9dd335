// SPDX-License-Identifier: GPL-3.0-or-later
// What is behind the person: a plain studio backdrop, or the place of a work.
#include <array>
#include <cmath>
#include <string_view>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

struct Scene {
    Canvas& canvas;
    Dice dice;

    void rect(float l, float t, float r, float b, Colour c) const { canvas.fill(box(l, t, r, b), c); }
    void disc(float x, float y, float rx, float ry, Colour c) const { canvas.fill(ellipse({x, y}, rx, ry), c); }
    /// Books on a shelf.
    void books(float left, float right, float bottom, float high);
    void cloud(float x, float y, float size) const;

    void bakery();
    void meadow();
    void site();
    void workshop();
    void laboratory();
    void clinic();
    void field();
    void station();
    void harbour();
    void garden();
    void courtroom();
    void library();
    void garage();
    void stage();
    void studio();
    void photoStudio();
    void airfield();
    void classroom();
};

constexpr std::array<std::uint32_t, 8> kBooks{0x8c3b34, 0x2f5d73, 0xb98a3c, 0x4f6b45,
                                              0x6b4a73, 0xc9b48a, 0x3a3f55, 0xa3603a};

void Scene::books(float left, float right, float bottom, float high) {
    for (float x = left; x < right - 2;) {
        const float w = std::min(dice.between(3.5F, 6.5F), right - x), h = high * dice.between(0.72F, 1.F);
        const Colour c = hex(dice.oneOf(kBooks));
        rect(x, bottom - h, x + w - 0.6F, bottom, c);
        rect(x + 0.6F, bottom - h * 0.8F, x + w - 1.2F, bottom - h * 0.72F, tint(c, 0.45F));
        x += w;
    }
}

void Scene::cloud(float x, float y, float size) const {
    disc(x, y, size, size * 0.5F, hex(0xf7fafc));
    disc(x - size * 0.6F, y + size * 0.15F, size * 0.6F, size * 0.35F, hex(0xf7fafc));
    disc(x + size * 0.65F, y + size * 0.12F, size * 0.65F, size * 0.38F, hex(0xf7fafc));
}

void Scene::bakery() {
    canvas.wash(hex(0xf3dfbc), hex(0xe6c795));
    for (float y : {34.F, 70.F, 106.F}) {
        rect(0, y, 160, y + 5, hex(0x9a6a3a));
        for (float x = dice.between(-6, 4); x < 165; x += 21) {
            const int kind = dice.below(3);
            const Colour crust = mix(hex(0xc98a3e), hex(0xa9672b), dice.between(0, 1));
            if (kind == 0) { // a round loaf
                canvas.fill(arc({x + 9, y}, 9.5F, 13, 180, 360), crust);
                for (float o : {-4.F, 0.F, 4.F})
                    canvas.stroke({{x + 8 + o, y - 9}, {x + 10 + o, y - 4}}, 1.4F, hex(0xf0cf90));
            } else if (kind == 1) { // sticks
                for (float o : {2.F, 8.F, 14.F})
                    canvas.fill(roundBox(x + o, y - 22, x + o + 5, y, 2.4F), shade(crust, 0.92F));
            } else { // rolls
                for (float o : {4.F, 13.F})
                    canvas.fill(arc({x + o, y}, 5.5F, 8, 180, 360), tint(crust, 0.15F));
            }
        }
    }
}

void Scene::meadow() {
    canvas.wash(hex(0xbfe3f2), hex(0xeaf5e6));
    cloud(dice.between(20, 50), 20, 13);
    canvas.fill(closedCurve({{-20, 80}, {30, 66}, {90, 74}, {180, 62}, {180, 180}, {-20, 180}}), hex(0x9cc46a));
    canvas.fill(closedCurve({{-20, 108}, {60, 98}, {180, 106}, {180, 180}, {-20, 180}}), hex(0x7fb052));
    constexpr std::array<std::uint32_t, 4> kHives{0xf4f1e4, 0xf2cf63, 0x9cc3d8, 0xe6b08a};
    for (float x : {3.F, 124.F}) {
        const float left = x + dice.between(-3, 3);
        for (int level = 0; level < 3; ++level) {
            const float top = 58 + 17.F * static_cast<float>(level);
            const Colour c = hex(dice.oneOf(kHives));
            rect(left, top, left + 32, top + 15.5F, c);
            rect(left, top + 13, left + 32, top + 15.5F, shade(c, 0.8F));
            rect(left + 11, top + 6, left + 21, top + 8.5F, shade(c, 0.5F));
        }
        canvas.fill({{left - 3, 58}, {left + 2, 51}, {left + 30, 51}, {left + 35, 58}}, hex(0x8d949a));
    }
    for (int i = 0; i < 16; ++i)
        disc(dice.between(0, 160), dice.between(112, 158), 1.6F, 1.6F, hex(i % 2 ? 0xfbf6e8 : 0xf2a9b8));
    for (int i = 0; i < 7; ++i) { // bees
        const float x = dice.chance(0.5) ? dice.between(6, 36) : dice.between(124, 154), y = dice.between(14, 52);
        disc(x, y - 1.8F, 1.8F, 1.6F, hex(0xf5fbff));
        disc(x, y, 2.6F, 1.7F, hex(0xe5a91c));
        rect(x - 0.5F, y - 1.6F, x + 0.6F, y + 1.6F, hex(0x2a2117));
    }
}

void Scene::site() {
    canvas.wash(hex(0xc5dcea), hex(0xf0e6d4));
    // A crane.
    const float mast = dice.between(128, 140);
    const Colour yellow = hex(0xe2a42a);
    canvas.stroke({{mast, 6}, {mast, 120}}, 4, yellow);
    canvas.stroke({{mast - 70, 14}, {mast + 30, 14}}, 3, yellow);
    canvas.stroke({{mast, 4}, {mast - 64, 13}}, 1, hex(0x8a6a24));
    canvas.stroke({{mast - 52, 15}, {mast - 52, 30}}, 1, hex(0x51483a));
    for (float y = 20; y < 116; y += 8)
        canvas.stroke({{mast - 2.4F, y}, {mast + 2.4F, y + 8}}, 1, hex(0x9a6f18));
    // A shell of concrete with scaffolding, and a brick wall.
    for (float y : {38.F, 66.F, 94.F})
        rect(-2, y, 48, y + 5, hex(0xa7a49d));
    for (float x : {4.F, 22.F, 40.F}) {
        rect(x, 34, x + 4, 130, hex(0xb9b6ae));
        canvas.stroke({{x + 9, 30}, {x + 9, 130}}, 1.2F, hex(0x5e7890));
    }
    for (int row = 0; row < 8; ++row)
        for (float x = row % 2 ? -8.F : -2.F; x < 165; x += 13)
            canvas.fill(box(x, 104.F + 7.F * static_cast<float>(row), x + 12, 110.F + 7.F * static_cast<float>(row)),
                        mix(hex(0xb85b3c), hex(0x9a4630), dice.between(0, 1)));
}

void Scene::workshop() {
    canvas.wash(hex(0xd9b98c), hex(0xb98d5b));
    for (float x = 0; x < 160; x += 20) {
        rect(x, 0, x + 19, 160, mix(hex(0xd2ae7d), hex(0xc19a68), dice.between(0, 1)));
        canvas.stroke(curve({{x + 6, 0}, {x + 8, 60}, {x + 5, 160}}), 0.9F, hex(0xa67f4d), 0.8F);
    }
    // Tools on the wall, planks below.
    const float o = dice.between(-3, 3);
    const auto hammer = [&](float x, float y) {
        canvas.stroke({{x, y}, {x, y + 26}}, 3, hex(0x7a4a22));
        rect(x - 8, y - 4, x + 8, y + 3, hex(0x4c5359));
    };
    const auto plane = [&](float x, float y) {
        canvas.fill(roundBox(x, y, x + 24, y + 9, 3), hex(0x6b4222));
        disc(x + 5, y - 2, 3, 4, hex(0x4a2d17));
    };
    const auto chisel = [&](float x, float y) {
        canvas.fill(roundBox(x - 2.4F, y, x + 2.4F, y + 13, 2), hex(0xb5542c));
        rect(x - 1.6F, y + 13, x + 1.6F, y + 28, hex(0x8c949a));
    };
    hammer(16 + o, 22);
    chisel(34 + o, 18);
    hammer(146 - o, 26);
    chisel(128 - o, 20);
    chisel(120 - o, 20);
    plane(6, 76 + o);
    plane(130, 80 - o);
    for (float y : {106.F, 117.F, 128.F, 139.F, 150.F})
        rect(-2, y, 162, y + 9.5F, mix(hex(0xe2bf86), hex(0xc99a5c), dice.between(0, 1)));
}

void Scene::laboratory() {
    canvas.wash(hex(0xdfecf1), hex(0xc3d8e0));
    constexpr std::array<std::uint32_t, 6> kLiquids{0x3aa4c9, 0x7dbb42, 0xe0a52e, 0xc5548f, 0x8a62c4, 0xdd6a3c};
    for (float y : {46.F, 86.F}) {
        rect(0, y, 160, y + 3.5F, hex(0x7b97a3));
        for (float x = dice.between(0, 6); x < 156; x += 15) {
            const Colour liquid = hex(dice.oneOf(kLiquids));
            const float h = dice.between(10, 17);
            if (dice.chance(0.5)) {
                canvas.fill({{x + 4, y - h - 6},
                             {x + 8, y - h - 6},
                             {x + 8, y - h + 2},
                             {x + 12, y},
                             {x, y},
                             {x + 4, y - h + 2}},
                            hex(0xf4fafc));
                canvas.fill({{x + 2.6F, y - 5.5F}, {x + 9.4F, y - 5.5F}, {x + 12, y}, {x, y}}, liquid);
            } else {
                rect(x + 1, y - h - 3, x + 10, y, hex(0xf4fafc));
                rect(x + 1, y - h * 0.6F, x + 10, y, liquid);
                rect(x + 3, y - h - 7, x + 8, y - h - 3, hex(0x56707c));
            }
        }
    }
    rect(0, 112, 160, 160, hex(0xeef4f6));
    rect(0, 112, 160, 116, hex(0x9db4be));
}

void Scene::clinic() {
    canvas.wash(hex(0xe9f3f1), hex(0xd3e6e4));
    rect(0, 108, 160, 160, hex(0xb9d6d6));
    // A folded curtain and an examination board; a cross.
    const bool left = dice.chance(0.5);
    const float c = left ? 0.F : 124.F, sign = left ? 124.F : 6.F;
    for (int i = 0; i < 6; ++i)
        rect(c + 6.F * static_cast<float>(i), 12, c + 6.F * static_cast<float>(i) + 6, 160,
             hex(i % 2 ? 0x8cc0c8 : 0xa5d2d8));
    rect(c - 1, 9, c + 37, 13, hex(0x8c989c));
    canvas.fill(roundBox(sign, 18, sign + 30, 48, 3), hex(0xffffff));
    rect(sign + 12, 23, sign + 18, 43, hex(0xd23f3f));
    rect(sign + 5, 30, sign + 25, 36, hex(0xd23f3f));
    canvas.fill(roundBox(sign + 2, 58, sign + 28, 100, 2), hex(0xfbfbf7)); // letters to read
    for (int row = 0; row < 4; ++row) {
        const float size = 5.5F - static_cast<float>(row);
        for (int i = 0; i <= row; ++i)
            rect(sign + 15 + (static_cast<float>(i) - static_cast<float>(row) / 2) * 6 - size / 2,
                 63 + 9.F * static_cast<float>(row),
                 sign + 15 + (static_cast<float>(i) - static_cast<float>(row) / 2) * 6 + size / 2,
                 63 + 9.F * static_cast<float>(row) + size, hex(0x2d3336));
    }
}

void Scene::field() {
    canvas.wash(hex(0xa9d4ee), hex(0xf6e9bf));
    cloud(dice.between(100, 140), 18, 12);
    canvas.fill(closedCurve({{-20, 84}, {50, 76}, {120, 82}, {190, 74}, {190, 180}, {-20, 180}}), hex(0xd9b545));
    for (int i = 0; i < 9; ++i) { // furrows
        const float x = -50 + 32.F * static_cast<float>(i);
        canvas.stroke({{80 + (x - 80) * 0.3F, 82}, {x, 165}}, 2.5F, hex(0xb68c2e), 0.8F);
    }
    // A barn.
    const float b = dice.chance(0.5) ? 2.F : 112.F;
    rect(b, 52, b + 46, 92, hex(0xa6362b));
    canvas.fill({{b - 3, 53}, {b + 8, 36}, {b + 23, 28}, {b + 38, 36}, {b + 49, 53}}, hex(0x7d241d));
    rect(b + 14, 64, b + 32, 92, hex(0xf3ece0));
    canvas.stroke({{b + 14, 64}, {b + 32, 92}}, 2, hex(0xa6362b));
    canvas.stroke({{b + 32, 64}, {b + 14, 92}}, 2, hex(0xa6362b));
    rect(b + 18, 42, b + 28, 50, hex(0xf3ece0));
}

void Scene::station() {
    canvas.wash(hex(0x8e9296), hex(0x73777b));
    rect(0, 0, 160, 18, hex(0x5c6064));
    // The engine fills the wall.
    const Colour red = hex(0xc9281f);
    canvas.fill(roundBox(-12, 26, 172, 128, 6), red);
    rect(-12, 78, 172, 86, hex(0xf2e9dc));
    rect(-12, 122, 172, 132, hex(0x9aa1a6));
    const float o = dice.between(-4, 4);
    for (float x : {6.F + o, 116.F + o}) {
        canvas.fill(roundBox(x, 36, x + 36, 66, 3), hex(0x9cc3d3));
        canvas.fill({{x + 8, 36}, {x + 17, 36}, {x + 6, 66}, {x, 66}, {x, 58}}, hex(0xd4e8ef));
    }
    for (float x : {14.F, 146.F}) {
        disc(x, 100, 8, 8, hex(0xf5e7a8));
        disc(x, 100, 5, 5, hex(0xffffff));
    }
    canvas.fill(roundBox(40, 18, 62, 27, 3), hex(0x2f6fd0));
    canvas.fill(roundBox(98, 18, 120, 27, 3), hex(0x2f6fd0));
    rect(0, 132, 160, 160, hex(0x4d5054));
}

void Scene::harbour() {
    canvas.wash(hex(0xb4d8e8), hex(0xe8f1ee));
    rect(0, 72, 160, 160, hex(0x2f7d9a));
    for (int i = 0; i < 22; ++i) {
        const float x = dice.between(-5, 150), y = dice.between(78, 140);
        canvas.stroke(curve({{x, y}, {x + 5, y - 2}, {x + 10, y}}), 1.3F, hex(0x86bccb), 0.9F);
    }
    const bool left = dice.chance(0.5);
    const float b = left ? 0.F : 108.F;
    canvas.fill({{b, 66}, {b + 54, 66}, {b + 46, 90}, {b + 8, 90}}, hex(0xd8dfe2));
    canvas.fill({{b + 3, 76}, {b + 51, 76}, {b + 46, 90}, {b + 8, 90}}, hex(0xb23a34));
    rect(b + 12, 48, b + 32, 66, hex(0xf4f2ea));
    rect(b + 15, 52, b + 29, 59, hex(0x4f7f94));
    canvas.stroke({{b + 38, 66}, {b + 38, 22}}, 2, hex(0x6a4a2f));
    canvas.stroke({{b + 38, 24}, {b + 54, 64}}, 1, hex(0x5b6b72));
    canvas.stroke({{b + 38, 24}, {b + 4, 66}}, 1, hex(0x5b6b72));
    for (int i = 0; i < 4; ++i) { // gulls
        const float x = left ? dice.between(110, 150) : dice.between(8, 50), y = dice.between(14, 54);
        canvas.stroke(curve({{x - 6, y - 2}, {x - 2, y - 3}, {x, y}, {x + 2, y - 3}, {x + 6, y - 2}}), 1.4F,
                      hex(0x4d5a62));
    }
}

void Scene::garden() {
    canvas.wash(hex(0xd2ebd6), hex(0xa8d08f));
    // A glasshouse's bars, a hedge and flowers.
    for (float x = 8; x < 160; x += 36)
        canvas.stroke({{x, 0}, {x, 96}}, 2.4F, hex(0xf4f8f4));
    canvas.stroke({{0, 36}, {160, 36}}, 2.4F, hex(0xf4f8f4));
    for (int i = 0; i < 34; ++i)
        disc(dice.between(-5, 165), dice.between(84, 106), dice.between(8, 13), dice.between(8, 12),
             mix(hex(0x3f7d3a), hex(0x5d9c48), dice.between(0, 1)));
    rect(0, 106, 160, 160, hex(0x4a8440));
    constexpr std::array<std::uint32_t, 5> kFlowers{0xe0567a, 0xf3c33c, 0xf7f3ee, 0xb565c9, 0xee7f3a};
    for (int i = 0; i < 46; ++i) {
        const float x = i % 2 ? dice.between(0, 46) : dice.between(114, 160), y = dice.between(72, 158);
        const Colour c = hex(dice.oneOf(kFlowers));
        for (int petal = 0; petal < 5; ++petal) {
            const float a = 1.2566F * static_cast<float>(petal);
            disc(x + 2.6F * std::cos(a), y + 2.6F * std::sin(a), 1.9F, 1.9F, c);
        }
        disc(x, y, 1.6F, 1.6F, hex(0xf0d24a));
    }
}

void Scene::courtroom() {
    canvas.wash(hex(0x6f4526), hex(0x54321a));
    for (float x = -4; x < 160; x += 33) {
        rect(x, 8, x + 30, 96, hex(0x80522f));
        rect(x + 3, 12, x + 27, 92, hex(0x6a4124));
        rect(x + 6, 16, x + 24, 88, hex(0x774a2a));
    }
    rect(0, 100, 160, 108, hex(0x8f6038));
    // Scales in gold.
    const float x = dice.chance(0.5) ? 24.F : 136.F;
    const Colour gold = hex(0xe2bb52);
    canvas.stroke({{x, 24}, {x, 70}}, 2.6F, gold);
    canvas.stroke({{x - 17, 30}, {x + 17, 30}}, 2.4F, gold);
    disc(x, 23, 3, 3, gold);
    for (float side : {-1.F, 1.F}) {
        canvas.stroke({{x + side * 16, 30}, {x + side * 16 - 6, 48}}, 1, gold);
        canvas.stroke({{x + side * 16, 30}, {x + side * 16 + 6, 48}}, 1, gold);
        canvas.fill(arc({x + side * 16, 47}, 8, 6, 0, 180), gold);
    }
    rect(x - 10, 69, x + 10, 73, gold);
}

void Scene::library() {
    canvas.wash(hex(0x5b3d26), hex(0x4a301d));
    for (float y : {30.F, 62.F, 94.F, 126.F, 158.F}) {
        books(1, 76, y, 25);
        books(81, 160, y, 25);
        rect(0, y, 160, y + 5, hex(0x7d5634));
    }
    rect(75, 0, 81, 160, hex(0x7d5634));
}

void Scene::garage() {
    canvas.wash(hex(0xa7adb2), hex(0x878d93));
    for (float y = 0; y < 70; y += 7)
        canvas.stroke({{0, y}, {160, y}}, 0.9F, hex(0x91979d));
    // A raised car, a tyre stack, a board with a wrench.
    const bool left = dice.chance(0.5);
    const auto fx = [&](float x) { return left ? x : 160 - x; };
    constexpr std::array<std::uint32_t, 3> kCars{0x3f83b5, 0xd79b2f, 0x5f9c6a};
    const Colour car = hex(dice.oneOf(kCars));
    canvas.fill(
        closedCurve(
            {{fx(-20), 62}, {fx(0), 40}, {fx(30), 38}, {fx(46), 56}, {fx(62), 62}, {fx(64), 80}, {fx(-20), 82}}),
        car);
    canvas.fill({{fx(2), 56}, {fx(6), 44}, {fx(27), 43}, {fx(37), 57}}, hex(0xcfe3ec));
    disc(fx(42), 82, 10, 10, hex(0x22252a));
    disc(fx(42), 82, 4.5F, 4.5F, hex(0xaab2b8));
    rect(fx(20) - 3, 86, fx(20) + 3, 140, hex(0xd2452f));
    for (int i = 0; i < 4; ++i) {
        const float y = 118 - 13.F * static_cast<float>(i);
        canvas.fill(roundBox(fx(140) - 18, y, fx(140) + 18, y + 12, 5), hex(0x25282d));
        canvas.stroke({{fx(140) - 14, y + 6}, {fx(140) + 14, y + 6}}, 1.2F, hex(0x50565d));
    }
    canvas.fill(roundBox(fx(138) - 16, 14, fx(138) + 16, 50, 2), hex(0x9b4a2e));
    for (float o : {-8.F, 0.F, 8.F}) {
        canvas.stroke({{fx(138) + o, 22}, {fx(138) + o, 42}}, 2, hex(0xd7dde1));
        disc(fx(138) + o, 21, 3, 3, hex(0xd7dde1));
    }
    rect(0, 131, 160, 160, hex(0x63686d));
}

void Scene::stage() {
    canvas.wash(hex(0x3a0f1c), hex(0x1a0a12));
    for (float x = -2; x < 160; x += 12) {
        rect(x, 0, x + 6, 160, hex(0x7d1a2c));
        rect(x + 6, 0, x + 9, 160, hex(0x64132a));
    }
    rect(0, 0, 160, 9, hex(0xd2a13e));
    for (float x = 10; x < 160; x += 20)
        canvas.fill(arc({x, 9}, 10, 9, 0, 180), hex(0x93213a));
    const float o = dice.between(-6, 6);
    for (float x : {22.F + o, 138.F + o})
        canvas.fill({{x - 4, 12}, {x + 4, 12}, {x + 26, 160}, {x - 26, 160}}, hex(0xffe9b0), 0.26F);
    // Notes in the light.
    for (float x : {16.F, 140.F}) {
        const float y = dice.between(40, 76);
        disc(x, y, 4, 3, hex(0xf7e3b0));
        disc(x + 11, y - 3, 4, 3, hex(0xf7e3b0));
        canvas.stroke({{x + 3.5F, y}, {x + 3.5F, y - 17}, {x + 14.5F, y - 20}, {x + 14.5F, y - 3}}, 1.8F,
                      hex(0xf7e3b0));
    }
    rect(0, 138, 160, 160, hex(0x6b4423));
}

void Scene::studio() {
    canvas.wash(hex(0xf1ece2), hex(0xe0d6c5));
    constexpr std::array<std::uint32_t, 7> kPaints{0xd8432f, 0xf0b429, 0x2c73b8, 0x3d9a57,
                                                   0x8d4aa5, 0xf07b2b, 0x30b0b8};
    const auto canvasAt = [&](float l, float t, float w, float h) {
        rect(l - 2, t - 2, l + w + 2, t + h + 2, hex(0xa87b47));
        rect(l, t, l + w, t + h, hex(0xfdfaf3));
        for (int i = 0; i < 7; ++i) {
            const float y = t + 5 + dice.between(0, h - 10), x = l + 4 + dice.between(0, w * 0.5F);
            canvas.stroke(curve({{x, y}, {x + w * 0.2F, y - 4}, {x + w * 0.4F, y + 3}}), 4.5F,
                          hex(dice.oneOf(kPaints)));
        }
    };
    const bool left = dice.chance(0.5);
    const float e = left ? 6.F : 118.F, other = left ? 122.F : 6.F;
    for (float side : {-1.F, 1.F}) // the easel
        canvas.stroke({{e + 18 + side * 2, 8}, {e + 18 + side * 22, 158}}, 3.5F, hex(0x9a6b38));
    canvasAt(e, 26, 36, 54);
    rect(e - 4, 84, e + 40, 89, hex(0x8a5d2e));
    canvasAt(other, 16, 32, 26);
    canvasAt(other + 2, 56, 28, 36);
}

void Scene::photoStudio() {
    canvas.wash(hex(0x9a9da3), hex(0x7d8087));
    // A paper sweep, soft boxes on stands.
    canvas.fill({{34, 0}, {126, 0}, {136, 160}, {24, 160}}, hex(0xdadbdd));
    const auto softBox = [&](float x, float side) {
        canvas.stroke({{x, 50}, {x, 160}}, 2.4F, hex(0x1f2125));
        canvas.fill(
            {{x - 15, 10 + side * 4}, {x + 15, 10 - side * 4}, {x + 15, 50 - side * 2}, {x - 15, 50 + side * 2}},
            hex(0x232529));
        canvas.fill(
            {{x - 12, 14 + side * 4}, {x + 12, 14 - side * 4}, {x + 12, 46 - side * 2}, {x - 12, 46 + side * 2}},
            hex(0xfffdf3));
        canvas.glow({x, 30}, 30, 34, kWhite, 0.5F);
        canvas.stroke({{x, 130}, {x - 12, 160}}, 2, hex(0x1f2125));
        canvas.stroke({{x, 130}, {x + 12, 160}}, 2, hex(0x1f2125));
    };
    const float o = dice.between(-2, 2);
    softBox(18 + o, 1);
    softBox(142 - o, -1);
}

void Scene::airfield() {
    canvas.wash(hex(0x6fb1e0), hex(0xdfeef6));
    cloud(dice.between(30, 60), 14, 11);
    rect(0, 100, 160, 160, hex(0x7c8288));
    rect(0, 98, 160, 106, hex(0x8fb06a));
    for (float x = 4; x < 160; x += 30)
        rect(x, 136, x + 16, 139, hex(0xf0f2f2));
    // An airliner across the picture.
    const bool left = dice.chance(0.5);
    const auto fx = [&](float x) { return left ? x : 160 - x; };
    canvas.fill(closedCurve({{fx(-30), 60},
                             {fx(40), 56},
                             {fx(130), 56},
                             {fx(152), 64},
                             {fx(156), 72},
                             {fx(140), 80},
                             {fx(40), 84},
                             {fx(-30), 82}}),
                hex(0xf8fafb));
    canvas.fill({{fx(-30), 70}, {fx(156), 70}, {fx(155), 75}, {fx(-30), 77}}, hex(0x2a5caa));
    canvas.fill({{fx(2), 60}, {fx(22), 58}, {fx(8), 20}, {fx(-6), 20}}, hex(0x2a5caa));
    canvas.fill({{fx(36), 80}, {fx(52), 80}, {fx(24), 104}, {fx(12), 104}}, hex(0xc3cbd1));
    for (float x = 30; x < 134; x += 8)
        canvas.fill(roundBox(fx(x) - 1.8F, 61, fx(x) + 1.8F, 67, 1.4F), hex(0x35506b));
    canvas.fill({{fx(142), 62}, {fx(150), 66}, {fx(141), 67.5F}}, hex(0x25384a));
    for (float x : {20.F, 130.F})
        disc(fx(x), 99, 4, 4, hex(0x24282c));
}

void Scene::classroom() {
    canvas.wash(hex(0xf0e2c4), hex(0xe2cfa8));
    rect(0, 8, 160, 100, hex(0x9a6a3a));
    rect(4, 12, 156, 96, hex(0x2f5a45));
    const Colour chalk = hex(0xf0f2ea);
    const auto write = [&](const Points& path) { canvas.stroke(path, 1.7F, chalk, 0.92F); };
    const bool swap = dice.chance(0.5);
    const float a = swap ? 118.F : 10.F, b = swap ? 10.F : 118.F;
    // A B C
    write({{a, 38}, {a + 5, 22}, {a + 10, 38}});
    write({{a + 2.5F, 32}, {a + 7.5F, 32}});
    write({{a + 14, 38},
           {a + 14, 22},
           {a + 20, 24},
           {a + 20, 28},
           {a + 14, 30},
           {a + 21, 32},
           {a + 21, 36},
           {a + 14, 38}});
    write(arc({a + 31, 30}, 6, 8, 50, 310));
    // a triangle, and a sum
    write({{a, 74}, {a + 24, 74}, {a + 12, 52}, {a, 74}});
    write({{b + 4, 26}, {b + 8, 22}, {b + 8, 38}});
    write({{b + 13, 30}, {b + 21, 30}});
    write({{b + 17, 26}, {b + 17, 34}});
    write({{b + 25, 25}, {b + 29, 22}, {b + 32, 26}, {b + 25, 38}, {b + 33, 38}});
    write(arc({b + 16, 66}, 10, 10, 0, 360));
    write({{b + 16, 66}, {b + 25, 62}});
    rect(4, 96, 156, 101, hex(0x7f5429));
    rect(0, 118, 160, 160, hex(0xc9a874));
}

} // namespace

void paintBackdrop(Canvas& canvas, const Portrait& portrait) {
    constexpr std::array<std::uint32_t, 14> kPapers{0xd9cdbd, 0xc4cfd6, 0xcbd5c4, 0xdcc6bc, 0xcfc8d8,
                                                    0xe3dccf, 0xb9c6c4, 0xd8d0b4, 0xc2b8ae, 0xb7c3d3,
                                                    0xd4bfc3, 0xa9b5a6, 0xc9c9c9, 0xdfd3c7};
    Dice dice(portrait.seed, "backdrop");
    const Colour paper = hex(dice.oneOf(kPapers));
    canvas.wash(tint(paper, 0.22F), shade(paper, 0.9F));
    canvas.glow({80 + dice.between(-14, 14), 58}, 95, 88, tint(paper, 0.5F), 0.55F);
}

void paintSetting(Canvas& canvas, const Portrait& portrait) {
    constexpr std::array<void (Scene::*)(), 18> kScenes{
        &Scene::bakery, &Scene::meadow,  &Scene::site,    &Scene::workshop,    &Scene::laboratory, &Scene::clinic,
        &Scene::field,  &Scene::station, &Scene::harbour, &Scene::garden,      &Scene::courtroom,  &Scene::library,
        &Scene::garage, &Scene::stage,   &Scene::studio,  &Scene::photoStudio, &Scene::airfield,   &Scene::classroom};
    Scene scene{canvas, Dice(portrait.seed, "work/setting")};
    (scene.*kScenes[static_cast<std::size_t>(portrait.occupation)])();
    // The place steps back behind the person.
    canvas.fill(box(-1, -1, 161, 161), hex(0xe9e6e0), 0.16F);
}

} // namespace plumbline::sample
