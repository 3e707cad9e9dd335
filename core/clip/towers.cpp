// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/towers.h"

#include <cmath>
#include <map>

#include "core/clip/canonical.h"

namespace plumbline::clip {

at::Tensor Transformer::plain(at::Tensor x) const {
    const std::int64_t items = x.size(0), length = x.size(1), headWidth = width / heads;
    for (const Block& block : blocks) {
        const at::Tensor qkv = at::linear(block.norm1(x), block.qkv.weight, block.qkv.bias)
                                   .view({items, length, 3, heads, headWidth})
                                   .permute({2, 0, 3, 1, 4});
        at::Tensor scores = at::matmul(qkv[0], qkv[1].transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
        if (causal)
            scores = scores + at::full({length, length}, -1e30, scores.options()).triu(1);
        const at::Tensor mixed =
            at::matmul(at::softmax(scores, -1), qkv[2]).transpose(1, 2).reshape({items, length, width});
        x = x + at::linear(mixed, block.out.weight, block.out.bias);
        at::Tensor inner = at::linear(block.norm2(x), block.up.weight, block.up.bias);
        inner = activation == Activation::Gelu ? at::gelu(inner) : inner * at::sigmoid(1.702 * inner);
        x = x + at::linear(inner, block.down.weight, block.down.bias);
    }
    return x;
}

Towers Towers::build(const ModelConfig& config, const std::function<at::Tensor(const std::string&)>& tensor) {
    std::map<std::string, CanonicalTensor> recipes;
    for (CanonicalTensor& recipe : canonicalTensors(config)) {
        std::string name = recipe.name;
        recipes.emplace(std::move(name), std::move(recipe));
    }
    const auto canonical = [&](const std::string& name) {
        std::vector<at::Tensor> parts;
        for (const std::string& part : recipes.at(name).parts)
            parts.push_back(tensor(part));
        return parts.size() == 1 ? parts.front() : at::cat(parts, 0);
    };
    const auto projection = [&](const std::string& name) { // [out, in], which is how Hugging Face keeps it
        const at::Tensor stored = canonical(name);
        return Linear{recipes.at(name).transposed ? stored : stored.t().contiguous(), {}};
    };
    const auto norm = [&](const std::string& name, double eps) {
        return Norm{canonical(name + ".weight"), canonical(name + ".bias"), eps};
    };
    const auto transformer = [&](const std::string& prefix, const auto& tower, bool causal) {
        Transformer result;
        result.width = tower.width.value;
        result.heads = tower.heads.value;
        result.activation = tower.activation.value;
        result.causal = causal;
        const double eps = tower.layerNormEps.value;
        for (int i = 0; i < tower.layers.value; ++i) {
            const std::string p = prefix + std::to_string(i);
            result.blocks.push_back({norm(p + ".ln_1", eps),
                                     norm(p + ".ln_2", eps),
                                     {canonical(p + ".attn.in_proj_weight"), canonical(p + ".attn.in_proj_bias")},
                                     {canonical(p + ".attn.out_proj.weight"), canonical(p + ".attn.out_proj.bias")},
                                     {canonical(p + ".mlp.c_fc.weight"), canonical(p + ".mlp.c_fc.bias")},
                                     {canonical(p + ".mlp.c_proj.weight"), canonical(p + ".mlp.c_proj.bias")}});
        }
        return result;
    };
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    Towers towers;
    towers.patches = {canonical("visual.conv1.weight").reshape({v.width.value, -1}), {}};
    const at::Tensor positions = canonical("visual.positional_embedding");
    towers.visionPositions = at::cat({positions.narrow(0, 0, 1) + canonical("visual.class_embedding"),
                                      positions.narrow(0, 1, positions.size(0) - 1)});
    towers.visionPre = norm("visual.ln_pre", v.layerNormEps.value);
    towers.visionPost = norm("visual.ln_post", v.layerNormEps.value);
    towers.vision = transformer("visual.transformer.resblocks.", v, false);
    towers.visionProjection = projection("visual.proj");
    towers.textPositions = canonical("positional_embedding");
    towers.textFinal = norm("ln_final", t.layerNormEps.value);
    towers.text = transformer("transformer.resblocks.", t, true);
    towers.textProjection = projection("text_projection");
    return towers;
}

at::Tensor Towers::plainImages(const at::Tensor& pixels, const at::Tensor& kept) const {
    const std::int64_t count = pixels.size(0), width = patches.weight.size(0);
    const auto patch =
        static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(patches.weight.size(1)) / 3)));
    const at::Tensor kernel = patches.weight.view({width, 3, patch, patch});
    at::Tensor grid = at::conv2d(pixels, kernel, {}, patch).flatten(2).transpose(1, 2) +
                      visionPositions.narrow(0, 1, visionPositions.size(0) - 1);
    if (kept.defined())
        grid = grid.gather(1, kept.unsqueeze(-1).expand({-1, -1, width}));
    const at::Tensor first = visionPositions.narrow(0, 0, 1).expand({count, 1, width});
    const at::Tensor x = visionPre(at::cat({first, grid}, 1));
    return at::matmul(visionPost(vision.plain(x).select(1, 0)), visionProjection.weight.t());
}

at::Tensor Towers::plainTexts(const at::Tensor& rows, const at::Tensor& pooled) const {
    const at::Tensor x = textFinal(text.plain(rows + textPositions.narrow(0, 0, rows.size(1))));
    const at::Tensor features = x.index({at::arange(x.size(0), pooled.options()), pooled});
    return at::matmul(features, textProjection.weight.t());
}

} // namespace plumbline::clip
