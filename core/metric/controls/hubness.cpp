// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/hubness.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/metric/family.h"
#include "core/metric/mean_interval.h"
#include "core/metric/measure.h"
#include "core/metric/ranking.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

struct Shape {
    double mean = 0, sd = 0;
    std::optional<double> skewness;
};

Shape shapeOf(std::span<const double> values, std::span<const std::uint32_t> rows) {
    Shape shape;
    const auto n = static_cast<double>(rows.size());
    for (const std::uint32_t row : rows)
        shape.mean += values[row];
    shape.mean /= n;
    double squares = 0, cubes = 0;
    for (const std::uint32_t row : rows) {
        const double from = values[row] - shape.mean;
        squares += from * from;
        cubes += from * from * from;
    }
    shape.sd = rows.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
    if (squares > 0)
        shape.skewness = cubes / n / std::pow(squares / n, 1.5);
    return shape;
}

/// Interval of the occurrences' skewness, by what each image moves their second and third moment. Exactly k images are
/// among the first k of every prompt, so an image that comes in pushes one near the k-th place out: the mean occurrence
/// is fixed, and the moments lose what such an image brings (the mean over a window of places around the k-th).
/// Percentiles of resampled occurrences leave that out; they were 2.1 to 2.3 times too wide.
Interval skewnessInterval(std::span<const float> scores, std::size_t images, std::size_t k, const Hubness& hubs,
                          const Resampling& options) {
    Interval none;
    std::vector<double> second(images), third(images);
    double n = 0;
    for (std::size_t i = 0; i < images; ++i)
        if (const auto times = static_cast<double>(hubs.occurrence[i]); times >= 0) {
            second[i] = times * times;
            third[i] = times * times * times;
            ++n;
        }
    if (n < 3 || !hubs.skewness || static_cast<double>(k) >= n)
        return none;
    const std::size_t window = std::clamp<std::size_t>(k / 10, 1, static_cast<std::size_t>(n) - k);
    std::vector<float> own(images);
    for (std::size_t first = 0; first < scores.size(); first += images) {
        std::ranges::copy(scores.subspan(first, images), own.begin());
        for (std::size_t i = 0; i < images; ++i)
            if (hubs.occurrence[i] < 0)
                own[i] = std::numeric_limits<float>::quiet_NaN();
        const std::vector<std::uint32_t> order = topRows(std::span<const float>(own), k + window);
        const std::size_t from = std::min(k, order.size()) - std::min({window, k, order.size()});
        double square = 0, cube = 0; // that one occurrence brings an image near the k-th place
        for (std::size_t place = from; place < order.size(); ++place) {
            const double with = static_cast<double>(hubs.occurrence[order[place]]) + (place < k ? 0 : 1);
            square += with * with - (with - 1) * (with - 1);
            cube += with * with * with - (with - 1) * (with - 1) * (with - 1);
        }
        const auto near = static_cast<double>(order.size() - from);
        for (std::size_t place = 0; place < std::min(k, order.size()); ++place) {
            second[order[place]] -= square / near;
            third[order[place]] -= cube / near;
        }
    }
    // skewness = (m3 - 3 m m2 + 2 m^3) / (m2 - m^2)^1.5, m fixed.
    const double spread = hubs.sd * hubs.sd * (n - 1) / n;
    std::vector<double> influence;
    for (std::size_t i = 0; i < images; ++i)
        if (hubs.occurrence[i] >= 0)
            influence.push_back((third[i] - 3 * hubs.mean * second[i]) / std::pow(spread, 1.5) -
                                1.5 * *hubs.skewness / spread * second[i]);
    const double error = *meanInterval(influence, options.confidence).sd / std::sqrt(n);
    return studentInterval(*hubs.skewness, error, n - 1, options.confidence);
}

} // namespace

Result<Hubness> hubness(std::span<const float> scores, std::size_t images, std::size_t k,
                        const std::vector<bool>& takesPart) {
    if (images == 0 || scores.empty() || scores.size() % images != 0)
        return badArgument("the number of scores", std::to_string(scores.size()),
                           "a multiple of " + std::to_string(images) + ", the number of images");
    if (!takesPart.empty() && takesPart.size() != images)
        return badArgument("the number of images that take part", std::to_string(takesPart.size()),
                           std::to_string(images));
    if (k == 0)
        return fail(ErrorCode::KInvalid, {{"value", "0"}});
    Hubness result;
    result.occurrence.assign(images, 0);
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < images; ++i) {
        if (takesPart.empty() || takesPart[i])
            rows.push_back(static_cast<std::uint32_t>(i));
        else
            result.occurrence[i] = -1;
    }
    std::vector<float> own(images);
    for (std::size_t first = 0; first < scores.size(); first += images) {
        std::ranges::copy(scores.subspan(first, images), own.begin());
        for (std::size_t i = 0; i < images; ++i)
            if (result.occurrence[i] < 0)
                own[i] = std::numeric_limits<float>::quiet_NaN(); // does not rank
        for (const std::uint32_t row : topRows(std::span<const float>(own), k))
            ++result.occurrence[row];
    }
    if (rows.empty())
        return result;
    const std::vector<double> values(result.occurrence.begin(), result.occurrence.end());
    const Shape shape = shapeOf(values, rows);
    result.mean = shape.mean;
    result.sd = shape.sd;
    result.skewness = shape.skewness;
    result.limit = shape.mean + kHubSds * shape.sd;
    for (const std::uint32_t row : rows)
        if (values[row] > result.limit)
            result.flagged.push_back(row);
    return result;
}

Outcome<HubnessResult> hubnessOfAudit(std::span<const float> scores, const std::vector<std::string>& prompts,
                                      const Attribute& attribute, const MeasureOptions& ranking,
                                      const Resampling& options, Feedback& feedback) {
    const std::size_t images = attribute.codes.size();
    if (prompts.empty() || scores.size() != prompts.size() * images)
        return badArgument("the number of scores", std::to_string(scores.size()),
                           std::to_string(prompts.size() * images) + ", one for each prompt and image");
    PLUMBLINE_TRY(const Meter meter, Meter::create(attribute, ranking));
    std::vector<bool> labelled;
    std::int64_t n = 0;
    for (const std::int32_t code : attribute.codes) {
        labelled.push_back(code >= 0);
        n += code >= 0;
    }
    const std::int64_t k = ranking.k.resolve(n);
    HubnessResult result;
    PLUMBLINE_TRY(result.hubs, hubness(scores, images, static_cast<std::size_t>(k), labelled));
    const Hubness& hubs = result.hubs;
    MeasureTable& table = result.table;
    table.id = "hubness";
    table.title = "Images that answer everything (" + attribute.name + ")";
    table.definition =
        "An image's occurrence: for how many prompts it is among the first k. occurrence_skewness: third standardised "
        "moment over images, large where a few images answer many prompts; hub_share: share of the images that occur "
        "more "
        "than mean + 5 standard deviations; max_skew: with all images, and without those. Intervals are over images.";
    table.source = "Plumbline's reconstruction; occurrence as Radovanović et al. 2010";
    table.countOf = "images";
    table.keys = {"prompt"};

    table.rows.push_back(makeRow({""}, "occurrence_skewness", hubs.skewness,
                                 skewnessInterval(scores, images, static_cast<std::size_t>(k), hubs, options), n,
                                 options));
    const Rate share = wilson(static_cast<std::int64_t>(hubs.flagged.size()), n, options.confidence);
    table.rows.push_back(makeRow({""}, "hub_share", share.value, {share.low, share.high}, n, options));

    Attribute without = attribute;
    for (const std::uint32_t row : hubs.flagged)
        without.codes[row] = Attribute::kUnlabelled;
    const bool removed = !hubs.flagged.empty();
    std::optional<Meter> rest;
    if (removed) {
        PLUMBLINE_TRY(rest, Meter::create(without, ranking));
        table.warnings.push_back(counted(static_cast<std::int64_t>(hubs.flagged.size()), "image") +
                                 (hubs.flagged.size() == 1 ? " is" : " are") + " among the first " + std::to_string(k) +
                                 " of so many prompts that the rankings should be looked at without " +
                                 (hubs.flagged.size() == 1 ? "it." : "them."));
    } else {
        table.warnings.emplace_back("No image stands out by answering many prompts.");
    }
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        const auto own = scores.subspan(p * images, images);
        PLUMBLINE_TRY(const Measurement all, meter.measure(own, feedback));
        std::optional<Measurement> less;
        if (removed) {
            PLUMBLINE_TRY(less, rest->measure(own, feedback));
        }
        for (const auto& [name, measured] :
             {std::pair{"max_skew", &all}, std::pair{"max_skew_without_hubs", less ? &std::as_const(*less) : &all}}) {
            MeasureRow& row = table.rows.emplace_back();
            row.keys = {prompts[p]};
            row.measure = name;
            row.value = measured->maxSkew;
            if (!removed && row.measure != "max_skew")
                row.value.pValue.reset(); // the same test again
            row.n = measured->n;
            row.enough = measured->n >= options.minGroup;
        }
        feedback.progress("hubness", static_cast<std::int64_t>(p + 1), static_cast<std::int64_t>(prompts.size()));
    }
    correctFamily(table, "MaxSkew of every prompt with and without hubs");
    return result;
}

} // namespace plumbline::metric
