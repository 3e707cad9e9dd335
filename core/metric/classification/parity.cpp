// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/parity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

/// Marginal counts, group-major: enough for every one-vs-rest rate.
struct Counts {
    std::vector<std::int64_t> images;                ///< of each group
    std::vector<std::int64_t> truth, selected, hits; ///< of each group and class
};

Counts countRows(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions, std::size_t classes,
                 std::span<const std::int32_t> groups, std::size_t groupCount,
                 std::span<const std::uint32_t> order = {}) {
    Counts counts{std::vector<std::int64_t>(groupCount), std::vector<std::int64_t>(groupCount * classes),
                  std::vector<std::int64_t>(groupCount * classes), std::vector<std::int64_t>(groupCount * classes)};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::int32_t group = groups[order.empty() ? i : order[i]];
        if (group < 0 || labels[i] < 0 || predictions[i] < 0)
            continue;
        const std::size_t first = static_cast<std::size_t>(group) * classes;
        const auto label = static_cast<std::size_t>(labels[i]), prediction = static_cast<std::size_t>(predictions[i]);
        ++counts.images[static_cast<std::size_t>(group)];
        ++counts.truth[first + label];
        ++counts.selected[first + prediction];
        if (label == prediction)
            ++counts.hits[first + label];
    }
    return counts;
}

struct Fraction {
    std::int64_t count, n;
};
enum Kind { Tpr, Fpr, Selection };
Fraction fraction(const Counts& counts, Kind kind, std::size_t classes, std::size_t c, std::size_t g) {
    const std::size_t at = g * classes + c;
    switch (kind) {
    case Tpr:
        return {counts.hits[at], counts.truth[at]};
    case Fpr:
        return {counts.selected[at] - counts.hits[at], counts.images[g] - counts.truth[at]};
    case Selection:
        break;
    }
    return {counts.selected[at], counts.images[g]};
}

/// Range over the groups; NaN where a group has no row to count.
double range(const Counts& counts, Kind kind, std::size_t classes, std::size_t c) {
    double low = 2, high = -1;
    for (std::size_t g = 0; g < counts.images.size(); ++g) {
        const Fraction of = fraction(counts, kind, classes, c, g);
        if (of.n == 0)
            return std::nan("");
        const double rate = static_cast<double>(of.count) / static_cast<double>(of.n);
        low = std::min(low, rate);
        high = std::max(high, rate);
    }
    return high - low;
}

double ratio(const Counts& counts, std::size_t classes, std::size_t c) {
    double low = 2, high = 0;
    for (std::size_t g = 0; g < counts.images.size(); ++g) {
        const Fraction of = fraction(counts, Selection, classes, c, g);
        const double rate = static_cast<double>(of.count) / static_cast<double>(of.n);
        low = std::min(low, rate);
        high = std::max(high, rate);
    }
    return high > 0 ? low / high : std::nan("");
}

/// Mean, root mean square and maximum; `forMax`: which of them the maximum is taken over. NaN where there is none.
std::array<double, 3> aggregates(const std::vector<double>& gaps, const std::vector<bool>& forMax) {
    double sum = 0, square = 0, most = -1, n = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i)
        if (!std::isnan(gaps[i])) {
            sum += gaps[i];
            square += gaps[i] * gaps[i];
            ++n;
            if (forMax[i])
                most = std::max(most, gaps[i]);
        }
    if (n == 0)
        return {std::nan(""), std::nan(""), std::nan("")};
    return {sum / n, std::sqrt(square / n), most < 0 ? std::nan("") : most};
}

/// One kind of gap over all classes, as it was observed.
struct Gap {
    std::string name;
    std::vector<double> values;               ///< one a class; NaN where undefined
    std::vector<Interval> own, strict;        ///< strict: the lower end at the level of the largest of all classes
    std::vector<std::int64_t> smallest, all;  ///< cell and images that each class rests on
    std::vector<std::optional<double>> exact; ///< Fisher's p
    std::vector<std::size_t> row;             ///< in the table
    std::array<std::optional<std::size_t>, 3> aggregateRow;
    bool largestIsWorst = true;
};

Interval rangeInterval(std::span<const Rate> rates, double confidence) {
    std::vector<Estimate> estimates;
    for (const Rate& rate : rates)
        estimates.push_back(estimateOf(rate, confidence, rates.size()));
    return extremesInterval(estimates).range;
}

/// The larger of two ranges, or their mean.
Interval worstOdds(const Interval& a, const Interval& b, const Interval& strictA, const Interval& strictB) {
    Interval joined{std::max(strictA.low.value_or(0), strictB.low.value_or(0)), std::nullopt};
    if (a.high && b.high)
        joined.high = std::max(*a.high, *b.high);
    return joined;
}

} // namespace

Result<std::vector<std::vector<ClassRates>>> classRates(std::span<const std::int32_t> labels,
                                                        std::span<const std::int32_t> predictions, std::size_t classes,
                                                        std::span<const std::int32_t> groups, std::size_t groupCount,
                                                        double confidence) {
    PLUMBLINE_CHECK(checkSize("the predictions", predictions.size(), labels.size()));
    PLUMBLINE_CHECK(checkSize("the groups", groups.size(), labels.size()));
    const auto fits = [](std::span<const std::int32_t> codes, std::size_t count) {
        return std::ranges::all_of(
            codes, [&](std::int32_t code) { return code < 0 || static_cast<std::size_t>(code) < count; });
    };
    if (!fits(labels, classes) || !fits(predictions, classes) || !fits(groups, groupCount))
        return fail(ErrorCode::InvalidArgument, {{"name", "a class or a group"},
                                                 {"value", "a code"},
                                                 {"expected", "less than the number of classes and of groups"}});
    const Counts counts = countRows(labels, predictions, classes, groups, groupCount);
    std::vector<std::vector<ClassRates>> rates(classes, std::vector<ClassRates>(groupCount));
    for (std::size_t c = 0; c < classes; ++c)
        for (std::size_t g = 0; g < groupCount; ++g) {
            const auto of = [&](Kind kind) {
                const Fraction f = fraction(counts, kind, classes, c, g);
                return wilson(f.count, f.n, confidence);
            };
            rates[c][g] = {of(Tpr), of(Fpr), of(Selection)};
        }
    return rates;
}

Interval smallestRatioInterval(std::span<const Rate> rates, double confidence) {
    if (rates.size() < 2)
        return {};
    const double strict = strictConfidence(confidence, rates.size() * (rates.size() - 1));
    std::optional<double> low = 1.0, high = 1.0;
    for (const Rate& a : rates)
        for (const Rate& b : rates) {
            if (&a == &b)
                continue;
            const Interval own = rateRatio(a, b, confidence);
            low = low && own.low ? std::optional(std::min(*low, *own.low)) : std::nullopt;
            if (const auto end = rateRatio(a, b, strict).high)
                high = std::min(*high, *end);
        }
    return {low.value_or(0), high};
}

Outcome<MeasureTable> parityByGroup(const Classified& classified, const Attribute& attribute, const Resampling& options,
                                    Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(check(classified));
    PLUMBLINE_CHECK(check(attribute, classified.truth.size()));

    MeasureTable table;
    table.id = "parity";
    table.title = "Error rates and selection rates by class and " + attribute.name;
    table.definition =
        "Each class against the rest: tpr, the share of the class's images that are given it; fpr, the share of all "
        "other "
        "images that are; selection_rate, the share of all images that are. equal_opportunity_difference, "
        "fpr_difference "
        "and demographic_parity_difference: highest minus lowest group; equalised_odds_difference: the larger of the "
        "first two, equalised_odds_mean: their mean; demographic_parity_ratio: lowest over highest selection rate "
        "(impact ratio; below 0.8 is under the four-fifths line, a convention of US employment selection guidelines, "
        "which is not a verdict of compliance with any law). 0 (ratio 1) is even. mean_, rms_ and max_ are over the "
        "classes. Intervals are over images; the nulls permute the groups, within the true class for tpr and fpr.";
    table.source = "Hardt et al., NeurIPS 2016; fairlearn (equalised odds, worst case and mean); Jung et al., NeurIPS "
                   "2024 (delta DP); 29 CFR 1607.4 D (four fifths)";
    table.countOf = "images";
    table.keys = {"class", attribute.name};

    std::vector<bool> usable(classified.truth.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = classified.truth[i] >= 0 && classified.predicted[i] >= 0;
    const Kept kept = keep(attribute, usable, "without a true class or a prediction", table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    std::vector<std::int32_t> labels, predictions;
    for (const std::uint32_t row : kept.rows) {
        labels.push_back(classified.truth[row]);
        predictions.push_back(classified.predicted[row]);
    }
    const std::size_t groups = kept.names.size(), classes = classified.classes.size();
    const double confidence = options.confidence;
    const Counts counts = countRows(labels, predictions, classes, kept.group, groups);

    std::array<Gap, 6> gaps;
    enum { Opportunity, FalseAlarms, Odds, OddsMean, Parity, Impact };
    constexpr std::array kNames{"equal_opportunity_difference",  "fpr_difference",
                                "equalised_odds_difference",     "equalised_odds_mean",
                                "demographic_parity_difference", "demographic_parity_ratio"};
    for (std::size_t k = 0; k < gaps.size(); ++k) {
        gaps[k].name = kNames[k];
        gaps[k].values.assign(classes, std::nan(""));
        gaps[k].own.resize(classes);
        gaps[k].strict.resize(classes);
        gaps[k].smallest.resize(classes);
        gaps[k].all.resize(classes);
        gaps[k].exact.resize(classes);
        gaps[k].row.resize(classes);
    }
    gaps[Impact].largestIsWorst = false;
    const double overClasses = strictConfidence(confidence, std::max<std::size_t>(classes, 1));

    std::vector<std::string> skipped, absent, underLine;
    for (std::size_t c = 0; c < classes; ++c) {
        const std::string& name = classified.classes[c];
        std::array<std::vector<Rate>, 3> rates;
        std::int64_t images = 0, selected = 0, missing = 0;
        for (std::size_t g = 0; g < groups; ++g) {
            for (const Kind kind : {Tpr, Fpr, Selection}) {
                const Fraction f = fraction(counts, kind, classes, c, g);
                rates[kind].push_back(wilson(f.count, f.n, confidence));
            }
            images += rates[Tpr][g].n;
            selected += rates[Selection][g].count;
            missing += rates[Tpr][g].n == 0;
        }
        if (images == 0 && selected == 0) {
            absent.push_back(name);
            continue;
        }
        constexpr std::array kRates{"tpr", "fpr", "selection_rate"};
        for (const Kind kind : {Tpr, Fpr, Selection})
            for (std::size_t g = 0; g < groups; ++g)
                if (rates[kind][g].n > 0)
                    addRow(table, {name, kept.names[g]}, kRates[kind], valueOf(rates[kind][g]), rates[kind][g].n,
                           rates[kind][g].n >= options.minGroup);
        if (groups < 2)
            continue;

        const auto observe = [&](std::size_t k, const std::vector<Rate>& of, double value) {
            gaps[k].values[c] = value;
            gaps[k].own[c] = rangeInterval(of, confidence);
            gaps[k].strict[c] = rangeInterval(of, overClasses);
            gaps[k].smallest[c] = std::ranges::min(of, {}, &Rate::n).n;
            for (const Rate& rate : of)
                gaps[k].all[c] += rate.n;
            if (groups == 2)
                gaps[k].exact[c] = fisherExact(of[0], of[1]);
        };
        if (missing == 0)
            observe(Opportunity, rates[Tpr], range(counts, Tpr, classes, c));
        else
            skipped.push_back(name);
        const double falseAlarms = range(counts, Fpr, classes, c);
        if (!std::isnan(falseAlarms))
            observe(FalseAlarms, rates[Fpr], falseAlarms);
        observe(Parity, rates[Selection], range(counts, Selection, classes, c));
        if (missing == 0 && !std::isnan(falseAlarms)) {
            const Gap &hits = gaps[Opportunity], &alarms = gaps[FalseAlarms];
            const double both = strictConfidence(confidence, 2), bothOverClasses = strictConfidence(overClasses, 2);
            for (const std::size_t k : {std::size_t{Odds}, std::size_t{OddsMean}}) {
                gaps[k].smallest[c] = std::min(hits.smallest[c], alarms.smallest[c]);
                gaps[k].all[c] = alarms.all[c] + hits.all[c];
            }
            gaps[Odds].values[c] = std::max(hits.values[c], alarms.values[c]);
            gaps[Odds].own[c] =
                worstOdds(hits.own[c], alarms.own[c], rangeInterval(rates[Tpr], both), rangeInterval(rates[Fpr], both));
            gaps[Odds].strict[c] =
                worstOdds(hits.strict[c], alarms.strict[c], rangeInterval(rates[Tpr], bothOverClasses),
                          rangeInterval(rates[Fpr], bothOverClasses));
            const std::array pair{hits.values[c], alarms.values[c]};
            const std::array intervals{hits.own[c], alarms.own[c]}, stricter{hits.strict[c], alarms.strict[c]};
            const std::array low{rangeInterval(rates[Tpr], both), rangeInterval(rates[Fpr], both)};
            const std::array lower{rangeInterval(rates[Tpr], bothOverClasses),
                                   rangeInterval(rates[Fpr], bothOverClasses)};
            const Combined mean = meanOfGaps(pair, intervals, low);
            gaps[OddsMean].values[c] = mean.value;
            gaps[OddsMean].own[c] = mean.interval;
            gaps[OddsMean].strict[c] = meanOfGaps(pair, stricter, lower).interval;
        }
        const double impact = ratio(counts, classes, c);
        if (!std::isnan(impact)) {
            Gap& gap = gaps[Impact];
            gap.values[c] = impact;
            gap.own[c] = smallestRatioInterval(rates[Selection], confidence);
            gap.strict[c] = smallestRatioInterval(rates[Selection], overClasses);
            gap.smallest[c] = gaps[Parity].smallest[c];
            gap.all[c] = gaps[Parity].all[c];
            if (impact < kFourFifths && gap.smallest[c] >= options.minGroup)
                underLine.push_back(name);
        }
        for (Gap& gap : gaps)
            if (!std::isnan(gap.values[c])) {
                gap.row[c] = table.rows.size();
                addRow(table, {name, ""}, gap.name, valueOf(gap.values[c], gap.own[c]), gap.all[c],
                       gap.smallest[c] >= options.minGroup);
            }
    }

    // Over the classes. No extreme is taken over a class with a cell of fewer images than the floor.
    std::array<std::vector<bool>, 6> forMax;
    std::vector<std::string> thin;
    for (std::size_t k = 0; k < gaps.size(); ++k) {
        Gap& gap = gaps[k];
        std::vector<double> values;
        std::vector<Interval> intervals, strict;
        std::int64_t n = 0, smallest = 0;
        double extreme = std::nan(""), low = 0, high = 0;
        bool bounded = true;
        for (std::size_t c = 0; c < classes; ++c) {
            const bool defined = !std::isnan(gap.values[c]);
            forMax[k].push_back(defined && gap.smallest[c] >= cellFloor(options));
            if (!defined)
                continue;
            if (!forMax[k][c] && k == Opportunity)
                thin.push_back(classified.classes[c]);
            values.push_back(gap.values[c]);
            intervals.push_back(gap.own[c]);
            strict.push_back(gap.strict[c]);
            n = std::max(n, gap.all[c]);
            smallest += gap.smallest[c];
            if (!forMax[k][c])
                continue;
            const Interval& own = gap.own[c];
            if (gap.largestIsWorst) {
                low =
                    std::isnan(extreme) ? gap.strict[c].low.value_or(0) : std::max(low, gap.strict[c].low.value_or(0));
                bounded = bounded && own.high;
                high = std::isnan(extreme) ? own.high.value_or(0) : std::max(high, own.high.value_or(0));
                extreme = std::isnan(extreme) ? gap.values[c] : std::max(extreme, gap.values[c]);
            } else {
                low = std::isnan(extreme) ? own.low.value_or(0) : std::min(low, own.low.value_or(0));
                high = std::isnan(extreme) ? gap.strict[c].high.value_or(1)
                                           : std::min(high, gap.strict[c].high.value_or(1));
                extreme = std::isnan(extreme) ? gap.values[c] : std::min(extreme, gap.values[c]);
            }
        }
        if (values.size() < 2) // of one class they would repeat it
            continue;
        if (gap.largestIsWorst) {
            const Combined mean = meanOfGaps(values, intervals, strict), rms = rmsOfGaps(values, intervals, strict);
            gap.aggregateRow[0] = table.rows.size();
            addRow(table, {"", ""}, "mean_" + gap.name, valueOf(mean.value, mean.interval), n,
                   smallest >= options.minGroup);
            gap.aggregateRow[1] = table.rows.size();
            addRow(table, {"", ""}, "rms_" + gap.name, valueOf(rms.value, rms.interval), n,
                   smallest >= options.minGroup);
        }
        if (!std::isnan(extreme)) {
            gap.aggregateRow[2] = table.rows.size();
            addRow(table, {"", ""}, (gap.largestIsWorst ? "max_" : "min_") + gap.name,
                   valueOf(extreme, {low, bounded ? std::optional(high) : std::nullopt}), n, true);
        }
    }
    if (!absent.empty())
        table.warnings.push_back("No image is of, or was given, the class " + listed(absent) + ".");
    if (!skipped.empty() && groups > 1)
        table.warnings.push_back("No TPR gap, and no equalised odds, for " + listed(skipped) + ": a group of " +
                                 attribute.name + " has no image of " + (skipped.size() == 1 ? "it." : "them."));
    if (!thin.empty())
        table.warnings.push_back("Not taken for the largest TPR gap: " + listed(thin) + ", with fewer than " +
                                 std::to_string(cellFloor(options)) + " images in a group of " + attribute.name + ".");
    if (!underLine.empty())
        table.warnings.push_back("The impact ratio of " + listed(underLine) +
                                 " is below 0.8, the four-fifths line: a convention of US employment selection "
                                 "guidelines, not a verdict of compliance with any law.");

    if (options.nullDraws > 0 && groups > 1) {
        // One number a gap and class, then the three over the classes.
        const std::size_t each = classes + 3;
        const auto collect = [&](std::vector<double> values, std::size_t k, std::size_t place, std::span<double> out) {
            std::array<double, 3> over = aggregates(values, forMax[k]);
            if (!gaps[k].largestIsWorst) {
                over[2] = std::nan("");
                for (std::size_t c = 0; c < classes; ++c)
                    if (forMax[k][c] && !std::isnan(values[c]))
                        over[2] = std::isnan(over[2]) ? values[c] : std::min(over[2], values[c]);
            }
            std::ranges::copy(values, out.begin() + static_cast<std::ptrdiff_t>(place * each));
            std::ranges::copy(over, out.begin() + static_cast<std::ptrdiff_t>(place * each + classes));
        };
        const auto rangesOf = [&](const Counts& drawn, Kind kind, const Gap& observed) {
            std::vector<double> values(classes, std::nan(""));
            for (std::size_t c = 0; c < classes; ++c)
                if (!std::isnan(observed.values[c]))
                    values[c] = range(drawn, kind, classes, c);
            return values;
        };
        const auto withinClass = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            const Counts drawn = countRows(labels, predictions, classes, kept.group, groups, rows);
            const auto hits = rangesOf(drawn, Tpr, gaps[Opportunity]), alarms = rangesOf(drawn, Fpr, gaps[FalseAlarms]);
            std::vector<double> worst(classes), mean(classes);
            for (std::size_t c = 0; c < classes; ++c) {
                worst[c] = std::isnan(hits[c]) || std::isnan(alarms[c]) ? std::nan("") : std::max(hits[c], alarms[c]);
                mean[c] = (hits[c] + alarms[c]) / 2;
            }
            collect(hits, Opportunity, 0, out);
            collect(alarms, FalseAlarms, 1, out);
            collect(worst, Odds, 2, out);
            collect(mean, OddsMean, 3, out);
        };
        const auto overAll = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            const Counts drawn = countRows(labels, predictions, classes, kept.group, groups, rows);
            collect(rangesOf(drawn, Selection, gaps[Parity]), Parity, 0, out);
            std::vector<double> ratios(classes, std::nan(""));
            for (std::size_t c = 0; c < classes; ++c)
                if (!std::isnan(gaps[Impact].values[c]))
                    ratios[c] = ratio(drawn, classes, c);
            collect(ratios, Impact, 1, out);
        };
        PLUMBLINE_TRY(const Draws within, permuteRows(labels.size(), labels, 4 * each, "parity/" + attribute.name,
                                                      options, withinClass, feedback));
        PLUMBLINE_TRY(const Draws over, permuteRows(labels.size(), {}, 2 * each, "selection/" + attribute.name, options,
                                                    overAll, feedback));
        for (std::size_t k = 0; k < gaps.size(); ++k) {
            const bool isWithin = k < Parity;
            const std::size_t first = (isWithin ? k : k - Parity) * each;
            const Tail tail = gaps[k].largestIsWorst ? Tail::Upper : Tail::Lower;
            for (std::size_t c = 0; c < classes; ++c)
                if (!std::isnan(gaps[k].values[c]))
                    setNull(table.rows[gaps[k].row[c]].value, isWithin ? within[first + c] : over[first + c], tail);
            for (std::size_t a = 0; a < 3; ++a)
                if (gaps[k].aggregateRow[a])
                    setNull(table.rows[*gaps[k].aggregateRow[a]].value,
                            isWithin ? within[first + classes + a] : over[first + classes + a], tail);
        }
    }
    for (const Gap& gap : gaps)
        for (std::size_t c = 0; c < classes; ++c)
            if (!std::isnan(gap.values[c])) {
                MetricValue& value = table.rows[gap.row[c]].value;
                if (gap.exact[c])
                    value.pValue = gap.exact[c];
                // Parity is tested once, by its difference; equalised odds by its worst case.
                if (&gap == &gaps[Impact] || &gap == &gaps[OddsMean])
                    value.pValue.reset();
            }
    for (const std::size_t k : {std::size_t{Impact}, std::size_t{OddsMean}})
        for (const auto& row : gaps[k].aggregateRow)
            if (row)
                table.rows[*row].value.pValue.reset();
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "the differences of each class and over the classes");
    return table;
}

} // namespace plumbline::metric
