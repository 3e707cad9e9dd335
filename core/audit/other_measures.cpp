// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/other_measures.h"

#include <algorithm>
#include <cctype>

#include "core/base/error_text.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/classified.h"
#include "core/metric/classification/parity.h"
#include "core/metric/paired.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {

namespace {

using Tables = std::vector<MeasureTable>;

std::string lower(std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

metric::Resampling resampling(const MeasureOptions& options) {
    return {options.seed, options.nullDraws, options.bootstrapDraws, options.confidence, options.minGroup};
}

/// The attribute without the images that have no embedding.
Result<Attribute> presentLabels(const Audited& audited, const std::string& name) {
    PLUMBLINE_TRY(Attribute attribute, resolveAttribute(audited.set, name));
    for (std::size_t i = 0; i < audited.images.present.size(); ++i)
        if (!audited.images.present[i])
            attribute.codes[i] = Attribute::kUnlabelled;
    return attribute;
}

/// Images x texts cosines, row-major.
std::vector<float> imagesByTexts(const Audited& audited, const Embeddings& texts) {
    std::vector<float> scores = cosines(audited.images.raw, texts);
    for (std::size_t i = 0; i < audited.images.present.size(); ++i)
        if (!audited.images.present[i])
            std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(i * texts.rows), texts.rows,
                        std::numeric_limits<float>::quiet_NaN());
    return scores;
}

metric::AskedPrompts askedPrompts(const Audited& audited) {
    metric::AskedPrompts asked;
    for (const Prompt& prompt : probe::expand(audited.config.probe)) {
        asked.texts.push_back(prompt.text);
        asked.concepts.push_back(prompt.concept_);
    }
    if (std::ranges::any_of(asked.concepts, [](std::int32_t c) { return c < 0; }))
        asked.concepts.clear();
    return asked;
}

Outcome<Tables> summary(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    PLUMBLINE_TRY(MeasureTable table, metric::summariseAudit(audited.scores, askedPrompts(audited), attribute,
                                                             audited.config.measure, feedback));
    return Tables{std::move(table)};
}

Outcome<Tables> zeroShot(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    std::vector<std::string> texts;
    for (const std::string& word : groupWords(attribute))
        texts.push_back("a photo of a " + word);
    PLUMBLINE_TRY(const Embeddings classes, audited.encode(texts));
    const std::vector<float> scores = imagesByTexts(audited, classes);
    metric::Classified classified;
    classified.classes = attribute.groups;
    classified.truth = attribute.codes;
    classified.predicted = metric::predict(scores, classes.rows);
    metric::AccuracyOptions options;
    options.resampling = resampling(audited.config.measure);
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::accuracyByGroup(classified, attribute, options, feedback));
    return tables;
}

using Measure = Outcome<Tables> (*)(const Audited&, const Attribute&, Feedback&);

/// Families that are measured once an attribute.
Measure byAttribute(Family family) {
    switch (family) {
    case Family::Summary:
        return summary;
    case Family::ZeroShot:
        return zeroShot;
    default:
        return nullptr;
    }
}

} // namespace

std::vector<std::string> groupWords(const Attribute& attribute) {
    std::vector<std::string> words;
    const bool age = lower(attribute.name).find("age") == 0;
    for (const std::string& group : attribute.groups) {
        const std::string word = lower(group);
        if (word == "male" || word == "man" || word == "men")
            words.emplace_back("man");
        else if (word == "female" || word == "woman" || word == "women")
            words.emplace_back("woman");
        else
            words.push_back(age ? "person aged " + word : word + " person");
    }
    return words;
}

Outcome<Tables> measureOthers(const Audited& audited, std::vector<std::string>& warnings, Feedback& feedback) {
    Tables all;
    const std::vector<std::string>& attributes = audited.config.attributes;
    const std::vector<Family>& families = audited.config.others.families;
    const auto total = static_cast<std::int64_t>(families.size() * attributes.size());
    std::int64_t done = 0;
    for (const Family family : families) {
        for (const std::string& name : attributes) {
            feedback.progress("other-measures", done++, total);
            const auto measured = [&]() -> Outcome<Tables> {
                PLUMBLINE_TRY(const Attribute attribute, presentLabels(audited, name));
                if (const Measure measure = byAttribute(family))
                    return measure(audited, attribute, feedback);
                return Tables{};
            }();
            if (!measured && measured.error().cancelled())
                return tl::unexpected(measured.error());
            if (!measured) {
                const auto info = std::ranges::find(allFamilies(), family, &FamilyInfo::family);
                warnings.push_back(std::string(info->title) + " by " + name +
                                   " could not be measured: " + errorText(measured.error().error()));
                continue;
            }
            for (MeasureTable table : *measured) {
                if (attributes.size() > 1 && table.title.find(name) == std::string::npos)
                    table.title += " · " + name;
                all.push_back(std::move(table));
            }
        }
    }
    return all;
}

} // namespace plumbline::audit
