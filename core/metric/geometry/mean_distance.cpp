// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/geometry/mean_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/metric/rates.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;

/// Mean, trace of the covariance (ddof 1), variance along a direction.
struct Moments {
    Vector mean;
    double trace = 0;
};

Moments momentsOf(const VectorSample& sample) {
    Moments moments{Vector(sample.dim), 0};
    Vector row(sample.dim);
    for (std::size_t i = 0; i < sample.n; ++i) {
        sample.row(i, row);
        for (std::size_t d = 0; d < sample.dim; ++d)
            moments.mean[d] += row[d];
    }
    for (double& value : moments.mean)
        value /= static_cast<double>(sample.n);
    for (std::size_t i = 0; i < sample.n; ++i) {
        sample.row(i, row);
        for (std::size_t d = 0; d < sample.dim; ++d)
            moments.trace += (row[d] - moments.mean[d]) * (row[d] - moments.mean[d]);
    }
    if (sample.n > 1)
        moments.trace /= static_cast<double>(sample.n - 1);
    return moments;
}

double varianceAlong(const VectorSample& sample, const Vector& mean, const Vector& direction) {
    Vector row(sample.dim);
    double squares = 0;
    for (std::size_t i = 0; i < sample.n; ++i) {
        sample.row(i, row);
        double along = 0;
        for (std::size_t d = 0; d < sample.dim; ++d)
            along += (row[d] - mean[d]) * direction[d];
        squares += along * along;
    }
    return squares / static_cast<double>(sample.n - 1);
}

/// tr(Sigma_a Sigma_b) = E[((a1 - a2) . (b1 - b2))^2] / 4 over independent vectors; of one sample with itself over four
/// different ones.
double traceOfProduct(const VectorSample& a, const VectorSample& b, std::uint64_t seed, const std::string& name) {
    const bool same = &a == &b;
    RandomStream random(seed, streamId(name), 0);
    std::array<Vector, 4> rows;
    for (Vector& row : rows)
        row.resize(a.dim);
    double sum = 0;
    for (int draw = 0; draw < kMeanDistanceDraws; ++draw) {
        std::array<std::size_t, 4> chosen{};
        for (std::size_t j = 0; j < 4; ++j) {
            const std::size_t n = j < 2 ? a.n : b.n;
            const std::size_t first = same || j < 2 ? 0 : 2; // whom it must differ from
            do
                chosen[j] = random.below(n);
            while (std::find(chosen.begin() + static_cast<std::ptrdiff_t>(first),
                             chosen.begin() + static_cast<std::ptrdiff_t>(j),
                             chosen[j]) != chosen.begin() + static_cast<std::ptrdiff_t>(j));
            (j < 2 ? a : b).row(chosen[j], rows[j]);
        }
        double product = 0;
        for (std::size_t d = 0; d < a.dim; ++d)
            product += (rows[0][d] - rows[1][d]) * (rows[2][d] - rows[3][d]);
        sum += product * product;
    }
    return sum / kMeanDistanceDraws / 4;
}

MeanDistance distance(const VectorSample& a, const VectorSample* b, std::span<const double> point, std::uint64_t seed,
                      std::string_view name) {
    const Moments ofA = momentsOf(a), ofB = b ? momentsOf(*b) : Moments{Vector(point.begin(), point.end()), 0};
    const auto nA = static_cast<double>(a.n), nB = b ? static_cast<double>(b->n) : 1;
    Vector direction(a.dim);
    double squares = 0;
    for (std::size_t d = 0; d < a.dim; ++d) {
        direction[d] = ofA.mean[d] - ofB.mean[d];
        squares += direction[d] * direction[d];
    }
    MeanDistance result;
    result.plain = std::sqrt(squares);
    if (a.n < 2 || (b && b->n < 2))
        return result;
    result.squared = squares - ofA.trace / nA - (b ? ofB.trace / nB : 0);
    for (double& value : direction)
        value = result.plain > 0 ? value / result.plain : 0;
    result.along = varianceAlong(a, ofA.mean, direction) / nA + (b ? varianceAlong(*b, ofB.mean, direction) / nB : 0);
    if (a.n < 4 || (b && b->n < 4))
        return result;
    const std::string stream = "mean-distance/" + std::string(name);
    result.spread = traceOfProduct(a, a, seed, stream + "/a") / (nA * nA);
    if (b)
        *result.spread += traceOfProduct(*b, *b, seed, stream + "/b") / (nB * nB) +
                          2 * traceOfProduct(a, *b, seed, stream + "/ab") / (nA * nB);
    return result;
}

} // namespace

std::optional<double> MeanDistance::corrected() const {
    return squared ? std::optional(std::sqrt(std::max(0.0, *squared))) : std::nullopt;
}

Interval MeanDistance::interval(double confidence) const {
    if (!squared || !along || !spread)
        return {};
    const double z2 = normalQuantile(confidence) * normalQuantile(confidence);
    // t^2 - 2 (q + 2 z^2 s) t + q^2 - 2 z^2 T <= 0.
    const auto ends = [&](double q) -> std::optional<std::pair<double, double>> {
        const double middle = q + 2 * z2 * *along;
        const double under = 4 * z2 * *along * (z2 * *along + q) + 2 * z2 * *spread;
        if (under < 0)
            return std::nullopt;
        return std::pair{middle - std::sqrt(under), middle + std::sqrt(under)};
    };
    auto found = ends(*squared);
    // An estimate so far below 0 that every length is rejected says no more than an estimate of 0.
    if (!found || found->second < 0)
        found = ends(0);
    return {std::sqrt(std::max(0.0, found->first)), std::sqrt(found->second)};
}

MeanDistance meanDistance(const VectorSample& a, const VectorSample& b, std::uint64_t seed, std::string_view name) {
    return distance(a, &b, {}, seed, name);
}

MeanDistance meanDistance(const VectorSample& a, std::span<const double> point, std::uint64_t seed,
                          std::string_view name) {
    return distance(a, nullptr, point, seed, name);
}

} // namespace plumbline::metric
