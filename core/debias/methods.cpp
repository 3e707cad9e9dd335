// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <map>

#include "core/base/clock.h"
#include "core/base/path.h"
#include "core/debias/classifier/fit_gda.h"
#include "core/debias/closed_form/bend.h"
#include "core/debias/closed_form/biased_prompts.h"
#include "core/debias/closed_form/fairer_clip.h"
#include "core/debias/closed_form/gap_shift.h"
#include "core/debias/closed_form/inlp.h"
#include "core/debias/closed_form/leace.h"
#include "core/debias/closed_form/mean_difference.h"
#include "core/debias/coordinates/clip_clip.h"
#include "core/debias/coordinates/sfid.h"
#include "core/debias/heads/cf_head.h"
#include "core/debias/heads/fit_joint.h"
#include "core/debias/ranking/fit_ranking.h"
#include "core/debias/ranking/logit_bias.h"
#include "core/debias/transform.h"

namespace plumbline::debias {
namespace {

constexpr std::size_t kMostNamedGroups = 200; ///< of a card; more are counterfactual sets, whose number is a fact

std::string methodNames() {
    std::string names;
    for (const DebiasMethodInfo& info : allDebiasMethods())
        names += (names.empty() ? "" : ", ") + std::string(info.name);
    return names;
}

/// A published checkpoint as heads.
Outcome<Fitted> importHeads(const FitInput& input, const Parameters& parameters, Feedback&) {
    const std::filesystem::path file = decodePath(parameters.text("file"));
    if (file.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "file"}, {"value", ""}, {"expected", "the checkpoint of the heads"}});
    PLUMBLINE_TRY(formats::ResidualHead head, formats::readResidualHead(file));
    if (input.images.dim != 0 && static_cast<std::size_t>(head.shared.dim) != input.images.dim)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "file"},
                     {"value", std::to_string(head.shared.dim) + " values"},
                     {"expected", "heads for embeddings of " + std::to_string(input.images.dim) + " values"}});
    Fitted fitted;
    fitted.text = HeadMap{std::nullopt, head.shared};
    fitted.image = HeadMap{std::move(head.image), std::move(head.shared)};
    return fitted;
}

/// A published array of prompt tokens.
Outcome<Fitted> importPromptArray(const FitInput&, const Parameters& parameters, Feedback&) {
    const std::filesystem::path file = decodePath(parameters.text("file"));
    if (file.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "file"}, {"value", ""}, {"expected", "the file of the prompt array"}});
    Fitted fitted;
    PLUMBLINE_TRY(fitted.promptArray, formats::readPromptArray(file));
    fitted.facts.push_back(
        {"tokens", static_cast<double>(fitted.promptArray->count), "that are put before every text"});
    fitted.facts.push_back(
        {"token width", static_cast<double>(fitted.promptArray->width), "that the model's text tower must have"});
    return fitted;
}

const std::map<std::string_view, FitFunction>& functions() {
    static const std::map<std::string_view, FitFunction> table = {
        {"joint-vl", fitJointVl},
        {"cf-alpha", fitCfHead},
        {"mean-difference", fitMeanDifference},
        {"leace", fitLeace},
        {"inlp", fitInlp},
        {"biased-prompts", fitBiasedPrompts},
        {"bend", fitBend},
        {"clip-clip", fitClipClip},
        {"sfid", fitSfid},
        {"fairer-clip", fitFairerClip},
        {"gap-shift", fitGapShift},
        {"det-greedy", fitDetGreedy},
        {"det-cons", fitDetCons},
        {"det-relaxed", fitDetRelaxed},
        {"det-const-sort", fitDetConstSort},
        {"fa-ir", fitFairIr},
        {"gda", fitGda},
        {"logit-bias", fitLogitBias},
        {"prompt-array", importPromptArray},
        {"residual-head", importHeads},
    };
    return table;
}

} // namespace

Result<void> checkParameters(const DebiasConfig& config) {
    const DebiasMethodInfo* info = findDebiasMethod(config.method);
    if (!info)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "method"}, {"value", config.method}, {"expected", "one of " + methodNames()}});
    for (const auto& [name, value] : config.parameters)
        if (std::ranges::find(info->parameters, name, &DebiasParameter::name) == info->parameters.end()) {
            std::string names;
            for (const DebiasParameter& parameter : info->parameters)
                names += (names.empty() ? "" : ", ") + std::string(parameter.name);
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "a parameter of " + config.method},
                         {"value", name},
                         {"expected", names.empty() ? "none, since it has no parameters" : "one of " + names}});
        }
    return {};
}

Outcome<Transform> fit(const DebiasConfig& config, const FitInput& input, DebiasCard card, Feedback& feedback) {
    PLUMBLINE_CHECK(checkParameters(config));
    const DebiasMethodInfo* info = findDebiasMethod(config.method);
    const auto function = functions().find(info->name);
    if (function == functions().end())
        return fail(
            ErrorCode::InvalidArgument,
            {{"name", "method"},
             {"value", config.method},
             {"expected", "a method that is fitted on embeddings; models are interpolated by plumb interpolate and "
                          "compared by plumb debias compare"}});
    if (info->needsTexts && !input.texts)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", config.method}, {"value", "no texts"}, {"expected", "embeddings of texts"}});
    if (input.texts && input.texts->dim != input.images.dim)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the embeddings of the texts"},
                     {"value", std::to_string(input.texts->dim) + " values a row"},
                     {"expected", std::to_string(input.images.dim) + ", as those of the images"}});
    if (info->needsLabels && input.attribute.codes.size() != input.images.rows)
        return fail(ErrorCode::InvalidArgument, {{"name", "the labels"},
                                                 {"value", std::to_string(input.attribute.codes.size()) + " rows"},
                                                 {"expected", std::to_string(input.images.rows) + ", one an image"}});

    const auto started = std::chrono::steady_clock::now();
    PLUMBLINE_TRY(Fitted fitted, function->second(input, Parameters(config), feedback));
    Part part;
    part.image = std::move(fitted.image);
    part.text = std::move(fitted.text);
    part.ranking = std::move(fitted.ranking);
    part.scores = std::move(fitted.scores);
    part.promptArray = std::move(fitted.promptArray);
    card.config = config;
    if (card.name.empty())
        card.name = std::string(info->title) + (info->needsLabels ? ", " + config.attribute : "");
    card.dim = static_cast<std::int64_t>(input.images.dim);
    if (const HeadMap* heads = std::get_if<HeadMap>(&part.image))
        card.dim = heads->outer.dim;
    card.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    card.groups.clear();
    const std::vector<std::int64_t> counts = input.attribute.counts();
    for (std::size_t g = 0; g < counts.size() && counts.size() <= kMostNamedGroups; ++g)
        card.groups.emplace_back(input.attribute.groups[g], counts[g]);
    card.facts = std::move(fitted.facts);
    card.warnings.insert(card.warnings.end(), fitted.warnings.begin(), fitted.warnings.end());
    if (card.predictedLabels)
        card.warnings.push_back("The labels that it was fitted on were made by a classifier: what the classifier "
                                "gets wrong about a group, the method learns.");
    card.program = "plumbline " PLUMBLINE_VERSION;
    card.fitted = utcNow();
    part.card = std::move(card);
    Transform transform;
    transform.parts.push_back(std::move(part));
    return transform;
}

} // namespace plumbline::debias
