// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/data/measure.h"

namespace plumbline::report {

/// What is to be known about the rankings by an attribute, from the warnings of its measurements: what is true of all
/// of them, then what many share, with their number; of more than five kinds, how many more there are. Adds to
/// `warnings` what it does not hold yet.
void addRemarks(const std::vector<const Measurement*>& measurements, const std::string& attribute,
                std::vector<std::string>& warnings);

} // namespace plumbline::report
