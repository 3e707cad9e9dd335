// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <span>
#include <string>
#include <vector>

#include "core/data/measure_table.h"

namespace plumbline::metric {

/// An image set and the attribute that is looked at in it.
struct SetAttribute {
    std::string set, attribute;
    auto operator<=>(const SetAttribute&) const = default;
};

/// Whether a change that was fitted on one set for one attribute holds elsewhere (METHODS A23.1, after Zhang, Guo,
/// Kankanhalli, CVPR 2025): rows are what it was fitted on, columns what was audited. Cells with another set are out
/// of domain, cells with another attribute show harm across attributes.
struct GeneralisationCell {
    SetAttribute fitted, audited;
    std::string measure = "max_skew"; ///< mean over the prompts
    MetricValue before, after;        ///< of the audited set and attribute, without and with the change
    MetricValue difference;           ///< paired, after minus before (comparePaired), with interval and p
    std::int64_t n = 0;               ///< images audited
    bool enough = true;
};
struct GeneralisationMatrix {
    std::vector<SetAttribute> rows, columns;
    std::vector<GeneralisationCell> cells; ///< in any order; at most one a row, column and measure

    const GeneralisationCell* find(const SetAttribute& fitted, const SetAttribute& audited,
                                   std::string_view measure) const;
};

/// A row of the table for each of before, after and difference of each cell, in the order of the matrix; what was not
/// audited is named in the warnings, and so are a cell that was given twice (the first counts) and one outside the
/// matrix. The p-values of the differences are one family.
MeasureTable generalisationTable(const GeneralisationMatrix& matrix);

} // namespace plumbline::metric
