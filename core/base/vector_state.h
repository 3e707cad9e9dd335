// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace plumbline {

/// Tells an x86 processor that the upper halves of its vector registers are not in use (vzeroupper). A thread starts
/// with the state of the one that made it, and where a library has left them in use, code for any x86-64 machine that
/// calls the C library's logarithms and exponentials, which use newer instructions, waits at each change between the
/// two: such loops were nine times slower. To be called where long computations begin; it takes a cycle.
void clearUpperHalves();

} // namespace plumbline
