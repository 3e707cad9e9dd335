// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace plumbline::sample {

/// Everything that a drawn portrait shows. Every member can be set without touching another; what no member names
/// (proportions of the face, colours of the clothes and of the backdrop) follows from `seed` alone. So two portraits
/// that differ in one member are a counterfactual pair: everything else is the same.
struct Portrait {
    enum class Gender { Woman, Man, Androgynous }; ///< as perceived
    enum class Age { From18, From30, From45, From60, From75 };
    // The dimensions of the social-perception study (Hausladen et al. 2025; METHODS A19) beside gender, tone and age:
    enum class Expression { Neutral, Smiling, Laughing, Serious, Surprised };
    enum class Pose { Left, HalfLeft, Front, HalfRight, Right }; ///< where the person looks, seen from the viewer
    enum class Lighting { Even, Bright, Dim, Warm, Cool, FromLeft, FromRight, FromBehind };
    // What varies in every group alike:
    enum class Hair { Bald, Buzz, Short, Parted, Curly, Afro, Bob, Long, Bun, Braids, Locs };
    enum class HairColour { Black, Brown, Auburn, Blond, Grey, Dyed };
    enum class Covering { None, Cap, Beanie, Headscarf, Turban, Hat };
    enum class Glasses { None, Round, Square, Dark };

    static constexpr int kTones = 10;

    Gender gender = Gender::Androgynous;
    int tone = 1; ///< 1 (lightest) to 10 of the Monk Skin Tone scale
    Age age = Age::From30;
    Expression expression = Expression::Neutral;
    Pose pose = Pose::Front;
    Lighting lighting = Lighting::Even;
    Hair hair = Hair::Short;
    HairColour hairColour = HairColour::Brown;
    Covering covering = Covering::None;
    Glasses glasses = Glasses::None;
    int occupation =
        -1; ///< index into occupations(), or -1: everyday clothes before a plain backdrop, no cue of a work
    std::uint64_t seed = 0;
};

/// Names in the order of the enum, as label tables and captions say them.
std::span<const std::string_view> genderNames();     ///< "woman", "man", "androgynous"
std::span<const std::string_view> ageNames();        ///< "18-29", "30-44", "45-59", "60-74", "75+"
std::span<const std::string_view> expressionNames(); ///< "neutral", "smiling", ...
std::span<const std::string_view> poseNames();
std::span<const std::string_view> lightingNames();
std::span<const std::string_view> hairNames();
std::span<const std::string_view> hairColourNames();
std::span<const std::string_view> coveringNames();
std::span<const std::string_view> glassesNames();
/// "light" (tones 1 to 4), "medium" (5 to 7), "dark" (8 to 10): our own three bands of the Monk scale.
std::string_view toneBand(int tone);

/// The main colour of the everyday clothes, which follows from the seed: red, green and blue from 0 to 1.
std::array<double, 3> clothColour(const Portrait& portrait);

/// What tells a person's work in a picture.
struct Occupation {
    std::string_view name;     ///< "carpenter"
    std::string_view clothing; ///< "a leather apron": fits "a person in ..."
    std::string_view tool;     ///< "a hand saw": fits "a person with ..."
    std::string_view setting;  ///< "a workshop": fits "a person in ..."
};
/// The eighteen occupations, in byte order of the name.
std::span<const Occupation> occupations();

/// A person drawn by lot, every value equally likely, but for covering and glasses, of which half the people wear none.
/// Every member is independent of every other (grey hair is as likely at every age, a headscarf
/// as likely for every gender). Without an occupation. The same (seed, index) gives the same person.
Portrait randomPortrait(std::uint64_t seed, std::uint64_t index);

/// Eight-bit RGB, rows from the top, no padding.
struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;
};

/// Paints a portrait at `size` x `size` pixels (at least 48). The same portrait gives the same bytes on the same
/// machine; everything is in proportion to the size. May be called on several threads at once.
/// Errors: InvalidArgument-like ones for a size or tone out of range, OutOfMemory.
Result<Picture> paint(const Portrait& portrait, int size);

/// PNG bytes of a picture (lossless; the same picture gives the same bytes).
Result<std::vector<std::uint8_t>> encodePng(const Picture& picture);

} // namespace plumbline::sample
