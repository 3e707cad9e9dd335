// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/data/model_info.h"

namespace plumbline::formats {

/// The file that says what a model was trained to associate on purpose, beside its weights.
inline constexpr const char* kPlantedFile = "planted.json";

/// Reads it. Empty for a file that is not there and for JSON that is not in our form (others use the name too).
/// Errors: FileUnreadable, JsonInvalid for a file that says it is ours.
Result<std::vector<PlantedLean>> readPlanted(const std::filesystem::path& file);

/// Errors: FileUnwritable, DiskFull.
Result<void> writePlanted(const std::filesystem::path& file, std::span<const PlantedLean> leans);

} // namespace plumbline::formats
