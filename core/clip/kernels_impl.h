// SPDX-License-Identifier: GPL-3.0-or-later
// No #pragma once: kernels.cpp includes this once an instruction set, each time in a namespace of its own and with
// kLanes (floats in a vector) and kRows (rows of a tile) set for it. Nothing of the standard library may be used here,
// since an inline function compiled for AVX-512 could be the one that the linker keeps for everybody.

// NOLINTBEGIN(misc-definitions-in-headers)
typedef float Vector __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef int Integers __attribute__((vector_size(kLanes * 4)));

static inline Vector load(const float* p) {
    return *reinterpret_cast<const UnalignedVector*>(p);
}
static inline void store(float* p, Vector v) {
    *reinterpret_cast<UnalignedVector*>(p) = v;
}
static inline Vector all(float value) {
    return Vector{} + value;
}

/// e^x: 2^n times a polynomial of the rest (Cephes, expf), to about one unit in the last place. Below -87 it is ~0.
static inline Vector exponential(Vector x) {
    x = x < all(-87.0F) ? all(-87.0F) : x;
    x = x > all(88.0F) ? all(88.0F) : x;
    const Vector shifter = all(12582912.0F); // 1.5 * 2^23: adding it rounds to a whole number
    const Vector shifted = x * 1.44269504088896341F + shifter;
    const Vector n = shifted - shifter;
    Vector r = x - n * 0.693359375F;
    r = r - n * -2.12194440e-4F;
    Vector p = all(1.9875691500e-4F);
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * (r * r) + r + 1.0F;
    const Integers exponent = reinterpret_cast<Integers>(shifted) - reinterpret_cast<Integers>(shifter);
    return p * reinterpret_cast<Vector>((exponent + 127) << 23);
}

static inline Vector quickGeluOf(Vector x) {
    return x / (1.0F + exponential(x * -1.702F));
}

void quickGelu(float* values, std::size_t count) {
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        store(values + i, quickGeluOf(load(values + i)));
    if (i < count) {
        float rest[kLanes] = {};
        __builtin_memcpy(rest, values + i, (count - i) * sizeof(float));
        store(rest, quickGeluOf(load(rest)));
        __builtin_memcpy(values + i, rest, (count - i) * sizeof(float));
    }
}

/// c[R][N vectors] = a[R][depth] b[depth][N vectors], all accumulators in registers.
template <int R, int N>
static inline void tile(const float* a, std::size_t aStride, const float* b, std::size_t bStride, std::size_t depth,
                        float* c, std::size_t cStride) {
    Vector sum[R][N] = {};
    for (std::size_t k = 0; k < depth; ++k) {
        Vector right[N];
        for (int n = 0; n < N; ++n)
            right[n] = load(b + k * bStride + static_cast<std::size_t>(n) * kLanes);
        for (int r = 0; r < R; ++r) {
            const Vector left = all(a[static_cast<std::size_t>(r) * aStride + k]);
            for (int n = 0; n < N; ++n)
                sum[r][n] += left * right[n];
        }
    }
    for (int r = 0; r < R; ++r)
        for (int n = 0; n < N; ++n)
            store(c + static_cast<std::size_t>(r) * cStride + static_cast<std::size_t>(n) * kLanes, sum[r][n]);
}

/// R rows of c = a b, as wide as `columns` (a multiple of kLanes).
template <int R>
static inline void rows(const float* a, std::size_t aStride, const float* b, std::size_t bStride, std::size_t depth,
                        std::size_t columns, float* c, std::size_t cStride) {
    std::size_t j = 0;
    for (; j + 2 * kLanes <= columns; j += 2 * kLanes)
        tile<R, 2>(a, aStride, b + j, bStride, depth, c + j, cStride);
    if (j < columns)
        tile<R, 1>(a, aStride, b + j, bStride, depth, c + j, cStride);
}

static inline std::size_t padded(std::size_t count) {
    return (count + kLanes - 1) / kLanes * kLanes;
}

/// e^(scale * (x - largest)) of the first `count` scores, in place; 0 up to `columns`. Returns their sum.
static inline float exponentials(float* scores, std::size_t count, std::size_t columns, float scale) {
    for (std::size_t j = count; j < columns; ++j)
        scores[j] = -__builtin_inff();
    Vector most = load(scores);
    for (std::size_t j = kLanes; j < columns; j += kLanes) {
        const Vector x = load(scores + j);
        most = x > most ? x : most;
    }
    float largest = most[0];
    for (std::size_t lane = 1; lane < kLanes; ++lane)
        largest = most[lane] > largest ? most[lane] : largest;
    Vector sum = {};
    for (std::size_t j = 0; j < columns; j += kLanes) {
        const Vector e = exponential((load(scores + j) - largest) * scale);
        store(scores + j, e);
        sum += e;
    }
    // The padding was e^-87, which is not quite nothing.
    float total = 0.0F;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        total += sum[lane];
    for (std::size_t j = count; j < columns; ++j)
        scores[j] = 0.0F;
    return total;
}

std::size_t scratchSize(const Attention& head) {
    const std::size_t columns = padded(head.keys);
    const std::size_t width = padded(head.headWidth);
    return head.headWidth * columns + head.keys * width + kRows * (columns + width);
}

template <int R>
static inline void queryRows(const Attention& head, std::size_t first, const float* keys, std::size_t columns,
                             const float* values, std::size_t width, float* scores, float* result) {
    const std::size_t last = first + R - 1;
    const std::size_t seen = head.causal ? last + 1 : head.keys;
    const std::size_t seenColumns = padded(seen);
    rows<R>(head.q + first * head.qStride, head.qStride, keys, columns, head.headWidth, seenColumns, scores, columns);
    float sums[R];
    for (std::size_t r = 0; r < R; ++r)
        sums[r] = exponentials(scores + r * columns, head.causal ? first + r + 1 : head.keys, seenColumns, head.scale);
    rows<R>(scores, columns, values, width, seen, width, result, width);
    for (std::size_t r = 0; r < R; ++r) {
        const float factor = 1.0F / sums[r];
        float* to = head.out + (first + r) * head.outStride;
        for (std::size_t c = 0; c < head.headWidth; ++c)
            to[c] = result[r * width + c] * factor;
    }
}

void attend(const Attention& head, float* scratch) {
    const std::size_t columns = padded(head.keys);
    const std::size_t width = padded(head.headWidth);
    float* keys = scratch;                           // transposed: [headWidth][columns]
    float* values = keys + head.headWidth * columns; // [keys][width]
    float* scores = values + head.keys * width;      // [kRows][columns]
    float* result = scores + kRows * columns;        // [kRows][width]

    constexpr std::size_t kBlock = 16; // one cache line of each row at a time
    for (std::size_t j0 = 0; j0 < head.keys; j0 += kBlock) {
        const std::size_t j1 = j0 + kBlock < head.keys ? j0 + kBlock : head.keys;
        for (std::size_t k = 0; k < head.headWidth; ++k)
            for (std::size_t j = j0; j < j1; ++j)
                keys[k * columns + j] = head.k[j * head.kvStride + k];
    }
    for (std::size_t k = 0; k < head.headWidth; ++k)
        for (std::size_t j = head.keys; j < columns; ++j)
            keys[k * columns + j] = 0.0F;
    for (std::size_t j = 0; j < head.keys; ++j) {
        __builtin_memcpy(values + j * width, head.v + j * head.kvStride, head.headWidth * sizeof(float));
        for (std::size_t c = head.headWidth; c < width; ++c)
            values[j * width + c] = 0.0F;
    }

    std::size_t i = 0;
    for (; i + kRows <= head.queries; i += kRows)
        queryRows<kRows>(head, i, keys, columns, values, width, scores, result);
    for (; i < head.queries; ++i)
        queryRows<1>(head, i, keys, columns, values, width, scores, result);
}
// NOLINTEND(misc-definitions-in-headers)
