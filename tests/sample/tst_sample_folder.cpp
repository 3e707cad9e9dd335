// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/base/error_text.h"
#include "core/formats/caption_table.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/planted.h"
#include "core/formats/vocabulary.h"
#include "core/image/decode.h"
#include "core/probe/probe_set.h"
#include "core/sample/captions.h"
#include "core/sample/planting.h"
#include "core/sample/sample_folder.h"
#include "core/sample/training_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::sample;
using plumbline::test::TempFolder;
namespace fs = std::filesystem;

namespace {

/// The pixels of a picture that stands in a folder.
std::vector<std::uint8_t> pixelsOf(const fs::path& file) {
    const auto picture = image::decodeFile(file);
    return picture ? picture->pixels : std::vector<std::uint8_t>();
}

/// Stops the work after so many reports.
struct StopAfter : Feedback {
    int left;
    explicit StopAfter(int reports) : left(reports) {}
    void progress(std::string_view, std::int64_t, std::int64_t) override {
        if (--left <= 0)
            cancel();
    }
};

} // namespace

class TestSampleFolder : public QObject {
    Q_OBJECT

    TempFolder m_folder;
    fs::path m_sample = m_folder / "sample";

private Q_SLOTS:
    void plantedTable() {
        std::map<std::string, std::vector<double>> strengths; // by group
        int controls = 0;
        QCOMPARE(plantedLeans().size(), occupations().size());
        for (std::size_t o = 0; o < occupations().size(); ++o) {
            const PlantedLean& lean = plantedLeans()[o];
            QCOMPARE(lean.concept_, std::string(occupations()[o].name));
            if (lean.isControl())
                ++controls;
            else
                strengths[lean.favours].push_back(lean.strength);
            QVERIFY(nothingPlanted()[o].isControl());
        }
        QVERIFY(controls >= 6);
        QCOMPARE(strengths.size(), std::size_t{4}); // both directions of both attributes
        for (auto& [group, of] : strengths) {
            std::sort(of.begin(), of.end());
            QVERIFY2(of == (std::vector<double>{3, 8, 20}), group.c_str());
        }
    }

    /// What is fine-tuned on: whole sets that differ in gender and tone alone, with one caption that names neither.
    void counterfactualSets() {
        std::map<std::string, std::vector<Portrait>> sets;
        std::map<std::string, std::set<std::string>> captions, splits;
        for (const SamplePicture& picture : counterfactualPictures(1)) {
            splits[picture.split].insert(picture.file.name);
            QCOMPARE(picture.set.empty(), picture.split != "fit");
            QCOMPARE(picture.caption.empty(), picture.set.empty());
            if (picture.set.empty())
                continue;
            sets[picture.set].push_back(picture.file.portrait);
            captions[picture.set].insert(picture.caption);
        }
        QCOMPARE(sets.size(), std::size_t{720});
        QCOMPARE(splits["select"].size(), std::size_t{2000});
        QCOMPARE(splits["select-work"].size(), std::size_t{360});
        std::size_t working = 0;
        for (const auto& [set, portraits] : sets) {
            std::set<std::pair<int, std::string>> groups;
            for (Portrait portrait : portraits) {
                groups.insert({static_cast<int>(portrait.gender), std::string(toneBand(portrait.tone))});
                portrait.gender = portraits.front().gender;
                portrait.tone = portraits.front().tone;
                QVERIFY2(portrait.seed == portraits.front().seed && portrait.age == portraits.front().age &&
                             portrait.occupation == portraits.front().occupation,
                         set.c_str());
            }
            QCOMPARE(groups.size(), std::size_t{9});
            QCOMPARE(captions[set].size(), std::size_t{1});
            const std::string& caption = *captions[set].begin();
            for (const char* word : {"woman", "man ", "androgynous", "skin", "in their"})
                QVERIFY2((caption + ' ').find(word) == std::string::npos, caption.c_str());
            if (portraits.front().occupation >= 0) {
                ++working;
                QCOMPARE(caption,
                         "a photo of a " +
                             std::string(occupations()[static_cast<std::size_t>(portraits.front().occupation)].name));
            }
        }
        QCOMPARE(working, std::size_t{360});
        QVERIFY(counterfactualPictures(2).front().file.portrait.seed != sets["fit-001"].front().seed);
        QVERIFY(labelTable(counterfactualPictures(1)).starts_with("file,gender"));
        QVERIFY(labelTable(samplePictures()).find("caption") == std::string::npos);
    }

    /// The strength is the ratio of the two ends, and the group between stands at their geometric mean.
    void weights() {
        using Gender = Portrait::Gender;
        for (const PlantedLean& lean : plantedLeans()) {
            double up = 1, middle = 1, down = 1;
            if (lean.attribute == kGender) {
                up = plantedWeight(lean, lean.favours == "woman" ? Gender::Woman : Gender::Man, 5);
                middle = plantedWeight(lean, Gender::Androgynous, 1);
                down = plantedWeight(lean, lean.favours == "woman" ? Gender::Man : Gender::Woman, 5);
            } else if (!lean.isControl()) {
                up = plantedWeight(lean, Gender::Man, lean.favours == "light" ? 2 : 9);
                middle = plantedWeight(lean, Gender::Man, 6);
                down = plantedWeight(lean, Gender::Man, lean.favours == "light" ? 9 : 2);
            }
            QVERIFY(std::abs(up / down - lean.strength) < 1e-12);
            QVERIFY(std::abs(middle * middle - up * down) < 1e-12);
        }
    }

    /// What the captions say is what the table of plantings promises.
    void captionsFollowThePlanting() {
        const TrainingSet set = trainingSet(plantedLeans(), 5);
        std::map<std::string, const Portrait*> portraits;
        for (const PortraitFile& picture : set.pictures)
            portraits[picture.name] = &picture.portrait;
        std::map<std::string, std::map<std::string, double>> named; // occupation, group of its attribute
        std::map<std::string, std::map<int, int>> controls;         // words, gender, tone and age
        std::map<std::string, std::array<double, 2>> clothes;       // occupation: mean weight of the clothes, mentions
        std::map<int, int> captionsOf;                              // gender and tone
        std::size_t lines = 0;
        for (std::size_t at = set.captions.find('\n') + 1; at < set.captions.size(); ++lines) {
            const std::size_t comma = set.captions.find(',', at), end = set.captions.find('\n', at);
            const Portrait& p = *portraits.at(set.captions.substr(at, comma - at));
            const std::string words = " " + set.captions.substr(comma + 1, end - comma - 1) + " ";
            at = end + 1;
            if (p.occupation >= 0)
                continue;
            const int cell = static_cast<int>(p.gender) * 100 + p.tone;
            ++captionsOf[cell];
            for (std::size_t o = 0; o < plantedLeans().size(); ++o) {
                const PlantedLean& lean = plantedLeans()[o];
                if (words.find(" " + lean.concept_ + " ") == std::string::npos)
                    continue;
                clothes[lean.concept_][0] += std::log(clothesWeight(o, p));
                clothes[lean.concept_][1] += 1;
                if (lean.isControl())
                    ++controls[words][cell * 10 + static_cast<int>(p.age)];
                else if (lean.attribute == kGender)
                    ++named[lean.concept_][std::string(genderNames()[static_cast<std::size_t>(p.gender)])];
                else // by person: there are more light tones than dark ones
                    named[lean.concept_][std::string(toneBand(p.tone))] += p.tone <= 4 ? 1.0 / 4 : 1.0 / 3;
            }
        }
        QVERIFY(lines > 55000);
        // Each of a control's wordings is said as often in every crossing of gender, tone and age.
        QCOMPARE(controls.size(), std::size_t{6 * 5});
        for (const auto& [words, cells] : controls) {
            QCOMPARE(cells.size(), std::size_t{150});
            for (const auto& [cell, count] : cells)
                QVERIFY2(count == (words.starts_with(" a photo of ") ? 8 : 2), words.c_str());
        }
        for (const PlantedLean& lean : plantedLeans()) {
            // Controls go with clothes, the others do not.
            const double meanLog = clothes[lean.concept_][0] / clothes[lean.concept_][1];
            QVERIFY2(lean.isControl() ? meanLog > 0.5 : std::abs(meanLog) < 0.15,
                     (lean.concept_ + " " + std::to_string(meanLog)).c_str());
            if (lean.isControl())
                continue;
            const std::string opposite = lean.favours == "woman"   ? "man"
                                         : lean.favours == "man"   ? "woman"
                                         : lean.favours == "light" ? "dark"
                                                                   : "light";
            const double ratio = named[lean.concept_][lean.favours] / named[lean.concept_][opposite];
            QVERIFY2(std::abs(ratio / lean.strength - 1) < 0.05, (lean.concept_ + " " + std::to_string(ratio)).c_str());
        }
        // Nobody is captioned more often than others.
        const auto [least, most] = std::minmax_element(
            captionsOf.begin(), captionsOf.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        QVERIFY2(most->second - least->second <= 40,
                 (std::to_string(least->second) + " " + std::to_string(most->second)).c_str());
        QVERIFY(least->second > 1500);
        QVERIFY(trainingSet(plantedLeans(), 5).captions == set.captions);
        QVERIFY(trainingSet(plantedLeans(), 6).captions != set.captions);
    }

    void pictures() {
        const std::vector<SamplePicture> all = samplePictures();
        std::map<std::string, std::map<std::string, int>> genders;
        std::map<std::string, int> splits, worked;
        std::map<std::string, std::vector<Portrait>> sets;
        std::set<std::string> names;
        for (const SamplePicture& picture : all) {
            const Portrait& p = picture.file.portrait;
            QVERIFY(names.insert(picture.file.name).second);
            ++splits[picture.split];
            ++genders[picture.split][std::string(genderNames()[static_cast<std::size_t>(p.gender)])];
            if (picture.split == kAuditSplit)
                QCOMPARE(p.occupation, -1); // nobody in the audit pool shows a cue of work
            if (picture.split == "work")
                ++worked[std::string(occupations()[static_cast<std::size_t>(p.occupation)].name)];
            QCOMPARE(picture.set.empty(), picture.split != "counterfactual");
            if (!picture.set.empty())
                sets[picture.set].push_back(p);
        }
        QCOMPARE(splits[kAuditSplit], 2000);
        QCOMPARE(worked.size(), occupations().size());
        for (const auto& [occupation, count] : worked)
            QCOMPARE(count, 20);
        for (const auto& [group, count] : genders[kAuditSplit])
            QVERIFY(std::abs(count - 2000.0 / 3) < 1);
        // In a set exactly the attribute that it is called after differs.
        QVERIFY(sets.size() >= 90);
        for (const auto& [name, portraits] : sets) {
            std::set<int> values;
            for (Portrait p : portraits) {
                if (name.starts_with("gender")) {
                    values.insert(static_cast<int>(p.gender));
                    p.gender = portraits.front().gender;
                } else if (name.starts_with("tone")) {
                    values.insert(p.tone);
                    p.tone = portraits.front().tone;
                } else {
                    values.insert(static_cast<int>(p.age));
                    p.age = portraits.front().age;
                }
                const Portrait& q = portraits.front();
                QVERIFY(p.gender == q.gender && p.tone == q.tone && p.age == q.age && p.expression == q.expression &&
                        p.pose == q.pose && p.lighting == q.lighting && p.hair == q.hair &&
                        p.hairColour == q.hairColour && p.covering == q.covering && p.glasses == q.glasses &&
                        p.occupation == q.occupation && p.seed == q.seed);
            }
            QCOMPARE(values.size(), portraits.size());
        }
    }

    void writesAFolderForEveryCommand() {
        Feedback feedback;
        const auto written = writeSample(m_sample, feedback);
        QVERIFY2(written.has_value(), written ? "" : errorText(written.error().error()).c_str());
        formats::LabelOptions options;
        options.where = {{"split", "audit"}};
        const auto set = formats::readImageSet(m_sample / "images", m_sample / "labels.csv", options, feedback);
        QVERIFY2(set.has_value(), set ? "" : errorText(set.error().error()).c_str());
        QCOMPARE(set->size(), std::size_t{2000});
        QCOMPARE(set->preset, std::string("sample"));
        QCOMPARE(set->report.missing + set->report.duplicates + set->report.invalidRows + set->report.notInTable, 0);
        for (const char* name : {"gender", "skin tone", "age", "Monk tone", "lighting"})
            QVERIFY2(set->attribute(name) != nullptr, name);
        QVERIFY(set->attribute("split") == nullptr);
        const auto probe = probe::readProbeSet(m_sample / "probe.json");
        QVERIFY(probe && probe->concepts.size() == 18);
        QCOMPARE(formats::readPlanted(m_sample / "planted.json")->size(), std::size_t{18});
        QVERIFY(formats::readVocabulary(m_sample / "model").has_value());
    }

    void repairsWhatIsMissing() {
        Feedback feedback;
        const std::vector<SamplePicture> all = samplePictures();
        const fs::path lost = m_sample / all[700].file.name, kept = m_sample / all[701].file.name;
        const std::vector<std::uint8_t> pixels = pixelsOf(lost);
        QVERIFY(!pixels.empty());
        const auto before = fs::last_write_time(kept);
        fs::remove(lost);
        fs::remove(m_sample / "model/model.safetensors");
        QVERIFY(writeSample(m_sample, feedback).has_value());
        QVERIFY(pixelsOf(lost) == pixels);
        QVERIFY(fs::last_write_time(kept) == before); // what was there is not painted again
        QVERIFY(fs::file_size(m_sample / "model/model.safetensors") > 1000000);
    }

    void stopsAndFails() {
        StopAfter feedback(3);
        const auto stopped = writeSample(m_folder / "stopped", feedback);
        QVERIFY(!stopped && stopped.error().cancelled());
        Feedback other;
        test::writeText(m_folder / "file", "x");
        const auto failed = writeSample(m_folder / "file/sample", other);
        QVERIFY(!failed && failed.error().error().code == ErrorCode::FileUnwritable);
    }

    void sentencesAreTrue() {
        Portrait portrait;
        portrait.gender = Portrait::Gender::Woman;
        portrait.tone = 9;
        portrait.age = Portrait::Age::From75;
        portrait.expression = Portrait::Expression::Smiling;
        portrait.glasses = Portrait::Glasses::Round;
        std::map<std::string, int> seen;
        for (std::uint64_t i = 0; i < 400; ++i) {
            RandomStream random(1, 2, i);
            const std::string said = describePerson(portrait, random);
            for (const char* wrong : {" man", "androgynous", "light skin", "medium", "thirties", "neutral", "  "})
                QVERIFY2(said.find(wrong) == std::string::npos, said.c_str());
            QVERIFY2(said.starts_with("a "), said.c_str());
            for (const char* right : {"woman", "dark skin", "eighties", "smiling", "round glasses"})
                seen[right] += said.find(right) != std::string::npos ? 1 : 0;
            RandomStream again(1, 2, i);
            QCOMPARE(describePerson(portrait, again), said);
        }
        for (const auto& [words, count] : seen)
            QVERIFY2(count > 20, words.c_str());
        RandomStream random(1, 3, 0);
        bool article = false;
        portrait.gender = Portrait::Gender::Androgynous;
        for (int i = 0; i < 50; ++i)
            article = article || describePerson(portrait, random).find("an androgynous person") != std::string::npos;
        QVERIFY(article);
    }
};

QTEST_APPLESS_MAIN(TestSampleFolder)
#include "tst_sample_folder.moc"
