// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/ranking_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/binary.h"
#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/rank_tests.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

template <class Number>
Result<std::vector<BinaryTask>> tasksOf(std::span<const Number> scores, std::span<const std::int32_t> truth,
                                        std::span<const std::string> classes) {
    PLUMBLINE_CHECK(checkSize("the scores", scores.size(), truth.size() * classes.size()));
    std::vector<BinaryTask> tasks;
    for (std::size_t c = 0; c < classes.size(); ++c) {
        BinaryTask task{classes[c], {}, {}};
        for (std::size_t i = 0; i < truth.size(); ++i) {
            task.scores.push_back(static_cast<double>(scores[i * classes.size() + c]));
            task.truth.push_back(truth[i] < 0 ? -1 : truth[i] == static_cast<std::int32_t>(c));
        }
        tasks.push_back(std::move(task));
    }
    return tasks;
}

/// The rows of a task that take part, in ascending order of the score, so that a resample is a walk and no sort.
struct Ranked {
    Kept kept;
    std::vector<std::uint32_t> order;   ///< kept rows by score
    std::vector<std::uint32_t> lastTie; ///< of each place in `order`: behind the last place with the same score
    std::vector<std::uint8_t> positive; ///< one a kept row
    std::vector<double> scores;

    /// Scores of a group's positives or negatives; of all groups for -1.
    std::vector<double> of(std::int32_t group, bool positives) const {
        std::vector<double> list;
        for (std::size_t i = 0; i < scores.size(); ++i)
            if ((group < 0 || kept.group[i] == group) && (positive[i] != 0) == positives)
                list.push_back(scores[i]);
        return list;
    }
};

Result<Ranked> rank(const BinaryTask& task, const Attribute& attribute, MeasureTable& table) {
    PLUMBLINE_CHECK(checkSize("the scores of " + task.name, task.scores.size(), attribute.codes.size()));
    PLUMBLINE_CHECK(checkSize("the answers of " + task.name, task.truth.size(), attribute.codes.size()));
    PLUMBLINE_CHECK(check(attribute, attribute.codes.size()));
    std::vector<bool> usable(task.scores.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = task.truth[i] >= 0 && !std::isnan(task.scores[i]);
    Ranked ranked;
    MeasureTable own;
    ranked.kept = keep(attribute, usable, "without a true class or a score", own);
    for (std::string& warning : own.warnings) // the same for most tasks: said once
        if (std::ranges::find(table.warnings, warning) == table.warnings.end())
            table.warnings.push_back(std::move(warning));
    if (ranked.kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    for (const std::uint32_t row : ranked.kept.rows) {
        ranked.scores.push_back(task.scores[row]);
        ranked.positive.push_back(task.truth[row] > 0);
    }
    ranked.order.resize(ranked.scores.size());
    std::iota(ranked.order.begin(), ranked.order.end(), 0U);
    std::ranges::stable_sort(ranked.order, {}, [&](std::uint32_t row) { return ranked.scores[row]; });
    ranked.lastTie.resize(ranked.order.size());
    for (std::size_t i = ranked.order.size(); i-- > 0;) {
        const bool tied =
            i + 1 < ranked.order.size() && ranked.scores[ranked.order[i]] == ranked.scores[ranked.order[i + 1]];
        ranked.lastTie[i] = tied ? ranked.lastTie[i + 1] : static_cast<std::uint32_t>(i + 1);
    }
    return ranked;
}

/// AUROC of every pair (group of the positives, group of the negatives), row-major, from one walk. `group`: of a kept
/// row; `weight`: how often it is drawn. The last row and column are all groups together. NaN where undefined.
template <class GroupOf, class WeightOf>
std::vector<double> pairwise(const Ranked& ranked, std::size_t groups, const GroupOf& group, const WeightOf& weight,
                             bool diagonalOnly) {
    const std::size_t size = groups + 1;
    std::vector<double> below(size), atP(size), atN(size), positives(size), negatives(size), wins(size * size);
    for (std::size_t i = 0; i < ranked.order.size();) {
        std::ranges::fill(atP, 0.0);
        std::ranges::fill(atN, 0.0);
        const std::size_t last = ranked.lastTie[i];
        for (; i < last; ++i) {
            const std::uint32_t row = ranked.order[i];
            const auto g = static_cast<std::size_t>(group(row));
            const double w = weight(row);
            std::vector<double>& at = ranked.positive[row] ? atP : atN;
            at[g] += w;
            at[groups] += w;
        }
        for (std::size_t g = 0; g < size; ++g) {
            if (atP[g] == 0)
                continue;
            positives[g] += atP[g];
            for (std::size_t h = diagonalOnly ? g : 0; h < (diagonalOnly ? g + 1 : size); ++h)
                wins[g * size + h] += atP[g] * (below[h] + atN[h] / 2);
        }
        for (std::size_t h = 0; h < size; ++h) {
            below[h] += atN[h];
            negatives[h] += atN[h];
        }
    }
    for (std::size_t g = 0; g < size; ++g)
        for (std::size_t h = 0; h < size; ++h) {
            const double pairs = positives[g] * negatives[h];
            wins[g * size + h] = pairs > 0 ? wins[g * size + h] / pairs : std::nan("");
        }
    return wins;
}

MeasureTable emptyTable(const Attribute& attribute) {
    MeasureTable table;
    table.countOf = "images";
    table.keys = {"class", attribute.name};
    return table;
}

/// Standard deviation of the draws that are numbers; nothing where more than a tenth are not.
std::optional<double> standardError(const std::vector<double>& draws) {
    double n = 0, sum = 0, square = 0;
    for (const double draw : draws)
        if (std::isfinite(draw)) {
            ++n;
            sum += draw;
        }
    if (n < 2 || n * 10 < static_cast<double>(draws.size()) * 9)
        return std::nullopt;
    for (const double draw : draws)
        if (std::isfinite(draw))
            square += (draw - sum / n) * (draw - sum / n);
    return std::sqrt(square / (n - 1));
}

std::int64_t rarer(const Auroc& of) {
    return std::min(of.positives, of.negatives);
}

} // namespace

Result<std::vector<BinaryTask>> oneVersusRest(std::span<const float> scores, std::span<const std::int32_t> truth,
                                              std::span<const std::string> classes) {
    return tasksOf(scores, truth, classes);
}

Result<std::vector<BinaryTask>> oneVersusRest(std::span<const double> scores, std::span<const std::int32_t> truth,
                                              std::span<const std::string> classes) {
    return tasksOf(scores, truth, classes);
}

Outcome<MeasureTable> aurocByGroup(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                   const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    MeasureTable table = emptyTable(attribute);
    table.id = "auroc";
    table.title = "AUROC by class and " + attribute.name;
    table.definition =
        "auroc: the chance that an image of the class scores above an image of another class, ties counting half, both "
        "from the same group (or from all); 0.5 is a coin, 1 is perfect. worst_group_auroc and auroc_gap (best minus "
        "worst) are over the groups with at least " +
        std::to_string(cellFloor(options)) +
        " images of the class and as many others; es_auroc: overall / (1 + sum of |group - overall|). A gap of 0 is "
        "even. "
        "Intervals are over images (DeLong, on the logit scale); the null permutes the groups within the true class.";
    table.source = "DeLong et al., Biometrics 44(3), 1988; Gerych et al., NeurIPS 2024 (worst group); Luo et al., CVPR "
                   "2024 (equity-scaled AUROC)";
    const double confidence = options.confidence;
    std::vector<std::string> oneSided;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const BinaryTask& task = tasks[t];
        feedback.progress("auroc", static_cast<std::int64_t>(t), static_cast<std::int64_t>(tasks.size()));
        PLUMBLINE_TRY(const Ranked ranked, rank(task, attribute, table));
        const std::size_t groups = ranked.kept.names.size();
        const auto all = auroc(ranked.of(-1, true), ranked.of(-1, false));
        if (!all) {
            oneSided.push_back(task.name);
            continue;
        }
        addRow(table, {task.name, ""}, "auroc", valueOf(all->value, aurocInterval(*all, confidence)),
               all->positives + all->negatives, rarer(*all) >= options.minGroup);
        std::vector<std::size_t> large;
        std::vector<Auroc> areas;
        for (std::size_t g = 0; g < groups; ++g) {
            const auto own =
                auroc(ranked.of(static_cast<std::int32_t>(g), true), ranked.of(static_cast<std::int32_t>(g), false));
            if (!own) {
                oneSided.push_back(task.name + " in " + ranked.kept.names[g]);
                continue;
            }
            addRow(table, {task.name, ranked.kept.names[g]}, "auroc",
                   valueOf(own->value, aurocInterval(*own, confidence)), own->positives + own->negatives,
                   rarer(*own) >= options.minGroup);
            if (rarer(*own) >= cellFloor(options)) {
                large.push_back(g);
                areas.push_back(*own);
            }
        }
        if (areas.size() < 2)
            continue;
        std::vector<Estimate> estimates;
        std::vector<double> values;
        std::int64_t n = 0, smallest = areas[0].positives + areas[0].negatives;
        for (const Auroc& area : areas) {
            estimates.push_back({area.value, aurocInterval(area, confidence),
                                 aurocInterval(area, strictConfidence(confidence, areas.size()))});
            values.push_back(area.value);
            n += area.positives + area.negatives;
            smallest = std::min(smallest, area.positives + area.negatives);
        }
        const Extremes extremes = extremesOf(estimates);
        MetricValue worst = valueOf(extremes.min, extremes.interval.min);
        MetricValue gap = valueOf(extremes.max - extremes.min, extremes.interval.range);
        MetricValue scaled;
        scaled.value = equityScaled(all->value, values);
        // The groups take other rows' places only within the true class, so no class runs out of positives.
        if (options.nullDraws > 0) {
            const std::vector<std::int32_t> blocks(ranked.positive.begin(), ranked.positive.end());
            PLUMBLINE_TRY(const Draws draws,
                          permuteRows(
                              ranked.scores.size(), blocks, 2, "auroc/" + attribute.name + "/" + task.name, options,
                              [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                  const auto drawn = pairwise(
                                      ranked, groups, [&](std::uint32_t row) { return ranked.kept.group[rows[row]]; },
                                      [](std::uint32_t) { return 1.0; }, true);
                                  double low = 2, high = -1;
                                  for (const std::size_t g : large) {
                                      low = std::min(low, drawn[g * (groups + 2)]);
                                      high = std::max(high, drawn[g * (groups + 2)]);
                                  }
                                  out[0] = low;
                                  out[1] = high - low;
                              },
                              feedback));
            setNull(worst, draws[0], Tail::Lower);
            setNull(gap, draws[1], Tail::Upper);
            worst.pValue.reset(); // the gap is the test
        }
        if (options.bootstrapDraws > 0) {
            // The sum of distances is at least the gap, and linear once its signs are fixed.
            std::vector<std::int32_t> strata(ranked.scores.size());
            for (std::size_t i = 0; i < strata.size(); ++i)
                strata[i] = 2 * ranked.kept.group[i] + ranked.positive[i];
            PLUMBLINE_TRY(const Draws draws, bootstrapWithinGroups(
                                                 strata, 2, "auroc/" + attribute.name + "/" + task.name, options,
                                                 [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                                     std::vector<double> weights(strata.size());
                                                     for (const std::uint32_t row : rows)
                                                         weights[row] += 1;
                                                     const auto drawn = pairwise(
                                                         ranked, groups,
                                                         [&](std::uint32_t row) { return ranked.kept.group[row]; },
                                                         [&](std::uint32_t row) { return weights[row]; }, true);
                                                     out[0] = drawn[groups * (groups + 2)];
                                                     out[1] = 0;
                                                     for (std::size_t k = 0; k < large.size(); ++k)
                                                         out[1] += (drawn[large[k] * (groups + 2)] - out[0]) *
                                                                   (areas[k].value >= all->value ? 1 : -1);
                                                 },
                                                 feedback));
            double distance = 0;
            for (const double value : values)
                distance += std::abs(value - all->value);
            const Interval wide = percentileInterval(draws[1], confidence), own = aurocInterval(*all, confidence);
            if (wide.high && extremes.interval.range.low) {
                const double least = std::min(distance, *extremes.interval.range.low);
                const double most = std::max(distance, *wide.high);
                const auto at = [&](double overall, double sum) { return overall / (1 + sum); };
                // Noise raises the sum: the end where it is small takes both ends as they are.
                setInterval(scaled, {*scaled.value - std::hypot(*scaled.value - at(*own.low, distance),
                                                                *scaled.value - at(all->value, most)),
                                     at(*own.high, least)});
            }
        }
        addRow(table, {task.name, ""}, "worst_group_auroc", worst, smallest, true);
        addRow(table, {task.name, ""}, "auroc_gap", gap, n, true);
        addRow(table, {task.name, ""}, "es_auroc", scaled, n, true);
    }
    if (!oneSided.empty())
        table.warnings.push_back("No AUROC for " + listed(oneSided) +
                                 ": there are only images of the class, or none of them.");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "the AUROC gap of each class");
    return table;
}

Outcome<MeasureTable> crossGroupAuroc(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                      const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    MeasureTable table = emptyTable(attribute);
    table.id = "cross_group_auroc";
    table.title = "Cross-group AUROC by class and " + attribute.name;
    table.definition =
        "xauc: the chance that an image of the class from the first group scores above an image of another class from "
        "the "
        "second group, ties counting half. xauc_difference: that minus the same with the groups exchanged; above 0 the "
        "first group's images are favoured; 0 is even. Intervals are over images (DeLong, on the logit scale); the "
        "null "
        "permutes the groups within the true class.";
    table.source = "Kallus and Zhou, NeurIPS 2019; DeLong et al., Biometrics 44(3), 1988";
    table.keys = {"class", attribute.name, "others from"};
    const double confidence = options.confidence;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const BinaryTask& task = tasks[t];
        feedback.progress("auroc", static_cast<std::int64_t>(t), static_cast<std::int64_t>(tasks.size()));
        PLUMBLINE_TRY(const Ranked ranked, rank(task, attribute, table));
        const auto& names = ranked.kept.names;
        const std::size_t groups = names.size();
        std::vector<std::vector<double>> positives, negatives;
        for (std::size_t g = 0; g < groups; ++g) {
            positives.push_back(ranked.of(static_cast<std::int32_t>(g), true));
            negatives.push_back(ranked.of(static_cast<std::int32_t>(g), false));
        }
        struct Pair {
            std::size_t g, h, row;
        };
        std::vector<Pair> pairs;
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t h = 0; h < groups; ++h) {
                const auto there = auroc(positives[g], negatives[h]);
                if (g == h || !there)
                    continue;
                addRow(table, {task.name, names[g], names[h]}, "xauc",
                       valueOf(there->value, aurocInterval(*there, confidence)), there->positives + there->negatives,
                       rarer(*there) >= options.minGroup);
                const auto back = auroc(positives[h], negatives[g]);
                if (g > h || !back)
                    continue;
                const Interval a = aurocInterval(*there, confidence), b = aurocInterval(*back, confidence);
                constexpr std::array kWeights{1.0, -1.0};
                const Combined difference = combine(kWeights, std::array{there->value, back->value}, std::array{a, b});
                pairs.push_back({g, h, table.rows.size()});
                addRow(table, {task.name, names[g], names[h]}, "xauc_difference",
                       valueOf(difference.value, difference.interval),
                       there->positives + there->negatives + back->positives + back->negatives,
                       std::min(rarer(*there), rarer(*back)) >= options.minGroup);
            }
        if (pairs.empty() || options.nullDraws == 0)
            continue;
        const std::vector<std::int32_t> blocks(ranked.positive.begin(), ranked.positive.end());
        PLUMBLINE_TRY(const Draws draws, permuteRows(
                                             ranked.scores.size(), blocks, pairs.size(),
                                             "xauc/" + attribute.name + "/" + task.name, options,
                                             [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                                 const auto drawn = pairwise(
                                                     ranked, groups,
                                                     [&](std::uint32_t row) { return ranked.kept.group[rows[row]]; },
                                                     [](std::uint32_t) { return 1.0; }, false);
                                                 for (std::size_t k = 0; k < pairs.size(); ++k)
                                                     out[k] = drawn[pairs[k].g * (groups + 1) + pairs[k].h] -
                                                              drawn[pairs[k].h * (groups + 1) + pairs[k].g];
                                             },
                                             feedback));
        for (std::size_t k = 0; k < pairs.size(); ++k)
            setNull(table.rows[pairs[k].row].value, draws[k], Tail::TwoSided);
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "the cross-group differences of each class and pair of groups");
    return table;
}

Outcome<MeasureTable> averagePrecisionByGroup(std::span<const BinaryTask> tasks, const Attribute& attribute,
                                              const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    MeasureTable table = emptyTable(attribute);
    table.id = "average_precision";
    table.title = "Average precision by class and " + attribute.name;
    table.definition =
        "average_precision: area under the precision-recall curve, step-wise, equal scores taken together; prevalence: "
        "the "
        "share of images of the class, which is what a random ranking reaches; normalised: 1 - ln(average precision) / "
        "ln(prevalence), 0 for a random ranking and 1 for a perfect one. Higher is better. Intervals are over images "
        "(standard error of a bootstrap within the group, of average precision on the logit scale; prevalence: "
        "Wilson).";
    table.source = "McDermott et al., NeurIPS 2024 (why not to compare it); clip_cxr_fairness (normalised form)";
    const double confidence = options.confidence;
    bool differ = false;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const BinaryTask& task = tasks[t];
        feedback.progress("average-precision", static_cast<std::int64_t>(t), static_cast<std::int64_t>(tasks.size()));
        PLUMBLINE_TRY(const Ranked ranked, rank(task, attribute, table));
        const std::size_t groups = ranked.kept.names.size();
        Draws draws;
        if (options.bootstrapDraws > 0) {
            PLUMBLINE_TRY(
                draws, bootstrapWithinGroups(
                           ranked.kept.group, 2 * (groups + 1), "average-precision/" + attribute.name + "/" + task.name,
                           options,
                           [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                               std::vector<double> weights(ranked.scores.size());
                               for (const std::uint32_t row : rows)
                                   weights[row] += 1;
                               // From the highest score down: hits so far over all so far, at each distinct score.
                               std::vector<double> hits(groups + 1), all(groups + 1), sum(groups + 1), at(groups + 1);
                               for (std::size_t i = ranked.order.size(); i > 0;) {
                                   std::ranges::fill(at, 0.0);
                                   const std::size_t last = i;
                                   do {
                                       --i;
                                       const std::uint32_t row = ranked.order[i];
                                       const auto g = static_cast<std::size_t>(ranked.kept.group[row]);
                                       for (const std::size_t place : {g, groups}) {
                                           all[place] += weights[row];
                                           if (ranked.positive[row])
                                               at[place] += weights[row];
                                       }
                                   } while (i > 0 && ranked.lastTie[i - 1] == last);
                                   for (std::size_t g = 0; g <= groups; ++g)
                                       if (at[g] > 0) {
                                           hits[g] += at[g];
                                           sum[g] += at[g] * hits[g] / all[g];
                                       }
                               }
                               // On the scales on which they are spread evenly; a draw without positives is undefined.
                               for (std::size_t g = 0; g <= groups; ++g) {
                                   // Half a positive short of 1, so that a perfect draw stays finite.
                                   const double drawn =
                                       hits[g] > 0 ? std::min(sum[g] / hits[g], 1 - 0.5 / (hits[g] + 1)) : std::nan("");
                                   out[g] = std::log(drawn / (1 - drawn));
                                   out[groups + 1 + g] =
                                       normalisedAveragePrecision(drawn, hits[g] / all[g]).value_or(std::nan(""));
                               }
                           },
                           feedback));
        }
        double leastShare = 2, mostShare = -1;
        for (std::size_t place = 0; place <= groups; ++place) {
            const std::size_t g = place == 0 ? groups : place - 1; // all of them first
            const std::int32_t code = g == groups ? -1 : static_cast<std::int32_t>(g);
            const std::vector<double> positives = ranked.of(code, true), negatives = ranked.of(code, false);
            const auto count = static_cast<std::int64_t>(positives.size());
            const auto n = count + static_cast<std::int64_t>(negatives.size());
            const std::vector<std::string> keys{task.name, g == groups ? "" : ranked.kept.names[g]};
            const bool enough = std::min(count, n - count) >= options.minGroup;
            const Rate prevalence = wilson(count, n, confidence);
            addRow(table, keys, "prevalence", valueOf(prevalence), n, enough);
            const auto value = averagePrecision(positives, negatives);
            MetricValue raw, normalised;
            raw.value = value;
            if (value) {
                normalised.value = normalisedAveragePrecision(*value, *prevalence.value);
                const double z = normalQuantile(confidence), ap = *value;
                if (const auto error = draws.empty() ? std::nullopt : standardError(draws[g]); error && ap < 1) {
                    const double logit = std::log(ap / (1 - ap));
                    setInterval(raw, {1 / (1 + std::exp(z * *error - logit)), 1 / (1 + std::exp(-z * *error - logit))});
                } else if (ap == 1) { // no draw differs: as a rate of as many positives
                    setInterval(raw, {wilson(count, count, confidence).low, 1.0});
                }
                const auto error = draws.empty() ? std::nullopt : standardError(draws[groups + 1 + g]);
                if (error && normalised.value && ap < 1)
                    setInterval(normalised, {*normalised.value - z * *error, *normalised.value + z * *error});
                else if (normalised.value && ap == 1)
                    setInterval(normalised, {normalisedAveragePrecision(*raw.ciLow, *prevalence.value), 1.0});
            }
            addRow(table, keys, "average_precision", raw, n, enough);
            addRow(table, keys, "normalised", normalised, n, enough);
            if (g < groups) {
                leastShare = std::min(leastShare, *prevalence.value);
                mostShare = std::max(mostShare, *prevalence.value);
            }
        }
        differ = differ || (groups > 1 && mostShare - leastShare > 0.01);
    }
    if (differ)
        table.warnings.push_back("The groups of " + attribute.name +
                                 " hold different shares of the classes. Average precision rises with that share, so "
                                 "its raw values must not "
                                 "be compared between these groups: compare AUROC, or the normalised form.");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return table;
}

Outcome<MeasureTable> scoreSeparation(const std::string& name, std::span<const double> scores,
                                      const Attribute& attribute, const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    MeasureTable table = emptyTable(attribute);
    table.id = "score_separation";
    table.title = "Scores of each " + attribute.name + " against all others";
    table.definition =
        "auroc: the chance that an image of the group scores above one of the others, ties counting half; "
        "cliffs_delta: 2 "
        "auroc - 1; mann_whitney_u: the pairs that the group wins; cohens_d: difference of means over the pooled "
        "standard "
        "deviation (ddof 1); ks: largest distance of the two distribution functions. 0.5, 0, half the pairs, 0 and 0 "
        "are "
        "even; above, the group scores higher. Intervals are over images (DeLong; bootstrap within groups). p of ks: "
        "large-sample; of mann_whitney_u: normal limit with the corrections for ties and continuity.";
    table.source = "Mann and Whitney 1947; Kolmogorov and Smirnov; Cliff 1993; Cohen 1988; DeLong et al. 1988";
    table.keys = {"scores", attribute.name};
    BinaryTask task{name, {scores.begin(), scores.end()}, std::vector<std::int32_t>(scores.size(), 0)};
    PLUMBLINE_TRY(const Ranked ranked, rank(task, attribute, table));
    const std::size_t groups = ranked.kept.names.size();
    if (groups < 2)
        return table;
    const auto n = static_cast<std::int64_t>(ranked.scores.size());
    const auto split = [&](std::size_t g, std::span<const std::uint32_t> rows, std::vector<double>& own,
                           std::vector<double>& others) {
        own.clear();
        others.clear();
        for (const std::uint32_t row : rows)
            (ranked.kept.group[row] == static_cast<std::int32_t>(g) ? own : others).push_back(ranked.scores[row]);
    };
    Draws draws(groups);
    if (options.bootstrapDraws > 0) {
        PLUMBLINE_TRY(draws, bootstrapWithinGroups(
                                 ranked.kept.group, groups, "separation/" + attribute.name + "/" + name, options,
                                 [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                     std::vector<double> own, others;
                                     for (std::size_t g = 0; g < groups; ++g) {
                                         split(g, rows, own, others);
                                         out[g] = cohensD(own, others).value_or(std::nan(""));
                                     }
                                 },
                                 feedback));
    }
    std::vector<std::uint32_t> all(ranked.scores.size());
    std::iota(all.begin(), all.end(), 0U);
    for (std::size_t g = 0; g < groups; ++g) {
        std::vector<double> own, others;
        split(g, all, own, others);
        const std::vector<std::string> keys{name, ranked.kept.names[g]};
        const bool enough = static_cast<std::int64_t>(std::min(own.size(), others.size())) >= options.minGroup;
        const Auroc area = *auroc(own, others);
        const Interval interval = aurocInterval(area, options.confidence);
        addRow(table, keys, "auroc", valueOf(area.value, interval), n, enough);
        addRow(table, keys, "cliffs_delta",
               valueOf(2 * area.value - 1, {2 * *interval.low - 1, 2 * *interval.high - 1}), n, enough);
        const RankSum test = mannWhitney(own, others, PMethod::Normal);
        const double pairs = static_cast<double>(own.size()) * static_cast<double>(others.size());
        MetricValue u = valueOf(test.u, {*interval.low * pairs, *interval.high * pairs});
        u.nullMean = pairs / 2;
        u.pValue = test.p;
        addRow(table, keys, "mann_whitney_u", u, n, enough);
        MetricValue d;
        d.value = cohensD(own, others);
        if (d.value)
            setInterval(d, percentileInterval(draws[g], options.confidence));
        addRow(table, keys, "cohens_d", d, n, enough);
        const KsTest distance = *ksTest(own, others);
        MetricValue ks = valueOf(distance.statistic, ksInterval(distance, options.confidence));
        ks.pValue = distance.p;
        addRow(table, keys, "ks", ks, n, enough);
    }
    correctFamily(table, "Mann and Whitney's and Kolmogorov and Smirnov's test of each group");
    return table;
}

} // namespace plumbline::metric
