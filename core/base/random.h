// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace plumbline {

/// A counter-based random stream (Philox4x32-10; Salmon et al., SC 2011): the same (seed, stream, index) gives the same
/// numbers on every machine and under any number of threads. One object belongs to one thread.
class RandomStream {
public:
    /// `stream` separates purposes (see streamId), `index` separates replicates.
    RandomStream(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

    std::uint32_t next32();
    std::uint64_t next64();
    /// In [0, 1), 53 bits.
    double uniform();
    /// In (0, 1), never 0: safe for a logarithm.
    double uniformOpen();
    /// In [0, bound), without modulo bias (Lemire 2019); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Standard normal (Box-Muller, one value a call).
    double normal();
    /// Exponential with mean 1.
    double exponential();

private:
    void refill();
    std::uint32_t m_key[2];
    std::uint32_t m_counter[4];
    std::uint32_t m_block[4];
    int m_used = 4;
};

/// A stream number from a name, e.g. streamId("null/gender"). FNV-1a, 64 bits.
std::uint64_t streamId(std::string_view name);

} // namespace plumbline
