// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/embeddings.h"

namespace plumbline::metric {

/// A set of embeddings, or some rows of a larger one, of which only the directions count: every association measure is
/// made of cosines. Looks at values that somebody else keeps.
class VectorSet {
public:
    VectorSet() = default;
    /// All rows; the embeddings must outlive the set.
    VectorSet(const Embeddings& embeddings); // NOLINT(google-explicit-constructor)
    VectorSet(Embeddings&&) = delete;
    /// Some rows, in this order; each below embeddings.rows.
    VectorSet(const Embeddings& embeddings, std::vector<std::uint32_t> rows);
    VectorSet(Embeddings&&, std::vector<std::uint32_t>) = delete;
    /// Row-major numbers in double precision.
    VectorSet(std::span<const double> values, std::size_t dim);

    std::size_t rows() const { return m_some ? m_rows.size() : m_count; }
    std::size_t dim() const { return m_dim; }
    /// Writes row i at unit length; false, and nothing of use, where it has no direction (zero or not finite).
    bool unitRow(std::size_t i, std::span<double> out) const;

private:
    std::span<const float> m_floats;
    std::span<const double> m_doubles;
    std::size_t m_count = 0, m_dim = 0;
    std::vector<std::uint32_t> m_rows;
    bool m_some = false;
};

/// Unit rows of a set, in double; rows without a direction are left out.
struct UnitRows {
    std::size_t dim = 0;
    std::vector<double> values;
    std::vector<std::uint32_t> kept; ///< the number of each row in the set
    std::size_t rows() const { return kept.size(); }
    std::span<const double> row(std::size_t i) const { return {values.data() + i * dim, dim}; }
};
UnitRows unitRows(const VectorSet& set);

/// The mean of a set's unit rows: w times it is the mean cosine of a unit vector w with the set.
struct MeanDirection {
    std::vector<double> mean; ///< all 0 where no row has a direction
    std::size_t used = 0, leftOut = 0;
};
MeanDirection meanDirection(const VectorSet& set);

/// Dot product in index order of four sums; the same bits everywhere.
double dotProduct(std::span<const double> a, std::span<const double> b);
/// The cosine of two vectors of any length; NaN where one has none.
double cosine(std::span<const double> a, std::span<const double> b);

/// Shorthand for the error of an argument of no use.
tl::unexpected<Stop> unusableArgument(std::string name, std::string value, std::string expected);

} // namespace plumbline::metric
