// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/kernels.h"

#include <vector>

namespace plumbline::clip {

namespace {

namespace baseline {
constexpr std::size_t kLanes = 4;
constexpr int kRows = 4;
#include "core/clip/kernels_impl.h"
} // namespace baseline

// Clang has no such pragma; it builds the baseline only.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PLUMBLINE_KERNELS_X86 1
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr std::size_t kLanes = 8;
constexpr int kRows = 4;
#include "core/clip/kernels_impl.h"
} // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma")
namespace avx512 {
constexpr std::size_t kLanes = 16;
constexpr int kRows = 8;
#include "core/clip/kernels_impl.h"
} // namespace avx512
#pragma GCC pop_options
#endif

struct Kernels {
    const char* name;
    void (*quickGelu)(float*, std::size_t);
    std::size_t (*scratchSize)(const Attention&);
    void (*attend)(const Attention&, float*);
};

Kernels choose() {
#ifdef PLUMBLINE_KERNELS_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return {"AVX-512", avx512::quickGelu, avx512::scratchSize, avx512::attend};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return {"AVX2", avx2::quickGelu, avx2::scratchSize, avx2::attend};
#endif
    return {"baseline", baseline::quickGelu, baseline::scratchSize, baseline::attend};
}

const Kernels& kernels() {
    static const Kernels chosen = choose();
    return chosen;
}

} // namespace

void quickGelu(float* values, std::size_t count) {
    kernels().quickGelu(values, count);
}

void attend(const Attention& head) {
    thread_local std::vector<float> scratch;
    const std::size_t size = kernels().scratchSize(head);
    if (scratch.size() < size)
        scratch.resize(size);
    kernels().attend(head, scratch.data());
}

const char* kernelName() {
    return kernels().name;
}

} // namespace plumbline::clip
