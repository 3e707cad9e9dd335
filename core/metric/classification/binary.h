// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/metric/interval.h"

/// Two samples of scores: of positives and of negatives, or of one group and another. In every function a score that is
/// NaN is left out, equal scores are half a win, and a sample without a number gives no value. Mann and Whitney's U and
/// Cliff's delta are in core/metric/rank_tests.h.
namespace plumbline::metric {

/// The area under the ROC curve, P(s+ > s-) + 1/2 P(s+ = s-), with DeLong's variance (DeLong, DeLong and
/// Clarke-Pearson, Biometrics 44(3), 1988): that of the placements among the positives / m plus that among the
/// negatives / n.
struct Auroc {
    double value = 0;
    double variance = 0; ///< 0 where a sample has a single score
    std::int64_t positives = 0, negatives = 0;
};
std::optional<Auroc> auroc(std::span<const double> positives, std::span<const double> negatives);

/// Interval of an AUROC over the images of both classes: DeLong's variance on the logit scale (Pepe, "The Statistical
/// Evaluation of Medical Tests", 2003, 5.2.6). Near 0 and 1 with few images (fewer than five of the rarer class in
/// expectation on the wrong side), where that covers 85 to 90 %, and where the variance is 0, the score-type interval
/// with Hanley and McNeil's variance (Newcombe, Statistics in Medicine 25(4), 2006, method 5), or DeLong's where
/// larger.
Interval aurocInterval(const Auroc& auroc, double confidence);

/// Average precision: sum over the distinct thresholds, from the highest, of (recall gained) x (precision there); the
/// step-wise area under the precision-recall curve. The value of a random ranking is the share of positives.
std::optional<double> averagePrecision(std::span<const double> positives, std::span<const double> negatives);

/// Average precision made comparable between shares of positives: 1 - ln(AP) / ln(prevalence); 0 at random, 1 at best
/// (Sourget et al., clip_cxr_fairness). Absent where the prevalence or AP is not inside (0, 1] x (0, 1).
std::optional<double> normalisedAveragePrecision(double averagePrecision, double prevalence);

/// Kolmogorov and Smirnov's statistic of two samples, the largest distance of their distribution functions, and its
/// large-sample two-sided p: that of the one-sample statistic with round(m n / (m + n)) scores (as SciPy). The p is
/// absent where that is 0.
struct KsTest {
    double statistic = 0;
    std::optional<double> p;
    std::int64_t atOrBelowA = 0, atOrBelowB = 0; ///< scores at or below the place of the largest distance
    std::int64_t a = 0, b = 0;                   ///< sizes
};
std::optional<KsTest> ksTest(std::span<const double> a, std::span<const double> b);
/// Interval of the distance. Noise raises a largest distance, so the lower end takes off what the whole of both
/// functions may be wrong by (Smirnov's limit); the upper end is that of the two shares at the place found (Newcombe).
Interval ksInterval(const KsTest& test, double confidence);

/// P(D_n >= d) of the one-sample statistic of n scores, exact up to rounding while that is quick, by the series of Pelz
/// and Good (JRSS B 38(2), 1976) for large n. n > 0.
double kolmogorovUpperTail(std::int64_t n, double d);

/// Cohen's d: (mean a - mean b) / pooled standard deviation (ddof 1). Absent where that is 0 or not finite.
std::optional<double> cohensD(std::span<const double> a, std::span<const double> b);

/// What falls in one bin of confidence (low, high].
struct ReliabilityBin {
    double low = 0, high = 0;
    std::int64_t n = 0, correct = 0;
    double confidence = 0; ///< mean; 0 of an empty bin
};
/// Bins of equal width on [0, 1], closed on the right (0 itself is in the first), or of equal mass (`equalMass`: the
/// quantiles of the confidences are the edges; equal confidences stay together, so there may be fewer).
/// `correct`: not 0 where the answer is right. Rows whose confidence is NaN are left out; nothing where one lies
/// outside [0, 1] or the sizes differ.
std::optional<std::vector<ReliabilityBin>>
reliabilityBins(std::span<const double> confidence, std::span<const std::uint8_t> correct, int bins, bool equalMass);
/// Expected calibration error: sum over the bins of (n_b / n) |accuracy_b - confidence_b| (Naeini et al., AAAI 2015).
std::optional<double> calibrationError(std::span<const ReliabilityBin> bins);

/// Brier's score of a probability: mean of (p - y)^2. Rows that are NaN are left out; nothing for a p outside [0, 1].
std::optional<double> brier(std::span<const double> probability, std::span<const std::uint8_t> outcome);

} // namespace plumbline::metric
