// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/fingerprint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/image/resample.h"

namespace plumbline::image {

namespace {

constexpr int kSide = 32, kFrequencies = 8;
/// Standard deviation of the luma, of 255: less is a plain area.
constexpr double kLeastContrast = 2.0;

/// Rows: the cosines of the frequencies 1 to 8 over 32 samples.
const std::array<std::array<double, kSide>, kFrequencies>& cosines() {
    static const auto table = [] {
        std::array<std::array<double, kSide>, kFrequencies> rows{};
        for (int f = 0; f < kFrequencies; ++f)
            for (int x = 0; x < kSide; ++x)
                rows[f][x] = std::cos(std::numbers::pi * (f + 1) * (2 * x + 1) / (2.0 * kSide));
        return rows;
    }();
    return table;
}

std::uint64_t dctHash(const std::array<double, kSide * kSide>& luma) {
    const auto& wave = cosines();
    std::array<double, kSide * kFrequencies> rows{}; // each picture row's frequencies
    for (int y = 0; y < kSide; ++y)
        for (int f = 0; f < kFrequencies; ++f)
            for (int x = 0; x < kSide; ++x)
                rows[y * kFrequencies + f] += luma[y * kSide + x] * wave[f][x];
    std::array<double, kFrequencies * kFrequencies> low{};
    for (int g = 0; g < kFrequencies; ++g)
        for (int f = 0; f < kFrequencies; ++f)
            for (int y = 0; y < kSide; ++y)
                low[g * kFrequencies + f] += rows[y * kFrequencies + f] * wave[g][y];
    auto sorted = low;
    std::ranges::sort(sorted);
    const double median = (sorted[low.size() / 2 - 1] + sorted[low.size() / 2]) / 2;
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < low.size(); ++i)
        hash |= std::uint64_t(low[i] > median) << i;
    return hash;
}

std::uint32_t root(std::vector<std::uint32_t>& parents, std::uint32_t at) {
    while (parents[at] != at)
        at = parents[at] = parents[parents[at]];
    return at;
}

} // namespace

Fingerprint fingerprint(const Decoded& image) {
    Fingerprint result;
    result.shorterSide = std::min(image.width, image.height);
    const Rgb rgb = toRgb(image);
    const std::vector<std::uint8_t> small = resample(Raster<std::uint8_t>{rgb.pixels.data(), rgb.width, rgb.height, 3},
                                                     kSide, kSide, {0, 0, kSide, kSide}, Interpolation::Bilinear);
    std::array<double, kSide * kSide> luma{};
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < luma.size(); ++i) {
        luma[i] = 0.299 * small[3 * i] + 0.587 * small[3 * i + 1] + 0.114 * small[3 * i + 2];
        sum += luma[i];
        squares += luma[i] * luma[i];
    }
    const double mean = sum / static_cast<double>(luma.size());
    result.meanLuma = mean / 255;
    result.hasContrast = squares / static_cast<double>(luma.size()) - mean * mean >= kLeastContrast * kLeastContrast;
    result.hash = dctHash(luma);
    return result;
}

Outcome<NearHashes> nearHashes(std::span<const std::uint64_t> hashes, int bits, const Feedback& feedback) {
    constexpr int kMostBits = 15; // further apart, the pieces get so short that all pairs are compared after all
    if (bits < 0 || bits > kMostBits)
        return fail(ErrorCode::InvalidArgument, {{"name", "bits that may differ"},
                                                 {"value", std::to_string(bits)},
                                                 {"expected", "0 to " + std::to_string(kMostBits)}});
    // Pictures with the very same hash are one entry, so that a thousand white pages are not compared with each other.
    std::vector<std::uint32_t> order(hashes.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return hashes[i]; });
    std::vector<std::uint64_t> distinct;
    std::vector<std::uint32_t> first;                // the first picture of each
    std::vector<std::uint32_t> entry(hashes.size()); // the entry of each picture
    std::vector<std::uint8_t> nearest;
    for (const std::uint32_t i : order) {
        if (distinct.empty() || distinct.back() != hashes[i]) {
            distinct.push_back(hashes[i]);
            first.push_back(i);
            nearest.push_back(NearHashes::kNone);
        } else {
            nearest.back() = 0;
        }
        entry[i] = static_cast<std::uint32_t>(distinct.size() - 1);
    }

    std::vector<std::uint32_t> parents(distinct.size());
    std::iota(parents.begin(), parents.end(), 0U);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> pieces(distinct.size()); // piece of the hash, entry
    const int count = bits + 1;
    for (int piece = 0; piece < count; ++piece) {
        const int begin = 64 * piece / count, length = 64 * (piece + 1) / count - begin;
        const std::uint64_t mask = length == 64 ? ~std::uint64_t(0) : (std::uint64_t(1) << length) - 1;
        for (std::uint32_t e = 0; e < distinct.size(); ++e)
            pieces[e] = {(distinct[e] >> begin) & mask, e};
        std::ranges::sort(pieces);
        for (std::size_t a = 0; a < pieces.size(); ++a) {
            if (a % 1024 == 0 && feedback.cancelled())
                return tl::unexpected<Stop>(Cancelled{});
            for (std::size_t b = a + 1; b < pieces.size() && pieces[b].first == pieces[a].first; ++b) {
                const std::uint32_t one = pieces[a].second, other = pieces[b].second;
                const int apart = std::popcount(distinct[one] ^ distinct[other]);
                if (apart > bits)
                    continue;
                nearest[one] = std::min(nearest[one], static_cast<std::uint8_t>(apart));
                nearest[other] = std::min(nearest[other], static_cast<std::uint8_t>(apart));
                parents[root(parents, one)] = root(parents, other);
            }
        }
    }

    std::vector<std::uint32_t> firstOfGroup(distinct.size(), ~0U);
    for (std::uint32_t e = 0; e < distinct.size(); ++e) {
        std::uint32_t& least = firstOfGroup[root(parents, e)];
        least = std::min(least, first[e]);
    }
    NearHashes result;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        result.first.push_back(firstOfGroup[root(parents, entry[i])]);
        result.bits.push_back(nearest[entry[i]]);
    }
    return result;
}

} // namespace plumbline::image
