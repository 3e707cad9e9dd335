// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/bend.h"

#include <algorithm>

#include "core/debias/closed_form/biased_prompts.h"

namespace plumbline::debias {

Outcome<Fitted> bend(const FitInput& input, const BendOptions& options, Feedback& feedback) {
    Fitted fitted;
    if (options.nearest == 0)
        return unusable("n", "0", "1 or more images of each group");
    PLUMBLINE_TRY(FitRows rows, labelledRows(input.images, input.attribute, fitted.warnings));
    PLUMBLINE_TRY(SpuriousTexts texts, spuriousTexts(input.texts, options.spurious, options.pairs, fitted.warnings));
    std::vector<double> spanning = std::move(texts.spurious);
    for (const double value : texts.differences)
        spanning.push_back(value / 2);
    if (!spanning.empty() && input.texts->dim != rows.dim)
        return unusable("texts", std::to_string(input.texts->dim) + " dimensions",
                        std::to_string(rows.dim) + ", as the images have");
    QueryMap map;
    map.dim = rows.dim;
    map.directions = orthonormal(spanning, rows.dim, kRankCut);
    map.directionCount = map.directions.size() / map.dim;
    if (map.directionCount >= map.dim)
        return unusable("spurious", std::to_string(map.directionCount) + " directions",
                        "fewer than the " + std::to_string(map.dim) + " dimensions, all of which would be removed");
    map.reference = Embeddings(rows.rows, rows.dim);
    std::ranges::transform(rows.values, map.reference.values.begin(),
                           [](double value) { return static_cast<float>(value); });
    map.group = rows.group;
    map.groups = rows.groups();
    map.nearest = options.nearest;
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    fitted.facts.push_back({"directions removed", static_cast<double>(map.directionCount),
                            "the rank of the spurious texts and pairs, which every query loses"});
    fitted.facts.push_back({"reference images", static_cast<double>(rows.rows), {}});
    for (std::size_t g = 0; g < rows.groups(); ++g)
        if (rows.count[g] < options.nearest)
            fitted.warnings.push_back("“" + rows.names[g] + "” has only " + std::to_string(rows.count[g]) + " of the " +
                                      std::to_string(options.nearest) +
                                      " reference images that are asked for: all of them count as near.");
    if (map.directionCount == 0)
        fitted.warnings.emplace_back("No spurious texts were given: queries are changed by the reference images "
                                     "alone.");
    fitted.text = std::move(map);
    return fitted;
}

Outcome<Fitted> fitBend(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    BendOptions options;
    const std::size_t texts = input.texts ? input.texts->rows : 0;
    PLUMBLINE_TRY(options.spurious, parameters.rows("spurious", texts));
    PLUMBLINE_TRY(options.pairs, parameters.pairs("pairs", texts));
    PLUMBLINE_TRY(const std::int64_t nearest, parameters.integer("n", 1, 1000000));
    options.nearest = static_cast<std::size_t>(nearest);
    return bend(input, options, feedback);
}

} // namespace plumbline::debias
