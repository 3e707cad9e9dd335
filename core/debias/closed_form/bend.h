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

/// The queries after the map, raw rows in, unit rows out. Rows that are zero or not finite stay; a query that the first
/// step would leave nothing of keeps what it is for the second, one that the second would leave nothing of keeps what
/// the first made of it. Errors: InvalidArgument (another dimension); Cancelled.
Outcome<Embeddings> applyQueryMap(const QueryMap& map, const Embeddings& queries, Feedback& feedback);

} // namespace plumbline::debias
