// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/image_set.h"
#include "core/report/planted.h"

namespace plumbline::cli {

/// The known truth of a measurement, where there is one.
using PlantedOf = std::function<report::PlantedView(const Measurement&)>;

/// Plain-text tables for people; numbers right-aligned. With `planted`, what was planted stands beside what was found.
std::string measurementTable(const std::vector<const Measurement*>& measurements,
                             std::span<const PlantedLean> planted = {}, const PlantedOf& plantedOf = {});
/// The further numbers of one ranking (Measurement::more), with what each means.
std::string furtherTable(const Measurement& measurement);
std::string matchReportText(const MatchReport& report);

/// One line a group, measurement and run, for spreadsheets; the last column, debias, names the run.
struct RunOfCsv {
    std::string debias; ///< empty: the untouched model
    const std::vector<Measurement>* measurements;
};
std::string measurementsCsv(const std::vector<RunOfCsv>& runs);

/// A limit of --fail-above: the name of a measure (max_skew, min_skew, ndkl, or a further number's) and its limit.
struct Limit {
    std::string measure;
    double above = 0;
};
Result<Limit> parseLimit(const std::string& text);
/// The sentences for every limit that is exceeded; a value that is undefined counts as exceeded. Values are compared by
/// their size, since some are negative.
std::vector<std::string> exceeded(const std::vector<Limit>& limits, const std::vector<Measurement>& measurements);

} // namespace plumbline::cli
