// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/ranking_relevance.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "core/base/numbers.h"
#include "core/metric/exact_test.h"
#include "core/metric/family.h"
#include "core/metric/rank_order.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {
namespace {

double discount(std::size_t rank) {
    return 1.0 / std::log2(static_cast<double>(rank) + 1.0);
}

/// The labelled rows of a ranking, numbered from 0.
struct Ranking {
    std::vector<std::int32_t> group;
    std::vector<double> gain, referenceGain;
    std::vector<std::uint32_t> order, byGain, reference; ///< rows, the first one first
    std::size_t k = 0;
    bool hasRelevance = false, hasReference = false;

    std::size_t rows() const { return group.size(); }
    bool relevant(std::size_t row) const { return gain[row] > 0; }
};

std::vector<std::uint32_t> orderOf(std::span<const double> scores, std::span<const std::int32_t> groups) {
    return rankOrder(scores, groups, scores.size()).rows;
}

/// What the bootstrap asks of a resample: `times` says how often each row was drawn.
class Resampled {
public:
    Resampled(const Ranking& ranking, std::span<const std::uint32_t> drawn)
        : m_ranking(ranking), m_times(ranking.rows(), 0U) {
        for (const std::uint32_t row : drawn)
            ++m_times[row];
    }

    double ndcgOf(const std::vector<double>& gain, const std::vector<std::uint32_t>& best) const {
        const double ideal = dcg(gain, best);
        return ideal > 0 ? dcg(gain, m_ranking.order) / ideal : std::nan("");
    }
    /// The two numbers that compare with the reference's first rows.
    std::pair<double, double> overlap() const {
        std::vector<std::uint32_t> kept(m_ranking.rows(), 0U); // copies of a row among the reference's first k
        std::size_t left = m_ranking.k;
        for (const std::uint32_t row : m_ranking.reference) {
            kept[row] = static_cast<std::uint32_t>(std::min<std::size_t>(m_times[row], left));
            left -= kept[row];
            if (left == 0)
                break;
        }
        double sum = 0, best = 0;
        std::size_t common = 0, rank = 0;
        for (const std::uint32_t row : m_ranking.order)
            for (std::uint32_t copy = 0; copy < m_times[row] && rank < m_ranking.k; ++copy)
                if (++rank; copy < kept[row]) {
                    sum += discount(rank);
                    best += discount(++common);
                }
        return {best > 0 ? sum / best : 0.0,
                1.0 - static_cast<double>(common) / static_cast<double>(m_ranking.k)};
    }

private:
    double dcg(const std::vector<double>& gain, const std::vector<std::uint32_t>& order) const {
        double sum = 0;
        std::size_t rank = 0;
        for (const std::uint32_t row : order) {
            for (std::uint32_t copy = 0; copy < m_times[row] && rank < m_ranking.k; ++copy)
                sum += gain[row] * discount(++rank);
            if (rank == m_ranking.k)
                break;
        }
        return sum;
    }

    const Ranking& m_ranking;
    std::vector<std::uint32_t> m_times;
};

Result<void> checkSizes(const Attribute& attribute, const RelevanceInput& input) {
    const std::size_t rows = attribute.codes.size();
    if (input.scores.size() != rows)
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(input.scores.size()) + " scores for " +
                                    std::to_string(rows) + " images"}});
    for (const auto& [name, values] :
         {std::pair{"relevance", input.relevance}, std::pair{"reference", input.reference}})
        if (!values.empty() && values.size() != rows)
            return fail(ErrorCode::InvalidArgument, {{"name", name},
                                                     {"value", std::to_string(values.size()) + " values"},
                                                     {"expected", std::to_string(rows) + " values, one an image"}});
    for (const double gain : input.relevance)
        if (!(gain >= 0) || !std::isfinite(gain))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "relevance"}, {"value", formatDouble(gain)}, {"expected", "numbers of at least 0"}});
    return {};
}

Result<Ranking> rankingOf(const Attribute& attribute, const RelevanceInput& input, const KSpec& k) {
    PLUMBLINE_CHECK(checkSizes(attribute, input));
    Ranking ranking;
    ranking.hasRelevance = !input.relevance.empty();
    ranking.hasReference = !input.reference.empty();
    std::vector<double> scores, reference;
    for (std::size_t row = 0; row < attribute.codes.size(); ++row) {
        if (attribute.codes[row] < 0)
            continue;
        ranking.group.push_back(attribute.codes[row]);
        scores.push_back(input.scores[row]);
        ranking.gain.push_back(ranking.hasRelevance ? input.relevance[row] : 0.0);
        if (ranking.hasReference)
            reference.push_back(input.reference[row]);
    }
    if (ranking.rows() == 0)
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (std::ranges::all_of(scores, [](double score) { return std::isnan(score); }))
        return fail(ErrorCode::ScoresInvalid, {{"reason", "none of the scores is a number"}});
    const std::int64_t wanted = k.resolve(static_cast<std::int64_t>(ranking.rows()));
    if (wanted < 1)
        return fail(ErrorCode::KInvalid, {{"value", std::to_string(wanted)}});
    ranking.k = std::min(static_cast<std::size_t>(wanted), ranking.rows());
    ranking.order = orderOf(scores, ranking.group);
    ranking.byGain = orderOf(ranking.gain, ranking.group);
    if (ranking.hasReference) {
        ranking.reference = orderOf(reference, ranking.group);
        ranking.referenceGain = minMaxGains(reference);
    }
    return ranking;
}

std::vector<double> inOrder(const std::vector<double>& gain, const std::vector<std::uint32_t>& order) {
    std::vector<double> gains;
    gains.reserve(order.size());
    for (const std::uint32_t row : order)
        gains.push_back(gain[row]);
    return gains;
}

double newInTop(const Ranking& ranking) {
    std::vector<bool> known(ranking.rows(), false);
    for (std::size_t i = 0; i < ranking.k; ++i)
        known[ranking.reference[i]] = true;
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < ranking.k; ++i)
        fresh += !known[ranking.order[i]];
    return static_cast<double>(fresh) / static_cast<double>(ranking.k);
}

class Table {
public:
    Table(const Attribute& attribute, const Ranking& ranking, const Resampling& options)
        : m_attribute(attribute), m_ranking(ranking), m_options(options) {
        table.id = "ranking_relevance";
        table.title = "Ranking quality by " + attribute.name;
        table.countOf = "images";
        table.keys = {attribute.name};
    }

    MeasureTable table;

    MeasureRow& add(const std::string& group, const char* measure, std::int64_t n) {
        MeasureRow row;
        row.keys = {group};
        row.measure = measure;
        row.n = n;
        row.enough = n >= m_options.minGroup;
        return table.rows.emplace_back(std::move(row));
    }

    /// NDCG and what compares with the reference: intervals by resampling images, the null by random orders.
    Outcome<void> addOrderMeasures(Feedback& feedback) {
        const auto rows = static_cast<std::int64_t>(m_ranking.rows());
        struct Wanted {
            const char* name;
            std::optional<double> value;
            Tail tail;
            bool null;
        };
        std::vector<Wanted> wanted;
        if (m_ranking.hasRelevance)
            wanted.push_back({"ndcg", ndcg(inOrder(m_ranking.gain, m_ranking.order), m_ranking.k), Tail::Upper, true});
        if (m_ranking.hasReference) {
            wanted.push_back({"reference_ndcg", ndcg(inOrder(m_ranking.referenceGain, m_ranking.order), m_ranking.k),
                              Tail::Upper, true});
            wanted.push_back({"overlap_ndcg", overlapNdcg(m_ranking.order, m_ranking.reference, m_ranking.k), Tail::Upper,
                              true});
            wanted.push_back({"new_in_top", newInTop(m_ranking), Tail::Lower, true});
        }
        if (wanted.empty())
            return {};
        const auto values = [&](const Ranking& ranking, std::span<const std::uint32_t> drawn, std::span<double> into) {
            const Resampled resampled(ranking, drawn);
            std::size_t at = 0;
            if (m_ranking.hasRelevance)
                into[at++] = resampled.ndcgOf(ranking.gain, ranking.byGain);
            if (m_ranking.hasReference) {
                into[at++] = resampled.ndcgOf(ranking.referenceGain, ranking.reference);
                std::tie(into[at], into[at + 1]) = resampled.overlap();
            }
        };
        PLUMBLINE_TRY(const Draws draws,
                      bootstrapRows(m_ranking.rows(), {}, wanted.size(), "relevance/" + m_attribute.name, m_options,
                                    [&](std::span<const std::uint32_t> drawn, std::span<double> into) {
                                        values(m_ranking, drawn, into);
                                    },
                                    feedback));
        std::vector<std::uint32_t> each(m_ranking.rows());
        std::iota(each.begin(), each.end(), 0U);
        PLUMBLINE_TRY(const Draws random,
                      permuteRows(m_ranking.rows(), {}, wanted.size(), "relevance/" + m_attribute.name, m_options,
                                  [&](std::span<const std::uint32_t> shuffled, std::span<double> into) {
                                      Ranking other;
                                      other.group.resize(m_ranking.rows());
                                      other.k = m_ranking.k;
                                      other.gain = m_ranking.gain;
                                      other.byGain = m_ranking.byGain;
                                      other.referenceGain = m_ranking.referenceGain;
                                      other.reference = m_ranking.reference;
                                      other.order.assign(shuffled.begin(), shuffled.end());
                                      values(other, each, into);
                                  },
                                  feedback));
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            MeasureRow& row = add("", wanted[i].name, rows);
            row.value.value = wanted[i].value;
            if (!wanted[i].value)
                continue;
            Interval interval = percentileInterval(draws[i], m_options.confidence);
            // Resampling repeats rows, which moves such numbers: the ends enclose the value.
            if (interval.low)
                interval.low = std::min(*interval.low, *wanted[i].value);
            if (interval.high)
                interval.high = std::max(*interval.high, *wanted[i].value);
            setInterval(row.value, interval);
            setNull(row.value, random[i], wanted[i].tail);
        }
        return {};
    }

    Outcome<void> addRates(Feedback& feedback) {
        const std::size_t groups = m_attribute.groups.size();
        std::vector<std::int64_t> relevant(groups, 0), top(groups, 0), hits(groups, 0);
        std::vector<bool> inTop(m_ranking.rows(), false);
        for (std::size_t i = 0; i < m_ranking.k; ++i)
            inTop[m_ranking.order[i]] = true;
        std::int64_t allRelevant = 0, allHits = 0;
        for (std::size_t row = 0; row < m_ranking.rows(); ++row) {
            const auto g = static_cast<std::size_t>(m_ranking.group[row]);
            relevant[g] += m_ranking.relevant(row);
            top[g] += inTop[row];
            hits[g] += inTop[row] && m_ranking.relevant(row);
        }
        allRelevant = std::accumulate(relevant.begin(), relevant.end(), std::int64_t{0});
        allHits = std::accumulate(hits.begin(), hits.end(), std::int64_t{0});
        const auto rows = static_cast<std::int64_t>(m_ranking.rows()), k = static_cast<std::int64_t>(m_ranking.k);

        const auto rate = [&](const std::string& group, const char* name, std::int64_t count, std::int64_t n) {
            MeasureRow& row = add(group, name, n);
            const Rate wilsons = wilson(count, n, m_options.confidence);
            row.value.value = wilsons.value;
            setInterval(row.value, {wilsons.low, wilsons.high});
            return &row;
        };
        const auto against = [](MeasureRow& row, std::optional<CountTest> test, std::int64_t hits_, std::int64_t of) {
            if (!row.value.value || !test || test->smallestP >= 1)
                return;
            row.value.pValue = test->p;
            row.value.nullMean = of > 0 ? std::optional(static_cast<double>(hits_) / static_cast<double>(of)) : std::nullopt;
        };
        against(*rate("", "recall", allHits, allRelevant), exactTest(rows, allRelevant, k, allHits), k, rows);
        against(*rate("", "precision", allHits, k), exactTest(rows, allRelevant, k, allHits), allRelevant, rows);
        std::vector<Estimate> recalls, precisions;
        std::vector<std::string> without;
        for (std::size_t g = 0; g < groups; ++g) {
            if (relevant[g] == 0)
                without.push_back(m_attribute.groups[g]);
            // Among the relevant rows, is this group's part of those at the top a random part? And among the top rows?
            against(*rate(m_attribute.groups[g], "recall", hits[g], relevant[g]),
                    exactTest(allRelevant, relevant[g], allHits, hits[g]), allHits, allRelevant);
            against(*rate(m_attribute.groups[g], "precision", hits[g], top[g]),
                    exactTest(k, top[g], allHits, hits[g]), allHits, k);
        }
        const auto estimates = [&](const std::vector<std::int64_t>& of) {
            const auto defined = std::ranges::count_if(of, [](std::int64_t n) { return n > 0; });
            const double strict = 1 - (1 - m_options.confidence) / static_cast<double>(std::max<std::ptrdiff_t>(1, defined));
            std::vector<Estimate> all;
            for (std::size_t g = 0; g < of.size(); ++g) {
                if (of[g] == 0)
                    continue;
                const Rate own = wilson(hits[g], of[g], m_options.confidence), wide = wilson(hits[g], of[g], strict);
                all.push_back({*own.value, {own.low, own.high}, {wide.low, wide.high}});
            }
            return all;
        };
        recalls = estimates(relevant);
        precisions = estimates(top);
        if (!without.empty())
            table.warnings.push_back("No relevant image, so no recall: " + listed(without) + ".");
        PLUMBLINE_CHECK(addExtremes(recalls, relevant, allRelevant, inTop, feedback));
        if (precisions.size() > 1) {
            MeasureRow& row = add("", "precision_gap", k);
            const auto [least, most] = std::ranges::minmax(precisions, {}, &Estimate::value);
            row.value.value = most.value - least.value;
            setInterval(row.value, extremesInterval(precisions).range);
        }
        correctFamily(table, "recall and precision of each group against the others, and the comparisons with a random order");
        return {};
    }

private:
    /// The worst group's recall and the gap; null: the groups of the relevant rows change places.
    Outcome<void> addExtremes(const std::vector<Estimate>& recalls, const std::vector<std::int64_t>& relevant,
                              std::int64_t allRelevant, const std::vector<bool>& inTop, Feedback& feedback) {
        if (recalls.empty())
            return {};
        std::vector<std::int32_t> groupOf;
        std::vector<char> hit;
        for (std::size_t row = 0; row < m_ranking.rows(); ++row)
            if (m_ranking.relevant(row)) {
                groupOf.push_back(m_ranking.group[row]);
                hit.push_back(inTop[row]);
            }
        const auto extremes = [&](const auto& hitAt) {
            std::vector<std::int64_t> hits(relevant.size(), 0);
            for (std::size_t i = 0; i < groupOf.size(); ++i)
                hits[static_cast<std::size_t>(groupOf[i])] += hitAt(i);
            double least = std::numeric_limits<double>::infinity(), most = -least;
            for (std::size_t g = 0; g < relevant.size(); ++g) {
                if (relevant[g] == 0)
                    continue;
                const double recall = static_cast<double>(hits[g]) / static_cast<double>(relevant[g]);
                least = std::min(least, recall);
                most = std::max(most, recall);
            }
            return std::pair{least, most - least};
        };
        PLUMBLINE_TRY(Draws draws, permuteRows(groupOf.size(), {}, 2, "recall/" + m_attribute.name, m_options,
                                               [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                                   std::tie(values[0], values[1]) = extremes(
                                                       [&](std::size_t i) { return hit[rows[i]]; });
                                               },
                                               feedback));
        const auto [worst, gap] = extremes([&](std::size_t i) { return hit[i]; });
        const ExtremesInterval interval = extremesInterval(recalls);
        MeasureRow& least = add("", "worst_group_recall", allRelevant);
        least.value.value = worst;
        setInterval(least.value, interval.min);
        if (recalls.size() > 1)
            setNull(least.value, draws[0], Tail::Lower);
        if (recalls.size() < 2)
            return {};
        MeasureRow& range = add("", "recall_gap", allRelevant);
        range.value.value = gap;
        setInterval(range.value, interval.range);
        setNull(range.value, draws[1], Tail::Upper);
        return {};
    }

    const Attribute& m_attribute;
    const Ranking& m_ranking;
    const Resampling& m_options;
};

} // namespace

std::optional<double> ndcg(std::span<const double> gains, std::size_t k) {
    const std::size_t ranks = std::min(k, gains.size());
    if (ranks == 0 || std::ranges::any_of(gains, [](double gain) { return !(gain >= 0) || !std::isfinite(gain); }))
        return std::nullopt;
    std::vector<double> best(gains.begin(), gains.end());
    std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(ranks), best.end(), std::greater<>());
    double sum = 0, ideal = 0;
    for (std::size_t i = 0; i < ranks; ++i) {
        sum += gains[i] * discount(i + 1);
        ideal += best[i] * discount(i + 1);
    }
    return ideal > 0 ? std::optional(std::min(1.0, sum / ideal)) : std::nullopt;
}

std::optional<double> overlapNdcg(std::span<const std::uint32_t> order, std::span<const std::uint32_t> reference,
                                  std::size_t k) {
    const std::size_t ranks = std::min(k, order.size());
    if (ranks == 0)
        return std::nullopt;
    std::vector<std::uint32_t> wanted(reference.begin(),
                                      reference.begin() + static_cast<std::ptrdiff_t>(std::min(k, reference.size())));
    std::ranges::sort(wanted);
    double sum = 0, best = 0;
    std::size_t common = 0;
    for (std::size_t i = 0; i < ranks; ++i)
        if (std::ranges::binary_search(wanted, order[i])) {
            sum += discount(i + 1);
            best += discount(++common);
        }
    return common > 0 ? sum / best : 0.0;
}

std::vector<double> minMaxGains(std::span<const double> scores) {
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (const double score : scores)
        if (std::isfinite(score)) {
            least = std::min(least, score);
            most = std::max(most, score);
        }
    std::vector<double> gains(scores.size(), 0.0);
    if (most > least)
        for (std::size_t row = 0; row < scores.size(); ++row)
            if (std::isfinite(scores[row]))
                gains[row] = std::clamp((scores[row] - least) / (most - least), 0.0, 1.0);
    return gains;
}

Outcome<MeasureTable> relevanceMeasures(const Attribute& attribute, const RelevanceInput& input, const KSpec& k,
                                        const Resampling& options, Feedback& feedback) {
    PLUMBLINE_TRY(const Ranking ranking, rankingOf(attribute, input, k));
    Table result(attribute, ranking, options);
    MeasureTable& table = result.table;
    const std::string among = " among the first " + std::to_string(ranking.k) + " rows";
    if (ranking.hasRelevance)
        table.definition =
            "ndcg: sum of gain / log2(rank + 1)" + among +
            " over that of the best order; 1 is best. recall: the part of the relevant images (of a group) that is" + among +
            "; precision: the part of those (of a group) that is relevant; worst_group_recall: the smallest recall of a "
            "group; recall_gap and precision_gap: largest minus smallest. ";
    if (ranking.hasReference)
        table.definition +=
            "reference_ndcg: NDCG with the reference's scores, min-max, as gains: what of its ranking is left; "
            "overlap_ndcg: discounted places of the rows that are" +
            among + " in both, over the best places for as many; new_in_top: the part" + among + " that is new. ";
    table.definition += "Intervals over images: Wilson's for rates, by the groups' own for the worst and the gaps, percentiles "
                        "of resampled images for the others. p: exact against the other groups for a group's rates, random "
                        "orders or shuffled groups otherwise.";
    table.source = "Järvelin and Kekäläinen, ACM TOIS 2002; Geyik, Ambler, Kenthapadi, KDD 2019; overlap_ndcg: "
                   "yuanlonghao/reranking, ndcg_diff; worst-group recall: Abdel Magid et al., They're All Doctors, 2024, "
                   "reconstructed from summaries";
    if (!ranking.hasRelevance && !ranking.hasReference) {
        table.warnings.emplace_back("Neither relevance nor a reference ranking was given: there is nothing to compare with.");
        return std::move(table);
    }
    if (k.resolve(static_cast<std::int64_t>(ranking.rows())) > static_cast<std::int64_t>(ranking.rows()))
        table.warnings.push_back("k exceeds the " + counted(static_cast<std::int64_t>(ranking.rows()), "image") +
                                 " that can be ranked; all of them were counted.");
    if (ranking.hasRelevance && std::ranges::none_of(ranking.gain, [](double gain) { return gain > 0; }))
        table.warnings.emplace_back("No image is relevant: NDCG and recall are not defined.");
    PLUMBLINE_CHECK(result.addOrderMeasures(feedback));
    if (ranking.hasRelevance)
        PLUMBLINE_CHECK(result.addRates(feedback));
    else
        correctFamily(table, "comparisons with a random order");
    return std::move(table);
}

} // namespace plumbline::metric
