// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "core/metric/interval.h"

namespace plumbline::metric {

/// The same images answered twice: how many say yes both times, only the first, only the second time, and never.
struct PairedCounts {
    std::int64_t both = 0, first = 0, second = 0, neither = 0;
    std::int64_t n() const { return both + first + second + neither; }
};

/// Share of yes the first time minus the second time; nothing for n = 0.
std::optional<double> pairedDifference(const PairedCounts& counts);
/// Its interval: Newcombe's hybrid score interval for paired proportions (Statistics in Medicine 17(22), 1998, method
/// 10): Wilson's limits of both shares, joined with the correlation of the answers.
Interval pairedInterval(const PairedCounts& counts, double confidence);
/// McNemar's exact two-sided p: of the images whose answer changed, half change either way. 1 where none did.
double mcNemarExact(const PairedCounts& counts);

} // namespace plumbline::metric
