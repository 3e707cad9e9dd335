// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/interval.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Temperature scaling (Guo et al., ICML 2017): one number T > 0, logits divided by it.
struct TemperatureFit {
    double temperature = 1;
    Interval interval;            ///< over images: sandwich variance of ln T, valid whether or not the model is right
    double nll = 0, nllAtOne = 0; ///< mean negative log-likelihood with T and without
    bool atBound = false;         ///< the likelihood still rises at the end of [1/100, 100]: the split decides nothing
    std::int64_t n = 0;
};
/// Minimises the mean negative log-likelihood of the true class over T by golden section on ln T in [ln 0.01, ln 100]
/// (convex in 1/T, so there is one minimum). `scores`: images x classes, logits are scale x score. Rows whose class is
/// negative or whose scores are not finite take no part. Errors: InvalidArgument, ScoresInvalid (no usable row);
/// Cancelled.
Outcome<TemperatureFit> fitTemperature(std::span<const double> scores, std::size_t classes,
                                       std::span<const std::int32_t> truth, double scale, Feedback& feedback,
                                       double confidence = 0.95);

struct CalibrationOptions {
    Resampling resampling;
    double scale = 100; ///< exp(logit_scale): logits = scale x cosine
    int bins = 15;
    std::vector<bool> fit; ///< one an image: it serves to fit the temperature and is measured nowhere; empty: no fit
};

/// How well the confidence of a zero-shot classifier, the highest softmax probability, agrees with how often it is
/// right, by group: expected calibration error with 15 equal-width right-closed bins and with bins of equal mass,
/// Brier's score over all classes, mean confidence minus accuracy; with the temperature as it is and with the one
/// fitted on the split, applied unchanged. METHODS A13. Noise raises a calibration error, more so in small groups: its
/// null is what a calibrated model would show (answers drawn with the stated confidence; Bröcker and Smith, Weather and
/// Forecasting 22(3), 2007). `scores`: images x classes, row-major; `truth`: negative for not known. Errors:
/// InvalidArgument, AttributeEmpty, ScoresInvalid; Cancelled.
Outcome<MeasureTable> calibrationByGroup(std::span<const double> scores, std::size_t classes,
                                         std::span<const std::int32_t> truth, const Attribute& attribute,
                                         const CalibrationOptions& options, Feedback& feedback);

/// The value and the interval of the calibration error of fixed bins: `residual` = right (1 or 0) - confidence and the
/// bin of each row. The error is a sum of absolute values, which noise raises. Bins whose sign is sure (three standard
/// errors) err with their sign, the others by as much as they can: the lower end takes off the upper percentile of
/// that, by bootstrap over the rows, the upper end that of the signed sum. Covers also where the true error is 0.
struct CalibrationError {
    double value = 0;
    Interval interval, strict; ///< at the level asked for, and at that of one among `alternatives`
};
Outcome<CalibrationError> calibrationErrorInterval(std::span<const double> residual, std::span<const std::uint32_t> bin,
                                                   std::size_t bins, std::size_t alternatives, std::string_view name,
                                                   const Resampling& options, Feedback& feedback);

/// Scores of "this is one of the classes", higher for yes. MSP: highest softmax(scale x cosine) (Hendrycks and Gimpel,
/// ICLR 2017). MCM: highest softmax(cosine / T), T = 1 (Ming et al., NeurIPS 2022). Energy: T ln sum exp(z / T), z =
/// scale x cosine, T = 1 (Liu et al., NeurIPS 2020). NaN for a row that is not finite.
enum class OodScore { Msp, Mcm, Energy };
std::string_view oodScoreName(OodScore score);
std::vector<double> oodScores(OodScore score, std::span<const double> cosines, std::size_t classes, double scale,
                              double temperature = 1);

/// How well a score tells images of the classes from others, and whom it takes for strangers: AUROC, false acceptance
/// at the threshold that keeps 95 % of the images of the classes, and at this one threshold the share of each group's
/// images that is flagged. METHODS A13. `inside`: scores of the images of the classes, whose groups are in `attribute`;
/// `outside`: scores of others. Errors: InvalidArgument, AttributeEmpty, ScoresInvalid (no number inside); Cancelled.
Outcome<MeasureTable> outOfDistribution(const std::string& scoreName, std::span<const double> inside,
                                        std::span<const double> outside, const Attribute& attribute,
                                        const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
