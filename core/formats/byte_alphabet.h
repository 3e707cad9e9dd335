// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>

namespace plumbline::formats {

/// GPT-2's printable stand-in (UTF-8) for each byte: itself if it is printable in Latin-1, else U+0100, U+0101, ...
const std::array<std::string, 256>& byteAlphabet();

/// The bytes in the order in which CLIP's vocabulary numbers them: the printable ones first.
const std::array<unsigned char, 256>& byteOrder();

} // namespace plumbline::formats
