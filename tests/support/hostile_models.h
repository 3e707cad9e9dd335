// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace plumbline::test {

/// A model that was made to harm: what it does, and how it must be refused.
struct HostileModel {
    std::string name;
    /// Makes it in a folder that is there and empty; returns what a user would name.
    std::function<std::filesystem::path(const std::filesystem::path&)> write;
    ErrorCode code;
    std::string says; ///< part of the sentence of the refusal
};

/// Those that the readers of configurations and weights refuse. Files of gigabytes are sparse.
const std::vector<HostileModel>& hostileModels();

/// Good models with a hostile tokenizer, which is refused when it is loaded.
const std::vector<HostileModel>& hostileTokenizers();

} // namespace plumbline::test
