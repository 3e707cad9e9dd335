// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boost/math/distributions/normal.hpp>

#include "core/base/random.h"
#include "core/data/labels.h"

namespace plumbline::test {

/// Groups with normal scores of sd 1 and these means, so that every skew of the population is known.
struct Population {
    std::vector<double> share, mean;

    static double above(double x) { return boost::math::cdf(boost::math::complement(boost::math::normal(), x)); }
    static double density(double x) { return boost::math::pdf(boost::math::normal(), x); }

    /// The score that the share `top` of the population exceeds.
    double threshold(double top) const {
        double low = -12, high = 12;
        for (int i = 0; i < 100; ++i) {
            const double middle = (low + high) / 2;
            double exceeding = 0;
            for (std::size_t g = 0; g < share.size(); ++g)
                exceeding += share[g] * above(middle - mean[g]);
            (exceeding > top ? low : high) = middle;
        }
        return low;
    }
    double skew(std::size_t g, double top) const { return std::log(above(threshold(top) - mean[g]) / top); }

    /// The first group's mean is set so that its skew among the share `top` is as wanted.
    void setSkew(double wanted, double top) {
        double low = -5, high = 5;
        for (int i = 0; i < 60; ++i) {
            mean[0] = (low + high) / 2;
            (skew(0, top) < wanted ? low : high) = mean[0];
        }
    }

    /// Standard deviation of the first group's skew in pools of n by the delta method, target = pool shares. With p, q
    /// the group's shares at the top and overall and r its share at the threshold: ln p varies with the rows at the top
    /// and with the threshold, ln q with the pool, and the two together.
    double deltaSd(double top, double n) const {
        const double t = threshold(top);
        double all = 0;
        for (std::size_t g = 0; g < share.size(); ++g)
            all += share[g] * density(t - mean[g]);
        const double q = share[0], p = q * above(t - mean[0]) / top, r = q * density(t - mean[0]) / all;
        const double k = top * n;
        return std::sqrt((p * (1 - p) + (r - p) * (r - p) * (1 - top)) / (k * p * p) + (1 - q) / (q * n) -
                         2 / n * ((1 - r) / q - 1 + r / p));
    }

    /// Shares of the groups among the fraction `top` that scores highest.
    std::vector<double> shares(double top) const {
        const double t = threshold(top);
        std::vector<double> result;
        double all = 0;
        for (std::size_t g = 0; g < share.size(); ++g)
            all += result.emplace_back(share[g] * above(t - mean[g]));
        for (double& value : result)
            value /= all;
        return result;
    }
    double divergence(const std::vector<double>& from) const {
        double sum = 0;
        for (std::size_t g = 0; g < share.size(); ++g)
            if (from[g] > 0)
                sum += from[g] * std::log(from[g] / share[g]);
        return std::max(0.0, sum);
    }
    /// NDKL without noise at the share `top`, with the discounts of ranks in a pool of n: the first i rows have the
    /// shares of the fraction i/n. A pool of 2,000,000 has little noise, and the discounts of its own ranks.
    double ndkl(double top, double n) const {
        constexpr int kPoints = 300;
        const double lowest = std::log(2e-7), highest = std::log(top);
        std::vector<double> at(kPoints);
        for (int i = 0; i < kPoints; ++i)
            at[static_cast<std::size_t>(i)] =
                divergence(shares(std::exp(lowest + (highest - lowest) * i / (kPoints - 1))));
        double sum = 0, weights = 0;
        const auto k = std::llround(top * n);
        for (std::int64_t rank = 1; rank <= k; ++rank) {
            const auto i = static_cast<double>(rank);
            const double place = std::clamp((std::log(i / n) - lowest) / (highest - lowest) * (kPoints - 1), 0.0,
                                            static_cast<double>(kPoints - 1) - 1e-9);
            const auto left = static_cast<std::size_t>(place);
            const double part = place - static_cast<double>(left);
            const double weight = 1 / std::log2(i + 1);
            sum += weight * (at[left] * (1 - part) + at[left + 1] * part);
            weights += weight;
        }
        return sum / weights;
    }

    Attribute attribute(std::size_t n, RandomStream& random) const {
        Attribute result;
        result.name = "group";
        for (std::size_t g = 0; g < share.size(); ++g)
            result.groups.emplace_back(1, static_cast<char>('a' + g));
        for (std::size_t row = 0; row < n; ++row) {
            double u = random.uniform();
            std::size_t g = 0;
            while (g + 1 < share.size() && u >= share[g])
                u -= share[g++];
            result.codes.push_back(static_cast<std::int32_t>(g));
        }
        return result;
    }
};

/// Largest distance of the values' distribution from the uniform one, times the root of their number.
inline double kolmogorovSmirnov(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double distance = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto below = static_cast<double>(i);
        distance = std::max({distance, values[i] - below / n, (below + 1) / n - values[i]});
    }
    return distance * std::sqrt(n);
}

} // namespace plumbline::test
