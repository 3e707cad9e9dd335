// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/ndkl.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

namespace plumbline::metric {

NdklTables::NdklTables(std::size_t ranks)
    : m_step(ranks + 1, 0.0), m_weight(ranks + 1, 0.0), m_weightByRank(ranks + 1, 0.0), m_weightByLog(ranks + 1, 0.0) {
    double before = 0; // (i-1) ln(i-1)
    for (std::size_t i = 1; i <= ranks; ++i) {
        const auto rank = static_cast<double>(i);
        const double logarithm = std::log(rank);
        const double weight = 1.0 / std::log2(rank + 1.0);
        const double here = rank * logarithm;
        m_step[i] = here - before;
        before = here;
        m_weight[i] = m_weight[i - 1] + weight;
        m_weightByRank[i] = m_weightByRank[i - 1] + weight / rank;
        m_weightByLog[i] = m_weightByLog[i - 1] + weight * logarithm;
    }
}

std::shared_ptr<const NdklTables> ndklTables(std::size_t ranks, std::size_t most) {
    static std::mutex mutex;
    static std::vector<std::weak_ptr<const NdklTables>> held;
    const std::scoped_lock lock(mutex);
    std::erase_if(held, [](const auto& tables) { return tables.expired(); });
    std::size_t longest = 0;
    for (const auto& each : held)
        if (const std::shared_ptr<const NdklTables> tables = each.lock()) {
            if (tables->ranks() >= ranks)
                return tables;
            longest = std::max(longest, tables->ranks());
        }
    auto made = std::make_shared<const NdklTables>(std::max(ranks, std::min(2 * longest, most)));
    held.push_back(made);
    return made;
}

double ndklNormaliser(std::int64_t ranks) {
    double sum = 0;
    for (std::int64_t i = 1; i <= ranks; ++i)
        sum += 1.0 / std::log2(static_cast<double>(i) + 1.0);
    return sum;
}

void NdklSum::reset(std::size_t last) {
    m_last = last;
    m_rank = 0;
    m_sum = 0;
    std::fill(m_counts.begin(), m_counts.end(), 0U);
    std::fill(m_tails.begin(), m_tails.end(), 0.0);
}

double NdklSum::value(std::span<const double> logTarget, double normaliser) const {
    double sum = m_sum - m_tables.offset(m_rank);
    for (std::size_t g = 0; g < m_counts.size(); ++g)
        if (m_counts[g] > 0)
            sum -= m_tails[g] * logTarget[g];
    // Each KL is at least 0; what rounding leaves below is not a divergence.
    return std::max(0.0, sum / normaliser);
}

double NdklCurve::add(std::uint32_t group) {
    ++m_rank;
    m_bracket += m_tables.step(++m_counts[group]) - m_logTarget[group];
    const auto rank = static_cast<double>(m_rank);
    const double weight = m_tables.normaliser(m_rank) - m_tables.normaliser(m_rank - 1);
    m_sum += weight * std::max(0.0, m_bracket / rank - std::log(rank));
    return m_sum / m_tables.normaliser(m_rank);
}

} // namespace plumbline::metric
