// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/mitigation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"

namespace plumbline::audit {
namespace {

/// k as a share of the audit rows that are ranked, those with a label, so that the other rows are ranked alike.
MeasureOptions sameShare(const MeasureOptions& options, const JudgedImages& audit) {
    MeasureOptions same = options;
    const Attribute& target = audit.attributes.front();
    const auto ranked = static_cast<std::int64_t>(target.codes.size()) - target.unlabelled();
    if (same.k.fraction <= 0)
        same.k = {0, std::min(1.0, double(same.k.count) / double(std::max<std::int64_t>(ranked, 1)))};
    return same;
}

/// Whether embeddings are changed, by more or by less. A re-ranking is there or not.
bool hasDial(const debias::Transform& transform) {
    return std::ranges::any_of(transform.parts, [](const debias::Part& part) { return !part.ranking && !part.scores; });
}

/// One card for all parts.
DebiasCard cardOf(const debias::Transform& transform) {
    DebiasCard card = transform.parts.front().card;
    for (std::size_t p = 1; p < transform.parts.size(); ++p) {
        const DebiasCard& next = transform.parts[p].card;
        card.name += ", then " + next.name;
        card.seconds += next.seconds;
        card.facts.insert(card.facts.end(), next.facts.begin(), next.facts.end());
        card.warnings.insert(card.warnings.end(), next.warnings.begin(), next.warnings.end());
    }
    return card;
}

/// Where a long fit leaves its state: one folder for the same method on the same rows, so that a study that was killed
/// goes on where it was.
std::filesystem::path checkpointOf(const DebiasConfig& config, const DebiasCard& card) {
    if (card.imagesSha256.empty() || card.modelSha256.empty())
        return {};
    const std::string key =
        sha256(toJson(config).dump() + card.modelSha256 + card.imagesSha256 + card.labelsSha256 + card.fitRows);
    return userCacheFolder() / "debias" / key;
}

/// Fits the steps one after the other, each on what the ones before it leave.
/// `score`: of a transform on the select rows, by which a method chooses its epoch.
Outcome<debias::Transform> fitSteps(const StudyMethod& method, const JudgedImages& fitSet, const DebiasCard& card,
                                    const std::function<Outcome<double>(const debias::Transform&)>& score,
                                    const EncodeWithArray& encode, Feedback& feedback) {
    debias::Transform transform;
    for (const StudyMethod::Step& step : method.steps) {
        PLUMBLINE_TRY(const Embeddings images,
                      debias::transformRows(transform, debias::Modality::Image, fitSet.rows, feedback));
        Embeddings texts;
        if (step.texts.plain.rows > 0) {
            debias::TextRows rows = step.texts;
            PLUMBLINE_CHECK(addArrayRows(transform, rows, encode));
            PLUMBLINE_TRY(texts, debias::transformTexts(transform, rows, feedback));
        }
        // A re-ranking that predicts labels reads them from the images as they were: what is left after an eraser tells
        // it nothing.
        const DebiasMethodInfo* info = findDebiasMethod(step.config.method);
        const bool ranking = info && info->target == DebiasTarget::Ranking;
        const debias::Evaluate evaluate = [&](const debias::VectorMap& image, const debias::VectorMap& text) {
            debias::Transform with = transform;
            debias::Part& part = with.parts.emplace_back();
            part.image = image;
            part.text = text;
            return score(with);
        };
        PLUMBLINE_TRY(
            debias::Transform fitted,
            debias::fit(step.config,
                        {ranking ? fitSet.rows : images, fitSet.attributes.front(), texts.rows > 0 ? &texts : nullptr,
                         step.texts.texts, step.config.seed, evaluate, checkpointOf(step.config, card)},
                        card, feedback));
        transform.parts.push_back(std::move(fitted.parts.front()));
    }
    return transform;
}

constexpr const char* kInterpolation = "interpolation";
constexpr int kDialSteps = 20;
constexpr double kHardlyBetter = 0.1; ///< share of the way from a guess to no error (Cohen's kappa of equal classes)

bool interpolates(const StudyMethod& method) {
    return std::ranges::any_of(method.steps,
                               [](const StudyMethod::Step& step) { return step.config.method == kInterpolation; });
}

tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

/// A set of images on which methods are judged, and how.
struct JudgedSet {
    JudgedImages images;
    MeasureOptions options;
    Judged before; ///< by the untouched model
};

/// What a model makes of sets and texts: as they came, but for the embeddings.
struct SeenBy {
    std::vector<JudgedImages> sets;
    JudgedTexts texts;
};

/// A method that can be judged at every strength that is tried.
struct Candidate {
    debias::Transform transform;   ///< without parts for models
    std::vector<double> strengths; ///< above 0, ascending
    std::vector<SeenBy> models;    ///< of the rows to choose and to audit, one a strength where it is another model
};

Outcome<debias::TextRows> encoded(const debias::TextRows& rows, const EncodeTexts& encode) {
    debias::TextRows result;
    result.texts = rows.texts;
    if (!rows.texts.empty()) {
        PLUMBLINE_TRY(result.plain, encode(rows.texts));
    }
    return result;
}

/// What a model makes of these sets and texts.
Outcome<SeenBy> seenBy(const ModelBetween& model, std::span<const JudgedSet> sets, const JudgedTexts& texts) {
    SeenBy seen;
    seen.texts = texts;
    PLUMBLINE_TRY(seen.texts.promptRows, encoded(texts.promptRows, model.texts));
    PLUMBLINE_TRY(seen.texts.classRows, encoded(texts.classRows, model.texts));
    for (const JudgedSet& set : sets) {
        JudgedImages& images = seen.sets.emplace_back(set.images);
        PLUMBLINE_TRY(images.rows, model.images(images.files));
        PLUMBLINE_TRY(images.captions, encoded(images.captions, model.texts));
    }
    return seen;
}

std::filesystem::path otherModel(const DebiasConfig& config) {
    return decodePath(std::string(config.parameter("model")));
}

/// The models between the study's own and another, and what they make of `sets`.
Outcome<Candidate> modelsOf(const StudyMethod& method, const InterpolateModels& between,
                            std::span<const JudgedSet> sets, const JudgedTexts& texts, DebiasCard& card,
                            Feedback& feedback) {
    const DebiasConfig& config = method.steps.front().config;
    if (method.steps.size() > 1)
        return invalid("a stack", "interpolation and other methods",
                       "interpolation alone; write the model with plumb interpolate, and compare methods on it");
    const std::filesystem::path path = otherModel(config);
    const std::optional<std::int64_t> steps = parseInteger(config.parameter("steps"));
    if (path.empty())
        return invalid("model", "(not given)", "the folder or file of the other model");
    if (!steps || *steps < 1 || *steps > kDialSteps)
        return invalid("steps", std::string(config.parameter("steps")), "a whole number from 1 to 20");
    if (!between)
        return invalid("interpolation", "embeddings alone", "the model and the images, which are embedded anew");
    const auto started = std::chrono::steady_clock::now();
    card.config = config;
    card.fitRows.clear(); // nothing is fitted
    card.predictedLabels = false;
    card.name = "Interpolation with " + encodePath((path / "").parent_path().filename());
    Candidate candidate;
    for (std::int64_t s = 1; s <= *steps; ++s) {
        const double alpha = double(s) / double(*steps);
        feedback.log("embedding at alpha " + formatDouble(alpha));
        PLUMBLINE_TRY(const ModelBetween model, between(path, alpha, feedback));
        PLUMBLINE_TRY(candidate.models.emplace_back(), seenBy(model, sets, texts));
        candidate.strengths.push_back(alpha);
        card.otherModelSha256 = model.report.secondSha256;
        if (s == 1) {
            card.facts.push_back(
                {"relative distance", model.report.distance, "of the two models' weights: |other - this| / |this|"});
            card.warnings.insert(card.warnings.end(), model.report.warnings.begin(), model.report.warnings.end());
        }
        card.dim = static_cast<std::int64_t>(candidate.models.back().sets.front().rows.dim);
    }
    card.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    card.program = "plumbline " PLUMBLINE_VERSION;
    card.fitted = utcNow();
    return candidate;
}

/// The number by which methods are compared: ABLE, or without a task how little the rankings lean.
std::optional<double> scoreOf(std::span<const DebiasNumber> points, const std::string& attribute) {
    if (const auto able = pointOf(points, "", "able"))
        return able;
    const auto skew = pointOf(points, attribute, "max_skew");
    return skew ? std::optional(std::exp(-std::abs(*skew))) : std::nullopt;
}

} // namespace

Outcome<Study> runStudy(const StudyInput& input, Feedback& feedback) {
    const JudgedImages fitSet = takeRows(input.images, input.split.fit);
    // Texts are encoded anew for each transform with a prompt array.
    JudgedTexts texts = input.texts;
    const std::string& attribute = input.images.attributes.front().name;
    enum : std::size_t { kSelect, kAudit, kElsewhere };
    std::vector<JudgedSet> sets(kElsewhere);
    sets[kSelect].images = takeRows(input.images, input.split.select);
    sets[kAudit].images = takeRows(input.images, input.split.audit);
    const MeasureOptions share = sameShare(input.measure, sets[kAudit].images);
    for (const JudgedImages& images : input.elsewhere)
        sets.emplace_back().images = images;
    for (JudgedSet& set : sets)
        set.options = share;
    sets[kAudit].options = input.measure;
    const auto addArrays = [&](const debias::Transform& transform) -> Outcome<void> {
        PLUMBLINE_CHECK(addArrayRows(transform, texts.promptRows, input.encodeWithArray));
        PLUMBLINE_CHECK(addArrayRows(transform, texts.classRows, input.encodeWithArray));
        for (JudgedSet& set : sets)
            PLUMBLINE_CHECK(addArrayRows(transform, set.images.captions, input.encodeWithArray));
        return {};
    };
    Study study;
    DebiasStudy& result = study.result;
    result.config = input.config;
    const bool task = input.images.classes.has_value() && input.texts.classRows.plain.rows > 0;
    result.fitRows = static_cast<std::int64_t>(fitSet.rows.rows);
    result.selectRows = static_cast<std::int64_t>(sets[kSelect].images.rows.rows);
    result.auditRows = static_cast<std::int64_t>(sets[kAudit].images.rows.rows);
    result.split = input.splitText;
    result.score = task ? "ABLE on the select rows: harmonic mean of the zero-shot accuracy of " +
                              input.images.classes->name + " and exp(-MaxSkew) with equal shares"
                        : "exp(-|MaxSkew|) on the select rows; without a task what it costs is not known";
    if (!task)
        result.warnings.push_back("No classes were named, so strengths were chosen by MaxSkew alone: a method that "
                                  "destroys the embeddings would win. Name a column whose classes the model must still "
                                  "tell apart.");
    if (share.definition != Definition::Geyik)
        result.warnings.push_back(
            "Strengths are chosen and curves are drawn by the definition geyik; the tables follow " +
            std::string(definitionName(share.definition)) + ".");
    for (const auto& [rows, name] : {std::pair{result.fitRows, "fit"}, std::pair{result.selectRows, "select"},
                                     std::pair{result.auditRows, "audit"}})
        if (rows == 0)
            return fail(ErrorCode::InvalidArgument, {{"name", "the split"},
                                                     {"value", "no rows to " + std::string(name)},
                                                     {"expected", "some in each part"}});

    const Attribute& target = sets[kAudit].images.attributes.front();
    const auto ranked = static_cast<std::int64_t>(target.codes.size()) - target.unlabelled();
    if (input.measure.k.fraction <= 0 && input.measure.k.count >= ranked)
        result.warnings.push_back("k is " + std::to_string(input.measure.k.count) + ", but only " +
                                  std::to_string(ranked) +
                                  " audited images are ranked: all of them are in the first k, whatever a model does.");
    for (JudgedSet& set : sets) {
        PLUMBLINE_TRY(set.before, judge({}, set.images, texts, set.options, feedback));
    }
    const auto pointsIn = [&](const Judged& judged, std::size_t set) {
        return pointsOf(judged, sets[set].images, texts, sets[set].options);
    };
    const DebiasPoint untouched{0, pointsIn(sets[kSelect].before, kSelect), pointsIn(sets[kAudit].before, kAudit)};
    const std::optional<double> untouchedScore = scoreOf(untouched.select, attribute);
    if (const auto accuracy = pointOf(untouched.select, "", "zero_shot_accuracy"); task && accuracy) {
        const double chance = 1 / static_cast<double>(input.texts.classes.size());
        if (*accuracy - chance < kHardlyBetter * (1 - chance))
            result.warnings.push_back("The untouched model names " + input.images.classes->name + " right for " +
                                      formatFixed(100 * *accuracy, 1) +
                                      " % of the select images, hardly more than the " + formatFixed(100 * chance, 1) +
                                      " % of a guess: that it stays so says little of what a method costs. Name a "
                                      "column whose classes the model can tell apart.");
    }

    /// The number of a strength of a candidate, as it is judged.
    const auto judgeAt = [&](const Candidate& candidate, std::size_t strength, std::size_t set) -> Outcome<Judged> {
        if (!candidate.models.empty() && set >= kElsewhere) {
            // Seen at the strength that was chosen, and no other: the model is made once more.
            const DebiasConfig& config = result.candidates.back().card.config;
            PLUMBLINE_TRY(const ModelBetween model,
                          input.between(otherModel(config), candidate.strengths[strength], feedback));
            PLUMBLINE_TRY(const SeenBy seen, seenBy(model, std::span(sets).subspan(set, 1), texts));
            return judge({}, seen.sets.front(), seen.texts, sets[set].options, feedback);
        }
        if (!candidate.models.empty()) {
            const SeenBy& seen = candidate.models[strength];
            return judge({}, seen.sets[set], seen.texts, sets[set].options, feedback);
        }
        return judge(debias::dialled(candidate.transform, candidate.strengths[strength]), sets[set].images, texts,
                     sets[set].options, feedback);
    };
    const auto made = [&](const StudyMethod& method, DebiasCard& card) -> Outcome<Candidate> {
        if (method.refused)
            return tl::unexpected(*method.refused);
        if (method.fitted ? method.fitted->parts.empty() : method.steps.empty())
            return invalid("a method", "no steps", "one at least");
        if (interpolates(method))
            return modelsOf(method, input.between, std::span(sets).first(kElsewhere), texts, card, feedback);
        Candidate candidate;
        if (method.fitted) {
            candidate.transform = *method.fitted;
        } else {
            const auto score = [&](const debias::Transform& tried) -> Outcome<double> {
                PLUMBLINE_TRY(const Judged select,
                              judge(tried, sets[kSelect].images, texts, sets[kSelect].options, feedback));
                return scoreOf(pointsIn(select, kSelect), attribute).value_or(0);
            };
            PLUMBLINE_TRY(candidate.transform,
                          fitSteps(method, fitSet, input.card, score, input.encodeWithArray, feedback));
        }
        card = cardOf(candidate.transform);
        PLUMBLINE_CHECK(addArrays(candidate.transform));
        const int steps = hasDial(candidate.transform) ? kDialSteps : 1;
        for (int s = 1; s <= steps; ++s)
            candidate.strengths.push_back(double(s) / steps);
        return candidate;
    };
    /// Fills in the curve, the choice and the price.
    const auto compared = [&](const Candidate& method, DebiasCandidate& candidate) -> Outcome<void> {
        candidate.curve.push_back(untouched);
        candidate.selectScore = untouchedScore;
        std::optional<std::size_t> chosen; // index of a strength; nothing: 0
        for (std::size_t s = 0; s < method.strengths.size(); ++s) {
            PLUMBLINE_TRY(const Judged select, judgeAt(method, s, kSelect));
            DebiasPoint point{method.strengths[s], pointsIn(select, kSelect), {}};
            const std::optional<double> score = scoreOf(point.select, attribute);
            // The weakest of equals: what is not needed is not done.
            if (score && (!candidate.selectScore || *score > *candidate.selectScore + 1e-12)) {
                candidate.selectScore = score;
                chosen = s;
            }
            candidate.curve.push_back(std::move(point));
        }
        candidate.card.strength = chosen ? method.strengths[*chosen] : 0;
        // The choice is made; now the audit rows.
        std::optional<Judged> audited;
        for (std::size_t s = 0; s < method.strengths.size(); ++s) {
            PLUMBLINE_TRY(Judged judged, judgeAt(method, s, kAudit));
            candidate.curve[s + 1].audit = pointsIn(judged, kAudit);
            if (s == chosen)
                audited = std::move(judged);
        }
        for (std::size_t set = kAudit; set < sets.size(); ++set) {
            Judged after = sets[set].before;
            if (set == kAudit && audited)
                after = std::move(*audited);
            else if (chosen) {
                PLUMBLINE_TRY(after, judgeAt(method, *chosen, set));
            }
            PLUMBLINE_TRY(candidate.price.emplace_back(),
                          priceOf(sets[set].before, after, sets[set].images, texts, sets[set].options, feedback));
        }
        return {};
    };

    const auto total = static_cast<std::int64_t>(input.methods.size());
    std::optional<double> best = untouchedScore;
    for (std::size_t m = 0; m < input.methods.size(); ++m) {
        const StudyMethod& method = input.methods[m];
        feedback.progress("comparing-methods", static_cast<std::int64_t>(m), total);
        if (!method.steps.empty())
            feedback.log("fitting " + method.steps.front().config.method);
        DebiasCandidate& candidate = result.candidates.emplace_back();
        study.transforms.emplace_back();
        candidate.card = input.card;
        for (const StudyMethod::Step& step : method.steps)
            candidate.recipe.steps.push_back(step.config);
        if (!method.steps.empty())
            candidate.card.config = method.steps.front().config;
        Outcome<Candidate> fitted = made(method, candidate.card);
        Outcome<void> done;
        if (!fitted)
            done = tl::unexpected(fitted.error());
        else
            done = compared(*fitted, candidate);
        if (!done) {
            // A failure of one method is its result; cancelling ends the study.
            if (done.error().cancelled())
                return tl::unexpected(done.error());
            candidate.failure = errorText(done.error().error());
            candidate.price.clear();
            if (candidate.card.name.empty())
                candidate.card.name = candidate.card.config.method;
            continue;
        }
        candidate.usesTrueLabels = usesTrueLabels(fitted->transform);
        if (candidate.usesTrueLabels)
            candidate.card.warnings.push_back("It was given the true labels of the images that it ranks, which a model "
                                              "in use does not have: an upper baseline, never recommended.");
        else if (candidate.card.strength > 0 && candidate.selectScore && (!best || *candidate.selectScore > *best)) {
            best = candidate.selectScore;
            result.recommended = static_cast<std::int64_t>(m);
        }
        study.transforms.back() = std::move(fitted->transform);
    }
    feedback.progress("comparing-methods", total, total);
    return study;
}

} // namespace plumbline::audit
