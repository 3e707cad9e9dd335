// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/measure_table.h"
#include "core/metric/association/vectors.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Concept vectors without a test set (METHODS A18): a reconstruction of BiasLens for CLIP's embeddings. The original
/// takes activations of a language model, steers them by the concept and compares sparse features; here the concept
/// vector itself is compared:
///
///   C_c = unit normal of a logistic probe (core/metric/logistic.h) of the concept's examples against as many random
///   negatives (Kim and others, "Interpretability Beyond Feature Attribution: Quantitative Testing with Concept
///   Activation Vectors", ICML 2018), or the unit difference of their means (the cheap variant); bias(c; r1, r2) =
///   cos(C_c, C_r1) - cos(C_c, C_r2).
struct ConceptExamples {
    std::string name;
    VectorSet examples; ///< texts or images that show the concept
};
struct ConceptVectorOptions {
    double l2 = 0.01; ///< of the probe, on rows of unit length
    int folds = 5;
    double accuracy = 0.7;         ///< the held-out accuracy that a concept vector must exceed, or it is rejected
    int relabellings = 200;        ///< of the null
    int parts = 20;                ///< that the interval leaves out one after the other; 0: no interval
    std::int64_t minExamples = 10; ///< fewer are not enough for a finding
};

/// A concept's vector, by probe and by means.
struct ConceptVector {
    std::vector<double> probe, means; ///< unit length
    double accuracy = 0;              ///< of the probe on held-out examples
    bool converged = false;           ///< all fits
    std::size_t examples = 0;         ///< that have a direction, and as many negatives
};
/// `negatives`: where the random ones are drawn from (as many as there are examples, without replacement; all where
/// there are fewer). Errors: InvalidArgument (fewer than `folds` examples or negatives, other dimension).
Outcome<ConceptVector> conceptVector(const ConceptExamples& concept_, const VectorSet& negatives,
                                     const ConceptVectorOptions& vectors, const Resampling& options,
                                     Feedback& feedback);

/// Two references that concepts are held against: indices into `references`.
struct ReferencePair {
    std::size_t first = 0, second = 0;
};

/// The table of bias(c; r1, r2) by probe ("bias") and by means ("bias_of_means"), and each concept's held-out accuracy
/// with Wilson's interval. A rejected concept or reference has no bias. Null: 200 random relabellings of the concept's
/// examples and negatives, the references as they are; p two-sided, add-one: does the concept lean to r1 or r2 more
/// than an arbitrary split of the same examples does. Interval: Student's over
/// examples, with the variance of the jackknife that leaves out a twentieth of the concept's examples and negatives,
/// and of each reference's (resampled examples repeat, which a probe takes for certainty: such intervals cover 84 to 92
/// %). It is for concept vectors from so many examples.
Outcome<MeasureTable> conceptVectorTable(std::span<const ConceptExamples> concepts,
                                         std::span<const ConceptExamples> references,
                                         std::span<const ReferencePair> pairs, const VectorSet& negatives,
                                         const ConceptVectorOptions& vectors, const Resampling& options,
                                         Feedback& feedback);

} // namespace plumbline::metric
