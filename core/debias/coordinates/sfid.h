// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/fit.h"

namespace plumbline::debias {

/// The method `sfid`: the coordinates of x̂ by which a random forest tells the groups apart are overwritten by their
/// mean over the images that the forest has not seen and is unsure of.
Outcome<Fitted> fitSfid(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
