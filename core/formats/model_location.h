// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/formats: where the files of a model lie.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace plumbline::formats {

struct ModelLocation {
    std::filesystem::path folder;
    std::filesystem::path root;    ///< nothing may lead out of it: the folder, or the repository in the cache
    std::filesystem::path weights; ///< the only file of weights to be used; empty: as the configuration's library looks
    std::string name;              ///< under which the model is shown
};

/// What a user named: a folder of a model, one of the Hugging Face cache (the repository, or the whole cache if it
/// holds one repository), a file of weights, or one of the JSON files of a folder. A folder without configuration but
/// with exactly one file of weights means that file. Errors: FileNotFound, NotAModel.
Result<ModelLocation> locateModel(const std::filesystem::path& path);

/// Whether something has this path; what cannot be asked counts as not there.
bool isThere(const std::filesystem::path& path);

/// Whether the name is that of weights: .safetensors, .bin, .pt, .pth, .ckpt.
bool isWeightsName(const std::filesystem::path& file);

/// A file that is to be read must lie within the root, links followed, and a link must lead to something; a file that
/// is not there is fine. Errors: NotAModel.
Result<void> checkInside(const ModelLocation& location, const std::filesystem::path& file);

} // namespace plumbline::formats
