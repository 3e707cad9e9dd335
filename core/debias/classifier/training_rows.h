// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/debias/fit.h"

namespace plumbline::debias {

/// The rows that take part in a fit, as unit vectors, and the groups that have one.
struct TrainingRows {
    Embeddings unit;                 ///< x̂
    std::vector<std::int32_t> codes; ///< one a row, index into `groups`
    std::vector<std::string> groups;
    std::vector<std::int64_t> counts; ///< rows of each group

    /// Share of the largest group: the accuracy of always naming it.
    double majority() const;
};

/// Errors: InvalidArgument (labels that do not match the rows; a group with fewer than `leastRows`), AttributeEmpty,
/// AttributeSingleGroup.
Result<TrainingRows> trainingRows(const FitInput& input, std::int64_t leastRows);


} // namespace plumbline::debias
