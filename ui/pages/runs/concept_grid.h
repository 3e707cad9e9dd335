// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/grid.h"
#include "ui/pages/runs/run_source.h"

namespace plumbline::ui {

/// The means over the prompts of each concept for one attribute: a row a concept. No rows where nothing was averaged
/// (each concept had one prompt).
Grid conceptGrid(const LoadedRun& run, std::size_t attribute);

} // namespace plumbline::ui
