// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace plumbline {

/// A row-major float32 matrix, one embedding a row (N x D). Raw (not normalised) unless a comment says otherwise.
struct Embeddings {
    std::size_t rows = 0;
    std::size_t dim = 0;
    std::vector<float> values;

    Embeddings() = default;
    Embeddings(std::size_t rows_, std::size_t dim_) : rows(rows_), dim(dim_), values(rows_ * dim_) {}
    std::span<float> row(std::size_t i) { return {values.data() + i * dim, dim}; }
    std::span<const float> row(std::size_t i) const { return {values.data() + i * dim, dim}; }
};

/// Whether a row has a direction: neither zero nor with a value that is not finite.
bool hasDirection(std::span<const float> row);

/// Divides each row by its Euclidean length (accumulated in double); a zero or non-finite row is left as it is.
void normaliseRows(Embeddings& embeddings);

/// Cosine of every row of `a` with every row of `b`: a.rows x b.rows, row-major. Inputs need not be normalised.
/// Each value is one double-precision dot product in index order: bits do not depend on threads, nor on how the rows
/// are sliced. NaN where a row is zero or not finite. a.dim == b.dim.
std::vector<float> cosines(const Embeddings& a, const Embeddings& b);

} // namespace plumbline
