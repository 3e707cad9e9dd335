// SPDX-License-Identifier: GPL-3.0-or-later
// Lighting, on the finished picture: gains a pixel, from where it is and how much of it is the person.
#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

using Lighting = Portrait::Lighting;

struct Gain {
    float r = 1, g = 1, b = 1;
};

float smooth(float t) {
    t = std::clamp(t, 0.F, 1.F);
    return t * t * (3 - 2 * t);
}

std::uint8_t lit(std::uint8_t value, float gain, float add) {
    const float result = static_cast<float>(value) * gain + add;
    // What is too bright rolls off instead of clipping, so that light skin keeps its form.
    const float soft = result > 225 ? 225 + 30 * (1 - std::exp(-(result - 225) / 30)) : result;
    return static_cast<std::uint8_t>(std::clamp(soft + 0.5F, 0.F, 255.F));
}

void everywhere(cv::Mat3b& picture, Gain gain, float add) {
    std::array<std::array<std::uint8_t, 256>, 3> table;
    for (int v = 0; v < 256; ++v) {
        const auto value = static_cast<std::uint8_t>(v);
        table[0][v] = lit(value, gain.r, add);
        table[1][v] = lit(value, gain.g, add);
        table[2][v] = lit(value, gain.b, add);
    }
    for (cv::Vec3b& p : picture)
        p = {table[0][p[0]], table[1][p[1]], table[2][p[2]]};
}

/// `side` -1: from the viewer's left.
void fromSide(cv::Mat3b& picture, const cv::Mat1b& person, float side) {
    const float scale = kExtent / static_cast<float>(picture.cols);
    for (int y = 0; y < picture.rows; ++y) {
        const float py = static_cast<float>(y) * scale;
        // Light falls from a little above: the edge of the shade leans.
        const float edge = Look::kMiddle - side * (py - 70) * 0.12F;
        for (int x = 0; x < picture.cols; ++x) {
            const float away = -side * (static_cast<float>(x) * scale - edge);
            const float onPerson = 1.15F - 0.60F * smooth((away + 20) / 46);
            const float behind = 1.06F - 0.22F * smooth((away + 80) / 160);
            const float share = static_cast<float>(person(y, x)) / 255;
            const float gain = behind + (onPerson - behind) * share;
            cv::Vec3b& p = picture(y, x);
            const float warm = gain > 1 ? 1.01F : 0.985F;
            p = {lit(p[0], gain * warm, 0), lit(p[1], gain, 0), lit(p[2], gain / warm, 0)};
        }
    }
}

void fromBehind(cv::Mat3b& picture, const cv::Mat1b& person) {
    // The person's edge: where a blurred silhouette falls off.
    cv::Mat1b soft;
    const double sigma = picture.cols / 60.0;
    cv::GaussianBlur(person, soft, {}, sigma);
    const float scale = kExtent / static_cast<float>(picture.cols);
    for (int y = 0; y < picture.rows; ++y)
        for (int x = 0; x < picture.cols; ++x) {
            const float share = static_cast<float>(person(y, x)) / 255;
            const float rim = share * smooth((0.93F - static_cast<float>(soft(y, x)) / 255) / 0.35F);
            const float dx = (static_cast<float>(x) * scale - 80) / 95, dy = (static_cast<float>(y) * scale - 58) / 95;
            const float halo = smooth(1 - std::sqrt(dx * dx + dy * dy));
            const float gain = 1.05F * (1 - share) + 0.66F * share;
            const float add = (1 - share) * 95 * halo + rim * 120;
            cv::Vec3b& p = picture(y, x);
            p = {lit(p[0], gain, add), lit(p[1], gain, add * 0.95F), lit(p[2], gain, add * 0.80F)};
        }
}

} // namespace

void light(cv::Mat3b& picture, const cv::Mat1b& person, const Look& look) {
    switch (look.portrait.lighting) {
    case Lighting::Even:
        break;
    case Lighting::Bright:
        everywhere(picture, {1.16F, 1.16F, 1.16F}, 8);
        break;
    case Lighting::Dim:
        everywhere(picture, {0.66F, 0.67F, 0.71F}, 0);
        break;
    case Lighting::Warm:
        everywhere(picture, {1.06F, 0.95F, 0.72F}, 0);
        break;
    case Lighting::Cool:
        everywhere(picture, {0.82F, 0.95F, 1.14F}, 2);
        break;
    case Lighting::FromLeft:
        fromSide(picture, person, -1);
        break;
    case Lighting::FromRight:
        fromSide(picture, person, 1);
        break;
    case Lighting::FromBehind:
        fromBehind(picture, person);
        break;
    }
}

} // namespace plumbline::sample
