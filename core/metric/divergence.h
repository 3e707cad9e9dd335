// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::metric {

/// Kullback-Leibler divergence of the first k rows from the target (METHODS A6; Gerych et al., BendVLM, NeurIPS 2024):
/// KL = sum_g p_g ln(p_g / q_g), p_g = c_g / sum c; a term with p = 0 is 0. Nothing without a row.
std::optional<double> retrievedDivergence(std::span<const std::uint32_t> counts, std::span<const double> logShare);

/// Total variation distance 1/2 sum_g |p_g - q_g| (METHODS A7), between 0 and 1. Nothing without a row.
std::optional<double> totalVariation(std::span<const std::uint32_t> counts, std::span<const double> share);

/// Normalised entropy -sum_g p_g ln p_g / ln G of the first k rows (METHODS A7, A20; So-B-IT): 1 where all G groups
/// have the same share, 0 where there is one only. Nothing without a row or for one group.
std::optional<double> normalisedEntropy(std::span<const std::uint32_t> counts);

/// Bias@K of two groups (METHODS A7; Wang, Liu, Wang, EMNLP 2021): (a - b) / (a + b), 0 where both are absent.
double biasAtK(std::int64_t positive, std::int64_t negative);

/// Infeasible index and count (METHODS A5; Geyik, Ambler, Kenthapadi, KDD 2019): over the ranks r = 1..k, how many have
/// a group with fewer than floor(r q_g) rows among the first r, and how many such groups there are altogether.
class InfeasibleSchedule {
public:
    /// When floor(r q_g) rises, for r = 1..ranks: at most one entry a rank and group, `ranks` altogether. The floor is
    /// that of r q + 1e-9, as 0.29 * 100 is 28.999999999999996.
    InfeasibleSchedule(std::span<const double> share, std::size_t ranks);

private:
    friend class InfeasibleSum;
    std::size_t m_groups;
    std::vector<std::uint32_t> m_begin; ///< of each rank, and the end
    std::vector<std::uint32_t> m_group;
};

/// Counts them row by row in rank order; O(1) a row.
class InfeasibleSum {
public:
    explicit InfeasibleSum(const InfeasibleSchedule& schedule) : m_schedule(schedule), m_slack(schedule.m_groups, 0) {}
    void reset();
    void add(std::uint32_t group) {
        if (++m_rank + 1 < m_schedule.m_begin.size()) {
            for (std::uint32_t at = m_schedule.m_begin[m_rank]; at < m_schedule.m_begin[m_rank + 1]; ++at)
                m_below += m_slack[m_schedule.m_group[at]]-- == 0;
        }
        m_below -= m_slack[group]++ == -1;
        m_index += m_below > 0;
        m_count += m_below;
    }
    std::int64_t index() const { return m_index; }
    std::int64_t count() const { return m_count; }

private:
    const InfeasibleSchedule& m_schedule;
    std::vector<std::int64_t> m_slack; ///< rows above what is required, negative below
    std::size_t m_rank = 0;
    std::int64_t m_below = 0, m_index = 0, m_count = 0;
};

/// HOWARD24's "NDKL" (METHODS A2): (1/Z) sum_i w_i sum_{g: c_g(i) > 0} (n_g/n) ln((c_g(i)/n_g) / (i/n)), w_i as in
/// NDKL.
class PoolWeightedSum {
public:
    /// `share`: of the pool, n_g/n; it must outlive the sum.
    explicit PoolWeightedSum(std::span<const double> share) : m_share(share), m_counts(share.size(), 0) {}
    void reset(std::span<const double> share);
    void add(std::uint32_t group);
    double value() const { return m_weights > 0 ? m_sum / m_weights : 0.0; }
    std::span<const std::uint32_t> counts() const { return m_counts; }

private:
    std::span<const double> m_share;
    std::vector<std::uint32_t> m_counts;
    std::size_t m_rank = 0;
    double m_present = 0; ///< sum of the shares of the groups so far
    double m_bracket = 0; ///< sum of q_g (ln c_g - ln q_g) over them
    double m_sum = 0, m_weights = 0;
};

/// The further numbers of a ranking, in the order in which they are stored.
enum class Further : std::size_t {
    Kl,
    TotalVariation,
    NormalisedEntropy,
    InfeasibleIndex,
    InfeasibleCount,
    CountRatio,     ///< smallest over largest count of a group
    MinSkewPresent, ///< the smallest skew of the groups that are among the top rows
    Bias,
};
constexpr std::size_t kFurther = 8;
/// NaN where a number is not defined.
using FurtherValues = std::array<double, kFurther>;
std::string_view furtherName(Further which);
std::string_view furtherMeaning(Further which);
/// In which tail of the random rankings a finding lies: large values, small ones, or either.
enum class FurtherTail { Upper, Lower, Both };
FurtherTail furtherTail(Further which);

/// What the further numbers are measured against.
struct FurtherRules {
    std::span<const double> share, logShare;
    std::optional<std::pair<std::size_t, std::size_t>> bias; ///< the positive and the negative group of Bias@K
};
FurtherValues furtherOf(std::span<const std::uint32_t> counts, double divisor, const InfeasibleSum& infeasible,
                        const FurtherRules& rules);

} // namespace plumbline::metric
