// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/dimensions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/mean_interval.h"
#include "core/metric/rank_tests.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;
using Pair = std::pair<std::uint32_t, std::uint32_t>;

/// Values of a dimension as numbers from 0: equal values have equal numbers, and they are in the values' order.
/// Negative: unknown.
std::vector<std::int32_t> placesOf(const Dimension& dimension) {
    if (!dimension.numeric())
        return dimension.codes;
    std::set<double> distinct;
    for (const double number : dimension.numbers)
        if (std::isfinite(number))
            distinct.insert(number);
    std::map<double, std::int32_t> place;
    for (const double number : distinct)
        place.emplace(number, static_cast<std::int32_t>(place.size()));
    std::vector<std::int32_t> places;
    for (const double number : dimension.numbers)
        places.push_back(std::isfinite(number) ? place[number] : -1);
    return places;
}

/// Variance of a sum over pairs of their influences, whose units (images, identities) are shared: the sum over units of
/// the squared sum of the influences of their pairs; a pair of two units is counted once.
class Dyads {
public:
    explicit Dyads(std::span<const std::int32_t> unitOfRow) : m_unit(unitOfRow) {}
    void add(const Pair& pair, double influence) {
        const std::int32_t a = m_unit[pair.first], b = m_unit[pair.second];
        m_sum[a] += influence;
        if (a != b) {
            m_sum[b] += influence;
            m_both += influence * influence;
        }
        m_alone += influence * influence;
    }
    /// Not below what independent pairs would have, so that a small sample's accident does not narrow an interval.
    double variance() const {
        double squares = 0;
        for (const auto& [unit, sum] : m_sum)
            squares += sum * sum;
        const auto n = static_cast<double>(m_sum.size());
        return std::max(m_alone, (squares - m_both) * (n > 1 ? n / (n - 1) : 1));
    }
    double units() const { return static_cast<double>(m_sum.size()); }

private:
    std::span<const std::int32_t> m_unit;
    std::map<std::int32_t, double> m_sum;
    double m_both = 0, m_alone = 0;
};

/// The changes of one score over the pairs of one dimension.
struct Changes {
    std::vector<Pair> pairs;
    Vector sizes;
    double mean = 0;
    std::int64_t n() const { return static_cast<std::int64_t>(sizes.size()); }
};

double quantileOf(const Vector& sorted, double p) {
    // Linear between order statistics, as numpy's default.
    const double at = std::clamp(p, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Share of `sorted` below x, those equal to it by half.
double shareBelow(const Vector& sorted, double x) {
    const auto [first, last] = std::ranges::equal_range(sorted, x);
    const auto below = static_cast<double>(first - sorted.begin()), equal = static_cast<double>(last - first);
    return (below + equal / 2) / static_cast<double>(sorted.size());
}

std::string ratioText(double ratio) {
    return formatFixed(ratio, 2) + " times";
}

} // namespace

bool namesPeople(std::string_view column) {
    std::string word, name = toLowerAscii(column) + " ";
    for (const char c : name) {
        if (c >= 'a' && c <= 'z') {
            word += c;
            continue;
        }
        for (const std::string_view known :
             {"gender", "sex", "race", "ethnicity", "skin", "tone", "monk", "fitzpatrick", "age", "religion",
              "nationality", "disability", "orientation"})
            if (word == known)
                return true;
        word.clear();
    }
    return false;
}

Result<std::vector<DimensionPairs>> pairsByDimension(std::span<const Dimension> dimensions, std::size_t images,
                                                     std::size_t most, std::uint64_t seed) {
    std::vector<std::vector<std::int32_t>> places;
    for (const Dimension& dimension : dimensions) {
        places.push_back(placesOf(dimension));
        if (places.back().size() != images)
            return badArgument("the number of values of " + dimension.name, std::to_string(places.back().size()),
                               std::to_string(images) + ", one for each image");
    }
    std::vector<std::uint32_t> known;
    for (std::size_t i = 0; i < images; ++i)
        if (std::ranges::all_of(places, [&](const auto& place) { return place[i] >= 0; }))
            known.push_back(static_cast<std::uint32_t>(i));

    std::vector<DimensionPairs> result(dimensions.size());
    for (std::size_t d = 0; d < dimensions.size(); ++d) {
        // Cells of images that are equal in all other dimensions, each in the order of this one.
        const auto compareOthers = [&](std::uint32_t a, std::uint32_t b) {
            for (std::size_t other = 0; other < places.size(); ++other)
                if (other != d && places[other][a] != places[other][b])
                    return places[other][a] < places[other][b] ? -1 : 1;
            return 0;
        };
        std::vector<std::uint32_t> order = known;
        std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
            const int others = compareOthers(a, b);
            return others != 0 ? others < 0 : std::pair(places[d][a], a) < std::pair(places[d][b], b);
        });
        // Of each image the images of its cell that are too near: a run [from, to) of the order.
        struct Reach {
            std::size_t cell, cellEnd, from, to;
            std::size_t partners() const { return cellEnd - cell - (to - from); }
        };
        std::vector<Reach> reach(order.size());
        std::vector<std::uint64_t> upTo(order.size() + 1);
        for (std::size_t cell = 0; cell < order.size();) {
            std::size_t cellEnd = cell + 1;
            while (cellEnd < order.size() && compareOthers(order[cell], order[cellEnd]) == 0)
                ++cellEnd;
            std::size_t from = cell, to = cell;
            const auto near = [&](std::size_t a, std::size_t b) {
                if (places[d][order[a]] == places[d][order[b]])
                    return true;
                return dimensions[d].numeric() && std::abs(dimensions[d].numbers[order[a]] -
                                                           dimensions[d].numbers[order[b]]) < dimensions[d].minDistance;
            };
            for (std::size_t i = cell; i < cellEnd; ++i) {
                while (!near(from, i))
                    ++from;
                to = std::max(to, i + 1);
                while (to < cellEnd && near(to, i))
                    ++to;
                reach[i] = {cell, cellEnd, from, to};
                upTo[i + 1] = upTo[i] + reach[i].partners();
            }
            cell = cellEnd;
        }
        const auto partnerOf = [&](std::size_t i, std::uint64_t which) {
            const std::size_t at = reach[i].cell + which;
            return order[at < reach[i].from ? at : at + (reach[i].to - reach[i].from)];
        };
        const std::uint64_t ordered = upTo.back();
        result[d].available = static_cast<double>(ordered / 2);
        std::set<Pair> chosen;
        if (ordered / 2 <= most) {
            for (std::size_t i = 0; i < order.size(); ++i)
                for (std::uint64_t which = 0; which < reach[i].partners(); ++which)
                    chosen.insert(std::minmax(order[i], partnerOf(i, which)));
        } else {
            RandomStream random(seed, streamId("dimension-pairs/" + dimensions[d].name), 0);
            while (chosen.size() < most) {
                const std::uint64_t at = random.below(ordered);
                const auto i = static_cast<std::size_t>(std::ranges::upper_bound(upTo, at) - upTo.begin() - 1);
                chosen.insert(std::minmax(order[i], partnerOf(i, at - upTo[i])));
            }
        }
        result[d].pairs.assign(chosen.begin(), chosen.end());
    }
    return result;
}

Result<MeasureTable> dimensionInfluence(std::span<const NamedScores> scores, std::span<const Dimension> dimensions,
                                        const DimensionInfluence& what, const Resampling& options) {
    if (scores.empty() || dimensions.empty())
        return badArgument(scores.empty() ? "scores" : "dimensions", "none", "at least one");
    const std::size_t images = scores.front().values.size();
    for (const NamedScores& score : scores)
        if (score.values.size() != images)
            return badArgument("the number of scores of " + score.name, std::to_string(score.values.size()),
                               std::to_string(images) + ", one for each image");
    PLUMBLINE_TRY(const std::vector<DimensionPairs> pairs,
                  pairsByDimension(dimensions, images, std::max<std::size_t>(what.pairs, 1), options.seed));

    // What is drawn independently: identities where they are known, images otherwise.
    std::vector<std::int32_t> units(images);
    std::iota(units.begin(), units.end(), 0);
    std::vector<std::string> people, controls;
    bool identities = false;
    for (const Dimension& dimension : dimensions) {
        if (dimension.role == Dimension::Role::Identity && !identities) {
            units = placesOf(dimension);
            identities = true;
        }
        if (dimension.role == Dimension::Role::Person)
            people.push_back(dimension.name);
        else if (dimension.role == Dimension::Role::Control)
            controls.push_back(dimension.name);
    }
    MeasureTable table;
    table.id = "dimension_influence";
    table.title = "What moves the scores: people's groups, or pose, light and smile";
    table.definition =
        "Pairs of images that differ in exactly one of " + std::to_string(dimensions.size()) +
        " dimensions; change: absolute difference of their scores. mean_change, median_change, p25_change, p75_change: "
        "over a dimension's pairs; superiority: chance that a pair of the first dimension changes more than one of the "
        "other, 0.5 if they are alike (Mann–Whitney); ratio_to_people: mean change of a control over the mean of those "
        "of "
        "people's groups; controls_to_people: the same for the mean of all controls, 1 if they are alike. Intervals "
        "and "
        "tests allow for pairs that share " +
        std::string(identities ? "an identity" : "an image") + " (dyadic cluster-robust).";
    table.source = "Hausladen et al. 2025, published code; ratios and robust intervals are Plumbline's";
    table.countOf = "pairs of images";
    table.keys = {"score", "dimension", "other"};
    for (std::size_t d = 0; d < dimensions.size(); ++d)
        if (pairs[d].pairs.empty())
            table.warnings.push_back("No two images differ in " + dimensions[d].name + " alone.");

    for (const NamedScores& score : scores) {
        std::vector<Changes> changes(dimensions.size());
        std::vector<Vector> sorted(dimensions.size());
        for (std::size_t d = 0; d < dimensions.size(); ++d) {
            Changes& of = changes[d];
            for (const Pair& pair : pairs[d].pairs) {
                const double change = std::abs(score.values[pair.first] - score.values[pair.second]);
                if (!std::isfinite(change))
                    continue;
                of.pairs.push_back(pair);
                of.sizes.push_back(change);
            }
            if (of.sizes.empty())
                continue;
            const auto n = static_cast<double>(of.sizes.size());
            of.mean = std::accumulate(of.sizes.begin(), of.sizes.end(), 0.0) / n;
            sorted[d] = of.sizes;
            std::ranges::sort(sorted[d]);
        }
        const auto add = [&](std::size_t d, std::string other, const char* measure, std::optional<double> value,
                             const Interval& interval, std::int64_t n, double unitCount) -> MeasureRow& {
            MeasureRow& row = table.rows.emplace_back(
                makeRow({score.name, d < dimensions.size() ? dimensions[d].name : std::string(), std::move(other)},
                        measure, value, interval, n, options));
            row.enough = row.enough && unitCount >= static_cast<double>(options.minGroup);
            return row;
        };
        for (std::size_t d = 0; d < dimensions.size(); ++d) {
            const Changes& of = changes[d];
            if (of.sizes.empty()) {
                add(d, "", "mean_change", {}, {}, 0, 0);
                continue;
            }
            const auto n = static_cast<double>(of.n());
            const auto rowOf = [&](const char* measure, double value, const auto& influence, const auto& ends) {
                Dyads dyads(units);
                for (std::size_t i = 0; i < of.sizes.size(); ++i)
                    dyads.add(of.pairs[i], influence(of.sizes[i]) / n);
                Interval interval;
                if (of.n() > 1 && dyads.units() > 1)
                    interval =
                        ends(studentInterval(0, std::sqrt(dyads.variance()), dyads.units() - 1, options.confidence));
                add(d, "", measure, value, interval, of.n(), dyads.units());
            };
            rowOf(
                "mean_change", of.mean, [&](double change) { return change - of.mean; },
                [&](const Interval& around) {
                    return Interval{std::max(0.0, of.mean + *around.low), of.mean + *around.high};
                });
            for (const auto& [measure, p] :
                 {std::pair{"median_change", 0.5}, {"p25_change", 0.25}, {"p75_change", 0.75}}) {
                const double value = quantileOf(sorted[d], p);
                // Woodruff's interval: that of the share below, read off the distribution.
                rowOf(
                    measure, value, [&](double change) { return (change <= value ? 1.0 : 0.0) - p; },
                    [&](const Interval& around) {
                        return Interval{quantileOf(sorted[d], p + *around.low),
                                        quantileOf(sorted[d], p + *around.high)};
                    });
            }
        }
        for (std::size_t a = 0; a < dimensions.size(); ++a)
            for (std::size_t b = a + 1; b < dimensions.size(); ++b) {
                if (changes[a].sizes.empty() || changes[b].sizes.empty())
                    continue;
                const RankSum test = mannWhitney(changes[a].sizes, changes[b].sizes, PMethod::Normal);
                const double share = *test.superiority;
                const auto nA = static_cast<double>(test.nX), nB = static_cast<double>(test.nY);
                Dyads dyads(units);
                for (std::size_t i = 0; i < changes[a].sizes.size(); ++i)
                    dyads.add(changes[a].pairs[i], (shareBelow(sorted[b], changes[a].sizes[i]) - share) / nA);
                for (std::size_t i = 0; i < changes[b].sizes.size(); ++i)
                    dyads.add(changes[b].pairs[i], (1 - shareBelow(sorted[a], changes[b].sizes[i]) - share) / nB);
                Interval interval;
                std::optional<double> p;
                if (dyads.units() > 1 && test.nX > 1 && test.nY > 1) {
                    const double robust = std::sqrt(dyads.variance());
                    interval = studentInterval(share, robust, dyads.units() - 1, options.confidence);
                    interval = {std::max(0.0, *interval.low), std::min(1.0, *interval.high)};
                    p = robust > 0 ? std::max(test.p.value_or(1), studentP((share - 0.5) / robust, dyads.units() - 1))
                                   : test.p;
                }
                MeasureRow& row = add(a, dimensions[b].name, "superiority", share, interval, std::min(test.nX, test.nY),
                                      dyads.units());
                row.value.neutral = 0.5;
                row.value.pValue = p;
            }

        // Ratios of mean changes, dimensions alike in weight; intervals on the logarithmic scale.
        std::vector<std::size_t> ofPeople, ofControls;
        for (std::size_t d = 0; d < dimensions.size(); ++d)
            if (!changes[d].sizes.empty() && dimensions[d].role != Dimension::Role::Identity)
                (dimensions[d].role == Dimension::Role::Person ? ofPeople : ofControls).push_back(d);
        const auto meanOf = [&](const std::vector<std::size_t>& which) {
            double sum = 0;
            for (const std::size_t d : which)
                sum += changes[d].mean;
            return sum / static_cast<double>(which.size());
        };
        const auto ratio = [&](const std::vector<std::size_t>& top, std::size_t keyOf,
                               const char* measure) -> const MeasureRow* {
            if (top.empty() || ofPeople.empty() || !(meanOf(ofPeople) > 0))
                return nullptr;
            const double value = meanOf(top) / meanOf(ofPeople);
            Dyads dyads(units);
            std::int64_t n = std::numeric_limits<std::int64_t>::max();
            const auto influences = [&](const std::vector<std::size_t>& which, double sign) {
                for (const std::size_t d : which) {
                    n = std::min(n, changes[d].n());
                    const double scale = sign / (static_cast<double>(changes[d].n()) *
                                                 static_cast<double>(which.size()) * meanOf(which));
                    for (std::size_t i = 0; i < changes[d].sizes.size(); ++i)
                        dyads.add(changes[d].pairs[i], scale * (changes[d].sizes[i] - changes[d].mean));
                }
            };
            Interval interval;
            std::optional<double> p;
            if (value > 0) {
                influences(top, 1);
                influences(ofPeople, -1);
                const double error = std::sqrt(dyads.variance());
                if (n > 1 && dyads.units() > 1) {
                    interval = studentInterval(std::log(value), error, dyads.units() - 1, options.confidence);
                    interval = {std::exp(*interval.low), std::exp(*interval.high)};
                    if (error > 0)
                        p = studentP(std::log(value) / error, dyads.units() - 1);
                }
            }
            MeasureRow& row = add(keyOf, "", measure, value, interval, value > 0 ? n : 0, dyads.units());
            row.value.neutral = 1;
            row.value.pValue = p;
            return &row;
        };
        for (std::size_t d = 0; d < dimensions.size(); ++d)
            if (dimensions[d].role != Dimension::Role::Person && !changes[d].sizes.empty())
                ratio({d}, d, "ratio_to_people");
        if (const MeasureRow* all = ratio(ofControls, dimensions.size(), "controls_to_people")) {
            std::vector<std::string> controlNames, peopleNames;
            for (const std::size_t d : ofControls)
                controlNames.push_back(dimensions[d].name);
            for (const std::size_t d : ofPeople)
                peopleNames.push_back(dimensions[d].name);
            std::string sentence = score.name + ": changes of " + listed(controlNames) + " move the score " +
                                   ratioText(*all->value.value) + " as much as changes of " + listed(peopleNames);
            if (all->value.ciLow && all->value.ciHigh)
                sentence += " (interval " + formatFixed(*all->value.ciLow, 2) + " to " +
                            formatFixed(*all->value.ciHigh, 2) + ")";
            const std::string advice = "compare groups at the same " + listed(controlNames) + ".";
            sentence += !all->enough || !all->value.ciLow ? "; there are too few pairs to be sure."
                        : *all->value.ciLow > 1           ? ": more than people's groups do, so " + advice
                        : *all->value.ciHigh < 1          ? ": less than people's groups do."
                                                 : ": about as much, as far as these pairs can tell; " + advice;
            table.warnings.push_back(std::move(sentence));
        }
    }
    correctFamily(table, "superiority of every two dimensions and ratios, of every score");
    return table;
}

} // namespace plumbline::metric
