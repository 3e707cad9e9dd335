// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/coordinates/clip_clip.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/numbers.h"
#include "core/debias/classifier/fit_gda.h"
#include "core/debias/coordinates/mutual_information.h"

namespace plumbline::debias {
namespace {

/// Without the groups that have no more than `k` rows; says which. Errors: InvalidArgument (fewer than two are left).
Result<TrainingRows> withoutSmallGroups(TrainingRows rows, std::size_t k, std::vector<std::string>& warnings) {
    TrainingRows result;
    std::vector<std::int32_t> renumbered(rows.groups.size(), Attribute::kUnlabelled);
    for (std::size_t g = 0; g < rows.groups.size(); ++g) {
        if (static_cast<std::size_t>(rows.counts[g]) <= k) {
            warnings.push_back("Too few images of " + rows.groups[g] + " (" + std::to_string(rows.counts[g]) +
                               ") for " + std::to_string(k) + " neighbours: the group takes no part in the estimate.");
            continue;
        }
        renumbered[g] = static_cast<std::int32_t>(result.groups.size());
        result.groups.push_back(rows.groups[g]);
        result.counts.push_back(rows.counts[g]);
    }
    if (result.groups.size() == rows.groups.size())
        return rows;
    if (result.groups.size() < 2)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "k"},
                     {"value", std::to_string(k)},
                     {"expected", "fewer neighbours than two of the groups have labelled images"}});
    result.unit.dim = rows.unit.dim;
    for (std::size_t i = 0; i < rows.unit.rows; ++i) {
        const std::int32_t code = renumbered[static_cast<std::size_t>(rows.codes[i])];
        if (code < 0)
            continue;
        const auto row = rows.unit.row(i);
        result.unit.values.insert(result.unit.values.end(), row.begin(), row.end());
        result.codes.push_back(code);
        ++result.unit.rows;
    }
    return result;
}

} // namespace

std::vector<std::uint32_t> leastInformative(std::span<const double> information, std::size_t m) {
    std::vector<std::uint32_t> order(information.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t d) { return information[d]; });
    order.resize(std::min(m, order.size()));
    std::ranges::sort(order);
    return order;
}

Outcome<Fitted> fitClipClip(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    const std::size_t dim = input.images.dim;
    if (dim < 2)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "images"},
                     {"value", "dimension " + std::to_string(dim)},
                     {"expected", "two coordinates at least, one to keep and one to drop"}});
    auto m = static_cast<std::int64_t>(std::lround(static_cast<double>(dim) * 400 / 512));
    if (toLowerAscii(trim(parameters.text("m"))) != "auto") {
        PLUMBLINE_TRY(m, parameters.integer("m", 1, static_cast<std::int64_t>(dim) - 1));
    }
    const auto kept = static_cast<std::size_t>(std::clamp<std::int64_t>(m, 1, static_cast<std::int64_t>(dim) - 1));
    PLUMBLINE_TRY(const std::string estimator, parameters.choice("estimator", {"mixed-ksg", "histogram"}));
    PLUMBLINE_TRY(const std::int64_t neighbours, parameters.integer("k", 1, 1000));
    const auto k = static_cast<std::size_t>(neighbours);

    Fitted fitted;
    PLUMBLINE_TRY(TrainingRows rows, trainingRows(input, 2));
    if (estimator == "mixed-ksg") {
        PLUMBLINE_TRY(rows, withoutSmallGroups(std::move(rows), k, fitted.warnings));
    }
    const std::size_t groups = rows.groups.size();
    PLUMBLINE_TRY(const std::vector<double> information,
                  estimator == "mixed-ksg" ? mixedKsg(rows.unit, rows.codes, groups, k, feedback)
                                           : histogramInformation(rows.unit, rows.codes, groups, feedback));

    LinearMap mask{dim, dim, std::vector<double>(dim * dim, 0.0), std::vector<double>(dim, 0.0), false};
    std::vector<bool> keeps(dim, false);
    for (const std::uint32_t d : leastInformative(information, kept)) {
        mask.matrix[d * dim + d] = 1;
        keeps[d] = true;
    }
    Embeddings after = rows.unit;
    for (std::size_t i = 0; i < after.rows; ++i)
        for (std::size_t d = 0; d < dim; ++d)
            if (!keeps[d])
                after.row(i)[d] = 0;
    double mostKept = -1e300, leastDropped = 1e300, sumKept = 0, sum = 0;
    for (std::size_t d = 0; d < dim; ++d) {
        (keeps[d] ? mostKept : leastDropped) =
            keeps[d] ? std::max(mostKept, information[d]) : std::min(leastDropped, information[d]);
        sum += std::max(0.0, information[d]);
        sumKept += keeps[d] ? std::max(0.0, information[d]) : 0.0;
    }
    const auto most = static_cast<std::size_t>(std::ranges::max_element(information) - information.begin());
    fitted.facts = {{"kept", static_cast<double>(kept), "coordinates that stay"},
                    {"dropped", static_cast<double>(dim - kept), "coordinates that become 0"},
                    {"most informative", static_cast<double>(most), "the coordinate, counted from 0"},
                    {"its information", information[most], "of that coordinate with the attribute, in nats"},
                    {"least information dropped", leastDropped, "in nats"},
                    {"most information kept", mostKept, "in nats"}};
    if (sum > 0)
        fitted.facts.push_back({"information dropped", 1 - sumKept / sum,
                                "share of the coordinates' own information, added up; what several of them say "
                                "together is not in it"});
    fitted.facts.push_back(
        {"majority", rows.majority(), "share of the largest group: the accuracy of always naming it"});
    PLUMBLINE_CHECK(tellOfSeparability(rows, std::move(after), input.seed, feedback, fitted));
    fitted.text = mask;
    fitted.image = std::move(mask);
    return fitted;
}

} // namespace plumbline::debias
