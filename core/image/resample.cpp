// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

// Each loop below is compiled for several instruction sets and chosen at start; integers make them all give one result.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PLUMBLINE_VECTOR_CLONES __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define PLUMBLINE_VECTOR_CLONES
#endif

namespace plumbline::image {

namespace {

constexpr int kPrecisionBits = 32 - 8 - 2; // leaves a sign and room for overshoot above 8 bits in 32

double triangle(double x) {
    x = std::abs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/// Keys' cubic with a = -0.5 (Keys 1981).
double cubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

/// For each output position of a stretch of one axis: which input positions it sums, and with which weights.
struct Taps {
    std::vector<int> first, count;
    std::vector<double> weights; ///< stride values an output position
    std::size_t stride = 0;

    int begin() const { return first.front(); } // first and the ends grow with the position
    int end() const { return first.back() + count.back(); }
};

Taps tapsFor(int inSize, std::int64_t outSize, std::int64_t outBegin, int outCount, Interpolation interpolation) {
    const bool isCubic = interpolation == Interpolation::Bicubic;
    const double scale = static_cast<double>(inSize) / static_cast<double>(outSize);
    const double widening = std::max(scale, 1.0);
    const double support = (isCubic ? 2.0 : 1.0) * widening;
    const double narrowing = 1.0 / widening;
    Taps taps;
    const auto outputs = static_cast<std::size_t>(outCount);
    taps.stride = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
    taps.first.resize(outputs);
    taps.count.resize(outputs);
    taps.weights.resize(outputs * taps.stride);
    for (std::size_t i = 0; i < outputs; ++i) {
        const double centre = (static_cast<double>(outBegin) + static_cast<double>(i) + 0.5) * scale;
        const int first = std::max(0, static_cast<int>(centre - support + 0.5));
        const int last = std::min(inSize, static_cast<int>(centre + support + 0.5));
        double* weights = taps.weights.data() + i * taps.stride;
        double sum = 0.0;
        for (int x = first; x < last; ++x) {
            const double distance = (x - centre + 0.5) * narrowing;
            weights[x - first] = isCubic ? cubic(distance) : triangle(distance);
            sum += weights[x - first];
        }
        for (int x = first; x < last && sum != 0.0; ++x)
            weights[x - first] /= sum;
        taps.first[i] = first;
        taps.count[i] = last - first;
    }
    return taps;
}

std::vector<std::int32_t> fixedPoint(const std::vector<double>& weights) {
    std::vector<std::int32_t> fixed(weights.size());
    std::transform(weights.begin(), weights.end(), fixed.begin(), [](double weight) {
        return static_cast<std::int32_t>(weight * (1 << kPrecisionBits) + (weight < 0 ? -0.5 : 0.5));
    });
    return fixed;
}

// ---- 8 bits ----------------------------------------------------------------------------------------------------
//
// Both passes are one and the same kernel: a weighted sum of rows of kLanes bytes. Along columns those are pieces of
// picture rows. Along rows, a band of kLanes picture rows is transposed first, so that "a row" holds one sample of one
// column of each of them; the result is transposed back. So the vectoriser meets contiguous bytes and broadcast
// weights.

constexpr std::size_t kLanes = 32;
constexpr std::size_t kBlock = 16;

using Block __attribute__((vector_size(kBlock))) = std::uint8_t;

inline Block lowHalves(Block a, Block b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Block highHalves(Block a, Block b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

void transposeBlock(const std::uint8_t* in, std::size_t inStride, std::uint8_t* out, std::size_t outStride) {
    std::array<Block, kBlock> rows, next;
    for (std::size_t i = 0; i < kBlock; ++i)
        std::memcpy(&rows[i], in + i * inStride, kBlock);
    for (int round = 0; round < 4; ++round) { // four perfect shuffles of rows i and i + 8 transpose 16 x 16
        for (std::size_t i = 0; i < kBlock / 2; ++i) {
            next[2 * i] = lowHalves(rows[i], rows[i + kBlock / 2]);
            next[2 * i + 1] = highHalves(rows[i], rows[i + kBlock / 2]);
        }
        rows = next;
    }
    for (std::size_t i = 0; i < kBlock; ++i)
        std::memcpy(out + i * outStride, &rows[i], kBlock);
}

/// out[column][row] = in[row][column], bytes.
void transpose(const std::uint8_t* in, std::size_t inStride, std::size_t rows, std::size_t columns, std::uint8_t* out,
               std::size_t outStride) {
    const std::size_t blockRows = rows / kBlock * kBlock, blockColumns = columns / kBlock * kBlock;
    for (std::size_t r = 0; r < blockRows; r += kBlock)
        for (std::size_t c = 0; c < blockColumns; c += kBlock)
            transposeBlock(in + r * inStride + c, inStride, out + c * outStride + r, outStride);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = r < blockRows ? blockColumns : 0; c < columns; ++c)
            out[c * outStride + r] = in[r * inStride + c];
}

/// out[i] = sum over t of weights[t] * in[t][i], rounded and clipped. |sum| stays below 2^31: the weights add up to
/// 2^22 and their absolute values to less than twice that.
__attribute__((always_inline)) inline void weightedSum(const std::uint8_t* in, std::size_t stride,
                                                       const std::int32_t* weights, int count, std::uint8_t* out) {
    std::int32_t sums[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i)
        sums[i] = 1 << (kPrecisionBits - 1);
    for (int t = 0; t < count; ++t) {
        const std::int32_t weight = weights[t];
        const std::uint8_t* row = in + static_cast<std::size_t>(t) * stride;
        for (std::size_t i = 0; i < kLanes; ++i)
            sums[i] += weight * row[i];
    }
    for (std::size_t i = 0; i < kLanes; ++i)
        out[i] = static_cast<std::uint8_t>(std::clamp(sums[i] >> kPrecisionBits, 0, 255));
}

/// A transposed band: column c of the input's `channels` planes at in[(c * channels + channel) * kLanes].
PLUMBLINE_VECTOR_CLONES
void sumColumns(const std::uint8_t* in, int inBegin, std::size_t channels, const int* first, const int* count,
                const std::int32_t* weights, std::size_t weightStride, std::size_t outputs, std::uint8_t* out) {
    for (std::size_t x = 0; x < outputs; ++x)
        for (std::size_t c = 0; c < channels; ++c)
            weightedSum(in + (static_cast<std::size_t>(first[x] - inBegin) * channels + c) * kLanes, channels * kLanes,
                        weights + x * weightStride, count[x], out + (x * channels + c) * kLanes);
}

/// One output row of `stride` bytes, a multiple of kLanes.
PLUMBLINE_VECTOR_CLONES
void sumRows(const std::uint8_t* in, std::size_t stride, const std::int32_t* weights, int count, std::uint8_t* out) {
    for (std::size_t i = 0; i < stride; i += kLanes)
        weightedSum(in + i, stride, weights, count, out + i);
}

/// Rows [firstRow, firstRow + rows) of the picture, resized along x; rows of `outStride` bytes.
void resizeRows(const Raster<std::uint8_t>& image, const Taps& taps, std::size_t firstRow, std::size_t rows,
                std::uint8_t* out, std::size_t outStride) {
    const std::vector<std::int32_t> weights = fixedPoint(taps.weights);
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::size_t inStride = static_cast<std::size_t>(image.width) * channels;
    const std::size_t columns = static_cast<std::size_t>(taps.end() - taps.begin()) * channels;
    const std::size_t outColumns = taps.first.size() * channels;
    std::vector<std::uint8_t> band(columns * kLanes), summed(outColumns * kLanes);
    const std::uint8_t* in = image.samples + firstRow * inStride + static_cast<std::size_t>(taps.begin()) * channels;
    for (std::size_t row = 0; row < rows; row += kLanes) {
        // The last band overlaps the one before it rather than being ragged.
        const std::size_t begin = rows < kLanes ? 0 : std::min(row, rows - kLanes);
        const std::size_t bandRows = std::min(kLanes, rows);
        transpose(in + begin * inStride, inStride, bandRows, columns, band.data(), kLanes);
        sumColumns(band.data(), taps.begin(), channels, taps.first.data(), taps.count.data(), weights.data(),
                   taps.stride, taps.first.size(), summed.data());
        transpose(summed.data(), kLanes, outColumns, bandRows, out + begin * outStride, outStride);
    }
}

template <class Sample>
std::vector<Sample> nearest(const Raster<Sample>& image, std::int64_t fullWidth, std::int64_t fullHeight,
                            const Window& window) {
    // Pillow adds the scale up step by step from the first pixel of the whole picture; so do we, for the same rounding.
    const auto positions = [](int inSize, std::int64_t outSize, std::int64_t begin, int count) {
        const double scale = static_cast<double>(inSize) / static_cast<double>(outSize);
        std::vector<std::size_t> chosen(static_cast<std::size_t>(count));
        // (Further out than any picture that Pillow could resize, we jump, so as not to count for seconds.)
        constexpr std::int64_t kCountUpTo = 1 << 24;
        const std::int64_t start = begin < kCountUpTo ? 0 : begin;
        double position = scale * (static_cast<double>(start) + 0.5);
        for (std::int64_t i = start; i < begin + count; ++i, position += scale)
            if (i >= begin)
                chosen[static_cast<std::size_t>(i - begin)] =
                    static_cast<std::size_t>(std::min(static_cast<int>(position), inSize - 1));
        return chosen;
    };
    const auto columns = positions(image.width, fullWidth, window.x, window.width);
    const auto rows = positions(image.height, fullHeight, window.y, window.height);
    const auto channels = static_cast<std::size_t>(image.channels);
    std::vector<Sample> out;
    out.reserve(columns.size() * rows.size() * channels);
    for (const std::size_t row : rows)
        for (const std::size_t column : columns) {
            const Sample* pixel = image.samples + (row * static_cast<std::size_t>(image.width) + column) * channels;
            out.insert(out.end(), pixel, pixel + channels);
        }
    return out;
}

} // namespace

std::vector<std::uint8_t> resample(const Raster<std::uint8_t>& image, std::int64_t fullWidth, std::int64_t fullHeight,
                                   const Window& window, Interpolation interpolation) {
    if (interpolation == Interpolation::Nearest)
        return nearest(image, fullWidth, fullHeight, window);
    const bool alongX = fullWidth != image.width, alongY = fullHeight != image.height;
    const auto channels = static_cast<std::size_t>(image.channels);
    const auto outWidth = static_cast<std::size_t>(window.width), outHeight = static_cast<std::size_t>(window.height);
    const std::size_t outRow = outWidth * channels, inRow = static_cast<std::size_t>(image.width) * channels;
    const std::size_t stride = (outRow + kLanes - 1) / kLanes * kLanes;

    Taps vertical;
    auto firstRow = static_cast<std::size_t>(window.y);
    std::size_t rows = outHeight;
    if (alongY) {
        vertical = tapsFor(image.height, fullHeight, window.y, window.height, interpolation);
        firstRow = static_cast<std::size_t>(vertical.begin());
        rows = static_cast<std::size_t>(vertical.end() - vertical.begin());
    }

    std::vector<std::uint8_t> middle(rows * stride);
    if (alongX) {
        const Taps horizontal = tapsFor(image.width, fullWidth, window.x, window.width, interpolation);
        resizeRows(image, horizontal, firstRow, rows, middle.data(), stride);
    } else {
        const std::uint8_t* in = image.samples + firstRow * inRow + static_cast<std::size_t>(window.x) * channels;
        for (std::size_t y = 0; y < rows; ++y)
            std::memcpy(middle.data() + y * stride, in + y * inRow, outRow);
    }

    std::vector<std::uint8_t> out(outRow * outHeight), row(stride);
    const std::vector<std::int32_t> weights = fixedPoint(vertical.weights);
    for (std::size_t y = 0; y < outHeight; ++y) {
        const std::uint8_t* result = middle.data() + y * stride;
        if (alongY) {
            const std::size_t from = static_cast<std::size_t>(vertical.first[y]) - firstRow;
            sumRows(middle.data() + from * stride, stride, weights.data() + y * vertical.stride, vertical.count[y],
                    row.data());
            result = row.data();
        }
        std::memcpy(out.data() + y * outRow, result, outRow);
    }
    return out;
}

std::vector<std::int32_t> resample(const Raster<std::int32_t>& image, std::int64_t fullWidth, std::int64_t fullHeight,
                                   const Window& window, Interpolation interpolation) {
    if (interpolation == Interpolation::Nearest)
        return nearest(image, fullWidth, fullHeight, window);
    const auto inWidth = static_cast<std::size_t>(image.width);
    const auto outWidth = static_cast<std::size_t>(window.width), outHeight = static_cast<std::size_t>(window.height);
    // The weighted sum of `count` values that are `step` apart, in their order (the order of additions decides bits).
    const auto sum = [](const std::int32_t* in, std::size_t step, const double* weights, int count) {
        double total = 0.0;
        for (int t = 0; t < count; ++t)
            total += in[static_cast<std::size_t>(t) * step] * weights[t];
        return static_cast<std::int32_t>(total < 0 ? -std::floor(0.5 - total) : std::floor(total + 0.5));
    };

    const auto inHeight = static_cast<std::size_t>(image.height);
    const bool alongX = fullWidth != image.width, alongY = fullHeight != image.height;
    const Taps horizontal = alongX ? tapsFor(image.width, fullWidth, window.x, window.width, interpolation) : Taps();
    std::vector<std::int32_t> middle(inHeight * outWidth);
    for (std::size_t y = 0; y < inHeight; ++y)
        for (std::size_t x = 0; x < outWidth; ++x) {
            const std::int32_t* row = image.samples + y * inWidth;
            middle[y * outWidth + x] = alongX
                                           ? sum(row + horizontal.first[x], 1,
                                                 horizontal.weights.data() + x * horizontal.stride, horizontal.count[x])
                                           : row[static_cast<std::size_t>(window.x) + x];
        }
    const Taps vertical = alongY ? tapsFor(image.height, fullHeight, window.y, window.height, interpolation) : Taps();
    std::vector<std::int32_t> out(outWidth * outHeight);
    for (std::size_t y = 0; y < outHeight; ++y)
        for (std::size_t x = 0; x < outWidth; ++x)
            out[y * outWidth + x] =
                alongY ? sum(middle.data() + static_cast<std::size_t>(vertical.first[y]) * outWidth + x, outWidth,
                             vertical.weights.data() + y * vertical.stride, vertical.count[y])
                       : middle[(static_cast<std::size_t>(window.y) + y) * outWidth + x];
    return out;
}

} // namespace plumbline::image
