// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/data/embeddings.h"

namespace plumbline::metric {

/// The rows of a matrix seen as vectors of unit length, without a copy: a reciprocal length a row, in double precision.
/// A row of zeros, or with a value that is not finite, is not usable. The matrix must outlive it.
class UnitRows {
public:
    explicit UnitRows(const Embeddings& rows);
    std::size_t rows() const { return m_scale.size(); }
    std::size_t dim() const { return m_rows->dim; }
    bool usable(std::size_t i) const { return m_scale[i] > 0; }
    /// sum += weight * unit row i.
    void addTo(std::span<double> sum, std::size_t i, double weight = 1) const;
    /// Inner product of unit row i with a vector.
    double dot(std::size_t i, std::span<const double> vector) const;
    /// Length of row i as it came.
    double length(std::size_t i) const { return 1 / m_scale[i]; }
    const Embeddings& raw() const { return *m_rows; }

private:
    const Embeddings* m_rows;
    std::vector<double> m_scale; ///< 1 / length; 0: not usable
};

} // namespace plumbline::metric
