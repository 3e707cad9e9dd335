// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/data/image_check.h"

namespace plumbline::cli {

/// When and how the pictures were looked at, and `flaws`: the number of images with each.
nlohmann::json imageCheckJson(const ImageCheck& check);

} // namespace plumbline::cli
