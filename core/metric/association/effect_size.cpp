// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/effect_size.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/distributions/students_t.hpp>

namespace plumbline::metric {

namespace {

struct Moments {
    double n = 0, mean = 0, variance = 0; ///< variance with ddof 0
};

template <class At>
Moments momentsOf(std::size_t n, const At& at) {
    Moments moments;
    moments.n = static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i)
        moments.mean += at(i);
    moments.mean /= moments.n;
    for (std::size_t i = 0; i < n; ++i)
        moments.variance += (at(i) - moments.mean) * (at(i) - moments.mean);
    moments.variance /= moments.n;
    return moments;
}

Moments momentsOf(std::span<const double> values) {
    return momentsOf(values.size(), [&](std::size_t i) { return values[i]; });
}

/// Two-sided quantile of Student's t.
double studentQuantile(double freedom, double confidence) {
    return boost::math::quantile(boost::math::students_t(freedom), (1 + confidence) / 2);
}

/// Between d (ddof 0) and the scale of constant variance.
struct Scale {
    double between; ///< share of X times share of Y
    double cohen;   ///< from the spread within with ddof 0 to that with n - 2
    double curve;

    Scale(double nX, double nY) {
        const double n = nX + nY, freedom = n - 2;
        between = nX / n * nY / n;
        cohen = std::sqrt(freedom / n);
        curve = std::sqrt(1 / (2 * freedom) / (1 / nX + 1 / nY));
    }
    /// From the mean difference and the variance within (ddof 0).
    double of(double difference, double within) const {
        return std::asinh(difference / std::sqrt(within) * cohen * curve);
    }
    double effect(double at) const {
        const double inWithin = std::sinh(at) / curve / cohen;
        return inWithin / std::sqrt(1 + between * inWithin * inWithin);
    }
};

double within(const Moments& x, const Moments& y) {
    return (x.n * x.variance + y.n * y.variance) / (x.n + y.n);
}

/// The variance of the number on the scale of constant variance, from how much each of the numbers moves it.
double influenceVariance(std::span<const double> x, std::span<const double> y, const Moments& mx, const Moments& my,
                         const Scale& scale) {
    const double spread = within(mx, my), difference = mx.mean - my.mean, n = mx.n + my.n;
    const double inWithin = difference / std::sqrt(spread);
    const double steepness =
        scale.cohen * scale.curve / std::sqrt(1 + std::pow(inWithin * scale.cohen * scale.curve, 2));
    double variance = 0;
    const auto add = [&](std::span<const double> values, const Moments& own, double sign) {
        for (const double value : values) {
            const double away = value - own.mean;
            const double moved =
                sign * away / std::sqrt(spread) - inWithin / (2 * spread) * own.n / n * (away * away - own.variance);
            variance += std::pow(steepness * moved / own.n, 2);
        }
    };
    add(x, mx, 1);
    add(y, my, -1);
    return variance;
}

} // namespace

EffectSize effectSize(std::span<const double> x, std::span<const double> y, int ddof, double scale) {
    EffectSize effect;
    const auto nX = static_cast<double>(x.size()), nY = static_cast<double>(y.size());
    double sumX = 0, sumY = 0;
    for (const double value : x)
        sumX += value;
    for (const double value : y)
        sumY += value;
    effect.sum = sumX - sumY;
    effect.meanX = sumX / nX;
    effect.meanY = sumY / nY;
    effect.difference = effect.meanX - effect.meanY;
    const double mean = (sumX + sumY) / (nX + nY);
    double squares = 0;
    for (const double value : x)
        squares += (value - mean) * (value - mean);
    for (const double value : y)
        squares += (value - mean) * (value - mean);
    effect.sd = std::sqrt(squares / (nX + nY - ddof));
    if (effect.sd > 1e-12 * scale)
        effect.d = effect.difference / effect.sd;
    return effect;
}

Outcome<Interval> effectInterval(std::span<const double> x, std::span<const double> y, int ddof, std::string_view name,
                                 const Resampling& options, Feedback& feedback) {
    if (x.size() < 2 || y.size() < 2)
        return Interval{};
    const Moments mx = momentsOf(x), my = momentsOf(y);
    const double n = mx.n + my.n, spread = within(mx, my);
    if (!(spread > 0)) // all of the variance lies between the sets
        return Interval{};
    const Scale scale(mx.n, my.n);
    double variance = 0;
    if (std::min(x.size(), y.size()) >= kLargeSet) {
        variance = influenceVariance(x, y, mx, my, scale);
    } else {
        if (options.bootstrapDraws < 2)
            return Interval{};
        std::vector<double> values(x.begin(), x.end());
        values.insert(values.end(), y.begin(), y.end());
        std::vector<std::int32_t> sets(x.size(), 0);
        sets.resize(values.size(), 1);
        const auto statistic = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            const auto at = [&](std::size_t from) {
                return [&, from](std::size_t i) { return values[rows[from + i]]; };
            };
            const Moments ofX = momentsOf(x.size(), at(0)), ofY = momentsOf(y.size(), at(x.size()));
            const double resampled = within(ofX, ofY);
            if (resampled > 1e-6 * spread) // fewer than three numbers, again and again
                out[0] = scale.of(ofX.mean - ofY.mean, resampled);
        };
        PLUMBLINE_TRY(Draws draws,
                      bootstrapWithinGroups(sets, 1, "effect/" + std::string(name), options, statistic, feedback));
        std::erase_if(draws[0], [](double draw) { return std::isnan(draw); });
        if (draws[0].size() < 2)
            return Interval{};
        variance = momentsOf(draws[0]).variance;
    }
    // Resampled numbers vary by a share (n - 2) / n less than fresh ones.
    const double half = studentQuantile(n - 2, options.confidence) * std::sqrt(variance * n / (n - 2));
    const double at = scale.of(mx.mean - my.mean, spread), toDdof = std::sqrt((n - ddof) / n);
    return Interval{scale.effect(at - half) * toDdof, scale.effect(at + half) * toDdof};
}

Interval meanDifferenceInterval(std::span<const double> x, std::span<const double> y, double confidence) {
    if (x.size() < 2 || y.size() < 2)
        return {};
    const Moments mx = momentsOf(x), my = momentsOf(y);
    const double ofX = mx.variance / (mx.n - 1), ofY = my.variance / (my.n - 1), both = ofX + ofY;
    const double difference = mx.mean - my.mean;
    if (!(both > 0))
        return {difference, difference};
    const double freedom = both * both / (ofX * ofX / (mx.n - 1) + ofY * ofY / (my.n - 1));
    const double half = studentQuantile(freedom, confidence) * std::sqrt(both);
    return {difference - half, difference + half};
}

} // namespace plumbline::metric
