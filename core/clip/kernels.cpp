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

std::vector<KernelSet> runnableSets() {
    std::vector<KernelSet> sets;
#ifdef PLUMBLINE_KERNELS_X86
    const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        sets.push_back({"AVX-512", avx512::quickGelu, avx512::scratchSize, avx512::attend});
    if (hasAvx2)
        sets.push_back({"AVX2", avx2::quickGelu, avx2::scratchSize, avx2::attend});
#endif
    sets.push_back({"baseline", baseline::quickGelu, baseline::scratchSize, baseline::attend});
    return sets;
}

} // namespace

const std::vector<KernelSet>& kernelSets() {
    static const std::vector<KernelSet> sets = runnableSets();
    return sets;
}

void quickGelu(float* values, std::size_t count) {
    kernelSets().front().quickGelu(values, count);
}

void attend(const Attention& head) {
    thread_local std::vector<float> scratch;
    const KernelSet& best = kernelSets().front();
    const std::size_t size = best.scratchSize(head);
    if (scratch.size() < size)
        scratch.resize(size);
    best.attend(head, scratch.data());
}

} // namespace plumbline::clip
