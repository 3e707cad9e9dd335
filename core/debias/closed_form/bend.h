// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>
#include <vector>

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct BendOptions {
    std::vector<std::size_t> spurious = {}; ///< rows of the texts that say nothing but the attribute
    std::vector<std::pair<std::size_t, std::size_t>> pairs = {}; ///< rows whose half difference is projected out, too
    std::size_t nearest = 100;                                   ///< reference images of each group
};

/// METHODS B7 in closed form: what is kept of the fit is the directions and the reference images; every query is
/// changed by what is near it. Errors also: InvalidArgument (rows of texts that are not there, nothing left,
/// dimensions).
Outcome<Fitted> bend(const FitInput& input, const BendOptions& options, Feedback& feedback);
Outcome<Fitted> fitBend(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
