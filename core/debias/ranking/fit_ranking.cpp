// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/ranking/fit_ranking.h"

#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/debias/classifier/fit_gda.h"
#include "core/debias/ranking/rerank.h"
#include "core/metric/pool.h"

namespace plumbline::debias {
namespace {

/// The labels alone, for a rule that needs no embeddings. Errors: as of trainingRows.
Result<Attribute> presentGroups(const FitInput& input) {
    Attribute present{input.attribute.name, {}, {}};
    std::vector<std::string> names;
    for (const std::int32_t code : input.attribute.codes)
        names.push_back(code >= 0 && static_cast<std::size_t>(code) < input.attribute.groups.size()
                            ? input.attribute.groups[static_cast<std::size_t>(code)]
                            : std::string());
    present = makeAttribute(input.attribute.name, names);
    if (present.groups.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", present.name}});
    if (present.groups.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup, {{"name", present.name}, {"group", present.groups.front()}});
    return present;
}

Result<Target> targetOf(const Parameters& parameters) {
    const std::string text = toLowerAscii(trim(parameters.text("target")));
    Target target;
    if (text.find(':') != std::string::npos) {
        target.kind = Target::Kind::Custom;
        PLUMBLINE_TRY(target.shares, parameters.weights("target"));
        return target;
    }
    PLUMBLINE_TRY(const std::string kind, parameters.choice("target", {"uniform", "pool"}));
    target.kind = kind == "pool" ? Target::Kind::Pool : Target::Kind::Uniform;
    return target;
}

/// The group with the fewest images; the first of equals.
std::size_t smallest(const std::vector<std::int64_t>& counts) {
    return static_cast<std::size_t>(std::ranges::min_element(counts) - counts.begin());
}

Outcome<void> readFairIr(const Parameters& parameters, const metric::Pool& pool, RankingRule& rule, Fitted& fitted) {
    PLUMBLINE_TRY(rule.alpha, parameters.number("alpha", kFairIrLeastAlpha, kFairIrMostAlpha));
    PLUMBLINE_TRY(rule.adjusted, parameters.flag("adjust"));
    if (rule.k && rule.k->fraction == 0 && (rule.k->count < kFairIrLeastK || rule.k->count > kFairIrMostK))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "k"}, {"value", formatK(*rule.k)}, {"expected", "10 to 400 images"}});
    const std::string_view name = trim(parameters.text("protected"));
    std::size_t group = smallest(pool.counts);
    if (!name.empty()) {
        auto found = std::ranges::find(pool.groups, name);
        if (found == pool.groups.end())
            found = std::ranges::find_if(pool.groups, [&](const auto& other) { return sameGroupName(other, name); });
        if (found == pool.groups.end()) {
            std::string expected = "one of";
            for (const std::string& other : pool.groups)
                expected += (&other == &pool.groups.front() ? " " : ", ") + other;
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "protected"}, {"value", std::string(name)}, {"expected", expected}});
        }
        group = static_cast<std::size_t>(found - pool.groups.begin());
    } else {
        fitted.warnings.push_back("No protected group was named: " + pool.groups[group] +
                                  " is protected, the smallest group of the fit images.");
    }
    rule.protectedGroup = pool.groups[group];
    double p = pool.share[group];
    if (toLowerAscii(trim(parameters.text("p"))) != "auto") {
        PLUMBLINE_TRY(p, parameters.number("p", kFairIrLeastP, kFairIrMostP));
        rule.p = p;
    } else if (!(p >= kFairIrLeastP && p <= kFairIrMostP)) {
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "target"},
                     {"value", formatFixed(p, 4) + " for " + rule.protectedGroup},
                     {"expected", "a share of the protected group from 0.02 to 0.98, or p"}});
    }
    fitted.facts.push_back({"p", p,
                            "least share of " + rule.protectedGroup +
                                (rule.p || rule.target.kind != Target::Kind::Pool
                                     ? std::string()
                                     : " in the fit images; the ranked images have their own")});
    if (rule.k && rule.k->fraction == 0) {
        const auto k = static_cast<std::size_t>(rule.k->count);
        const double alpha = rule.adjusted ? adjustedAlpha(k, p, rule.alpha) : rule.alpha;
        fitted.facts.push_back({"alpha of a place", alpha, "level of the test at each place"});
        fitted.facts.push_back({"chance to change a fair ranking", fairIrFailure(fairIrTable(k, p, alpha), p),
                                "chance that a ranking drawn with share p falls below the table somewhere"});
    }
    return {};
}

Outcome<Fitted> fitRanking(RankingAlgorithm algorithm, const FitInput& input, const Parameters& parameters,
                           Feedback& feedback) {
    Fitted fitted;
    RankingRule rule;
    rule.algorithm = algorithm;
    PLUMBLINE_TRY(rule.target, targetOf(parameters));
    if (const std::string_view k = trim(parameters.text("k")); !k.empty() && toLowerAscii(k) != "audit") {
        rule.k = parseK(k);
        if (!rule.k)
            return fail(ErrorCode::KInvalid, {{"value", std::string(k)}});
    }
    PLUMBLINE_TRY(const std::string labels, parameters.choice("labels", {"given", "predicted"}));

    Attribute present;
    if (labels == "predicted") {
        PLUMBLINE_TRY(const TrainingRows rows, trainingRows(input, 2));
        PLUMBLINE_TRY(const GaussianFit fit,
                      fitGaussian(rows.unit, rows.codes, rows.groups.size(), std::nullopt, input.seed, feedback));
        tellOfClassifier(fit, rows, fitted);
        fitted.warnings.emplace_back("The labels by which images are re-ranked are a classifier's: what is even among "
                                     "them need not be among the people.");
        rule.predicted = fit.classifier;
        present = {input.attribute.name, rows.groups, rows.codes};
    } else {
        PLUMBLINE_TRY(present, presentGroups(input));
    }
    rule.groups = present.groups;
    PLUMBLINE_TRY(const metric::Pool pool, metric::makePool(present, rule.target, {}));
    fitted.warnings.insert(fitted.warnings.end(), pool.warnings.begin(), pool.warnings.end());
    if (rule.target.kind != Target::Kind::Pool)
        for (std::size_t g = 0; g < pool.groups.size(); ++g)
            fitted.facts.push_back({"target: " + pool.groups[g], pool.share[g], "wanted share of the first images"});
    if (algorithm == RankingAlgorithm::FairIr)
        PLUMBLINE_CHECK(readFairIr(parameters, pool, rule, fitted));
    else if (algorithm != RankingAlgorithm::DetConstSort && pool.groups.size() > 3)
        fitted.warnings.push_back("With " + std::to_string(pool.groups.size()) + " groups " +
                                  std::string(rankingAlgorithmName(algorithm)) +
                                  " may leave a group below its least count at some place; det-const-sort does not.");
    fitted.ranking = std::move(rule);
    return fitted;
}

} // namespace

Outcome<Fitted> fitDetGreedy(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    return fitRanking(RankingAlgorithm::DetGreedy, input, parameters, feedback);
}
Outcome<Fitted> fitDetCons(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    return fitRanking(RankingAlgorithm::DetCons, input, parameters, feedback);
}
Outcome<Fitted> fitDetRelaxed(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    return fitRanking(RankingAlgorithm::DetRelaxed, input, parameters, feedback);
}
Outcome<Fitted> fitDetConstSort(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    return fitRanking(RankingAlgorithm::DetConstSort, input, parameters, feedback);
}
Outcome<Fitted> fitFairIr(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    return fitRanking(RankingAlgorithm::FairIr, input, parameters, feedback);
}

} // namespace plumbline::debias
