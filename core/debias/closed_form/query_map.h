// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/maps.h"

namespace plumbline::debias {

/// The queries after the map, raw rows in, unit rows out. Rows that are zero or not finite stay; a query that the first
/// step would leave nothing of keeps what it is for the second, one that the second would leave nothing of keeps what
/// the first made of it. Errors: InvalidArgument (another dimension); Cancelled.
Outcome<Embeddings> applyQueryMap(const QueryMap& map, const Embeddings& queries, Feedback& feedback);

} // namespace plumbline::debias
