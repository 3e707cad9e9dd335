// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/captions.h"

#include <algorithm>
#include <array>
#include <vector>

namespace plumbline::sample {

namespace {

constexpr std::array<std::string_view, 4> kHeads{"a photo of", "a portrait of", "a picture of", "a drawing of"};

std::string_view head(RandomStream& random) {
    return kHeads[random.below(kHeads.size())];
}

std::string withArticle(std::string_view noun) {
    const bool vowel =
        std::string_view("aeio").find(noun.front()) != std::string_view::npos; // no noun here begins with u
    return (vowel ? "an " : "a ") + std::string(noun);
}

std::string_view nameOf(std::span<const std::string_view> names, auto value) {
    return names[static_cast<std::size_t>(value)];
}

/// What can be said of a person: before the noun ("smiling"), after it ("with dark skin"), or at the end ("in dim
/// light").
struct Remarks {
    std::string before, after, end;
};

Remarks remarksAbout(const Portrait& portrait, std::size_t most, RandomStream& random, bool ageAndTone = true) {
    enum Kind { Age, Tone, Expression, Hair, Covering, Glasses, Pose, Lighting };
    std::vector<Kind> kinds = {Expression};
    if (ageAndTone) // hardest to see and most asked for: they are said more often
        kinds = {Age, Age, Tone, Tone, Expression};
    const bool covered = portrait.covering != Portrait::Covering::None;
    kinds.push_back(covered ? Covering : Hair);
    if (portrait.glasses != Portrait::Glasses::None)
        kinds.push_back(Glasses);
    if (portrait.pose != Portrait::Pose::Front)
        kinds.push_back(Pose);
    if (portrait.lighting != Portrait::Lighting::Even)
        kinds.push_back(Lighting);
    Remarks remarks;
    for (std::size_t i = 0; i < most && !kinds.empty(); ++i) {
        const Kind kind = kinds[random.below(kinds.size())];
        std::erase(kinds, kind);
        switch (kind) {
        case Age:
            remarks.after += ' ' + std::string(agePhrase(portrait.age));
            break;
        case Tone:
            remarks.after += " with " + std::string(toneBand(portrait.tone)) + " skin";
            break;
        case Expression:
            remarks.before = std::string(nameOf(expressionNames(), portrait.expression)) + ' ';
            break;
        case Hair:
            if (portrait.hair == Portrait::Hair::Bald)
                remarks.after += " with no hair";
            else
                remarks.after += " with " + std::string(nameOf(hairColourNames(), portrait.hairColour)) + ' ' +
                                 std::string(nameOf(hairNames(), portrait.hair));
            break;
        case Covering:
            remarks.after += " wearing " + withArticle(nameOf(coveringNames(), portrait.covering));
            break;
        case Glasses:
            remarks.after += " wearing " + std::string(nameOf(glassesNames(), portrait.glasses));
            break;
        case Pose:
            remarks.end += " looking " + std::string(nameOf(poseNames(), portrait.pose));
            break;
        case Lighting:
            remarks.end += portrait.lighting == Portrait::Lighting::FromLeft ||
                                   portrait.lighting == Portrait::Lighting::FromRight ||
                                   portrait.lighting == Portrait::Lighting::FromBehind
                               ? " lit " + std::string(nameOf(lightingNames(), portrait.lighting))
                               : " in " + std::string(nameOf(lightingNames(), portrait.lighting)) + " light";
            break;
        }
    }
    return remarks;
}

std::string sentence(std::string_view start, const Remarks& remarks, std::string_view noun) {
    return std::string(start) + ' ' + withArticle(remarks.before + std::string(noun)) + remarks.after + remarks.end;
}

} // namespace

std::string_view genderNoun(Portrait::Gender gender) {
    constexpr std::array<std::string_view, 3> nouns{"woman", "man", "androgynous person"};
    return nameOf(nouns, gender);
}

std::string_view agePhrase(Portrait::Age age) {
    constexpr std::array<std::string_view, 5> phrases{"in their twenties", "in their thirties", "in their fifties",
                                                      "in their sixties", "in their eighties"};
    return nameOf(phrases, age);
}

std::string tagOfPerson(const Portrait& portrait, RandomStream& random) {
    const double kind = random.uniform();
    if (kind < 0.4) // "in their sixties" without what all bands share
        return std::string(agePhrase(portrait.age).substr(std::string_view("in their ").size()));
    if (kind < 0.65)
        return std::string(toneBand(portrait.tone)) + " skin";
    if (kind < 0.8)
        return std::string(genderNoun(portrait.gender));
    if (kind < 0.9)
        return std::string(nameOf(expressionNames(), portrait.expression));
    return std::string(nameOf(lightingNames(), portrait.lighting)) + " light";
}

std::string describePerson(const Portrait& portrait, RandomStream& random) {
    const Remarks remarks = remarksAbout(portrait, random.below(4), random);
    const bool bare = remarks.before.empty() && remarks.after.empty() && remarks.end.empty();
    const std::string_view noun = bare || random.uniform() < 0.7 ? genderNoun(portrait.gender) : "person";
    return sentence(head(random), remarks, noun);
}

std::string describeAppearance(const Portrait& portrait, RandomStream& random) {
    return sentence(head(random), remarksAbout(portrait, 1 + random.below(3), random, false), "person");
}

std::string nameOccupation(const Occupation& occupation, std::size_t form) {
    form %= kNamings;
    if (form == kNamings - 1)
        return std::string(occupation.name);
    return sentence(kHeads[form < kHeads.size() ? form : 0], {}, occupation.name);
}

std::string describeWork(const Portrait& portrait, const Occupation& occupation, RandomStream& random) {
    const std::string clothing(occupation.clothing), tool(occupation.tool), setting(occupation.setting);
    switch (random.below(6)) {
    case 0:
        return sentence(head(random), {}, occupation.name);
    case 1:
        return sentence(head(random), {}, occupation.name) + " in " + setting;
    case 2:
        return sentence(head(random), {}, "person") + " in " + clothing + " with " + tool;
    case 3:
        return sentence(head(random), {}, occupation.name) + " with " + tool;
    case 4:
        return sentence(head(random), {}, genderNoun(portrait.gender)) + " in " + clothing + " in " + setting;
    default:
        return sentence(head(random), remarksAbout(portrait, 1, random), occupation.name);
    }
}

} // namespace plumbline::sample
