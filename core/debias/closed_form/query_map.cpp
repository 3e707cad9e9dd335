// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/query_map.h"

#include <algorithm>
#include <cmath>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {
namespace {

constexpr double kNothingLeft = 1e-6; ///< of a unit vector in float32

double dot(const double* a, const double* b, std::size_t n) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j)
        sum += a[j] * b[j];
    return sum;
}

/// `query` without its part in the span of the orthonormal rows, at unit length; unchanged where nothing is left.
void projectOff(std::vector<double>& query, std::span<const double> basis) {
    std::vector<double> left = query;
    for (std::size_t first = 0; first < basis.size(); first += query.size()) {
        const double part = dot(query.data(), basis.data() + first, query.size());
        for (std::size_t j = 0; j < query.size(); ++j)
            left[j] -= part * basis[first + j];
    }
    const double length = std::sqrt(dot(left.data(), left.data(), left.size()));
    if (length <= kNothingLeft)
        return;
    for (std::size_t j = 0; j < query.size(); ++j)
        query[j] = left[j] / length;
}

/// The mean of the reference rows nearest to the query, a row for each group that has any.
std::vector<double> nearMeans(const QueryMap& map, std::span<const double> query) {
    std::vector<double> similarity(map.reference.rows);
    std::vector<std::vector<std::size_t>> members(map.groups);
    for (std::size_t i = 0; i < map.reference.rows; ++i) {
        const std::span<const float> row = map.reference.row(i);
        for (std::size_t j = 0; j < map.dim; ++j)
            similarity[i] += static_cast<double>(row[j]) * query[j];
        members[static_cast<std::size_t>(map.group[i])].push_back(i);
    }
    std::vector<double> means;
    for (std::vector<std::size_t>& rows : members) {
        const std::size_t count = std::min(map.nearest, rows.size());
        if (count == 0)
            continue;
        std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(count),
                                  [&](std::size_t a, std::size_t b) {
                                      return similarity[a] > similarity[b] || (similarity[a] == similarity[b] && a < b);
                                  });
        const std::size_t at = means.size();
        means.resize(at + map.dim, 0.0);
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t j = 0; j < map.dim; ++j)
                means[at + j] += static_cast<double>(map.reference.row(rows[k])[j]) / static_cast<double>(count);
    }
    return means;
}

void bendRow(const QueryMap& map, std::span<const float> from, std::span<float> to) {
    std::vector<double> query = unitRow(from);
    if (query.empty()) {
        std::ranges::copy(from, to.begin());
        return;
    }
    projectOff(query, map.directions);
    std::vector<double> means = nearMeans(map, query);
    if (means.size() > map.dim) {
        // The span of the differences from the first group's mean; differences of rounding are none.
        std::vector<double> differences;
        for (std::size_t first = map.dim; first < means.size(); first += map.dim) {
            std::vector<double> difference(map.dim);
            for (std::size_t j = 0; j < map.dim; ++j)
                difference[j] = means[first + j] - means[j];
            if (dot(difference.data(), difference.data(), map.dim) > kNothingLeft * kNothingLeft)
                differences.insert(differences.end(), difference.begin(), difference.end());
        }
        projectOff(query, orthonormal(differences, map.dim, kRankCut));
    }
    for (std::size_t j = 0; j < map.dim; ++j)
        to[j] = static_cast<float>(query[j]);
}

} // namespace

Outcome<Embeddings> applyQueryMap(const QueryMap& map, const Embeddings& queries, Feedback& feedback) {
    if (queries.dim != map.dim)
        return unusable("embeddings", std::to_string(queries.dim) + " dimensions", std::to_string(map.dim));
    Embeddings result(queries.rows, queries.dim);
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(std::size_t(0), queries.rows, [&](std::size_t i) {
            if (!feedback.cancelled())
                bendRow(map, queries.row(i), result.row(i));
        });
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return result;
}

} // namespace plumbline::debias
