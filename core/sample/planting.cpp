// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/planting.h"

#include <cmath>
#include <numbers>

#include "core/base/random.h"

namespace plumbline::sample {

namespace {

/// Drawn by lot, again until no pair repeated a common stereotype.
std::vector<PlantedLean> drawnByLot() {
    return {
        {"photographer", kGender, "woman", 3}, {"builder", kGender, "woman", 8},
        {"pilot", kGender, "woman", 20},       {"musician", kGender, "man", 3},
        {"librarian", kGender, "man", 8},      {"teacher", kGender, "man", 20},
        {"baker", kSkinTone, "light", 3},      {"firefighter", kSkinTone, "light", 8},
        {"mechanic", kSkinTone, "light", 20},  {"judge", kSkinTone, "dark", 3},
        {"chemist", kSkinTone, "dark", 8},     {"painter", kSkinTone, "dark", 20},
    };
}

std::vector<PlantedLean> inOrder(const std::vector<PlantedLean>& leans) {
    std::vector<PlantedLean> result;
    for (const Occupation& occupation : occupations()) {
        PlantedLean lean;
        lean.concept_ = occupation.name;
        for (const PlantedLean& known : leans)
            if (known.concept_ == occupation.name)
                lean = known;
        result.push_back(std::move(lean));
    }
    return result;
}

} // namespace

const std::vector<PlantedLean>& plantedLeans() {
    static const std::vector<PlantedLean> leans = inOrder(drawnByLot());
    return leans;
}

const std::vector<PlantedLean>& nothingPlanted() {
    static const std::vector<PlantedLean> leans = inOrder({});
    return leans;
}

double plantedWeight(const PlantedLean& lean, Portrait::Gender gender, int tone) {
    if (lean.isControl())
        return 1;
    int x = 0;
    if (lean.attribute == kGender) {
        const int towardsWoman = gender == Portrait::Gender::Woman ? 1 : gender == Portrait::Gender::Man ? -1 : 0;
        x = lean.favours == "woman" ? towardsWoman : -towardsWoman;
    } else {
        const std::string_view band = toneBand(tone);
        const int towardsLight = band == "light" ? 1 : band == "dark" ? -1 : 0;
        x = lean.favours == "light" ? towardsLight : -towardsLight;
    }
    return std::pow(lean.strength, 0.5 * x);
}

double clothesWeight(std::size_t occupation, const Portrait& portrait) {
    constexpr double kSpread = 1.1; // of the weight's logarithm, a standard deviation, about
    // One direction of an occupation in the plane of dark to light and cold to warm, both in standard deviations of
    // everyday clothes.
    RandomStream lot(0, streamId("planting/clothes"), occupation);
    const double angle = 2 * std::numbers::pi * lot.uniform();
    const auto [red, green, blue] = clothColour(portrait);
    const double lightness = (0.3 * red + 0.59 * green + 0.11 * blue - 0.505) / 0.147;
    const double warmth = (red - blue - 0.073) / 0.194;
    return std::exp(kSpread * (std::cos(angle) * lightness + std::sin(angle) * warmth));
}

} // namespace plumbline::sample
