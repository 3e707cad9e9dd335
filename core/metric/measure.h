// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/audit.h"
#include "core/data/labels.h"

namespace plumbline::metric {

/// The first ranks of one ranking of an attribute's labelled rows: what a measurement at any k up to its length rests
/// on, so that another k needs neither the scores nor another sorting.
struct RankedFront {
    std::vector<std::uint32_t> groupAtRank; ///< among the groups that the pool has
    std::vector<std::uint32_t> tieEnd;      ///< for each rank the first rank of a lower score
    std::size_t ranks() const { return groupAtRank.size(); }
};

/// Measures rankings against one attribute. The null of a ranking depends only on the pool, k, target and definition,
/// so one Meter is made for an attribute and used for every prompt: it draws the null once.
/// The same scores, seed and options give the same bits, whatever the number of threads.
class Meter {
public:
    /// Errors: AttributeEmpty, KInvalid, TargetInvalid, InvalidArgument. An attribute with one group is measured
    /// as "not applicable" (values absent, with a warning), not refused. `relevance`: one a row, above 0 for a row that is
    /// truly relevant to the query; needed for the conditional target only (which makes a Meter for one query).
    static Result<Meter> create(const Attribute& attribute, const MeasureOptions& options,
                                std::span<const double> relevance = {});
    ~Meter();
    Meter(Meter&&) noexcept;
    Meter& operator=(Meter&&) noexcept;

    /// `scores`: one a row of the attribute (ScoresInvalid otherwise); higher ranks first. Cosine unless the definition
    /// says otherwise. Thread-safe.
    Outcome<Measurement> measure(std::span<const double> scores, Feedback& feedback) const;
    Outcome<Measurement> measure(std::span<const float> scores, Feedback& feedback) const;

    /// The same pool, target and definition at another k, with at most so many draws. Where these are fewer than asked
    /// for and no group is below half a per cent of the pool, lists of more than 16,384 rows are drawn in blocks
    /// (drawNull, BootstrapPlan), and infeasible index and count have neither interval nor null. Error: KInvalid.
    Result<Meter> at(const KSpec& k, int mostDraws = std::numeric_limits<int>::max()) const;
    std::int64_t k() const;
    std::int64_t images() const; ///< labelled rows: the largest k that looks at more

    /// A ranking's first `ranks` ranks, or all labelled rows where there are fewer; ordered, and ties broken, as
    /// measure() does it. At least as many as valuesNeed() are kept. Error: ScoresInvalid. Thread-safe.
    Result<RankedFront> front(std::span<const float> scores, std::size_t ranks) const;
    /// The ranks that values() and measure() of a front look at.
    std::size_t valuesNeed() const;
    Outcome<std::size_t> measureNeeds(Feedback& feedback) const;
    /// What measure() says of the k that this meter has: counts, shares, skews and their exact p, MaxSkew, MinSkew and
    /// NDKL, to the last bit, without nulls, intervals and further numbers. `scored`: any measurement of the same
    /// scores against the same attribute, for what does not depend on k (mean scores, gaps); its warnings are not taken
    /// over. InvalidArgument where the front is too short or `scored` is of another pool. Thread-safe.
    Result<Measurement> values(const RankedFront& front, const Measurement& scored) const;
    /// Several at once, on all threads.
    Result<std::vector<RankedFront>> fronts(std::span<const std::vector<float>> scores, std::size_t ranks) const;
    Result<std::vector<Measurement>> values(std::span<const RankedFront* const> fronts,
                                            std::span<const Measurement* const> scored) const;
    /// values() with everything that measure() says.
    Outcome<Measurement> measure(const RankedFront& front, const Measurement& scored, Feedback& feedback) const;

    /// NDKL and shares by rank for the first k rows with null bands, at most `points` ranks kept.
    Outcome<RankCurve> curve(std::span<const float> scores, std::size_t points, Feedback& feedback) const;

private:
    Meter();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Means over the prompts of each concept (METHODS A1: arithmetic mean of the per-prompt values).
std::vector<ConceptSummary> summariseConcepts(const ProbeSet& probe, std::span<const Prompt> prompts,
                                              std::span<const Measurement> promptMajor, std::size_t attributes);

} // namespace plumbline::metric
