// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/plumb_chart.h"

namespace plumbline::report {

/// What judging a group needs beside its mark.
struct Judged {
    double logRatio = 0;  ///< ln(share in the top / share in the pool); absent groups have none and count as -infinity
    double sureRatio = 0; ///< the end of its interval that is nearest to plumb, same scale; 0 if it reaches over plumb
    double smallestP = 1; ///< that this group could reach
    bool outside = false; ///< of its own null band
    bool above = false;   ///< and on its right side
    bool testable = false;
};

/// The verdict on one row from its marks (`leans` and the p-values set) and `judged`, one a mark.
Lean judge(const Measurement& measurement, const std::vector<Mark>& marks, const std::vector<Judged>& judged,
           std::size_t tests);

} // namespace plumbline::report
