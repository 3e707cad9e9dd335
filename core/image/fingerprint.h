// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/image/decode.h"

namespace plumbline::image {

/// What a picture looks like, in few numbers.
struct Fingerprint {
    int shorterSide = 0;     ///< pixels
    double meanLuma = 0;     ///< 0 black to 1 white, ITU-R BT.601
    bool hasContrast = true; ///< false: so flat that its hash is noise
    std::uint64_t hash = 0;  ///< perceptual: alike for pictures that look alike
};

/// The hash is the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010),
/// section 3.2.1: luma at 32 x 32, the 8 x 8 lowest frequencies without those of index 0, each above their median or
/// not.
Fingerprint fingerprint(const Decoded& image);

/// Which hashes lie near others.
struct NearHashes {
    static constexpr std::uint8_t kNone = 255;

    std::vector<std::uint32_t> first; ///< for each hash the first one of its group: joined by steps of at most `bits`
    std::vector<std::uint8_t> bits;   ///< for each hash how far its nearest other is; kNone: none is near
};
/// Groups of hashes that differ in at most `bits` (0 to 15) of their 64 bits from another of their group. Not all pairs
/// are compared: two hashes within r bits agree in at least one of r + 1 pieces (Norouzi, Punjani, Fleet, "Fast Search
/// in Hamming Space with Multi-Index Hashing", 2012). Errors: InvalidArgument; Cancelled.
Outcome<NearHashes> nearHashes(std::span<const std::uint64_t> hashes, int bits, const Feedback& feedback);

} // namespace plumbline::image
