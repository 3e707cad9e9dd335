// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/sample_folder.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/data/json.h"
#include "core/formats/csv.h"
#include "core/formats/planted.h"
#include "core/formats/text_file.h"
#include "core/sample/captions.h"
#include "core/sample/planting.h"
#include "embedded/sample_models.h"

namespace plumbline::sample {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 20261122;
/// Changes with the pictures or the models; kept in the folder, so that an older sample is made anew.
constexpr std::string_view kVersion = "2\n";
constexpr const char* kVersionFile = ".plumbline-sample";

constexpr std::size_t kAuditPool = 2000;
constexpr std::size_t kWorkersOfOccupation = 20;
constexpr std::size_t kGenderSets = 40, kToneSets = 30, kAgeSets = 30;
constexpr std::size_t kGenders = 3, kAges = 5;
constexpr std::size_t kFitSetsOfOccupation = 20; ///< and as many sets without an occupation as with one

std::string numbered(const char* start, std::size_t number, int digits) {
    std::string digitsText = std::to_string(number);
    digitsText.insert(0, std::max<std::size_t>(digitsText.size(), static_cast<std::size_t>(digits)) - digitsText.size(),
                      '0');
    return start + digitsText;
}

/// Gender, tone and age take turns, so that every group has its share to the last image.
void takeTurns(Portrait& portrait, std::size_t turn) {
    portrait.gender = static_cast<Portrait::Gender>(turn % kGenders);
    portrait.tone = static_cast<int>(turn / kGenders % Portrait::kTones) + 1;
    portrait.age = static_cast<Portrait::Age>(turn / (kGenders * Portrait::kTones) % kAges);
}

class Pictures {
public:
    std::vector<SamplePicture> all;

    explicit Pictures(std::uint64_t seed) : m_seed(seed) {}

    void addPool(const std::string& split) {
        for (std::size_t i = 0; i < kAuditPool; ++i) {
            Portrait portrait = randomPortrait(m_seed, i);
            takeTurns(portrait, i);
            all.push_back({{numbered(("images/" + split + "/").c_str(), i + 1, 4) + ".png", portrait}, {}, split});
        }
    }

    void addWorkers(const std::string& split) {
        for (std::size_t o = 0; o < occupations().size(); ++o)
            for (std::size_t i = 0; i < kWorkersOfOccupation; ++i) {
                Portrait portrait = randomPortrait(m_seed + 1, o * kWorkersOfOccupation + i);
                takeTurns(portrait, i * 7 + o); // 7: has no factor in common with any number of groups
                portrait.occupation = static_cast<int>(o);
                const std::string name = "images/occupation/" + std::string(occupations()[o].name);
                all.push_back({{numbered((name + "-").c_str(), i + 1, 2) + ".png", portrait}, {}, split});
            }
    }

    /// The sets to fine-tune on. The tone within a band is drawn by lot.
    void addFitSets() {
        constexpr std::array<std::pair<int, int>, 3> bands{{{1, 4}, {5, 7}, {8, 10}}}; // as toneBand() has them
        const std::size_t sets = 2 * kFitSetsOfOccupation * occupations().size();
        for (std::size_t s = 0; s < sets; ++s) {
            Portrait portrait = randomPortrait(m_seed + 2, s);
            RandomStream random(m_seed, streamId("counterfactual/fit"), s);
            portrait.occupation = s % 2 == 1 ? static_cast<int>(s / 2 % occupations().size()) : -1;
            const std::string caption =
                portrait.occupation < 0
                    ? describeAppearance(portrait, random)
                    : nameOccupation(occupations()[static_cast<std::size_t>(portrait.occupation)], 0);
            const std::string set = numbered("fit-", s + 1, 3);
            for (std::size_t v = 0; v < kGenders * bands.size(); ++v) {
                const auto [lightest, darkest] = bands[v / kGenders];
                portrait.gender = static_cast<Portrait::Gender>(v % kGenders);
                portrait.tone =
                    lightest + static_cast<int>(random.below(static_cast<std::size_t>(darkest - lightest + 1)));
                all.push_back(
                    {{"images/fit/" + set + "-" + std::to_string(v + 1) + ".png", portrait}, set, "fit", caption});
            }
        }
    }

    /// Every second set shows an occupation, so that the sets serve both kinds of question.
    template <class Change>
    void addSets(const char* attribute, std::size_t sets, std::size_t variants, Change&& change) {
        for (std::size_t s = 0; s < sets; ++s) {
            Portrait base = randomPortrait(m_seed + 2 + m_kindsOfSet, s);
            base.occupation = s % 2 == 1 ? static_cast<int>(s / 2 % occupations().size()) : -1;
            const std::string set = numbered((std::string(attribute) + "-").c_str(), s + 1, 2);
            for (std::size_t v = 0; v < variants; ++v) {
                Portrait portrait = base;
                change(portrait, v);
                all.push_back({{"images/counterfactual/" + set + "-" + std::to_string(v + 1) + ".png", portrait},
                               set,
                               "counterfactual"});
            }
        }
        ++m_kindsOfSet;
    }

private:
    std::uint64_t m_seed, m_kindsOfSet = 0;
};

template <class Value>
std::string nameOf(std::span<const std::string_view> names, Value value) {
    return std::string(names[static_cast<std::size_t>(value)]);
}

bool isCurrent(const fs::path& folder) {
    const Result<std::string> version = formats::readFile(folder / kVersionFile, 100);
    return version && *version == kVersion;
}

Result<void> writeModels(const fs::path& folder, bool current) {
    for (const embedded::File& file : embedded::sample_models()) {
        const fs::path path = folder / file.path;
        PLUMBLINE_CHECK(formats::makeFolder(path.parent_path()));
        std::error_code error;
        if (!current || fs::file_size(path, error) != file.bytes.size() || error)
            PLUMBLINE_CHECK(formats::writeFile(path, file.bytes));
    }
    PLUMBLINE_CHECK(formats::writePlanted(folder / "model" / formats::kPlantedFile, plantedLeans()));
    return formats::writePlanted(folder / "model-fair" / formats::kPlantedFile, nothingPlanted());
}

} // namespace

std::vector<SamplePicture> samplePictures() {
    Pictures pictures(kSeed);
    pictures.addPool(kAuditSplit);
    pictures.addWorkers("work");
    pictures.addSets("gender", kGenderSets, kGenders,
                     [](Portrait& p, std::size_t v) { p.gender = static_cast<Portrait::Gender>(v); });
    constexpr std::array<int, 5> tones{1, 4, 6, 8, 10};
    pictures.addSets("tone", kToneSets, tones.size(), [&](Portrait& p, std::size_t v) { p.tone = tones[v]; });
    pictures.addSets("age", kAgeSets, kAges, [](Portrait& p, std::size_t v) { p.age = static_cast<Portrait::Age>(v); });
    return std::move(pictures.all);
}

std::string labelTable(const std::vector<SamplePicture>& pictures) {
    const bool captions = std::any_of(pictures.begin(), pictures.end(),
                                      [](const SamplePicture& picture) { return !picture.caption.empty(); });
    std::string table =
        "file,gender,skin tone,Monk tone,age,expression,pose,lighting,hair,hair colour,covering,glasses,"
        "occupation,set,split";
    table += captions ? ",caption\n" : "\n";
    for (const SamplePicture& picture : pictures) {
        const Portrait& p = picture.file.portrait;
        for (const std::string& field :
             {picture.file.name, nameOf(genderNames(), p.gender), std::string(toneBand(p.tone)),
              numbered("", static_cast<std::size_t>(p.tone), 2), nameOf(ageNames(), p.age),
              nameOf(expressionNames(), p.expression), nameOf(poseNames(), p.pose), nameOf(lightingNames(), p.lighting),
              nameOf(hairNames(), p.hair), nameOf(hairColourNames(), p.hairColour), nameOf(coveringNames(), p.covering),
              nameOf(glassesNames(), p.glasses),
              p.occupation < 0 ? std::string()
                               : std::string(occupations()[static_cast<std::size_t>(p.occupation)].name),
              picture.set})
            table += formats::csvField(field) + ',';
        table += picture.split + (captions ? ',' + formats::csvField(picture.caption) + '\n' : "\n");
    }
    return table;
}

std::vector<SamplePicture> counterfactualPictures(std::uint64_t seed) {
    Pictures pictures(seed ^ streamId("counterfactual"));
    pictures.addFitSets();
    pictures.addPool("select");
    pictures.addWorkers("select-work");
    return std::move(pictures.all);
}

Outcome<void> writeCounterfactuals(const fs::path& folder, std::uint64_t seed, Feedback& feedback) {
    const std::vector<SamplePicture> pictures = counterfactualPictures(seed);
    std::vector<PortraitFile> files;
    files.reserve(pictures.size());
    for (const SamplePicture& picture : pictures)
        files.push_back(picture.file);
    PLUMBLINE_CHECK(formats::makeFolder(folder));
    PLUMBLINE_CHECK(paintFiles(folder, files, feedback));
    PLUMBLINE_CHECK(formats::writeFile(folder / "labels.csv", labelTable(pictures)));
    return {};
}

ProbeSet sampleProbe() {
    ProbeSet probe;
    probe.name = "Sample occupations";
    probe.version = "1";
    probe.source = "Plumbline's sample: twelve occupations with a planted lean and six controls";
    probe.templates = {"a photo of a {}"};
    for (const Occupation& occupation : occupations())
        probe.concepts.push_back({std::string(occupation.name), "occupation"});
    return probe;
}

Outcome<void> writeSample(const fs::path& folder, Feedback& feedback) {
    PLUMBLINE_CHECK(formats::makeFolder(folder));
    const bool current = isCurrent(folder);
    if (!current) {
        std::error_code ignored;
        fs::remove(folder / kVersionFile, ignored); // until everything is as this version has it
    }
    const std::vector<SamplePicture> pictures = samplePictures();
    std::vector<PortraitFile> missing;
    for (const SamplePicture& picture : pictures) {
        std::error_code ignored;
        if (!current || !fs::exists(folder / picture.file.name, ignored))
            missing.push_back(picture.file);
    }
    PLUMBLINE_CHECK(paintFiles(folder, missing, feedback));
    PLUMBLINE_CHECK(writeModels(folder, current));
    PLUMBLINE_CHECK(formats::writeFile(folder / "labels.csv", labelTable(pictures)));
    PLUMBLINE_CHECK(formats::writeFile(folder / "probe.json", toJson(sampleProbe()).dump(2) + "\n"));
    PLUMBLINE_CHECK(formats::writePlanted(folder / formats::kPlantedFile, plantedLeans()));
    PLUMBLINE_CHECK(formats::writeFile(folder / kVersionFile, kVersion));
    return {};
}

} // namespace plumbline::sample
