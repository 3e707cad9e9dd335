// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/sample/portrait.h"

namespace plumbline::sample {

inline constexpr int kPortraitSide = 160; ///< pixels of every portrait of the sample

struct PortraitFile {
    std::string name; ///< relative to the folder, with '/'
    Portrait portrait;
};

/// Paints portraits as PNG files on all cores; folders are made, files that are there are written anew.
/// Errors: FileUnwritable, DiskFull; Cancelled.
Outcome<void> paintFiles(const std::filesystem::path& folder, std::span<const PortraitFile> files, Feedback& feedback);

} // namespace plumbline::sample
