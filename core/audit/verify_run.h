// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/audit.h"

namespace plumbline::audit {

/// What a run was made of: as it was then, and now.
struct VerifiedInput {
    std::string name; ///< "model", "images", "label table", "prompts", "program", …
    std::string was, is;
    bool decides = true; ///< a hash: the run is not the same where it differs; false: a version, which only explains
    bool same() const { return was == is; }
};

/// A number or a text of the result that is not what it was.
struct VerifiedDifference {
    std::string where; ///< "“a photo of a nurse”, gender: max_skew/value"
    std::string was, is;
    std::optional<double> by; ///< |is - was| of two numbers
};

/// A finished run, repeated.
struct Verification {
    std::int64_t run = 0;
    std::vector<VerifiedInput> inputs;
    std::int64_t numbers = 0;                    ///< of the result, that were compared
    std::vector<VerifiedDifference> differences; ///< beyond rounding, the largest first
    std::int64_t rounded = 0;                    ///< numbers that differ by rounding alone
    double largestRounding = 0;                  ///< of those, |is - was|
    double largestScore = 0;                     ///< |is - was| over all scores of images and prompts
    std::int64_t scoresBeyond = 0;               ///< that differ by more than kScoreTolerance, or are there only once

    /// A score is a cosine (or a dot product of that size): batches of another size round differently, by some 1e-7.
    static constexpr double kScoreTolerance = 1e-5;
    /// Of every other number, relative to its size where that is above 1.
    static constexpr double kTolerance = 1e-5;

    bool inputsSame() const;
    /// Nothing differs beyond rounding.
    bool same() const { return inputsSame() && differences.empty() && scoresBeyond == 0; }
    bool toTheLastDigit() const { return same() && rounded == 0 && largestScore == 0; }
};

/// Repeats a finished run of the project from its files and holds everything against what is stored: hashes, scores,
/// every number and text of the result. `encoder`: the model at the run's path, with the run's options. Without a
/// cache the images are embedded anew. The project is not changed. Errors: RecordUnknown, InvalidArgument (a run that
/// is not finished, or of embeddings alone), those of runAudit; Cancelled.
Outcome<Verification> verifyRun(store::Project& project, std::int64_t run, const clip::Encoder& encoder,
                                store::EmbeddingCache* cache, Feedback& feedback);

} // namespace plumbline::audit
