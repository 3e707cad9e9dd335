// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/clip/network.h"
#include "core/data/model_info.h"

namespace plumbline::clip {

/// Whether this network computes what it should on this machine: all weights finite; two drawn pictures and two id
/// sequences give finite, non-zero and different embeddings; and the fast forward pass agrees with the plain one.
/// Takes a few forward passes of one item. Cancelled.
Outcome<SelfCheck> selfCheck(const Network& network, double logitScale, Precision precision, Feedback& feedback);

} // namespace plumbline::clip
