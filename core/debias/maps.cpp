// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/maps.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <Eigen/Dense>
#include <tbb/parallel_for.h>

#include "core/debias/closed_form/query_map.h"

namespace plumbline::debias {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const RowMatrix>;

/// Rows are mapped in blocks of this many, always cut at the same places, so that threads change no bit.
constexpr std::size_t kBlock = 256;

/// Of a unit row; shorter, what is left of it is rounding, which must not become a direction.
constexpr double kNothingLeft = 1e-6;

ConstMap matrix(const std::vector<double>& values, std::size_t rows, std::size_t columns) {
    return {values.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}

double lengthOf(std::span<const float> row) {
    double square = 0;
    for (const float value : row)
        square += double(value) * double(value);
    return std::sqrt(square);
}

/// The block's unit rows in double; rows that cannot be mapped are zero.
RowMatrix unitBlock(const Embeddings& rows, std::size_t begin, std::size_t count) {
    RowMatrix block(count, rows.dim);
    for (std::size_t i = 0; i < count; ++i) {
        const auto row = rows.row(begin + i);
        const double length = lengthOf(row);
        const bool good = std::isfinite(length) && length > 0;
        for (std::size_t d = 0; d < rows.dim; ++d)
            block(Eigen::Index(i), Eigen::Index(d)) = good ? double(row[d]) / length : 0.0;
    }
    return block;
}

/// Runs `body(block of unit rows) -> block of mapped rows` over all rows.
template <class Body>
Outcome<Embeddings> mapUnitRows(const Embeddings& rows, std::size_t out, Feedback& feedback, const Body& body) {
    Embeddings result(rows.rows, out);
    const std::size_t blocks = (rows.rows + kBlock - 1) / kBlock;
    tbb::parallel_for(std::size_t(0), blocks, [&](std::size_t b) {
        if (feedback.cancelled())
            return;
        const std::size_t begin = b * kBlock, count = std::min(kBlock, rows.rows - begin);
        const RowMatrix mapped = body(unitBlock(rows, begin, count));
        for (std::size_t i = 0; i < count; ++i) {
            const auto to = result.row(begin + i);
            const auto from = rows.row(begin + i);
            if (hasDirection(from))
                for (std::size_t d = 0; d < out; ++d)
                    to[d] = static_cast<float>(mapped(Eigen::Index(i), Eigen::Index(d)));
            else if (out == rows.dim)
                std::ranges::copy(from, to.begin());
        }
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return result;
}

struct Mlp {
    at::Tensor first, firstBias, second, secondBias;

    explicit Mlp(const formats::ResidualMlp& from) {
        const auto tensor = [](const std::vector<float>& values, std::initializer_list<std::int64_t> shape) {
            return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat); // lives as long as the map
        };
        first = tensor(from.first, {from.hidden, from.dim});
        firstBias = tensor(from.firstBias, {from.hidden});
        second = tensor(from.second, {from.dim, from.hidden});
        secondBias = tensor(from.secondBias, {from.dim});
    }
    at::Tensor operator()(const at::Tensor& x) const {
        return at::relu(at::linear(at::relu(at::linear(x, first, firstBias)), second, secondBias));
    }
};

Outcome<Embeddings> applyHeads(const HeadMap& map, const Embeddings& rows, Feedback& feedback) {
    constexpr std::size_t kRows = 4096;
    const at::NoGradGuard noGrad;
    const Mlp outer(map.outer);
    std::optional<Mlp> inner;
    if (map.inner)
        inner.emplace(*map.inner);
    Embeddings result(rows.rows, rows.dim);
    for (std::size_t begin = 0; begin < rows.rows; begin += kRows) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        const std::size_t count = std::min(kRows, rows.rows - begin);
        const at::Tensor x = at::from_blob(const_cast<float*>(rows.row(begin).data()),
                                           {std::int64_t(count), std::int64_t(rows.dim)}, at::kFloat);
        const at::Tensor y = (x + outer(inner ? (*inner)(x) + x : x)).contiguous();
        std::copy_n(y.data_ptr<float>(), count * rows.dim, result.row(begin).data());
        for (std::size_t i = begin; i < begin + count; ++i)
            if (!hasDirection(rows.row(i)))
                std::ranges::copy(rows.row(i), result.row(i).begin());
    }
    return result;
}

struct Applier {
    const Embeddings& rows;
    Feedback& feedback;

    Outcome<Embeddings> operator()(const Unchanged&) const { return rows; }

    Outcome<Embeddings> operator()(const LinearMap& map) const {
        const ConstMap a = matrix(map.matrix, map.out, map.dim);
        const Eigen::Map<const Eigen::RowVectorXd> b(map.offset.data(), Eigen::Index(map.out));
        return mapUnitRows(rows, map.out, feedback, [&](const RowMatrix& x) {
            RowMatrix y = x * a.transpose();
            y.rowwise() += b;
            if (map.unitOutput)
                for (Eigen::Index i = 0; i < y.rows(); ++i)
                    if (const double length = y.row(i).norm(); length > kNothingLeft)
                        y.row(i) /= length;
            return y;
        });
    }

    Outcome<Embeddings> operator()(const ImputeMap& map) const {
        return mapUnitRows(rows, rows.dim, feedback, [&](RowMatrix x) {
            for (std::size_t c = 0; c < map.coordinates.size(); ++c)
                x.col(Eigen::Index(map.coordinates[c])).setConstant(map.values[c]);
            return x;
        });
    }

    Outcome<Embeddings> operator()(const HeadMap& map) const { return applyHeads(map, rows, feedback); }

    Outcome<Embeddings> operator()(const FourierMap& map) const {
        const ConstMap r = matrix(map.frequencies, map.features, map.dim),
                       w = matrix(map.weights, map.out, map.features);
        const Eigen::Map<const Eigen::RowVectorXd> phase(map.phase.data(), Eigen::Index(map.features)),
            centre(map.centre.data(), Eigen::Index(map.out));
        const double scale = std::sqrt(2.0 / double(map.features));
        return mapUnitRows(rows, map.out, feedback, [&](const RowMatrix& x) {
            RowMatrix angle = x * r.transpose();
            angle.rowwise() += phase;
            RowMatrix y = (angle.array().cos() * scale).matrix() * w.transpose();
            y.rowwise() -= centre;
            return y;
        });
    }

    Outcome<Embeddings> operator()(const PosteriorMap& map) const {
        const ConstMap w = matrix(map.weights, map.groups, map.dim), shift = matrix(map.shift, map.groups, map.dim);
        const Eigen::Map<const Eigen::RowVectorXd> bias(map.bias.data(), Eigen::Index(map.groups));
        return mapUnitRows(rows, map.dim, feedback, [&](const RowMatrix& x) {
            RowMatrix p = x * w.transpose();
            p.rowwise() += bias;
            for (Eigen::Index i = 0; i < p.rows(); ++i) {
                p.row(i) = (p.row(i).array() - p.row(i).maxCoeff()).exp();
                p.row(i) /= p.row(i).sum();
            }
            return RowMatrix(x - p * shift);
        });
    }

    Outcome<Embeddings> operator()(const QueryMap& map) const { return applyQueryMap(map, rows, feedback); }
};

std::size_t inputDim(const VectorMap& map) {
    struct Dim {
        std::size_t operator()(const Unchanged&) const { return 0; }
        std::size_t operator()(const LinearMap& m) const { return m.dim; }
        std::size_t operator()(const ImputeMap&) const { return 0; }
        std::size_t operator()(const HeadMap& m) const { return std::size_t(m.outer.dim); }
        std::size_t operator()(const FourierMap& m) const { return m.dim; }
        std::size_t operator()(const PosteriorMap& m) const { return m.dim; }
        std::size_t operator()(const QueryMap& m) const { return m.dim; }
    };
    return std::visit(Dim{}, map);
}

} // namespace

Outcome<Embeddings> apply(const VectorMap& map, const Embeddings& rows, Feedback& feedback) {
    std::size_t wanted = inputDim(map);
    const auto* impute = std::get_if<ImputeMap>(&map);
    if (impute && !impute->coordinates.empty() && impute->coordinates.back() >= rows.dim)
        wanted = impute->coordinates.back() + 1;
    if (wanted != 0 && (impute ? rows.dim < wanted : rows.dim != wanted))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the embeddings"},
                     {"value", std::to_string(rows.dim) + " values a row"},
                     {"expected", std::to_string(wanted) + ", as those that the method was fitted on"}});
    return std::visit(Applier{rows, feedback}, map);
}

std::size_t outputDim(const VectorMap& map, std::size_t dim) {
    if (const auto* linear = std::get_if<LinearMap>(&map))
        return linear->out;
    if (const auto* fourier = std::get_if<FourierMap>(&map))
        return fourier->out;
    return dim;
}

Embeddings blend(const Embeddings& before, const Embeddings& after, double strength) {
    if (strength >= 1)
        return after;
    if (strength <= 0)
        return before;
    const bool sameDim = before.dim == after.dim;
    Embeddings result(before.rows, sameDim ? before.dim : before.dim + after.dim);
    tbb::parallel_for(std::size_t(0), before.rows, [&](std::size_t i) {
        const auto from = before.row(i), to = after.row(i);
        const auto row = result.row(i);
        const double fromLength = lengthOf(from), toLength = lengthOf(to);
        if (!std::isfinite(fromLength) || fromLength <= 0 || !std::isfinite(toLength)) {
            std::ranges::copy(from, row.begin());
            return;
        }
        const double ofTo = toLength > 0 ? 1 / toLength : 0;
        if (sameDim) {
            std::vector<double> mean(row.size());
            double square = 0;
            for (std::size_t d = 0; d < mean.size(); ++d) {
                mean[d] = (1 - strength) * double(from[d]) / fromLength + strength * double(to[d]) * ofTo;
                square += mean[d] * mean[d];
            }
            const double length = square > 0 ? std::sqrt(square) : 1;
            for (std::size_t d = 0; d < mean.size(); ++d)
                row[d] = static_cast<float>(mean[d] / length);
        } else {
            for (std::size_t d = 0; d < from.size(); ++d)
                row[d] = static_cast<float>(std::sqrt(1 - strength) * double(from[d]) / fromLength);
            for (std::size_t d = 0; d < to.size(); ++d)
                row[from.size() + d] = static_cast<float>(std::sqrt(strength) * double(to[d]) * ofTo);
        }
    });
    return result;
}

} // namespace plumbline::debias
