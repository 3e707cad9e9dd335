// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

using Hair = Portrait::Hair;
using Covering = Portrait::Covering;

bool hidden(const Look& look) { // nothing of the hair shows
    const Covering c = look.portrait.covering;
    return look.portrait.hair == Hair::Bald || c == Covering::Headscarf || c == Covering::Turban;
}

/// Under a covering only what hangs below its edge shows.
Stencil visible(const Canvas& canvas, const Look& look) {
    if (look.portrait.covering == Covering::None)
        return {};
    const float x = look.back(), w = look.head();
    const auto side = [&](float sign) {
        return curve({{x + sign * (w + 1), 48},
                      {x + sign * (w + 7), 51},
                      {x + sign * (w + 12), 60},
                      {x + sign * (w + 15), 75},
                      {x + sign * (w + 26), 165}});
    };
    Points left = side(-1);
    std::reverse(left.begin(), left.end());
    return canvas.stencil(joined(std::move(left), side(1)));
}

Colour light(const Look& look) {
    return mix(look.hair, hex(0xfff0dc), luminance(look.hair) < 60 ? 0.16F : 0.24F);
}
Colour deep(const Look& look) {
    return shade(look.hair, 0.72F);
}

struct Hairline {
    float top = 38;    ///< where hair begins above the forehead's middle
    float temple = 21; ///< half width of the forehead that is free
    float side = 70;   ///< how far down before the ears
    float part = 0;    ///< where the parting is, -1 to 1
};

/// Hair around the face: from the head's outline, grown by `top` and `sides`, to the hairline.
Points cap(const Look& look, float top, float sides, float outerSide, const Hairline& line) {
    const float x = look.back(), rx = look.head() + 1 + sides;
    // A turned head shows the hair behind its near ear.
    const float lower = outerSide < 75 ? 17.F : 0.F;
    const float left = outerSide + lower * std::max(0.F, look.yaw),
                right = outerSide + lower * std::max(0.F, -look.yaw);
    Points outer = curve({{x - rx + (left > 75 ? 4.F : 0.5F), left},
                          {x - rx, 58},
                          {x - rx * 0.86F, 39 - top * 0.4F},
                          {x - rx * 0.48F, 27.5F - top},
                          {x, 24 - top},
                          {x + rx * 0.48F, 27.5F - top},
                          {x + rx * 0.86F, 39 - top * 0.4F},
                          {x + rx, 58},
                          {x + rx - (right > 75 ? 4.F : 0.5F), right}}); // Behind the near ear it ends in a nape.
    if (look.yaw > 0)
        outer.insert(outer.begin(), {look.at(-look.width - 1, 0).x + 1.5F, left - 1.5F});
    else if (look.yaw < 0)
        outer.emplace_back(look.at(look.width + 1, 0).x - 1.5F, right - 1.5F);
    const float edge = look.width - 0.6F, t = line.temple;
    Points inner = curve(look.at({{edge, line.side},
                                  {edge - 3.0F, line.side - 4},
                                  {t + 2.F, 55},
                                  {t, 47},
                                  {t * 0.62F, line.top + 2.6F},
                                  {t * 0.5F * line.part, line.top},
                                  {-t * 0.62F, line.top + 2.6F},
                                  {-t, 47},
                                  {-t - 2.F, 55},
                                  {-edge + 3.0F, line.side - 4},
                                  {-edge, line.side}}));
    // On the far side the hairline meets the outline.
    for (Point& p : inner)
        p.x = std::clamp(p.x, x - rx + 1.2F, x + rx - 1.2F);
    return joined(outer, inner);
}

void strands(Canvas& canvas, const Look& look, const Points& from, const Points& to, float width,
             const Stencil& within) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        const Point a = from[i], b = to[i],
                    middle = (a + b) / 2 + Point((b.y - a.y) * 0.12F, -std::abs(b.x - a.x) * 0.12F);
        canvas.stroke(curve({a, middle, b}), width, i % 2 ? light(look) : deep(look), 0.5F, Taper::Both, within);
    }
}

/// A cloud of curls along a path.
void curls(Canvas& canvas, const Look& look, Dice& dice, const Points& centres, float radius, const Stencil& within) {
    for (const Point& c : centres)
        canvas.fill(ellipse(c + Point(dice.between(-1, 1), dice.between(-1, 1)), radius * dice.between(0.85F, 1.15F),
                            radius * dice.between(0.85F, 1.1F)),
                    look.hair, 1, within);
    for (const Point& c : centres) {
        const Point o = c + Point(dice.between(-1.5F, 1.5F), dice.between(-1.5F, 1.5F));
        canvas.stroke(arc(o, radius * 0.55F, radius * 0.5F, 190, 380), 1.2F, light(look), 0.55F, Taper::Both, within);
        canvas.stroke(arc(o + Point(1, 2), radius * 0.6F, radius * 0.5F, 20, 170), 1.2F, deep(look), 0.5F, Taper::Both,
                      within);
    }
}

Points along(Point centre, float rx, float ry, float from, float to, int count) {
    Points result;
    for (int i = 0; i < count; ++i) {
        const float a =
            (from + (to - from) * static_cast<float>(i) / static_cast<float>(count - 1)) * 3.14159265F / 180;
        result.emplace_back(centre.x + rx * std::cos(a), centre.y + ry * std::sin(a));
    }
    return result;
}

void lock(Canvas& canvas, const Look& look, const Points& path, float width, const Stencil& within) {
    const Points smooth = curve(path);
    canvas.stroke(smooth, width, deep(look), 1, Taper::None, within);
    Points shifted = smooth;
    for (Point& p : shifted)
        p.x -= width * 0.1F;
    canvas.stroke(shifted, width * 0.74F, look.hair, 1, Taper::None, within);
    for (std::size_t i = 3; i < smooth.size(); i += 4)
        canvas.stroke({smooth[i] + Point(-width * 0.3F, 0), smooth[i] + Point(width * 0.25F, 1.2F)}, 0.8F, light(look),
                      0.5F, Taper::Both, within);
}

void braid(Canvas& canvas, const Look& look, const Points& path, float width, const Stencil& within) {
    const Points smooth = curve(path);
    canvas.stroke(smooth, width * 0.8F, deep(look), 1, Taper::None, within);
    for (std::size_t i = 0; i + 1 < smooth.size(); ++i) {
        const float side = i % 2 ? 1.F : -1.F;
        const float w = width * (1 - 0.2F * static_cast<float>(i) / static_cast<float>(smooth.size()));
        const Point c = smooth[i] + Point(side * w * 0.22F, 0);
        canvas.fill(ellipse(c, w * 0.34F, w * 0.5F, side * 38), deep(look), 1, within);
        canvas.fill(ellipse(c + Point(side * 0.3F, -0.5F), w * 0.28F, w * 0.44F, side * 38), look.hair, 1, within);
        canvas.stroke({c + Point(side * w * 0.2F, -w * 0.24F), c + Point(-side * w * 0.05F, w * 0.16F)}, 0.9F,
                      light(look), 0.5F, Taper::Both, within);
    }
    canvas.fill(ellipse(smooth.back() + Point(0, -2), width * 0.42F, 1.8F), hex(0xc9a24a), 1, within);
    canvas.fill(closedCurve({smooth.back() + Point(-width * 0.3F, -1), smooth.back() + Point(width * 0.3F, -1),
                             smooth.back() + Point(0, 6)}),
                look.hair, 1, within);
}

} // namespace

void paintHairBehind(Canvas& canvas, const Look& look) {
    if (hidden(look))
        return;
    const Stencil within = visible(canvas, look);
    Dice dice(look.portrait.seed, "hair/behind");
    const float x = look.back(), w = look.head();
    switch (look.portrait.hair) {
    case Hair::Curly:
        curls(canvas, look, dice, along({x, 58}, w + 4, 34, 155, 385, 17), 8.F, within);
        break;
    case Hair::Afro: {
        const Point c(x, 55);
        canvas.fill(ellipse(c, w + 15, 43), look.hair, 1, within);
        for (const Point& p : along(c, w + 14, 42, 130, 410, 30))
            canvas.fill(ellipse(p + Point(dice.between(-1, 1), dice.between(-1, 1)), 4, 4), look.hair, 1, within);
        break;
    }
    case Hair::Bob:
        canvas.fill(closedCurve({{x, 20},
                                 {x + w * 0.8F, 30},
                                 {x + w + 6, 58},
                                 {x + w + 7.5F, 88},
                                 {x + w + 3, 103},
                                 {x + 8, 104},
                                 {x - 8, 104},
                                 {x - w - 3, 103},
                                 {x - w - 7.5F, 88},
                                 {x - w - 6, 58},
                                 {x - w * 0.8F, 30}}),
                    deep(look), 1, within);
        break;
    case Hair::Long:
        canvas.fill(closedCurve({{x, 20},
                                 {x + w * 0.8F, 30},
                                 {x + w + 5, 58},
                                 {x + w + 8, 95},
                                 {x + w + 10, 130},
                                 {x + w + 4, 146},
                                 {x + 10, 148},
                                 {x - 10, 148},
                                 {x - w - 4, 146},
                                 {x - w - 10, 130},
                                 {x - w - 8, 95},
                                 {x - w - 5, 58},
                                 {x - w * 0.8F, 30}}),
                    deep(look), 1, within);
        break;
    case Hair::Bun:
        if (look.portrait.covering == Covering::None) {
            const Point c(look.back() - 5 * look.yaw, 17);
            canvas.fill(ellipse(c, 13, 11.5F), look.hair);
            canvas.stroke(arc(c, 8.5F, 7, 200, 330), 1.6F, light(look), 0.6F, Taper::Both);
            canvas.stroke(arc(c + Point(0, 1), 9, 8, 30, 160), 1.8F, deep(look), 0.7F, Taper::Both);
            canvas.stroke(arc(c + Point(1, 1), 4, 3.4F, 160, 400), 1.4F, deep(look), 0.7F, Taper::Both);
        }
        break;
    case Hair::Locs:
        for (int i = 0; i < 12; ++i) {
            const float t = static_cast<float>(i) / 11 * 2 - 1;
            const float bottom = 122 + dice.between(-5, 8);
            lock(canvas, look,
                 {{x + t * (w - 2), 40}, {x + t * (w + 6), 75}, {x + t * (w + 9) + dice.between(-1, 1), bottom}}, 7.F,
                 within);
        }
        break;
    default:
        break;
    }
}

void paintHairOverShoulders(Canvas& canvas, const Look& look) {
    if (hidden(look))
        return;
    const Stencil within = visible(canvas, look);
    Dice dice(look.portrait.seed, "hair/shoulders");
    const float x = look.back(), w = look.head();
    for (float side : {-1.F, 1.F})
        switch (look.portrait.hair) {
        case Hair::Long: {
            const Points fall = closedCurve({{x + side * (w - 3), 70},
                                             {x + side * (w + 6), 76},
                                             {x + side * (w + 9.5F), 110},
                                             {x + side * (w + 8), 138},
                                             {x + side * (w - 2), 149},
                                             {x + side * (w - 9), 138},
                                             {x + side * (w - 7), 112},
                                             {x + side * (w - 7), 92}});
            canvas.fill(fall, look.hair, 1, within);
            canvas.stroke(curve({{x + side * (w + 1), 84}, {x + side * (w + 3.5F), 112}, {x + side * w, 140}}), 2.2F,
                          light(look), 0.55F, Taper::Both, within);
            canvas.stroke(curve({{x + side * (w - 4), 90}, {x + side * (w - 2.5F), 116}, {x + side * (w - 5), 138}}),
                          1.8F, deep(look), 0.6F, Taper::Both, within);
            break;
        }
        case Hair::Braids:
            braid(canvas, look,
                  {{x + side * (w - 1), 76},
                   {x + side * (w + 4), 92},
                   {x + side * (w + 1), 116},
                   {x + side * (w - 3), 143}},
                  11, within);
            break;
        case Hair::Locs:
            for (int i = 0; i < 3; ++i) {
                const float o = static_cast<float>(i) * 4.6F;
                lock(canvas, look,
                     {{x + side * (w - 3 + o * 0.6F), 66},
                      {x + side * (w + o), 94},
                      {x + side * (w - 3 + o) + dice.between(-1, 1), 126 + dice.between(-4, 10)}},
                     6.4F, within);
            }
            break;
        default:
            break;
        }
}

void paintHairInFront(Canvas& canvas, const Look& look) {
    if (hidden(look))
        return;
    const Stencil within = visible(canvas, look);
    Dice dice(look.portrait.seed, "hair/front");
    const float x = look.back(), w = look.head(); // Points of the hairline, which stays inside the outline.
    const auto head = [&](float dx, float y) {
        const Point p = look.at(dx, y);
        return Point(std::clamp(p.x, x - w + 0.5F, x + w - 0.5F), y);
    };
    switch (look.portrait.hair) {
    case Hair::Bald:
        break;
    case Hair::Buzz:
        canvas.fill(cap(look, 0.6F, 0.4F, 61, {.top = 38.5F, .temple = 21.5F, .side = 64}),
                    mix(look.hair, look.skin, 0.28F), 0.92F, within);
        break;
    case Hair::Short: {
        const Points shape = cap(look, 6, 1.2F, 62, {.top = 39, .temple = 20.5F, .side = 67, .part = -0.5F});
        canvas.fill(shape, look.hair, 1, within);
        const Stencil inside = within.empty() ? canvas.stencil(shape) : within;
        strands(canvas, look, {head(-14, 41), head(-7, 39), head(0, 38.5F), head(7, 39), head(14, 41)},
                {Point(x - 17, 28), Point(x - 10, 23), Point(x - 1, 20), Point(x + 9, 22), Point(x + 17, 27)}, 2,
                inside);
        break;
    }
    case Hair::Parted: {
        const float side = dice.chance(0.5) ? 1.F : -1.F;
        const Points shape = cap(look, 7.5F, 1.6F, 63, {.top = 37, .temple = 20.5F, .side = 68, .part = side * 1.1F});
        canvas.fill(shape, look.hair, 1, within);
        // The sweep from the parting over the forehead.
        canvas.fill(closedCurve({head(side * 11, 35),
                                 head(side * 2, 41),
                                 head(-side * 10, 46),
                                 head(-side * 22, 54),
                                 head(-side * 27, 50),
                                 {x - side * (w - 2), 36},
                                 {x - side * 8, 22}}),
                    look.hair, 1, within);
        const Stencil inside = within.empty() ? Stencil() : within;
        strands(canvas, look, {head(side * 10, 35.5F), head(side * 9.5F, 33), head(side * 10.5F, 31)},
                {head(-side * 21, 50), Point(x - side * 23, 40), Point(x - side * 14, 26)}, 2.4F, inside);
        canvas.stroke(curve({head(side * 11, 37), {x + side * 12, 29}, {x + side * 8, 20}}), 1.3F, deep(look), 0.9F,
                      Taper::End, within);
        break;
    }
    case Hair::Curly: {
        canvas.fill(cap(look, 5, 3, 65, {.top = 39, .temple = 20, .side = 70}), look.hair, 1, within);
        Points centres = along({look.at(0, 0).x, 50}, 21.5F, 14, 195, 345, 8);
        centres = joined(along({x, 50}, 26, 25, 195, 345, 9), centres);
        curls(canvas, look, dice, centres, 6.6F, within);
        for (float side : {-1.F, 1.F})
            curls(canvas, look, dice, {{x + side * (w + 2.5F), 60}, {x + side * (w + 3), 72}}, 6, within);
        break;
    }
    case Hair::Afro: {
        canvas.fill(cap(look, 10, 8, 72, {.top = 39.5F, .temple = 20.5F, .side = 70}), look.hair, 1, within);
        for (int i = 0; i < 46; ++i) {
            const float a = (188 + 3.6F * static_cast<float>(i)) * 3.14159265F / 180,
                        r = 0.62F + 0.36F * static_cast<float>(i * 7 % 10) / 9 + dice.between(-0.03F, 0.03F);
            const Point p(x + (w + 12) * r * std::cos(a), 55 + 40 * r * std::sin(a));
            canvas.stroke(arc(p, 2.6F, 2.2F, 180, 360), 1.1F, i % 2 ? light(look) : deep(look), 0.45F, Taper::Both,
                          within);
        }
        break;
    }
    case Hair::Bob: {
        const float side = dice.chance(0.5) ? 1.F : -1.F;
        const Points shape = joined(curve({{x - w - 6, 99},
                                           {x - w - 7.2F, 80},
                                           {x - w - 5, 52},
                                           {x - w * 0.72F, 28},
                                           {x, 18.5F},
                                           {x + w * 0.72F, 28},
                                           {x + w + 5, 52},
                                           {x + w + 7.2F, 80},
                                           {x + w + 6, 99}}),
                                    curve({{x + w - 3, 99},
                                           head(w - 1.5F, 82),
                                           head(w - 3, 64),
                                           head(19, 49),
                                           head(side * 8, 38),
                                           head(-19, 49),
                                           head(-w + 3, 64),
                                           head(-w + 1.5F, 82),
                                           {x - w + 3, 99}}));
        canvas.fill(shape, look.hair, 1, within);
        strands(canvas, look, {head(side * 8, 37), head(side * 8, 34), head(side * 8.6F, 31), head(side * 9, 33)},
                {head(-side * 21, 52), {x - side * (w + 1), 50}, {x - side * (w - 6), 34}, {x + side * (w + 1), 52}}, 2,
                within);
        for (float s : {-1.F, 1.F})
            canvas.stroke(curve({{x + s * (w + 2), 60}, {x + s * (w + 3.4F), 78}, {x + s * (w + 1.5F), 96}}), 2,
                          light(look), 0.5F, Taper::Both, within);
        break;
    }
    case Hair::Long:
    case Hair::Locs:
    case Hair::Braids: {
        const bool locs = look.portrait.hair == Hair::Locs;
        const Points shape = cap(look, 4.5F, 3.5F, 84, {.top = 37.5F, .temple = 19.5F, .side = 78});
        canvas.fill(shape, look.hair, 1, within);
        const Stencil inside = within.empty() ? canvas.stencil(shape) : within;
        if (locs) {
            for (int i = 0; i < 9; ++i) {
                const float t = static_cast<float>(i) / 8 * 2 - 1;
                lock(canvas, look, {{x + t * 6, 21}, {x + t * 17, 30}, head(t * 22, 45 + 7 * t * t)}, 5.2F, inside);
            }
            for (float side : {-1.F, 1.F})
                lock(canvas, look, {{x + side * (w - 2), 44}, {x + side * (w + 1), 60}, {x + side * (w + 1.5F), 90}}, 6,
                     within);
        } else {
            // A middle parting.
            canvas.stroke({head(0, 38), {x, 20}}, 1.2F, deep(look), 0.9F, Taper::End, within);
            for (float side : {-1.F, 1.F})
                strands(canvas, look, {head(side * 2, 36), head(side * 2, 32), head(side * 2, 28)},
                        {head(side * 22, 54), {x + side * (w - 1), 50}, {x + side * (w - 6), 36}}, 2, inside);
        }
        break;
    }
    case Hair::Bun: {
        const Points shape = cap(look, 2.5F, 0.8F, 60, {.top = 36.5F, .temple = 21.5F, .side = 61});
        canvas.fill(shape, look.hair, 1, within);
        const Stencil inside = within.empty() ? canvas.stencil(shape) : within;
        strands(canvas, look, {head(-20, 48), head(-12, 40), head(-4, 37), head(4, 37), head(12, 40), head(20, 48)},
                {Point(x - 14, 26), Point(x - 9, 23), Point(x - 3, 22), Point(x + 3, 22), Point(x + 9, 23),
                 Point(x + 14, 26)},
                1.8F, inside);
        break;
    }
    }
}

bool earsFree(const Look& look) {
    const Hair hair = look.portrait.hair;
    const Covering covering = look.portrait.covering;
    return covering != Covering::Headscarf &&
           (covering == Covering::Turban || hair == Hair::Bald || hair == Hair::Buzz || hair == Hair::Short ||
            hair == Hair::Parted || hair == Hair::Bun);
}

} // namespace plumbline::sample
