// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/coordinates/mutual_information.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <tbb/parallel_for.h>

namespace plumbline::debias {
namespace {

/// psi(1) to psi(n), at their own index.
std::vector<double> digammas(std::size_t n) {
    std::vector<double> psi(n + 1, -0.57721566490153286061);
    for (std::size_t i = 2; i <= n; ++i)
        psi[i] = psi[i - 1] + 1.0 / static_cast<double>(i - 1);
    return psi;
}

/// body(coordinate) for each on all threads.
template <class Body>
Outcome<std::vector<double>> forEachCoordinate(std::size_t dim, Feedback& feedback, const Body& body) {
    std::vector<double> result(dim, 0.0);
    tbb::parallel_for(std::size_t{0}, dim, [&](std::size_t d) {
        if (!feedback.cancelled())
            result[d] = body(d);
    });
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));
    return result;
}

/// How many of the ascending values are nearer to x than `distance`; those equal to x where it is 0.
std::size_t within(const std::vector<double>& ascending, double x, double distance) {
    const auto begin = std::ranges::partition_point(
        ascending, [&](double value) { return distance > 0 ? x - value >= distance : value < x; });
    const auto end = std::partition_point(
        begin, ascending.end(), [&](double value) { return distance > 0 ? value - x < distance : value <= x; });
    return static_cast<std::size_t>(end - begin);
}

/// Distance of each of the ascending values to its k-th nearest other one: the k + 1 nearest, itself among them, stand
/// together, and that window only moves on.
std::vector<double> distances(const std::vector<double>& ascending, std::size_t k) {
    std::vector<double> result(ascending.size());
    std::size_t first = 0;
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        while (first + k + 1 < ascending.size() &&
               (first + k < i || ascending[first + k + 1] - ascending[i] < ascending[i] - ascending[first]))
            ++first;
        result[i] = std::max(ascending[i] - ascending[first], ascending[first + k] - ascending[i]);
    }
    return result;
}

} // namespace

Outcome<std::vector<double>> mixedKsg(const Embeddings& x, std::span<const std::int32_t> codes, std::size_t groups,
                                      std::size_t k, Feedback& feedback) {
    const std::vector<double> psi = digammas(x.rows);
    const auto n = static_cast<double>(x.rows);
    return forEachCoordinate(x.dim, feedback, [&](std::size_t d) {
        std::vector<double> all;
        std::vector<std::vector<double>> ofGroup(groups);
        for (std::size_t i = 0; i < x.rows; ++i) {
            all.push_back(static_cast<double>(x.row(i)[d]));
            ofGroup[static_cast<std::size_t>(codes[i])].push_back(all.back());
        }
        std::ranges::sort(all);
        double sum = 0;
        for (std::vector<double>& values : ofGroup) {
            std::ranges::sort(values);
            const std::vector<double> distance = distances(values, k);
            for (std::size_t i = 0; i < values.size(); ++i) {
                const std::size_t near = distance[i] > 0 ? k : within(values, values[i], 0);
                sum += psi[near] - psi[within(all, values[i], distance[i])] - psi[values.size()];
            }
        }
        return sum / n + std::log(n);
    });
}

Outcome<std::vector<double>> histogramInformation(const Embeddings& x, std::span<const std::int32_t> codes,
                                                  std::size_t groups, Feedback& feedback) {
    constexpr std::size_t kBins = 64, kReach = 4; // the filter is cut at four standard deviations
    std::array<double, kReach + 1> kernel{};
    for (std::size_t i = 0; i <= kReach; ++i)
        kernel[i] = std::exp(-0.5 * static_cast<double>(i * i));
    const double whole = kernel[0] + 2 * std::accumulate(kernel.begin() + 1, kernel.end(), 0.0);
    for (double& weight : kernel)
        weight /= whole;

    return forEachCoordinate(x.dim, feedback, [&](std::size_t d) {
        double least = std::numeric_limits<double>::infinity(), most = -least;
        for (std::size_t i = 0; i < x.rows; ++i) {
            least = std::min(least, static_cast<double>(x.row(i)[d]));
            most = std::max(most, static_cast<double>(x.row(i)[d]));
        }
        if (!(most > least))
            return 0.0;
        std::vector<std::array<double, kBins>> counts(groups);
        for (std::size_t i = 0; i < x.rows; ++i) {
            const double place = (static_cast<double>(x.row(i)[d]) - least) / (most - least) * kBins;
            counts[static_cast<std::size_t>(codes[i])][std::min(kBins - 1, static_cast<std::size_t>(place))] += 1;
        }
        std::vector<std::array<double, kBins>> smooth(groups);
        std::array<double, kBins> ofBin{};
        std::vector<double> ofGroup(groups, 0.0);
        double all = 0;
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t b = 0; b < kBins; ++b) {
                for (std::size_t other = b < kReach ? 0 : b - kReach; other <= std::min(kBins - 1, b + kReach); ++other)
                    smooth[g][b] += kernel[other > b ? other - b : b - other] * counts[g][other];
                ofBin[b] += smooth[g][b];
                ofGroup[g] += smooth[g][b];
                all += smooth[g][b];
            }
        double information = 0;
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t b = 0; b < kBins; ++b)
                if (smooth[g][b] > 0)
                    information += smooth[g][b] / all * std::log(smooth[g][b] * all / (ofBin[b] * ofGroup[g]));
        return information;
    });
}

} // namespace plumbline::debias
