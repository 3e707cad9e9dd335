// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

constexpr float kMiddle = Look::kMiddle;
constexpr Colour kPaper = hex(0xf2efe8);

constexpr std::string_view kClothes = "clothes"; // the dice's purpose
constexpr std::array<std::uint32_t, 18> kCloths{0x2e4057, 0x3d7a78, 0xc8963e, 0xa04a3a, 0x4a6b4a, 0x8f86a8,
                                                0xe4dac6, 0x45484f, 0x7fa3bf, 0xb5694a, 0x7b7d4c, 0x6d4460,
                                                0xeceae6, 0xc9b18f, 0x5a7fa8, 0x9a4352, 0x6f9c84, 0x97705a};

/// Mirrored knots: given for the right side, from the neck outwards, closed over the left.
Points both(const Points& right) {
    Points result = right;
    for (auto p = right.rbegin(); p != right.rend(); ++p)
        result.emplace_back(2 * kMiddle - p->x, p->y);
    return result;
}
Points mirrored(Points points) {
    for (Point& p : points)
        p.x = 2 * kMiddle - p.x;
    return points;
}

struct Clothes {
    Canvas& canvas;
    const Look& look;
    Points shape = torso(look);
    Stencil inside = canvas.stencil(shape);

    void body(Colour cloth) const {
        canvas.fill(shape, cloth);
        // Arms part from the chest in a soft fold; the sides turn away.
        for (float side : {-1.F, 1.F}) {
            canvas.glow({kMiddle + side * (look.shoulder + 2), 150}, 17, 26, shade(cloth, 0.7F), 0.6F, inside);
            canvas.stroke(curve({{kMiddle + side * (look.shoulder - 11), 138},
                                 {kMiddle + side * (look.shoulder - 13), 150},
                                 {kMiddle + side * (look.shoulder - 12.5F), 162}}),
                          1.8F, shade(cloth, 0.66F), 0.6F, Taper::Both, inside);
        }
        canvas.glow({kMiddle - 24, 132}, 18, 9, tint(cloth, 0.2F), 0.35F, inside);
    }
    /// A band around the neckline.
    void neckband(Colour cloth, float depth, float width) const {
        const float n = look.neck;
        canvas.stroke(curve({{kMiddle - n - 2.8F, 116},
                             {kMiddle - n * 0.75F, 118 + depth * 0.72F},
                             {kMiddle, 118.F + depth},
                             {kMiddle + n * 0.75F, 118 + depth * 0.72F},
                             {kMiddle + n + 2.8F, 116}}),
                      width, cloth);
    }
    void shirtCollar(Colour cloth, float depth) const {
        const float n = look.neck;
        const Points flap{{kMiddle + n + 1.5F, 113},
                          {kMiddle + n + 6.5F, 120},
                          {kMiddle + n + 3, 131 + depth * 0.2F},
                          {kMiddle + 1.5F, 119 + depth},
                          {kMiddle + n * 0.6F, 119}};
        for (const Points& side : {flap, mirrored(flap)}) {
            canvas.fill(side, cloth);
            Points edge{side[1], side[2], side[3]};
            canvas.stroke(edge, 1.1F, shade(cloth, 0.72F), 0.9F);
        }
    }
    void buttons(Colour colour, float from, float step, float radius) const {
        for (float y = from; y < 162; y += step)
            canvas.fill(ellipse({kMiddle, y}, radius, radius), colour);
    }
    void placket(Colour cloth, float from) const {
        canvas.stroke({{kMiddle + 3.2F, from}, {kMiddle + 3.2F, 162}}, 0.9F, shade(cloth, 0.74F), 0.9F, Taper::None,
                      inside);
        canvas.stroke({{kMiddle - 3.2F, from}, {kMiddle - 3.2F, 162}}, 0.9F, shade(cloth, 0.74F), 0.9F, Taper::None,
                      inside);
    }
    /// An open jacket over what was painted: two fronts with lapels.
    void jacket(Colour cloth, float open, bool lapels) const {
        const float n = look.neck;
        Points front{{kMiddle + n + 2, 112},
                     {kMiddle + n + 8, 112},
                     {kMiddle + look.shoulder + 30, 112},
                     {kMiddle + look.shoulder + 30, 165},
                     {kMiddle + open * 0.35F, 165},
                     {kMiddle + open, 146}};
        for (const Points& side : {front, mirrored(front)}) {
            canvas.fill(side, cloth, 1, inside);
            canvas.stroke({side[4], side[5], side[0]}, 1.2F, shade(cloth, 0.6F), 0.9F, Taper::None, inside);
        }
        for (float side : {-1.F, 1.F}) {
            canvas.glow({kMiddle + side * (look.shoulder + 2), 150}, 17, 26, shade(cloth, 0.68F), 0.6F, inside);
            canvas.stroke(curve({{kMiddle + side * (look.shoulder - 11), 138},
                                 {kMiddle + side * (look.shoulder - 13), 150},
                                 {kMiddle + side * (look.shoulder - 12.5F), 162}}),
                          1.8F, shade(cloth, 0.62F), 0.6F, Taper::Both, inside);
        }
        if (lapels) {
            const Points lapel{{kMiddle + n + 2, 112},      {kMiddle + n + 11, 123}, {kMiddle + n + 15, 133},
                               {kMiddle + n + 9, 135},      {kMiddle + n + 12, 139}, {kMiddle + open * 0.7F, 158},
                               {kMiddle + open * 0.9F, 140}};
            for (const Points& side : {lapel, mirrored(lapel)}) {
                canvas.fill(side, tint(cloth, 0.1F), 1, inside);
                canvas.stroke({side[1], side[2], side[3], side[4], side[5]}, 1.0F, shade(cloth, 0.6F), 0.9F,
                              Taper::None, inside);
            }
        }
    }
    /// Check or stripes over the whole torso.
    void pattern(Colour colour, float step, float width, bool across, bool down) const {
        if (down)
            for (float x = kMiddle - 75; x < kMiddle + 76; x += step)
                canvas.fill(box(x, 110, x + width, 162), colour, 0.55F, inside);
        if (across)
            for (float y = 114; y < 162; y += step)
                canvas.fill(box(0, y, 160, y + width), colour, 0.55F, inside);
    }
    /// An apron with its straps.
    void apron(Colour cloth, float top) const {
        for (float side : {-1.F, 1.F})
            canvas.stroke({{kMiddle + side * (look.neck + 4), 117}, {kMiddle + side * 19, top + 1}}, 4.2F,
                          shade(cloth, 0.82F));
        canvas.fill({{kMiddle - 21, top},
                     {kMiddle + 21, top},
                     {kMiddle + 26, 152},
                     {kMiddle + 40, 165},
                     {kMiddle - 40, 165},
                     {kMiddle - 26, 152}},
                    cloth, 1, inside);
        canvas.stroke({{kMiddle - 20.5F, top + 2}, {kMiddle + 20.5F, top + 2}}, 1, shade(cloth, 0.7F), 0.9F);
        canvas.stroke({{kMiddle - 15, 154}, {kMiddle + 15, 154}}, 1.1F, shade(cloth, 0.7F), 0.9F);
    }
};

} // namespace

Points torso(const Look& look) {
    const float n = look.neck, s = look.shoulder;
    const float slope = byGender(look.portrait.gender, 0, -0.6F, -1.6F);
    return curve(both({{kMiddle + 0.1F, 117},
                       {kMiddle + n + 1, 114.5F},
                       {kMiddle + n + 6, 119.5F},
                       {kMiddle + s * 0.62F, 125.F + slope},
                       {kMiddle + s * 0.9F, 131.F + slope},
                       {kMiddle + s + 3, 142},
                       {kMiddle + s + 7, 166}}));
}

void paintNeck(Canvas& canvas, const Look& look, float depth, bool pointed) {
    const float n = look.neck, lean = 2.5F * look.yaw;
    Points shape;
    for (float side : {1.F, -1.F}) {
        Points half{{kMiddle + side * n + lean, 86},
                    {kMiddle + side * n + 0.5F * lean, 106},
                    {kMiddle + side * (n + 1.5F), 113},
                    pointed ? Point(kMiddle + side * (n + 6), 118.5F) : Point(kMiddle + side * (n + 3.4F), 116.8F)};
        if (!pointed)
            half.emplace_back(kMiddle + side * n * 0.75F, 118 + depth * 0.72F);
        if (side < 0)
            std::reverse(half.begin(), half.end());
        else
            half.emplace_back(kMiddle, 118 + depth);
        shape = joined(std::move(shape), half);
    }
    const Points& neck = shape;
    canvas.fill(neck, look.skin);
    const Stencil inside = canvas.stencil(neck);
    // The head's shadow.
    const float down = byGender(look.portrait.gender, 5.5F, 6.5F, 7.5F);
    canvas.fill(ellipse({kMiddle + 8 * look.yaw, look.chinY - 6}, n + 9, 10 + down), look.shadow,
                look.dark() ? 0.95F : 0.8F, inside);
    canvas.glow({kMiddle, 118 + depth * 0.5F}, n * 1.1F, 6, look.highlight, 0.5F, inside);
    // Collar bones, and the neck's own lines in later years.
    if (depth >= 7)
        for (float side : {-1.F, 1.F})
            canvas.stroke(curve({{kMiddle + side * 2.5F, 121}, {kMiddle + side * (n * 0.8F), 119.3F}}), 1.1F,
                          look.shadow, 0.8F, Taper::Both, inside);
    const auto ring = [&](float y, float strength) {
        const Points path =
            curve({{kMiddle - n * 0.85F, y}, {kMiddle + 2 * look.yaw, y + 2.4F}, {kMiddle + n * 0.85F, y}});
        if (!look.dark())
            canvas.stroke(path, 2.6F, look.shadow, strength, Taper::Both, inside);
        canvas.stroke(path, 1, look.dark() ? look.highlight : look.line, strength * 0.7F, Taper::Both, inside);
    };
    if (look.age >= 3)
        ring(110.5F, 0.18F * look.age);
    if (look.age >= 4)
        ring(115, 0.7F);
}

/// Dyed between two colours of the list.
Colour dyed(Dice& dice) {
    const Colour one = hex(dice.oneOf(kCloths)), other = hex(dice.oneOf(kCloths));
    return mix(one, other, dice.between(0, 0.5F));
}

std::array<double, 3> clothColour(const Portrait& portrait) {
    Dice dice(portrait.seed, kClothes);
    const Colour cloth = dyed(dice);
    return {cloth.r / 255.0, cloth.g / 255.0, cloth.b / 255.0};
}

void paintEverydayClothes(Canvas& canvas, const Look& look) {
    Dice dice(look.portrait.seed, kClothes);
    const Colour cloth = dyed(dice), second = dyed(dice);
    const int kind = dice.below(8);
    const bool striped = dice.chance(0.3);
    const Clothes clothes{canvas, look};
    switch (kind) {
    case 0: // T-shirt
        clothes.body(cloth);
        if (striped)
            clothes.pattern(luminance(cloth) > 140 ? shade(cloth, 0.6F) : tint(cloth, 0.6F), 9, 3, true, false);
        paintNeck(canvas, look, 8, false);
        clothes.neckband(shade(cloth, 0.82F), 8, 2.6F);
        break;
    case 1: // shirt
        clothes.body(cloth);
        if (striped)
            clothes.pattern(luminance(cloth) > 140 ? shade(cloth, 0.75F) : tint(cloth, 0.4F), 6, 1.2F, false, true);
        paintNeck(canvas, look, 11, true);
        clothes.placket(cloth, 130);
        clothes.buttons(luminance(cloth) > 140 ? shade(cloth, 0.6F) : tint(cloth, 0.6F), 137, 10, 1.2F);
        clothes.shirtCollar(tint(cloth, 0.1F), 11);
        break;
    case 2: // jumper
        clothes.body(cloth);
        for (float x = 20; x < 142; x += 5)
            canvas.stroke({{x, 118.F}, {x, 162.F}}, 1, shade(cloth, 0.8F), 0.35F, Taper::None, clothes.inside);
        paintNeck(canvas, look, 5.5F, false);
        clothes.neckband(shade(cloth, 0.86F), 6, 4.8F);
        break;
    case 3: // hoodie
        clothes.body(cloth);
        paintNeck(canvas, look, 7, false);
        for (float side : {-1.F, 1.F}) {
            canvas.fill(closedCurve({{kMiddle + side * (look.neck + 1), 106},
                                     {kMiddle + side * (look.neck + 10), 113},
                                     {kMiddle + side * (look.neck + 13), 123},
                                     {kMiddle + side * 12, 134},
                                     {kMiddle + side * 1, 132},
                                     {kMiddle + side * (look.neck - 1), 120}}),
                        shade(cloth, 0.8F));
            canvas.stroke(curve({{kMiddle + side * 6, 131}, {kMiddle + side * 7, 142}, {kMiddle + side * 6.5F, 151}}),
                          1.5F, tint(cloth, 0.7F));
        }
        break;
    case 4: // blazer
        clothes.body(luminance(second) > 190 ? second : kPaper);
        paintNeck(canvas, look, 10, true);
        clothes.shirtCollar(luminance(second) > 190 ? second : kPaper, 10);
        clothes.jacket(cloth, 15, true);
        break;
    case 5: // kurta
        clothes.body(cloth);
        paintNeck(canvas, look, 4, false);
        clothes.neckband(tint(cloth, 0.14F), 4.5F, 5);
        canvas.fill(box(kMiddle - 3.4F, 124, kMiddle + 3.4F, 150), tint(cloth, 0.14F));
        canvas.stroke({{kMiddle, 125}, {kMiddle, 149}}, 0.9F, shade(cloth, 0.6F));
        for (float y : {130.F, 137.F, 144.F})
            canvas.fill(ellipse({kMiddle, y}, 1.2F, 1.2F),
                        luminance(cloth) > 140 ? shade(cloth, 0.5F) : tint(cloth, 0.6F));
        break;
    case 6: // V-neck
        clothes.body(cloth);
        paintNeck(canvas, look, 19, true);
        for (float side : {-1.F, 1.F})
            canvas.stroke({{kMiddle + side * (look.neck + 6), 117.5F}, {kMiddle, 138}}, 2.8F, shade(cloth, 0.8F));
        break;
    default: // cardigan over a T-shirt
        clothes.body(second);
        paintNeck(canvas, look, 8, false);
        clothes.neckband(shade(second, 0.82F), 8, 2.4F);
        clothes.jacket(cloth, 13, false);
        break;
    }
}

void paintWorkClothes(Canvas& canvas, const Look& look) {
    const std::string_view work = occupations()[static_cast<std::size_t>(look.portrait.occupation)].name;
    Dice dice(look.portrait.seed, "work/clothes");
    const Clothes clothes{canvas, look};
    const float n = look.neck, s = look.shoulder;
    if (work == "baker") {
        const Colour white = hex(0xf6f3ec);
        clothes.body(white);
        paintNeck(canvas, look, 6, false);
        clothes.neckband(shade(white, 0.86F), 5, 5);
        canvas.fill({{kMiddle - n - 3, 116},
                     {kMiddle, 126},
                     {kMiddle + n + 3, 116},
                     {kMiddle + n + 1, 124},
                     {kMiddle + 4, 131},
                     {kMiddle, 139},
                     {kMiddle - 4, 131},
                     {kMiddle - n - 1, 124}},
                    hex(0xc2483a));
        canvas.stroke(curve({{kMiddle + 16, 124}, {kMiddle + 13, 140}, {kMiddle + 13, 162}}), 1.2F, shade(white, 0.7F));
        for (float y : {138.F, 148.F, 158.F})
            for (float x : {-7.F, 8.F})
                canvas.fill(ellipse({kMiddle + x, y}, 1.7F, 1.7F), shade(white, 0.6F));
    } else if (work == "beekeeper") {
        const Colour cream = hex(0xe9dfbf);
        clothes.body(cream);
        paintNeck(canvas, look, 3, false);
        clothes.neckband(shade(cream, 0.86F), 4, 7);
        canvas.stroke({{kMiddle, 124}, {kMiddle, 162}}, 2, hex(0x8d8468));
        for (float y = 126; y < 160; y += 3)
            canvas.stroke({{kMiddle - 2, y}, {kMiddle + 2, y}}, 0.8F, hex(0x6f674f));
        canvas.stroke(curve({{kMiddle - s * 0.8F, 132}, {kMiddle - 18, 141}, {kMiddle - 4, 142}}), 1.2F,
                      shade(cream, 0.75F));
        canvas.stroke(curve({{kMiddle + s * 0.8F, 132}, {kMiddle + 18, 141}, {kMiddle + 4, 142}}), 1.2F,
                      shade(cream, 0.75F));
    } else if (work == "builder") {
        clothes.body(hex(0x4a545e));
        paintNeck(canvas, look, 7, false);
        clothes.neckband(hex(0x39424a), 7, 2.6F);
        const Colour vest = hex(0xd3e23b);
        clothes.jacket(vest, 9, false);
        for (float side : {-1.F, 1.F})
            canvas.fill({{kMiddle + side * (s * 0.42F), 118},
                         {kMiddle + side * (s * 0.42F + 8), 118},
                         {kMiddle + side * (s * 0.42F + 8), 165},
                         {kMiddle + side * (s * 0.42F), 165}},
                        hex(0xd9dde0), 1, clothes.inside);
        for (float side : {-1.F, 1.F})
            canvas.fill({{kMiddle + side * 6, 147},
                         {kMiddle + side * 70, 147},
                         {kMiddle + side * 70, 155},
                         {kMiddle + side * 5, 155}},
                        hex(0xd9dde0), 1, clothes.inside);
    } else if (work == "carpenter") {
        const Colour shirt = hex(0xb54a3c);
        clothes.body(shirt);
        clothes.pattern(hex(0x5d2420), 9, 3.2F, true, true);
        paintNeck(canvas, look, 9, true);
        clothes.shirtCollar(shirt, 9);
        clothes.apron(hex(0x8a5a34), 130);
    } else if (work == "chemist") {
        clothes.body(hex(0x6f9fb8));
        paintNeck(canvas, look, 10, true);
        clothes.shirtCollar(hex(0x7fb0c9), 10);
        clothes.jacket(hex(0xf7f8f8), 13, true);
        canvas.stroke({{kMiddle + 24, 146}, {kMiddle + 36, 146}}, 1.2F, hex(0xa9b3b8));
        canvas.fill(box(kMiddle + 29, 139, kMiddle + 31, 147), hex(0x2c6fb0));
    } else if (work == "doctor") {
        const Colour scrubs = hex(0x2f9a8c);
        clothes.body(scrubs);
        paintNeck(canvas, look, 16, true);
        for (float side : {-1.F, 1.F})
            canvas.stroke({{kMiddle + side * (n + 6), 117.5F}, {kMiddle, 135}}, 3, shade(scrubs, 0.78F));
    } else if (work == "farmer") {
        const Colour shirt = hex(0xd8c9a0);
        clothes.body(shirt);
        clothes.pattern(hex(0x4d7a9c), 8, 1.8F, true, true);
        paintNeck(canvas, look, 8, true);
        clothes.shirtCollar(shirt, 8);
        const Colour denim = hex(0x3e5f8f);
        clothes.apron(denim, 134);
        for (float side : {-1.F, 1.F})
            canvas.fill(ellipse({kMiddle + side * 18.5F, 137.5F}, 2.2F, 2.2F), hex(0xe0c060));
        canvas.stroke(
            {{kMiddle - 10, 143}, {kMiddle + 10, 143}, {kMiddle + 10, 158}, {kMiddle - 10, 158}, {kMiddle - 10, 143}},
            1, hex(0xd2a64f));
    } else if (work == "firefighter") {
        const Colour coat = hex(0x2b2d33);
        clothes.body(coat);
        paintNeck(canvas, look, 3, false);
        clothes.neckband(hex(0x3d4047), 3, 8);
        const auto stripe = [&](const Points& path) {
            canvas.stroke(path, 8, hex(0xe6d23a), 1, Taper::None, clothes.inside);
            canvas.stroke(path, 3, hex(0xdfe3e6), 1, Taper::None, clothes.inside);
        };
        stripe({{0, 150}, {160, 150}});
        for (float side : {-1.F, 1.F})
            stripe({{kMiddle + side * 26, 120}, {kMiddle + side * 26, 147}});
        canvas.stroke({{kMiddle, 123}, {kMiddle, 162}}, 2.2F, hex(0x14161a));
    } else if (work == "fisher") {
        const Colour oil = hex(0xf0bd2f);
        clothes.body(oil);
        paintNeck(canvas, look, 4, false);
        clothes.neckband(hex(0x3a5a78), 4, 6);
        for (float side : {-1.F, 1.F})
            canvas.fill(closedCurve({{kMiddle + side * (n + 2), 109},
                                     {kMiddle + side * (n + 11), 115},
                                     {kMiddle + side * (n + 10), 126},
                                     {kMiddle + side * 3, 134},
                                     {kMiddle + side * (n - 1), 122}}),
                        shade(oil, 0.86F));
        canvas.stroke({{kMiddle, 134}, {kMiddle, 162}}, 1.4F, shade(oil, 0.6F));
        for (float y : {140.F, 150.F})
            canvas.fill(roundBox(kMiddle - 4, y, kMiddle + 4, y + 3, 1), hex(0x5b4a2a));
    } else if (work == "gardener") {
        clothes.body(hex(0xe7e2d2));
        clothes.pattern(hex(0x8fa7b8), 7, 2, true, false);
        paintNeck(canvas, look, 8, false);
        clothes.neckband(hex(0xcfc8b4), 8, 2.6F);
        const Colour green = hex(0x4f8a45);
        clothes.apron(green, 131);
        canvas.stroke(
            {{kMiddle - 9, 143}, {kMiddle - 9, 153}, {kMiddle + 9, 153}, {kMiddle + 9, 143}, {kMiddle - 9, 143}}, 1,
            shade(green, 0.65F));
        for (float x : {-4.F, 0.F, 4.F})
            canvas.stroke({{kMiddle + x, 144}, {kMiddle + x * 1.6F, 137}}, 1.6F, hex(0x8ec45a));
    } else if (work == "judge") {
        const Colour robe = hex(0x1d1b22);
        clothes.body(robe);
        paintNeck(canvas, look, 5, false);
        for (float x : {-36.F, -27.F, -18.F, 18.F, 27.F, 36.F})
            canvas.stroke(curve({{kMiddle + x * 0.8F, 124}, {kMiddle + x, 145}, {kMiddle + x * 1.1F, 164}}), 2,
                          hex(0x3a3742), 0.9F, Taper::Both, clothes.inside);
        clothes.neckband(kPaper, 5, 5.5F);
        canvas.fill({{kMiddle - 3, 121},
                     {kMiddle + 3, 121},
                     {kMiddle + 10, 148},
                     {kMiddle + 1.2F, 150},
                     {kMiddle, 130},
                     {kMiddle - 1.2F, 150},
                     {kMiddle - 10, 148}},
                    kPaper);
        canvas.stroke({{kMiddle + 3, 122}, {kMiddle + 10, 148}}, 0.8F, hex(0xb9b5ad));
        canvas.stroke({{kMiddle - 3, 122}, {kMiddle - 10, 148}}, 0.8F, hex(0xb9b5ad));
    } else if (work == "librarian") {
        clothes.body(hex(0xe9e2d4));
        paintNeck(canvas, look, 7, true);
        clothes.placket(hex(0xe9e2d4), 130);
        clothes.shirtCollar(hex(0xf3ede2), 8);
        const Colour wool = hex(0x8a3f5c);
        clothes.jacket(wool, 14, false);
        for (float side : {-1.F, 1.F})
            for (float y = 130; y < 164; y += 4)
                canvas.stroke({{kMiddle + side * 20, y}, {kMiddle + side * 40, y + 1}}, 0.9F, tint(wool, 0.25F), 0.5F,
                              Taper::None, clothes.inside);
    } else if (work == "mechanic") {
        const Colour blue = hex(0x2d4f86);
        clothes.body(blue);
        paintNeck(canvas, look, 9, true);
        clothes.shirtCollar(tint(blue, 0.1F), 9);
        canvas.stroke({{kMiddle, 129}, {kMiddle, 162}}, 1.6F, hex(0xc7ccd2));
        for (float side : {-1.F, 1.F})
            canvas.stroke({{kMiddle + side * 14, 144},
                           {kMiddle + side * 34, 144},
                           {kMiddle + side * 34, 162},
                           {kMiddle + side * 14, 162},
                           {kMiddle + side * 14, 144}},
                          1, tint(blue, 0.35F), 0.9F);
        canvas.fill(roundBox(kMiddle - 33, 134, kMiddle - 15, 141, 1.5F), hex(0xe8e3d5));
        canvas.stroke({{kMiddle - 30, 137.5F}, {kMiddle - 18, 137.5F}}, 1.3F, hex(0xa83a34));
        for (int i = 0; i < 3; ++i)
            canvas.fill(ellipse({kMiddle + dice.between(-40, 40), dice.between(140, 158)}, dice.between(2, 4),
                                dice.between(1, 2.5F), dice.between(0, 90)),
                        hex(0x15181e), 0.55F, clothes.inside);
    } else if (work == "musician") {
        clothes.body(kPaper);
        paintNeck(canvas, look, 7, true);
        clothes.shirtCollar(kPaper, 7);
        const Colour dark = hex(0x26222e);
        const Points front{
            {kMiddle + n + 5, 119}, {kMiddle + 27, 122}, {kMiddle + 32, 165}, {kMiddle, 165}, {kMiddle, 150}};
        for (const Points& side : {front, mirrored(front)})
            canvas.fill(side, dark, 1, clothes.inside);
        for (float side : {-1.F, 1.F})
            canvas.fill({{kMiddle, 128}, {kMiddle + side * 8, 123.5F}, {kMiddle + side * 8, 132.5F}}, hex(0x8c1f2d));
        canvas.fill(ellipse({kMiddle, 128}, 2, 2.3F), hex(0x6c1520));
    } else if (work == "painter") {
        const Colour smock = hex(0xb9c4cf);
        clothes.body(smock);
        paintNeck(canvas, look, 8, false);
        clothes.neckband(shade(smock, 0.82F), 8, 3.2F);
        constexpr std::array<std::uint32_t, 6> kPaints{0xd8432f, 0xf0b429, 0x2c73b8, 0x3d9a57, 0x8d4aa5, 0xf07b2b};
        for (int i = 0; i < 16; ++i) {
            const Point c(kMiddle + dice.between(-48, 48), dice.between(132, 160));
            canvas.fill(ellipse(c, dice.between(1.6F, 3.8F), dice.between(1.4F, 3), dice.between(0, 90)),
                        hex(dice.oneOf(kPaints)), 1, clothes.inside);
        }
    } else if (work == "photographer") {
        clothes.body(hex(0x33363c));
        paintNeck(canvas, look, 8, false);
        clothes.neckband(hex(0x26282d), 8, 2.6F);
        const Colour vest = hex(0x8d8560);
        clothes.jacket(vest, 12, false);
        for (float side : {-1.F, 1.F}) {
            canvas.fill(roundBox(kMiddle + side * 27 - 9, 136, kMiddle + side * 27 + 9, 147, 1.5F), shade(vest, 0.86F));
            canvas.fill(box(kMiddle + side * 27 - 9, 136, kMiddle + side * 27 + 9, 140), shade(vest, 0.7F));
            canvas.fill(roundBox(kMiddle + side * 27 - 9, 150, kMiddle + side * 27 + 9, 163, 1.5F), shade(vest, 0.86F));
        }
        for (float side : {-1.F, 1.F}) // the camera's strap
            canvas.stroke(
                curve({{kMiddle + side * (n + 5), 117}, {kMiddle + side * 14, 138}, {kMiddle + side * 8, 162}}), 3,
                hex(0x1c1d20));
    } else if (work == "pilot") {
        const Colour navy = hex(0x1f2b4d);
        clothes.body(kPaper);
        paintNeck(canvas, look, 7, true);
        canvas.fill({{kMiddle - 3, 125}, {kMiddle + 3, 125}, {kMiddle + 5, 155}, {kMiddle, 165}, {kMiddle - 5, 155}},
                    hex(0x14161c));
        clothes.shirtCollar(kPaper, 7);
        clothes.jacket(navy, 14, true);
        for (float side : {-1.F, 1.F})
            for (float o : {0.F, 5.F, 10.F})
                canvas.stroke({{kMiddle + side * (s * 0.62F + o), 122.F + o * 0.35F},
                               {kMiddle + side * (s * 0.56F + o), 131.F + o * 0.35F}},
                              2.2F, hex(0xe3b84a), 1, Taper::None, clothes.inside);
        canvas.fill(
            closedCurve({{kMiddle + 22, 144}, {kMiddle + 29, 141.5F}, {kMiddle + 36, 144}, {kMiddle + 29, 146.5F}}),
            hex(0xe3b84a));
    } else if (work == "teacher") {
        const Colour tweed = hex(0x8b7350);
        clothes.body(hex(0xa9c3d6));
        paintNeck(canvas, look, 9, true);
        clothes.shirtCollar(hex(0xbdd2e2), 9);
        clothes.jacket(tweed, 13, true);
        for (int i = 0; i < 60; ++i) {
            const Point c(kMiddle + dice.between(18, 60) * (i % 2 ? 1.F : -1.F), dice.between(122, 162));
            canvas.stroke({c, c + Point(2, 2)}, 0.9F, i % 3 ? hex(0xb59d74) : hex(0x5f4d33), 0.8F, Taper::None,
                          clothes.inside);
        }
    }
}

void paintBody(Canvas& canvas, const Look& look) {
    if (look.portrait.occupation < 0)
        paintEverydayClothes(canvas, look);
    else
        paintWorkClothes(canvas, look);
}

} // namespace plumbline::sample
