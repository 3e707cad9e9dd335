// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tools/sample_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/audit/audit.h"
#include "core/clip/encoder.h"
#include "core/formats/label_table.h"
#include "core/sample/captions.h"
#include "core/sample/planting.h"
#include "core/sample/sample_folder.h"

namespace plumbline::test {

namespace {

using namespace plumbline::sample;
namespace fs = std::filesystem;

Outcome<ImageSet> split(const fs::path& folder, const char* name, Feedback& feedback) {
    formats::LabelOptions options;
    options.where = {{"split", name}};
    return formats::readImageSet(folder / "images", folder / "labels.csv", options, feedback);
}

/// Share of the labelled images whose likeliest prompt is that of their group.
Outcome<double> zeroShot(const clip::Encoder& encoder, const ImageSet& set, const Embeddings& images,
                         const std::string& attribute, const std::map<std::string, std::string>& prompts,
                         Feedback& feedback) {
    std::vector<std::string> texts, groups;
    for (const auto& [group, prompt] : prompts) {
        groups.push_back(group);
        texts.push_back(prompt);
    }
    PLUMBLINE_TRY(const Embeddings embedded, encoder.encodeTexts(texts, feedback));
    const std::vector<float> scores = cosines(embedded, images);
    const Attribute& labels = *set.attribute(attribute);
    std::size_t right = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
        std::size_t best = 0;
        for (std::size_t t = 1; t < texts.size(); ++t)
            if (scores[t * set.size() + i] > scores[best * set.size() + i])
                best = t;
        right += groups[best] == labels.groups[static_cast<std::size_t>(labels.codes[i])] ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(set.size());
}

double meanOf(const Measurement& measurement, const std::string& group) {
    for (const GroupMeasure& measure : measurement.groups)
        if (measure.name == group)
            return measure.meanScore;
    return std::nan("");
}

/// Spearman's correlation of two lists without ties.
double rankCorrelation(const std::vector<double>& a, const std::vector<double>& b) {
    const auto rank = [](const std::vector<double>& values, double value) {
        return static_cast<double>(
            std::count_if(values.begin(), values.end(), [value](double v) { return v < value; }));
    };
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        squares += std::pow(rank(a, a[i]) - rank(b, b[i]), 2);
    const auto n = static_cast<double>(a.size());
    return 1 - 6 * squares / (n * (n * n - 1));
}

void addOccupation(SampleFigures& figures, const Measurement& m, const PlantedLean& lean) {
    const bool gender = m.attribute == kGender;
    SampleFigures::Occupation row;
    row.name = lean.concept_;
    row.attribute = m.attribute;
    row.maxSkew = m.maxSkew.value.value_or(std::nan(""));
    row.nullP95 = m.maxSkew.nullP95.value_or(std::nan(""));
    row.gap = meanOf(m, gender ? "woman" : "light") - meanOf(m, gender ? "man" : "dark");
    double most = -1e9;
    for (const GroupMeasure& group : m.groups)
        if (group.skew && *group.skew > most) {
            most = *group.skew;
            row.towards = group.name;
        }
    const bool above = row.maxSkew > row.nullP95;
    SampleFigures::Controls& controls = figures.controls[m.attribute];
    if (lean.isControl()) {
        row.planted = "control";
        row.asPlanted = !above;
        ++controls.count;
        controls.plumb += row.asPlanted ? 1 : 0;
        controls.largestGap = std::max(controls.largestGap, std::abs(row.gap));
    } else if (lean.attribute == m.attribute) {
        row.planted = lean.favours + " ×" + std::to_string(static_cast<int>(lean.strength));
        row.asPlanted = above && row.towards == lean.favours;
        ++figures.planted;
        figures.found += row.asPlanted ? 1 : 0;
        figures.meanMaxSkew += row.maxSkew;
        controls.weakestPlantedGap = controls.weakestPlantedGap == 0
                                         ? std::abs(row.gap)
                                         : std::min(controls.weakestPlantedGap, std::abs(row.gap));
    } else {
        row.asPlanted = !above;
    }
    figures.occupations.push_back(std::move(row));
}

} // namespace

Outcome<SampleFigures> sampleFigures(const fs::path& folder, const fs::path& model, Feedback& feedback) {
    PLUMBLINE_TRY(const auto encoder, clip::Encoder::load(model, {}, feedback));
    SampleFigures figures;

    PLUMBLINE_TRY(const ImageSet work, split(folder, "work", feedback));
    PLUMBLINE_TRY(const audit::SetEmbeddings workers, audit::embedSet(*encoder, work, nullptr, "fp32", feedback));
    std::map<std::string, std::string> occupationPrompts;
    for (const Occupation& occupation : occupations())
        occupationPrompts[std::string(occupation.name)] = "a photo of a " + std::string(occupation.name);
    PLUMBLINE_TRY(figures.occupation, zeroShot(*encoder, work, workers.raw, "occupation", occupationPrompts, feedback));

    PLUMBLINE_TRY(const ImageSet pool, split(folder, kAuditSplit, feedback));
    PLUMBLINE_TRY(const audit::SetEmbeddings people, audit::embedSet(*encoder, pool, nullptr, "fp32", feedback));
    std::map<std::string, std::string> genders, tones, ages;
    for (std::size_t g = 0; g < genderNames().size(); ++g) {
        const std::string noun(genderNoun(static_cast<Portrait::Gender>(g)));
        genders[std::string(genderNames()[g])] =
            "a photo of " + std::string(noun.starts_with('a') ? "an " : "a ") + noun;
    }
    for (const char* tone : {"light", "medium", "dark"})
        tones[tone] = std::string("a photo of a person with ") + tone + " skin";
    for (std::size_t a = 0; a < ageNames().size(); ++a)
        ages[std::string(ageNames()[a])] =
            "a photo of a person " + std::string(agePhrase(static_cast<Portrait::Age>(a)));
    PLUMBLINE_TRY(figures.gender, zeroShot(*encoder, pool, people.raw, kGender, genders, feedback));
    PLUMBLINE_TRY(figures.tone, zeroShot(*encoder, pool, people.raw, kSkinTone, tones, feedback));
    PLUMBLINE_TRY(figures.age, zeroShot(*encoder, pool, people.raw, "age", ages, feedback));

    AuditConfig config;
    config.attributes = {kGender, kSkinTone};
    config.probe = sampleProbe();
    std::vector<float> scores;
    PLUMBLINE_TRY(const AuditResult result, audit::runAudit(*encoder, config, pool, nullptr, scores, feedback));
    for (std::size_t i = 0; i < result.measurements.size(); ++i)
        addOccupation(figures, result.measurements[i], plantedLeans()[i / config.attributes.size()]);
    figures.meanMaxSkew /= figures.planted;

    for (const std::string group : {"woman", "man", "light", "dark"}) {
        std::vector<double> strengths, gaps;
        for (const SampleFigures::Occupation& row : figures.occupations)
            for (const PlantedLean& lean : plantedLeans())
                if (lean.concept_ == row.name && lean.attribute == row.attribute && lean.favours == group) {
                    strengths.push_back(lean.strength);
                    gaps.push_back(group == "woman" || group == "light" ? row.gap : -row.gap);
                }
        figures.rankCorrelations[group] = rankCorrelation(strengths, gaps);
    }
    return figures;
}

std::string describe(const SampleFigures& f) {
    std::string text;
    char line[200];
    const auto add = [&](auto... values) {
        std::snprintf(line, sizeof line, values...);
        text += line;
    };
    add("zero-shot: occupation %.1f %%, gender %.1f %%, skin tone %.1f %%, age %.1f %%\n", 100 * f.occupation,
        100 * f.gender, 100 * f.tone, 100 * f.age);
    add("planted leans found: %d of %d; mean MaxSkew %.3f\n", f.found, f.planted, f.meanMaxSkew);
    for (const auto& [group, correlation] : f.rankCorrelations)
        add("  towards %-6s rank correlation of strength and gap %.2f\n", group.c_str(), correlation);
    for (const auto& [attribute, c] : f.controls)
        add("controls by %s: %d of %d hang plumb; largest gap %.4f, weakest planted gap %.4f\n", attribute.c_str(),
            c.plumb, c.count, c.largestGap, c.weakestPlantedGap);
    for (const SampleFigures::Occupation& row : f.occupations)
        add("%-10s %-13s %-10s MaxSkew %6.3f (chance %.3f) to %-12s gap %+.4f %s\n", row.attribute.c_str(),
            row.name.c_str(), row.planted.c_str(), row.maxSkew, row.nullP95, row.towards.c_str(), row.gap,
            row.asPlanted ? "as planted" : "");
    return text;
}

} // namespace plumbline::test
