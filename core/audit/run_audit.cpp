// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/audit.h"
#include "core/audit/mitigation.h"
#include "core/audit/other_measures.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <sys/utsname.h>

#include <tbb/parallel_for.h>

#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/metric/measure.h"
#include "core/metric/ranking.h"
#include "core/metric/verdict.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {

namespace {

bool dotWithRawImage(Definition definition) {
    return scoreKind(definition) == ScoreKind::DotRawImage;
}

double lengthOf(std::span<const float> row) {
    double square = 0;
    for (const float v : row)
        square += static_cast<double>(v) * v;
    return std::sqrt(square);
}

/// Turns one image's cosines with all prompts into their softmax, at the logit scale of the released models.
void softmaxOfImage(std::vector<float>& scores, std::size_t prompts, std::size_t images, std::size_t image) {
    constexpr double kLogitScale = 100;
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t p = 0; p < prompts; ++p)
        largest = std::max(largest, kLogitScale * double(scores[p * images + image]));
    for (std::size_t p = 0; p < prompts; ++p)
        sum += std::exp(kLogitScale * double(scores[p * images + image]) - largest);
    for (std::size_t p = 0; p < prompts; ++p) {
        float& score = scores[p * images + image];
        score = static_cast<float>(std::exp(kLogitScale * double(score) - largest) / sum);
    }
}

/// prompts x images, in slices of images; a slice does not change a bit of a value.
Outcome<std::vector<float>> scoreAll(const Embeddings& images, const std::vector<bool>& present,
                                     const Embeddings& prompts, Definition definition, Feedback& feedback) {
    std::vector<float> scores(prompts.rows * images.rows, std::numeric_limits<float>::quiet_NaN());
    constexpr std::size_t kSlice = 512;
    const std::size_t slices = (images.rows + kSlice - 1) / kSlice;
    tbb::parallel_for(std::size_t(0), slices, [&](std::size_t s) {
        if (feedback.cancelled())
            return;
        const std::size_t begin = s * kSlice, rows = std::min(kSlice, images.rows - begin);
        Embeddings slice(rows, images.dim);
        std::copy_n(images.row(begin).data(), rows * images.dim, slice.values.begin());
        const std::vector<float> cosine = cosines(prompts, slice);
        for (std::size_t i = 0; i < rows; ++i) {
            if (!present[begin + i])
                continue;
            const double length = dotWithRawImage(definition) ? lengthOf(slice.row(i)) : 1.0;
            for (std::size_t p = 0; p < prompts.rows; ++p)
                scores[p * images.rows + begin + i] = static_cast<float>(cosine[p * rows + i] * length);
            if (scoreKind(definition) == ScoreKind::SoftmaxOverPrompts)
                softmaxOfImage(scores, prompts.rows, images.rows, begin + i);
        }
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return scores;
}

/// One Meter for each attribute, and one more for each concept that has a target of its own.
class Meters {
public:
    struct Choice {
        const metric::Meter* meter;
        std::string warning; ///< why the target is not the one asked for; empty: it is
    };

    static Result<Meters> create(const AuditConfig& config, const ImageSet& set,
                                 const std::vector<Attribute>& attributes) {
        const Target& target = config.measure.target;
        const bool conditional = target.kind == Target::Kind::Conditional;
        Meters meters;
        for (std::size_t a = 0; a < attributes.size(); ++a) {
            MeasureOptions options = config.measure;
            options.target = conditional ? Target() : target.of({});
            PLUMBLINE_TRY(metric::Meter general, metric::Meter::create(attributes[a], options));
            meters.m_general.push_back(std::move(general));
            if (!conditional && target.byConcept.empty())
                continue;
            for (std::size_t c = 0; c < config.probe.concepts.size(); ++c)
                PLUMBLINE_CHECK(meters.addConcept(config, set, attributes[a], {a, static_cast<int>(c)}));
        }
        return meters;
    }

    Choice of(std::size_t attribute, int concept_) const {
        const Place place{attribute, concept_};
        if (const auto own = m_own.find(place); own != m_own.end())
            return {&own->second, {}};
        const auto why = m_without.find(place);
        return {&m_general[attribute], why == m_without.end() ? std::string() : why->second};
    }

private:
    using Place = std::pair<std::size_t, int>;

    Result<void> addConcept(const AuditConfig& config, const ImageSet& set, const Attribute& attribute, Place place) {
        const std::string& text = config.probe.concepts[static_cast<std::size_t>(place.second)].text;
        MeasureOptions options = config.measure;
        options.target = config.measure.target.of(text);
        std::vector<double> relevance;
        if (options.target.kind == Target::Kind::Conditional) {
            PLUMBLINE_TRY(relevance, relevanceOf(config, set, text));
        } else if (options.target.kind != Target::Kind::Custom) {
            m_without[place] =
                "The table of targets has no shares for \"" + text + "\": the shares of the pool were used.";
            return {};
        }
        Result<metric::Meter> meter = metric::Meter::create(attribute, options, relevance);
        if (meter)
            m_own.emplace(place, std::move(*meter));
        else if (meter.error().code == ErrorCode::TargetInvalid)
            m_without[place] = "The target for \"" + text + "\" cannot be used (" +
                               std::string(meter.error().arg("reason")) + "): the shares of the pool were used.";
        else
            return tl::unexpected(meter.error());
        return {};
    }

    std::vector<metric::Meter> m_general;
    std::map<Place, metric::Meter> m_own;
    std::map<Place, std::string> m_without;
};

double meanLength(const Embeddings& images, const std::vector<bool>& present) {
    double sum = 0;
    std::size_t n = 0;
    for (std::size_t i = 0; i < images.rows; ++i) {
        if (!present[i])
            continue;
        sum += lengthOf(images.row(i));
        ++n;
    }
    return n ? sum / static_cast<double>(n) : 1.0;
}

std::string hostText() {
    utsname name{};
    ::uname(&name);
    std::string text = std::string(name.sysname) + " " + name.release + " " + name.machine;
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name"))
            if (const std::size_t colon = line.find(':'); colon != std::string::npos)
                return text + ", " + std::string(trim(std::string_view(line).substr(colon + 1)));
    return text;
}

} // namespace

Result<std::vector<double>> relevanceOf(const AuditConfig& config, const ImageSet& set, const std::string& text) {
    if (config.relevance.empty())
        return fail(ErrorCode::TargetInvalid,
                    {{"reason", "it needs an attribute that says to which concept an image is relevant"}});
    PLUMBLINE_TRY(const Attribute attribute, resolveAttribute(set, config.relevance));
    std::vector<double> relevance(attribute.codes.size(), 0.0), ofGroup;
    const std::string wanted = toLowerAscii(trim(text));
    for (const std::string& group : attribute.groups)
        ofGroup.push_back(toLowerAscii(group) == wanted ? 1 : 0);
    for (std::size_t i = 0; i < relevance.size(); ++i)
        if (attribute.codes[i] >= 0)
            relevance[i] = ofGroup[static_cast<std::size_t>(attribute.codes[i])];
    return relevance;
}

Outcome<AuditResult> measureScores(const AuditConfig& config, const ImageSet& set, const std::vector<bool>& present,
                                   std::span<const float> scores, const ScoresAre& scoresAre, Feedback& feedback) {
    AuditResult result;
    result.config = config;
    const std::vector<Prompt> expanded = probe::expand(config.probe);
    if (expanded.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", config.probe.name}});
    if (config.attributes.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", "any attribute (choose one)"}});
    if (scores.size() != expanded.size() * set.size() || present.size() != set.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                    std::to_string(expanded.size()) + " prompts and " + std::to_string(set.size()) +
                                    " images"}});
    for (const Prompt& prompt : expanded)
        result.prompts.push_back(prompt.text);

    std::vector<Attribute> attributes;
    for (const std::string& name : config.attributes) {
        PLUMBLINE_TRY(Attribute attribute, resolveAttribute(set, name));
        // An image without scores has no place in the pool.
        for (std::size_t i = 0; i < present.size(); ++i)
            if (!present[i])
                attribute.codes[i] = Attribute::kUnlabelled;
        attributes.push_back(std::move(attribute));
    }
    PLUMBLINE_TRY(const Meters meters, Meters::create(config, set, attributes));

    const std::size_t count = expanded.size() * attributes.size();
    result.measurements.resize(count);
    std::optional<Stop> stop;
    std::mutex mutex;
    std::atomic<std::int64_t> done = 0;
    const auto total = static_cast<std::int64_t>(count);
    feedback.progress("measuring", 0, total);
    tbb::parallel_for(std::size_t(0), count, [&](std::size_t m) {
        const std::size_t prompt = m / attributes.size();
        if (feedback.cancelled())
            return;
        const std::span<const float> row(scores.data() + prompt * set.size(), set.size());
        const Meters::Choice meter = meters.of(m % attributes.size(), expanded[prompt].concept_);
        Outcome<Measurement> measured = meter.meter->measure(row, feedback);
        if (!measured) {
            const std::lock_guard lock(mutex);
            if (!stop) {
                stop = measured.error();
                if (!stop->cancelled() && stop->error().code == ErrorCode::ScoresInvalid) {
                    Error named = stop->error();
                    named.args = {{"reason", "of the prompt “" + expanded[prompt].text + "” " +
                                                 std::string(named.arg("reason"))}};
                    stop = Stop(std::move(named));
                }
            }
            return;
        }
        measured->prompt = expanded[prompt].text;
        if (!meter.warning.empty())
            measured->warnings.push_back(meter.warning);
        result.measurements[m] = std::move(*measured);
        feedback.progress("measuring", ++done, total);
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    if (stop)
        return tl::unexpected(*stop);
    if (!scoresAre.cosines)
        for (Measurement& measurement : result.measurements) {
            const double bar = config.measure.slightGap * scoresAre.unit.value_or(0.0);
            measurement.decidedByThousandths =
                scoresAre.unit && std::ranges::all_of(measurement.groups, [&](const GroupMeasure& group) {
                    return std::abs(group.gap) < bar;
                });
        }
    metric::judge(result.measurements, config.measure, scoresAre.unit.value_or(0.0));
    if (scoresAre.logitScale && scoresAre.cosines)
        for (Measurement& measurement : result.measurements)
            for (GroupMeasure& group : measurement.groups)
                group.gapInLogits = group.gap * *scoresAre.logitScale;
    result.concepts = metric::summariseConcepts(config.probe, expanded, result.measurements, attributes.size());
    result.images = static_cast<std::int64_t>(std::ranges::count(present, true));
    result.skipped = static_cast<std::int64_t>(present.size()) - result.images;
    return result;
}

Outcome<AuditResult> measureAll(const AuditConfig& config, const ImageSet& set, const SetEmbeddings& images,
                                const Embeddings& prompts, std::vector<float>& scores, Feedback& feedback,
                                std::optional<double> logitScale, const ChangeScores& change) {
    PLUMBLINE_TRY(scores, scoreAll(images.raw, images.present, prompts, config.measure.definition, feedback));
    if (change)
        PLUMBLINE_CHECK(change(scores));
    const ScoreKind kind = scoreKind(config.measure.definition);
    ScoresAre scoresAre{kind == ScoreKind::Cosine && !change, 1.0, logitScale};
    if (kind ==
        ScoreKind::DotRawImage) // the bar for a slight lean is in cosine; these are longer by the images' length
        scoresAre.unit = meanLength(images.raw, images.present);
    else if (kind == ScoreKind::SoftmaxOverPrompts)
        scoresAre.unit.reset();
    PLUMBLINE_TRY(AuditResult result, measureScores(config, set, images.present, scores, scoresAre, feedback));
    if (kind == ScoreKind::DotRawImage)
        result.warnings.push_back("Scores are dot products with the raw image embedding, as the published code of this "
                                  "definition has them, not cosines.");
    if (kind == ScoreKind::SoftmaxOverPrompts)
        result.warnings.push_back(
            "Scores are the softmax over all prompts of 100 times the cosine, as the published code "
            "of this definition has them: they depend on which prompts are asked together.");
    result.skippedImages = images.skipped;
    if (result.skipped > 0)
        result.warnings.push_back(std::to_string(result.skipped) +
                                  " images could not be embedded and took no part; the match report names them.");
    return result;
}

std::vector<std::int64_t> topRowsOfAll(std::span<const float> scores, std::size_t prompts, std::size_t images,
                                       std::size_t perPrompt) {
    std::vector<bool> wanted(images);
    for (std::size_t p = 0; p < prompts; ++p)
        for (const std::uint32_t row : metric::topRows(scores.subspan(p * images, images), perPrompt))
            wanted[row] = true;
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < images; ++i)
        if (wanted[i])
            rows.push_back(static_cast<std::int64_t>(i));
    return rows;
}

Outcome<AuditResult> runAudit(const clip::Encoder& encoder, const AuditConfig& config, const ImageSet& set,
                              store::EmbeddingCache* cache, std::vector<float>& scores, Feedback& feedback,
                              const debias::Transform* transform, const clip::Encoder* baseline) {
    RunProvenance provenance;
    provenance.started = utcNow();
    // Everything that can be wrong is found before the long part.
    std::vector<Attribute> attributes;
    for (const std::string& name : config.attributes) {
        PLUMBLINE_TRY(attributes.emplace_back(), resolveAttribute(set, name));
    }
    PLUMBLINE_TRY([[maybe_unused]] const Meters meters, Meters::create(config, set, attributes));
    std::vector<std::string> texts;
    for (Prompt& prompt : probe::expand(config.probe))
        texts.push_back(std::move(prompt.text));
    if (texts.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", config.probe.name}});

    std::vector<bool> truncated;
    feedback.progress("encoding-prompts", 0, static_cast<std::int64_t>(texts.size()));
    PLUMBLINE_TRY(Embeddings prompts, encoder.encodeTexts(texts, feedback, &truncated));
    PLUMBLINE_TRY(SetEmbeddings images, embedSet(encoder, set, cache, config.precision, feedback));
    EncodeTexts encode = [&](std::span<const std::string> more) { return encoder.encodeTexts(more, feedback); };
    ChangeScores rerank;
    std::optional<MeasureTable> price;
    if (transform) {
        const EncodeWithArray withArray = encodeWithArray(encoder, feedback);
        PLUMBLINE_TRY(price,
                      priceOfAudit(*transform, {config, set, images, prompts, {}, {}, encode, encoder.logitScale()},
                                   withArray, feedback));
        encode = [&encoder, &feedback, transform, withArray](std::span<const std::string> more) -> Outcome<Embeddings> {
            debias::TextRows rows{{more.begin(), more.end()}, {}, {}};
            PLUMBLINE_TRY(rows.plain, encoder.encodeTexts(more, feedback));
            PLUMBLINE_CHECK(addArrayRows(*transform, rows, withArray));
            return debias::transformTexts(*transform, rows, feedback);
        };
        if (std::ranges::any_of(transform->parts, [](const debias::Part& part) { return part.ranking.has_value(); })) {
            PLUMBLINE_TRY(std::vector<Attribute> labels, labelsOfRankings(*transform, set));
            rerank = [&, raw = images.raw, present = images.present,
                      labels = std::move(labels)](std::vector<float>& all) {
                return rerankScores(*transform, raw, present, labels, config.measure.k, all, feedback);
            };
        }
        PLUMBLINE_TRY(images.raw, debias::transformRows(*transform, debias::Modality::Image, images.raw, feedback));
        PLUMBLINE_TRY(prompts, encode(texts));
    } else if (baseline) {
        const EncodeTexts before = [&](std::span<const std::string> more) {
            return baseline->encodeTexts(more, feedback);
        };
        PLUMBLINE_TRY(const Embeddings promptsBefore, before(texts));
        PLUMBLINE_TRY(const SetEmbeddings imagesBefore, embedSet(*baseline, set, cache, config.precision, feedback));
        PLUMBLINE_TRY(price,
                      priceOfModel({config, set, imagesBefore, promptsBefore, {}, {}, before, baseline->logitScale()},
                                   {config, set, images, prompts, {}, {}, encode, encoder.logitScale()},
                                   encoder.config().name, feedback));
    }
    PLUMBLINE_TRY(AuditResult result,
                  measureAll(config, set, images, prompts, scores, feedback, encoder.logitScale(), rerank));
    PLUMBLINE_TRY(result.tables, measureOthers({config, set, images, prompts, scores, result.measurements, encode,
                                                encoder.logitScale()},
                                               result.warnings, feedback));
    if (price) {
        result.tables.insert(result.tables.begin(), std::move(*price));
        result.warnings.push_back(
            transform ? "Everything was measured after debiasing: " + transform->name() + "."
                      : "Everything was measured with another model than the first: " + encoder.config().name + ".");
    }
    result.truncated = truncated;
    for (std::size_t p = 0; p < truncated.size(); ++p)
        if (truncated[p])
            result.warnings.push_back("Prompt " + std::to_string(p + 1) + " is longer than the model's " +
                                      std::to_string(encoder.tokenizer().contextLength()) +
                                      " tokens and was cut, as the reference does.");
    PLUMBLINE_TRY(provenance.modelSha256, encoder.contentSha256(feedback));
    for (std::size_t p = 0; transform && p < transform->parts.size(); ++p) {
        const DebiasCard& card = transform->parts[p].card;
        if (!card.modelSha256.empty() && card.modelSha256 != provenance.modelSha256)
            result.warnings.push_back(card.name + " was fitted on the embeddings of another model: what it does to "
                                                  "this one's says nothing of the method.");
        if (!card.imagesSha256.empty() && card.imagesSha256 == images.imagesSha256)
            result.warnings.push_back(card.name + " was fitted on images of this very set (" + card.fitRows +
                                      "): part of what it shows here was learnt by heart. Audit images of another set, "
                                      "or believe the audit rows of plumb debias compare.");
    }
    PLUMBLINE_TRY(provenance.tensorsSha256, encoder.tensorsSha256(feedback));
    provenance.modelName = encoder.config().name;
    provenance.preprocessing = encoder.config().preprocessing.id();
    provenance.labelsSha256 = set.labelsSha256;
    provenance.imagesSha256 = images.imagesSha256;
    provenance.probeSha256 = probe::contentSha256(config.probe);
    provenance.program = "plumbline " PLUMBLINE_VERSION;
    const clip::DeviceInfo device = clip::deviceInfo();
    provenance.libraries = "LibTorch " + device.torch + ", " + device.blas;
    provenance.host = hostText();
    provenance.threads = config.threads > 0 ? config.threads : device.cores;
    provenance.precision = config.precision;
    provenance.finished = utcNow();
    result.provenance = std::move(provenance);
    return result;
}

} // namespace plumbline::audit
