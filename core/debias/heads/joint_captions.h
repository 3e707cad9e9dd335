// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/labels.h"

namespace plumbline::debias {

enum class JointAttribute { Gender, Age, Race, All };

/// The labels of the images as their file has them ("Male", "30-39" or "34", "Latino_Hispanic"), one a row; a column
/// that there is none of is empty, and an empty text is no label.
struct JointColumns {
    std::span<const std::string> race, age, gender;
};

/// The captions of images: see JointInput.
struct JointCaptions {
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    std::vector<std::string> sentences;            ///< distinct
    std::vector<std::uint32_t> factual;            ///< of each image, or kNone where a label that it takes is missing
    std::vector<std::vector<std::uint32_t>> lists; ///< counterfactual captions, each entry equally likely
    std::vector<std::uint32_t> listOf;             ///< of each image; 0 where it has none
};

/// young (to 29), middle-aged (to 59) or old, from a band ("30-39", "more than 70"), a number of years or the word
/// itself; empty where none of them is said.
std::string_view ageGroup(std::string_view age);

/// The sentences of METHODS B1, whose grammar stays as it is published. The image's labels of the attribute are
/// exchanged in its counterfactual captions, for any other group that occurs (any other of the three ages); with All,
/// age, race and gender at once. Other labels that are missing are left out of the sentence.
/// `published`: as the published code has it, race numbers are drawn from all but the last race (byte order, East Asian
/// last), the next one (round those) standing in for the image's own; and with All only the factual sentence, which has
/// the age as the file does, says "celebrity". Errors: AttributeEmpty, AttributeSingleGroup, InvalidArgument (columns
/// of different lengths).
Result<JointCaptions> jointCaptions(JointAttribute attribute, const JointColumns& columns, bool published);

/// Any other attribute: "This is the photo of a {group} person." Errors: AttributeEmpty, AttributeSingleGroup.
Result<JointCaptions> jointCaptions(const Attribute& attribute);
std::string jointCaption(std::string_view group);

/// Of each group those that stand in for it, equally likely entry by entry: all others; with `publishedRaces` as above.
std::vector<std::vector<std::size_t>> otherGroups(std::span<const std::string> groups, bool publishedRaces);

} // namespace plumbline::debias
