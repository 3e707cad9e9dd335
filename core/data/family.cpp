// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/family.h"

#include <algorithm>
#include <array>

#include "core/data/audit.h"

namespace plumbline {
namespace {

constexpr auto kFamilies = std::to_array<FamilyInfo>({
    {Family::Summary, "summary", "Means over the prompts",
     "Mean MaxSkew, MinSkew, NDKL and score gap, with intervals over images, over prompts and over both.", true},
    {Family::Association, "association", "Association by group",
     "How the scores of each prompt differ between the groups (C-ASC), with rank tests.", true},
    {Family::Texts, "texts", "Texts alone",
     "Whether the words of the prompts lie nearer to one group's word than to another's; needs no images.", false},
    {Family::ZeroShot, "zero-shot", "Zero-shot classification of the groups",
     "How well the model tells the groups themselves apart, and for whom it fails more often.", false},
    {Family::Harm, "harm", "Harmful labels",
     "How often people are sorted into non-human and crime-related classes, by group; with the label set varied.",
     false},
    {Family::Gap, "gap", "Modality gap", "How far images and prompts lie apart, and whether it differs between groups.",
     false},
    {Family::Templates, "templates", "Templates",
     "Whether a concept leans the same way in most templates; needs several templates.", true},
    {Family::Hubs, "hubs", "Hub images", "Images that come up for many prompts, and MaxSkew without them.", true},
    {Family::Decodability, "decodability", "Decodability",
     "How well a linear probe reads the attribute from the embeddings; takes a while.", false},
    {Family::Quality, "quality", "Image quality",
     "The audit again after the groups were matched by image quality, as the model itself scores it.", false},
    {Family::Counterfactuals, "counterfactuals", "Counterfactual sets",
     "Sets of images that differ in one attribute only: how far it moves the scores; needs a column that names the "
     "sets.",
     false},
    {Family::Controls, "controls", "Controlled dimensions",
     "Whether light, pose or smile move the scores more than people's groups do; needs columns for them.", false},
    {Family::Classes, "classes", "Zero-shot classification of a column",
     "Accuracy, parity, AUROC and calibration by group for the classes of a column, and ABLE; needs that column.",
     false},
    {Family::Retrieval, "retrieval", "Image-text retrieval",
     "How often captions find their images and images their captions, by group; needs a list of captions.", false},
    {Family::WordTests, "word-tests", "Association tests",
     "Published word lists (WEAT), with images where the groups fit, and each prompt against the groups' images.",
     false},
    {Family::Scales, "scales", "Social perception",
     "Warmth, competence, agency, beliefs and communion of the groups' images against a blank prompt; markedness.",
     false},
    {Family::ConceptVectors, "concept-vectors", "Concept vectors",
     "Whether linear probes of the concepts point at one group's words; needs no images, but several templates.",
     false},
    {Family::Relevance, "relevance", "Relevance by group",
     "NDCG, recall and precision of the relevant images by group; needs the attribute that says what an image shows.",
     false},
});

} // namespace

std::span<const FamilyInfo> allFamilies() {
    return kFamilies;
}

bool needsInput(Family family) {
    return !hasInput({}, family);
}

bool hasInput(const AuditConfig& config, Family family) {
    const OtherMeasures& others = config.others;
    switch (family) {
    case Family::Counterfactuals:
        return !others.sets.empty();
    case Family::Controls:
        return !others.dimensions.empty();
    case Family::Classes:
        return !others.classes.empty();
    case Family::Retrieval:
        return !others.captions.empty();
    case Family::Relevance:
        return !config.relevance.empty();
    default:
        return true;
    }
}

bool needsScoresOnly(Family family) {
    constexpr std::array kOfScores{Family::Summary,         Family::Association, Family::Templates, Family::Hubs,
                                   Family::Counterfactuals, Family::Controls,    Family::Relevance};
    return std::ranges::find(kOfScores, family) != kOfScores.end();
}

std::string_view familyName(Family family) {
    return std::ranges::find(kFamilies, family, &FamilyInfo::family)->name;
}

std::optional<Family> familyFromName(std::string_view name) {
    const auto found = std::ranges::find(kFamilies, name, &FamilyInfo::name);
    return found == kFamilies.end() ? std::nullopt : std::optional(found->family);
}

} // namespace plumbline
