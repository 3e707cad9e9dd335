// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/geometry/unit_rows.h"

#include <array>
#include <cmath>

namespace plumbline::metric {

UnitRows::UnitRows(const Embeddings& rows) : m_rows(&rows), m_scale(rows.rows) {
    for (std::size_t i = 0; i < rows.rows; ++i) {
        double squares = 0;
        for (const float value : rows.row(i))
            squares += static_cast<double>(value) * static_cast<double>(value);
        m_scale[i] = std::isfinite(squares) && squares > 0 ? 1 / std::sqrt(squares) : 0;
    }
}

void UnitRows::addTo(std::span<double> sum, std::size_t i, double weight) const {
    const auto row = m_rows->row(i);
    const double scale = weight * m_scale[i];
    for (std::size_t d = 0; d < row.size(); ++d)
        sum[d] += scale * static_cast<double>(row[d]);
}

double UnitRows::dot(std::size_t i, std::span<const double> vector) const {
    // Eight sums side by side, always in the same order.
    constexpr std::size_t kLanes = 8;
    const auto row = m_rows->row(i);
    std::array<double, kLanes> sums{};
    std::size_t d = 0;
    for (; d + kLanes <= row.size(); d += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += static_cast<double>(row[d + lane]) * vector[d + lane];
    double sum = 0;
    for (; d < row.size(); ++d)
        sum += static_cast<double>(row[d]) * vector[d];
    for (const double lane : sums)
        sum += lane;
    return sum * m_scale[i];
}

} // namespace plumbline::metric
