// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/group_association.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>

#include "core/base/random.h"
#include "core/metric/association/effect_size.h"
#include "core/metric/association/partition_test.h"
#include "core/metric/association/vectors.h"
#include "core/metric/family.h"
#include "core/metric/parallel.h"
#include "core/metric/rank_tests.h"
#include "core/metric/rates.h"

namespace plumbline::metric {

namespace {

/// What takes part: images with a label and numbers only, concepts with a number.
struct Compared {
    std::vector<std::string> groups;   ///< that have an image
    std::vector<std::uint32_t> images; ///< their columns of the similarities
    std::vector<std::int32_t> codes;   ///< of `images`, into groups
    std::vector<std::int64_t> counts;  ///< of the groups
    std::vector<bool> defined;         ///< of the concepts
    std::vector<std::string> warnings;
    std::size_t all = 0; ///< images with or without a label

    std::vector<double> scores(const ConceptScores& from, std::size_t concept_) const {
        std::vector<double> values(images.size());
        for (std::size_t i = 0; i < images.size(); ++i)
            values[i] = static_cast<double>(from.similarities[concept_ * all + images[i]]);
        return values;
    }
};

Outcome<Compared> poolOf(const ConceptScores& scores, const Attribute& attribute) {
    Compared pool;
    const std::size_t concepts = scores.concepts.size();
    pool.all = attribute.codes.size();
    if (scores.similarities.size() != concepts * pool.all)
        return unusableArgument("similarities", std::to_string(scores.similarities.size()) + " numbers",
                                std::to_string(concepts) + " concepts times " + std::to_string(pool.all) + " images");
    const auto at = [&](std::size_t concept_, std::size_t image) {
        return scores.similarities[concept_ * pool.all + image];
    };
    pool.defined.assign(concepts, false);
    for (std::size_t c = 0; c < concepts; ++c) {
        for (std::size_t i = 0; i < pool.all && !pool.defined[c]; ++i)
            pool.defined[c] = attribute.codes[i] >= 0 && std::isfinite(at(c, i));
        if (!pool.defined[c])
            pool.warnings.push_back(scores.concepts[c].text + ": no image has a similarity that is a number.");
    }
    std::int64_t leftOut = 0;
    std::vector<std::int32_t> codes;
    for (std::size_t i = 0; i < pool.all; ++i) {
        if (attribute.codes[i] < 0 || static_cast<std::size_t>(attribute.codes[i]) >= attribute.groups.size())
            continue;
        bool usable = true;
        for (std::size_t c = 0; c < concepts && usable; ++c)
            usable = !pool.defined[c] || std::isfinite(at(c, i));
        if (!usable) {
            ++leftOut;
            continue;
        }
        pool.images.push_back(static_cast<std::uint32_t>(i));
        codes.push_back(attribute.codes[i]);
    }
    if (leftOut > 0)
        pool.warnings.push_back(std::to_string(leftOut) +
                                (leftOut == 1 ? " image has a similarity that is not a number and is left out."
                                              : " images have a similarity that is not a number and are left out."));
    std::vector<std::int32_t> place(attribute.groups.size(), -1);
    for (std::size_t g = 0; g < attribute.groups.size(); ++g) {
        const auto count = std::ranges::count(codes, static_cast<std::int32_t>(g));
        if (count == 0)
            continue;
        place[g] = static_cast<std::int32_t>(pool.groups.size());
        pool.groups.push_back(attribute.groups[g]);
        pool.counts.push_back(count);
    }
    for (const std::int32_t code : codes)
        pool.codes.push_back(place[static_cast<std::size_t>(code)]);
    if (pool.groups.empty())
        return tl::unexpected<Stop>(Error{ErrorCode::AttributeEmpty, {{"name", attribute.name}}, {}});
    if (pool.groups.size() == 1)
        return tl::unexpected<Stop>(
            Error{ErrorCode::AttributeSingleGroup, {{"name", attribute.name}, {"group", pool.groups.front()}}, {}});
    return pool;
}

void warnOfSmallGroups(MeasureTable& table, const Compared& pool, const Resampling& options) {
    for (std::size_t g = 0; g < pool.groups.size(); ++g)
        if (pool.counts[g] < options.minGroup)
            table.warnings.push_back(pool.groups[g] + " has " + std::to_string(pool.counts[g]) +
                                     " images: not enough for a finding.");
}

/// Counts of the groups among the `top` images with the highest score, ties by the image's row.
std::vector<std::int64_t> topCounts(const std::vector<double>& scores, const Compared& pool, std::size_t top) {
    std::vector<std::uint32_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0U);
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
        [&](std::uint32_t a, std::uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
    std::vector<std::int64_t> counts(pool.groups.size(), 0);
    for (std::size_t i = 0; i < top; ++i)
        ++counts[static_cast<std::size_t>(pool.codes[order[i]])];
    return counts;
}

/// Shares in proportion to p^power, and how far they are from p.
struct Tempered {
    std::vector<double> q;
    double divergence = 0, entropy = 0; ///< KL(q || p); of q, not normalised
};
Tempered temper(const std::vector<double>& logP, double power) {
    Tempered result;
    const auto exponent = [&](std::size_t g) { return power * logP[g]; };
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t g = 0; g < logP.size(); ++g)
        largest = std::max(largest, exponent(g));
    for (std::size_t g = 0; g < logP.size(); ++g)
        sum += std::exp(exponent(g) - largest);
    for (std::size_t g = 0; g < logP.size(); ++g) {
        const double logQ = exponent(g) - largest - std::log(sum), q = std::exp(logQ);
        result.q.push_back(q);
        if (q > 0) {
            result.divergence += q * (logQ - logP[g]);
            result.entropy -= q * logQ;
        }
    }
    return result;
}

/// The entropy where the tempered shares leave the region, going from p (power 1) towards `end`.
double entropyAtEdge(const std::vector<double>& logP, double end, double radius) {
    if (const Tempered last = temper(logP, end); last.divergence <= radius)
        return last.entropy;
    double inside = 1, outside = end;
    for (int i = 0; i < 200; ++i) {
        const double middle = (inside + outside) / 2;
        (temper(logP, middle).divergence <= radius ? inside : outside) = middle;
    }
    return temper(logP, inside).entropy;
}

/// Normalised entropies of the first `looked` rows of random orders. A draw is short and one null serves all concepts,
/// so there are enough of them for a p that stands up to the correction for hundreds of concepts.
Outcome<std::vector<double>> entropiesOfChance(std::span<const std::int32_t> codes, std::size_t groups,
                                               std::size_t looked, const std::string& name, const Resampling& options,
                                               Feedback& feedback) {
    constexpr int kLeast = 20'000;
    std::vector<double> draws(
        static_cast<std::size_t>(options.nullDraws > 0 ? std::max(options.nullDraws, kLeast) : 0));
    struct Scratch {
        std::vector<std::uint32_t> rows;
        std::vector<std::size_t> swapped;
        std::vector<std::int64_t> counts;
    };
    const std::uint64_t stream = streamId(name);
    const bool done = forEachReplicate(
        draws.size(), feedback,
        [&] {
            Scratch scratch{std::vector<std::uint32_t>(codes.size()), std::vector<std::size_t>(looked),
                            std::vector<std::int64_t>(groups)};
            std::iota(scratch.rows.begin(), scratch.rows.end(), 0U);
            return scratch;
        },
        [&](Scratch& scratch, std::size_t i) {
            RandomStream random(options.seed, stream, i);
            std::ranges::fill(scratch.counts, 0);
            for (std::size_t j = 0; j < looked; ++j) {
                scratch.swapped[j] = j + random.below(codes.size() - j);
                std::swap(scratch.rows[j], scratch.rows[scratch.swapped[j]]);
                ++scratch.counts[static_cast<std::size_t>(codes[scratch.rows[j]])];
            }
            for (std::size_t j = looked; j-- > 0;) // back in order: the next draw must not depend on this one
                std::swap(scratch.rows[j], scratch.rows[scratch.swapped[j]]);
            draws[i] = *normalisedEntropy(scratch.counts);
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return draws;
}

} // namespace

std::optional<double> normalisedEntropy(std::span<const std::int64_t> counts) {
    std::int64_t all = 0;
    for (const std::int64_t count : counts)
        all += count;
    if (counts.size() < 2 || all == 0)
        return std::nullopt;
    double sum = 0;
    for (const std::int64_t count : counts)
        if (count > 0) {
            const double share = static_cast<double>(count) / static_cast<double>(all);
            sum -= share * std::log(share);
        }
    return sum / std::log(static_cast<double>(counts.size()));
}

Interval entropyInterval(std::span<const std::int64_t> counts, double confidence) {
    const std::optional<double> value = normalisedEntropy(counts);
    if (!value)
        return {};
    const auto groups = static_cast<double>(counts.size());
    double n = 0;
    for (const std::int64_t count : counts)
        n += static_cast<double>(count);
    const double radius = boost::math::quantile(boost::math::chi_squared(groups - 1), confidence) / (2 * n);
    std::vector<double> logP;
    for (std::size_t g = 0; g < counts.size(); ++g) // told apart a little, so that equal shares too can be left
        logP.push_back(
            std::log((static_cast<double>(counts[g]) + 0.5 + 1e-7 * static_cast<double>(g)) / (n + groups / 2)));
    // The shares at which entropy is stationary on the region's edge are p^power / sum: the largest entropy with a
    // power between 0 and 1, the least one with a power above 1 (towards the largest share) or below 0 (the smallest).
    const double least = std::min(entropyAtEdge(logP, 1e12, radius), entropyAtEdge(logP, -1e12, radius));
    const double most = entropyAtEdge(logP, 0, radius), unit = std::log(groups);
    return {std::min(least / unit, *value), std::max(std::min(1.0, most / unit), *value)};
}

Interval rankShareInterval(double h, std::size_t groups, std::int64_t n, double confidence) {
    if (groups < 2 || n < 2 || !(h >= 0))
        return {};
    const auto freedom = static_cast<double>(groups - 1);
    // P(H at most h) where the noncentrality is `lambda`.
    const auto atMost = [&](double lambda) {
        if (lambda > 5000) // normal by then
            return boost::math::cdf(boost::math::normal(freedom + lambda, std::sqrt(2 * (freedom + 2 * lambda))), h);
        return lambda > 0 ? boost::math::cdf(boost::math::non_central_chi_squared(freedom, lambda), h)
                          : boost::math::cdf(boost::math::chi_squared(freedom), h);
    };
    const auto solve = [&](double wanted) {
        double low = 0, high = h + 20 * std::sqrt(h + freedom) + 50;
        if (atMost(0) <= wanted)
            return 0.0;
        for (int i = 0; i < 100; ++i) {
            const double middle = (low + high) / 2;
            (atMost(middle) > wanted ? low : high) = middle;
        }
        return low;
    };
    const auto share = [&](double lambda) { return std::min(1.0, lambda / static_cast<double>(n - 1)); };
    return {share(solve((1 + confidence) / 2)), share(solve((1 - confidence) / 2))};
}

Interval superiorityInterval(double superiority, std::int64_t nX, std::int64_t nY, double confidence) {
    if (nX <= 0 || nY <= 0 || !(superiority >= 0 && superiority <= 1))
        return {};
    const double z = normalQuantile(confidence);
    const auto a = static_cast<double>(nX), b = static_cast<double>(nY);
    const double typical = (a + b) / 2 - 1;
    // How many standard errors the estimate lies from a true value.
    const auto away = [&](double truth) {
        const double variance =
            truth * (1 - truth) * (1 + typical * ((1 - truth) / (2 - truth) + truth / (1 + truth))) / (a * b);
        return std::abs(superiority - truth) / std::sqrt(variance);
    };
    const auto edge = [&](double end) {
        double inside = superiority, outside = end;
        for (int i = 0; i < 200; ++i) {
            const double middle = (inside + outside) / 2;
            (away(middle) <= z ? inside : outside) = middle;
        }
        return inside;
    };
    return {superiority > 0 ? edge(0) : 0.0, superiority < 1 ? edge(1) : 1.0};
}

Outcome<MeasureTable> groupAssociationTable(const ConceptScores& scores, const Attribute& attribute,
                                            const GroupAssociationOptions& association, const Resampling& options,
                                            Feedback& feedback) {
    PLUMBLINE_TRY(const Compared pool, poolOf(scores, attribute));
    if (association.top < 1)
        return unusableArgument("top", std::to_string(association.top), "1 or more");
    const std::string top = "top_" + std::to_string(association.top) + "_entropy";
    MeasureTable table;
    table.id = "group_association";
    table.title = "Association of concepts with groups (C-ASC)";
    table.definition = "c_asc = (mean similarity of the concept with the group's images - mean with the other labelled "
                       "images) / standard "
                       "deviation over all of them (ddof 1). Above 0: the concept leans to the group. " +
                       top + " = entropy of the groups' shares among the " + std::to_string(association.top) +
                       " most similar images / ln G; 1: equal shares, 0: one group alone. Intervals are over images. p "
                       "of c_asc: two-sided, "
                       "random membership; of the entropy: as low in a random ranking of the same images.";
    table.source = "Hamidieh and others, Identifying Implicit Social Biases in Vision-Language Models, 2024 (So-B-IT)";
    table.countOf = "images";
    table.keys = {"category", "concept", attribute.name};
    table.warnings = pool.warnings;
    warnOfSmallGroups(table, pool, options);

    const std::size_t groups = pool.groups.size(), images = pool.images.size(), concepts = scores.concepts.size();
    const auto n = static_cast<std::int64_t>(images);
    std::vector<std::vector<double>> columns;
    std::vector<std::size_t> kept;
    for (std::size_t c = 0; c < concepts; ++c)
        if (pool.defined[c]) {
            columns.push_back(pool.scores(scores, c));
            kept.push_back(c);
        }
    // By group, then by concept, and put in order afterwards: the concepts share a group's permutations.
    std::vector<std::vector<MeasureRow>> byConcept(kept.size());
    // Of two groups the second is the first with the sign turned: one test, made and corrected once.
    const std::size_t measured = groups == 2 ? 1 : groups;
    for (std::size_t g = 0; g < measured; ++g) {
        feedback.progress("association", static_cast<std::int64_t>(g), static_cast<std::int64_t>(groups));
        std::vector<std::uint32_t> order; // the group's images first
        for (const bool own : {true, false})
            for (std::size_t i = 0; i < images; ++i)
                if ((pool.codes[i] == static_cast<std::int32_t>(g)) == own)
                    order.push_back(static_cast<std::uint32_t>(i));
        const auto members = static_cast<std::size_t>(pool.counts[g]);
        std::vector<PartitionTest> tests;
        if (options.nullDraws > 0) {
            std::vector<double> values(images * kept.size());
            for (std::size_t i = 0; i < images; ++i)
                for (std::size_t c = 0; c < kept.size(); ++c)
                    values[i * kept.size() + c] = columns[c][order[i]];
            const std::string name = attribute.name + "/" + pool.groups[g];
            const std::int64_t draws = std::min<std::int64_t>(options.nullDraws, Partitions::kMost - 1) + 1;
            PLUMBLINE_TRY(tests, partitionTests(values, kept.size(), members, association.scale, name,
                                                {draws, draws, options.seed}, feedback));
        }
        std::vector<double> ordered(images);
        for (std::size_t c = 0; c < kept.size(); ++c) {
            if (feedback.cancelled())
                return tl::unexpected<Stop>(Cancelled{});
            for (std::size_t i = 0; i < images; ++i)
                ordered[i] = columns[c][order[i]];
            const auto own = std::span<const double>(ordered).first(members);
            const auto others = std::span<const double>(ordered).subspan(members);
            const Concept& concept_ = scores.concepts[kept[c]];
            MeasureRow row{{concept_.group, concept_.text, pool.groups[g]},
                           "c_asc",
                           {},
                           pool.counts[g],
                           std::min(pool.counts[g], n - pool.counts[g]) >= options.minGroup};
            const EffectSize effect = effectSize(own, others, 1, association.scale);
            row.value.value = effect.d;
            if (effect.d) {
                PLUMBLINE_TRY(const Interval interval,
                              effectInterval(own, others, 1, "c-asc/" + concept_.text, options, feedback));
                setInterval(row.value, interval);
                if (!tests.empty()) {
                    row.value.pValue = tests[c].twoSided;
                    row.value.nullMean = 0.0;
                    row.value.nullP95 = tests[c].size95 / effect.sd;
                }
            } else if (g == 0) {
                table.warnings.push_back(concept_.text + ": all similarities are equal, so there is no association.");
            }
            if (groups == 2) {
                MeasureRow other = row;
                other.keys.back() = pool.groups[1];
                other.n = pool.counts[1];
                const auto turned = [](const std::optional<double>& value) {
                    return value ? std::optional(-*value) : std::nullopt;
                };
                other.value.value = turned(row.value.value);
                other.value.ciLow = turned(row.value.ciHigh);
                other.value.ciHigh = turned(row.value.ciLow);
                byConcept[c] = {std::move(row), std::move(other)};
            } else {
                byConcept[c].push_back(std::move(row));
            }
        }
    }
    const auto looked = static_cast<std::size_t>(association.top);
    if (looked < images) {
        // One null for all concepts: the composition of the top of a random ranking.
        PLUMBLINE_TRY(const std::vector<double> draws,
                      entropiesOfChance(pool.codes, groups, looked, "entropy/" + attribute.name, options, feedback));
        const bool enough = std::ranges::all_of(pool.counts, [&](std::int64_t c) { return c >= options.minGroup; });
        for (std::size_t c = 0; c < kept.size(); ++c) {
            const Concept& concept_ = scores.concepts[kept[c]];
            const std::vector<std::int64_t> counts = topCounts(columns[c], pool, looked);
            MeasureRow row{{concept_.group, concept_.text, ""}, top, {}, association.top, enough};
            row.value.value = normalisedEntropy(counts);
            setInterval(row.value, entropyInterval(counts, options.confidence));
            row.value.neutral = normalisedEntropy(pool.counts);
            setNull(row.value, draws, Tail::Lower);
            byConcept[c].push_back(std::move(row));
        }
    } else {
        table.warnings.push_back("There are " + std::to_string(images) + " images, so the top " +
                                 std::to_string(association.top) + " are all of them and their entropy says nothing.");
    }
    for (std::vector<MeasureRow>& rows : byConcept)
        std::ranges::move(rows, std::back_inserter(table.rows));
    MeasureTable family;
    std::vector<std::size_t> from(table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const bool mirrored =
            groups == 2 && table.rows[i].measure == "c_asc" && i > 0 && table.rows[i].keys.back() == pool.groups[1];
        if (!mirrored)
            family.rows.push_back(table.rows[i]);
        from[i] = family.rows.size() - 1;
    }
    correctFamily(family, "associations of all concepts and groups, and entropies");
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        table.rows[i].value.adjustedP = family.rows[from[i]].value.adjustedP;
        table.rows[i].value.falseDiscovery = family.rows[from[i]].value.falseDiscovery;
    }
    table.family = family.family;
    return table;
}

Outcome<MeasureTable> groupRankTable(const ConceptScores& scores, const Attribute& attribute, const Resampling& options,
                                     Feedback& feedback) {
    PLUMBLINE_TRY(const Compared pool, poolOf(scores, attribute));
    MeasureTable table;
    table.id = "group_ranks";
    table.title = "Differences between groups by rank";
    table.definition =
        "kruskal_wallis_h: Kruskal and Wallis' H over the groups, with the share of the variance of ranks that lies "
        "between "
        "them (epsilon_squared = H / (n - 1), 0 to 1); H has no interval, its p is that of chi-squared. superiority of "
        "a pair "
        "of groups = P(an image of the first is more similar to the concept than one of the second), ties counting "
        "half; "
        "0.5: alike. Intervals are over images; p by Mann and Whitney, corrected (Holm) over the pairs of the concept.";
    table.source = "Kruskal and Wallis, JASA 47(260), 1952; Mann and Whitney, 1947; interval: Newcombe, Statistics in "
                   "Medicine 25(4), 2006, method 5";
    table.countOf = "images";
    table.keys = {"category", "concept", attribute.name};
    table.warnings = pool.warnings;
    warnOfSmallGroups(table, pool, options);
    const std::size_t groups = pool.groups.size();
    const bool enough = std::ranges::all_of(pool.counts, [&](std::int64_t c) { return c >= options.minGroup; });
    const auto n = static_cast<std::int64_t>(pool.images.size());
    MeasureTable tests; // of all groups of a concept together
    std::vector<std::size_t> places;
    for (std::size_t c = 0; c < scores.concepts.size(); ++c) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        feedback.progress("association", static_cast<std::int64_t>(c),
                          static_cast<std::int64_t>(scores.concepts.size()));
        if (!pool.defined[c])
            continue;
        const Concept& concept_ = scores.concepts[c];
        const std::vector<double> values = pool.scores(scores, c);
        const GroupRanks ranks = kruskalWallis(values, pool.codes);
        MeasureRow row{{concept_.group, concept_.text, ""}, "kruskal_wallis_h", {}, n, enough};
        row.value.value = ranks.h;
        row.value.neutral = static_cast<double>(groups - 1); // the mean of chi-squared
        if (ranks.h)
            row.value.pValue = ranks.p;
        places.push_back(table.rows.size());
        tests.rows.push_back(row);
        table.rows.push_back(row);
        MeasureRow share{row.keys, "epsilon_squared", {}, n, enough};
        share.value.value = ranks.epsilonSquared;
        if (ranks.epsilonSquared) {
            share.value.neutral = static_cast<double>(groups - 1) / static_cast<double>(n - 1);
            Interval interval = rankShareInterval(*ranks.h, groups, n, options.confidence);
            interval.low = std::min(interval.low.value_or(0.0), *ranks.epsilonSquared); // noise raises what is observed
            interval.high = std::max(interval.high.value_or(1.0), *ranks.epsilonSquared);
            setInterval(share.value, interval);
        }
        table.rows.push_back(std::move(share));
        std::vector<std::vector<double>> byGroup(groups);
        for (std::size_t i = 0; i < values.size(); ++i)
            byGroup[static_cast<std::size_t>(pool.codes[i])].push_back(values[i]);
        std::vector<double> p;
        std::vector<std::size_t> tested;
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t h = g + 1; h < groups; ++h) {
                const RankSum result = mannWhitney(byGroup[g], byGroup[h]);
                MeasureRow pair{{concept_.group, concept_.text, pool.groups[g] + " – " + pool.groups[h]},
                                "superiority",
                                {},
                                result.nX + result.nY,
                                std::min(result.nX, result.nY) >= options.minGroup};
                pair.value.value = result.superiority;
                pair.value.neutral = 0.5;
                if (result.superiority)
                    setInterval(pair.value,
                                superiorityInterval(*result.superiority, result.nX, result.nY, options.confidence));
                pair.value.pValue = result.p;
                if (pair.enough && result.p) {
                    p.push_back(*result.p);
                    tested.push_back(table.rows.size());
                }
                table.rows.push_back(std::move(pair));
            }
        const std::vector<double> holm = holmAdjusted(p);
        for (std::size_t i = 0; i < tested.size(); ++i)
            table.rows[tested[i]].value.adjustedP = holm[i];
    }
    correctFamily(tests, "Kruskal and Wallis' tests of all concepts (pairs of groups: within their concept)");
    for (std::size_t i = 0; i < places.size(); ++i)
        table.rows[places[i]].value = tests.rows[i].value;
    table.family = tests.family;
    return table;
}

} // namespace plumbline::metric
