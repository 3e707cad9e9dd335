// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/mitigation.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/audit/measure_families.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/debias/heads/joint_captions.h"
#include "core/formats/caption_list.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {
namespace {

constexpr std::int64_t kMostFairIr = 400;     ///< images that FA*IR is defined for
constexpr std::size_t kMostPairConcepts = 30; ///< concepts that pairs are made of

/// One attribute over the rows of both sets.
Result<Attribute> joinedAttribute(const std::string& text, const StudySets& sets) {
    std::vector<std::string> values;
    for (const ImageSet* set : {&sets.set, sets.audit}) {
        if (!set)
            continue;
        PLUMBLINE_TRY(const Attribute attribute, resolveAttribute(*set, text));
        for (const std::int32_t code : attribute.codes)
            values.push_back(code < 0 ? std::string() : attribute.groups[static_cast<std::size_t>(code)]);
    }
    return makeAttribute(text, values);
}

/// The column that says which images show the same person or belong to the same counterfactual set, by its name; empty:
/// none.
std::string columnOfClusters(const ImageSet& set) {
    for (const Attribute& attribute : set.attributes) {
        const std::string name = toLowerAscii(attribute.name);
        for (const char* known : {"set", "counterfactual set", "identity", "person", "subject"})
            if (name == known && attribute.groups.size() > 1)
                return attribute.name;
    }
    return {};
}

/// The rows of a set by its column fit / select / audit.
Result<Split> splitByColumn(const Attribute& attribute) {
    Split split;
    for (std::size_t i = 0; i < attribute.codes.size(); ++i) {
        if (attribute.codes[i] < 0)
            continue;
        const std::string group = toLowerAscii(attribute.groups[static_cast<std::size_t>(attribute.codes[i])]);
        std::vector<std::uint32_t>* to = group == "fit" || group == "train" || group == "training"      ? &split.fit
                                         : group == "select" || group == "val" || group == "validation" ? &split.select
                                         : group == "audit" || group == "test"                          ? &split.audit
                                                                                                        : nullptr;
        if (to)
            to->push_back(static_cast<std::uint32_t>(i));
    }
    return split;
}

/// Sentences for a method that needs texts, and the parameters that name their rows.
struct MethodTexts {
    std::vector<std::string> sentences;
    std::vector<std::pair<std::string, std::string>> parameters;
};

/// The groups' words alone, and every concept said of each group: "a photo of a male doctor".
MethodTexts spuriousTexts(const Attribute& attribute, const ProbeSet& probe) {
    MethodTexts texts;
    const std::vector<std::string> words = groupWords(attribute);
    texts.sentences = inTemplates(words, templatesOf(probe));
    texts.parameters.emplace_back("spurious", "0-" + std::to_string(texts.sentences.size() - 1));
    std::string pairs;
    for (std::size_t c = 0; c < std::min(probe.concepts.size(), kMostPairConcepts); ++c) {
        const std::size_t first = texts.sentences.size();
        for (const std::string& group : attribute.groups)
            texts.sentences.push_back("a photo of a " + toLowerAscii(group) + " " + probe.concepts[c].text);
        for (std::size_t g = 1; g < attribute.groups.size(); ++g)
            pairs += (pairs.empty() ? "" : ",") + std::to_string(first) + "-" + std::to_string(first + g);
    }
    if (!pairs.empty())
        texts.parameters.emplace_back("pairs", pairs);
    return texts;
}

/// Which of the published captions an attribute has: gender, age, race, or all three for their crossing.
std::optional<debias::JointAttribute> jointAttributeOf(const std::string& attribute) {
    const Result<std::vector<AttributePart>> parts = parseAttribute(attribute);
    if (!parts)
        return std::nullopt;
    std::vector<std::string> names;
    for (const AttributePart& part : *parts)
        names.push_back(toLowerAscii(part.name));
    std::ranges::sort(names);
    if (names == std::vector<std::string>{"gender"})
        return debias::JointAttribute::Gender;
    if (names == std::vector<std::string>{"age"})
        return debias::JointAttribute::Age;
    if (names == std::vector<std::string>{"race"})
        return debias::JointAttribute::Race;
    if (names == std::vector<std::string>{"age", "gender", "race"})
        return debias::JointAttribute::All;
    return std::nullopt;
}

/// Factual captions of the fit rows, then their counterfactual ones (METHODS B1), for joint removal: with gender, race
/// and age where the set has them, else of the attribute alone.
Result<MethodTexts> jointTexts(const DebiasStudyConfig& config, const StudySets& sets,
                               const std::vector<std::uint32_t>& kept, const StudyInput& input, bool published) {
    MethodTexts texts;
    const Attribute& target = input.images.attributes.front();
    std::vector<std::string> columns[3];
    const char* names[] = {"race", "age", "gender"};
    bool all = true;
    for (int c = 0; c < 3; ++c) {
        const Result<Attribute> attribute = joinedAttribute(names[c], sets);
        all = all && attribute.has_value();
        for (const std::uint32_t row : input.split.fit) {
            const std::int32_t code = attribute ? attribute->codes[kept[row]] : -1;
            columns[c].push_back(code < 0 ? std::string() : attribute->groups[static_cast<std::size_t>(code)]);
        }
    }
    debias::JointCaptions captions;
    const std::optional<debias::JointAttribute> kind = all ? jointAttributeOf(config.attribute) : std::nullopt;
    if (kind) {
        PLUMBLINE_TRY(captions, debias::jointCaptions(*kind, {columns[0], columns[1], columns[2]}, published));
    } else {
        Attribute fit = target;
        fit.codes.clear();
        for (const std::uint32_t row : input.split.fit)
            fit.codes.push_back(target.codes[row]);
        PLUMBLINE_TRY(captions, debias::jointCaptions(fit));
    }
    RandomStream random(config.seed, streamId("study/counterfactual"), 0);
    std::vector<std::string> counterfactual;
    for (std::size_t i = 0; i < captions.factual.size(); ++i) {
        // A row without a caption has no label either, and takes no part; any sentence may stand there.
        const bool has = captions.factual[i] != debias::JointCaptions::kNone;
        texts.sentences.push_back(captions.sentences[has ? captions.factual[i] : 0]);
        const std::vector<std::uint32_t>& list = captions.lists[has ? captions.listOf[i] : 0];
        counterfactual.push_back(captions.sentences[list[random.below(list.size())]]);
    }
    texts.sentences.insert(texts.sentences.end(), counterfactual.begin(), counterfactual.end());
    return texts;
}

/// One row a sentence; equal sentences are encoded once.
Outcome<Embeddings> encodeDistinct(const std::vector<std::string>& sentences, const EncodeTexts& encode) {
    std::map<std::string, std::size_t> place;
    std::vector<std::string> distinct;
    for (const std::string& sentence : sentences)
        if (place.try_emplace(sentence, distinct.size()).second)
            distinct.push_back(sentence);
    PLUMBLINE_TRY(const Embeddings rows, encode(distinct));
    Embeddings all(sentences.size(), rows.dim);
    for (std::size_t i = 0; i < sentences.size(); ++i)
        std::ranges::copy(rows.row(place[sentences[i]]), all.row(i).begin());
    return all;
}

/// Images that are fitted on and audited would be praised for what was learnt by heart.
Result<void> noneInBoth(const StudySets& sets) {
    std::set<std::filesystem::path> first;
    for (const std::string& file : sets.set.files)
        first.insert((sets.set.root / file).lexically_normal());
    const auto both = std::ranges::count_if(sets.audit->files, [&](const std::string& file) {
        return first.contains((sets.audit->root / file).lexically_normal());
    });
    if (both > 0)
        return fail(ErrorCode::InvalidArgument, {{"name", "the images to audit"},
                                                 {"value", std::to_string(both) + " that methods are fitted on, too"},
                                                 {"expected", "images that are not in the first set"}});
    return {};
}

/// A step with the texts that its method needs.
Outcome<StudyMethod::Step> stepOf(const DebiasConfig& asked, const DebiasStudyConfig& config, const StudyInput& input,
                                  const StudySets& sets, const std::vector<std::uint32_t>& kept,
                                  const std::vector<std::string>& prompts, const EncodeTexts& encode,
                                  std::optional<Error>& refused) {
    const DebiasMethodInfo* info = findDebiasMethod(asked.method);
    if (!info)
        return fail(
            ErrorCode::InvalidArgument,
            {{"name", "method"}, {"value", asked.method}, {"expected", "a name that plumb debias list prints"}});
    if (info->name == "cf-alpha")
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "method"},
                     {"value", asked.method},
                     {"expected", "a method that is fitted on the study's own labels; a head of counterfactual sets is "
                                  "fitted by plumb debias fit and compared as a transform"}});
    StudyMethod::Step step;
    step.config = asked;
    if (step.config.attribute.empty())
        step.config.attribute = config.attribute;
    const auto addParameter = [&](const std::string& name, const std::string& value) {
        if (std::ranges::none_of(asked.parameters, [&](const auto& given) { return given.first == name; }))
            step.config.parameters.emplace_back(name, value);
    };
    if (info->name == "fa-ir" && input.measure.k.count > kMostFairIr)
        addParameter("k", std::to_string(kMostFairIr));
    MethodTexts texts;
    const std::string_view changed = step.config.parameter("apply");
    if (info->name == "biased-prompts" || info->name == "bend") {
        texts = spuriousTexts(input.images.attributes.front(), config.probe);
    } else if (info->name == "joint-vl") {
        Result<MethodTexts> captions =
            jointTexts(config, sets, kept, input, step.config.parameter("published") == "on");
        if (!captions) {
            refused = std::move(captions).error();
            return step;
        }
        texts = std::move(*captions);
    } else if (info->needsTexts || (changed != "images" && !changed.empty())) {
        texts.sentences = prompts;
    }
    if (!texts.sentences.empty()) {
        PLUMBLINE_TRY(step.texts.plain, encodeDistinct(texts.sentences, encode));
        for (const auto& [name, value] : texts.parameters)
            addParameter(name, value);
        step.texts.texts = std::move(texts.sentences);
    }
    return step;
}

} // namespace

Outcome<StudyInput> studyInput(const DebiasStudyConfig& config, const StudySets& sets, const EncodeTexts& encode,
                               Feedback& feedback) {
    StudyInput input;
    input.config = config;
    input.measure = config.measure;
    JudgedImages& images = input.images;
    images.name = "the audit split";

    // Rows without an embedding take no part; `kept` says which rows of both sets are left.
    const std::size_t ofFirst = sets.set.size(), ofSecond = sets.audit ? sets.audit->size() : 0;
    std::vector<std::uint32_t> kept;
    for (std::size_t i = 0; i < ofFirst + ofSecond; ++i) {
        const SetEmbeddings& from = i < ofFirst ? sets.embeddings : *sets.auditEmbeddings;
        const std::size_t row = i < ofFirst ? i : i - ofFirst;
        if (from.present[row] && hasDirection(from.raw.row(row)))
            kept.push_back(static_cast<std::uint32_t>(i));
    }
    images.rows = Embeddings(kept.size(), sets.embeddings.raw.dim);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const bool first = kept[i] < ofFirst;
        std::ranges::copy(first ? sets.embeddings.raw.row(kept[i]) : sets.auditEmbeddings->raw.row(kept[i] - ofFirst),
                          images.rows.row(i).begin());
        images.files.push_back(first ? sets.set.root / sets.set.files[kept[i]]
                                     : sets.audit->root / sets.audit->files[kept[i] - ofFirst]);
    }
    const auto keptCodes = [&](const Attribute& all) {
        Attribute attribute = all;
        attribute.codes.clear();
        for (const std::uint32_t row : kept)
            attribute.codes.push_back(all.codes[row]);
        return attribute;
    };
    std::vector<std::string> names = {config.attribute};
    for (const std::string& other : config.untargeted)
        if (std::ranges::find(names, other) == names.end())
            names.push_back(other);
    for (const std::string& name : names) {
        PLUMBLINE_TRY(const Attribute attribute, joinedAttribute(name, sets));
        if (attribute.groups.empty())
            return fail(ErrorCode::AttributeEmpty, {{"name", name}});
        images.attributes.push_back(keptCodes(attribute));
    }
    if (!config.classes.empty()) {
        PLUMBLINE_TRY(const Attribute classes, joinedAttribute(config.classes, sets));
        images.classes = keptCodes(classes);
        input.texts.classes = classes.groups;
        input.texts.classRows.texts = inTemplates(classes.groups, templatesOf(config.probe));
        PLUMBLINE_TRY(input.texts.classRows.plain, encode(input.texts.classRows.texts));
    }

    // The split.
    std::vector<std::int32_t> together;
    const std::string clusters = !config.together.empty()      ? config.together
                                 : !config.splitColumn.empty() ? std::string()
                                                               : columnOfClusters(sets.set);
    if (!clusters.empty()) {
        PLUMBLINE_TRY(const Attribute identity, joinedAttribute(clusters, sets));
        together = keptCodes(identity).codes;
    }
    if (config.shares.size() < (sets.audit ? 2 : 3) ||
        std::ranges::any_of(config.shares, [](double share) { return !(share > 0 && std::isfinite(share)); }))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the shares of the split"},
                     {"value", std::to_string(config.shares.size()) + " numbers"},
                     {"expected", "three numbers above 0: of the images to fit, to choose and to audit"}});
    if (sets.audit) {
        PLUMBLINE_CHECK(noneInBoth(sets));
        std::size_t firstRows = 0;
        while (firstRows < kept.size() && kept[firstRows] < ofFirst)
            ++firstRows;
        const double shares[3] = {config.shares[0], config.shares[1], 0};
        input.split = splitByLot(
            firstRows,
            together.empty() ? together
                             : std::vector(together.begin(), together.begin() + static_cast<std::ptrdiff_t>(firstRows)),
            shares, config.seed);
        for (std::size_t i = firstRows; i < kept.size(); ++i)
            input.split.audit.push_back(static_cast<std::uint32_t>(i));
        input.splitText = "fit and select by lot, audit a set of its own";
    } else if (!config.splitColumn.empty()) {
        PLUMBLINE_TRY(const Attribute column, joinedAttribute(config.splitColumn, sets));
        PLUMBLINE_TRY(input.split, splitByColumn(keptCodes(column)));
        if (input.split.fit.empty() || input.split.select.empty() || input.split.audit.empty())
            return fail(ErrorCode::InvalidArgument, {{"name", "the column " + config.splitColumn},
                                                     {"value", "no rows of one part"},
                                                     {"expected", "the values fit, select and audit (or train, "
                                                                  "validation and test)"}});
        input.splitText = "by the column " + config.splitColumn;
    } else {
        const double shares[3] = {config.shares[0], config.shares[1], config.shares[2]};
        input.split = splitByLot(kept.size(), together, shares, config.seed);
        input.splitText =
            "by lot" + (clusters.empty() ? std::string(", each image by itself") : ", " + clusters + " kept together");
    }

    input.texts.prompts = probe::expand(config.probe);
    if (input.texts.prompts.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", config.probe.name}});
    std::vector<std::string> prompts;
    for (const Prompt& prompt : input.texts.prompts)
        prompts.push_back(prompt.text);
    input.texts.promptRows.texts = prompts;
    PLUMBLINE_TRY(input.texts.promptRows.plain, encode(prompts));
    if (!config.captions.empty()) {
        PLUMBLINE_TRY(const formats::CaptionList list,
                      formats::readCaptionList(decodePath(config.captions), config.captionSplit, feedback));
        std::vector<std::string> files = sets.set.files;
        if (sets.audit)
            files.insert(files.end(), sets.audit->files.begin(), sets.audit->files.end());
        const std::vector<std::optional<std::uint32_t>> rows = formats::rowsOfImages(list, files);
        std::vector<std::int64_t> placeOf(files.size(), -1);
        for (std::size_t i = 0; i < kept.size(); ++i)
            placeOf[kept[i]] = static_cast<std::int64_t>(i);
        std::vector<std::string> texts;
        for (std::size_t c = 0; c < list.captions.size(); ++c)
            if (const auto row = rows[list.imageOfCaption[c]]; row && placeOf[*row] >= 0) {
                texts.push_back(list.captions[c]);
                images.imageOfCaption.push_back(static_cast<std::uint32_t>(placeOf[*row]));
            }
        if (texts.empty())
            return fail(ErrorCode::LabelsMatchNothing,
                        {{"labels", config.captions}, {"images", encodePath(sets.set.root)}});
        PLUMBLINE_TRY(images.captions.plain, encode(texts));
        images.captions.texts = std::move(texts);
    }

    for (const DebiasRecipe& recipe : config.methods) {
        StudyMethod& method = input.methods.emplace_back();
        for (const DebiasConfig& asked : recipe.steps) {
            PLUMBLINE_TRY(method.steps.emplace_back(),
                          stepOf(asked, config, input, sets, kept, prompts, encode, method.refused));
        }
    }
    input.card.predictedLabels = config.predictedLabels;
    input.card.imagesSha256 = sets.embeddings.imagesSha256;
    input.card.labelsSha256 = sets.set.labelsSha256;
    input.card.fitRows = std::to_string(input.split.fit.size()) + " rows, " + input.splitText;
    return input;
}

Outcome<JudgedImages> imagesElsewhere(const StudyInput& input, const ImageSet& set, const SetEmbeddings& embeddings,
                                      const std::string& name, Feedback& feedback) {
    JudgedImages images;
    images.name = name;
    std::vector<std::uint32_t> kept;
    for (std::size_t i = 0; i < set.size(); ++i)
        if (embeddings.present[i] && hasDirection(embeddings.raw.row(i)))
            kept.push_back(static_cast<std::uint32_t>(i));
    images.rows = Embeddings(kept.size(), embeddings.raw.dim);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        std::ranges::copy(embeddings.raw.row(kept[i]), images.rows.row(i).begin());
        images.files.push_back(set.root / set.files[kept[i]]);
    }
    const auto keptCodes = [&](Attribute attribute) {
        std::vector<std::int32_t> codes;
        for (const std::uint32_t row : kept)
            codes.push_back(attribute.codes[row]);
        attribute.codes = std::move(codes);
        return attribute;
    };
    for (const Attribute& like : input.images.attributes) {
        PLUMBLINE_TRY(Attribute attribute, resolveAttribute(set, like.name));
        if (attribute.groups.empty())
            return fail(ErrorCode::AttributeEmpty, {{"name", like.name}});
        images.attributes.push_back(keptCodes(std::move(attribute)));
    }
    if (input.images.classes)
        if (Result<Attribute> classes = resolveAttribute(set, input.images.classes->name)) {
            // The numbers that the class prompts have.
            Attribute known = *input.images.classes;
            known.codes.clear();
            for (const std::int32_t code : classes->codes) {
                const auto at = code < 0
                                    ? known.groups.end()
                                    : std::ranges::find(known.groups, classes->groups[static_cast<std::size_t>(code)]);
                known.codes.push_back(at == known.groups.end() ? Attribute::kUnlabelled
                                                               : static_cast<std::int32_t>(at - known.groups.begin()));
            }
            images.classes = keptCodes(std::move(known));
        }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return images;
}

} // namespace plumbline::audit
