// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace plumbline::metric {

/// NDKL, the normalised discounted Kullback-Leibler divergence: Geyik, Ambler, Kenthapadi, KDD 2019 (for CLIP: Berg et
/// al., AACL 2022).
///
///   NDKL = (1/Z) sum_{i=1..K} w_i KL(P_i || q),   w_i = 1 / log2(i + 1),   Z = sum_{i=1..K} w_i,
///   KL(P || q) = sum_{g: P_g > 0} P_g ln(P_g / q_g),   P_i = shares of the groups among the first i rows.
///
/// With c_g(i) = i P_i,g the inner divergence is  KL_i = (1/i) sum_g [c_g ln c_g - c_g ln q_g] - ln i,  so a row of
/// group g that comes at rank r as the group's c-th row adds  d(c) - ln q_g,  d(c) = c ln c - (c-1) ln(c-1),  to the
/// bracket of every rank i >= r. Summed over ranks first:
///
///   Z NDKL = sum_{r=1..m} T_r (d(c_r) - ln q_{g_r}) - sum_{i=1..m} w_i ln i,   T_r = sum_{i=r..m} w_i / i
///
/// one multiplication and addition a row, whatever the number of groups, with d and T from tables. The part with q is
/// kept by group, so that q may become known after the rows.
class NdklTables {
public:
    explicit NdklTables(std::size_t ranks);

    std::size_t ranks() const { return m_step.size() - 1; }
    double step(std::uint32_t count) const { return m_step[count]; } ///< d(count), count >= 1
    double tail(std::size_t rank, std::size_t last) const { return m_weightByRank[last] - m_weightByRank[rank - 1]; }
    double offset(std::size_t last) const { return m_weightByLog[last]; } ///< sum of w_i ln i
    double normaliser(std::size_t last) const { return m_weight[last]; }  ///< Z

private:
    std::vector<double> m_step, m_weight, m_weightByRank, m_weightByLog; // each prefix sum starts with 0 at [0]
};

/// Tables of at least so many ranks, those that somebody holds if they are long enough. Else they are made up to twice
/// as long as these, but not beyond `most`, so that a k that grows in steps does not make them anew at each.
/// Thread-safe.
std::shared_ptr<const NdklTables> ndklTables(std::size_t ranks, std::size_t most);

/// Z over any number of ranks, without tables. O(ranks).
double ndklNormaliser(std::int64_t ranks);

/// Sums NDKL row by row in rank order.
class NdklSum {
public:
    /// `last`: how many rows will come; it must be within the tables.
    NdklSum(const NdklTables& tables, std::size_t groups, std::size_t last)
        : m_tables(tables), m_last(last), m_counts(groups, 0), m_tails(groups, 0.0) {}

    void add(std::uint32_t group) {
        const double tail = m_tables.tail(++m_rank, m_last);
        m_sum += tail * m_tables.step(++m_counts[group]);
        m_tails[group] += tail;
    }
    /// Starts another list, of `last` rows.
    void reset(std::size_t last);

    std::span<const std::uint32_t> counts() const { return m_counts; }
    /// NDKL of the rows added; `normaliser` is Z over as many ranks as rows (but for Berg's definition).
    double value(std::span<const double> logTarget, double normaliser) const;

private:
    const NdklTables& m_tables;
    std::size_t m_last;
    std::size_t m_rank = 0;
    double m_sum = 0;
    std::vector<std::uint32_t> m_counts;
    std::vector<double> m_tails;
};

/// NDKL after each rank, for curves.
class NdklCurve {
public:
    NdklCurve(const NdklTables& tables, std::span<const double> logTarget)
        : m_tables(tables), m_logTarget(logTarget), m_counts(logTarget.size(), 0) {}

    /// Adds the next row; returns NDKL over the rows so far.
    double add(std::uint32_t group);
    std::span<const std::uint32_t> counts() const { return m_counts; }

private:
    const NdklTables& m_tables;
    std::span<const double> m_logTarget;
    std::vector<std::uint32_t> m_counts;
    std::size_t m_rank = 0;
    double m_bracket = 0, m_sum = 0;
};

} // namespace plumbline::metric
