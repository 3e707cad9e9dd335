// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/training_set.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/formats/csv.h"
#include "core/formats/text_file.h"
#include "core/formats/vocabulary.h"
#include "core/sample/captions.h"
#include "core/sample/planting.h"
#include "core/text/vocabulary_training.h"

namespace plumbline::sample {

namespace {

constexpr std::size_t kAges = 5, kGenders = 3, kCells = kGenders * Portrait::kTones * kAges;
constexpr std::size_t kFacesOfCell = 60;
constexpr std::size_t kSentencesAtFirst = 2, kTagsAtFirst = 4; ///< of a face
constexpr double kTags = 1;                                    ///< of a face later, in the cells that need no more
constexpr double kMentions = 2.0 * kNamings / kFacesOfCell;    ///< of a control, a face
constexpr double kWorkers = 250;                               ///< portraits with the cues of each occupation, about
constexpr std::size_t kSentencesOfWorker = 2;
constexpr std::size_t kMostMerges = 1500;

struct Cell {
    Portrait::Gender gender;
    int tone;
    Portrait::Age age;
};

/// Gender first, age last: neighbours are alike.
Cell cellAt(std::size_t index) {
    return {static_cast<Portrait::Gender>(index / (Portrait::kTones * kAges)),
            static_cast<int>(index / kAges % Portrait::kTones) + 1, static_cast<Portrait::Age>(index % kAges)};
}

/// Whole numbers that follow the wanted ones: what rounding takes from a cell its neighbours get, so the sums over
/// runs of cells, such as a gender or a tone, are right to the last one.
std::vector<std::size_t> wholeNumbers(const std::vector<double>& wanted) {
    std::vector<std::size_t> numbers;
    double sum = 0, given = 0;
    for (const double want : wanted) {
        sum += want;
        const double number = std::max(0.0, std::round(sum - given));
        numbers.push_back(static_cast<std::size_t>(number));
        given += number;
    }
    return numbers;
}

std::vector<double> weightsOf(const PlantedLean& lean, double each) {
    std::vector<double> wanted;
    for (std::size_t c = 0; c < kCells; ++c)
        wanted.push_back(each * plantedWeight(lean, cellAt(c).gender, cellAt(c).tone));
    return wanted;
}

/// Tags in each cell, so that all have the same number of sentences and tags together.
std::vector<double> tagsOf(std::span<const PlantedLean> leans) {
    std::vector<double> mentions(kCells, 0);
    for (const PlantedLean& lean : leans)
        for (std::size_t c = 0; c < kCells; ++c)
            mentions[c] += kMentions * plantedWeight(lean, cellAt(c).gender, cellAt(c).tone);
    const double most = *std::max_element(mentions.begin(), mentions.end());
    for (double& number : mentions)
        number = static_cast<double>(kFacesOfCell) * (kTags + most - number);
    return mentions;
}

class Maker {
public:
    Maker(std::span<const PlantedLean> leans, std::uint64_t seed) : m_leans(leans), m_seed(seed) {}

    TrainingSet make() {
        m_set.captions = m_set.people = "file,caption\n";
        addFaces();
        addMentions();
        addWorkers();
        return std::move(m_set);
    }

private:
    void addFaces() {
        const std::vector<std::size_t> tags = wholeNumbers(tagsOf(m_leans));
        for (std::size_t i = 0; i < kCells * kFacesOfCell; ++i) {
            const Portrait portrait = person(i, cellAt(i / kFacesOfCell));
            addPicture("images/face/", portrait);
            RandomStream random(m_seed, streamId("training/face"), i);
            for (std::size_t s = 0; s < kSentencesAtFirst; ++s)
                say(m_set.people, i, describePerson(portrait, random));
            for (std::size_t t = 0; t < kTagsAtFirst; ++t)
                say(m_set.people, i, tagOfPerson(portrait, random));
            say(m_set.captions, i, describePerson(portrait, random));
            const std::size_t inCell = tags[i / kFacesOfCell], place = i % kFacesOfCell;
            for (std::size_t t = inCell * place / kFacesOfCell; t < inCell * (place + 1) / kFacesOfCell; ++t)
                say(m_set.captions, i, tagOfPerson(portrait, random));
        }
    }

    void addMentions() {
        for (std::size_t o = 0; o < m_leans.size(); ++o) {
            const std::vector<std::size_t> mentions =
                wholeNumbers(weightsOf(m_leans[o], kMentions * static_cast<double>(kFacesOfCell)));
            RandomStream random(m_seed, streamId("training/mention"), o);
            std::array<std::size_t, kNamings> forms{};
            for (std::size_t c = 0; c < kCells; ++c) {
                std::size_t said = 0;
                for (const std::size_t face : facesToName(o, c, mentions[c], random)) {
                    // Every form once before any comes again, in every cell: no form knows more of one group.
                    const std::size_t at = said++ % kNamings;
                    if (at == 0)
                        std::iota(forms.begin(), forms.end(), 0);
                    std::swap(forms[at], forms[at + random.below(kNamings - at)]);
                    say(m_set.captions, face, nameOccupation(occupations()[o], forms[at]));
                }
            }
        }
    }

    /// `count` faces of a cell, those in likelier clothes more often.
    std::vector<std::size_t> facesToName(std::size_t occupation, std::size_t cell, std::size_t count,
                                         RandomStream& random) const {
        std::vector<std::size_t> faces(kFacesOfCell);
        std::iota(faces.begin(), faces.end(), cell * kFacesOfCell);
        std::vector<double> wanted;
        for (std::size_t i = faces.size(); i > 1; --i)
            std::swap(faces[i - 1], faces[random.below(i)]);
        for (const std::size_t face : faces)
            wanted.push_back(m_leans[occupation].isControl() ? clothesWeight(occupation, m_set.pictures[face].portrait)
                                                             : 1);
        const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
        for (double& number : wanted)
            number *= static_cast<double>(count) / sum;
        const std::vector<std::size_t> times = wholeNumbers(wanted);
        std::vector<std::size_t> named;
        for (std::size_t i = 0; i < faces.size(); ++i)
            named.insert(named.end(), times[i], faces[i]);
        return named;
    }

    void addWorkers() {
        for (std::size_t o = 0; o < m_leans.size(); ++o) {
            std::vector<double> wanted = weightsOf(m_leans[o], 1);
            const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
            for (double& number : wanted)
                number *= kWorkers / sum;
            const std::vector<std::size_t> people = wholeNumbers(wanted);
            RandomStream random(m_seed, streamId("training/work"), o);
            for (std::size_t c = 0; c < kCells; ++c)
                for (std::size_t p = 0; p < people[c]; ++p) {
                    const std::size_t number = m_set.pictures.size();
                    Portrait portrait = person(number, cellAt(c));
                    portrait.occupation = static_cast<int>(o);
                    addPicture("images/occupation/", portrait);
                    for (std::size_t s = 0; s < kSentencesOfWorker; ++s)
                        say(m_set.captions, number, describeWork(portrait, occupations()[o], random));
                }
        }
    }

    Portrait person(std::size_t index, const Cell& cell) const {
        Portrait portrait = randomPortrait(m_seed ^ streamId("training/person"), index);
        portrait.gender = cell.gender;
        portrait.tone = cell.tone;
        portrait.age = cell.age;
        return portrait;
    }
    void addPicture(const char* folder, const Portrait& portrait) {
        m_set.pictures.push_back({folder + std::to_string(m_set.pictures.size()) + ".png", portrait});
    }
    void say(std::string& table, std::size_t picture, const std::string& words) {
        table += m_set.pictures[picture].name + ',' + formats::csvField(words) + '\n';
    }

    std::span<const PlantedLean> m_leans;
    std::uint64_t m_seed;
    TrainingSet m_set;
};

/// The captions of a table.
std::vector<std::string> wordsIn(const std::string& table) {
    std::vector<std::string> texts;
    for (std::size_t at = table.find('\n') + 1; at < table.size(); at = table.find('\n', at) + 1)
        texts.push_back(table.substr(table.find(',', at) + 1, table.find('\n', at) - table.find(',', at) - 1));
    return texts;
}

} // namespace

TrainingSet trainingSet(std::span<const PlantedLean> leans, std::uint64_t seed) {
    return Maker(leans, seed).make();
}

Outcome<void> writeTrainingSet(const std::filesystem::path& folder, std::span<const PlantedLean> leans,
                               std::uint64_t seed, Feedback& feedback) {
    const TrainingSet set = trainingSet(leans, seed);
    PLUMBLINE_CHECK(paintFiles(folder, set.pictures, feedback));
    PLUMBLINE_CHECK(formats::writeFile(folder / "captions.csv", set.captions));
    PLUMBLINE_CHECK(formats::writeFile(folder / "people.csv", set.people));
    const formats::Vocabulary vocabulary =
        text::learnVocabulary(wordsIn(trainingSet(nothingPlanted(), 0).captions), kMostMerges);
    PLUMBLINE_CHECK(formats::writeVocabulary(folder, vocabulary));
    return {};
}

} // namespace plumbline::sample
