// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/metric/skew.h"

namespace plumbline::metric {

/// What a ranking is measured against: the labelled rows, their groups and the target. The same for every prompt.
struct Pool {
    std::string attribute;
    std::vector<std::string> groups;      ///< those with a row, in byte order
    std::vector<std::int64_t> counts;     ///< rows of each group
    std::vector<std::int32_t> groupOfRow; ///< index into groups, negative for an unlabelled row
    std::int64_t n = 0, unlabelled = 0;
    Target::Kind target = Target::Kind::Pool;
    std::vector<double> share, logShare; ///< target share of each group, sum 1; its logarithm
    std::optional<std::pair<std::size_t, std::size_t>> bias; ///< positive and negative group of Bias@K
    std::vector<std::string> warnings;   ///< about the target and small pools

    double poolShare(std::size_t g) const { return static_cast<double>(counts[g]) / static_cast<double>(n); }
};

/// `relevance`: one a row, for the conditional target; a row with a number above 0 is relevant. Errors: AttributeEmpty,
/// TargetInvalid, InvalidArgument (a code outside the groups; relevance that does not match the rows).
Result<Pool> makePool(const Attribute& attribute, const Target& target, const Rules& rules,
                      std::span<const double> relevance = {});

/// The groups of Bias@K: those named (positive, negative), else men and women, else, of two groups, the first and the
/// second. Names that the pool does not have are warned of and give none.
void chooseBiasGroups(Pool& pool, std::span<const std::string> named);

} // namespace plumbline::metric
