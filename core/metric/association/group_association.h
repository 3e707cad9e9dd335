// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/data/probe.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Concepts against the groups of labelled images, from the similarity of every image with every concept.
struct ConceptScores {
    std::span<const Concept> concepts;   ///< text; the category in Concept::group
    std::span<const float> similarities; ///< one a concept and image, concept-major: C x N, as `cosines(texts, images)`
};
struct GroupAssociationOptions {
    std::int64_t top = 100; ///< rows of the ranking whose entropy is taken
    double scale = 1;       ///< size of the similarities, which rounding is judged by; 1 for cosines
};

/// So-B-IT's table of concepts by groups (Hamidieh and others, "Identifying Implicit Social Biases in Vision-Language
/// Models", 2024; METHODS A20):
///
///   C-ASC(c, L) = (mean similarity of the images of L - mean of the other labelled images) / sd of all (ddof 1),
///
/// with its interval over images (within L and within the others) and a two-sided permutation p of the membership; and
/// the entropy of the groups' shares among the `top` images, divided by ln G: 1 where all groups have the same share.
/// Its null is a random ranking of the same images (below 1 where groups differ in size); p is of the lower tail.
/// Images whose similarity with any concept is not a number are left out, concepts without a number too.
/// Errors: InvalidArgument (sizes that do not match), AttributeEmpty, AttributeSingleGroup.
Outcome<MeasureTable> groupAssociationTable(const ConceptScores& scores, const Attribute& attribute,
                                            const GroupAssociationOptions& association, const Resampling& options,
                                            Feedback& feedback);

/// Whether the similarities differ between the groups at all, by ranks (METHODS A24): Kruskal and Wallis' H of each
/// concept, corrected over the concepts, then Mann and Whitney's test of every two groups, with Holm's correction over
/// the pairs of the concept. The value of a pair is P(an image of the first has more similarity than one of the
/// second), ties counting half.
Outcome<MeasureTable> groupRankTable(const ConceptScores& scores, const Attribute& attribute, const Resampling& options,
                                     Feedback& feedback);

/// -sum p ln p / ln G of counts over G groups; absent for fewer than two groups or no count.
std::optional<double> normalisedEntropy(std::span<const std::int64_t> counts);
/// Interval of the normalised entropy of the shares that the counts are drawn from: the least and the largest entropy
/// of all shares q with 2 n KL(q || p) within the chi-squared quantile of G - 1 degrees of freedom, p the observed
/// shares with a half added to each count. Entropy is biased, and at its bound where groups are alike; this covers
/// there too, and is wide elsewhere.
Interval entropyInterval(std::span<const std::int64_t> counts, double confidence);
/// Interval of the share of the variance of ranks that lies between groups, for the population: from the noncentral
/// chi-squared law of H, whose noncentrality is that share times n - 1. The estimate H / (n - 1) is larger by what
/// noise adds, (G - 1) / (n - 1) where groups are alike.
Interval rankShareInterval(double h, std::size_t groups, std::int64_t n, double confidence);
/// Interval of P(X > Y) + P(X = Y) / 2 from its estimate (Newcombe, "Confidence intervals for an effect size measure
/// based on the Mann-Whitney statistic. Part 2", Statistics in Medicine 25(4), 2006, method 5).
Interval superiorityInterval(double superiority, std::int64_t nX, std::int64_t nY, double confidence);

} // namespace plumbline::metric
