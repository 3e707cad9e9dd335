// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumbline {

/// Numbers as text, the same in every locale. The whole text must be the number (blanks around it are allowed);
/// "nan", "inf", "-inf" are read in any case.
std::optional<double> parseDouble(std::string_view text);
std::optional<std::int64_t> parseInteger(std::string_view text);
/// The shortest text that reads back to the same double; "nan", "inf", "-inf".
std::string formatDouble(double value);
/// Fixed number of decimals.
std::string formatFixed(double value, int decimals);

/// Text helpers that do not depend on the locale (ASCII rules).
std::string_view trim(std::string_view text);
std::string toLowerAscii(std::string_view text);

} // namespace plumbline
