// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/mean_difference.h"

#include <algorithm>
#include <cmath>

namespace plumbline::debias {
namespace {

constexpr double kSameMean = 1e-7; ///< unit rows in float32: means nearer than that are the same

} // namespace

Outcome<Fitted> meanDifference(const FitInput& input, const MeanDifferenceOptions& options, Feedback& feedback) {
    Fitted fitted;
    PLUMBLINE_TRY(const FitRows rows, labelledRows(input.images, input.attribute, fitted.warnings));
    if (options.shift && rows.groups() > 2)
        return unusable("mode", "shift",
                        "project, as there is no one direction between " + std::to_string(rows.groups()) + " groups");
    std::vector<double> differences = groupMeans(rows); // from the first group's, which span what the centred ones do
    const std::vector<double> first(differences.begin(), differences.begin() + static_cast<std::ptrdiff_t>(rows.dim));
    for (std::size_t i = 0; i < differences.size(); ++i)
        differences[i] -= first[i % rows.dim];
    const double distance = meanDistance(rows.values, rows.dim, rows);
    std::vector<double> basis;
    if (distance > kSameMean)
        basis = orthonormal(differences, rows.dim, kRankCut);
    else
        fitted.warnings.emplace_back("The groups' mean embeddings coincide: nothing was changed.");
    if (!options.shift && basis.size() == rows.dim * rows.dim)
        return unusable("images", std::to_string(rows.dim) + " dimensions",
                        "more dimensions than the groups' means span");
    LinearMap map = projectionOff(options.shift ? std::span<const double>() : basis, rows.dim);
    if (options.shift && !basis.empty())
        for (std::size_t j = 0; j < rows.dim; ++j)
            map.offset[j] = options.beta * differences[rows.dim + j] / distance;
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    if (!options.shift)
        fitted.facts.push_back({"directions removed", static_cast<double>(basis.size() / rows.dim), {}});
    fitted.facts.push_back({"distance between means", distance,
                            "the greatest distance between two groups' mean embeddings, at unit length, before"});
    std::vector<double> after = mapped(map, rows);
    normalise(after, rows.dim);
    tellSeparation(rows, after, rows.dim, fitted);
    PLUMBLINE_CHECK(tellTraining(rows, after, fitted, feedback));
    place(std::move(map), options.apply, fitted);
    return fitted;
}

Outcome<Fitted> fitMeanDifference(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    MeanDifferenceOptions options;
    PLUMBLINE_TRY(const std::string mode, parameters.choice("mode", {"project", "shift"}));
    options.shift = mode == "shift";
    PLUMBLINE_TRY(options.beta, parameters.number("beta", -100, 100));
    PLUMBLINE_TRY(options.apply, applyOf(parameters));
    return meanDifference(input, options, feedback);
}

} // namespace plumbline::debias
