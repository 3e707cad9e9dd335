// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/fit.h"

namespace plumbline::debias {

/// The `m` coordinates with the least information, ascending; of equal ones those that come first.
std::vector<std::uint32_t> leastInformative(std::span<const double> information, std::size_t m);

/// The method `clip-clip`: the coordinates of x̂ that share most information with the attribute become 0, in images
/// and texts alike.
Outcome<Fitted> fitClipClip(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
