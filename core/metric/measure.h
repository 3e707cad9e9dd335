// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/audit.h"
#include "core/data/labels.h"

namespace plumbline::metric {

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
