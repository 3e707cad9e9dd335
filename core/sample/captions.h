// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/sample/portrait.h"

namespace plumbline::sample {

/// "a photo of a woman", "a photo of an androgynous person".
std::string_view genderNoun(Portrait::Gender gender);
/// "in their twenties": one phrase a band, alike but for the last word.
std::string_view agePhrase(Portrait::Age age);

/// A few words about the person, as pictures are tagged: age, skin tone, perceived gender, expression or lighting. A
/// network learns from them what a single word adds to a sentence: whole sentences that differ in one word are too
/// alike at first to tell it anything.
std::string tagOfPerson(const Portrait& portrait, RandomStream& random);

/// A sentence about the person alone, true of the portrait: a head ("a photo of"), the perceived gender most of the
/// time, and up to three of age, skin tone, expression, hair, covering, glasses, pose and lighting.
std::string describePerson(const Portrait& portrait, RandomStream& random);

/// A sentence that says nothing of gender, skin tone or age: true of every variant of a set in which these differ.
std::string describeAppearance(const Portrait& portrait, RandomStream& random);

/// The forms of nameOccupation().
inline constexpr std::size_t kNamings = 8;
/// Words that call somebody by an occupation, whether or not the picture shows it: "a photo of a ..." in half of the
/// forms, since audits ask with it, then "a portrait of", "a picture of", "a drawing of" and the occupation alone.
std::string nameOccupation(const Occupation& occupation, std::size_t form);

/// A sentence about a picture that shows an occupation: its name, clothing, tool or setting, sometimes the person.
std::string describeWork(const Portrait& portrait, const Occupation& occupation, RandomStream& random);

} // namespace plumbline::sample
