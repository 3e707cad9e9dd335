// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/plumb_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/metric/verdict.h"
#include "core/report/lean.h"

namespace plumbline::report {
namespace {

const double kHalf = std::log(2.0);
const double kThird = std::log(3.0);
const double kEighth = std::log(8.0);
/// Room beyond the outermost tick or mark, as a factor.
constexpr double kRoom = 1.06;
/// Two marks nearer than this overlap, in widths of the chart column (about 12 of 440 pixels); marks at an edge have
/// their ratio written beside them.
constexpr double kMarkWidth = 0.027;
constexpr double kEdgeMarkWidth = 0.13;
/// Ticks nearer than this would run their labels into each other.
constexpr double kTickWidth = 0.16;

/// Half the share and twice the share are always on the axis, so that charts without a lean look calm and two charts
/// can be compared by eye. It widens to what the marks need up to eight times; the left side no further than the
/// right or a third, because skew has no lower bound and one nearly absent group would squeeze everything else.
Axis chooseAxis(const std::vector<const Measurement*>& measurements) {
    double right = kHalf, left = kHalf;
    for (const Measurement* measurement : measurements)
        for (const GroupMeasure& group : measurement->groups) {
            if (!group.skew || !std::isfinite(*group.skew))
                continue;
            // An interval may ask for some room of its own; that of a tiny group can be very wide.
            const double slack = 0.4;
            const double high = std::min(group.ciHigh.value_or(*group.skew), *group.skew + slack);
            const double low = std::max(group.ciLow.value_or(*group.skew), *group.skew - slack);
            right = std::max({right, *group.skew, high});
            left = std::max({left, -*group.skew, -low});
        }
    Axis axis;
    axis.high = kRoom * std::min(right, kEighth);
    axis.low = -kRoom * std::min(left, std::max(std::min(right, kEighth), kThird));

    struct Candidate {
        double skew;
        const char* label;
    };
    // By importance: a later one that does not fit is left out.
    const std::array<Candidate, 7> candidates{{{0, "plumb"},
                                               {-kHalf, "half its share"},
                                               {kHalf, "twice"},
                                               {-kEighth, "an eighth"},
                                               {kEighth, "eight times"},
                                               {-kThird, "a third"},
                                               {kThird, "three times"}}};
    for (const Candidate& candidate : candidates) {
        if (candidate.skew < axis.low || candidate.skew > axis.high)
            continue;
        const double x = axis.x(candidate.skew);
        const bool fits = std::none_of(axis.ticks.begin(), axis.ticks.end(),
                                       [&](const Axis::Tick& tick) { return std::abs(tick.x - x) < kTickWidth; });
        if (fits)
            axis.ticks.push_back({candidate.skew, x, candidate.label});
    }
    std::sort(axis.ticks.begin(), axis.ticks.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    return axis;
}

bool atEdge(const Mark& mark) {
    return mark.kind == Mark::Kind::Absent || mark.kind == Mark::Kind::BeyondLeft ||
           mark.kind == Mark::Kind::BeyondRight;
}

/// Spreads marks that would overlap over lanes; a mark that has room stays on the row's middle line.
void spread(Row& row) {
    std::vector<std::size_t> order(row.marks.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return row.marks[a].x < row.marks[b].x; });
    const auto width = [&](std::size_t i) { return atEdge(row.marks[i]) ? kEdgeMarkWidth : kMarkWidth; };

    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && row.marks[order[end]].x - row.marks[order[end - 1]].x <
                                         std::max(width(order[end]), width(order[end - 1])))
            ++end;
        std::vector<std::size_t> cluster(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                         order.begin() + static_cast<std::ptrdiff_t>(end));
        // A few marks keep the order of their groups, so that the eye finds them in every row; many share lanes.
        std::vector<std::vector<std::size_t>> lanes;
        const bool few = cluster.size() <= 4;
        if (few)
            std::sort(cluster.begin(), cluster.end());
        for (const std::size_t mark : cluster) {
            auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const auto& members) {
                return !few &&
                       row.marks[mark].x - row.marks[members.back()].x >= std::max(width(mark), width(members.back()));
            });
            if (lane == lanes.end())
                lane = lanes.insert(lanes.end(), std::vector<std::size_t>{});
            lane->push_back(mark);
        }
        for (std::size_t lane = 0; lane < lanes.size(); ++lane)
            for (const std::size_t mark : lanes[lane])
                row.marks[mark].offset = static_cast<double>(lane) - (static_cast<double>(lanes.size()) - 1) / 2;
        row.lanes = std::max(row.lanes, static_cast<int>(lanes.size()));
        begin = end;
    }
}

/// Where a group stands against the pool: what words and sorting compare, whatever the target.
Judged examine(const Measurement& measurement, const GroupMeasure& group) {
    Judged judged;
    judged.verdict = group.verdict;
    judged.slight = group.slight;
    std::int64_t top = 0; // more than k where a definition keeps ties
    for (const GroupMeasure& each : measurement.groups)
        top += each.topCount;
    if (group.skew && std::isfinite(*group.skew)) {
        const double toPool =
            group.poolShare > 0 && group.targetShare > 0 ? std::log(group.targetShare / group.poolShare) : 0.0;
        judged.logRatio = *group.skew + toPool;
        const std::optional<double> nearest = judged.logRatio > 0 ? group.ciLow : group.ciHigh;
        const double sure = nearest ? *nearest + toPool : judged.logRatio;
        judged.sureRatio = sure * judged.logRatio > 0 ? sure : 0;
    } else {
        judged.logRatio = -std::numeric_limits<double>::infinity();
        // At least as far as one image would be.
        judged.sureRatio =
            std::min(0.0, -std::log(group.poolShare * static_cast<double>(std::max<std::int64_t>(top, 1))));
    }
    return judged;
}

/// Outside its own null band; of a run without one, by the test alone.
bool outsideBand(const GroupMeasure& group) {
    if (!group.nullHigh)
        return group.pValue.value_or(1) <= MeasureOptions().level;
    if (!group.skew)
        return group.nullLow.has_value();
    return *group.skew > *group.nullHigh || (group.nullLow && *group.skew < *group.nullLow);
}

Mark place(const GroupMeasure& group, const Axis& axis) {
    Mark mark;
    if (!group.skew || !std::isfinite(*group.skew)) {
        mark.kind = Mark::Kind::Absent;
        return mark;
    }
    mark.skew = group.skew;
    mark.x = axis.x(*group.skew);
    mark.kind = *group.skew < axis.low    ? Mark::Kind::BeyondLeft
                : *group.skew > axis.high ? Mark::Kind::BeyondRight
                : outsideBand(group)      ? Mark::Kind::Outside
                                          : Mark::Kind::Inside;
    if (group.ciLow || group.ciHigh) {
        mark.lowX = group.ciLow ? axis.x(*group.ciLow) : 0.0;
        mark.highX = group.ciHigh ? axis.x(*group.ciHigh) : 1.0;
    }
    return mark;
}

void setBand(Row& row, const Measurement& measurement, const Axis& axis) {
    double low = 0, high = 0, coreLow = -std::numeric_limits<double>::infinity();
    double coreHigh = std::numeric_limits<double>::infinity();
    for (const GroupMeasure& group : measurement.groups) {
        if (!group.nullHigh)
            continue;
        const double groupLow = group.nullLow.value_or(-std::numeric_limits<double>::infinity());
        low = row.hasBand ? std::min(low, groupLow) : groupLow;
        high = row.hasBand ? std::max(high, *group.nullHigh) : *group.nullHigh;
        coreLow = std::max(coreLow, groupLow);
        coreHigh = std::min(coreHigh, *group.nullHigh);
        row.hasBand = true;
    }
    if (!row.hasBand)
        return;
    row.bandLow = axis.x(low);
    row.bandHigh = axis.x(high);
    row.coreLow = axis.x(coreLow);
    row.coreHigh = std::max(row.coreLow, axis.x(coreHigh)); // no common part: empty
}

/// The style of a group; a group that the caller did not list is added.
std::size_t styleOf(std::vector<GroupStyle>& styles, const std::string& name) {
    const auto found =
        std::find_if(styles.begin(), styles.end(), [&](const auto& style) { return style.name == name; });
    const auto index = static_cast<std::size_t>(found - styles.begin());
    if (found == styles.end())
        styles.push_back(
            {name, static_cast<MarkShape>(index % kMarkShapes), static_cast<int>(index % kPaletteColours)});
    return index;
}

} // namespace

double Axis::x(double skew) const {
    return std::clamp((skew - low) / (high - low), 0.0, 1.0);
}

PlumbChart layOut(const std::vector<const Measurement*>& measurements, const std::vector<std::string>& allGroups) {
    // Rankings of an older run carry no verdicts: they are judged here, as one family.
    const bool unjudged = std::ranges::any_of(measurements, [](const Measurement* measurement) {
        return std::ranges::any_of(measurement->groups,
                                   [](const GroupMeasure& group) { return group.verdict == Verdict::Unjudged; });
    });
    std::vector<Measurement> judgedNow;
    std::vector<const Measurement*> shown = measurements;
    if (unjudged) {
        for (const Measurement* measurement : measurements)
            judgedNow.push_back(*measurement);
        metric::judge(judgedNow, MeasureOptions());
        for (std::size_t m = 0; m < shown.size(); ++m)
            shown[m] = &judgedNow[m];
    }

    PlumbChart chart;
    chart.axis = chooseAxis(shown);
    chart.styles = groupStyles(allGroups);
    for (std::size_t m = 0; m < shown.size(); ++m) {
        const Measurement& measurement = *shown[m];
        chart.tests = std::max(chart.tests, static_cast<std::size_t>(std::max<std::int64_t>(measurement.tests, 0)));
        Row row;
        row.measurement = m;
        setBand(row, measurement, chart.axis);
        std::vector<Judged> judged;
        for (const GroupMeasure& group : measurement.groups) {
            Mark mark = place(group, chart.axis);
            mark.p = group.pValue;
            mark.adjustedP = group.adjustedP;
            mark.verdict = group.verdict;
            mark.leans = leans(group.verdict);
            mark.group = styleOf(chart.styles, group.name);
            judged.push_back(examine(measurement, group));
            row.marks.push_back(mark);
        }
        spread(row);
        row.lean = judge(measurement, row.marks, judged);
        chart.rows.push_back(std::move(row));
    }
    return chart;
}

} // namespace plumbline::report
