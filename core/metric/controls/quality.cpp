// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/quality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/mean_interval.h"
#include "core/metric/measure.h"
#include "core/metric/parallel.h"
#include "core/metric/rank_tests.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kStrata = 10;
/// Scores that all thinned rankings may look at together, some ten seconds.
constexpr double kMostWork = 1e9;

/// The first `count` of `rows` in random order.
void keepSome(std::vector<std::uint32_t>& rows, std::size_t count, RandomStream& random) {
    for (std::size_t i = 0; i < count; ++i)
        std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
    rows.resize(count);
}

/// Interval of after - before from their own intervals by the method of variance estimates recovery (with correlation:
/// Donner and Zou, Statistical Methods in Medical Research 21(4), 2012). A mean over a share s of the images has
/// correlation sqrt(s) with that over all of them. An end that needs an end which is absent is absent.
Interval changeInterval(const MetricValue& before, const MetricValue& after, double share) {
    const double change = *after.value - *before.value;
    const auto joined = [&](double a, double b) {
        return std::sqrt(std::max(0.0, a * a + b * b - 2 * std::sqrt(share) * a * b));
    };
    Interval interval;
    if (after.ciLow && before.ciHigh)
        interval.low = change - joined(*after.value - *after.ciLow, *before.ciHigh - *before.value);
    if (after.ciHigh && before.ciLow)
        interval.high = change + joined(*after.ciHigh - *after.value, *before.value - *before.ciLow);
    return interval;
}

Attribute only(const Attribute& attribute, std::span<const std::uint32_t> rows) {
    Attribute result{attribute.name, attribute.groups,
                     std::vector<std::int32_t>(attribute.codes.size(), Attribute::kUnlabelled)};
    for (const std::uint32_t row : rows)
        result.codes[row] = attribute.codes[row];
    return result;
}

} // namespace

std::vector<double> imageQuality(std::span<const double> good, std::span<const double> bad, double scale) {
    std::vector<double> quality(good.size(), kNan);
    for (std::size_t i = 0; i < std::min(good.size(), bad.size()); ++i)
        if (std::isfinite(good[i]) && std::isfinite(bad[i]))
            quality[i] = 1 / (1 + std::exp(scale * (bad[i] - good[i])));
    return quality;
}

Result<QualityMatch> matchOnQuality(std::span<const double> quality, const Attribute& attribute, int strata,
                                    std::uint64_t seed) {
    if (quality.size() != attribute.codes.size())
        return badArgument("the number of qualities", std::to_string(quality.size()),
                           std::to_string(attribute.codes.size()) + ", one for each image");
    if (strata < 1)
        return badArgument("strata", std::to_string(strata), "at least 1");
    const std::size_t groups = attribute.groups.size();
    std::vector<double> known(quality.size(), kNan);
    std::vector<bool> present(groups);
    double n = 0;
    for (std::size_t i = 0; i < quality.size(); ++i)
        if (std::isfinite(quality[i]) && attribute.codes[i] >= 0 &&
            static_cast<std::size_t>(attribute.codes[i]) < groups) {
            known[i] = quality[i];
            present[static_cast<std::size_t>(attribute.codes[i])] = true;
            ++n;
        }
    const auto groupCount = std::ranges::count(present, true);
    if (groupCount == 0)
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (groupCount == 1)
        return fail(ErrorCode::AttributeSingleGroup,
                    {{"name", attribute.name},
                     {"group",
                      attribute.groups[static_cast<std::size_t>(std::ranges::find(present, true) - present.begin())]}});
    const std::vector<double> ranks = midranks(known);
    std::vector<std::vector<std::vector<std::uint32_t>>> cells(static_cast<std::size_t>(strata),
                                                               std::vector<std::vector<std::uint32_t>>(groups));
    for (std::size_t i = 0; i < known.size(); ++i)
        if (!std::isnan(ranks[i])) {
            const auto stratum =
                std::min(static_cast<std::size_t>((ranks[i] - 0.5) / n * strata), static_cast<std::size_t>(strata) - 1);
            cells[stratum][static_cast<std::size_t>(attribute.codes[i])].push_back(static_cast<std::uint32_t>(i));
        }
    QualityMatch match;
    match.kept.assign(groups, 0);
    for (std::size_t s = 0; s < cells.size(); ++s) {
        std::size_t fewest = quality.size();
        for (std::size_t g = 0; g < groups; ++g)
            if (present[g])
                fewest = std::min(fewest, cells[s][g].size());
        match.empty += fewest == 0;
        RandomStream random(seed, streamId("quality-match/" + attribute.name), s);
        for (std::size_t g = 0; g < groups; ++g) {
            if (!present[g])
                continue;
            keepSome(cells[s][g], fewest, random);
            match.rows.insert(match.rows.end(), cells[s][g].begin(), cells[s][g].end());
            match.kept[g] += static_cast<std::int64_t>(fewest);
        }
    }
    std::ranges::sort(match.rows);
    return match;
}

Outcome<MeasureTable> qualityControlled(std::span<const float> scores, const std::vector<std::string>& prompts,
                                        std::span<const double> quality, const Attribute& attribute,
                                        const MeasureOptions& ranking, const Resampling& options, Feedback& feedback) {
    const std::size_t images = attribute.codes.size();
    if (scores.size() != prompts.size() * images)
        return badArgument("the number of scores", std::to_string(scores.size()),
                           std::to_string(prompts.size() * images) + ", one for each prompt and image");
    PLUMBLINE_TRY(const QualityMatch match, matchOnQuality(quality, attribute, kStrata, options.seed));
    MeasureTable table;
    table.id = "quality_controlled";
    table.title = "Leans at the same image quality (" + attribute.name + ")";
    table.definition =
        "Quality: softmax of the image's cosines with a prompt for a good and one for a bad photo. mean_quality: of a "
        "group; "
        "quality_range: largest less smallest (p: Kruskal–Wallis). max_skew and skew: all images; max_skew_matched and "
        "skew_matched: as many images of every group in every tenth of the quality, the same share of them in the top; "
        "change: matched less all; its null keeps as many images of each group regardless of quality.";
    table.source = "Plumbline's reconstruction; quality after CLIP-IQA (Wang et al. 2023)";
    table.countOf = "images";
    table.keys = {"prompt", "group"};

    std::vector<Estimate> estimates;
    std::vector<std::size_t> present = presentGroups(attribute.codes, attribute.groups.size());
    const double strict = 1 - (1 - options.confidence) / static_cast<double>(present.size());
    std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
    std::vector<double> finite(quality.size(), kNan);
    for (std::size_t i = 0; i < quality.size(); ++i)
        if (std::isfinite(quality[i]))
            finite[i] = quality[i];
    for (const std::size_t g : present) {
        std::vector<double> own;
        for (std::size_t i = 0; i < images; ++i)
            if (attribute.codes[i] == static_cast<std::int32_t>(g))
                own.push_back(finite[i]);
        const Mean mean = meanInterval(own, options.confidence);
        table.rows.push_back(
            makeRow({"", attribute.groups[g]}, "mean_quality", mean.mean, mean.interval, mean.n, options));
        smallest = std::min(smallest, mean.n);
        if (mean.n > 1)
            estimates.push_back({*mean.mean, mean.interval, meanInterval(own, strict).interval});
    }
    if (estimates.size() > 1) {
        const auto [low, high] = std::ranges::minmax(estimates, {}, &Estimate::value);
        MeasureRow range = makeRow({"", ""}, "quality_range", high.value - low.value, extremesInterval(estimates).range,
                                   smallest, options);
        range.value.pValue = kruskalWallis(finite, attribute.codes).p;
        table.rows.push_back(std::move(range));
    }
    std::int64_t n = 0;
    for (const std::int32_t code : attribute.codes)
        n += code >= 0;
    const auto kept = static_cast<std::int64_t>(match.rows.size());
    if (match.empty > 0)
        table.warnings.push_back(std::to_string(match.empty) + " of " + std::to_string(kStrata) +
                                 " tenths of the quality lack a group: nothing of them is kept.");
    table.warnings.push_back("Matching keeps " + std::to_string(kept) + " of " + counted(n, "image") + ".");
    if (kept == 0) {
        correctFamily(table, "differences of quality");
        return table;
    }

    PLUMBLINE_TRY(const Meter before, Meter::create(attribute, ranking));
    MeasureOptions again = ranking;
    const std::int64_t k = std::min(ranking.k.resolve(n), n);
    again.k = {std::max<std::int64_t>(
                   1, std::llround(static_cast<double>(k) * static_cast<double>(kept) / static_cast<double>(n))),
               0.0};
    PLUMBLINE_TRY(const Meter after, Meter::create(only(attribute, match.rows), again));

    // The null: MaxSkew of as many random images of each group.
    const double work = static_cast<double>(prompts.size()) * static_cast<double>(images);
    const int draws = std::min(options.nullDraws, std::max(99, static_cast<int>(kMostWork / std::max(1.0, work))));
    MeasureOptions bare = again;
    bare.nullDraws = bare.bootstrapDraws = 0;
    std::vector<std::vector<double>> thinned(prompts.size(),
                                             std::vector<double>(static_cast<std::size_t>(draws), kNan));
    std::vector<std::vector<std::uint32_t>> rowsOf(attribute.groups.size());
    for (std::size_t i = 0; i < images; ++i)
        if (attribute.codes[i] >= 0 && static_cast<std::size_t>(attribute.codes[i]) < rowsOf.size() &&
            std::isfinite(quality[i]))
            rowsOf[static_cast<std::size_t>(attribute.codes[i])].push_back(static_cast<std::uint32_t>(i));
    double leastKept = 1; // of any group, as a share of its images
    for (std::size_t g = 0; g < rowsOf.size(); ++g)
        if (!rowsOf[g].empty())
            leastKept = std::min(leastKept, static_cast<double>(match.kept[g]) / static_cast<double>(rowsOf[g].size()));
    const std::uint64_t stream = streamId("quality-thinned/" + attribute.name);
    const bool done = forEachReplicate(
        static_cast<std::size_t>(draws), feedback, [] { return 0; },
        [&](int, std::size_t i) {
            RandomStream random(options.seed, stream, i);
            std::vector<std::uint32_t> rows;
            for (std::size_t g = 0; g < rowsOf.size(); ++g) {
                std::vector<std::uint32_t> own = rowsOf[g];
                keepSome(own, static_cast<std::size_t>(match.kept[g]), random);
                rows.insert(rows.end(), own.begin(), own.end());
            }
            const auto meter = Meter::create(only(attribute, rows), bare);
            for (std::size_t p = 0; meter && p < prompts.size(); ++p)
                if (const auto measured = meter->measure(scores.subspan(p * images, images), feedback);
                    measured && measured->maxSkew.value)
                    thinned[p][i] = *measured->maxSkew.value;
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        const auto own = scores.subspan(p * images, images);
        PLUMBLINE_TRY(const Measurement all, before.measure(own, feedback));
        PLUMBLINE_TRY(const Measurement matched, after.measure(own, feedback));
        const auto add = [&](std::string group, const char* measure, const MetricValue& value, std::int64_t count) {
            MeasureRow& row = table.rows.emplace_back();
            row.keys = {prompts[p], std::move(group)};
            row.measure = measure;
            row.value = value;
            row.n = count;
            row.enough = count >= options.minGroup;
        };
        MetricValue maxAll = all.maxSkew, maxMatched = matched.maxSkew, change;
        maxAll.pValue.reset(); // the family is of changes: whether a prompt leans, the audit says
        maxMatched.pValue.reset();
        add("", "max_skew", maxAll, all.n);
        add("", "max_skew_matched", maxMatched, matched.n);
        if (all.maxSkew.value && matched.maxSkew.value) {
            change.value = *matched.maxSkew.value - *all.maxSkew.value;
            std::vector<double> null = thinned[p];
            std::erase_if(null, [](double draw) { return std::isnan(draw); });
            for (double& draw : null)
                draw -= *all.maxSkew.value;
            if (!null.empty()) {
                const double centre = std::accumulate(null.begin(), null.end(), 0.0) / static_cast<double>(null.size());
                setNull(change, null, Tail::TwoSided, centre);
            }
            setInterval(change, changeInterval(all.maxSkew, matched.maxSkew, leastKept));
        }
        add("", "change", change, matched.n);
        const auto valueOf = [](const GroupMeasure& group) {
            MetricValue value;
            value.value = group.skew;
            value.ciLow = group.ciLow;
            value.ciHigh = group.ciHigh;
            return value;
        };
        for (const GroupMeasure& group : all.groups) {
            add(group.name, "skew", valueOf(group), group.poolCount);
            for (const GroupMeasure& other : matched.groups)
                if (other.name == group.name)
                    add(group.name, "skew_matched", valueOf(other), other.poolCount);
        }
    }
    correctFamily(table, "differences of quality, and changes of every prompt's MaxSkew");
    return table;
}

} // namespace plumbline::metric
