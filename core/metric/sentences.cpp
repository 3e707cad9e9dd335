// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/sentences.h"

#include <algorithm>

namespace plumbline::metric {

std::string listed(std::span<const std::string> names) {
    constexpr std::size_t kShown = 8;
    // Naming all but one of a list and then "1 more" would hide a name to save none.
    const std::size_t shown = names.size() <= kShown + 1 ? names.size() : kShown;
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
        if (i > 0)
            text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    if (shown < names.size())
        text += " and " + std::to_string(names.size() - shown) + " more";
    return text;
}

std::string counted(std::int64_t number, std::string_view noun) {
    return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

} // namespace plumbline::metric
