// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/data/measure.h"

namespace plumbline::metric {

/// Judges all rankings of one audit as one family of tests: for every prompt x attribute x group the exact test of the
/// group's count among the top rows (exact_test.h), corrected by Holm or Benjamini and Hochberg. Fills in adjustedP,
/// falseDiscovery, verdict, slight, detectableBelow and detectableAbove of every group, and tests and relativeSpread of
/// every measurement.
///
/// Of two groups one count decides the other, so their tests are one. A group takes no part in the family where it has
/// fewer than minGroup images or where no count could reach the level alone: both depend on the sizes only, not on the
/// scores, so leaving them out does not favour findings.
///
/// Words: a group leans when its corrected test is significant and, if a tolerance is set, its interval lies beyond it;
/// slightly, where its gap of mean scores is below slightGap x `scoreUnit` (1 for cosines) and it is not shut out of
/// the top rows altogether. An interval that lies within the tolerance is "no lean found" even where the test is
/// significant. What was too small to judge, lost in correction, or may lie on either side of the tolerance is "not
/// enough evidence".
void judge(std::span<Measurement> measurements, const MeasureOptions& options, double scoreUnit = 1.0);

/// "Holm's correction at .05 over 152 tests: each group of gender, race among the top 100 for 76 prompts": the family
/// of an audit in words.
std::string familyText(std::span<const Measurement> measurements, const MeasureOptions& options);

} // namespace plumbline::metric
