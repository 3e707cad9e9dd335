// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/towers.h"

#include <cmath>
#include <map>

#include "core/formats/model_tensors.h"

namespace plumbline::clip {

namespace {

/// What hides a position from softmax without making a NaN of a row that is hidden as a whole.
constexpr double kHidden = -1e30;

at::Tensor causalMask(std::int64_t length, const at::TensorOptions& options) {
    return at::full({length, length}, kHidden, options).triu(1);
}

} // namespace

at::Tensor plainActivation(const at::Tensor& x, Activation activation) {
    switch (activation) {
    case Activation::QuickGelu:
        return x * at::sigmoid(1.702 * x);
    case Activation::Gelu:
        return at::gelu(x);
    case Activation::GeluTanh:
        return at::gelu(x, "tanh");
    }
    return x;
}

at::Tensor Transformer::plain(at::Tensor x, const at::Tensor& mask) const {
    const std::int64_t items = x.size(0), length = x.size(1), headWidth = width / heads;
    for (const Block& block : blocks) {
        const at::Tensor qkv = at::linear(block.norm1(x), block.qkv.weight, block.qkv.bias)
                                   .view({items, length, 3, heads, headWidth})
                                   .permute({2, 0, 3, 1, 4});
        at::Tensor scores = at::matmul(qkv[0], qkv[1].transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
        if (mask.defined())
            scores = scores + mask.unsqueeze(1);
        else if (causal)
            scores = scores + causalMask(length, scores.options());
        const at::Tensor mixed =
            at::matmul(at::softmax(scores, -1), qkv[2]).transpose(1, 2).reshape({items, length, width});
        x = x + at::linear(mixed, block.out.weight, block.out.bias);
        const at::Tensor inner = at::linear(block.norm2(x), block.up.weight, block.up.bias);
        x = x + at::linear(plainActivation(inner, activation), block.down.weight, block.down.bias);
    }
    return x;
}

at::Tensor AttentionPool::operator()(const at::Tensor& tokens, std::int64_t items) const {
    const std::int64_t dim = query.size(0), headWidth = dim / heads, length = tokens.size(0) / items;
    const at::Tensor kv = keyValue(keyNorm.weight.defined() ? keyNorm(tokens) : tokens)
                              .view({items, length, 2, heads, headWidth})
                              .permute({2, 0, 3, 1, 4});
    const at::Tensor q = query.view({1, heads, 1, headWidth});
    const at::Tensor scores = at::matmul(q, kv[0].transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
    const at::Tensor mixed = at::matmul(at::softmax(scores, -1), kv[1]).reshape({items, dim});
    const at::Tensor x = out(mixed);
    return norm.weight.defined() ? x + down(plainActivation(up(norm(x)), activation)) : x;
}

Towers Towers::build(const ModelConfig& config, const std::function<at::Tensor(const std::string&)>& tensor) {
    std::map<std::string, formats::TensorRecipe> recipes;
    for (formats::TensorRecipe& recipe : formats::tensorRecipes(config)) {
        std::string name = recipe.name;
        recipes.emplace(std::move(name), std::move(recipe));
    }
    const auto canonical = [&](const std::string& name) {
        const formats::TensorRecipe& recipe = recipes.at(name);
        std::vector<at::Tensor> parts;
        for (const formats::ExpectedTensor& part : recipe.parts)
            parts.push_back(tensor(part.name).reshape(part.shape));
        return parts.size() == 1 ? parts.front() : at::cat(parts, 0);
    };
    const auto has = [&](const std::string& name) { return recipes.contains(name); };
    const auto projection = [&](const std::string& name) { // [out, in], which is how Hugging Face keeps it
        const at::Tensor stored = canonical(name);
        return Linear{recipes.at(name).transposed ? stored : stored.t().contiguous(),
                      has(name + "_bias") ? canonical(name + "_bias") : at::Tensor()};
    };
    const auto norm = [&](const std::string& name, double eps) {
        return Norm{canonical(name + ".weight"), canonical(name + ".bias"), eps};
    };
    const auto linear = [&](const std::string& name) {
        return Linear{canonical(name + ".weight"), canonical(name + ".bias")};
    };
    const auto transformer = [&](const std::string& prefix, const auto& tower, bool causal) {
        Transformer result;
        result.width = tower.width.value;
        result.heads = tower.heads.value;
        result.activation = tower.activation.value;
        result.causal = causal;
        const double eps = tower.layerNormEps.value;
        const auto scaled = [&](const std::string& name, const std::string& scale) {
            const Linear plain = linear(name);
            if (!tower.layerScale)
                return plain;
            const at::Tensor gamma = canonical(scale);
            return Linear{gamma.unsqueeze(1) * plain.weight, gamma * plain.bias};
        };
        for (int i = 0; i < tower.layers.value; ++i) {
            const std::string p = prefix + std::to_string(i);
            result.blocks.push_back({norm(p + ".ln_1", eps),
                                     norm(p + ".ln_2", eps),
                                     {canonical(p + ".attn.in_proj_weight"), canonical(p + ".attn.in_proj_bias")},
                                     scaled(p + ".attn.out_proj", p + ".ls_1.gamma"),
                                     linear(p + ".mlp.c_fc"),
                                     scaled(p + ".mlp.c_proj", p + ".ls_2.gamma")});
        }
        return result;
    };
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    Towers towers;
    const auto vision = [&] {
        const double eps = v.layerNormEps.value;
        towers.patches = {canonical("visual.conv1.weight").reshape({v.width.value, -1}),
                          has("visual.conv1.bias") ? canonical("visual.conv1.bias") : at::Tensor()};
        towers.classToken = v.classToken;
        towers.visionPositions = canonical("visual.positional_embedding");
        if (v.classToken) {
            const at::Tensor& positions = towers.visionPositions;
            towers.visionPositions = at::cat({positions.narrow(0, 0, 1) + canonical("visual.class_embedding"),
                                              positions.narrow(0, 1, positions.size(0) - 1)});
        }
        if (v.firstNorm)
            towers.visionPre = norm("visual.ln_pre", eps);
        towers.visionPost = norm("visual.ln_post", eps);
        towers.normAfterPool = v.finalNormAfterPool;
        towers.vision = transformer("visual.transformer.resblocks.", v, false);
        towers.pooling = v.pooling.value;
        if (v.projection)
            towers.visionProjection = projection("visual.proj");

        const std::string p = "visual.attn_pool.";
        AttentionPool& pool = towers.pool;
        if (v.pooling.value == ImagePooling::AttentionProbe) {
            const std::int64_t width = v.width.value;
            const at::Tensor weight = canonical(p + "attn.in_proj_weight"), bias = canonical(p + "attn.in_proj_bias");
            pool.query =
                at::linear(canonical(p + "probe").unsqueeze(0), weight.narrow(0, 0, width), bias.narrow(0, 0, width))
                    .squeeze(0);
            pool.keyValue = {weight.narrow(0, width, 2 * width), bias.narrow(0, width, 2 * width)};
            pool.norm = norm(p + "ln", eps);
            pool.up = linear(p + "mlp.c_fc");
            pool.down = linear(p + "mlp.c_proj");
            pool.heads = v.heads.value;
            pool.activation = v.activation.value;
        } else if (v.pooling.value == ImagePooling::AttentionQuery) {
            const std::int64_t dim = config.embedDim.value;
            const bool joined = has(p + "attn.in_proj_weight");
            const at::Tensor all = joined ? canonical(p + "attn.in_proj_weight") : at::Tensor();
            const at::Tensor bias = canonical(p + "attn.in_proj_bias");
            const Norm queryNorm = norm(p + "ln_q", 1e-5);
            pool.query =
                at::linear(queryNorm(canonical(p + "query").narrow(0, 0, 1)),
                           joined ? all.narrow(0, 0, dim) : canonical(p + "attn.q_proj_weight"), bias.narrow(0, 0, dim))
                    .squeeze(0);
            pool.keyValue = {joined
                                 ? all.narrow(0, dim, 2 * dim)
                                 : at::cat({canonical(p + "attn.k_proj_weight"), canonical(p + "attn.v_proj_weight")}),
                             bias.narrow(0, dim, 2 * dim)};
            pool.keyNorm = norm(p + "ln_k", 1e-5); // whatever norm_kwargs say: the pooler has its own
            pool.heads = v.poolerHeads;
        }
        if (v.pooling.value == ImagePooling::AttentionProbe || v.pooling.value == ImagePooling::AttentionQuery)
            pool.out = linear(p + "attn.out_proj");
    };
    if (v.tower == ImageTower::ResNet)
        towers.resnet = std::make_shared<const ResNet>(ResNet::build(v, canonical));
    else
        vision();
    towers.textPositions = canonical("positional_embedding");
    if (t.pooling.value == TextPooling::ClassToken)
        towers.textClass = canonical("cls_emb");
    towers.textFinal = norm("ln_final", t.layerNormEps.value);
    towers.text = transformer("transformer.resblocks.", t, t.causal);
    if (t.projection)
        towers.textProjection = projection("text_projection");
    return towers;
}

at::Tensor Towers::embedTokens(const at::Tensor& tokens, std::int64_t items) const {
    const std::int64_t width = tokens.size(-1);
    const at::Tensor each = tokens.view({items, -1, width});
    const std::int64_t first = classToken ? 1 : 0;
    at::Tensor x;
    switch (pooling) {
    case ImagePooling::Average:
        x = normAfterPool ? each : visionPost(each);
        x = x.narrow(1, first, x.size(1) - first).mean(1);
        x = normAfterPool ? visionPost(x) : x;
        break;
    case ImagePooling::AttentionProbe:
        x = pool(visionPost(tokens), items);
        break;
    case ImagePooling::AttentionQuery:
        x = visionPost(pool(tokens, items));
        break;
    default:
        x = visionPost(each.select(1, 0));
    }
    return visionProjection.weight.defined() ? at::linear(x, visionProjection.weight, visionProjection.bias) : x;
}

at::Tensor Towers::plainImages(const at::Tensor& pixels, const at::Tensor& kept) const {
    if (resnet)
        return resnet->images(pixels, [] {});
    const std::int64_t count = pixels.size(0), width = patches.weight.size(0);
    const auto patch =
        static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(patches.weight.size(1)) / 3)));
    const at::Tensor kernel = patches.weight.view({width, 3, patch, patch});
    const std::int64_t first = classToken ? 1 : 0;
    at::Tensor x = at::conv2d(pixels, kernel, patches.bias, patch).flatten(2).transpose(1, 2) +
                   visionPositions.narrow(0, first, visionPositions.size(0) - first);
    if (kept.defined())
        x = x.gather(1, kept.unsqueeze(-1).expand({-1, -1, width}));
    if (classToken)
        x = at::cat({visionPositions.narrow(0, 0, 1).expand({count, 1, width}), x}, 1);
    if (visionPre.weight.defined())
        x = visionPre(x);
    return embedTokens(vision.plain(x).reshape({-1, width}), count);
}

at::Tensor Towers::embedText(const at::Tensor& features) const {
    return textProjection.weight.defined() ? at::linear(features, textProjection.weight, textProjection.bias)
                                           : features;
}

at::Tensor Towers::plainTexts(const at::Tensor& rows, const at::Tensor& pooled) const {
    return plainPlacedTexts(rows + textPositions.narrow(0, 0, rows.size(1)), pooled);
}

at::Tensor Towers::plainPlacedTexts(const at::Tensor& rows, const at::Tensor& pooled) const {
    const at::Tensor x = textFinal(text.plain(rows));
    return embedText(x.index({at::arange(x.size(0), pooled.options()), pooled}));
}

at::Tensor Towers::classTokenTexts(const at::Tensor& rows, const at::Tensor& real) const {
    const std::int64_t items = rows.size(0), length = rows.size(1), width = rows.size(2);
    const at::Tensor last = textClass.view({1, 1, width}).expand({items, 1, width});
    const at::Tensor x = at::cat({rows, last}, 1) + textPositions.narrow(0, 0, length + 1);
    const at::Tensor seen = at::cat({at::ones({items, 1}, real.options()), real}, 1);
    const at::Tensor hidden =
        at::zeros({items, 1, length + 1}, x.options()).masked_fill(seen.logical_not().unsqueeze(1), kHidden);
    const at::Tensor mask = hidden + causalMask(length + 1, x.options());
    const at::Tensor feature = textFinal(text.plain(x, mask).select(1, length));
    return embedText(feature);
}

} // namespace plumbline::clip
