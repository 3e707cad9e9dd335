// SPDX-License-Identifier: GPL-3.0-or-later
#include <charconv>
#include <cmath>
#include <set>

#include "core/base/path.h"
#include "core/formats/config_fields.h"
#include "core/formats/debias_import.h"
#include "core/formats/model_config.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;

/// Looks at the shapes of named tensors, and remembers the first that is not as it should be.
class Shapes {
public:
    explicit Shapes(const Weights& weights) : m_weights(weights) {}

    bool has(const std::string& name) const { return m_weights.tensors.contains(name); }

    /// One axis of a tensor, with where it was read. A missing tensor or axis is a problem.
    Sourced<int> size(const std::string& name, std::size_t axis, std::size_t rank, int most) {
        const auto it = m_weights.tensors.find(name);
        if (it == m_weights.tensors.end())
            return wrong("it has no tensor " + name);
        const auto& shape = it->second.shape;
        if (shape.size() != rank || shape[axis] < 1 || shape[axis] > most)
            return wrong("its tensor " + name + " does not have the shape of a CLIP's");
        return {static_cast<int>(shape[axis]), "shape of " + name};
    }

    /// The number of blocks with a tensor "<prefix>N<suffix>".
    Sourced<int> blocks(const std::string& prefix, const std::string& suffix) {
        int count = 0;
        while (count < kMaxLayers && has(prefix + std::to_string(count) + suffix))
            ++count;
        if (count == 0)
            return wrong("it has no tensor " + prefix + "0" + suffix);
        return {count, "number of " + prefix + "N"};
    }

    Sourced<int> wrong(std::string reason) {
        if (problem.empty())
            problem = std::move(reason);
        return {1, {}};
    }
    std::string problem;

private:
    const Weights& m_weights;
};

int squareRoot(int value) {
    const auto root = static_cast<int>(std::lround(std::sqrt(static_cast<double>(value))));
    return root * root == value ? root : 0;
}

void inferViT(Shapes& shapes, ModelConfig& config) {
    VisionConfig& v = config.vision;
    v.width = shapes.size("visual.conv1.weight", 0, 4, kMaxWidth);
    v.patchSize = shapes.size("visual.conv1.weight", 2, 4, kMaxImageSize);
    v.layers = shapes.blocks("visual.transformer.resblocks.", ".attn.in_proj_weight");
    v.heads = {std::max(1, v.width.value / 64), "width / 64, as build_model has it"};
    v.mlpWidth = shapes.size("visual.transformer.resblocks.0.mlp.c_fc.weight", 0, 2, kMaxMlpWidth);
    const Sourced<int> positions = shapes.size("visual.positional_embedding", 0, 2, kMaxImageSize * kMaxImageSize);
    const int grid = squareRoot(positions.value - 1);
    if (grid == 0 || v.patchSize.value * grid > kMaxImageSize)
        shapes.wrong("its tensor visual.positional_embedding does not hold the positions of a square");
    v.imageSize = {v.patchSize.value * grid, positions.source};
    v.layerScale = shapes.has("visual.transformer.resblocks.0.ls_1.gamma");
    v.pooling = {ImagePooling::ClassToken, "tensor visual.class_embedding"};
}

void inferResNet(Shapes& shapes, ModelConfig& config) {
    VisionConfig& v = config.vision;
    v.tower = ImageTower::ResNet;
    v.width = shapes.size("visual.layer1.0.conv1.weight", 0, 4, kMaxWidth / 32);
    int blocks = 0;
    for (std::size_t stage = 0; stage < v.stages.size(); ++stage)
        blocks += v.stages[stage] =
            shapes.blocks("visual.layer" + std::to_string(stage + 1) + ".", ".conv1.weight").value;
    v.layers = {blocks, "number of visual.layerN.N"};
    v.heads = {std::max(1, v.width.value * 32 / 64), "width * 32 / 64, as build_model has it"};
    v.patchSize = {32, "the stride of a ResNet's five halvings"};
    v.mlpWidth = {0, "a ResNet has none"};
    const Sourced<int> positions = shapes.size("visual.attnpool.positional_embedding", 0, 2, kMaxImageSize);
    const int grid = squareRoot(positions.value - 1);
    if (grid == 0 || 32 * grid > kMaxImageSize)
        shapes.wrong("its tensor visual.attnpool.positional_embedding does not hold the positions of a square");
    v.imageSize = {32 * grid, positions.source};
    v.pooling = {ImagePooling::AttentionMean, "tensor visual.attnpool.positional_embedding"};
    v.classToken = false;
}

} // namespace

std::string modelName(const fs::path& folderOrFile) {
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(folderOrFile, ignored);
    const fs::path& path = whole.empty() ? folderOrFile : whole;
    return encodePath(fs::is_regular_file(path, ignored) ? path.stem() : path.filename());
}

Result<ModelConfig> inferConfig(const Weights& weights, const fs::path& file) {
    const auto refuse = [&file](ErrorCode code, const char* key, std::string text) {
        return fail(code, {{"path", encodePath(file)}, {key, std::move(text)}});
    };
    Shapes shapes(weights);
    const bool customText = shapes.has("text.token_embedding.weight");
    if (shapes.has("text_model.embeddings.token_embedding.weight"))
        return refuse(ErrorCode::NotAModel, "expected",
                      "its tensors have the names of Hugging Face, and the config.json that belongs to them does not "
                      "lie beside it");
    if (shapes.has("visual.trunk.pos_embed"))
        return refuse(ErrorCode::NotAModel, "expected",
                      "its image tower is one of the timm library, whose form only an open_clip_config.json beside it "
                      "can tell");
    if (shapes.has("mlp1.network.0.weight"))
        return refuse(ErrorCode::NotAModel, "expected",
                      "it holds residual heads, which stand behind a model: name the model, and this file with "
                      "--residual-head");
    if (const auto& shape =
            weights.tensors.empty() ? std::vector<std::int64_t>() : weights.tensors.begin()->second.shape;
        weights.tensors.size() == 1 && shape.size() == 2 && shape[0] <= kMostPromptTokens)
        return refuse(
            ErrorCode::NotAModel, "expected",
            "it holds a single matrix; if that is an array of learned prompt tokens, name the model, and this "
            "file with --prompt-array");
    if (!shapes.has("token_embedding.weight") && !customText)
        return refuse(ErrorCode::NotAModel, "expected",
                      "it has no tensors of a CLIP's text tower (token_embedding.weight), and no configuration lies "
                      "beside it");

    ModelConfig config;
    config.container = Container::OpenAi;
    config.names = customText ? TensorNames::OpenClipCustomText : TensorNames::OpenClip;
    config.tokenizer = TokenizerRules::OpenAi;
    config.name = modelName(file);
    if (shapes.has("visual.layer1.0.conv1.weight"))
        inferResNet(shapes, config);
    else
        inferViT(shapes, config);

    const std::string p = customText ? "text." : "";
    const std::string blocks = p + "transformer.resblocks.";
    TextConfig& t = config.text;
    t.contextLength = shapes.size(p + "positional_embedding", 0, 2, kMaxContext);
    t.vocabSize = shapes.size(p + "token_embedding.weight", 0, 2, kMaxVocabulary);
    t.width = shapes.size(p + "ln_final.weight", 0, 1, kMaxWidth);
    t.heads = {std::max(1, t.width.value / 64), "width / 64, as build_model has it"};
    t.layers = shapes.blocks(blocks, ".attn.in_proj_weight");
    t.mlpWidth = shapes.size(blocks + "0.mlp.c_fc.weight", 0, 2, kMaxMlpWidth);
    t.layerScale = shapes.has(blocks + "0.ls_1.gamma");
    t.pooling = {TextPooling::ArgMax, "build_model: the largest id"};
    t.eosId = {t.vocabSize.value - 1, "the largest id of the vocabulary"};
    config.embedDim = shapes.size(p + "text_projection", 1, 2, kMaxWidth);
    if (!shapes.problem.empty())
        return refuse(ErrorCode::NotAModel, "expected", shapes.problem + ", and no configuration lies beside it");
    for (const char* part : {"logit_bias", "visual.attn_pool.query", "text.cls_emb"})
        if (shapes.has(part))
            return refuse(ErrorCode::ModelUnsupported, "what",
                          std::string("the tensor ") + part +
                              ", whose meaning only an open_clip_config.json beside it can tell");

    const bool certain = shapes.has("input_resolution") && shapes.has("context_length") && shapes.has("vocab_size");
    const Sourced<Activation> activation = {Activation::QuickGelu,
                                            certain ? "OpenAI's own models" : "assumed, as OpenAI's build_model does"};
    config.vision.activation = t.activation = activation;
    config.vision.layerNormEps = t.layerNormEps = {1e-5, "default of torch.nn.LayerNorm"};
    if (config.vision.tower == ImageTower::ResNet) {
        config.vision.activation.source = "not used: a ResNet's activation is ReLU";
        config.vision.layerNormEps.source = "default of torch.nn.BatchNorm2d";
    }
    if (!certain)
        config.warnings.push_back(
            "No configuration lies beside the weights: QuickGELU, OpenAI's preparation of images and heads of 64 "
            "channels are assumed. A model that was trained with GELU gives wrong embeddings so: put its "
            "open_clip_config.json into the same folder.");

    Preprocessing& pixels = config.preprocessing;
    const std::string reason = "openai/CLIP: _transform";
    pixels.size = config.vision.imageSize;
    pixels.mean = {kOpenAiMean, reason};
    pixels.std = {kOpenAiStd, reason};
    pixels.interpolation = {Interpolation::Bicubic, reason};
    pixels.order = {Preprocessing::Order::ResizeThenRgb, reason + " resizes before it converts to RGB"};
    pixels.cropOffset = {Preprocessing::CropOffset::RoundHalfEven, "torchvision rounds crop offsets half to even"};
    pixels.resize = {Preprocessing::Resize::ShorterSide, reason};

    Problems problems(file);
    checkTowers(config, "width / 64", "width / 64", "the patch size", problems);
    if (problems.first())
        return tl::unexpected(*problems.first());
    return config;
}

} // namespace plumbline::formats
