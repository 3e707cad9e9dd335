// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/accuracy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

/// Right answers and images, by cell (group-major).
struct Cells {
    std::vector<std::int64_t> right, images;
};

struct Input {
    std::size_t groups = 0, classes = 0;
    std::vector<std::int32_t> group, truth; ///< one a kept row
    std::vector<std::uint8_t> right;

    Cells count(std::span<const std::uint32_t> labels) const {
        Cells cells{std::vector<std::int64_t>(groups * classes), std::vector<std::int64_t>(groups * classes)};
        for (std::size_t i = 0; i < truth.size(); ++i) {
            const auto g = static_cast<std::size_t>(labels.empty() ? group[i] : group[labels[i]]);
            const std::size_t cell = g * classes + static_cast<std::size_t>(truth[i]);
            ++cells.images[cell];
            cells.right[cell] += right[i];
        }
        return cells;
    }
};

Rate sum(const Cells& cells, std::size_t first, std::size_t step, std::size_t count, double confidence) {
    std::int64_t right = 0, images = 0;
    for (std::size_t i = 0; i < count; ++i) {
        right += cells.right[first + i * step];
        images += cells.images[first + i * step];
    }
    return wilson(right, images, confidence);
}

double share(std::int64_t a, std::int64_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
}

/// Interval of overall - rate, which is (1 - w) (others - rate), w the rate's share of the images (held fixed).
Interval shortfall(const Rate& rate, const Rate& all, double confidence) {
    const Rate others = wilson(all.count - rate.count, all.n - rate.n, confidence);
    if (!others.value)
        return {0.0, 0.0}; // it is the whole
    const Interval difference = rateDifference(others, rate, confidence);
    const double weight = share(others.n, all.n);
    return {weight * *difference.low, weight * *difference.high};
}

/// Rows of the worst of several rates, how far it is below the whole, and how far apart the rates are.
struct Worst {
    std::size_t worst, gap; ///< rows of the table
    std::size_t range;
};
std::optional<Worst> addWorst(MeasureTable& table, const std::vector<Rate>& rates, const Rate& all,
                              const std::string& what, const Resampling& options) {
    std::vector<Estimate> estimates, shortfalls;
    std::int64_t smallest = 0;
    const auto takesPart = [&](const Rate& rate) { return rate.n >= cellFloor(options); };
    const auto alternatives = static_cast<std::size_t>(std::ranges::count_if(rates, takesPart));
    for (const Rate& rate : rates) {
        if (!takesPart(rate))
            continue;
        estimates.push_back(estimateOf(rate, options.confidence, alternatives));
        shortfalls.push_back({*all.value - *rate.value, shortfall(rate, all, options.confidence),
                              shortfall(rate, all, strictConfidence(options.confidence, alternatives))});
        smallest = smallest == 0 ? rate.n : std::min(smallest, rate.n);
    }
    if (estimates.size() < 2)
        return std::nullopt;
    const Extremes extremes = extremesOf(estimates);
    const Extremes gaps = extremesOf(shortfalls);
    Worst rows{table.rows.size(), table.rows.size() + 1, table.rows.size() + 2};
    addRow(table, {"", ""}, "worst_" + what + "_accuracy", valueOf(extremes.min, extremes.interval.min), smallest,
           true);
    // The worst is at most the average of the groups; of some of the cells it need not be.
    addRow(table, {"", ""}, what + "_gap", valueOf(gaps.max, gaps.interval.max), all.n, true);
    addRow(table, {"", ""}, what + "_range", valueOf(extremes.max - extremes.min, extremes.interval.range), all.n,
           true);
    return rows;
}

/// Worst, gap and range of the rates that rest on enough; NaN where there are fewer than two.
void worstOf(std::span<const double> rates, double all, std::span<double> out) {
    double worst = 2, best = -1;
    std::size_t count = 0;
    for (const double rate : rates)
        if (!std::isnan(rate)) {
            worst = std::min(worst, rate);
            best = std::max(best, rate);
            ++count;
        }
    if (count < 2)
        return;
    out[0] = worst;
    out[1] = all - worst;
    out[2] = best - worst;
}

/// Sum of the distances from the whole and their relative spread, with intervals. The sum is linear in the groups'
/// rates once the signs are fixed (upper end); it is at least the range (lower end).
struct Spread {
    Combined distance, deviation;
};
Spread spreadOf(const std::vector<Rate>& rates, const Rate& all, const Interval& range, double confidence) {
    const std::size_t groups = rates.size();
    std::vector<double> values, weights, signs, forDistance, forDeviation;
    std::vector<Interval> intervals;
    for (const Rate& rate : rates) {
        const Rate own = wilson(rate.count, rate.n, confidence);
        values.push_back(*own.value);
        intervals.push_back({own.low, own.high});
        weights.push_back(share(rate.n, all.n));
        signs.push_back(*own.value >= *all.value ? 1.0 : -1.0);
    }
    const double allSigns = std::accumulate(signs.begin(), signs.end(), 0.0);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(groups);
    double square = 0;
    for (const double value : values)
        square += (value - mean) * (value - mean) / static_cast<double>(groups);
    const double deviation = std::sqrt(square);
    for (std::size_t g = 0; g < groups; ++g) {
        forDistance.push_back(signs[g] - weights[g] * allSigns);
        forDeviation.push_back(deviation > 0 ? (values[g] - mean) / (static_cast<double>(groups) * deviation)
                                             : 1 / std::sqrt(static_cast<double>(groups)));
    }
    Spread spread{combine(forDistance, values, intervals), combine(forDeviation, values, intervals)};
    const double reach = *spread.deviation.interval.high - spread.deviation.value;
    spread.deviation.value = deviation;
    spread.deviation.interval.high = deviation + reach;
    // Of G numbers with the range r the standard deviation is at least r / sqrt(2 G).
    spread.distance.interval.low = range.low;
    spread.deviation.interval.low = *range.low / std::sqrt(2 * static_cast<double>(groups));
    return spread;
}

/// Interval of f(overall, spread). Noise raises the spread, so the end where it is small takes both lower and upper
/// ends as they are; the other end joins the two distances as squares.
template <class F>
Interval joined(const F& f, const Rate& all, const Combined& spread, bool risesWithOverall) {
    const double value = f(*all.value, spread.value), even = f(*all.high, *spread.interval.low);
    const double atOverall = f(*all.low, spread.value), atWide = f(*all.value, *spread.interval.high);
    const double reach = std::hypot(atOverall - value, atWide - value);
    return risesWithOverall ? Interval{value - reach, std::max(even, value)}
                            : Interval{std::min(even, value), value + reach};
}

} // namespace

double equityScaled(double overall, std::span<const double> groups, double alpha) {
    double distance = 0;
    for (const double group : groups)
        distance += std::abs(group - overall);
    return overall / (1 + alpha * distance);
}

Outcome<MeasureTable> accuracyByGroup(const Classified& classified, const Attribute& attribute,
                                      const AccuracyOptions& options, Feedback& feedback) {
    const Resampling& resampling = options.resampling;
    PLUMBLINE_CHECK(check(resampling));
    PLUMBLINE_CHECK(check(classified));
    PLUMBLINE_CHECK(check(attribute, classified.truth.size()));

    MeasureTable table;
    table.id = "group_accuracy";
    table.title = "Accuracy by class and " + attribute.name;
    table.definition =
        "Share of images whose highest-scoring class is the true one: of all, of each group, of each class and of each "
        "cell of class and group. worst_group and worst_cell: the lowest over the groups and over the cells with at "
        "least " +
        std::to_string(cellFloor(resampling)) +
        " images; gap: overall minus worst; range: highest minus lowest; accuracy_difference: the group minus all "
        "others. es_accuracy: overall / (1 + " +
        (options.alpha == 1 ? std::string() : std::to_string(options.alpha) + " ") +
        "sum of |group - overall|), at most the overall accuracy. relative_sd, relative_range: standard deviation and "
        "range "
        "of the groups' accuracies over the overall one. Higher accuracy is better; a gap of 0 is even. Intervals are "
        "over images; the null permutes the groups within each true class.";
    table.source = "Sagawa et al., ICLR 2020 (worst group); Chuang et al., arXiv 2302.00070, evaluate.py (gap); Luo et "
                   "al., CVPR 2024 (equity-scaled accuracy)";
    table.countOf = "images";
    table.keys = {"class", attribute.name};

    std::vector<bool> usable(classified.truth.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = classified.truth[i] >= 0 && classified.predicted[i] >= 0;
    const Kept kept = keep(attribute, usable, "without a true class or a prediction", table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});

    Input input{kept.names.size(), classified.classes.size(), kept.group, {}, {}};
    for (const std::uint32_t row : kept.rows) {
        input.truth.push_back(classified.truth[row]);
        input.right.push_back(classified.truth[row] == classified.predicted[row]);
    }
    const std::size_t groups = input.groups, classes = input.classes;
    const Cells cells = input.count({});
    const double confidence = resampling.confidence;

    // Overall, groups, classes, cells.
    const Rate all = sum(cells, 0, 1, groups * classes, confidence);
    addRow(table, {"", ""}, "accuracy", valueOf(all), all.n, all.n >= resampling.minGroup);
    std::vector<Rate> byGroup, byCell;
    for (std::size_t g = 0; g < groups; ++g) {
        byGroup.push_back(sum(cells, g * classes, 1, classes, confidence));
        addRow(table, {"", kept.names[g]}, "accuracy", valueOf(byGroup[g]), byGroup[g].n,
               byGroup[g].n >= resampling.minGroup);
    }
    for (std::size_t c = 0; c < classes; ++c) {
        const Rate rate = sum(cells, c, classes, groups, confidence);
        if (rate.n == 0)
            continue;
        addRow(table, {classified.classes[c], ""}, "accuracy", valueOf(rate), rate.n, rate.n >= resampling.minGroup);
        for (std::size_t g = 0; g < groups; ++g) {
            const Rate cell = sum(cells, g * classes + c, 1, 1, confidence);
            byCell.push_back(cell);
            if (cell.n > 0)
                addRow(table, {classified.classes[c], kept.names[g]}, "accuracy", valueOf(cell), cell.n,
                       cell.n >= resampling.minGroup);
        }
    }
    if (groups > 1)
        for (std::size_t g = 0; g < groups; ++g) {
            const Rate others = wilson(all.count - byGroup[g].count, all.n - byGroup[g].n, confidence);
            MetricValue value =
                valueOf(*byGroup[g].value - *others.value, rateDifference(byGroup[g], others, confidence));
            value.pValue = fisherExact(byGroup[g], others);
            addRow(table, {"", kept.names[g]}, "accuracy_difference", value, byGroup[g].n,
                   std::min(byGroup[g].n, others.n) >= resampling.minGroup);
            if (groups == 2)
                break; // the other group's is its negative
        }

    const auto worstGroup = groups > 1 ? addWorst(table, byGroup, all, "group", resampling) : std::nullopt;
    const auto worstCell = addWorst(table, byCell, all, "cell", resampling);
    const auto smallCells =
        std::ranges::count_if(byCell, [&](const Rate& cell) { return cell.n > 0 && cell.n < cellFloor(resampling); });
    if (smallCells > 0)
        table.warnings.push_back(counted(smallCells, "cell") + " of class and " + attribute.name + " " +
                                 (smallCells == 1 ? "has" : "have") + " fewer than " +
                                 std::to_string(cellFloor(resampling)) + " images and " +
                                 (smallCells == 1 ? "takes" : "take") + " no part in the worst cell.");
    const auto smallGroups =
        std::ranges::count_if(byGroup, [&](const Rate& group) { return group.n < cellFloor(resampling); });
    if (smallGroups > 0)
        table.warnings.push_back(
            counted(smallGroups, "group") + " of " + attribute.name + " " + (smallGroups == 1 ? "has" : "have") +
            " fewer than " + std::to_string(cellFloor(resampling)) + " images and " +
            (smallGroups == 1 ? "takes" : "take") + " no part in the worst group, the gap and the range.");

    std::vector<Rate> large;
    std::ranges::copy_if(byGroup, std::back_inserter(large),
                         [&](const Rate& group) { return group.n >= cellFloor(resampling); });
    if (worstGroup && options.alpha >= 0) {
        const Rate ofLarge = [&] {
            std::int64_t right = 0, images = 0;
            for (const Rate& group : large) {
                right += group.count;
                images += group.n;
            }
            return wilson(right, images, confidence);
        }();
        const MetricValue& range = table.rows[worstGroup->range].value;
        const Spread spread = spreadOf(large, ofLarge, {range.ciLow, range.ciHigh}, confidence);
        const auto scaled = [&](double overall, double distance) { return overall / (1 + options.alpha * distance); };
        addRow(table, {"", ""}, "es_accuracy",
               valueOf(scaled(*ofLarge.value, spread.distance.value), joined(scaled, ofLarge, spread.distance, true)),
               ofLarge.n, true);
        if (*ofLarge.low > 0 && *ofLarge.value > 0) {
            const auto relative = [](double overall, double distance) { return distance / overall; };
            addRow(table, {"", ""}, "relative_sd",
                   valueOf(spread.deviation.value / *ofLarge.value, joined(relative, ofLarge, spread.deviation, false)),
                   ofLarge.n, true);
            const Combined width{*range.value, {range.ciLow, range.ciHigh}};
            addRow(table, {"", ""}, "relative_range",
                   valueOf(*range.value / *ofLarge.value, joined(relative, ofLarge, width, false)), ofLarge.n, true);
        }
    }

    if (!options.training.empty()) {
        std::map<std::pair<std::string, std::string>, std::pair<double, bool>> shares;
        double total = 0;
        for (const TrainingShare& one : options.training) {
            if (!(one.share >= 0) || !std::isfinite(one.share))
                return fail(ErrorCode::InvalidArgument, {{"name", "a training share"},
                                                         {"value", std::to_string(one.share)},
                                                         {"expected", "a number from 0"}});
            shares[{one.className, one.group}].first += one.share;
            total += one.share;
        }
        std::vector<double> weights, values;
        std::vector<Interval> intervals;
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t c = 0; c < classes; ++c) {
                const auto found = shares.find({classified.classes[c], kept.names[g]});
                const Rate cell = sum(cells, g * classes + c, 1, 1, confidence);
                if (found == shares.end() || !cell.value)
                    continue;
                found->second.second = true;
                weights.push_back(found->second.first / total);
                values.push_back(*cell.value);
                intervals.push_back({cell.low, cell.high});
            }
        std::vector<std::string> missing;
        for (const auto& [cell, entry] : shares)
            if (entry.first > 0 && !entry.second)
                missing.push_back(cell.first + " and " + cell.second);
        MetricValue value;
        if (!(total > 0) || !missing.empty()) {
            table.warnings.push_back(
                total > 0 ? "The adjusted accuracy is undefined: no image of the cells with a training share " +
                                listed(missing) + "."
                          : "The adjusted accuracy is undefined: the training shares are all 0.");
        } else {
            const Combined adjusted = combine(weights, values, intervals);
            value = valueOf(adjusted.value, adjusted.interval);
        }
        addRow(table, {"", ""}, "adjusted_accuracy", value, all.n, all.n >= resampling.minGroup);
    }

    // What groups drawn at random within each true class show. Where the classes are the groups, nothing can be drawn.
    bool exchangeable = false;
    for (std::size_t c = 0; c < classes && !exchangeable; ++c) {
        std::size_t groupsOfClass = 0;
        for (std::size_t g = 0; g < groups; ++g)
            groupsOfClass += cells.images[g * classes + c] > 0;
        exchangeable = groupsOfClass > 1;
    }
    if (!exchangeable && groups > 1)
        table.warnings.push_back("Every class has images of one group of " + attribute.name +
                                 " only, so there is no chance that gaps and worst values could be compared with.");
    if (resampling.nullDraws > 0 && (worstGroup || worstCell) && groups > 1 && exchangeable) {
        const auto statistics = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            const Cells drawn = input.count(rows);
            std::vector<double> rates;
            for (std::size_t g = 0; g < groups; ++g) {
                const Rate group = sum(drawn, g * classes, 1, classes, confidence);
                rates.push_back(group.n < cellFloor(resampling) ? std::nan("") : *group.value);
            }
            worstOf(rates, *all.value, out.subspan(0, 3));
            rates.clear();
            for (std::size_t i = 0; i < drawn.images.size(); ++i)
                rates.push_back(drawn.images[i] < cellFloor(resampling) ? std::nan("")
                                                                        : share(drawn.right[i], drawn.images[i]));
            worstOf(rates, *all.value, out.subspan(3, 3));
        };
        PLUMBLINE_TRY(const Draws draws, permuteRows(kept.rows.size(), input.truth, 6, "accuracy/" + attribute.name,
                                                     resampling, statistics, feedback));
        for (const auto& [rows, first] :
             {std::pair{worstGroup, std::size_t{0}}, std::pair{worstCell, std::size_t{3}}}) {
            if (!rows)
                continue;
            setNull(table.rows[rows->worst].value, draws[first], Tail::Lower);
            setNull(table.rows[rows->gap].value, draws[first + 1], Tail::Upper);
            setNull(table.rows[rows->range].value, draws[first + 2], Tail::Upper);
        }
        // The overall accuracy is the same in every draw, so the worst and the gap are one test: the gap has its p.
        for (const auto& rows : {worstGroup, worstCell})
            if (rows)
                table.rows[rows->worst].value.pValue.reset();
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "each group against all others, and the gaps and ranges over groups and over cells");
    return table;
}

} // namespace plumbline::metric
