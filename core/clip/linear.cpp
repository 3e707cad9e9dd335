// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/linear.h"

namespace plumbline::clip {

namespace {

/// oneDNN rearranges the weights in each call, which fewer rows than these do not pay for.
constexpr std::int64_t kFewRows = 96;

} // namespace

bool useOneDnn() {
#if defined(__x86_64__)
    static const bool use = at::hasMKLDNN() && __builtin_cpu_supports("avx512f") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512vl");
    return use;
#else
    return false;
#endif
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
    const std::int64_t m = x.size(0), in = x.size(1), out = weight.size(0);
    if (x.scalar_type() != at::kFloat || m < kFewRows || !useOneDnn())
        return at::linear(x, weight, bias);
    // A 1 x 1 convolution over m pixels is the same product, and the one form of it that LibTorch hands to oneDNN
    // without copying: rows become pixels in channels-last order, weights keep their memory.
    const at::Tensor pixels = x.as_strided({1, in, m, 1}, {m * in, 1, in, in});
    const at::Tensor y = at::mkldnn_convolution(pixels, weight.view({out, in, 1, 1}), bias, {0, 0}, {1, 1}, {1, 1}, 1);
    return y.permute({0, 2, 3, 1}).reshape({m, out});
}

} // namespace plumbline::clip
