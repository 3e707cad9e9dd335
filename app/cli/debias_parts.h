// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/cli/commands.h"
#include "core/base/error.h"
#include "core/data/measure_table.h"
#include "core/debias/transform.h"

namespace plumbline::cli {

/// KEY=VALUE texts as parameters. InvalidArgument.
Result<std::vector<std::pair<std::string, std::string>>> debiasParameters(const std::vector<std::string>& texts);

/// Transforms of these folders as one, each part dialled by `strength` on top of its own. Errors: those of
/// readTransform, InvalidArgument.
Result<debias::Transform> readStack(const std::vector<std::string>& folders, double strength);

/// A value, or what it is at most where a group is absent.
std::string valueCell(const MeasureRow* row);
/// The price of a transform (audit::priceOf): a line a measure, before, after and the difference beside each other.
std::string priceText(const MeasureTable& price);

void addDebiasCompare(CLI::App& debias, Run& chosen);

} // namespace plumbline::cli
