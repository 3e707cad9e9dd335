// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
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
    std::vector<std::string> warnings;   ///< about the target and small pools

    double poolShare(std::size_t g) const { return static_cast<double>(counts[g]) / static_cast<double>(n); }
};

/// Errors: AttributeEmpty, TargetInvalid, InvalidArgument (a code outside the groups).
Result<Pool> makePool(const Attribute& attribute, const Target& target, const Rules& rules);

} // namespace plumbline::metric
