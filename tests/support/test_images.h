// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace plumbline::test {

using Colour = std::array<std::uint8_t, 3>; ///< red, green, blue

/// A 24-bit BMP.
void writeBmp(const std::filesystem::path& path, int width, int height, const std::function<Colour(int x, int y)>& colour);

/// `count` small pictures img/000.bmp, … and labels.csv (file,gender,age) in the folder. Women's pictures are warmer than
/// men's, so that even a random model's scores depend on the gender.
void writeLabelledImages(const std::filesystem::path& folder, int count, std::uint64_t seed);

} // namespace plumbline::test
