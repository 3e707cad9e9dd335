// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Where images and texts lie in the space that they share (METHODS A14).
///
/// LIANG22 (Liang et al., "Mind the Gap", NeurIPS 2022): delta = mean of the images' unit vectors - that of the texts';
/// gap = |delta|. REFINE25 (Yamaguchi et al., CLIP-Refine, CVPR 2025, published code): modality_gap = |delta|^2 / D;
/// with captions that pair with the images feature_gap = mean |x_i - t_i| of the embeddings as they come and alignment
/// = mean |x_i - t_i|^2 of unit vectors; uniformity = ln mean over pairs of exp(-2 |z_i - z_j|^2) over images and texts
/// together (alignment and uniformity: Wang and Isola, ICML 2020).
///
/// Interval: over images, the texts as they are; with captions that pair, over pairs. Lengths have the interval of
/// MeanDistance, means Student's, uniformity that of a U-statistic (Hoeffding 1948) on the logarithmic scale.

/// delta of the usable rows (unit vectors). Absent where a side has none.
std::optional<std::vector<double>> modalityDelta(const Embeddings& images, const Embeddings& texts);

/// ln of the mean of exp(-2 |z_i - z_j|^2) over pairs of rows of the union of both; paired: the texts are the images'
/// captions, in their order, and are drawn with them.
struct Uniformity {
    std::optional<double> value; ///< absent for fewer than two usable rows
    Interval interval;
    std::int64_t rows = 0, pairs = 0; ///< unordered pairs that there are
    std::int64_t sampled = 0;         ///< ordered pairs that were looked at where not all were; 0: all
    double samplingError = 0;         ///< standard error of the value that is due to looking at a sample of pairs
};
/// All pairs up to `exactRows` rows; beyond, about `sampledPairs` random ones, as many for each row.
struct UniformityOptions {
    std::size_t exactRows = 2000, sampledPairs = 4'000'000;
};
Outcome<Uniformity> uniformity(const Embeddings& images, const Embeddings& texts, bool paired,
                               const UniformityOptions& limits, const Resampling& options, Feedback& feedback);

struct ModalityGapInput {
    const Embeddings* images = nullptr;
    const Embeddings* texts = nullptr;
    bool paired = false;                  ///< text i is the caption of image i
    const Attribute* attribute = nullptr; ///< of the images; null: no groups
    UniformityOptions uniformity = {};
};

/// Keys {"group"}, "" for all images: gap, gap_corrected, modality_gap, feature_gap, alignment, uniformity; of each
/// group gap and gap_corrected; gap_range, the largest less the smallest corrected gap of a group, with a null of
/// relabelled images. Errors: InvalidArgument (no rows, dimensions that differ, sizes that do not match).
Outcome<MeasureTable> modalityGap(const ModalityGapInput& input, const Resampling& options, Feedback& feedback);

/// Distances between the mean unit vectors of groups inside one modality. `what` names the rows: "images", "texts".
/// Keys {"group", "other"}: distance (null: the two groups' rows relabelled, one-sided) and distance_corrected.
/// Errors: InvalidArgument.
Outcome<MeasureTable> centroidDistances(const Embeddings& rows, const Attribute& attribute, const std::string& what,
                                        const Resampling& options, Feedback& feedback);

/// LIANG22's shift: x' = norm(x - lambda delta), t' = norm(t + lambda delta) of unit vectors; 0 leaves the directions
/// as they are, 1/2 closes the gap of the means (before the new norms), a negative lambda widens it.
struct Shifted {
    Embeddings images, texts;
};
Shifted shiftModalities(const Embeddings& images, const Embeddings& texts, std::span<const double> delta,
                        double lambda);

/// What is measured at each lambda: rows with one key each, the class, the prompt or "".
using ShiftMeasure = std::function<Outcome<std::vector<MeasureRow>>(const Embeddings& images, const Embeddings& texts,
                                                                    Feedback& feedback)>;
/// MaxSkew and NDKL of every text as a prompt. Errors: those of Meter.
Result<ShiftMeasure> skewOfShifted(const Attribute& attribute, const MeasureOptions& options,
                                   std::vector<std::string> prompts);
/// Share of the images whose most similar text is that of their class, texts = classes; `classes`: one an image,
/// negative: takes no part. Wilson's interval.
ShiftMeasure accuracyOfShifted(std::vector<std::int32_t> classes, const Resampling& options);

/// The measures at every lambda, and the gap there. Keys {"lambda", "of"}. Errors: InvalidArgument, those of measures.
Outcome<MeasureTable> shiftExperiment(const Embeddings& images, const Embeddings& texts,
                                      std::span<const double> lambdas, std::span<const ShiftMeasure> measures,
                                      const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
