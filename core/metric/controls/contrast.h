// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// How faces are perceived (METHODS A19; Hausladen, Knott, Camerer, Perona, "Social perception of faces in a
/// vision-language model", FAccT 2025, and its published code): scores are contrasts to a blank prompt, the same
/// sentence without the adjective.

/// score - blank of each image; NaN where one of them is.
std::vector<double> contrast(std::span<const double> scores, std::span<const double> blank);
/// (score - blank) / blank; NaN where blank is 0.
std::vector<double> relativeContrast(std::span<const double> scores, std::span<const double> blank);

/// A scale of social perception: the mean of its terms, less the mean of the terms of its other end where it has one
/// (that difference is a reconstruction).
struct ScaleTerms {
    std::string name;
    std::vector<std::size_t> positive, negative; ///< columns of the scores
};
/// `scores`: images x columns, row-major. One a row; NaN where a term's score is, or without a positive term.
std::vector<double> scaleScores(std::span<const double> scores, std::size_t columns, const ScaleTerms& scale);

/// A score for each image, with its name: an adjective's contrast, a scale.
struct NamedScores {
    std::string name;
    std::vector<double> values;
};

/// Keys {"score", "group"}: mean of each group and, of all of them, range: the largest less the smallest group mean,
/// with the null of relabelled images (one-sided). Errors: InvalidArgument (sizes that do not match).
Outcome<MeasureTable> groupContrasts(std::span<const NamedScores> scores, const Attribute& attribute,
                                     const Resampling& options, Feedback& feedback);

/// Markedness of a group: the share of its images that are more similar to the blank prompt than to the prompt with the
/// group's own word. `own`: of each image the score of its own group's word. Keys {"group", "other"}: markedness of
/// each group; difference of two groups with Newcombe's interval and Fisher's exact p. Errors: InvalidArgument.
Result<MeasureTable> markedness(std::span<const double> blank, std::span<const double> own, const Attribute& attribute,
                                const Resampling& options);

/// A measured property of the images beside the groups: how wide the smile, how bright the light.
struct NamedCovariate {
    std::string name;
    std::vector<double> values; ///< one an image; NaN: unknown
};
/// Keys {"score", "covariate"}: pearson_r (null: the covariate's values change places, within the images of one
/// identity where `identity` is given) and, for a covariate of three values or more, curvature: the coefficient of x²
/// in a quadratic fit with x in standard deviations, and turning_point: where the fitted parabola turns, in the units
/// of the covariate. Intervals: bootstrap over images or, where given, identities. Errors: InvalidArgument.
Outcome<MeasureTable> covariates(std::span<const NamedScores> scores, std::span<const NamedCovariate> covariates,
                                 std::span<const std::int32_t> identity, const Resampling& options, Feedback& feedback);

/// The ellipse of two scores' covariance (ddof 1) around their means at `sigmas` standard deviations, e.g. of warmth
/// and competence. Absent for fewer than two images with both.
struct Ellipse {
    double x = 0, y = 0;         ///< centre
    double major = 0, minor = 0; ///< half axes
    double angle = 0;            ///< of the major axis to the x axis, radians in (-pi/2, pi/2]
};
std::optional<Ellipse> covarianceEllipse(std::span<const double> x, std::span<const double> y, double sigmas = 2);

} // namespace plumbline::metric
