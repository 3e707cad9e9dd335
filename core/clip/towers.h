// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/clip: shows LibTorch.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clip/linear.h"
#include "core/clip/resnet.h"
#include "core/data/model_info.h"

namespace plumbline::clip {

struct Norm {
    at::Tensor weight, bias;
    double eps = 1e-5;
    at::Tensor operator()(const at::Tensor& x) const { return at::layer_norm(x, {x.size(-1)}, weight, bias, eps); }
};

/// A pre-LayerNorm block; a layer scale (Touvron et al. 2021) is part of `out` and `down`.
struct Block {
    Norm norm1, norm2;
    Linear qkv, out, up, down;
};

/// The activation of a block by LibTorch's own operations.
at::Tensor plainActivation(const at::Tensor& x, Activation activation);

/// A stack of pre-LayerNorm blocks.
struct Transformer {
    std::vector<Block> blocks;
    std::int64_t width = 0, heads = 0;
    Activation activation = Activation::Gelu;
    bool causal = false;

    /// All blocks at every position, step by step as the papers state it and in LibTorch's own operations only, so
    /// that it can be differentiated: x [items, length, width]. `mask`, if given, is added to the attention scores of
    /// all heads: [items, length, length].
    at::Tensor plain(at::Tensor x, const at::Tensor& mask = {}) const;
};

/// One learned query that looks at all tokens of an image: SigLIP's head, with a perceptron behind (Zhai et al. 2023),
/// and the first query of CoCa's pooler (Yu et al. 2022), with a LayerNorm before the keys.
struct AttentionPool {
    at::Tensor query; ///< [dim], already projected: it is the same for every image
    Norm keyNorm;     ///< CoCa's; undefined weight: none
    Linear keyValue;  ///< [2 * dim, width]: keys, then values
    Linear out;       ///< [dim, dim]
    Norm norm;        ///< SigLIP's; undefined weight: no perceptron
    Linear up, down;
    std::int64_t heads = 1;
    Activation activation = Activation::Gelu;

    /// Tokens [items * length, width] -> features [items, dim].
    at::Tensor operator()(const at::Tensor& tokens, std::int64_t items) const;
};

/// The tensors of both towers as they are used, without the token table.
struct Towers {
    std::shared_ptr<const ResNet> resnet; ///< the whole image tower, where it is one; the rest of it is empty then
    Linear patches;                       ///< [width, 3 * patch * patch]
    at::Tensor visionPositions;           ///< [tokens, width], the class embedding added to the first
    bool classToken = true;
    Norm visionPre; ///< undefined weight: none
    Norm visionPost;
    bool normAfterPool = false;
    Transformer vision;
    ImagePooling pooling = ImagePooling::ClassToken;
    AttentionPool pool;       ///< AttentionProbe and AttentionQuery
    Linear visionProjection;  ///< [dim, width]; undefined weight: none
    at::Tensor textPositions; ///< [context, width], one row more with a class token
    at::Tensor textClass;     ///< [width] or undefined
    Norm textFinal;
    Transformer text;
    Linear textProjection; ///< [dim, width]; undefined weight: none

    /// `tensor` gives a tensor by its name in the model's own files. What is joined, turned or added up here is so by
    /// differentiable operations.
    static Towers build(const ModelConfig& config, const std::function<at::Tensor(const std::string&)>& tensor);

    /// The last step of the image tower: the tokens behind the last block [items * length, width] -> raw embeddings.
    at::Tensor embedTokens(const at::Tensor& tokens, std::int64_t items) const;

    /// The last step of the text tower: features [items, width] behind the final LayerNorm -> raw embeddings.
    at::Tensor embedText(const at::Tensor& features) const;

    /// pixels [n, 3, size, size] -> raw embeddings [n, dim]. `kept` [n, some], if given: the only patches that are
    /// looked at (patch dropout; Li et al. 2023, FLIP); for towers with a class token.
    at::Tensor plainImages(const at::Tensor& pixels, const at::Tensor& kept = {}) const;
    /// Token rows [n, length, width] without positions, and the position each feature is read at -> raw embeddings [n,
    /// dim].
    at::Tensor plainTexts(const at::Tensor& rows, const at::Tensor& pooled) const;
    /// The same for rows that have their positions.
    at::Tensor plainPlacedTexts(const at::Tensor& rows, const at::Tensor& pooled) const;
    /// The same for a text tower with a class token behind the text (CoCa, as OpenCLIP has it). `real` [n, length] is
    /// true where an id is not the padding. OpenCLIP's mask is shifted by one: a position is hidden where the id before
    /// it is padding; the published weights were trained so.
    at::Tensor classTokenTexts(const at::Tensor& rows, const at::Tensor& real) const;
};

} // namespace plumbline::clip
