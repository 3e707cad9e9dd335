// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/clip: shows LibTorch.

#include <functional>
#include <string>
#include <vector>

#include "core/clip/linear.h"
#include "core/data/model_info.h"

namespace plumbline::clip {

struct Norm {
    at::Tensor weight, bias;
    double eps = 1e-5;
    at::Tensor operator()(const at::Tensor& x) const { return at::layer_norm(x, {x.size(-1)}, weight, bias, eps); }
};

struct Block {
    Norm norm1, norm2;
    Linear qkv, out, up, down;
};

/// A stack of pre-LayerNorm blocks.
struct Transformer {
    std::vector<Block> blocks;
    std::int64_t width = 0, heads = 0;
    Activation activation = Activation::Gelu;
    bool causal = false;

    /// All blocks at every position, step by step as the papers state it and in LibTorch's own operations only, so
    /// that it can be differentiated: x [items, length, width].
    at::Tensor plain(at::Tensor x) const;
};

/// The tensors of both towers as they are used, without the token table.
struct Towers {
    Linear patches;             ///< [width, 3 * patch * patch], no bias
    at::Tensor visionPositions; ///< [1 + grid * grid, width], the class embedding added to the first
    Norm visionPre, visionPost;
    Transformer vision;
    Linear visionProjection;  ///< [dim, width]
    at::Tensor textPositions; ///< [context, width]
    Norm textFinal;
    Transformer text;
    Linear textProjection; ///< [dim, width]

    /// `tensor` gives a tensor by its name in the model's own container. What is joined, turned or added up here is so
    /// by differentiable operations.
    static Towers build(const ModelConfig& config, const std::function<at::Tensor(const std::string&)>& tensor);

    /// pixels [n, 3, size, size] -> raw embeddings [n, dim]. `kept` [n, some], if given: the only patches that are
    /// looked at (patch dropout; Li et al. 2023, FLIP).
    at::Tensor plainImages(const at::Tensor& pixels, const at::Tensor& kept = {}) const;
    /// Token rows [n, length, width] without positions, and the position each feature is read at -> raw embeddings [n,
    /// dim].
    at::Tensor plainTexts(const at::Tensor& rows, const at::Tensor& pooled) const;
};

} // namespace plumbline::clip
