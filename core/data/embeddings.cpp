// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/embeddings.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace plumbline {

namespace {

// The tile that stays in registers: kA rows of `a` against kB rows of `b`. The compiler vectorises across the outputs
// of a tile, never along a sum, so a value has the same bits wherever its row happens to lie.
constexpr std::size_t kA = 4;
constexpr std::size_t kB = 4;

/// `rows` rows from `first` on, widened to double and interleaved (value d of all rows, then d + 1); rows beyond the
/// last are zero. Each of them has `Lanes` places.
template <std::size_t Lanes>
void interleave(const Embeddings& from, std::size_t first, std::vector<double>& to) {
    const std::size_t rows = std::min(Lanes, from.rows - first);
    std::fill(to.begin(), to.end(), 0.0);
    for (std::size_t r = 0; r < rows; ++r) {
        const auto row = from.row(first + r);
        for (std::size_t d = 0; d < from.dim; ++d)
            to[d * Lanes + r] = static_cast<double>(row[d]);
    }
}

double length(std::span<const float> row) {
    double sum = 0;
    for (const float value : row)
        sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum);
}

std::vector<double> lengths(const Embeddings& of) {
    std::vector<double> result(of.rows);
    for (std::size_t i = 0; i < of.rows; ++i)
        result[i] = length(of.row(i));
    return result;
}

} // namespace

bool hasDirection(std::span<const float> row) {
    const double norm = length(row);
    return std::isfinite(norm) && norm > 0;
}

void normaliseRows(Embeddings& embeddings) {
    for (std::size_t i = 0; i < embeddings.rows; ++i) {
        const auto row = embeddings.row(i);
        if (!hasDirection(row))
            continue;
        const double norm = length(row);
        for (float& value : row)
            value = static_cast<float>(static_cast<double>(value) / norm);
    }
}

std::vector<float> cosines(const Embeddings& a, const Embeddings& b) {
    assert(a.dim == b.dim);
    const std::size_t dim = a.dim;
    std::vector<float> result(a.rows * b.rows);
    const std::vector<double> lengthA = lengths(a);
    const std::vector<double> lengthB = lengths(b);

    // All of `a` (the prompts: few) is interleaved once, `b` (the images: many) a tile at a time.
    const std::size_t tilesA = (a.rows + kA - 1) / kA;
    std::vector<std::vector<double>> lanesA(tilesA, std::vector<double>(dim * kA));
    for (std::size_t t = 0; t < tilesA; ++t)
        interleave<kA>(a, t * kA, lanesA[t]);
    std::vector<double> lanesB(dim * kB);

    for (std::size_t firstB = 0; firstB < b.rows; firstB += kB) {
        interleave<kB>(b, firstB, lanesB);
        for (std::size_t t = 0; t < tilesA; ++t) {
            std::array<std::array<double, kB>, kA> sum{};
            const double* pa = lanesA[t].data();
            const double* pb = lanesB.data();
            for (std::size_t d = 0; d < dim; ++d, pa += kA, pb += kB)
                for (std::size_t i = 0; i < kA; ++i)
                    for (std::size_t j = 0; j < kB; ++j)
                        sum[i][j] += pa[i] * pb[j];
            for (std::size_t i = 0; i < kA && t * kA + i < a.rows; ++i)
                for (std::size_t j = 0; j < kB && firstB + j < b.rows; ++j) {
                    const double norm = lengthA[t * kA + i] * lengthB[firstB + j];
                    result[(t * kA + i) * b.rows + firstB + j] = static_cast<float>(sum[i][j] / norm);
                }
        }
    }
    return result;
}

} // namespace plumbline
