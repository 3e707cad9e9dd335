// SPDX-License-Identifier: GPL-3.0-or-later
// What the layers of a portrait share: the measures and colours of one person, and the layers themselves.
#pragma once

#include <cmath>

#include "core/sample/paint_canvas.h"
#include "core/sample/portrait.h"

namespace plumbline::sample {

/// Between a woman's, an androgynous person's and a man's measure.
constexpr float byGender(Portrait::Gender gender, float woman, float androgynous, float man) {
    return gender == Portrait::Gender::Woman ? woman : gender == Portrait::Gender::Man ? man : androgynous;
}

struct Look {
    explicit Look(const Portrait& portrait);

    const Portrait& portrait;
    float yaw;        ///< -1 (looks left) to 1
    float age;        ///< 0 to 4
    Colour skin;      ///< the tone itself
    Colour shadow;    ///< of the skin
    Colour highlight; ///< of the skin
    Colour line;      ///< folds and outlines of features
    Colour hair, brow;
    // Measures in units, of the face seen from the front
    float width;     ///< half, at the cheekbones
    float jaw, chin; ///< half widths
    float chinY;
    float eyeX, eyeY, browY, noseY, mouthY;
    float neck, shoulder; ///< half widths

    /// A point of the face's surface, `x` from its midline, as seen when the head is turned. `out` is how far it
    /// stands out of the face.
    Point at(float x, float y, float out = 0) const;
    Points at(Points points) const;
    /// Where the head's middle is seen, and its back.
    static constexpr float kMiddle = 80;
    float back() const { return kMiddle - 0.3F * yaw; }
    /// Half the head's width with its back: a turned head is deeper than wide.
    float head() const { return width + 2.2F * std::abs(yaw); }
    /// The skin's outlines.
    Points faceOutline() const;
    Points skull(float grow) const;
    bool dark() const { return portrait.tone >= 8; }
};

// Layers, from the back to the front.
void paintBackdrop(Canvas& canvas, const Portrait& portrait);
void paintSetting(Canvas& canvas, const Portrait& portrait);
void paintHairBehind(Canvas& canvas, const Look& look);
void paintCoveringBehind(Canvas& canvas, const Look& look);
void paintBody(Canvas& canvas, const Look& look); ///< neck and clothes
void paintHairOverShoulders(Canvas& canvas, const Look& look);
void paintHead(Canvas& canvas, const Look& look); ///< ears, face, features
bool earsFree(const Look& look);                  ///< of hair and covering
void paintGlasses(Canvas& canvas, const Look& look);
void paintHairInFront(Canvas& canvas, const Look& look);
void paintNearEar(Canvas& canvas, const Look& look); ///< of a turned head, over short hair
void paintCovering(Canvas& canvas, const Look& look);
void paintTool(Canvas& canvas, const Look& look);
/// On the finished picture.
void light(cv::Mat3b& picture, const cv::Mat1b& person, const Look& look);

// Clothes, one function each kind of wearer.
Points torso(const Look& look);
void paintEverydayClothes(Canvas& canvas, const Look& look);
void paintWorkClothes(Canvas& canvas, const Look& look);
/// Skin in the neckline: round of a depth, or pointed.
void paintNeck(Canvas& canvas, const Look& look, float depth, bool pointed);

} // namespace plumbline::sample
