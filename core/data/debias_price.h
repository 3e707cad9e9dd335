// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace plumbline {

/// MeasureTable::id of what debiasing changed and costs. Keys: attribute, and which of "before", "after", "difference".
inline constexpr std::string_view kDebiasPriceId = "debias_price";

} // namespace plumbline
