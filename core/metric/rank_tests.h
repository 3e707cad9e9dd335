// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace plumbline::metric {

/// Tests on ranks. Values that are not numbers (NaN) are left out, infinite ones rank. Equal values share the mean of
/// their ranks. All p-values are two-sided; absent where a sample is empty. The functions are pure and never throw but
/// for want of memory.

/// How a p-value is found: exactly where that is cheap (see each function), or always from the normal law.
enum class PMethod { Auto, Normal };

/// Ranks from 1, in the order of `values`; equal values share the mean of their ranks. A NaN has rank NaN.
std::vector<double> midranks(std::span<const double> values);

/// Mann and Whitney's test that two samples come from one law ("On a test of whether one of two random variables is
/// stochastically larger than the other", Annals of Mathematical Statistics 18(1), 1947).
struct RankSum {
    std::int64_t nX = 0, nY = 0;       ///< numbers in each sample
    double u = 0;                      ///< pairs with x > y, plus half of those with x = y
    std::optional<double> superiority; ///< u / (nX nY) = P(x > y) + P(x = y) / 2, the AUROC with x as the positives
    std::optional<double> cliffsDelta; ///< P(x > y) - P(x < y), in [-1, 1]
    std::optional<double> z;           ///< (u - mean) / sd with the correction for ties, signed; absent for sd 0
    std::optional<double> p;
    bool exact = false; ///< p counts the orders of the ranks instead of using the normal law
};
/// Auto: exact without ties where the smaller sample has at most 8 numbers and the larger at most 500; otherwise the
/// normal law with the correction for ties and the continuity correction of a half. All values equal: p = 1.
/// O(n log n).
RankSum mannWhitney(std::span<const double> x, std::span<const double> y, PMethod method = PMethod::Auto);

/// Wilcoxon's signed-rank test that differences lie symmetrically about 0 ("Individual comparisons by ranking
/// methods", Biometrics Bulletin 1(6), 1945). Differences of 0 are left out, as he does.
struct SignedRank {
    std::int64_t n = 0, zeros = 0;      ///< differences that are not 0, and those that are
    double wPlus = 0, wMinus = 0;       ///< sums of the ranks of positive and of negative differences
    std::optional<double> rankBiserial; ///< (wPlus - wMinus) / (wPlus + wMinus), in [-1, 1] (Kerby 2014)
    std::optional<double> z;            ///< of wPlus, with the correction for ties, signed
    std::optional<double> p;            ///< 1 where all differences are 0; absent without any
    bool exact = false;
};
/// Auto: exact for up to 50 differences (of all signs that the observed ranks could have, so ties are no matter);
/// otherwise the normal law with the correction for ties and the continuity correction of a half.
SignedRank wilcoxonSignedRank(std::span<const double> differences, PMethod method = PMethod::Auto);

/// Kendall's rank correlation tau-b ("The treatment of ties in ranking problems", Biometrika 33(3), 1945).
struct RankCorrelation {
    std::int64_t n = 0; ///< pairs of numbers
    std::int64_t concordant = 0, discordant = 0;
    std::optional<double> tau; ///< in [-1, 1]; absent where one of the two is constant
    std::optional<double> p;   ///< that the two are independent
    bool exact = false;
};
/// x.size() == y.size(). Auto: exact p without ties for n up to 33, otherwise the normal law with ties and without a
/// continuity correction. O(n log n) (Knight, JASA 61(314), 1966).
RankCorrelation kendallTau(std::span<const double> x, std::span<const double> y, PMethod method = PMethod::Auto);

/// Kruskal and Wallis' test that several samples come from one law ("Use of ranks in one-criterion variance analysis",
/// JASA 47(260), 1952).
struct GroupRanks {
    std::int64_t n = 0;
    std::int64_t groups = 0;              ///< with at least one number
    std::optional<double> h;              ///< with the correction for ties; absent where all values are equal
    std::optional<double> epsilonSquared; ///< h / (n - 1): share of the variance of ranks that lies between groups
    std::optional<double> p;              ///< chi-squared with groups - 1 degrees of freedom; 1 where all are equal
    std::vector<std::optional<double>> meanRank; ///< of each code, 0 to the largest; absent for a group without numbers
};
/// `codes`: one a value, negative for a value that takes no part. Absent for fewer than two groups.
GroupRanks kruskalWallis(std::span<const double> values, std::span<const std::int32_t> codes);

} // namespace plumbline::metric
