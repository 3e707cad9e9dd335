// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/mitigation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <tbb/parallel_for.h>

#include "core/audit/measure_families.h"
#include "core/base/random.h"
#include "core/debias/classifier/training_rows.h"
#include "core/metric/classification/paired_rates.h"
#include "core/metric/family.h"
#include "core/metric/logistic.h"
#include "core/metric/paired.h"
#include "core/metric/pool.h"
#include "core/metric/ranking.h"
#include "core/metric/rates.h"
#include "core/metric/table_rows.h"
#include "core/metric/utility/able.h"

namespace plumbline::audit {
namespace {

constexpr const char* kBefore = "before";
constexpr const char* kAfter = "after";
constexpr const char* kDifference = "difference";
constexpr int kFolds = 5;
constexpr std::size_t kNeighbours = 15;
constexpr std::size_t kMostProbed = 4000; ///< images that the probes see; more are a draw of so many

/// Right, wrong, or no part, one an image.
using Hits = std::vector<std::int8_t>;
constexpr std::int8_t kNoPart = -1;

MetricValue valued(std::optional<double> value, const metric::Interval& interval) {
    MetricValue result;
    result.value = value;
    metric::setInterval(result, interval);
    return result;
}

void addThree(MeasureTable& table, const std::string& attribute, const std::string& measure, MetricValue before,
              MetricValue after, MetricValue difference, std::int64_t n, bool enough) {
    table.rows.push_back({{attribute, kBefore}, measure, std::move(before), n, enough});
    table.rows.push_back({{attribute, kAfter}, measure, std::move(after), n, enough});
    table.rows.push_back({{attribute, kDifference}, measure, std::move(difference), n, enough});
}

/// Rates of the same images before and after.
void addRates(MeasureTable& table, const std::string& attribute, const std::string& measure, const Hits& before,
              const Hits& after, const metric::Resampling& options) {
    metric::PairedCounts counts; // first: after, second: before, so that the difference is after minus before
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] == kNoPart || after[i] == kNoPart)
            continue;
        (before[i] && after[i] ? counts.both
         : after[i]            ? counts.first
         : before[i]           ? counts.second
                               : counts.neither) += 1;
    }
    if (counts.n() == 0)
        return;
    const metric::Rate first = metric::wilson(counts.both + counts.second, counts.n(), options.confidence);
    const metric::Rate second = metric::wilson(counts.both + counts.first, counts.n(), options.confidence);
    MetricValue difference =
        valued(metric::pairedDifference(counts), metric::pairedInterval(counts, options.confidence));
    difference.pValue = metric::mcNemarExact(counts);
    addThree(table, attribute, measure, valued(first.value, {first.low, first.high}),
             valued(second.value, {second.low, second.high}), difference, counts.n(), counts.n() >= options.minGroup);
}

Hits hitsOf(const std::vector<std::int32_t>& predicted, const Attribute& truth) {
    Hits hits(truth.codes.size(), kNoPart);
    for (std::size_t i = 0; i < hits.size(); ++i)
        if (truth.codes[i] >= 0 && predicted[i] >= 0)
            hits[i] = truth.codes[i] == predicted[i];
    return hits;
}

/// The lowest accuracy of a group, whole groups resampled within themselves.
Outcome<void> addWorstGroup(MeasureTable& table, const Attribute& attribute, const Hits& before, const Hits& after,
                            const metric::Resampling& options, Feedback& feedback) {
    std::vector<std::int32_t> strata(before.size(), -1);
    for (std::size_t i = 0; i < strata.size(); ++i)
        if (before[i] != kNoPart && after[i] != kNoPart)
            strata[i] = attribute.codes[i];
    const std::size_t groups = attribute.groups.size();
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < strata.size(); ++i)
        if (strata[i] >= 0)
            all.push_back(static_cast<std::uint32_t>(i));
    const auto worst = [&](std::span<const std::uint32_t> rows, std::span<double> values) {
        std::vector<double> n(groups), first(groups), second(groups);
        for (const std::uint32_t i : rows) {
            const auto g = static_cast<std::size_t>(strata[i]);
            n[g] += 1;
            first[g] += before[i];
            second[g] += after[i];
        }
        values[0] = values[1] = 2;
        for (std::size_t g = 0; g < groups; ++g)
            if (n[g] > 0) {
                values[0] = std::min(values[0], first[g] / n[g]);
                values[1] = std::min(values[1], second[g] / n[g]);
            }
        values[2] = values[1] - values[0];
    };
    if (all.empty())
        return {};
    double values[3];
    worst(all, values);
    PLUMBLINE_TRY(const metric::Draws draws,
                  metric::bootstrapWithinGroups(strata, 3, "price/worst-group", options, worst, feedback));
    MetricValue three[3];
    for (int v = 0; v < 3; ++v)
        three[v] =
            valued(values[v], metric::percentileInterval(draws[static_cast<std::size_t>(v)], options.confidence));
    addThree(table, attribute.name, "worst_group_accuracy", three[0], three[1], three[2],
             static_cast<std::int64_t>(all.size()), static_cast<std::int64_t>(all.size()) >= options.minGroup);
    return {};
}

/// Which images the probes see, and their folds.
struct Probed {
    std::vector<std::uint32_t> rows;
    std::vector<std::int32_t> codes, fold; ///< one a probed row
};
Probed probedRows(const Attribute& attribute, const metric::Resampling& options) {
    Probed probed;
    for (std::size_t i = 0; i < attribute.codes.size(); ++i)
        if (attribute.codes[i] >= 0)
            probed.rows.push_back(static_cast<std::uint32_t>(i));
    if (probed.rows.size() > kMostProbed) {
        RandomStream random(options.seed, streamId("price/probed"), 0);
        for (std::size_t i = 0; i < kMostProbed; ++i)
            std::swap(probed.rows[i], probed.rows[i + random.below(probed.rows.size() - i)]);
        probed.rows.resize(kMostProbed);
        std::ranges::sort(probed.rows);
    }
    for (const std::uint32_t row : probed.rows)
        probed.codes.push_back(attribute.codes[row]);
    probed.fold = metric::stratifiedFolds(probed.codes, kFolds, options.seed, "price/" + attribute.name);
    return probed;
}

Embeddings unitRows(const Embeddings& from, std::span<const std::uint32_t> rows) {
    Embeddings taken(rows.size(), from.dim);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(from.row(rows[i]), taken.row(i).begin());
    normaliseRows(taken);
    return taken;
}

/// Right or wrong of each probed image by a plane a group that was fitted without its fold.
Outcome<Hits> linearHits(const Embeddings& unit, const Probed& probed, std::size_t groups, Feedback& feedback) {
    Hits hits(probed.rows.size(), kNoPart);
    metric::LogisticOptions options;
    options.tolerance = 1e-5;
    for (int fold = 0; fold < kFolds; ++fold) {
        std::vector<std::int32_t> labels = probed.codes;
        for (std::size_t i = 0; i < labels.size(); ++i)
            if (probed.fold[i] == fold)
                labels[i] = -1;
        PLUMBLINE_TRY(const metric::OneVsRestFit fit, metric::fitOneVsRest(unit, labels, groups, options, feedback));
        for (std::size_t i = 0; i < labels.size(); ++i)
            if (probed.fold[i] == fold)
                hits[i] = static_cast<std::int32_t>(fit.predict(unit.row(i))) == probed.codes[i];
    }
    return hits;
}

/// The same by the vote of its nearest neighbours among the other folds, ties for the nearer one.
Outcome<Hits> neighbourHits(const Embeddings& unit, const Probed& probed, std::size_t groups, Feedback& feedback) {
    Hits hits(unit.rows, kNoPart);
    constexpr std::size_t kBlock = 64;
    tbb::parallel_for(std::size_t(0), (unit.rows + kBlock - 1) / kBlock, [&](std::size_t b) {
        if (feedback.cancelled())
            return;
        const std::size_t begin = b * kBlock, rows = std::min(kBlock, unit.rows - begin);
        Embeddings queries(rows, unit.dim);
        std::copy_n(unit.row(begin).data(), rows * unit.dim, queries.values.begin());
        const std::vector<float> cosine = cosines(queries, unit);
        std::vector<float> row(unit.rows);
        for (std::size_t q = 0; q < rows; ++q) {
            for (std::size_t i = 0; i < unit.rows; ++i)
                // The own fold comes last, as does what has no cosine: a row that a method left nothing of.
                row[i] = probed.fold[i] == probed.fold[begin + q] || std::isnan(cosine[q * unit.rows + i])
                             ? -2.0F
                             : cosine[q * unit.rows + i];
            std::vector<std::uint32_t> order(unit.rows);
            std::iota(order.begin(), order.end(), 0U);
            const std::size_t k = std::min(kNeighbours, unit.rows);
            std::partial_sort(
                order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                [&](std::uint32_t a, std::uint32_t c) { return row[a] > row[c] || (row[a] == row[c] && a < c); });
            std::vector<int> votes(groups);
            std::size_t best = 0;
            for (std::size_t i = 0; i < k; ++i)
                ++votes[static_cast<std::size_t>(probed.codes[order[i]])];
            for (std::size_t g = 1; g < groups; ++g)
                if (votes[g] > votes[best])
                    best = g;
            hits[begin + q] = static_cast<std::int32_t>(best) == probed.codes[begin + q];
        }
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return hits;
}

/// Balanced accuracy, the mean over the groups of each group's own accuracy: chance is 1 / groups whatever the pool.
void addBalanced(MeasureTable& table, const Attribute& attribute, const std::string& measure, const Probed& probed,
                 const Hits& before, const Hits& after, const metric::Resampling& options) {
    const std::size_t groups = attribute.groups.size();
    std::vector<double> n(groups), first(groups), second(groups), square(groups);
    for (std::size_t i = 0; i < before.size(); ++i) {
        const auto g = static_cast<std::size_t>(probed.codes[i]);
        n[g] += 1;
        first[g] += before[i];
        second[g] += after[i];
        square[g] += before[i] != after[i] ? 1 : 0;
    }
    double mean[3] = {}, variance[3] = {}, present = 0;
    for (std::size_t g = 0; g < groups; ++g) {
        if (n[g] < 1)
            continue;
        present += 1;
        const double p = first[g] / n[g], q = second[g] / n[g], d = q - p;
        const double add[3] = {p, q, d};
        // Add-two as Agresti and Coull have it, so that a rate of 0 or 1 is not without an error.
        const double pa = (first[g] + 2) / (n[g] + 4), qa = (second[g] + 2) / (n[g] + 4);
        const double spread[3] = {pa * (1 - pa) / n[g], qa * (1 - qa) / n[g],
                                  std::max(0.0, (square[g] + 0.5) / n[g] - d * d) / n[g]};
        for (int v = 0; v < 3; ++v) {
            mean[v] += add[v];
            variance[v] += spread[v];
        }
    }
    if (present < 2)
        return;
    const double z = metric::normalQuantile(options.confidence);
    MetricValue three[3];
    for (int v = 0; v < 3; ++v) {
        const double value = mean[v] / present, error = z * std::sqrt(variance[v]) / present;
        three[v] = valued(value, v < 2 ? metric::Interval{std::max(0.0, value - error), std::min(1.0, value + error)}
                                       : metric::Interval{value - error, value + error});
        if (v < 2)
            three[v].neutral = 1 / present;
    }
    addThree(table, attribute.name, measure, three[0], three[1], three[2], static_cast<std::int64_t>(before.size()),
             static_cast<std::int64_t>(before.size()) >= options.minGroup);
}

/// Which images the linear and the neighbours' probe get right, remembered in `judged`.
Outcome<std::array<Hits, 2>> probe(const Judged& judged, const Attribute& attribute, const Probed& probed,
                                   std::uint64_t seed, Feedback& feedback) {
    const auto key = std::pair(attribute.name, seed);
    if (const auto known = judged.probeHits.find(key); known != judged.probeHits.end())
        return known->second;
    const Embeddings unit = unitRows(judged.images, probed.rows);
    PLUMBLINE_TRY(Hits linear, linearHits(unit, probed, attribute.groups.size(), feedback));
    PLUMBLINE_TRY(Hits near, neighbourHits(unit, probed, attribute.groups.size(), feedback));
    return judged.probeHits[key] = {std::move(linear), std::move(near)};
}

Outcome<void> addProbes(MeasureTable& table, const Attribute& attribute, const Judged& before, const Judged& after,
                        const metric::Resampling& options, Feedback& feedback) {
    const std::vector<std::int64_t> counts = attribute.counts();
    if (std::ranges::any_of(counts, [](std::int64_t count) { return count < 2 * kFolds; })) {
        table.warnings.push_back("No probe of " + attribute.name + ": a group has fewer than " +
                                 std::to_string(2 * kFolds) + " images.");
        return {};
    }
    const Probed probed = probedRows(attribute, options);
    PLUMBLINE_TRY(const auto first, probe(before, attribute, probed, options.seed, feedback));
    PLUMBLINE_TRY(const auto second, probe(after, attribute, probed, options.seed, feedback));
    addBalanced(table, attribute, "linear_probe", probed, first[0], second[0], options);
    addBalanced(table, attribute, "nearest_neighbour_probe", probed, first[1], second[1], options);
    return {};
}

/// ABLE from the rows that the table has: its difference at the ends of the two paired differences, joined as
/// independent.
void addAble(MeasureTable& table, const Attribute& attribute, const MeasureTable& uniform) {
    const auto row = [&](const MeasureTable& of, const std::string& name, const char* which,
                         const char* measure) -> const MetricValue* {
        for (const MeasureRow& one : of.rows)
            if (one.keys.size() >= 2 && one.keys[0] == name && one.keys[1] == which && one.measure == measure &&
                (one.keys.size() == 2 || one.keys[2] == "images"))
                return &one.value;
        return nullptr;
    };
    const MetricValue* skew[3] = {row(uniform, attribute.name, kBefore, "max_skew"),
                                  row(uniform, attribute.name, kAfter, "max_skew"),
                                  row(uniform, attribute.name, kDifference, "max_skew")};
    const MetricValue* rate[3] = {row(table, "", kBefore, "zero_shot_accuracy"),
                                  row(table, "", kAfter, "zero_shot_accuracy"),
                                  row(table, "", kDifference, "zero_shot_accuracy")};
    for (int v = 0; v < 3; ++v)
        if (!skew[v] || !rate[v] || !skew[v]->value || !rate[v]->value)
            return;
    const auto at = [](double accuracy, double maxSkew) {
        return metric::able(std::clamp(accuracy, 0.0, 1.0), maxSkew).value_or(0);
    };
    const auto join = [](double value, double a, double b) {
        return std::sqrt((a - value) * (a - value) + (b - value) * (b - value));
    };
    MetricValue three[3];
    for (int v = 0; v < 2; ++v) {
        const double value = at(*rate[v]->value, *skew[v]->value);
        three[v].value = value;
        if (rate[v]->ciLow && rate[v]->ciHigh && skew[v]->ciLow && skew[v]->ciHigh) {
            three[v].ciLow =
                value - join(value, at(*rate[v]->ciLow, *skew[v]->value), at(*rate[v]->value, *skew[v]->ciHigh));
            three[v].ciHigh =
                value + join(value, at(*rate[v]->ciHigh, *skew[v]->value), at(*rate[v]->value, *skew[v]->ciLow));
        }
        three[v].neutral = skew[v]->neutral ? std::optional(at(*rate[v]->value, *skew[v]->neutral)) : std::nullopt;
    }
    const double value = *three[1].value - *three[0].value;
    three[2].value = value;
    if (rate[2]->ciLow && rate[2]->ciHigh && skew[2]->ciLow && skew[2]->ciHigh) {
        // What the after-value would be if the difference of the one were at its end, the other as it is.
        const auto moved = [&](double rateBy, double skewBy) {
            return at(*rate[0]->value + rateBy, *skew[0]->value + skewBy) - *three[0].value;
        };
        three[2].ciLow =
            value - join(value, moved(*rate[2]->ciLow, *skew[2]->value), moved(*rate[2]->value, *skew[2]->ciHigh));
        three[2].ciHigh =
            value + join(value, moved(*rate[2]->ciHigh, *skew[2]->value), moved(*rate[2]->value, *skew[2]->ciLow));
    }
    std::int64_t n = 0;
    for (const MeasureRow& one : table.rows)
        if (one.measure == "zero_shot_accuracy")
            n = one.n;
    addThree(table, attribute.name, "able", three[0], three[1], three[2], n, true);
}

/// Prompts whose leading group has turned: the group with the largest skew before has, after, a share of the top that
/// is below its share of the pool by more than chance alone would show (normal approximation of the hypergeometric law,
/// two-sided at the level of the intervals).
void addOverCorrection(MeasureTable& table, const Attribute& attribute, const Judged& before, const Judged& after,
                       std::size_t prompts, const MeasureOptions& options) {
    const Result<metric::Pool> pool =
        metric::makePool(attribute, options.target.of({}), metric::rulesOf(Definition::Geyik));
    if (!pool || prompts == 0)
        return;
    const std::size_t images = attribute.codes.size(), groups = pool->groups.size();
    const auto k = static_cast<std::size_t>(std::clamp<std::int64_t>(options.k.resolve(pool->n), 1, pool->n));
    const auto shares = [&](const std::vector<float>& scores, std::size_t prompt) {
        std::vector<float> row(scores.begin() + static_cast<std::ptrdiff_t>(prompt * images),
                               scores.begin() + static_cast<std::ptrdiff_t>((prompt + 1) * images));
        for (std::size_t i = 0; i < images; ++i)
            if (pool->groupOfRow[i] < 0)
                row[i] = std::numeric_limits<float>::quiet_NaN();
        std::vector<double> share(groups);
        const std::vector<std::uint32_t> top = metric::topRows(row, k);
        for (const std::uint32_t image : top)
            share[static_cast<std::size_t>(pool->groupOfRow[image])] += 1.0 / double(top.size());
        return share;
    };
    const double z = metric::normalQuantile(options.confidence);
    const double left = pool->n > 1 ? double(pool->n - std::int64_t(k)) / double(pool->n - 1) : 0;
    std::int64_t turned = 0;
    for (std::size_t p = 0; p < prompts; ++p) {
        const std::vector<double> first = shares(before.scores, p), second = shares(after.scores, p);
        std::size_t leader = 0;
        for (std::size_t g = 1; g < groups; ++g)
            if (first[g] * pool->share[leader] > first[leader] * pool->share[g])
                leader = g;
        const double q = pool->poolShare(leader);
        turned += second[leader] < q - z * std::sqrt(q * (1 - q) / double(k) * left);
    }
    const metric::Rate rate = metric::wilson(turned, static_cast<std::int64_t>(prompts), options.confidence);
    table.rows.push_back({{attribute.name, kAfter},
                          "over_corrected_prompts",
                          valued(rate.value, {rate.low, rate.high}),
                          static_cast<std::int64_t>(prompts),
                          true});
}

} // namespace

Outcome<MeasureTable> priceOf(const Judged& before, const Judged& after, const JudgedImages& images,
                              const JudgedTexts& texts, const MeasureOptions& options, Feedback& feedback) {
    const metric::Resampling resamples = resampling(options);
    MeasureTable table;
    table.id = kDebiasPriceId;
    table.title = "Before and after, " + images.name;
    table.definition =
        "The same images and prompts before and after; difference = after minus before. MaxSkew, MinSkew, NDKL, excess "
        "over the neutral level and the gap of the groups' mean scores (in sd, association): means over the prompts, "
        "intervals over images. Probes: balanced accuracy with which a classifier reads the attribute from the images, "
        "linear (logistic) and non-linear (15 nearest neighbours), 5 folds; neutral is chance, and what is gone is "
        "gone "
        "for these probes only. Over-corrected prompts: share of the prompts whose leading group before is, after, "
        "below its share of the pool by more than chance. Zero-shot accuracy: share of images whose class prompt wins; "
        "worst group: lowest over "
        "the groups. An interval asks what other images would show; p asks whether before and after could change "
        "places "
        "image by image on these. Where the two do not agree, go by the interval. ABLE: harmonic mean of that accuracy "
        "and exp(-MaxSkew) with equal shares.";
    table.source = "Geyik et al., KDD 2019; Zhang, Guo, Kankanhalli, CVPR 2025 (ABLE)";
    table.countOf = "images";
    table.keys = {"attribute", "state"};
    metric::AskedPrompts asked;
    for (const Prompt& prompt : texts.prompts) {
        asked.texts.push_back(prompt.text);
        asked.concepts.push_back(prompt.concept_);
    }
    if (std::ranges::any_of(asked.concepts, [](std::int32_t c) { return c < 0; }))
        asked.concepts.clear();
    std::optional<MeasureTable> uniform;
    for (const Attribute& attribute : images.attributes) {
        PLUMBLINE_TRY(
            const metric::PairedMeasures paired,
            metric::comparePaired(before.scores, after.scores, asked, attribute, options, kBefore, kAfter, feedback));
        for (const MeasureRow& row : paired.mean.rows) {
            if (row.keys.back() != "images")
                continue;
            MeasureRow taken = row;
            taken.keys = {row.keys[0], row.keys[1]};
            table.rows.push_back(std::move(taken));
        }
        for (const std::string& warning : paired.mean.warnings)
            table.warnings.push_back(warning);
        if (&attribute == &images.attributes.front() && images.classes) {
            MeasureOptions even = options;
            even.target = Target();
            even.target.kind = Target::Kind::Uniform;
            if (options.target.kind == Target::Kind::Uniform)
                uniform = paired.mean;
            else {
                PLUMBLINE_TRY(const metric::PairedMeasures evenPaired,
                              metric::comparePaired(before.scores, after.scores, asked, attribute, even, kBefore,
                                                    kAfter, feedback));
                uniform = evenPaired.mean;
            }
        }
        addOverCorrection(table, attribute, before, after, texts.prompts.size(), options);
        PLUMBLINE_CHECK(addProbes(table, attribute, before, after, resamples, feedback));
    }
    if (images.classes && !before.predicted.empty() && !after.predicted.empty()) {
        const Hits first = hitsOf(before.predicted, *images.classes), second = hitsOf(after.predicted, *images.classes);
        addRates(table, "", "zero_shot_accuracy", first, second, resamples);
        for (const Attribute& attribute : images.attributes)
            if (attribute.name != images.classes->name)
                PLUMBLINE_CHECK(addWorstGroup(table, attribute, first, second, resamples, feedback));
        if (uniform)
            addAble(table, images.attributes.front(), *uniform);
    }
    if (!before.captionRanks.empty())
        for (const std::int64_t k : {1, 5, 10}) {
            const auto found = [&](const std::vector<std::int64_t>& ranks) {
                Hits hits;
                for (const std::int64_t rank : ranks)
                    hits.push_back(rank >= 1 && rank <= k);
                return hits;
            };
            addRates(table, "", "recall_at_" + std::to_string(k), found(before.captionRanks), found(after.captionRanks),
                     resamples);
        }
    std::vector<std::string> distinct;
    for (std::string& warning : table.warnings)
        if (std::ranges::find(distinct, warning) == distinct.end())
            distinct.push_back(std::move(warning));
    table.warnings = std::move(distinct);
    table.warnings.insert(table.warnings.end(), after.warnings.begin(), after.warnings.end());
    metric::correctFamily(table, "differences of everything that is compared");
    return table;
}

namespace {

/// The audit's images and texts as those of a study whose rows are all audited; `more`: attributes that are looked at,
/// too.
Outcome<StudyInput> wholeAudit(const Audited& audited, const SetEmbeddings& images,
                               const std::vector<std::string>& more, Feedback& feedback) {
    DebiasStudyConfig config;
    config.attribute = audited.config.attributes.front();
    config.untargeted.assign(audited.config.attributes.begin() + 1, audited.config.attributes.end());
    config.untargeted.insert(config.untargeted.end(), more.begin(), more.end());
    if (audited.config.others.classes != config.attribute)
        config.classes = audited.config.others.classes;
    config.captions = audited.config.others.captions;
    config.captionSplit = audited.config.others.captionSplit;
    config.probe = audited.config.probe;
    config.measure = audited.config.measure;
    return studyInput(config, {audited.set, images}, audited.encode, feedback);
}

} // namespace

Result<std::vector<Attribute>> labelsOfRankings(const debias::Transform& transform, const ImageSet& set) {
    std::vector<Attribute> labels;
    for (const debias::Part& part : transform.parts) {
        const std::string& name = part.card.config.attribute;
        if (!part.ranking || part.ranking->predicted ||
            std::ranges::find(labels, name, &Attribute::name) != labels.end())
            continue;
        PLUMBLINE_TRY(labels.emplace_back(), resolveAttribute(set, name));
    }
    return labels;
}

Outcome<MeasureTable> priceOfAudit(const debias::Transform& transform, const Audited& audited,
                                   const EncodeWithArray& encode, Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<Attribute> labels, labelsOfRankings(transform, audited.set));
    std::vector<std::string> names;
    for (const Attribute& attribute : labels)
        names.push_back(attribute.name);
    PLUMBLINE_TRY(StudyInput input, wholeAudit(audited, audited.images, names, feedback));
    for (debias::TextRows* rows : {&input.texts.promptRows, &input.texts.classRows, &input.images.captions})
        PLUMBLINE_CHECK(addArrayRows(transform, *rows, encode));
    const MeasureOptions& measure = audited.config.measure;
    PLUMBLINE_TRY(const Judged before, judge({}, input.images, input.texts, measure, feedback));
    PLUMBLINE_TRY(const Judged after, judge(transform, input.images, input.texts, measure, feedback));
    PLUMBLINE_TRY(MeasureTable table, priceOf(before, after, input.images, input.texts, measure, feedback));
    table.title = "Before and after " + transform.name();
    return table;
}

Outcome<MeasureTable> priceOfModel(const Audited& before, const Audited& after, const std::string& name,
                                   Feedback& feedback) {
    // An image that one of them could not embed has no part in the comparison.
    SetEmbeddings first = before.images, second = after.images;
    for (std::size_t i = 0; i < first.present.size(); ++i) {
        const bool both =
            first.present[i] && second.present[i] && hasDirection(first.raw.row(i)) && hasDirection(second.raw.row(i));
        first.present[i] = second.present[i] = both;
    }
    PLUMBLINE_TRY(const StudyInput ofFirst, wholeAudit(before, first, {}, feedback));
    PLUMBLINE_TRY(const StudyInput ofSecond, wholeAudit(after, second, {}, feedback));
    const MeasureOptions& measure = before.config.measure;
    PLUMBLINE_TRY(const Judged one, judge({}, ofFirst.images, ofFirst.texts, measure, feedback));
    PLUMBLINE_TRY(const Judged other, judge({}, ofSecond.images, ofSecond.texts, measure, feedback));
    PLUMBLINE_TRY(MeasureTable table, priceOf(one, other, ofFirst.images, ofFirst.texts, measure, feedback));
    table.title = "Before and after, with the model " + name;
    return table;
}

} // namespace plumbline::audit
