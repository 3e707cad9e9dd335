// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/clip: the only header that shows LibTorch.

#include <ATen/ATen.h>

namespace plumbline::clip {

/// Whether float32 products go through oneDNN instead of the BLAS. oneDNN knows every AVX-512 processor, where
/// OpenBLAS 0.3.21 takes newer ones for a Haswell and reaches half their speed. Fixed for the life of the process, so
/// that the same machine gives the same bits.
bool useOneDnn();

/// y = x wT + b for rows x [m, in]; weight [out, in], bias [out] or undefined. Both may lie in a mapped file.
struct Linear {
    at::Tensor weight, bias;
    at::Tensor operator()(const at::Tensor& x) const;
};

} // namespace plumbline::clip
