// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

using Gender = Portrait::Gender;
using Expression = Portrait::Expression;

// The Monk Skin Tone scale (Monk 2019), its published sRGB colours.
constexpr std::array<std::uint32_t, Portrait::kTones> kMonkTones{0xf6ede4, 0xf3e7db, 0xf7ead0, 0xeadaba, 0xd7bd96,
                                                                 0xa07e56, 0x825c43, 0x604134, 0x3a312a, 0x292420};
constexpr std::array<std::uint32_t, 5> kNaturalHair{0x231c1a, 0x5a3a26, 0x8a3f22, 0xd0a860, 0x9c9a98};
constexpr std::array<std::uint32_t, 4> kDyes{0x2f8f9d, 0x7a4fa3, 0xd8577e, 0x3f6fd1};

constexpr float kSphere = 36;      // the head's radius, for turning points of its surface
constexpr float kFullTurn = 0.33F; // radians

Colour hairOf(const Portrait& p) {
    if (p.hairColour == Portrait::HairColour::Dyed)
        return hex(Dice(p.seed, "hair/dye").oneOf(kDyes));
    return hex(kNaturalHair[static_cast<std::size_t>(p.hairColour)]);
}

// Brows and beards keep their natural colour under a dye, and go grey with age.
Colour browOf(const Portrait& p, Colour skin) {
    const bool dyed = p.hairColour == Portrait::HairColour::Dyed;
    Colour own =
        dyed ? hex(kNaturalHair[1]) : mix(hex(kNaturalHair[static_cast<std::size_t>(p.hairColour)]), kBlack, 0.18F);
    // Brows as light as the skin would vanish.
    if (std::abs(luminance(own) - luminance(skin)) < 45)
        own = luminance(skin) > 110 ? mix(own, hex(0x4a3322), 0.45F) : shade(own, 0.55F);
    constexpr std::array<float, 5> kGrey{0, 0, 0.35F, 0.7F, 1};
    const Colour grey = luminance(skin) > 150 ? hex(0xb1aca7) : hex(0xdcd9d5);
    return mix(own, grey, kGrey[static_cast<std::size_t>(p.age)]);
}

} // namespace

Look::Look(const Portrait& p) : portrait(p) {
    yaw = (static_cast<float>(p.pose) - 2) / 2;
    age = static_cast<float>(p.age);
    skin = hex(kMonkTones[static_cast<std::size_t>(p.tone - 1)]);
    if (p.tone >= 8) { // little room below: form is told by light
        shadow = shade(skin, 0.62F);
        highlight = mix(skin, hex(0xb98a6c), p.tone == 8 ? 0.38F : 0.36F);
        line = shade(skin, 0.28F);
    } else {
        shadow = p.tone >= 6 ? shade(skin, 0.76F) : mix(shade(skin, 0.86F), hex(0xcf9a7e), 0.2F);
        highlight = mix(skin, hex(0xfff6ea), p.tone >= 6 ? 0.30F : 0.5F);
        line = p.tone >= 6 ? shade(skin, 0.42F) : mix(shade(skin, 0.58F), hex(0x8f5a46), 0.45F);
    }
    hair = hairOf(p);
    brow = browOf(p, skin);

    Dice dice(p.seed, "face/measures");
    const float broad = dice.between(-1, 1), lengthy = dice.between(-1, 1);
    const Gender g = p.gender;
    width = byGender(g, 26.8F, 27.6F, 28.6F) + 0.8F * broad;
    jaw = width * byGender(g, 0.79F, 0.865F, 0.94F) + dice.between(-0.5F, 0.5F);
    chin = byGender(g, 9.2F, 12.0F, 15.6F) + dice.between(-0.7F, 0.7F);
    chinY = byGender(g, 105.5F, 107.2F, 109.5F) + 1.2F * lengthy;
    eyeX = 12.3F + 0.5F * broad + dice.between(-0.4F, 0.4F);
    eyeY = 67;
    browY = byGender(g, 56.9F, 58.0F, 59.2F) + dice.between(-0.4F, 0.4F);
    noseY = 84.5F + 0.6F * lengthy;
    mouthY = 93.5F + 0.7F * lengthy;
    neck = byGender(g, 11.4F, 13.7F, 16.4F) + dice.between(-0.5F, 0.5F);
    shoulder = byGender(g, 43.5F, 48.5F, 55.F) + dice.between(-1, 1);
}

Point Look::at(float x, float y, float out) const {
    const float turn = yaw * kFullTurn;
    const float surface = std::asin(std::clamp(x / kSphere, -1.F, 1.F));
    return {kMiddle + kSphere * std::sin(surface + turn) + out * std::sin(turn), y};
}

Points Look::at(Points points) const {
    for (Point& p : points)
        p = at(p.x, p.y);
    return points;
}

Points Look::faceOutline() const {
    constexpr std::array<float, 5> kFuller{1.2F, 0.3F, 0, -0.4F, -1.4F};
    const float fuller = kFuller[static_cast<std::size_t>(portrait.age)];
    const float jowl = age >= 3 ? (age - 2) * 1.1F : 0;
    struct Knot {
        float x, y, shift, near,
            narrow; // how far it moves with the turn on either side; how much nearer the far side comes
    };
    const std::array<Knot, 6> half{{{0.52F * width, 28, 2, 2, 0.02F},
                                    {0.9F * width, 40, 3, 2, 0.02F},
                                    {width, 56, 4, 3, 0.02F},
                                    {width * 0.985F + fuller, 73, 4.6F, 4, 0.04F},
                                    {jaw + jowl + fuller * 0.6F, 91 + 0.6F * jowl, 8, 4.5F, 0.27F},
                                    {chin, chinY - 4.2F, 10, 8.5F, 0.24F}}};
    const float far = std::abs(yaw);
    const auto placed = [&](const Knot& k, float side) {
        const bool farSide = side * yaw > 0;
        return Point(kMiddle + side * k.x * (farSide ? 1 - k.narrow * far : 1) + (farSide ? k.shift : k.near) * yaw,
                     k.y);
    };
    Points knots{{kMiddle + 2 * yaw, 25}};
    for (const Knot& k : half)
        knots.push_back(placed(k, 1));
    knots.emplace_back(kMiddle + 10.8F * yaw, chinY);
    for (auto k = half.rbegin(); k != half.rend(); ++k)
        knots.push_back(placed(*k, -1));
    return closedCurve(knots);
}

Points Look::skull(float grow) const {
    return ellipse({back(), 59}, head() + 1 + grow, 35 + grow);
}

namespace {

struct Face {
    Canvas& canvas;
    const Look& look;
    Stencil within; // the face
    const Gender gender = look.portrait.gender;
    const Expression expression = look.portrait.expression;
    const float age = look.age;

    /// A fold of the skin: a dark line, on dark skin with the light on its edge.
    void fold(const Points& knots, float width, float strength) const {
        const Points path = curve(look.at(knots));
        if (look.dark()) {
            Points ridge = path;
            for (Point& p : ridge)
                p.y += width * 0.8F;
            canvas.stroke(ridge, width * 1.2F, mix(look.skin, hex(0xc79a7c), 0.42F), strength * 0.7F, Taper::Both,
                          within);
        } else {
            canvas.stroke(path, width * 2.6F, look.shadow, strength * 0.7F, Taper::Both, within);
        }
        canvas.stroke(path, width, look.line, strength * 0.85F, Taper::Both, within);
    }
    /// The same on both sides.
    void folds(const Points& knots, float width, float strength) const {
        Points mirrored = knots;
        for (Point& p : mirrored)
            p.x = -p.x;
        fold(knots, width, strength);
        fold(mirrored, width, strength);
    }
    void ears() const;
    void form() const;
    void ageing() const;
    void beard() const;
    void nose() const;
    void eye(float side) const;
    void brow(float side) const;
    void mouth() const;
};

void paintEar(Canvas& canvas, const Look& look, Point centre, float side) {
    const float grow = look.age >= 3 ? 1.2F : 0;
    const Points shape = closedCurve({{centre.x - side * 2.5F, centre.y - 6 - grow},
                                      {centre.x + side * 2.5F, centre.y - 8 - grow},
                                      {centre.x + side * 4.6F, centre.y - 3},
                                      {centre.x + side * 2.6F, centre.y + 5 + grow},
                                      {centre.x - side * 1.5F, centre.y + 8 + 1.5F * grow}});
    canvas.fill(shape, mix(look.skin, look.shadow, 0.35F));
    canvas.stroke(curve({{centre.x - side * 0.5F, centre.y - 4},
                         {centre.x + side * 2.4F, centre.y - 4.2F},
                         {centre.x + side * 1.6F, centre.y + 1.5F}}),
                  1.3F, look.dark() ? look.highlight : look.line, look.dark() ? 0.8F : 0.45F, Taper::Both);
}

void Face::form() const {
    const Point cheekL = look.at(-15, 81), cheekR = look.at(15, 81);
    const float strength = look.dark() ? 0.75F : 0.55F;
    // Sides and underside turn away from the light.
    const Point middle = look.at(0, 66);
    canvas.glow({Look::kMiddle - 30 + 5 * look.yaw, 78}, 13, 34, look.shadow, 0.6F, within);
    canvas.glow({Look::kMiddle + 31 + 5 * look.yaw, 78}, 13, 34, look.shadow, 0.55F, within);
    canvas.glow({middle.x, 47}, 22, 13, look.highlight, strength, within);
    for (const Point& cheek : {cheekL, cheekR}) {
        canvas.glow({cheek.x, cheek.y - 5}, 9, 7, look.highlight, strength, within);
        const Colour blush = mix(look.skin, hex(0xc8553f), look.dark() ? 0.25F : 0.32F);
        canvas.glow({cheek.x, cheek.y + 1}, 9, 6.5F, blush, 0.72F - 0.16F * age, within);
    }
    if (gender == Gender::Man)
        for (float side : {-1.F, 1.F})
            canvas.glow(look.at(side * (look.jaw - 2.5F), 96), 8, 11, look.shadow, 0.75F, within);
    // Eye sockets and under the lower lip.
    for (float side : {-1.F, 1.F})
        canvas.glow(look.at(side * look.eyeX, look.eyeY - 3), 9, 7, look.shadow, 0.38F, within);
    canvas.glow(look.at(0, look.mouthY + 6.2F), 6, 2.2F, look.shadow, 0.55F, within);
    canvas.glow(look.at(0, look.chinY - 5), 6, 4, look.highlight, strength * 0.7F, within);
}

void Face::ageing() const {
    const auto a = static_cast<std::size_t>(age);
    if (a == 0)
        return;
    constexpr std::array<float, 5> kNasolabial{0, 0.46F, 0.66F, 0.82F, 0.92F};
    const float low = a >= 3 ? 93.5F : a == 2 ? 92.5F : 90.5F;
    folds({{6.6F, 84}, {9.6F, 87.8F}, {11.4F, low}}, 0.8F + 0.22F * age, kNasolabial[a]);
    // Under the eyes.
    folds({{look.eyeX - 5.6F, look.eyeY + 5.0F},
           {look.eyeX - 0.5F, look.eyeY + 7.0F},
           {look.eyeX + 4.6F, look.eyeY + 5.8F}},
          0.8F + 0.2F * age, 0.2F + 0.15F * age);
    if (a >= 2)
        for (float side : {-1.F, 1.F})
            canvas.glow(look.at(side * look.eyeX, look.eyeY + 5.5F), 7.5F, 4.2F, look.shadow, 0.2F * age, within);
    if (a >= 2) {
        // Forehead.
        const float strength = 0.3F + 0.13F * age;
        fold({{-13, 51.2F}, {0, 50}, {13, 51.2F}}, 1.0F + 0.15F * age, strength);
        if (a >= 3)
            fold({{-14, 46.6F}, {-3, 45.2F}, {13, 46.4F}}, 1.0F + 0.15F * age, strength);
        if (a >= 4)
            fold({{-11, 42.2F}, {2, 41.2F}, {11, 42.2F}}, 1.5F, strength);
        // Crow's feet.
        const float x = look.eyeX + 7.4F;
        folds({{x, look.eyeY - 0.6F}, {x + 3.6F, look.eyeY - 2.4F}}, 0.9F, 0.34F + 0.12F * age);
        folds({{x, look.eyeY + 1.6F}, {x + 3.8F, look.eyeY + 3.2F}}, 0.9F, 0.34F + 0.12F * age);
    }
    if (a >= 3) {
        // Beside the chin, and the jowls.
        folds({{11.4F, 97}, {12.4F, 100}, {11.6F, 103}}, 1.0F, 0.2F + 0.11F * age);
        for (float side : {-1.F, 1.F})
            canvas.glow(look.at(side * 18, 97), 7, 8, look.shadow, 0.2F * age, within);
    }
    if (a >= 4) {
        for (float side : {-1.F, 1.F}) {
            canvas.glow(look.at(side * 21, 84), 8, 10, look.shadow, 0.8F, within); // hollow cheeks
            canvas.glow(look.at(side * 24, 54), 6, 10, look.shadow, 0.8F, within); // and temples
        }
        Dice dice(look.portrait.seed, "face/spots");
        const Colour spot = look.dark() ? shade(look.skin, 0.4F) : mix(look.skin, hex(0x8a5a3c), 0.4F);
        for (int i = 0; i < 5; ++i) {
            const Point centre = look.at(dice.between(14, 22) * (i % 2 ? 1.F : -1.F), dice.between(44, 56));
            canvas.fill(ellipse(centre, dice.between(0.8F, 1.5F), dice.between(0.7F, 1.2F)), spot, 0.45F, within);
        }
    }
}

void Face::beard() const {
    if (gender != Gender::Man)
        return;
    Dice dice(look.portrait.seed, "face/beard");
    const int kind =
        dice.below(10); // 0, 1: shaven; 2 to 4: shadow; 5, 6: short beard; 7: full; 8: goatee; 9: moustache
    if (kind <= 1)
        return;
    const float w = look.width, m = look.mouthY;
    const float wide = expression == Expression::Laughing || expression == Expression::Smiling ? 12.5F : 11.F;
    const float low = expression == Expression::Laughing ? 5.5F : expression == Expression::Surprised ? 4.5F : 0;
    Colour colour = look.brow;
    if (look.dark() && luminance(colour) < luminance(look.skin) + 20)
        colour = shade(look.skin, 0.3F);
    // The mouth comes over it.
    const auto whole = [&](float alpha) {
        Points area = curve(look.at({{-w * 1.04F, 72},
                                     {-w * 0.93F, 79},
                                     {-w * 0.78F, 87.5F},
                                     {-wide - 2, m - 3.2F},
                                     {-7, m - 5.4F},
                                     {0, m - 4.6F},
                                     {7, m - 5.4F},
                                     {wide + 2, m - 3.2F},
                                     {w * 0.78F, 87.5F},
                                     {w * 0.93F, 79},
                                     {w * 1.04F, 72}}));
        area.emplace_back(150.F, 125.F);
        area.emplace_back(10.F, 125.F);
        canvas.fill(area, colour, alpha, within);
    };
    if (kind <= 4)
        whole(0.24F);
    else if (kind <= 6)
        whole(0.72F);
    else if (kind == 7)
        whole(0.95F);
    else {
        whole(0.15F);
        canvas.fill(closedCurve(look.at({{-9.5F, m - 2},
                                         {-5, m - 5.4F},
                                         {0, m - 4.6F},
                                         {5, m - 5.4F},
                                         {9.5F, m - 2},
                                         {4.5F, m - 2.8F},
                                         {0, m - 2.9F},
                                         {-4.5F, m - 2.8F}})),
                    colour, 0.9F, within);
        if (kind == 8)
            canvas.fill(closedCurve(look.at({{-7.5F, m + 6 + low},
                                             {0, m + 5.5F + low},
                                             {7.5F, m + 6 + low},
                                             {6, look.chinY + 1},
                                             {0, look.chinY + 3},
                                             {-6, look.chinY + 1}})),
                        colour, 0.9F, within);
    }
}

void Face::nose() const {
    Dice dice(look.portrait.seed, "face/nose");
    const float w = byGender(gender, 4.9F, 5.5F, 6.3F) + dice.between(-0.5F, 0.7F);
    const float y = look.noseY;
    const float out = 6;
    const auto p = [&](float x, float py, float o) { return look.at(x, py, o); };
    // The side away from the viewer's light, then the light on the bridge, the wings and the nostrils.
    const float side = look.yaw != 0 ? (look.yaw > 0 ? -1.F : 1.F) : 1.F;
    canvas.fill(closedCurve({p(side * 1.6F, look.eyeY - 2, 1), p(side * 2.2F, y - 6, 4), p(side * w, y - 1, 3),
                             p(side * 2.F, y + 1.4F, out), p(side * 0.6F, y - 5, out)}),
                look.shadow, look.dark() ? 0.8F : 0.62F, within);
    canvas.glow(p(-side * 0.6F, y - 9, out * 0.6F), 2.2F, 12, look.highlight, 0.8F, within);
    canvas.glow(p(-side * 0.5F, y - 2.2F, out), 3.6F, 3, look.highlight, 0.95F, within);
    const Colour under = look.dark() ? look.line : mix(look.line, look.shadow, 0.25F);
    canvas.stroke(curve({p(-w, y - 0.6F, 2.5F), p(-w * 0.72F, y + 1.5F, 4), p(-1.6F, y + 1.4F, out),
                         p(0, y + 2.3F, out), p(1.6F, y + 1.4F, out), p(w * 0.72F, y + 1.5F, 4), p(w, y - 0.6F, 2.5F)}),
                  1.6F, under, look.dark() ? 0.9F : 0.75F, Taper::Both, within);
    if (look.dark()) // the light along the tip's lower edge
        canvas.stroke(curve({p(-w * 0.9F, y - 1.8F, 3), p(-w * 0.5F, y - 0.6F, 4.5F), p(0, y + 0.3F, out),
                             p(w * 0.5F, y - 0.6F, 4.5F), p(w * 0.9F, y - 1.8F, 3)}),
                      0.9F, look.highlight, 0.7F, Taper::Both, within);
}

void Face::eye(float side) const {
    const Point c(side * look.eyeX, look.eyeY);
    const float open = expression == Expression::Surprised ? 1.42F
                       : expression == Expression::Smiling ? 0.84F
                       : expression == Expression::Serious ? 0.78F
                                                           : 1.F;
    const float droop = age >= 4 ? 1.3F : age >= 3 ? 0.7F : 0;
    constexpr std::array<float, 5> kSizes{1.12F, 1.02F, 0.95F, 0.88F, 0.82F}; // lids take their share with the years
    const float size = kSizes[static_cast<std::size_t>(look.portrait.age)];
    const float half = byGender(gender, 6.9F, 6.7F, 6.4F) * std::sqrt(size);
    const float high = byGender(gender, 4.2F, 3.9F, 3.5F) * open * size, low = 2.7F * (open > 1 ? 1.2F : open) * size;
    const auto p = [&](float x, float y) { return look.at(c.x + side * x, c.y + y); }; // x grows outwards
    const Colour lid = look.dark() ? hex(0x0d0908) : mix(look.line, hex(0x2a1a16), 0.7F);
    const float thick = byGender(gender, 2.0F, 1.5F, 1.2F);
    if (expression == Expression::Laughing) {
        // Eyes that laugh are arcs; on dark skin with the lid's light above.
        if (look.dark())
            canvas.stroke(curve({p(-half, -0.6F), p(0, -4.6F), p(half, -0.6F)}), 1.6F, look.highlight, 0.8F,
                          Taper::Both);
        canvas.stroke(
            curve({p(-half, 1.6F), p(-half * 0.5F, -1.4F), p(0, -2.3F), p(half * 0.55F, -1.4F), p(half, 1.6F)}),
            thick + 0.5F, lid, 1, Taper::Both);
        if (gender == Gender::Woman)
            canvas.stroke({p(half - 0.6F, 1.F), p(half + 2.4F, -0.8F)}, 1.5F, lid, 1, Taper::End);
        return;
    }
    const Points upper = curve({p(-half, 1.0F), p(-half * 0.55F, -high * 0.72F), p(0.2F, -high),
                                p(half * 0.6F, -high * 0.62F), p(half, droop * 0.8F - 0.2F)});
    const Points lower =
        curve({p(half, droop * 0.8F - 0.2F), p(half * 0.45F, low * 0.8F), p(-half * 0.3F, low), p(-half, 1.0F)});
    const Points shape = joined(upper, lower);
    canvas.fill(shape, look.dark() ? hex(0xf1ebe4) : hex(0xfbf8f4));
    const Stencil inside = canvas.stencil(shape);
    constexpr std::array<std::uint32_t, 9> kIrises{0x3a2317, 0x4a2d1b, 0x2b1a12, 0x5b3a20, 0x6b4a26,
                                                   0x432818, 0x6a5a30, 0x586a52, 0x55697a};
    const Colour iris = hex(Dice(look.portrait.seed, "face/iris").oneOf(kIrises));
    const Point centre = p(0, -0.5F) + Point(look.yaw * 1.1F, 0);
    canvas.fill(ellipse(centre, 3.5F, 3.7F), shade(iris, 0.7F), 1, inside);
    canvas.fill(ellipse(centre, 2.8F, 3.0F), iris, 1, inside);
    canvas.fill(ellipse(centre, 1.6F, 1.7F), hex(0x0c0807), 1, inside);
    canvas.fill(ellipse(centre + Point(-1.1F, -1.2F), 0.95F, 0.95F), kWhite, 0.95F, inside);
    // The upper lid's shadow, its line, the crease above.
    canvas.stroke(upper, thick * 2.2F, hex(0x20140f), 0.22F, Taper::None, inside);
    canvas.stroke(upper, thick, lid, 1, Taper::Both);
    if (gender == Gender::Woman) { // the lash line runs out
        canvas.stroke(curve({p(half - 2.2F, -high * 0.45F), p(half + 0.4F, -1.0F), p(half + 2.2F, -2.2F)}), 1.7F, lid,
                      1, Taper::End);
    }
    canvas.stroke(lower, 0.7F, look.dark() ? look.highlight : look.line, 0.5F, Taper::Both);
    const float crease = high + 1.9F - (age >= 3 ? 0.6F : 0);
    canvas.stroke(
        curve({p(-half * 0.8F, -high * 0.5F - 1), p(0, -crease), p(half * 0.95F, -high * 0.4F - 0.8F + droop)}),
        0.9F + 0.25F * (age >= 3 ? age - 2 : 0), look.dark() ? look.highlight : look.line, 0.5F, Taper::Both);
}

void Face::brow(float side) const {
    float lift = 0, inner = 0;
    switch (expression) {
    case Expression::Surprised:
        lift = 5;
        break;
    case Expression::Serious:
        lift = -1.2F;
        inner = 1.F;
        break;
    case Expression::Laughing:
        lift = 1.6F;
        break;
    case Expression::Smiling:
        lift = 0.5F;
        break;
    case Expression::Neutral:
        break;
    }
    const float arch = byGender(gender, 1.9F, 1.3F, 0.6F);
    const float thick = byGender(gender, 2.2F, 3.1F, 4.3F) * (age >= 4 ? 0.9F : 1);
    const float y = look.browY - lift;
    const auto p = [&](float x, float py) { return look.at(side * (look.eyeX + x), py); };
    canvas.stroke(curve({p(-7.2F, y + 0.7F + inner), p(-2.F, y - arch * 0.55F + inner * 0.4F), p(3.2F, y - arch),
                         p(8.2F, y + 1.5F)}),
                  thick, look.brow, 0.96F, Taper::End, within);
    if (expression == Expression::Serious)
        fold({{side * 2.F, look.browY + 0.5F}, {side * 2.4F, look.browY + 4.6F}}, 1.0F, 0.4F);
}

void Face::mouth() const {
    const float m = look.mouthY;
    const float fullness = byGender(gender, 1.28F, 1.F, 0.74F) * (1.06F - 0.1F * age);
    const float half =
        (byGender(gender, 9.2F, 9.5F, 10.2F)) + Dice(look.portrait.seed, "face/mouth").between(-0.5F, 0.5F);
    const Colour rosy = look.portrait.tone >= 9   ? hex(0x8a4c4c)
                        : look.portrait.tone >= 6 ? hex(0x9a4a45)
                                                  : hex(0xbb5f58);
    const Colour soft = look.portrait.tone >= 9   ? hex(0x6e4a42)
                        : look.portrait.tone >= 6 ? shade(look.skin, 0.72F)
                                                  : hex(0xbf8573);
    const Colour lip = gender == Gender::Woman ? mix(look.skin, rosy, 0.78F)
                                               : mix(look.skin, soft, gender == Gender::Man ? 0.6F : 0.75F);
    const Colour upperLip = shade(lip, look.dark() ? 0.82F : 0.88F);
    const Colour seam = look.dark() ? hex(0x120a09) : mix(look.line, hex(0x4a1f1a), 0.5F);
    const auto p = [&](float x, float y) { return look.at(x, y, 2); };

    if (expression == Expression::Laughing || expression == Expression::Surprised) {
        const bool laughs = expression == Expression::Laughing;
        const float w = laughs ? half + 2.2F : 4.6F, up = 1, down = laughs ? 7.4F : 6.6F, corner = -2.6F;
        const auto opening = [&](float grow, float growDown) {
            if (laughs)
                return closedCurve({p(-w - grow * 0.6F, m + corner), p(-w * 0.5F, m - up * 0.4F - grow),
                                    p(0, m - 0.2F - grow), p(w * 0.5F, m - up * 0.4F - grow),
                                    p(w + grow * 0.6F, m + corner),
                                    p(w * 0.62F + grow * 0.5F, m + down * 0.72F + growDown), p(0, m + down + growDown),
                                    p(-w * 0.62F - grow * 0.5F, m + down * 0.72F + growDown)});
            return ellipse(p(0, m + 2), w + grow * 0.8F, 5.2F + grow * 0.5F + growDown * 0.5F);
        };
        canvas.fill(opening(1.5F * fullness, 1.9F * fullness), lip, 1, within);
        const Points hole = opening(0, 0);
        canvas.fill(hole, hex(0x4a1a1c), 1, within);
        const Stencil inside = canvas.stencil(hole);
        if (laughs) {
            canvas.fill(closedCurve({p(-w, m - 4), p(w, m - 4), p(w * 0.86F, m + 1.6F), p(0, m + 3.2F),
                                     p(-w * 0.86F, m + 1.6F)}),
                        hex(0xf7f3ec), 1, inside);
            canvas.fill(ellipse(p(0, m + down), w * 0.5F, 3.2F), hex(0xb85a58), 1, inside);
        } else {
            canvas.fill(ellipse(p(0, m + down), w * 0.7F, 3), hex(0x8f3f40), 1, inside);
        }
        return;
    }
    const bool smiles = expression == Expression::Smiling;
    const bool serious = expression == Expression::Serious;
    const float w = smiles ? half + 2 : serious ? half - 0.6F : half;
    const float corner = smiles ? -3.F : serious ? 1.1F : -0.9F, middle = smiles ? 1.3F : serious ? -0.2F : 0.4F;
    const float upH = 2.5F * fullness * (serious ? 0.8F : 1), downH = 3.4F * fullness * (serious ? 0.85F : 1);
    const Points line = curve({p(-w, m + corner), p(-w * 0.5F, m + middle * 0.6F), p(0, m + middle),
                               p(w * 0.5F, m + middle * 0.6F), p(w, m + corner)});
    canvas.fill(joined(line, curve({p(w, m + corner), p(w * 0.55F, m - upH * 0.7F), p(1.8F, m - upH + middle * 0.4F),
                                    p(0, m - upH * 0.75F + middle * 0.4F), p(-1.6F, m - upH + middle * 0.4F),
                                    p(-w * 0.5F, m - upH * 0.75F), p(-w, m + corner)})),
                upperLip, 1, within);
    canvas.fill(joined(line, curve({p(w, m + corner), p(w * 0.5F, m + downH * 0.85F + middle), p(0, m + downH + middle),
                                    p(-w * 0.5F, m + downH * 0.85F + middle), p(-w, m + corner)})),
                lip, 1, within);
    canvas.glow(p(0, m + middle + downH * 0.55F), w * 0.5F, downH * 0.5F, tint(lip, 0.4F),
                gender == Gender::Woman ? 0.6F : 0.35F, within);
    if (smiles)
        canvas.fill(joined(curve({p(-w * 0.72F, m - 0.9F), p(0, m + middle - 0.5F), p(w * 0.72F, m - 0.9F)}),
                           curve({p(w * 0.72F, m - 0.9F), p(0, m + middle + 2.4F), p(-w * 0.72F, m - 0.9F)})),
                    hex(0xf7f3ec), 1, within);
    canvas.stroke(line, smiles ? 0.9F : 1.4F, seam, smiles ? 0.5F : 0.9F, Taper::Both, within);
    if (smiles)
        folds({{w + 1.2F, m - 4.6F}, {w + 2.4F, m - 2.6F}, {w + 1.6F, m - 0.8F}}, 1.0F, 0.45F);
}

} // namespace

void paintHead(Canvas& canvas, const Look& look) {
    const float yaw = look.yaw, width = look.width;
    // The far ear goes behind the cheek; the near one moves towards the viewer with the side of the head.
    const auto far = [&](float side) { return side * yaw > 0; };
    for (float side : {-1.F, 1.F})
        if (earsFree(look) && (yaw == 0 || far(side)))
            paintEar(canvas, look, {Look::kMiddle + side * (width + 1) * (1 - 0.1F * std::abs(yaw)), 71}, side);
    canvas.fill(look.skull(0), mix(look.skin, look.shadow, 0.25F));
    const Points outline = look.faceOutline();
    canvas.fill(outline, look.skin);
    Face face{canvas, look, canvas.stencil(outline)};
    face.form();
    face.ageing();
    face.beard();
    face.nose();
    for (float side : {-1.F, 1.F}) {
        face.eye(side);
        face.brow(side);
    }
    face.mouth();
}

void paintNearEar(Canvas& canvas, const Look& look) {
    if (look.yaw != 0 && earsFree(look))
        paintEar(canvas, look, look.at(-std::copysign(look.width + 1, look.yaw), 71), -std::copysign(1.F, look.yaw));
}

} // namespace plumbline::sample
