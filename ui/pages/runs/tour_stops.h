// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QString>

#include "ui/pages/runs/run_source.h"

namespace plumbline::ui {

/// One stop of the guided tour through a run: what it speaks of, and the words.
struct TourStop {
    enum class About { Chart, Shade, Mark, Planted, CloseUp, OtherRuns } about;
    QString title, text;
};

/// The tour through one attribute of a run, told with the numbers of the row that is open. Without known truth it has
/// no stop about what was planted, without other runs none about them.
std::vector<TourStop> tourStops(const LoadedRun& run, std::size_t attribute, int prompt, bool hasOtherRuns);

} // namespace plumbline::ui
