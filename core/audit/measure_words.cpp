// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>

#include "core/audit/measure_families.h"
#include "core/data/probe_templates.h"
#include "core/metric/association/concept_vectors.h"
#include "core/metric/association/polarity.h"
#include "core/metric/association/weat.h"
#include "core/probe/association_tests.h"
#include "core/probe/probe_set.h"
#include "core/probe/social_scales.h"

namespace plumbline::audit {

namespace {

/// Beyond so many groups a comparison of every two of them would ask hundreds of questions a prompt.
constexpr std::size_t kMostPairedGroups = 8;

/// Every two groups; of many groups each against all others.
std::vector<metric::AttributePair> pairsOf(const Audited& audited, const Attribute& attribute) {
    const std::int64_t minimum = audited.config.measure.minGroup;
    const Embeddings& images = audited.images.raw;
    if (attribute.groups.size() <= kMostPairedGroups)
        return metric::attributePairs(images, attribute.groups, attribute.codes, minimum);
    std::vector<metric::AttributePair> pairs;
    for (std::size_t g = 0; g < attribute.groups.size(); ++g) {
        std::vector<std::uint32_t> own, others;
        for (std::size_t i = 0; i < attribute.codes.size(); ++i)
            if (attribute.codes[i] >= 0)
                (attribute.codes[i] == static_cast<std::int32_t>(g) ? own : others)
                    .push_back(static_cast<std::uint32_t>(i));
        if (!own.empty() && !others.empty())
            pairs.push_back({attribute.groups[g] + " – all others", metric::VectorSet(images, std::move(own)),
                             metric::VectorSet(images, std::move(others)), minimum});
    }
    return pairs;
}

/// The built-in tests with the audit's images where one of its attributes has the groups that a set names.
Outcome<MeasureTable> builtInTests(const Audited& audited, Feedback& feedback) {
    std::vector<Attribute> attributes;
    for (const std::string& name : audited.config.attributes) {
        PLUMBLINE_TRY(attributes.emplace_back(), presentLabels(audited, name));
    }
    std::deque<Embeddings> kept; // the sets look at them
    std::vector<metric::AssociationInput> inputs;
    for (const AssociationTest& test : probe::builtInAssociationTests()) {
        metric::AssociationInput& input = inputs.emplace_back();
        input.test = test.name;
        for (const auto& [set, words] :
             {std::pair{&input.x, &test.x}, {&input.y, &test.y}, {&input.a, &test.a}, {&input.b, &test.b}}) {
            set->label = words->label;
            if (!words->words.empty()) {
                PLUMBLINE_TRY(Embeddings texts, audited.encode(probe::textsOf(test, *words)));
                if (test.templates.size() > 1) {
                    PLUMBLINE_TRY(texts, meanOfTemplates(texts, words->words.size()));
                }
                set->texts.emplace(kept.emplace_back(std::move(texts)));
            }
            for (const Attribute& attribute : attributes)
                if (std::vector<std::uint32_t> rows = probe::imagesOf(*words, attribute); !rows.empty()) {
                    set->images.emplace(audited.images.raw, std::move(rows));
                    break;
                }
        }
    }
    return metric::associationTable(inputs, {}, resampling(audited.config.measure), feedback);
}

/// Mean cosine of each image with the texts of a word in all templates (template-major): images x words.
std::vector<double> meanCosines(const Audited& audited, const Embeddings& texts, std::size_t words) {
    const std::vector<float> cosine = imagesByTexts(audited, texts);
    const std::size_t templates = texts.rows / words;
    std::vector<double> means(audited.set.size() * words, 0.0);
    for (std::size_t i = 0; i < audited.set.size(); ++i)
        for (std::size_t t = 0; t < texts.rows; ++t)
            means[i * words + t % words] +=
                static_cast<double>(cosine[i * texts.rows + t]) / static_cast<double>(templates);
    return means;
}

struct ScaleCosines {
    probe::SocialScales scales;
    std::vector<std::string> terms;
    std::vector<double> cosine; ///< images x terms, mean over the templates
    std::vector<double> blank;  ///< one an image

    std::vector<std::size_t> columnsOf(const std::vector<std::string>& some) const {
        std::vector<std::size_t> columns;
        for (const std::string& term : some)
            columns.push_back(static_cast<std::size_t>(std::ranges::find(terms, term) - terms.begin()));
        return columns;
    }
    /// Each scale of the terms' contrasts to the blank prompt.
    std::vector<metric::NamedScores> contrasts() const {
        std::vector<double> values = cosine;
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] -= blank[i / terms.size()];
        std::vector<metric::NamedScores> scores;
        for (const probe::SocialScales::Scale& scale : scales.scales)
            scores.push_back(
                {scale.name, metric::scaleScores(values, terms.size(),
                                                 {scale.name, columnsOf(scale.positive), columnsOf(scale.negative)})});
        return scores;
    }
};

Outcome<ScaleCosines> scaleCosines(const Audited& audited) {
    ScaleCosines result;
    result.scales = probe::socialScales();
    result.terms = result.scales.terms();
    PLUMBLINE_TRY(const Embeddings texts, audited.encode(inTemplates(result.terms, result.scales.templates)));
    PLUMBLINE_TRY(const Embeddings blank, audited.encode(result.scales.blank));
    result.cosine = meanCosines(audited, texts, result.terms.size());
    result.blank = meanCosines(audited, blank, 1);
    return result;
}

} // namespace

Outcome<Tables> wordTests(const Audited& audited, const Attribute&, Feedback& feedback) {
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), builtInTests(audited, feedback));
    for (const std::string& name : audited.config.attributes) {
        PLUMBLINE_TRY(const Attribute attribute, presentLabels(audited, name));
        metric::WeatOptions weat;
        weat.partitions = std::max<std::int64_t>(audited.config.measure.nullDraws, 2);
        PLUMBLINE_TRY(tables.emplace_back(),
                      metric::singleCategoryTable(audited.prompts, promptTexts(audited), pairsOf(audited, attribute),
                                                  weat, resampling(audited.config.measure), feedback));
        tables.back().title += " · " + name;
        tables.back().attribute = name;
    }
    return tables;
}

Outcome<std::vector<metric::NamedScores>> scaleContrasts(const Audited& audited) {
    PLUMBLINE_TRY(const ScaleCosines found, scaleCosines(audited));
    return found.contrasts();
}

Outcome<Tables> socialScales(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const metric::Resampling options = resampling(audited.config.measure);
    PLUMBLINE_TRY(const ScaleCosines found, scaleCosines(audited));
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::groupContrasts(found.contrasts(), attribute, options, feedback));

    // The scales with two ends, also as the softmax between them.
    std::deque<std::vector<float>> ends;
    std::vector<metric::PolarityScale> scales;
    const auto end = [&](const std::vector<std::string>& terms) -> std::span<const float> {
        const std::vector<double> means =
            metric::scaleScores(found.cosine, found.terms.size(), {"", found.columnsOf(terms), {}});
        return ends.emplace_back(means.begin(), means.end());
    };
    for (const probe::SocialScales::Scale& scale : found.scales.scales)
        if (!scale.negative.empty())
            scales.push_back({scale.name, end(scale.positive), end(scale.negative)});
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::polarityTable(scales, audited.logitScale, attribute, options, feedback));

    const std::vector<std::string> one = {"a photo of a {}"};
    PLUMBLINE_TRY(const Embeddings blank, audited.encode(inTemplates({"person"}, one)));
    PLUMBLINE_TRY(const Embeddings words, audited.encode(inTemplates(groupWords(attribute), one)));
    const std::vector<double> ofWords = meanCosines(audited, words, words.rows);
    std::vector<double> own(audited.set.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < own.size(); ++i)
        if (attribute.codes[i] >= 0)
            own[i] = ofWords[i * words.rows + static_cast<std::size_t>(attribute.codes[i])];
    PLUMBLINE_TRY(tables.emplace_back(), metric::markedness(meanCosines(audited, blank, 1), own, attribute, options));
    return tables;
}

Outcome<Tables> conceptVectors(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const ProbeSet& probe = audited.config.probe;
    if (probe.templates.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", "concept vectors"},
                                                 {"value", "prompts written by hand"},
                                                 {"expected", "a probe set of concepts and templates"}});
    if (attribute.groups.size() > kMostPairedGroups)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", attribute.name},
                     {"value", std::to_string(attribute.groups.size()) + " groups"},
                     {"expected", "at most " + std::to_string(kMostPairedGroups) +
                                      ", since every two of them are compared (merge some)"}});
    // A probe needs some examples of each concept: with few templates those of the first built-in set, which has
    // eleven.
    const std::vector<ProbeSet> builtIn = probe::builtInProbeSets();
    const metric::ConceptVectorOptions vectors;
    const auto needed = static_cast<std::size_t>(vectors.minExamples);
    const std::vector<std::string> wordings = plainTemplates(probe);
    const auto several =
        std::ranges::find_if(builtIn, [&](const ProbeSet& set) { return set.templates.size() >= needed; });
    const bool own = wordings.size() >= needed || several == builtIn.end();
    const std::vector<std::string>& templates = own ? wordings : several->templates;

    std::vector<std::string> words, negatives;
    for (const Concept& each : probe.concepts)
        words.push_back(each.text);
    const std::size_t concepts = words.size();
    std::ranges::copy(groupWords(attribute), std::back_inserter(words));
    for (const ProbeSet& set : builtIn)
        for (const Concept& each : set.concepts)
            if (std::ranges::find(words, each.text) == words.end() &&
                std::ranges::find(negatives, each.text) == negatives.end())
                negatives.push_back(each.text);
    PLUMBLINE_TRY(const Embeddings texts, audited.encode(inTemplates(words, templates)));
    PLUMBLINE_TRY(const Embeddings random, audited.encode(inTemplates(negatives, templates)));
    std::vector<metric::ConceptExamples> examples;
    for (std::size_t w = 0; w < words.size(); ++w) {
        std::vector<std::uint32_t> rows;
        for (std::size_t t = 0; t < templates.size(); ++t)
            rows.push_back(static_cast<std::uint32_t>(t * words.size() + w));
        examples.push_back({words[w], metric::VectorSet(texts, std::move(rows))});
    }
    std::vector<metric::ReferencePair> pairs;
    for (std::size_t a = 0; a < attribute.groups.size(); ++a)
        for (std::size_t b = a + 1; b < attribute.groups.size(); ++b)
            pairs.push_back({a, b});
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::conceptVectorTable(std::span(examples).first(concepts), std::span(examples).subspan(concepts),
                                             pairs, random, vectors, resampling(audited.config.measure), feedback));
    if (!own)
        tables.back().warnings.push_back("The probe set has " + std::to_string(wordings.size()) +
                                         " templates; the " + std::to_string(templates.size()) + " of “" +
                                         several->name + "” were used.");
    return tables;
}

} // namespace plumbline::audit
