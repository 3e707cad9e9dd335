// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace plumbline::metric {

/// "a, b and c"; of a long list the first ones and "and 12 more".
std::string listed(std::span<const std::string> names);
/// "1 image", "2 images".
std::string counted(std::int64_t number, std::string_view noun);

} // namespace plumbline::metric
