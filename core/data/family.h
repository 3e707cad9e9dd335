// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

/// What an audit can measure beside the rankings of its prompts.
enum class Family {
    Summary,         ///< means over the prompts, over images, prompts and both
    Association,     ///< each prompt's scores by group (C-ASC), rank tests
    Texts,           ///< prompts against the groups' words, without images
    ZeroShot,        ///< the groups as classes: accuracy and parity by group
    Harm,            ///< harmful labels by group (CLIP section 7.1)
    Gap,             ///< where images and prompts lie: modality gap by group
    Templates,       ///< whether a finding holds in most templates
    Hubs,            ///< images that come up for everything
    Decodability,    ///< how well a linear probe reads the attribute
    Quality,         ///< the audit again on groups of equal image quality
    Counterfactuals, ///< sets of images that differ in one attribute only
    Controls,        ///< people's groups against light, pose and smile
    Classes,         ///< zero-shot classification into the classes of a column, by group; ABLE
    Retrieval,       ///< captions to images and back, by group
    WordTests,       ///< association tests: published word lists, and the prompts against the groups' images (WEAT)
    Scales,          ///< warmth, competence and the like, against a blank prompt; markedness
    ConceptVectors,  ///< concepts against the groups' words by linear probes, without images
    Relevance        ///< NDCG, recall and precision by group, where AuditConfig::relevance says what is relevant
};

struct FamilyInfo {
    Family family;
    std::string_view name;  ///< "summary": of the command line and of stored runs
    std::string_view title; ///< "Means over the prompts"
    std::string_view about; ///< a sentence: what it answers, what it needs
    bool byDefault;         ///< cheap, and needs nothing more than the audit has
};
std::span<const FamilyInfo> allFamilies();
std::string_view familyName(Family family);
std::optional<Family> familyFromName(std::string_view name);

/// The families to run and what some of them need.
struct OtherMeasures {
    std::vector<Family> families;
    std::string sets;                    ///< Counterfactuals: the attribute whose groups are the sets
    std::vector<std::string> dimensions; ///< Controls: attributes that an image is controlled for
    std::string classes;                 ///< Classes: the attribute whose groups are the true classes
    std::string captions, captionSplit;  ///< Retrieval: a list of captions (encodePath form), and which part of it
};

struct AuditConfig;
/// Whether a family needs something that only some audits have, and whether it is there.
bool needsInput(Family family);
bool hasInput(const AuditConfig& config, Family family);
/// Whether a family can be measured on scores alone, without a model.
bool needsScoresOnly(Family family);

} // namespace plumbline
