// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_tensors.h"

#include <algorithm>
#include <string_view>

namespace plumbline::formats {

namespace {

using Shape = std::vector<std::int64_t>;

/// Collects recipes; a tensor is named once by its canonical name and once by that of the files.
class Recipes {
public:
    std::vector<TensorRecipe> all;

    void add(std::string name, Shape shape, std::vector<ExpectedTensor> parts) {
        all.push_back({std::move(name), std::move(shape), std::move(parts), false});
    }
    void add(std::string name, Shape shape, std::string stored) {
        add(std::move(name), shape, {{std::move(stored), shape}});
    }
    void addTransposed(std::string name, Shape shape, std::string stored) {
        const Shape turned = {shape[1], shape[0]};
        all.push_back({std::move(name), std::move(shape), {{std::move(stored), turned}}, true});
    }
    /// A matrix [out, in] and its bias.
    void addLinear(const std::string& name, std::int64_t out, std::int64_t in, const std::string& stored) {
        add(name + ".weight", {out, in}, stored + ".weight");
        add(name + ".bias", {out}, stored + ".bias");
    }
    void addNorm(const std::string& name, std::int64_t width, const std::string& stored) {
        add(name + ".weight", {width}, stored + ".weight");
        add(name + ".bias", {width}, stored + ".bias");
    }
    /// Weight and bias of three products (or of one and two) joined, as torch.nn.MultiheadAttention keeps them.
    void addJoined(const std::string& name, std::int64_t width,
                   const std::vector<std::pair<std::string, std::int64_t>>& stored) {
        std::vector<ExpectedTensor> weights, biases;
        for (const auto& [part, times] : stored) {
            weights.push_back({part + ".weight", {times * width, width}});
            biases.push_back({part + ".bias", {times * width}});
        }
        add(name + "in_proj_weight", {3 * width, width}, std::move(weights));
        add(name + "in_proj_bias", {3 * width}, std::move(biases));
    }
    void addJoinedAsStored(const std::string& name, std::int64_t width, const std::string& stored) {
        add(name + "in_proj_weight", {3 * width, width}, stored + "in_proj_weight");
        add(name + "in_proj_bias", {3 * width}, stored + "in_proj_bias");
    }
};

enum class BlockNames { OpenClip, HuggingFace, Timm };

void addBlocks(Recipes& recipes, BlockNames names, const std::string& canonical, const std::string& stored, int layers,
               std::int64_t width, std::int64_t mlp, bool layerScale) {
    for (int i = 0; i < layers; ++i) {
        const std::string c = canonical + std::to_string(i), s = stored + std::to_string(i);
        switch (names) {
        case BlockNames::OpenClip:
            recipes.addJoinedAsStored(c + ".attn.", width, s + ".attn.");
            recipes.addLinear(c + ".attn.out_proj", width, width, s + ".attn.out_proj");
            recipes.addNorm(c + ".ln_1", width, s + ".ln_1");
            recipes.addNorm(c + ".ln_2", width, s + ".ln_2");
            recipes.addLinear(c + ".mlp.c_fc", mlp, width, s + ".mlp.c_fc");
            recipes.addLinear(c + ".mlp.c_proj", width, mlp, s + ".mlp.c_proj");
            break;
        case BlockNames::HuggingFace:
            recipes.addJoined(
                c + ".attn.", width,
                {{s + ".self_attn.q_proj", 1}, {s + ".self_attn.k_proj", 1}, {s + ".self_attn.v_proj", 1}});
            recipes.addLinear(c + ".attn.out_proj", width, width, s + ".self_attn.out_proj");
            recipes.addNorm(c + ".ln_1", width, s + ".layer_norm1");
            recipes.addNorm(c + ".ln_2", width, s + ".layer_norm2");
            recipes.addLinear(c + ".mlp.c_fc", mlp, width, s + ".mlp.fc1");
            recipes.addLinear(c + ".mlp.c_proj", width, mlp, s + ".mlp.fc2");
            break;
        case BlockNames::Timm:
            recipes.addJoined(c + ".attn.", width, {{s + ".attn.qkv", 3}});
            recipes.addLinear(c + ".attn.out_proj", width, width, s + ".attn.proj");
            recipes.addNorm(c + ".ln_1", width, s + ".norm1");
            recipes.addNorm(c + ".ln_2", width, s + ".norm2");
            recipes.addLinear(c + ".mlp.c_fc", mlp, width, s + ".mlp.fc1");
            recipes.addLinear(c + ".mlp.c_proj", width, mlp, s + ".mlp.fc2");
            break;
        }
        if (layerScale) // OpenCLIP's alone
            for (const char* scale : {".ls_1.gamma", ".ls_2.gamma"})
                recipes.add(c + scale, {width}, s + scale);
    }
}

/// SigLIP's head: one learned query looks at all tokens, then a small perceptron.
void addProbe(Recipes& recipes, const ModelConfig& config) {
    const std::int64_t width = config.vision.width.value, mlp = config.vision.mlpWidth.value;
    const std::string c = "visual.attn_pool.";
    if (config.timm) {
        const std::string s = "visual.trunk.attn_pool.";
        recipes.add(c + "probe", {width}, s + "latent");
        recipes.addJoined(c + "attn.", width, {{s + "q", 1}, {s + "kv", 2}});
        recipes.addLinear(c + "attn.out_proj", width, width, s + "proj");
        recipes.addNorm(c + "ln", width, s + "norm");
        recipes.addLinear(c + "mlp.c_fc", mlp, width, s + "mlp.fc1");
        recipes.addLinear(c + "mlp.c_proj", width, mlp, s + "mlp.fc2");
    } else {
        const std::string s = "vision_model.head.";
        recipes.add(c + "probe", {width}, s + "probe");
        recipes.addJoinedAsStored(c + "attn.", width, s + "attention.");
        recipes.addLinear(c + "attn.out_proj", width, width, s + "attention.out_proj");
        recipes.addNorm(c + "ln", width, s + "layernorm");
        recipes.addLinear(c + "mlp.c_fc", mlp, width, s + "mlp.fc1");
        recipes.addLinear(c + "mlp.c_proj", width, mlp, s + "mlp.fc2");
    }
}

/// CoCa's pooler as OpenCLIP has it: learned queries as wide as the embedding look at the tokens.
void addQueries(Recipes& recipes, const ModelConfig& config) {
    const std::int64_t width = config.vision.width.value, embed = config.embedDim.value;
    const std::string c = "visual.attn_pool.";
    recipes.add(c + "query", {config.vision.poolerQueries, embed}, c + "query");
    if (width == embed) { // torch.nn.MultiheadAttention joins the three where they have one width
        recipes.add(c + "attn.in_proj_weight", {3 * embed, embed}, c + "attn.in_proj_weight");
    } else {
        recipes.add(c + "attn.q_proj_weight", {embed, embed}, c + "attn.q_proj_weight");
        recipes.add(c + "attn.k_proj_weight", {embed, width}, c + "attn.k_proj_weight");
        recipes.add(c + "attn.v_proj_weight", {embed, width}, c + "attn.v_proj_weight");
    }
    recipes.add(c + "attn.in_proj_bias", {3 * embed}, c + "attn.in_proj_bias");
    recipes.addLinear(c + "attn.out_proj", embed, embed, c + "attn.out_proj");
    recipes.addNorm(c + "ln_q", embed, c + "ln_q");
    recipes.addNorm(c + "ln_k", width, c + "ln_k");
}

void addTransformerTower(Recipes& recipes, const ModelConfig& config) {
    const VisionConfig& v = config.vision;
    const std::int64_t width = v.width.value, embed = config.embedDim.value, patch = v.patchSize.value;
    const std::int64_t patches = std::int64_t{v.grid()} * v.grid();
    const Shape patchShape = {width, v.channels, patch, patch};
    const Shape positions = {patches + (v.classToken ? 1 : 0), width};
    const std::int64_t pooled = v.pooling.value == ImagePooling::AttentionQuery ? embed : width;
    const bool huggingFace = config.names == TensorNames::HuggingFace;

    BlockNames blocks = BlockNames::OpenClip;
    std::string blockPrefix = "visual.transformer.resblocks.", norm = "visual.ln_post";
    if (huggingFace) {
        const std::string e = "vision_model.embeddings.";
        recipes.add("visual.conv1.weight", patchShape, e + "patch_embedding.weight");
        if (v.patchBias)
            recipes.add("visual.conv1.bias", {width}, e + "patch_embedding.bias");
        if (v.classToken)
            recipes.add("visual.class_embedding", {width}, e + "class_embedding");
        recipes.add("visual.positional_embedding", positions, e + "position_embedding.weight");
        if (v.firstNorm)
            recipes.addNorm("visual.ln_pre", width, "vision_model.pre_layrnorm"); // the misspelling is the name
        blocks = BlockNames::HuggingFace;
        blockPrefix = "vision_model.encoder.layers.";
        norm = "vision_model.post_layernorm";
        if (v.projection)
            recipes.addTransposed("visual.proj", {width, embed}, "visual_projection.weight");
    } else if (config.timm) {
        const std::string t = "visual.trunk.";
        recipes.add("visual.conv1.weight", patchShape, t + "patch_embed.proj.weight");
        if (v.patchBias)
            recipes.add("visual.conv1.bias", {width}, t + "patch_embed.proj.bias");
        if (v.classToken)
            recipes.add("visual.class_embedding", {width}, t + "cls_token");
        recipes.add("visual.positional_embedding", positions, t + "pos_embed");
        if (v.firstNorm)
            recipes.addNorm("visual.ln_pre", width, t + "norm_pre");
        blocks = BlockNames::Timm;
        blockPrefix = t + "blocks.";
        norm = t + "norm";
        if (v.projection) {
            recipes.addTransposed("visual.proj", {width, embed}, t + "head.weight");
            if (v.projectionBias)
                recipes.add("visual.proj_bias", {embed}, t + "head.bias");
        }
    } else {
        recipes.add("visual.conv1.weight", patchShape, "visual.conv1.weight");
        recipes.add("visual.class_embedding", {width}, "visual.class_embedding");
        recipes.add("visual.positional_embedding", positions, "visual.positional_embedding");
        if (v.firstNorm)
            recipes.addNorm("visual.ln_pre", width, "visual.ln_pre");
        recipes.add("visual.proj", {pooled, embed}, "visual.proj");
    }
    addBlocks(recipes, blocks, "visual.transformer.resblocks.", blockPrefix, v.layers.value, width, v.mlpWidth.value,
              v.layerScale);
    recipes.addNorm("visual.ln_post", pooled, norm);
    if (v.pooling.value == ImagePooling::AttentionProbe)
        addProbe(recipes, config);
    if (v.pooling.value == ImagePooling::AttentionQuery)
        addQueries(recipes, config);
}

/// OpenAI's modified ResNet: a stem of three convolutions, bottlenecks, attention pooling.
void addResNet(Recipes& recipes, const ModelConfig& config) {
    const VisionConfig& v = config.vision;
    const std::int64_t width = v.width.value, embed = config.embedDim.value;
    const auto convolution = [&](const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel) {
        recipes.add(name + ".weight", {out, in, kernel, kernel}, name + ".weight");
    };
    const auto batchNorm = [&](const std::string& name, std::int64_t channels) {
        for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"})
            recipes.add(name + part, {channels}, name + part);
    };
    convolution("visual.conv1", width / 2, v.channels, 3);
    batchNorm("visual.bn1", width / 2);
    convolution("visual.conv2", width / 2, width / 2, 3);
    batchNorm("visual.bn2", width / 2);
    convolution("visual.conv3", width, width / 2, 3);
    batchNorm("visual.bn3", width);
    std::int64_t in = width;
    for (std::size_t stage = 0; stage < v.stages.size(); ++stage) {
        const std::int64_t planes = width << stage;
        for (int i = 0; i < v.stages[stage]; ++i) {
            const std::string block = "visual.layer" + std::to_string(stage + 1) + "." + std::to_string(i);
            convolution(block + ".conv1", planes, in, 1);
            batchNorm(block + ".bn1", planes);
            convolution(block + ".conv2", planes, planes, 3);
            batchNorm(block + ".bn2", planes);
            convolution(block + ".conv3", 4 * planes, planes, 1);
            batchNorm(block + ".bn3", 4 * planes);
            if (i == 0) {
                convolution(block + ".downsample.0", 4 * planes, in, 1);
                batchNorm(block + ".downsample.1", 4 * planes);
            }
            in = 4 * planes;
        }
    }
    const std::string pool = "visual.attnpool.";
    recipes.add(pool + "positional_embedding", {std::int64_t{v.grid()} * v.grid() + 1, in},
                pool + "positional_embedding");
    for (const char* part : {"q_proj", "k_proj", "v_proj"})
        recipes.addLinear(pool + part, in, in, pool + part);
    recipes.addLinear(pool + "c_proj", embed, in, pool + "c_proj");
}

std::string textPrefix(const ModelConfig& config) {
    return config.names == TensorNames::OpenClipCustomText ? "text." : "";
}

void addTextTower(Recipes& recipes, const ModelConfig& config) {
    const TextConfig& t = config.text;
    const std::int64_t width = t.width.value, embed = config.embedDim.value;
    const bool classToken = t.pooling.value == TextPooling::ClassToken;
    const Shape positions = {t.contextLength.value + (classToken ? 1 : 0), width};
    const Shape projection = {width, embed};
    if (config.names == TensorNames::HuggingFace) {
        recipes.add("token_embedding.weight", {t.vocabSize.value, width}, tokenTableName(config));
        recipes.add("positional_embedding", positions, "text_model.embeddings.position_embedding.weight");
        addBlocks(recipes, BlockNames::HuggingFace, "transformer.resblocks.", "text_model.encoder.layers.",
                  t.layers.value, width, t.mlpWidth.value, t.layerScale);
        recipes.addNorm("ln_final", width, "text_model.final_layer_norm");
        if (t.projectionBias) {
            recipes.addTransposed("text_projection", projection, "text_model.head.weight");
            recipes.add("text_projection_bias", {embed}, "text_model.head.bias");
        } else {
            recipes.addTransposed("text_projection", projection, "text_projection.weight");
        }
        return;
    }
    const std::string p = textPrefix(config);
    recipes.add("token_embedding.weight", {t.vocabSize.value, width}, tokenTableName(config));
    recipes.add("positional_embedding", positions, p + "positional_embedding");
    if (classToken)
        recipes.add("cls_emb", {width}, p + "cls_emb");
    addBlocks(recipes, BlockNames::OpenClip, "transformer.resblocks.", p + "transformer.resblocks.", t.layers.value,
              width, t.mlpWidth.value, t.layerScale);
    recipes.addNorm("ln_final", width, p + "ln_final");
    if (!t.projection)
        return;
    if (t.projectionBias) { // a torch.nn.Linear then, which keeps [out, in]
        recipes.addTransposed("text_projection", projection, p + "text_projection.weight");
        recipes.add("text_projection_bias", {embed}, p + "text_projection.bias");
    } else {
        recipes.add("text_projection", projection, p + "text_projection");
    }
}

} // namespace

std::vector<TensorRecipe> tensorRecipes(const ModelConfig& config) {
    Recipes recipes;
    recipes.add("logit_scale", {}, "logit_scale");
    if (config.sigmoidLoss)
        recipes.add("logit_bias", {}, "logit_bias");
    if (config.vision.tower == ImageTower::ResNet)
        addResNet(recipes, config);
    else
        addTransformerTower(recipes, config);
    addTextTower(recipes, config);
    std::sort(recipes.all.begin(), recipes.all.end(),
              [](const TensorRecipe& a, const TensorRecipe& b) { return a.name < b.name; });
    return std::move(recipes.all);
}

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config) {
    std::vector<ExpectedTensor> tensors;
    for (TensorRecipe& recipe : tensorRecipes(config))
        for (ExpectedTensor& part : recipe.parts)
            tensors.push_back(std::move(part));
    return tensors;
}

bool isIgnoredTensor(const std::string& name, const ModelConfig& config) {
    const auto ends = [&name](std::string_view end) { return name.ends_with(end); };
    if (config.names == TensorNames::HuggingFace) // written by transformers before 4.31, never read back
        return ends("embeddings.position_ids");
    return ends(".num_batches_tracked") || name == textPrefix(config) + "attn_mask" ||
           (config.captioner && name.starts_with("text_decoder.")) ||
           // Python numbers that OpenAI's archives keep as tensors
           name == "input_resolution" || name == "context_length" || name == "vocab_size";
}

std::string tokenTableName(const ModelConfig& config) {
    return config.names == TensorNames::HuggingFace ? "text_model.embeddings.token_embedding.weight"
                                                    : textPrefix(config) + "token_embedding.weight";
}

} // namespace plumbline::formats
