// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/inlp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/numbers.h"
#include "core/metric/logistic.h"

namespace plumbline::debias {
namespace {

constexpr int kFolds = 5; ///< one of them is held out

struct Accuracy {
    double all = 0;    ///< share of the held-out rows that are named right
    double groups = 0; ///< mean over the groups of the share named right, each group being as likely as the others
};

/// The rows as the classifiers see them, and which they are fitted on.
struct Split {
    Embeddings x;
    std::vector<std::int32_t> label; ///< -1 for a row that is held out
    std::vector<std::size_t> heldOut;
    std::vector<double> prior; ///< log odds of each group among the others
};

Accuracy accuracyOf(const metric::OneVsRestFit& fit, const Split& split, const FitRows& rows) {
    std::vector<double> rightOf(rows.groups(), 0.0), count(rows.groups(), 0.0);
    Accuracy result;
    for (const std::size_t i : split.heldOut) {
        const auto group = static_cast<std::size_t>(rows.group[i]);
        std::size_t balanced = 0;
        double highest = -std::numeric_limits<double>::infinity();
        for (std::size_t g = 0; g < rows.groups(); ++g)
            if (const double odds = fit.classes[g].logOdds(split.x.row(i)) - split.prior[g]; odds > highest) {
                highest = odds;
                balanced = g;
            }
        count[group] += 1;
        rightOf[group] += balanced == group ? 1 : 0;
        result.all += fit.predict(split.x.row(i)) == group ? 1 : 0;
    }
    result.all /= static_cast<double>(split.heldOut.size());
    for (std::size_t g = 0; g < rows.groups(); ++g)
        result.groups += rightOf[g] / count[g] / static_cast<double>(rows.groups());
    return result;
}

/// The classifiers' planes. Two groups have one, of which the other is the negative.
Outcome<metric::OneVsRestFit> classifiers(const Split& split, std::size_t groups, double l2, Feedback& feedback) {
    metric::LogisticOptions options;
    options.l2 = l2;
    if (groups > 2)
        return metric::fitOneVsRest(split.x, split.label, groups, options, feedback);
    PLUMBLINE_TRY(metric::LogisticFit second, metric::fitLogistic(split.x, split.label, options, feedback));
    metric::LogisticFit first = second;
    first.bias = -first.bias;
    for (double& weight : first.weights)
        weight = -weight;
    return metric::OneVsRestFit{{std::move(first), std::move(second)}};
}

/// Takes the part along each of the orthonormal directions out of every row.
void project(std::vector<double>& rows, std::span<const double> directions, std::size_t dim) {
    for (std::size_t at = 0; at < rows.size(); at += dim)
        for (std::size_t d = 0; d < directions.size(); d += dim) {
            double part = 0;
            for (std::size_t j = 0; j < dim; ++j)
                part += rows[at + j] * directions[d + j];
            for (std::size_t j = 0; j < dim; ++j)
                rows[at + j] -= part * directions[d + j];
        }
}

/// What the planes' normals span beyond `basis`, at most `most` directions.
std::vector<double> newDirections(const metric::OneVsRestFit& fit, std::span<const double> basis, std::size_t dim,
                                  std::size_t most) {
    std::vector<double> normals;
    for (std::size_t c = fit.classes.size() == 2 ? 1 : 0; c < fit.classes.size(); ++c)
        normals.insert(normals.end(), fit.classes[c].weights.begin(), fit.classes[c].weights.end());
    // The rows were without these directions already: what is along them is rounding, taken out twice.
    project(normals, basis, dim);
    project(normals, basis, dim);
    std::vector<double> directions = orthonormal(normals, dim, kRankCut);
    directions.resize(std::min(directions.size(), most * dim));
    return directions;
}

} // namespace

Outcome<Fitted> inlp(const FitInput& input, const InlpOptions& options, Feedback& feedback) {
    Fitted fitted;
    PLUMBLINE_TRY(const FitRows rows, labelledRows(input.images, input.attribute, fitted.warnings));
    for (std::size_t g = 0; g < rows.groups(); ++g)
        if (rows.count[g] < kFolds)
            return unusable("labels", std::to_string(rows.count[g]) + " images of “" + rows.names[g] + "”",
                            std::to_string(kFolds) + " images of each group or more, one of which is held out");
    if (rows.dim < 2)
        return unusable("images", std::to_string(rows.dim) + " dimension", "two dimensions or more");
    Split split;
    split.x = Embeddings(rows.rows, rows.dim);
    split.label = rows.group;
    std::vector<double> count(rows.groups(), 0.0), heldOut(rows.groups(), 0.0);
    const std::vector<std::int32_t> fold = metric::stratifiedFolds(rows.group, kFolds, input.seed, "inlp");
    for (std::size_t i = 0; i < rows.rows; ++i) {
        (fold[i] == 0 ? heldOut : count)[static_cast<std::size_t>(rows.group[i])] += 1;
        if (fold[i] == 0) {
            split.heldOut.push_back(i);
            split.label[i] = -1;
        }
    }
    const auto kept = static_cast<double>(rows.rows - split.heldOut.size());
    for (const double ones : count)
        split.prior.push_back(std::log(ones / (kept - ones)));
    const double majority = std::ranges::max(heldOut) / static_cast<double>(split.heldOut.size());
    const double chance = 1 / static_cast<double>(rows.groups());

    std::vector<double> current = rows.values, basis;
    const std::size_t most = std::min(options.rank, rows.dim - 1);
    std::optional<Accuracy> before;
    Accuracy after;
    for (;;) {
        std::ranges::transform(current, split.x.values.begin(), [](double value) { return static_cast<float>(value); });
        PLUMBLINE_TRY(const metric::OneVsRestFit fit, classifiers(split, rows.groups(), options.l2, feedback));
        after = accuracyOf(fit, split, rows);
        if (!before)
            before = after;
        const std::size_t removed = basis.size() / rows.dim;
        feedback.progress("debiasing", static_cast<std::int64_t>(removed), static_cast<std::int64_t>(most));
        if (after.all <= majority + options.epsilon && after.groups <= chance + options.epsilon)
            break;
        const std::vector<double> directions = newDirections(fit, basis, rows.dim, most - removed);
        if (directions.empty()) {
            fitted.warnings.push_back("It ended at the limit of " + std::to_string(removed) +
                                      " directions: a linear classifier still does better than chance.");
            break;
        }
        project(current, directions, rows.dim);
        basis.insert(basis.end(), directions.begin(), directions.end());
    }
    if (basis.empty() && options.rank > 0)
        fitted.warnings.emplace_back("No linear classifier does better than chance from the start: nothing was "
                                     "changed.");
    LinearMap map = projectionOff(basis, rows.dim);
    fitted.facts.push_back({"directions removed", static_cast<double>(basis.size() / rows.dim), {}});
    fitted.facts.push_back(
        {"accuracy before", before->all, "share of the held-out images whose group a linear classifier names, before"});
    fitted.facts.push_back({"accuracy after", after.all, "the same share after the change"});
    fitted.facts.push_back({"accuracy of the majority", majority, "share of the largest group among them"});
    fitted.facts.push_back(
        {"balanced accuracy before", before->groups,
         "mean over the groups of the share named right, with equal odds for each group; chance is " +
             formatFixed(chance, 3)});
    fitted.facts.push_back({"balanced accuracy after", after.groups, "the same mean after the change"});
    normalise(current, rows.dim);
    tellSeparation(rows, current, rows.dim, fitted);
    place(std::move(map), options.apply, fitted);
    return fitted;
}

Outcome<Fitted> fitInlp(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    InlpOptions options;
    PLUMBLINE_TRY(const std::int64_t rank, parameters.integer("rank", 1, 10000));
    options.rank = static_cast<std::size_t>(rank);
    PLUMBLINE_TRY(options.epsilon, parameters.number("epsilon", 0, 1));
    PLUMBLINE_TRY(options.l2, parameters.number("l2", 1e-9, 1e9));
    PLUMBLINE_TRY(options.apply, applyOf(parameters));
    return inlp(input, options, feedback);
}

} // namespace plumbline::debias
