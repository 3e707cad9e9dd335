// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/measure_table.h"
#include "core/metric/association/effect_size.h"
#include "core/metric/association/partition_test.h"
#include "core/metric/association/vectors.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// WEAT (Caliskan, Bryson and Narayanan, "Semantics derived automatically from language corpora contain human-like
/// biases", Science 356(6334), 2017), SEAT (May, Wang, Bordia, Bowman and Rudinger, NAACL 2019: the same of sentences)
/// and iEAT (Steed and Caliskan, FAccT 2021: the same of images). For targets X and Y and attributes A and B
///
///   s(w) = mean over a in A of cos(w, a) - mean over b in B of cos(w, b)
///   d    = (mean over X of s - mean over Y of s) / standard deviation of s over X and Y;
///
/// d > 0: X is nearer to A, and Y to B, than the other way round.
/// SC-WEAT of one item w: d = (mean over A of cos(w, a) - mean over B of cos(w, b)) / sd of the cosines with A and B.
struct WeatOptions {
    int ddof = 1;                      ///< of the standard deviation; 1 as published code has it, or 0
    std::int64_t partitions = 100'000; ///< all partitions where there are at most so many, otherwise so many at random
    enum class Sides { Two, One } sides = Sides::Two; ///< which p a table's rows carry; One: that d is so large
    std::int64_t minStimuli = 3; ///< a set of fewer is not enough for a finding (sets of words are small by design)
};

struct Weat {
    std::vector<double> sX, sY; ///< s of every target that has a direction
    EffectSize effect;
    Interval effectInterval, differenceInterval; ///< over the targets; the attributes are taken as given
    PartitionTest test;                          ///< over partitions of the targets
    std::size_t smallestSet = 0, leftOut = 0;    ///< items of the smallest of the four sets; items without a direction
};
/// All four sets have one dimension, an embedding with a direction at least, and may be of different sizes (|X| != |Y|
/// is an extension of the published test: sizes are preserved and means compared). `name` separates the draws.
/// Errors: InvalidArgument; Cancelled.
Outcome<Weat> weat(const VectorSet& x, const VectorSet& y, const VectorSet& a, const VectorSet& b,
                   const WeatOptions& weatOptions, std::string_view name, const Resampling& options,
                   Feedback& feedback);

/// SC-WEAT of every item of `items`, over the same partitions of A and B together.
struct SingleCategory {
    bool defined = false;       ///< false: the item has no direction
    std::size_t nA = 0, nB = 0; ///< members of A and B that have a direction
    EffectSize effect;
    Interval effectInterval; ///< over the items of A and of B
    PartitionTest test;      ///< over partitions of A and B
};
Outcome<std::vector<SingleCategory>> singleCategory(const VectorSet& items, const VectorSet& a, const VectorSet& b,
                                                    const WeatOptions& weatOptions, std::string_view name,
                                                    const Resampling& options, Feedback& feedback);

/// What a set is known by, as texts and as images, where there are any. The sets look at embeddings kept elsewhere.
struct AssociationSet {
    std::string label; ///< "career"
    std::optional<VectorSet> texts, images;
};
struct AssociationInput {
    std::string test; ///< "Gender and career"
    AssociationSet x, y, a, b;
};
/// Every test in each of the forms that its sets allow: texts only (SEAT), images only (iEAT), images as targets
/// against texts, and texts against images. A mitigation that moves one of them often leaves another where it was. One
/// family of tests. A test that no form fits is warned of.
Outcome<MeasureTable> associationTable(std::span<const AssociationInput> tests, const WeatOptions& weatOptions,
                                       const Resampling& options, Feedback& feedback);

/// One test as it is given, in full: with the statistic, its p-values of all kinds and the number of partitions.
/// `form`: what the sets are, e.g. "texts".
struct FourSets {
    std::string test, form;
    VectorSet x, y, a, b;
};
Outcome<MeasureTable> weatTable(const FourSets& sets, const WeatOptions& weatOptions, const Resampling& options,
                                Feedback& feedback);

/// Two sets that items are held against: "Female – Male".
struct AttributePair {
    std::string name;
    VectorSet a, b;
    std::int64_t minimum = 3; ///< items that a and b must have to be enough for a finding
};
/// Every two groups of an attribute as a pair; `minimum`: Resampling::minGroup for images.
std::vector<AttributePair> attributePairs(const Embeddings& images, std::span<const std::string> groups,
                                          std::span<const std::int32_t> codes, std::int64_t minimum);
/// SC-WEAT of many items against pairs of sets; one family of tests. `names`: one an item.
Outcome<MeasureTable> singleCategoryTable(const VectorSet& items, std::span<const std::string> names,
                                          std::span<const AttributePair> pairs, const WeatOptions& weatOptions,
                                          const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
