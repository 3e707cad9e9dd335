// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/data/measure_table.h"

namespace plumbline::metric {

/// Holm's step-down adjusted p-values: reject where the adjusted p is at most the level, and the chance of any false
/// finding in the family is at most the level, however the tests depend on each other (Holm, "A Simple Sequentially
/// Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6(2), 1979).
std::vector<double> holmAdjusted(const std::vector<double>& p);

/// Benjamini and Hochberg's step-up adjusted p-values: rejecting where they are at most the level keeps the expected
/// share of false findings among all findings at most the level, for independent or positively dependent tests
/// (Benjamini and Hochberg, "Controlling the False Discovery Rate", JRSS B 57(1), 1995).
std::vector<double> falseDiscoveryAdjusted(const std::vector<double>& p);

/// Corrects the p-values of a table's rows as one family: those that have one and rest on enough. Fills in adjustedP,
/// falseDiscovery and the table's `family`, which reads "12 tests: WHAT".
void correctFamily(MeasureTable& table, const std::string& what);

} // namespace plumbline::metric
