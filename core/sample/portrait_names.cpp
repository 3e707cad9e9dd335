// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "core/base/random.h"
#include "core/sample/portrait.h"

namespace plumbline::sample {

namespace {

using std::string_view;

constexpr std::array<string_view, 3> kGenders{"woman", "man", "androgynous"};
constexpr std::array<string_view, 5> kAges{"18-29", "30-44", "45-59", "60-74", "75+"};
constexpr std::array<string_view, 5> kExpressions{"neutral", "smiling", "laughing", "serious", "surprised"};
constexpr std::array<string_view, 5> kPoses{"left", "half left", "front", "half right", "right"};
constexpr std::array<string_view, 8> kLightings{"even", "bright",    "dim",        "warm",
                                                "cool", "from left", "from right", "from behind"};
constexpr std::array<string_view, 11> kHairs{"bald", "buzz cut",  "short hair", "parted hair", "curly hair", "afro",
                                             "bob",  "long hair", "bun",        "braids",      "locs"};
constexpr std::array<string_view, 6> kHairColours{"black", "brown", "auburn", "blond", "grey", "dyed"};
constexpr std::array<string_view, 6> kCoverings{"none", "cap", "beanie", "headscarf", "turban", "hat"};
constexpr std::array<string_view, 4> kGlasses{"none", "round glasses", "square glasses", "dark glasses"};

constexpr std::array<Occupation, 18> kOccupations{{
    {"baker", "a white baker's jacket", "a rolling pin", "a bakery"},
    {"beekeeper", "a cream bee suit", "a honeycomb frame", "a meadow with beehives"},
    {"builder", "a high-visibility vest", "a shovel", "a building site"},
    {"carpenter", "a leather apron", "a hand saw", "a workshop"},
    {"chemist", "a white lab coat", "a glass flask", "a laboratory"},
    {"doctor", "green scrubs", "a stethoscope", "a clinic"},
    {"farmer", "denim dungarees", "a pitchfork", "a field with a barn"},
    {"firefighter", "a dark jacket with reflective stripes", "a fire hose", "a fire station"},
    {"fisher", "a yellow oilskin", "a fishing net", "a harbour"},
    {"gardener", "a green apron", "a watering can", "a garden"},
    {"judge", "a black robe", "a gavel", "a courtroom"},
    {"librarian", "a wool cardigan", "a stack of books", "a library"},
    {"mechanic", "blue overalls", "a wrench", "a garage"},
    {"musician", "a dark waistcoat", "a violin", "a concert stage"},
    {"painter", "a smock with paint stains", "a palette", "an art studio"},
    {"photographer", "a vest with pockets", "a camera", "a photo studio"},
    {"pilot", "a navy uniform", "a headset", "an airfield"},
    {"teacher", "a tweed jacket", "a globe", "a classroom"},
}};

} // namespace

std::span<const string_view> genderNames() {
    return kGenders;
}
std::span<const string_view> ageNames() {
    return kAges;
}
std::span<const string_view> expressionNames() {
    return kExpressions;
}
std::span<const string_view> poseNames() {
    return kPoses;
}
std::span<const string_view> lightingNames() {
    return kLightings;
}
std::span<const string_view> hairNames() {
    return kHairs;
}
std::span<const string_view> hairColourNames() {
    return kHairColours;
}
std::span<const string_view> coveringNames() {
    return kCoverings;
}
std::span<const string_view> glassesNames() {
    return kGlasses;
}
std::span<const Occupation> occupations() {
    return kOccupations;
}

string_view toneBand(int tone) {
    return tone <= 4 ? "light" : tone <= 7 ? "medium" : "dark";
}

Portrait randomPortrait(std::uint64_t seed, std::uint64_t index) {
    RandomStream stream(seed, streamId("sample/portrait"), index);
    const auto drawn = [&](std::size_t kinds) { return static_cast<int>(stream.below(kinds)); };
    Portrait p;
    p.gender = static_cast<Portrait::Gender>(drawn(kGenders.size()));
    p.tone = 1 + static_cast<int>(stream.below(Portrait::kTones));
    p.age = static_cast<Portrait::Age>(drawn(kAges.size()));
    p.expression = static_cast<Portrait::Expression>(drawn(kExpressions.size()));
    p.pose = static_cast<Portrait::Pose>(drawn(kPoses.size()));
    p.lighting = static_cast<Portrait::Lighting>(drawn(kLightings.size()));
    p.hair = static_cast<Portrait::Hair>(drawn(kHairs.size()));
    p.hairColour = static_cast<Portrait::HairColour>(drawn(kHairColours.size()));
    // Half of the people wear neither: hair and eyes shall be seen.
    const int covering = drawn(kCoverings.size() - 1), glasses = drawn(kGlasses.size() - 1);
    p.covering = stream.below(2) == 0 ? Portrait::Covering::None : static_cast<Portrait::Covering>(1 + covering);
    p.glasses = stream.below(2) == 0 ? Portrait::Glasses::None : static_cast<Portrait::Glasses>(1 + glasses);
    p.seed = stream.next64();
    return p;
}

} // namespace plumbline::sample
