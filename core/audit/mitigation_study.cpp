// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/mitigation.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/data/json.h"

namespace plumbline::audit {
namespace {

/// k as a share of the audit rows, so that the select rows are ranked alike.
MeasureOptions sameShare(const MeasureOptions& options, std::size_t auditRows) {
    MeasureOptions same = options;
    if (same.k.fraction <= 0)
        same.k = {0, std::min(1.0, double(same.k.count) / double(std::max<std::size_t>(auditRows, 1)))};
    return same;
}

/// Whether embeddings are changed, by more or by less. A re-ranking is there or not.
bool hasDial(const debias::Transform& transform) {
    return std::ranges::any_of(transform.parts, [](const debias::Part& part) { return !part.ranking && !part.scores; });
}

debias::Transform dialled(debias::Transform transform, double strength) {
    for (debias::Part& part : transform.parts)
        part.card.strength = part.ranking || part.scores ? (strength > 0 ? 1.0 : 0.0) : strength;
    return transform;
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
                                    Feedback& feedback) {
    debias::Transform transform;
    for (const StudyMethod::Step& step : method.steps) {
        PLUMBLINE_TRY(const Embeddings images,
                      debias::transformRows(transform, debias::Modality::Image, fitSet.rows, feedback));
        Embeddings texts;
        if (step.texts.rows > 0) {
            PLUMBLINE_TRY(texts, debias::transformRows(transform, debias::Modality::Text, step.texts, feedback));
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
                         step.words, step.config.seed, evaluate, checkpointOf(step.config, card)},
                        card, feedback));
        transform.parts.push_back(std::move(fitted.parts.front()));
    }
    return transform;
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
    const JudgedImages selectSet = takeRows(input.images, input.split.select);
    const JudgedImages auditSet = takeRows(input.images, input.split.audit);
    const std::string& attribute = input.images.attributes.front().name;
    const MeasureOptions share = sameShare(input.measure, auditSet.rows.rows);
    Study study;
    DebiasStudy& result = study.result;
    result.config = input.config;
    const bool task = input.images.classes.has_value() && input.texts.classRows.rows > 0;
    result.fitRows = static_cast<std::int64_t>(fitSet.rows.rows);
    result.selectRows = static_cast<std::int64_t>(selectSet.rows.rows);
    result.auditRows = static_cast<std::int64_t>(auditSet.rows.rows);
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

    const debias::Transform nothing;
    PLUMBLINE_TRY(const Judged selectBefore, judge(nothing, selectSet, input.texts, share, feedback));
    PLUMBLINE_TRY(const Judged auditBefore, judge(nothing, auditSet, input.texts, share, feedback));
    std::vector<Judged> elsewhereBefore;
    for (const JudgedImages& set : input.elsewhere) {
        PLUMBLINE_TRY(elsewhereBefore.emplace_back(), judge(nothing, set, input.texts, share, feedback));
    }
    const DebiasPoint untouched{0, pointsOf(selectBefore, selectSet, input.texts, share),
                                pointsOf(auditBefore, auditSet, input.texts, share)};
    const std::optional<double> untouchedScore = scoreOf(untouched.select, attribute);

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
        // A failure of one method is its result; cancelling ends the study.
        const auto failed = [&](const Stop& stop) {
            candidate.failure = errorText(stop.error());
            if (candidate.card.name.empty())
                candidate.card.name = candidate.card.config.method;
        };
        debias::Transform transform;
        if (method.fitted) {
            transform = *method.fitted;
        } else {
            const auto score = [&](const debias::Transform& tried) -> Outcome<double> {
                PLUMBLINE_TRY(const Judged select, judge(tried, selectSet, input.texts, share, feedback));
                return scoreOf(pointsOf(select, selectSet, input.texts, share), attribute).value_or(0);
            };
            Outcome<debias::Transform> fitted = fitSteps(method, fitSet, input.card, score, feedback);
            if (!fitted) {
                if (fitted.error().cancelled())
                    return tl::unexpected(fitted.error());
                failed(fitted.error());
                continue;
            }
            transform = std::move(*fitted);
        }
        candidate.card = cardOf(transform);
        candidate.usesTrueLabels = usesTrueLabels(transform);
        const int steps = hasDial(transform) ? 20 : 1;
        candidate.curve.push_back(untouched);
        candidate.selectScore = untouchedScore;
        double chosen = 0;
        std::optional<Stop> stop;
        for (int s = 1; s <= steps && !stop; ++s) {
            const double strength = double(s) / steps;
            const debias::Transform at = dialled(transform, strength);
            Outcome<Judged> select = judge(at, selectSet, input.texts, share, feedback);
            if (!select) {
                stop = select.error();
                break;
            }
            DebiasPoint point{strength, pointsOf(*select, selectSet, input.texts, share), {}};
            const std::optional<double> score = scoreOf(point.select, attribute);
            // The weakest of equals: what is not needed is not done.
            if (score && (!candidate.selectScore || *score > *candidate.selectScore + 1e-12)) {
                candidate.selectScore = score;
                chosen = strength;
            }
            candidate.curve.push_back(std::move(point));
        }
        if (!stop) {
            // The choice is made; now the audit rows.
            for (std::size_t s = 1; s < candidate.curve.size() && !stop; ++s) {
                Outcome<Judged> audited =
                    judge(dialled(transform, candidate.curve[s].strength), auditSet, input.texts, share, feedback);
                if (!audited)
                    stop = audited.error();
                else
                    candidate.curve[s].audit = pointsOf(*audited, auditSet, input.texts, share);
            }
        }
        const debias::Transform final = dialled(transform, chosen);
        if (!stop) {
            Outcome<Judged> audited = judge(final, auditSet, input.texts, share, feedback);
            if (audited) {
                Outcome<MeasureTable> price =
                    priceOf(auditBefore, *audited, auditSet, input.texts, input.measure, feedback);
                if (price)
                    candidate.price.push_back(std::move(*price));
                else
                    stop = price.error();
            } else {
                stop = audited.error();
            }
            for (std::size_t e = 0; e < input.elsewhere.size() && !stop; ++e) {
                Outcome<Judged> there = judge(final, input.elsewhere[e], input.texts, share, feedback);
                if (!there) {
                    stop = there.error();
                    break;
                }
                Outcome<MeasureTable> price =
                    priceOf(elsewhereBefore[e], *there, input.elsewhere[e], input.texts, share, feedback);
                if (price)
                    candidate.price.push_back(std::move(*price));
                else
                    stop = price.error();
            }
        }
        if (stop) {
            if (stop->cancelled())
                return tl::unexpected(*stop);
            failed(*stop);
            continue;
        }
        candidate.card.strength = chosen;
        if (candidate.usesTrueLabels)
            candidate.card.warnings.push_back("It was given the true labels of the images that it ranks, which a model "
                                              "in use does not have: an upper baseline, never recommended.");
        else if (chosen > 0 && candidate.selectScore && (!best || *candidate.selectScore > *best)) {
            best = candidate.selectScore;
            result.recommended = static_cast<std::int64_t>(m);
        }
        study.transforms.back() = std::move(transform);
    }
    feedback.progress("comparing-methods", total, total);
    return study;
}

} // namespace plumbline::audit
