// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/formats/debias_import.h"

namespace plumbline::debias {

// What a fitted method does to the embeddings of one modality: values, which are stored, exported and applied. Rows
// come in raw; a map that says "unit" takes their unit vectors x̂. What comes out need not be of unit length: whoever
// takes cosines divides by the length.

/// Nothing changes.
struct Unchanged {};

/// y = A x̂ + b. A is [out, dim], row-major; b [out]. CLIP-clip's mask is one with zeros in A, so that the dimension
/// stays and the cosine is that of the coordinates that are left.
struct LinearMap {
    std::size_t dim = 0, out = 0;
    std::vector<double> matrix, offset;
    bool unitOutput = false; ///< y is divided by its length
};

/// y = x̂ with these coordinates overwritten (SFID).
struct ImputeMap {
    std::vector<std::uint32_t> coordinates; ///< ascending
    std::vector<double> values;             ///< one a coordinate
};

/// y = x + outer(inner ? inner(x) + x : x), on raw x: the residual heads of joint vision-language removal, and the
/// stand-in of CF-alpha.
struct HeadMap {
    std::optional<formats::ResidualMlp> inner;
    formats::ResidualMlp outer;
};

/// y = W sqrt(2/F) cos(R x̂ + phase) - centre: FairerCLIP's random Fourier features and what is kept of them.
/// R is [F, dim], phase [F], W [out, F], centre [out].
struct FourierMap {
    std::size_t dim = 0, features = 0, out = 0;
    std::vector<double> frequencies, phase, weights, centre;
};

/// y = x̂ - sum over g of softmax(W x̂ + b)_g shift_g: what a classifier's posterior says of the group is taken out.
/// W and shift are [groups, dim], b [groups].
struct PosteriorMap {
    std::size_t dim = 0, groups = 0;
    std::vector<double> weights, bias, shift;
};

/// BEND-VLM for each query (METHODS B7): q1 = norm(P q̂), P = projection off the rows of `directions` (orthonormal,
/// [m, dim]); then the `nearest` reference images of each group give its mean, and q1 loses its part in the span of the
/// means' differences from the first group's. `reference` holds unit rows, `group` one code a row.
struct QueryMap {
    std::size_t dim = 0, directionCount = 0;
    std::vector<double> directions;
    Embeddings reference;
    std::vector<std::int32_t> group;
    std::size_t groups = 0;
    std::size_t nearest = 100;
};

using VectorMap = std::variant<Unchanged, LinearMap, ImputeMap, HeadMap, FourierMap, PosteriorMap, QueryMap>;

/// The rows after the map, raw rows in; rows that are zero or not finite stay as they are (zero, if the dimension
/// changes). Rows are independent of each other and of the number of threads. Errors: InvalidArgument (another
/// dimension); Cancelled.
Outcome<Embeddings> apply(const VectorMap& map, const Embeddings& rows, Feedback& feedback);

/// The dimension of what `map` makes of rows of dimension `dim`.
std::size_t outputDim(const VectorMap& map, std::size_t dim);

/// `before` dialled towards `after`, `strength` from 0 to 1 (METHODS B14): norm((1 - s) x̂ + s ŷ). Where the dimension
/// changed there is no such mean, and the rows are (sqrt(1 - s) x̂, sqrt(s) ŷ), whose cosines are the same mean of the
/// cosines. At 1 the rows are `after`'s as they are, at 0 those of `before`.
Embeddings blend(const Embeddings& before, const Embeddings& after, double strength);

} // namespace plumbline::debias
