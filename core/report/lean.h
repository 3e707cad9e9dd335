// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/plumb_chart.h"

namespace plumbline::report {

/// What the words of a row need of a group beside its mark.
struct Judged {
    Verdict verdict = Verdict::Unjudged;
    bool slight = false;
    double logRatio = 0;  ///< ln(share in the top / share in the pool); absent groups have none and count as -infinity
    double sureRatio = 0; ///< the end of its interval that is nearest to plumb, same scale; 0 if it reaches over plumb
};

/// Of a row whose numbers are not there yet.
Lean pendingLean();

/// The verdict on one row from its marks and `judged`, one a mark.
Lean judge(const Measurement& measurement, const std::vector<Mark>& marks, const std::vector<Judged>& judged);

} // namespace plumbline::report
