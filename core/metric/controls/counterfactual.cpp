// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/metric/family.h"
#include "core/metric/geometry/unit_rows.h"
#include "core/metric/mean_interval.h"
#include "core/metric/rank_tests.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Vector = std::vector<double>;

/// The complete sets: of each the row of every variant, in the variants' order.
struct Sets {
    std::vector<std::size_t> variants; ///< index into the attribute's groups, those that occur in sets
    std::vector<std::vector<std::uint32_t>> rows;
    std::int64_t incomplete = 0, repeated = 0; ///< sets that lack a variant; complete ones with two images of a variant
    std::int64_t outside = 0;                  ///< images without a set or a variant

    std::size_t size() const { return rows.size(); }
};

Sets findSets(std::span<const std::int32_t> sets, const Attribute& variant) {
    std::map<std::int32_t, std::vector<std::vector<std::uint32_t>>> bySet; // set, variant -> rows
    std::vector<bool> occurs(variant.groups.size());
    Sets result;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const std::int32_t code = variant.codes[i];
        if (sets[i] < 0 || code < 0 || static_cast<std::size_t>(code) >= variant.groups.size()) {
            ++result.outside;
            continue;
        }
        auto& members = bySet[sets[i]];
        members.resize(variant.groups.size());
        members[static_cast<std::size_t>(code)].push_back(static_cast<std::uint32_t>(i));
        occurs[static_cast<std::size_t>(code)] = true;
    }
    for (std::size_t v = 0; v < occurs.size(); ++v)
        if (occurs[v])
            result.variants.push_back(v);
    for (const auto& [set, members] : bySet) {
        bool lacks = false, twice = false;
        std::vector<std::uint32_t> rows;
        for (const std::size_t v : result.variants) {
            lacks = lacks || members[v].empty();
            twice = twice || members[v].size() > 1;
            if (!members[v].empty())
                rows.push_back(members[v].front());
        }
        result.incomplete += lacks;
        result.repeated += !lacks && twice;
        if (!lacks && !twice)
            result.rows.push_back(std::move(rows));
    }
    return result;
}

/// Differences of scores that were written with few digits are equal up to rounding only: made equal, so that the ranks
/// of their sizes tie. One part in 2^40 of the largest.
Vector withTies(Vector differences) {
    double largest = 0;
    for (const double difference : differences)
        largest = std::isfinite(difference) ? std::max(largest, std::abs(difference)) : largest;
    if (largest == 0)
        return differences;
    const double grain = std::exp2(std::ceil(std::log2(largest)) - 40);
    for (double& difference : differences)
        difference = std::nearbyint(difference / grain) * grain;
    return differences;
}

/// How much each set moves the mean rank spread: by its own spread, and by its images' places, which lie inside the
/// spreads of other sets. Without the second part intervals covered 78 % for three variants. NaN: the set is broken.
Vector spreadInfluence(const Vector& ranks, std::size_t variants, double ranked) {
    Vector firsts, lasts;
    const std::size_t sets = ranks.size() / variants;
    const auto of = [&](std::size_t s) { return std::span(ranks.data() + s * variants, variants); };
    const auto broken = [&](std::size_t s) {
        return std::ranges::any_of(of(s), [](double x) { return std::isnan(x); });
    };
    for (std::size_t s = 0; s < sets; ++s)
        if (!broken(s)) {
            const auto [first, last] = std::ranges::minmax(of(s));
            firsts.push_back(first);
            lasts.push_back(last);
        }
    Vector influence(sets, kNan), spread;
    const auto count = static_cast<double>(firsts.size());
    std::ranges::sort(firsts);
    std::ranges::sort(lasts);
    const auto before = [](const Vector& sorted, double rank) { // equal ones count half
        const auto [low, high] = std::ranges::equal_range(sorted, rank);
        return static_cast<double>((low - sorted.begin()) + (high - sorted.begin())) / 2;
    };
    for (std::size_t s = 0; s < sets; ++s) {
        if (broken(s))
            continue;
        const auto [first, last] = std::ranges::minmax(of(s));
        double inside = 0; // of how many sets' spreads
        for (const double rank : of(s))
            inside += before(firsts, rank) - before(lasts, rank);
        influence[s] = (last - first) / ranked + inside / count / static_cast<double>(variants);
    }
    return influence;
}

/// Mean inside a set less the mean to the other sets of its caption, of each set; and its influence on their mean.
struct Cohesion {
    Vector value, influence;
    std::int64_t alone = 0; ///< sets without another set of their caption, or without a direction
};

Cohesion cohesionOf(const Embeddings& embeddings, const Sets& sets, std::span<const std::int32_t> captions) {
    const UnitRows unit(embeddings);
    std::map<std::int32_t, std::pair<Vector, double>> ofCaption; // sum of unit vectors and their number
    std::vector<Vector> sums(sets.size());
    const auto captionOf = [&](std::size_t s) { return captions.empty() ? 0 : captions[sets.rows[s].front()]; };
    const auto usable = [&](std::size_t s) {
        return captionOf(s) >= 0 &&
               std::ranges::all_of(sets.rows[s], [&](std::uint32_t row) { return unit.usable(row); });
    };
    for (std::size_t s = 0; s < sets.size(); ++s) {
        if (!usable(s))
            continue;
        sums[s].resize(unit.dim());
        auto& [total, count] = ofCaption[captionOf(s)];
        total.resize(unit.dim());
        for (const std::uint32_t row : sets.rows[s]) {
            unit.addTo(sums[s], row);
            unit.addTo(total, row);
            ++count;
        }
    }
    Cohesion result;
    for (std::size_t s = 0; s < sets.size(); ++s) {
        const auto n = static_cast<double>(sets.rows[s].size());
        if (sums[s].empty() || ofCaption[captionOf(s)].second <= n) {
            ++result.alone;
            continue;
        }
        const auto& [total, count] = ofCaption[captionOf(s)];
        double own = 0, all = 0;
        for (std::size_t d = 0; d < sums[s].size(); ++d) {
            own += sums[s][d] * sums[s][d];
            all += sums[s][d] * total[d];
        }
        const double inside = (own - n) / (n * (n - 1)), outside = (all - own) / (n * (count - n));
        result.value.push_back(inside - outside);
        result.influence.push_back(inside - 2 * outside); // the set is also the others' other set
    }
    return result;
}

} // namespace

std::vector<std::uint32_t> completeSets(std::span<const std::int32_t> sets, const Attribute& variant) {
    std::vector<std::uint32_t> rows;
    if (sets.size() != variant.codes.size())
        return rows;
    for (const std::vector<std::uint32_t>& set : findSets(sets, variant).rows)
        rows.insert(rows.end(), set.begin(), set.end());
    std::ranges::sort(rows);
    return rows;
}

Outcome<MeasureTable> counterfactualSensitivity(const CounterfactualInput& input, const Resampling& options,
                                                Feedback& feedback) {
    if (!input.variant)
        return badArgument("the variants", "none", "an attribute of the images");
    const Attribute& variant = *input.variant;
    const std::size_t images = variant.codes.size(), prompts = input.prompts.size();
    const auto one = [&](const char* name, std::size_t found) {
        return badArgument(name, std::to_string(found), std::to_string(images) + ", one for each image");
    };
    if (input.sets.size() != images)
        return one("the number of sets", input.sets.size());
    if (input.scores.size() != images * prompts)
        return badArgument("the number of scores", std::to_string(input.scores.size()),
                           std::to_string(images * prompts) + ", one for each image and prompt");
    if (input.embeddings && input.embeddings->rows != images)
        return one("the number of embeddings", input.embeddings->rows);
    if (!input.captions.empty() && input.captions.size() != images)
        return one("the number of captions", input.captions.size());
    for (const std::size_t label : input.labels)
        if (label >= prompts)
            return badArgument("a label", std::to_string(label), "a column of the scores");
    const Sets sets = findSets(input.sets, variant);
    if (sets.variants.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", variant.name}});
    if (sets.variants.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup,
                    {{"name", variant.name}, {"group", variant.groups[sets.variants[0]]}});

    MeasureTable table;
    table.id = "counterfactual_sensitivity";
    table.title = "Counterfactual sensitivity to " + variant.name;
    table.definition =
        "Within sets of images that differ in " + variant.name +
        " alone. range, sd: largest less smallest score of a set, and its standard deviation, mean over sets; "
        "rank_spread: distance between a set's best and worst rank, as a share of the images; effect: mean of a "
        "variant's score less its set's mean, positive where the variant is favoured; difference: variant less other; "
        "flip_rate: share of sets whose most similar label is not the same for all variants; cohesion: mean cosine "
        "inside a set less that to other sets of the same caption. Intervals are over sets. Tests: Wilcoxon's signed "
        "ranks; of effects with more than two variants, scores that change places within their set.";
    table.source = "Plumbline's reconstruction, for data as of Howard et al. 2024 (SocialCounterfactuals)";
    table.countOf = "sets";
    table.keys = {"prompt", "variant", "other"};
    const auto n = static_cast<std::int64_t>(sets.size());
    if (sets.incomplete > 0)
        table.warnings.push_back(counted(sets.incomplete, "set") + (sets.incomplete == 1 ? " lacks" : " lack") +
                                 " a variant of " + variant.name + ": left out.");
    if (sets.repeated > 0)
        table.warnings.push_back(counted(sets.repeated, "set") + (sets.repeated == 1 ? " has" : " have") +
                                 " several images of one variant: left out.");
    if (sets.outside > 0)
        table.warnings.push_back(counted(sets.outside, "image") +
                                 (sets.outside == 1 ? " has no set or no variant." : " have no set or no variant."));
    if (n == 0) {
        table.warnings.emplace_back("No set is complete, so nothing is measured.");
        return table;
    }

    // One line a set; of each prompt: range, sd, rank spread, the variants' scores less their mean. NaN where one of
    // the set's scores is not finite.
    const std::size_t variants = sets.variants.size(), fields = 3 + variants, width = prompts * fields;
    Vector lines(sets.size() * width, kNan);
    const auto score = [&](std::uint32_t row, std::size_t p) { return input.scores[row * prompts + p]; };
    std::vector<std::int64_t> broken(prompts);
    std::vector<Mean> spreads; // of each prompt the sets' influence on the mean rank spread
    for (std::size_t p = 0; p < prompts; ++p) {
        Vector pool;
        for (const std::vector<std::uint32_t>& set : sets.rows)
            for (const std::uint32_t row : set)
                pool.push_back(std::isfinite(score(row, p)) ? score(row, p) : kNan);
        const Vector ranks = midranks(pool);
        const auto ranked = static_cast<double>(std::ranges::count_if(pool, [](double x) { return !std::isnan(x); }));
        spreads.push_back(meanInterval(spreadInfluence(ranks, variants, ranked), options.confidence));
        for (std::size_t s = 0; s < sets.size(); ++s) {
            const std::span<const double> scores(pool.data() + s * variants, variants);
            if (std::ranges::any_of(scores, [](double x) { return std::isnan(x); })) {
                ++broken[p];
                continue;
            }
            double* line = lines.data() + s * width + p * fields;
            const auto [low, high] = std::ranges::minmax(scores);
            const auto [first, last] = std::ranges::minmax(std::span(ranks.data() + s * variants, variants));
            line[0] = high - low;
            line[2] = (last - first) / ranked;
            const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(variants);
            double squares = 0;
            for (std::size_t v = 0; v < variants; ++v) {
                line[3 + v] = scores[v] - mean;
                squares += line[3 + v] * line[3 + v];
            }
            line[1] = std::sqrt(squares / static_cast<double>(variants - 1));
        }
    }
    Draws null;
    if (variants > 2) {
        // Scores change places within their set: what stands at place v takes variant v.
        std::vector<std::int32_t> blocks;
        for (std::size_t s = 0; s < sets.size(); ++s)
            blocks.insert(blocks.end(), variants, static_cast<std::int32_t>(s));
        const auto effects = [&](std::span<const std::uint32_t> order, std::span<double> values) {
            std::ranges::fill(values, 0.0);
            for (std::size_t place = 0; place < order.size(); ++place) {
                const std::size_t from = order[place];
                for (std::size_t p = 0; p < prompts; ++p) {
                    const double effect = lines[from / variants * width + p * fields + 3 + from % variants];
                    if (!std::isnan(effect))
                        values[p * variants + place % variants] += effect / static_cast<double>(n - broken[p]);
                }
            }
        };
        PLUMBLINE_TRY(null, permuteRows(blocks.size(), blocks, prompts * variants, "counterfactual/" + variant.name,
                                        options, effects, feedback));
    }
    for (std::size_t p = 0; p < prompts; ++p) {
        const std::int64_t count = n - broken[p];
        const auto column = [&](std::size_t f) {
            Vector values;
            for (std::size_t s = 0; s < sets.size(); ++s)
                values.push_back(lines[s * width + p * fields + f]);
            return values;
        };
        const auto limited = [](Interval ends, double most) { // of what is never below 0
            if (ends.low)
                ends.low = std::max(0.0, *ends.low);
            if (ends.high)
                ends.high = std::min(most, *ends.high);
            return ends;
        };
        const char* const names[] = {"range", "sd"};
        for (std::size_t f = 0; f < 2; ++f) {
            const Mean mean = meanInterval(column(f), options.confidence);
            table.rows.push_back(makeRow({input.prompts[p], "", ""}, names[f], mean.mean,
                                         limited(mean.interval, std::numeric_limits<double>::infinity()), count,
                                         options));
        }
        const Mean rankSpread = meanInterval(column(2), options.confidence);
        Interval spread;
        if (rankSpread.mean && spreads[p].sd)
            spread = studentInterval(*rankSpread.mean, *spreads[p].sd / std::sqrt(static_cast<double>(count)),
                                     static_cast<double>(count - 1), options.confidence);
        table.rows.push_back(
            makeRow({input.prompts[p], "", ""}, "rank_spread", rankSpread.mean, limited(spread, 1), count, options));
        for (std::size_t v = 0; v < variants; ++v) {
            const Mean mean = meanInterval(column(3 + v), options.confidence);
            MeasureRow row = makeRow({input.prompts[p], variant.groups[sets.variants[v]], ""}, "effect", mean.mean,
                                     mean.interval, count, options);
            row.value.neutral = 0;
            if (variants == 2)
                row.value.pValue = wilcoxonSignedRank(withTies(column(3 + v))).p;
            else if (options.nullDraws > 0 && count > 0)
                setNull(row.value, null[p * variants + v], Tail::TwoSided);
            table.rows.push_back(std::move(row));
        }
        for (std::size_t v = 0; variants > 2 && v < variants; ++v)
            for (std::size_t w = v + 1; w < variants; ++w) {
                Vector differences = column(3 + v);
                const Vector other = column(3 + w);
                for (std::size_t s = 0; s < differences.size(); ++s)
                    differences[s] -= other[s];
                const Mean mean = meanInterval(differences, options.confidence);
                MeasureRow row =
                    makeRow({input.prompts[p], variant.groups[sets.variants[v]], variant.groups[sets.variants[w]]},
                            "difference", mean.mean, mean.interval, mean.n, options);
                row.value.neutral = 0;
                row.value.pValue = wilcoxonSignedRank(withTies(differences)).p;
                table.rows.push_back(std::move(row));
            }
    }
    if (const auto left = std::ranges::count_if(broken, [](std::int64_t sets_) { return sets_ > 0; }); left > 0)
        table.warnings.push_back("Sets with a score that is not a finite number are left out; it happens for " +
                                 counted(left, "prompt") + ".");

    // The most similar label of each image of a set.
    std::vector<std::size_t> labels = input.labels;
    if (labels.empty()) {
        labels.resize(prompts);
        std::iota(labels.begin(), labels.end(), std::size_t{0});
    }
    if (labels.size() > 1) {
        std::int64_t flips = 0, decided = 0;
        for (const std::vector<std::uint32_t>& set : sets.rows) {
            std::optional<std::size_t> first;
            bool flip = false, valid = true;
            for (const std::uint32_t row : set) {
                std::optional<std::size_t> best;
                for (const std::size_t label : labels)
                    if (const double s = score(row, label); !std::isnan(s) && (!best || s > score(row, *best)))
                        best = label;
                valid = valid && best;
                if (best && first)
                    flip = flip || *best != *first;
                first = first ? first : best;
            }
            decided += valid;
            flips += valid && flip;
        }
        const Rate rate = wilson(flips, decided, options.confidence);
        table.rows.push_back(makeRow({"", "", ""}, "flip_rate", rate.value, {rate.low, rate.high}, decided, options));
    }
    if (input.embeddings) {
        const Cohesion cohesion = cohesionOf(*input.embeddings, sets, input.captions);
        const Mean mean = meanInterval(cohesion.value, options.confidence);
        const Mean spread = meanInterval(cohesion.influence, options.confidence);
        Interval interval;
        if (mean.mean && spread.sd)
            interval = studentInterval(*mean.mean, *spread.sd / std::sqrt(static_cast<double>(mean.n)),
                                       static_cast<double>(mean.n - 1), options.confidence);
        table.rows.push_back(makeRow({"", "", ""}, "cohesion", mean.mean, interval, mean.n, options));
        if (cohesion.alone > 0)
            table.warnings.push_back(counted(cohesion.alone, "set") +
                                     " without another set of the same caption: not in the cohesion.");
    }
    correctFamily(table, "effects and differences of " + variant.name + " on every prompt");
    return table;
}

} // namespace plumbline::metric
