// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/subset_tail.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace plumbline::metric {

namespace {

struct Sums {
    double chosen = 0, sum = 0;    ///< sum p_i, sum a_i p_i
    double k = 0;                  ///< sum ln(1 + e^eta_i)
    double tt = 0, st = 0, ss = 0; ///< second derivatives, weights p (1 - p)
};

/// p_i = 1 / (1 + e^-(s a_i + theta)), the tilted chance that item i is picked.
Sums tilted(std::span<const double> values, double centre, double scale, double s, double theta) {
    Sums sums;
    for (const double value : values) {
        const double a = (value - centre) / scale, eta = s * a + theta;
        const double p = 1 / (1 + std::exp(-eta)), weight = p * (1 - p);
        sums.chosen += p;
        sums.sum += a * p;
        sums.k += eta > 0 ? eta + std::log1p(std::exp(-eta)) : std::log1p(std::exp(eta));
        sums.tt += weight;
        sums.st += a * weight;
        sums.ss += a * a * weight;
    }
    return sums;
}

} // namespace

std::optional<double> subsetSumTail(std::span<const double> values, std::size_t picked, double sum) {
    constexpr std::size_t kLeast = 10; // of either set: the error is of the order of one in so many
    if (picked < kLeast || values.size() < picked + kLeast)
        return std::nullopt;
    const auto n = static_cast<double>(values.size()), chosen = static_cast<double>(picked);
    double centre = 0, square = 0;
    for (const double value : values)
        centre += value / n;
    for (const double value : values)
        square += (value - centre) * (value - centre);
    const double scale = std::sqrt(square / n);
    if (!(scale > 1e-13 * std::abs(centre)) || !(scale > 0))
        return std::nullopt; // what is left is rounding
    const double wanted = (sum - chosen * centre) / scale;
    if (!(wanted > 0))
        return std::nullopt;
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(picked), std::greater());
    double largest = 0;
    for (std::size_t i = 0; i < picked; ++i)
        largest += (sorted[i] - centre) / scale;
    if (wanted > largest + 1e-9 * n)
        return 0;

    // Newton's steps for sum p_i = picked, sum a_i p_i = wanted: the minimum of a convex function, so that halving a
    // step that does not lower it ends there.
    const double share = chosen / n, logit = std::log(share) - std::log1p(-share);
    const auto objective = [&](const Sums& at, double s, double theta) { return at.k - s * wanted - theta * chosen; };
    double s = 0, theta = logit;
    Sums at = tilted(values, centre, scale, s, theta);
    bool found = false;
    for (int step = 0; step < 100 && !found; ++step) {
        const double ofChosen = at.chosen - chosen, ofSum = at.sum - wanted;
        const double determinant = at.tt * at.ss - at.st * at.st;
        if (!(determinant > 1e-12 * at.tt * at.ss))
            return std::nullopt; // the sum is at the end of what is possible
        const double towardsTheta = -(at.ss * ofChosen - at.st * ofSum) / determinant;
        const double towardsS = -(at.tt * ofSum - at.st * ofChosen) / determinant;
        double length = 1;
        Sums next = tilted(values, centre, scale, s + towardsS, theta + towardsTheta);
        while (length > 1e-6 && !(objective(next, s + length * towardsS, theta + length * towardsTheta) <=
                                  objective(at, s, theta) + 1e-12 * n)) {
            length /= 2;
            next = tilted(values, centre, scale, s + length * towardsS, theta + length * towardsTheta);
        }
        s += length * towardsS;
        theta += length * towardsTheta;
        at = next;
        found = std::abs(at.chosen - chosen) < 1e-9 * n && std::abs(at.sum - wanted) < 1e-9 * n;
    }
    if (!found || !(s > 0))
        return std::nullopt;
    const double k = at.k + n * std::log1p(-share);
    const double w = std::sqrt(std::max(0.0, 2 * (s * wanted + (theta - logit) * chosen - k)));
    const double u = s * std::sqrt((at.tt * at.ss - at.st * at.st) / (n * share * (1 - share)));
    if (!(w > 1e-3) || !(u > 0))
        return std::nullopt; // so near the mean that draws show more
    const double tail = 0.5 * std::erfc((w + std::log(u / w) / w) / std::sqrt(2.0));
    return std::isfinite(tail) ? std::optional(tail) : std::nullopt;
}

} // namespace plumbline::metric
