// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/binary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/metric/rates.h"

namespace plumbline::metric {

namespace {

constexpr double kTiny = std::numeric_limits<double>::min();

std::vector<double> sortedNumbers(std::span<const double> values) {
    std::vector<double> sorted;
    sorted.reserve(values.size());
    std::ranges::copy_if(values, std::back_inserter(sorted), [](double value) { return !std::isnan(value); });
    std::ranges::sort(sorted);
    return sorted;
}

/// Both samples walked together, once for each distinct score from the lowest: how many of each lie below it and at it.
template <class Visit>
void walk(const std::vector<double>& a, const std::vector<double>& b, const Visit& visit) {
    std::size_t i = 0, j = 0;
    while (i < a.size() || j < b.size()) {
        const double score = j == b.size() || (i < a.size() && a[i] < b[j]) ? a[i] : b[j];
        std::size_t nextA = i, nextB = j;
        while (nextA < a.size() && a[nextA] == score)
            ++nextA;
        while (nextB < b.size() && b[nextB] == score)
            ++nextB;
        visit(i, nextA - i, j, nextB - j);
        i = nextA;
        j = nextB;
    }
}

double number(std::size_t count) {
    return static_cast<double>(count);
}

/// Variance of the AUROC theta for m positives and n negatives with exponential scores, m and n replaced by their mean
/// in the two larger terms (Newcombe's method 5).
double scoreVariance(double theta, double m, double n) {
    const double half = (m + n) / 2 - 1;
    return theta * (1 - theta) / (m * n) * (1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta)));
}

/// Miller's bound P(D_n >= d) <= 2 P(D+_n >= d), equal where d >= 1/2 and up to rounding where n d^2 > 4.
/// Birnbaum and Tingey (Annals of Mathematical Statistics 22(4), 1951):
/// P(D+ >= d) = d sum_j C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), j up to n (1 - d).
double oneSidedTail(std::int64_t n, double d) {
    const auto size = static_cast<double>(n);
    double sum = 0;
    const double last = std::floor(size * (1 - d));
    for (double j = 0; j <= last; ++j) {
        const double left = 1 - d - j / size;
        const double binomial = std::lgamma(size + 1) - std::lgamma(j + 1) - std::lgamma(size - j + 1);
        const double power = j == size ? 0 : (size - j) * (left > 0 ? std::log(left) : -1e300);
        sum += std::exp(binomial + (j - 1) * std::log(d + j / size) + power);
    }
    return d * sum;
}

/// P(D_n < d) by the matrix of Durbin as Marsaglia, Tsang and Wang compute it (Journal of Statistical Software 8(18),
/// 2003). Cost (2 n d)^3 log n.
double matrixCdf(std::int64_t n, double d) {
    const auto size = static_cast<double>(n);
    const auto k = static_cast<std::size_t>(size * d) + 1;
    const std::size_t m = 2 * k - 1;
    const double h = number(k) - size * d;
    using Matrix = std::vector<double>;
    Matrix base(m * m);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
            base[i * m + j] = i + 1 >= j ? 1 : 0;
    for (std::size_t i = 0; i < m; ++i) {
        base[i * m] -= std::pow(h, number(i + 1));
        base[(m - 1) * m + i] -= std::pow(h, number(m - i));
    }
    if (2 * h - 1 > 0)
        base[(m - 1) * m] += std::pow(2 * h - 1, number(m));
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j <= i + 1 && j < m; ++j)
            base[i * m + j] /= std::tgamma(number(i + 2 - j));
    // Powers with a common exponent of ten kept aside, so that nothing overflows.
    struct Scaled {
        Matrix values;
        int exponent = 0;
    };
    const auto product = [m](const Scaled& a, const Scaled& b) {
        Scaled c{Matrix(m * m), a.exponent + b.exponent};
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t l = 0; l < m; ++l) {
                const double factor = a.values[i * m + l];
                for (std::size_t j = 0; j < m; ++j)
                    c.values[i * m + j] += factor * b.values[l * m + j];
            }
        if (c.values[(m / 2) * m + m / 2] > 1e140) {
            for (double& value : c.values)
                value *= 1e-140;
            c.exponent += 140;
        }
        return c;
    };
    Scaled power{base, 0}, result{Matrix(m * m), 0};
    for (std::size_t i = 0; i < m; ++i)
        result.values[i * m + i] = 1;
    for (std::int64_t rest = n; rest > 0; rest /= 2) {
        if (rest % 2 == 1)
            result = product(result, power);
        if (rest > 1)
            power = product(power, power);
    }
    double s = result.values[(k - 1) * m + k - 1];
    int exponent = result.exponent;
    for (std::int64_t i = 1; i <= n; ++i) {
        s *= static_cast<double>(i) / size;
        if (s < 1e-140) {
            s *= 1e140;
            exponent -= 140;
        }
    }
    return s * std::pow(10.0, exponent);
}

/// P(D_n < z / sqrt(n)) to the order n^(-3/2), with the series as Simard and L'Ecuyer print them (Journal of
/// Statistical Software 39(11), 2011, eq. 14-18).
double seriesCdf(std::int64_t n, double d) {
    const double root = std::sqrt(static_cast<double>(n)), z = d * root;
    const double pi2 = std::numbers::pi * std::numbers::pi, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
    const double scale = std::sqrt(std::numbers::pi / 2);
    double k0 = 0, k1 = 0, k2 = 0, k2b = 0, k3 = 0, k3b = 0;
    for (int k = 0; k < 200; ++k) {
        const double half = (k + 0.5) * (k + 0.5), weight = 2 * std::exp(-pi2 * half / (2 * z2)); // k and -k - 1
        k0 += weight;
        k1 += weight * (pi2 * half - z2);
        k2 += weight * (6 * z6 + 2 * z4 + pi2 * (2 * z4 - 5 * z2) * half + pi2 * pi2 * (1 - 2 * z2) * half * half);
        k3 += weight *
              (pi2 * pi2 * pi2 * half * half * half * (5 - 30 * z2) + pi2 * pi2 * half * half * (-60 * z2 + 212 * z4) +
               pi2 * half * (135 * z4 - 96 * z6) - (30 * z6 + 90 * z4 * z4));
        const double whole = static_cast<double>(k) * k, wholeWeight = 2 * std::exp(-pi2 * whole / (2 * z2));
        k2b += wholeWeight * pi2 * whole;
        k3b += wholeWeight * (-pi2 * pi2 * whole * whole + 3 * pi2 * whole * z2);
        if (weight < 1e-30 && wholeWeight < 1e-30)
            break;
    }
    const double z3 = z2 * z;
    return scale * (k0 / z + k1 / (6 * z4) / root + (k2 / (72 * z4 * z3) - k2b / (36 * z3)) / (root * root) +
                    (k3 / (6480 * z6 * z4) + k3b / (216 * z6)) / (root * root * root));
}

} // namespace

std::optional<Auroc> auroc(std::span<const double> positives, std::span<const double> negatives) {
    const std::vector<double> a = sortedNumbers(positives), b = sortedNumbers(negatives);
    if (a.empty() || b.empty())
        return std::nullopt;
    const double m = number(a.size()), n = number(b.size());
    // Twice the numbers of wins: whole, so exact.
    double wins = 0;
    walk(a, b, [&](std::size_t, std::size_t atA, std::size_t belowB, std::size_t atB) {
        wins += number(atA) * number(2 * belowB + atB);
    });
    Auroc result{wins / (2 * m * n), 0, static_cast<std::int64_t>(a.size()), static_cast<std::int64_t>(b.size())};
    double ofPositives = 0, ofNegatives = 0;
    walk(a, b, [&](std::size_t belowA, std::size_t atA, std::size_t belowB, std::size_t atB) {
        const double placeA = number(2 * belowB + atB) / (2 * n) - result.value;
        const double placeB = number(2 * (a.size() - belowA - atA) + atA) / (2 * m) - result.value;
        ofPositives += number(atA) * placeA * placeA;
        ofNegatives += number(atB) * placeB * placeB;
    });
    if (a.size() > 1 && b.size() > 1)
        result.variance = ofPositives / (m - 1) / m + ofNegatives / (n - 1) / n;
    return result;
}

Interval aurocInterval(const Auroc& of, double confidence) {
    const double z = normalQuantile(confidence), value = of.value;
    const auto m = static_cast<double>(of.positives), n = static_cast<double>(of.negatives);
    const bool hasVariance = value > 0 && value < 1 && of.variance > 0;
    constexpr double kFewMistakes = 5;
    if (hasVariance && std::min(m, n) * std::min(value, 1 - value) >= kFewMistakes) {
        const double logit = std::log(value / (1 - value));
        const double reach = z * std::sqrt(of.variance) / (value * (1 - value));
        return {1 / (1 + std::exp(reach - logit)), 1 / (1 + std::exp(-reach - logit))};
    }
    const double scale = hasVariance ? std::max(1.0, of.variance / scoreVariance(value, m, n)) : 1;
    // The ends are where the distance from the value is z standard errors; between value and bound it is crossed once.
    const auto end = [&](double bound) {
        double inside = value, outside = bound;
        for (int i = 0; i < 200 && inside != outside; ++i) {
            const double middle = (inside + outside) / 2;
            const bool within = std::abs(middle - value) <= z * std::sqrt(scale * scoreVariance(middle, m, n));
            if (middle == inside || middle == outside)
                break;
            (within ? inside : outside) = middle;
        }
        return inside;
    };
    return {value == 0 ? 0 : end(0), value == 1 ? 1 : end(1)};
}

std::optional<double> averagePrecision(std::span<const double> positives, std::span<const double> negatives) {
    const std::vector<double> a = sortedNumbers(positives), b = sortedNumbers(negatives);
    if (a.empty())
        return std::nullopt;
    double sum = 0;
    walk(a, b, [&](std::size_t belowA, std::size_t atA, std::size_t belowB, std::size_t) {
        const double hits = number(a.size() - belowA), all = hits + number(b.size() - belowB);
        sum += number(atA) * hits / all;
    });
    return sum / number(a.size());
}

std::optional<double> normalisedAveragePrecision(double averagePrecision, double prevalence) {
    if (!(prevalence > 0 && prevalence < 1) || !(averagePrecision > 0 && averagePrecision <= 1))
        return std::nullopt;
    return 1 - std::log(averagePrecision) / std::log(prevalence);
}

std::optional<KsTest> ksTest(std::span<const double> first, std::span<const double> second) {
    const std::vector<double> a = sortedNumbers(first), b = sortedNumbers(second);
    if (a.empty() || b.empty())
        return std::nullopt;
    const double m = number(a.size()), n = number(b.size());
    KsTest test;
    test.a = static_cast<std::int64_t>(a.size());
    test.b = static_cast<std::int64_t>(b.size());
    walk(a, b, [&](std::size_t belowA, std::size_t atA, std::size_t belowB, std::size_t atB) {
        const double distance = std::abs(number(belowA + atA) / m - number(belowB + atB) / n);
        if (distance <= test.statistic)
            return;
        test.statistic = distance;
        test.atOrBelowA = static_cast<std::int64_t>(belowA + atA);
        test.atOrBelowB = static_cast<std::int64_t>(belowB + atB);
    });
    const auto effective = static_cast<std::int64_t>(std::nearbyint(m * n / (m + n)));
    if (effective > 0)
        test.p = kolmogorovUpperTail(effective, test.statistic);
    return test;
}

Interval ksInterval(const KsTest& test, double confidence) {
    if (test.a <= 0 || test.b <= 0)
        return {};
    const double tail = (1 - confidence) / 2;
    const double size = 1 / (1 / static_cast<double>(test.a) + 1 / static_cast<double>(test.b));
    // P(sup > x) of the limit is at most 2 exp(-2 size x^2).
    const double whole = std::sqrt(-std::log(tail / 2) / (2 * size));
    const Rate a = wilson(test.atOrBelowA, test.a, confidence), b = wilson(test.atOrBelowB, test.b, confidence);
    const Interval here = *a.value >= *b.value ? rateDifference(a, b, confidence) : rateDifference(b, a, confidence);
    return {std::max(0.0, test.statistic - whole), here.high};
}

double kolmogorovUpperTail(std::int64_t n, double d) {
    const auto size = static_cast<double>(n);
    if (size * d <= 0.5)
        return 1;
    if (d >= 1)
        return kTiny;
    if (d >= 0.5 || size * d * d >= 4)
        return std::clamp(2 * oneSidedTail(n, d), kTiny, 1.0);
    constexpr double kQuick = 130; // beyond, the matrix takes more than a second
    const double below = size * d <= kQuick ? matrixCdf(n, d) : seriesCdf(n, d);
    return std::clamp(1 - below, kTiny, 1.0);
}

std::optional<double> cohensD(std::span<const double> first, std::span<const double> second) {
    const auto moments = [](std::span<const double> values, double& mean, double& squares) {
        double count = 0;
        mean = squares = 0;
        for (const double value : values)
            if (!std::isnan(value)) {
                mean += value;
                ++count;
            }
        mean /= count;
        for (const double value : values)
            if (!std::isnan(value))
                squares += (value - mean) * (value - mean);
        return count;
    };
    double meanA, meanB, squaresA, squaresB;
    const double m = moments(first, meanA, squaresA), n = moments(second, meanB, squaresB);
    if (m < 1 || n < 1 || m + n <= 2)
        return std::nullopt;
    const double d = (meanA - meanB) / std::sqrt((squaresA + squaresB) / (m + n - 2));
    return std::isfinite(d) ? std::optional(d) : std::nullopt;
}

std::optional<std::vector<ReliabilityBin>>
reliabilityBins(std::span<const double> confidence, std::span<const std::uint8_t> correct, int bins, bool equalMass) {
    if (confidence.size() != correct.size() || bins < 1)
        return std::nullopt;
    const std::vector<double> sorted = sortedNumbers(confidence);
    if (!sorted.empty() && (sorted.front() < 0 || sorted.back() > 1))
        return std::nullopt;
    std::vector<double> edges{0};
    for (int b = 1; b <= bins; ++b) {
        double edge = static_cast<double>(b) / bins;
        if (equalMass && b < bins && !sorted.empty()) // the value with b/bins of the rows at or below it
            edge = sorted[(sorted.size() * static_cast<std::size_t>(b) + static_cast<std::size_t>(bins) - 1) /
                              static_cast<std::size_t>(bins) -
                          1];
        if (edge > edges.back())
            edges.push_back(edge);
    }
    std::vector<ReliabilityBin> result(edges.size() - 1);
    for (std::size_t b = 0; b < result.size(); ++b) {
        result[b].low = edges[b];
        result[b].high = edges[b + 1];
    }
    for (std::size_t i = 0; i < confidence.size(); ++i) {
        if (std::isnan(confidence[i]))
            continue;
        const auto at = std::lower_bound(edges.begin() + 1, edges.end() - 1, confidence[i]) - (edges.begin() + 1);
        ReliabilityBin& bin = result[static_cast<std::size_t>(at)];
        ++bin.n;
        bin.correct += correct[i] != 0;
        bin.confidence += confidence[i];
    }
    for (ReliabilityBin& bin : result)
        if (bin.n > 0)
            bin.confidence /= static_cast<double>(bin.n);
    return result;
}

std::optional<double> calibrationError(std::span<const ReliabilityBin> bins) {
    double sum = 0, n = 0;
    for (const ReliabilityBin& bin : bins) {
        n += static_cast<double>(bin.n);
        sum += std::abs(static_cast<double>(bin.correct) - static_cast<double>(bin.n) * bin.confidence);
    }
    return n > 0 ? std::optional(sum / n) : std::nullopt;
}

std::optional<double> brier(std::span<const double> probability, std::span<const std::uint8_t> outcome) {
    if (probability.size() != outcome.size())
        return std::nullopt;
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < probability.size(); ++i) {
        if (std::isnan(probability[i]))
            continue;
        if (probability[i] < 0 || probability[i] > 1)
            return std::nullopt;
        const double distance = probability[i] - (outcome[i] != 0 ? 1 : 0);
        sum += distance * distance;
        ++n;
    }
    return n > 0 ? std::optional(sum / n) : std::nullopt;
}

} // namespace plumbline::metric
