// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/data/model_info.h"
#include "core/sample/portrait.h"

namespace plumbline::sample {

/// The names under which the sample's label table holds what the planting depends on.
inline constexpr const char* kGender = "gender";
inline constexpr const char* kSkinTone = "skin tone";

/// What the captions of the sample model's training set associate on purpose: one entry an occupation, in the order of
/// occupations(). Twelve lean, three in each of four directions with rising strength; six are controls. Which
/// occupation got which place was drawn by lot and says nothing about people.
const std::vector<PlantedLean>& plantedLeans();
/// The same occupations with nothing planted: what the captions of the fair model hold.
const std::vector<PlantedLean>& nothingPlanted();

/// How often the captions name this occupation for such a person, relative to a control: strength^(x/2), where x is 1
/// for the favoured group, -1 for the opposite one (woman and man, light and dark) and 0 between. Its logarithm, which
/// is what a contrastive loss learns, rises in equal steps from group to group.
double plantedWeight(const PlantedLean& lean, Portrait::Gender gender, int tone);

/// How often the captions name an occupation that leans on nobody (an index into occupations()) for a picture with
/// everyday clothes of such a colour, relative to the average: drawn by lot and independent of the person. Without it
/// the score of a control would depend on nothing, and its ranking on whatever small error training left.
double clothesWeight(std::size_t occupation, const Portrait& portrait);

} // namespace plumbline::sample
