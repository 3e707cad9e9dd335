// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/fit.h"

#include <cmath>

#include "core/base/numbers.h"

namespace plumbline::debias {

void warnOfLess(double accuracy, double majority, std::size_t rows, Fitted& fitted) {
    if (accuracy < majority - 3 * std::sqrt(majority * (1 - majority) / static_cast<double>(rows)))
        fitted.warnings.push_back("A classifier now names the group right for " + formatFixed(100 * accuracy, 1) +
                                  " %, less often than always naming the largest group would (" +
                                  formatFixed(100 * majority, 1) +
                                  " %): the change goes beyond the mark, and whoever "
                                  "expects the opposite reads the group from it.");
}

} // namespace plumbline::debias
