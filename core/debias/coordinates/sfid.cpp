// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/coordinates/sfid.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <tbb/parallel_for.h>

#include "core/base/numbers.h"
#include "core/debias/classifier/fit_gda.h"
#include "core/debias/coordinates/forest.h"
#include "core/metric/logistic.h"

namespace plumbline::debias {
namespace {

/// Means of some coordinates over some rows.
std::vector<double> meansOf(const Embeddings& rows, std::span<const std::size_t> which,
                            std::span<const std::uint32_t> coordinates) {
    std::vector<double> means(coordinates.size(), 0.0);
    for (const std::size_t i : which)
        for (std::size_t c = 0; c < coordinates.size(); ++c)
            means[c] += static_cast<double>(rows.row(i)[coordinates[c]]) / static_cast<double>(which.size());
    return means;
}

/// Means of the unit texts; nothing without a usable one of the images' dimension.
std::optional<std::vector<double>> textMeans(const Embeddings* texts, std::size_t dim,
                                             std::span<const std::uint32_t> coordinates) {
    if (!texts || texts->dim != dim)
        return std::nullopt;
    Embeddings unit = *texts;
    normaliseRows(unit);
    std::vector<std::size_t> which;
    for (std::size_t t = 0; t < texts->rows; ++t)
        if (hasDirection(texts->row(t)))
            which.push_back(t);
    if (which.empty())
        return std::nullopt;
    return meansOf(unit, which, coordinates);
}

} // namespace

Outcome<Fitted> fitSfid(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    const std::size_t dim = input.images.dim;
    auto m = std::max<std::int64_t>(1, std::lround(static_cast<double>(dim) * 50 / 512));
    if (toLowerAscii(trim(parameters.text("m"))) != "auto") {
        PLUMBLINE_TRY(m, parameters.integer("m", 1, static_cast<std::int64_t>(dim)));
    }
    PLUMBLINE_TRY(const double unsureBelow, parameters.number("t", 0, 1));
    PLUMBLINE_TRY(const std::int64_t trees, parameters.integer("trees", 1, 2000));
    PLUMBLINE_TRY(const std::string apply, parameters.choice("apply", {"images", "texts", "both"}));
    PLUMBLINE_TRY(const TrainingRows rows, trainingRows(input, 2));
    const std::size_t groups = rows.groups.size();

    // The forest sees four fifths of the images; which ones it is unsure of is asked of the last.
    const std::vector<std::int32_t> fold = metric::stratifiedFolds(rows.codes, 5, input.seed, "debias/sfid");
    std::vector<std::size_t> heldOut;
    Embeddings seen;
    seen.dim = dim;
    std::vector<std::int32_t> seenCodes;
    for (std::size_t i = 0; i < rows.unit.rows; ++i) {
        if (fold[i] == 0) {
            heldOut.push_back(i);
            continue;
        }
        seen.values.insert(seen.values.end(), rows.unit.row(i).begin(), rows.unit.row(i).end());
        seenCodes.push_back(rows.codes[i]);
        ++seen.rows;
    }
    PLUMBLINE_TRY(const Forest forest,
                  Forest::fit(seen, seenCodes, groups, static_cast<std::size_t>(trees), input.seed, feedback));

    std::vector<double> confidence(heldOut.size());
    std::vector<char> right(heldOut.size());
    tbb::parallel_for(std::size_t{0}, heldOut.size(), [&](std::size_t h) {
        std::vector<double> chances(groups);
        forest.probabilities(rows.unit.row(heldOut[h]), chances);
        const auto most = std::ranges::max_element(chances);
        confidence[h] = *most;
        right[h] = most - chances.begin() == rows.codes[heldOut[h]] ? 1 : 0;
    });
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));

    Fitted fitted;
    std::vector<std::size_t> unsure;
    for (std::size_t h = 0; h < heldOut.size(); ++h)
        if (confidence[h] < unsureBelow)
            unsure.push_back(heldOut[h]);
    if (unsure.empty()) {
        std::vector<std::size_t> order(heldOut.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, {}, [&](std::size_t h) { return confidence[h]; });
        order.resize((heldOut.size() + 99) / 100);
        for (const std::size_t h : order)
            unsure.push_back(heldOut[h]);
        fitted.warnings.push_back("The forest is sure of every image that it has not seen (at least " +
                                  formatDouble(unsureBelow) + "): the mean is that of the least sure 1 %, " +
                                  std::to_string(unsure.size()) + (unsure.size() == 1 ? " image." : " images."));
    } else if (unsure.size() < 10) {
        fitted.warnings.push_back("The mean that is written over the coordinates is of few images only: " +
                                  std::to_string(unsure.size()) + ".");
    }

    const std::vector<double>& importance = forest.importance();
    std::vector<std::uint32_t> coordinates(dim);
    std::iota(coordinates.begin(), coordinates.end(), 0U);
    std::ranges::stable_sort(coordinates, std::greater<>(), [&](std::uint32_t d) { return importance[d]; });
    coordinates.resize(static_cast<std::size_t>(m));
    std::ranges::sort(coordinates);
    double share = 0;
    for (const std::uint32_t d : coordinates)
        share += importance[d];
    const ImputeMap map{coordinates, meansOf(rows.unit, unsure, coordinates)};

    fitted.facts = {
        {"overwritten", static_cast<double>(m), "coordinates"},
        {"their importance", share, "share of what the forest takes from the impurity by these coordinates"},
        {"forest's accuracy", static_cast<double>(std::ranges::count(right, 1)) / static_cast<double>(right.size()),
         "share of the fifth of the images that the forest has not seen whose group it names"},
        {"majority", rows.majority(), "share of the largest group: the accuracy of always naming it"},
        {"unsure images", static_cast<double>(unsure.size()), "over which the mean was taken"}};
    PLUMBLINE_TRY(Embeddings after, debias::apply(map, rows.unit, feedback));
    PLUMBLINE_CHECK(tellOfSeparability(rows, std::move(after), input.seed, feedback, fitted));

    if (apply != "images") {
        ImputeMap ofTexts = map;
        if (auto means = textMeans(input.texts, dim, coordinates))
            ofTexts.values = std::move(*means);
        else
            fitted.warnings.emplace_back("No texts were given, so texts get the images' means of these coordinates, "
                                         "which moves them towards the images.");
        fitted.text = std::move(ofTexts);
    }
    if (apply != "texts")
        fitted.image = map;
    return fitted;
}

} // namespace plumbline::debias
