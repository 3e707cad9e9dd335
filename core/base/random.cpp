// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/random.h"

#include <cmath>
#include <numbers>

#include <Random123/philox.h>

namespace plumbline {

RandomStream::RandomStream(std::uint64_t seed, std::uint64_t stream, std::uint64_t index)
    : m_key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {
    // 128 bits of counter: 32 for the position in the stream, 96 for stream and index. The stream's number is mixed
    // (SplitMix64's finaliser) and its low half shares a word with the high half of the index.
    const auto mix = [](std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    };
    const std::uint64_t s = mix(stream + 0x9E3779B97F4A7C15U);
    m_counter[0] = 0;
    m_counter[1] = static_cast<std::uint32_t>(index);
    m_counter[2] = static_cast<std::uint32_t>(s) ^ static_cast<std::uint32_t>(index >> 32);
    m_counter[3] = static_cast<std::uint32_t>(s >> 32);
}

void RandomStream::refill() {
    const r123::Philox4x32::ctr_type counter{{m_counter[0], m_counter[1], m_counter[2], m_counter[3]}};
    const r123::Philox4x32::key_type key{{m_key[0], m_key[1]}};
    const auto block = r123::Philox4x32()(counter, key);
    for (std::size_t i = 0; i < 4; ++i)
        m_block[i] = block[i];
    ++m_counter[0]; // 2^34 numbers a stream: far more than any replicate draws
    m_used = 0;
}

std::uint32_t RandomStream::next32() {
    if (m_used == 4)
        refill();
    return m_block[m_used++];
}

std::uint64_t RandomStream::next64() {
    const std::uint64_t high = next32();
    return high << 32 | next32();
}

double RandomStream::uniform() {
    return static_cast<double>(next64() >> 11) * 0x1.0p-53;
}

double RandomStream::uniformOpen() {
    return (static_cast<double>(next64() >> 12) + 0.5) * 0x1.0p-52;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
    // Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next64()) * bound;
    if (auto low = static_cast<std::uint64_t>(product); low < bound) {
        const std::uint64_t threshold = (0 - bound) % bound;
        while (low < threshold) {
            product = static_cast<Wide>(next64()) * bound;
            low = static_cast<std::uint64_t>(product);
        }
    }
    return static_cast<std::uint64_t>(product >> 64);
}

double RandomStream::normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniformOpen()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double RandomStream::exponential() {
    return -std::log(uniformOpen());
}

std::uint64_t streamId(std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char c : name) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001B3U;
    }
    return hash;
}

} // namespace plumbline
