// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/formats/weights.h"

namespace plumbline::formats {

/// A file of tensors, whatever its form.
struct WeightFile {
    Weights weights;
    std::string form;               ///< for people: "safetensors", "PyTorch zip"
    std::vector<std::string> notes; ///< what was done to the names
};

/// Reads safetensors or a PyTorch file, told apart by what they hold: people rename files. What is neither is an error of
/// the format that its name says. Tensors that do not lie in one piece have no bytes before `gather` was called: names and
/// shapes are checked first. Errors: those of readSafetensors and readTorchFile.
Result<WeightFile> readWeightFile(const std::filesystem::path& file);

} // namespace plumbline::formats
