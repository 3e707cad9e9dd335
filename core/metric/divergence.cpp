// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace plumbline::metric {
namespace {

double rowsOf(std::span<const std::uint32_t> counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

struct Described {
    std::string_view name, meaning;
    FurtherTail tail;
};

constexpr std::array<Described, kFurther> kDescribed{{
    {"kl", "Kullback-Leibler divergence of the first k rows from the target, in nats; 0: the shares are the target's.",
     FurtherTail::Upper},
    {"total_variation",
     "Half the sum of |share - target share| over the groups; the part of the first k rows that would "
     "have to change groups.",
     FurtherTail::Upper},
    {"normalised_entropy",
     "Entropy of the groups' shares of the first k rows over its maximum; 1: equal shares, 0: one "
     "group only, whatever the target.",
     FurtherTail::Lower},
    {"infeasible_index",
     "Ranks from 1 to k at which some group has fewer rows so far than the target share times the "
     "rank, rounded down, asks for.",
     FurtherTail::Upper},
    {"infeasible_count", "The same, counting each group that is short at a rank.", FurtherTail::Upper},
    {"count_ratio", "Smallest over largest number of rows of a group among the first k; 0: a group is absent.",
     FurtherTail::Lower},
    {"min_skew_present", "The smallest skew of the groups that are among the first k rows, absent groups left out.",
     FurtherTail::Lower},
    {"bias_at_k", "(a - b) / (a + b) of two groups' numbers of rows among the first k, other groups left out.",
     FurtherTail::Both},
}};

} // namespace

std::optional<double> retrievedDivergence(std::span<const std::uint32_t> counts, std::span<const double> logShare) {
    const double rows = rowsOf(counts);
    if (rows == 0)
        return std::nullopt;
    double sum = 0;
    for (std::size_t g = 0; g < counts.size(); ++g)
        if (counts[g] > 0)
            sum += counts[g] / rows * (std::log(counts[g] / rows) - logShare[g]);
    return std::max(0.0, sum); // what rounding leaves below is not a divergence
}

std::optional<double> totalVariation(std::span<const std::uint32_t> counts, std::span<const double> share) {
    const double rows = rowsOf(counts);
    if (rows == 0)
        return std::nullopt;
    double sum = 0;
    for (std::size_t g = 0; g < counts.size(); ++g)
        sum += std::abs(counts[g] / rows - share[g]);
    return std::min(1.0, sum / 2);
}

std::optional<double> normalisedEntropy(std::span<const std::uint32_t> counts) {
    const double rows = rowsOf(counts);
    if (rows == 0 || counts.size() < 2)
        return std::nullopt;
    double sum = 0;
    for (const std::uint32_t count : counts)
        if (count > 0)
            sum -= count / rows * std::log(count / rows);
    return std::clamp(sum / std::log(static_cast<double>(counts.size())), 0.0, 1.0);
}

double biasAtK(std::int64_t positive, std::int64_t negative) {
    const std::int64_t both = positive + negative;
    return both == 0 ? 0.0 : static_cast<double>(positive - negative) / static_cast<double>(both);
}

InfeasibleSchedule::InfeasibleSchedule(std::span<const double> share, std::size_t ranks) : m_groups(share.size()) {
    constexpr double kRounding = 1e-9;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> rises; // rank, group
    for (std::size_t g = 0; g < share.size(); ++g) {
        const auto required = [&](std::size_t rank) {
            return static_cast<std::int64_t>(std::floor(static_cast<double>(rank) * share[g] + kRounding));
        };
        std::size_t rank = 0;
        for (std::int64_t row = 1; row <= required(ranks); ++row) {
            // Near row / share; the exact rank is where the floor says so.
            const double near = (static_cast<double>(row) - kRounding) / share[g];
            rank = std::max(rank, static_cast<std::size_t>(std::max(1.0, near - 2)));
            while (required(rank) < row)
                ++rank;
            rises.emplace_back(static_cast<std::uint32_t>(rank), static_cast<std::uint32_t>(g));
        }
    }
    // By rank, at one rank by group: the rises come group by group.
    m_begin.assign(ranks + 2, 0);
    for (const auto& [rank, group] : rises)
        ++m_begin[rank + 1];
    std::partial_sum(m_begin.begin(), m_begin.end(), m_begin.begin());
    std::vector<std::uint32_t> next = m_begin;
    m_group.resize(rises.size());
    for (const auto& [rank, group] : rises)
        m_group[next[rank]++] = group;
}

void InfeasibleSum::reset() {
    std::fill(m_slack.begin(), m_slack.end(), 0);
    m_rank = 0;
    m_below = m_index = m_count = 0;
}

void PoolWeightedSum::reset(std::span<const double> share) {
    m_share = share;
    std::fill(m_counts.begin(), m_counts.end(), 0U);
    m_rank = 0;
    m_present = m_bracket = m_sum = m_weights = 0;
}

void PoolWeightedSum::add(std::uint32_t group) {
    const double share = m_share[group];
    if (++m_counts[group] == 1) {
        m_present += share;
        m_bracket -= share * std::log(share);
    } else {
        m_bracket += share * std::log1p(1.0 / (m_counts[group] - 1.0));
    }
    const auto rank = static_cast<double>(++m_rank);
    const double weight = 1.0 / std::log2(rank + 1.0);
    m_sum += weight * (m_bracket - m_present * std::log(rank));
    m_weights += weight;
}

std::string_view furtherName(Further which) {
    return kDescribed[static_cast<std::size_t>(which)].name;
}
std::string_view furtherMeaning(Further which) {
    return kDescribed[static_cast<std::size_t>(which)].meaning;
}
FurtherTail furtherTail(Further which) {
    return kDescribed[static_cast<std::size_t>(which)].tail;
}

FurtherValues furtherOf(std::span<const std::uint32_t> counts, double divisor, const InfeasibleSum& infeasible,
                        const FurtherRules& rules) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    FurtherValues values;
    const auto set = [&](Further which, double value) { values[static_cast<std::size_t>(which)] = value; };
    set(Further::Kl, retrievedDivergence(counts, rules.logShare).value_or(kNone));
    set(Further::TotalVariation, totalVariation(counts, rules.share).value_or(kNone));
    set(Further::NormalisedEntropy, normalisedEntropy(counts).value_or(kNone));
    set(Further::InfeasibleIndex, static_cast<double>(infeasible.index()));
    set(Further::InfeasibleCount, static_cast<double>(infeasible.count()));
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    set(Further::CountRatio, *most > 0 ? static_cast<double>(*least) / *most : kNone);
    double min = std::numeric_limits<double>::infinity();
    for (std::size_t g = 0; g < counts.size(); ++g)
        if (counts[g] > 0)
            min = std::min(min, std::log(counts[g] / divisor) - rules.logShare[g]);
    set(Further::MinSkewPresent, std::isfinite(min) ? min : kNone);
    set(Further::Bias, rules.bias ? biasAtK(counts[rules.bias->first], counts[rules.bias->second]) : kNone);
    return values;
}

} // namespace plumbline::metric
