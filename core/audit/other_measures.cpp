// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/other_measures.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>

#include "core/audit/measure_families.h"

#include "core/base/error_text.h"
#include "core/base/numbers.h"
#include "core/data/probe_templates.h"
#include "core/metric/association/group_association.h"
#include "core/metric/association/text_audit.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/classified.h"
#include "core/metric/classification/harm.h"
#include "core/metric/controls/attribute_words.h"
#include "core/metric/controls/counterfactual.h"
#include "core/metric/controls/decodability.h"
#include "core/metric/controls/dimensions.h"
#include "core/metric/controls/hubness.h"
#include "core/metric/controls/quality.h"
#include "core/metric/controls/template_sensitivity.h"
#include "core/metric/family.h"
#include "core/metric/geometry/modality_gap.h"
#include "core/metric/paired.h"
#include "core/metric/ranking_relevance.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {

namespace {

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

/// Targets that differ from prompt to prompt have no place in measures that look at all prompts with one Meter: they
/// use the table's general shares, or those of the pool.
MeasureOptions sameForAllPrompts(MeasureOptions options) {
    options.target = options.target.kind == Target::Kind::Conditional ? Target() : options.target.of({});
    return options;
}

/// Says so in the tables that were measured with sameForAllPrompts.
void sayTarget(const Audited& audited, std::span<MeasureTable> tables) {
    const Target& target = audited.config.measure.target;
    if (target.kind != Target::Kind::Conditional && target.byConcept.empty())
        return;
    const bool general = target.of({}).kind == Target::Kind::Custom;
    for (MeasureTable& table : tables)
        table.warnings.push_back(
            "The audit's target differs from prompt to prompt; this table is measured against " +
            std::string(general ? "the shares that it has for all others." : "the pool's shares."));
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

/// Prompts as concepts, where the probe was expanded from some.
std::vector<Concept> promptsAsConcepts(const Audited& audited) {
    std::vector<Concept> concepts;
    for (const Prompt& prompt : probe::expand(audited.config.probe)) {
        const auto known = static_cast<std::size_t>(std::max(prompt.concept_, 0));
        const bool isConcept = prompt.concept_ >= 0 && known < audited.config.probe.concepts.size();
        concepts.push_back({prompt.text, isConcept ? audited.config.probe.concepts[known].group : std::string()});
    }
    return concepts;
}

Outcome<Tables> association(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const std::vector<Concept> concepts = promptsAsConcepts(audited);
    const metric::ConceptScores scores{concepts, audited.scores};
    const metric::Resampling options = resampling(audited.config.measure);
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::groupAssociationTable(scores, attribute, {}, options, feedback));
    PLUMBLINE_TRY(tables.emplace_back(), metric::groupRankTable(scores, attribute, options, feedback));
    return tables;
}

/// Every concept and every group's word in the templates of the probe; prompts written by hand have no template to put
/// a group's word into, so the words stand in "a photo of a {}".
Outcome<Tables> texts(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const ProbeSet& probe = audited.config.probe;
    const bool byHand = probe.templates.empty();
    const std::vector<std::string> words = groupWords(attribute), templates = templatesOf(probe);
    const std::vector<std::string> groupTexts = inTemplates(words, templates);
    PLUMBLINE_TRY(const Embeddings groupRows, audited.encode(groupTexts));
    metric::TextAudit audit;
    audit.concepts = probe.concepts;
    audit.groups = words;
    audit.templates = templates.size();
    audit.conceptTexts = &audited.prompts; // template-major, as probe::expand orders them
    audit.groupTexts = &groupRows;
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::textAuditTable(audit, resampling(audited.config.measure), feedback));
    if (byHand)
        tables.back().warnings.emplace_back(
            "The prompts have no template, so the groups' words were put into “a photo of a {}”.");
    return tables;
}

Outcome<Tables> harm(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const ProbeSet labels = probe::harmLabelSet();
    std::vector<std::string> texts;
    for (const Prompt& prompt : probe::expand(labels))
        texts.push_back(prompt.text);
    PLUMBLINE_TRY(const Embeddings classes, audited.encode(texts));
    metric::HarmOptions options;
    options.resampling = resampling(audited.config.measure);
    PLUMBLINE_TRY(
        metric::HarmTables tables,
        metric::harmRates(imagesByTexts(audited, classes), metric::harmClasses(labels), attribute, options, feedback));
    Tables list{std::move(tables.rates)};
    if (!tables.ablation.rows.empty())
        list.push_back(std::move(tables.ablation));
    return list;
}

Outcome<Tables> gap(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const metric::Resampling options = resampling(audited.config.measure);
    metric::ModalityGapInput input;
    input.images = &audited.images.raw;
    input.texts = &audited.prompts;
    input.attribute = &attribute;
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::modalityGap(input, options, feedback));
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::centroidDistances(audited.images.raw, attribute, "images", options, feedback));
    // Images without an embedding are rows of zeros, which have no direction and take no part.
    PLUMBLINE_TRY(const metric::ShiftMeasure skew,
                  metric::skewOfShifted(attribute, sameForAllPrompts(audited.config.measure), promptTexts(audited)));
    // LIANG22 moves both sides by up to a half, which closes the gap; beyond 0 to the other side it widens.
    constexpr std::array kLambdas{-0.5, -0.25, 0.0, 0.25, 0.5};
    PLUMBLINE_TRY(tables.emplace_back(), metric::shiftExperiment(audited.images.raw, audited.prompts, kLambdas,
                                                                 std::span(&skew, 1), options, feedback));
    sayTarget(audited, std::span(tables).last(1));
    return tables;
}

Outcome<Tables> counterfactuals(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    if (audited.config.others.sets.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", "counterfactual sets"},
                                                 {"value", "nothing"},
                                                 {"expected", "the column that names each image's set"}});
    PLUMBLINE_TRY(const Attribute sets, presentLabels(audited, audited.config.others.sets));
    const std::size_t images = audited.set.size(), prompts = audited.prompts.rows;
    std::vector<double> scores(images * prompts);
    for (std::size_t p = 0; p < prompts; ++p)
        for (std::size_t i = 0; i < images; ++i)
            scores[i * prompts + p] = static_cast<double>(audited.scores[p * images + i]);
    metric::CounterfactualInput input;
    input.scores = scores;
    input.prompts = promptTexts(audited);
    input.sets = sets.codes;
    input.variant = &attribute;
    if (audited.hasModel())
        input.embeddings = &audited.images.raw;
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::counterfactualSensitivity(input, resampling(audited.config.measure), feedback));
    return tables;
}

/// Of the templates with an attribute's words: each word held against the first, all else being equal.
Result<void> addWordChanges(Tables& tables, const Audited& audited, const Attribute& attribute,
                            std::span<const metric::TemplateMeasurement> measured) {
    const ProbeSet& probe = audited.config.probe;
    const std::size_t images = audited.set.size(), concepts = probe.concepts.size();
    std::vector<metric::WordChange> changes;
    std::size_t first = 0; // the plain template with the first word
    for (const std::string& text : probe.templates) {
        const auto place = attributePlace(text);
        const std::size_t words = place ? place->words.size() : 1;
        for (std::size_t c = 0; c < concepts; ++c)
            for (std::size_t w = 1; w < words; ++w) {
                const std::size_t was = first * concepts + c, is = (first + w) * concepts + c;
                changes.push_back({probe.concepts[c].text, text, place->words[0] + " → " + place->words[w],
                                   audited.scores.subspan(was * images, images),
                                   audited.scores.subspan(is * images, images), measured[was].measurement,
                                   measured[is].measurement});
            }
        first += words;
    }
    if (changes.empty())
        return {};
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::attributeWordChanges(changes, attribute, resampling(audited.config.measure)));
    return {};
}

Outcome<Tables> templates(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const ProbeSet& probe = audited.config.probe;
    const std::vector<std::string> wordings = plainTemplates(probe);
    if (wordings.size() < 2)
        return Tables{}; // one wording has nothing to be compared with
    const std::vector<Prompt> prompts = probe::expand(probe);
    std::vector<metric::TemplateMeasurement> measured;
    for (const Measurement& measurement : audited.measurements) {
        if (measurement.attribute != attribute.name)
            continue;
        const Prompt& prompt = prompts[measured.size() % prompts.size()];
        measured.push_back({probe.concepts[static_cast<std::size_t>(prompt.concept_)].text,
                            wordings[static_cast<std::size_t>(prompt.template_)], &measurement});
    }
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::templateSensitivity(measured, resampling(audited.config.measure), feedback));
    PLUMBLINE_CHECK(addWordChanges(tables, audited, attribute, measured));
    return tables;
}

Outcome<Tables> hubs(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    PLUMBLINE_TRY(metric::HubnessResult result, metric::hubnessOfAudit(audited.scores, promptTexts(audited), attribute,
                                                                       sameForAllPrompts(audited.config.measure),
                                                                       resampling(audited.config.measure), feedback));
    Tables tables{std::move(result.table)};
    sayTarget(audited, tables);
    return tables;
}

Outcome<Tables> decodability(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    PLUMBLINE_TRY(MeasureTable table, metric::attributeDecodability(audited.images.raw, attribute, {},
                                                                    resampling(audited.config.measure), feedback));
    return Tables{std::move(table)};
}

Outcome<Tables> quality(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const std::vector<std::string> texts{"Good photo.", "Bad photo."};
    PLUMBLINE_TRY(const Embeddings rows, audited.encode(texts));
    const std::vector<float> scores = imagesByTexts(audited, rows);
    std::vector<double> good, bad;
    for (std::size_t i = 0; i < audited.set.size(); ++i) {
        good.push_back(static_cast<double>(scores[2 * i]));
        bad.push_back(static_cast<double>(scores[2 * i + 1]));
    }
    const std::vector<double> quality = metric::imageQuality(good, bad, audited.logitScale);
    PLUMBLINE_TRY(MeasureTable table, metric::qualityControlled(audited.scores, promptTexts(audited), quality,
                                                                attribute, sameForAllPrompts(audited.config.measure),
                                                                resampling(audited.config.measure), feedback));
    sayTarget(audited, std::span(&table, 1));
    return Tables{std::move(table)};
}

/// The audit's attributes against the dimensions that its images are controlled for, all of them at once.
Outcome<Tables> controls(const Audited& audited, const Attribute&, Feedback&) {
    if (audited.config.others.dimensions.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", "controlled dimensions"},
                                                 {"value", "nothing"},
                                                 {"expected", "columns such as pose, light or expression"}});
    std::vector<metric::Dimension> dimensions;
    const auto add = [&](const std::string& name, metric::Dimension::Role role) -> Result<void> {
        PLUMBLINE_TRY(Attribute attribute, presentLabels(audited, name));
        dimensions.push_back({name, role, std::move(attribute.codes), {}, 0});
        return {};
    };
    for (const std::string& name : audited.config.attributes)
        PLUMBLINE_CHECK(add(name, metric::Dimension::Role::Person));
    for (const std::string& name : audited.config.others.dimensions)
        PLUMBLINE_CHECK(add(name, metric::Dimension::Role::Control));
    std::vector<metric::NamedScores> scores;
    const std::size_t images = audited.set.size();
    for (const Prompt& prompt : probe::expand(audited.config.probe)) {
        const auto own = audited.scores.subspan(scores.size() * images, images);
        scores.push_back({prompt.text, {own.begin(), own.end()}});
    }
    if (audited.hasModel()) {
        PLUMBLINE_TRY(std::vector<metric::NamedScores> scales, scaleContrasts(audited));
        std::ranges::move(scales, std::back_inserter(scores));
    }
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::dimensionInfluence(scores, dimensions, {}, resampling(audited.config.measure)));
    return tables;
}

/// The prompts one after the other in one table.
Outcome<Tables> relevance(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const AuditConfig& config = audited.config;
    MeasureTable all;
    std::size_t without = 0, number = 0;
    const std::size_t images = audited.set.size();
    for (const Prompt& prompt : probe::expand(config.probe)) {
        const auto own = audited.scores.subspan(number++ * images, images);
        const std::string& about = config.probe.concepts[static_cast<std::size_t>(prompt.concept_)].text;
        PLUMBLINE_TRY(const std::vector<double> relevant, relevanceOf(config, audited.set, about));
        if (std::ranges::count(relevant, 1.0) == 0) {
            ++without;
            continue;
        }
        const std::vector<double> scores(own.begin(), own.end());
        PLUMBLINE_TRY(MeasureTable table, metric::relevanceMeasures(attribute, {scores, relevant, {}}, config.measure.k,
                                                                    resampling(config.measure), feedback));
        for (std::string& warning : table.warnings)
            all.warnings.push_back(prompt.text + ": " + warning);
        for (MeasureRow& row : table.rows) {
            row.keys.insert(row.keys.begin(), prompt.text);
            all.rows.push_back(std::move(row));
        }
        if (!all.id.empty())
            continue;
        all.id = table.id;
        all.title = "Relevance by group · " + attribute.name;
        all.definition = table.definition;
        all.source = table.source;
        all.countOf = table.countOf;
        all.keys = table.keys;
        all.keys.insert(all.keys.begin(), "prompt");
    }
    if (all.rows.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "relevance"},
                     {"value", config.relevance},
                     {"expected", "an attribute with the concepts of the prompts among its values"}});
    if (without > 0)
        all.warnings.push_back("No image is relevant to " + std::to_string(without) + " of the " +
                               std::to_string(number) + " prompts: they are left out.");
    metric::correctFamily(all,
                          "recall and precision of each group against the others, and the comparisons with a random "
                          "order, of all prompts");
    return Tables{std::move(all)};
}

using Measure = Outcome<Tables> (*)(const Audited&, const Attribute&, Feedback&);

/// Families that are measured once an attribute.
Measure byAttribute(Family family) {
    switch (family) {
    case Family::Summary:
        return summary;
    case Family::Association:
        return association;
    case Family::Texts:
        return texts;
    case Family::ZeroShot:
        return zeroShot;
    case Family::Harm:
        return harm;
    case Family::Gap:
        return gap;
    case Family::Templates:
        return templates;
    case Family::Hubs:
        return hubs;
    case Family::Decodability:
        return decodability;
    case Family::Quality:
        return quality;
    case Family::Counterfactuals:
        return counterfactuals;
    case Family::Controls:
        return controls;
    case Family::Classes:
        return classes;
    case Family::Retrieval:
        return captionRetrieval;
    case Family::WordTests:
        return wordTests;
    case Family::Scales:
        return socialScales;
    case Family::ConceptVectors:
        return conceptVectors;
    case Family::Relevance:
        return relevance;
    }
    return nullptr;
}

} // namespace

metric::Resampling resampling(const MeasureOptions& options) {
    return {options.seed, options.nullDraws, options.bootstrapDraws, options.confidence, options.minGroup};
}

Result<Attribute> presentLabels(const Audited& audited, const std::string& name) {
    PLUMBLINE_TRY(Attribute attribute, resolveAttribute(audited.set, name));
    for (std::size_t i = 0; i < audited.images.present.size(); ++i)
        if (!audited.images.present[i])
            attribute.codes[i] = Attribute::kUnlabelled;
    return attribute;
}

std::vector<float> imagesByTexts(const Audited& audited, const Embeddings& texts) {
    std::vector<float> scores = cosines(audited.images.raw, texts);
    for (std::size_t i = 0; i < audited.images.present.size(); ++i)
        if (!audited.images.present[i])
            std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(i * texts.rows), texts.rows,
                        std::numeric_limits<float>::quiet_NaN());
    return scores;
}

std::vector<std::string> promptTexts(const Audited& audited) {
    std::vector<std::string> texts;
    for (Prompt& prompt : probe::expand(audited.config.probe))
        texts.push_back(std::move(prompt.text));
    return texts;
}

std::vector<std::string> templatesOf(const ProbeSet& probe) {
    return probe.templates.empty() ? std::vector<std::string>{"a photo of a {}"} : plainTemplates(probe);
}

std::vector<std::string> inTemplates(const std::vector<std::string>& words, const std::vector<std::string>& templates) {
    ProbeSet set;
    set.templates = templates;
    for (const std::string& word : words)
        set.concepts.push_back({word, {}});
    std::vector<std::string> texts;
    for (Prompt& prompt : probe::expand(set))
        texts.push_back(std::move(prompt.text));
    return texts;
}

Result<Embeddings> meanOfTemplates(const Embeddings& texts, std::size_t words) {
    std::vector<std::int32_t> wordOf(texts.rows);
    for (std::size_t i = 0; i < texts.rows; ++i)
        wordOf[i] = static_cast<std::int32_t>(i % words);
    return metric::promptEnsemble(texts, wordOf, words);
}

std::vector<std::string> groupWords(const Attribute& attribute) {
    std::vector<std::string> words;
    const bool age = toLowerAscii(attribute.name).find("age") == 0;
    for (const std::string& group : attribute.groups) {
        const std::string word = toLowerAscii(group);
        if (word == "male" || word == "man" || word == "men")
            words.emplace_back("man");
        else if (word == "female" || word == "woman" || word == "women")
            words.emplace_back("woman");
        else
            words.push_back(age ? "person aged " + word : word + " person");
    }
    return words;
}

Outcome<Tables> measureOthers(const Audited& given, std::vector<std::string>& warnings, Feedback& feedback) {
    Tables all;
    // Families ask for the same texts again for each attribute.
    std::map<std::vector<std::string>, Embeddings> known;
    const EncodeTexts remembering = [&](std::span<const std::string> texts) -> Outcome<Embeddings> {
        std::vector<std::string> key(texts.begin(), texts.end());
        if (const auto at = known.find(key); at != known.end())
            return at->second;
        PLUMBLINE_TRY(Embeddings rows, given.encode(texts));
        return known.emplace(std::move(key), std::move(rows)).first->second;
    };
    const EncodeTexts encode = given.encode ? remembering : EncodeTexts();
    const Audited audited{given.config, given.set,          given.images, given.prompts,
                          given.scores, given.measurements, encode,       given.logitScale};
    const std::vector<std::string>& attributes = audited.config.attributes;
    const std::vector<Family>& families = audited.config.others.families;
    const auto total = static_cast<std::int64_t>(families.size() * attributes.size());
    std::int64_t done = 0;
    for (const Family family : families) {
        // These look at all attributes at once.
        const bool once = family == Family::Controls || family == Family::WordTests;
        const std::size_t times = once ? std::min<std::size_t>(attributes.size(), 1) : attributes.size();
        for (const std::string& name : std::span(attributes).first(times)) {
            feedback.progress("other-measures", done++, total);
            const auto measured = [&]() -> Outcome<Tables> {
                if (!audited.hasModel() && !needsScoresOnly(family))
                    return fail(ErrorCode::InvalidArgument, {{"name", "the input"},
                                                             {"value", "scores without a model"},
                                                             {"expected", "a model and its embeddings (plumb audit)"}});
                PLUMBLINE_TRY(const Attribute attribute, presentLabels(audited, name));
                return byAttribute(family)(audited, attribute, feedback);
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
                if (times > 1 && table.title.find(name) == std::string::npos)
                    table.title += " · " + name;
                table.kind = familyName(family);
                if (!once)
                    table.attribute = name;
                all.push_back(std::move(table));
            }
        }
    }
    return all;
}

} // namespace plumbline::audit
