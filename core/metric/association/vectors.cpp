// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/vectors.h"

#include <cmath>
#include <utility>

namespace plumbline::metric {

namespace {

template <class Number>
bool unit(std::span<const Number> row, std::span<double> out) {
    double largest = 0;
    for (const Number value : row) {
        if (!std::isfinite(value))
            return false;
        largest = std::max(largest, std::abs(static_cast<double>(value)));
    }
    if (largest == 0)
        return false;
    double squares = 0; // of what is at most 1, so that nothing overflows
    for (std::size_t j = 0; j < row.size(); ++j) {
        out[j] = static_cast<double>(row[j]) / largest;
        squares += out[j] * out[j];
    }
    const double length = std::sqrt(squares);
    for (double& value : out)
        value /= length;
    return true;
}

} // namespace

VectorSet::VectorSet(const Embeddings& embeddings)
    : m_floats(embeddings.values), m_count(embeddings.rows), m_dim(embeddings.dim) {
}

VectorSet::VectorSet(const Embeddings& embeddings, std::vector<std::uint32_t> rows)
    : m_floats(embeddings.values), m_count(embeddings.rows), m_dim(embeddings.dim), m_rows(std::move(rows)),
      m_some(true) {
}

VectorSet::VectorSet(std::span<const double> values, std::size_t dim)
    : m_doubles(values), m_count(dim == 0 ? 0 : values.size() / dim), m_dim(dim) {
}

bool VectorSet::unitRow(std::size_t i, std::span<double> out) const {
    const std::size_t row = m_some ? m_rows[i] : i;
    return m_doubles.empty() ? unit(m_floats.subspan(row * m_dim, m_dim), out)
                             : unit(m_doubles.subspan(row * m_dim, m_dim), out);
}

UnitRows unitRows(const VectorSet& set) {
    UnitRows result;
    result.dim = set.dim();
    result.values.resize(set.rows() * set.dim());
    for (std::size_t i = 0; i < set.rows(); ++i)
        if (set.unitRow(i, std::span(result.values).subspan(result.rows() * set.dim(), set.dim())))
            result.kept.push_back(static_cast<std::uint32_t>(i));
    result.values.resize(result.rows() * set.dim());
    return result;
}

MeanDirection meanDirection(const VectorSet& set) {
    MeanDirection result;
    result.mean.assign(set.dim(), 0.0);
    std::vector<double> row(set.dim());
    for (std::size_t i = 0; i < set.rows(); ++i) {
        if (!set.unitRow(i, row))
            continue;
        ++result.used;
        for (std::size_t j = 0; j < row.size(); ++j)
            result.mean[j] += row[j];
    }
    result.leftOut = set.rows() - result.used;
    if (result.used > 0)
        for (double& value : result.mean)
            value /= static_cast<double>(result.used);
    return result;
}

double dotProduct(std::span<const double> a, std::span<const double> b) {
    double sums[4] = {0, 0, 0, 0};
    std::size_t i = 0;
    for (; i + 4 <= a.size(); i += 4)
        for (std::size_t j = 0; j < 4; ++j)
            sums[j] += a[i + j] * b[i + j];
    for (; i < a.size(); ++i)
        sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double cosine(std::span<const double> a, std::span<const double> b) {
    const double lengths = std::sqrt(dotProduct(a, a)) * std::sqrt(dotProduct(b, b));
    return lengths > 0 ? dotProduct(a, b) / lengths : std::nan("");
}

tl::unexpected<Stop> unusableArgument(std::string name, std::string value, std::string expected) {
    return tl::unexpected<Stop>(
        Error{ErrorCode::InvalidArgument,
              {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}},
              {}});
}

} // namespace plumbline::metric
