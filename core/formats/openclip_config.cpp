// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_config.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/config_fields.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// An option that leaves the result alone while it has its neutral value.
struct Neutral {
    const char* name;
    json value;
};

/// Refuses what is not known and what would change the result. `used` are read elsewhere; `ignored` matter only while
/// training, or only together with an option that is refused.
void checkOptions(const Fields& fields, std::initializer_list<const char*> used,
                  std::initializer_list<const char*> ignored, const std::vector<Neutral>& neutral) {
    if (!fields.object().is_object())
        return;
    const auto among = [](std::initializer_list<const char*> names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& [name, value] : fields.object().items()) {
        if (among(used, name) || among(ignored, name))
            continue;
        const auto it = std::find_if(neutral.begin(), neutral.end(),
                                     [&option = name](const Neutral& n) { return n.name == option; });
        if (it != neutral.end() && (value == it->value || (value.is_null() && !it->value.is_string())))
            continue;
        if (it == neutral.end() && name.starts_with("timm_") && !fields.find("timm_model_name")) // without effect
            continue;
        fields.problems().unsupported("the option " + fields.field(shown(name).substr(1, shown(name).size() - 2)) +
                                      " = " + shown(value));
    }
}

/// The options of OpenCLIP's other attention block, none of which is supported, and more that must be at rest.
std::vector<Neutral> customAttention(std::vector<Neutral> more = {}) {
    more.push_back({"block_type", nullptr});
    for (const char* name :
         {"qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"})
        more.push_back({name, false});
    return more;
}

/// A LayerNorm's epsilon from norm_kwargs, the only thing there that is understood.
Sourced<double> openClipEps(const Fields& fields) {
    const json* kwargs = fields.find("norm_kwargs");
    if (!kwargs)
        return {1e-5, "default of torch.nn.LayerNorm"};
    const Fields inner(*kwargs, kOpenClipConfig, fields.field("norm_kwargs"), "torch.nn.LayerNorm", fields.problems());
    checkOptions(inner, {"eps"}, {}, {});
    return inner.number("eps", 1e-5, 0, 1);
}

/// The activation of one tower: quick_gelu of the model, or GELU with act_kwargs.
Sourced<Activation> openClipActivation(const Fields& fields, const Sourced<Activation>& ofModel) {
    const json* kwargs = fields.find("act_kwargs");
    if (!kwargs || (kwargs->is_object() && kwargs->empty()))
        return ofModel;
    const Fields inner(*kwargs, kOpenClipConfig, fields.field("act_kwargs"), "torch.nn.GELU", fields.problems());
    checkOptions(inner, {"approximate"}, {}, {});
    const Sourced<std::string> word = inner.word("approximate", "none");
    if (word.value != "none" && word.value != "tanh")
        fields.problems().unsupported("the activation " + inner.field("approximate") + " = " + shown(word.value));
    if (ofModel.value == Activation::QuickGelu)
        fields.problems().invalid(inner.field("approximate"), "contradicts quick_gelu");
    return {word.value == "tanh" ? Activation::GeluTanh : ofModel.value, word.source};
}

Sourced<int> openClipMlpWidth(const Fields& fields, int width) {
    const Sourced<double> ratio = fields.number("mlp_ratio", 4.0, 1e-3, 1e3);
    const double mlp = std::floor(width * ratio.value); // int(width * mlp_ratio)
    if (mlp < 1 || mlp > kMaxMlpWidth) {
        fields.problems().invalid(fields.field("mlp_ratio"), "gives a layer of " + formatDouble(mlp) + " units");
        return {1, ratio.source};
    }
    return {static_cast<int>(mlp), ratio.source};
}

/// Whether there is a layer scale. Its starting value matters while training only.
bool layerScale(const Fields& fields) {
    const json* value = fields.find("ls_init_value");
    if (value && !value->is_number())
        fields.problems().invalid(fields.field("ls_init_value"), "is " + shown(*value) + ", not a number");
    return value != nullptr;
}

/// The plain vision transformers of the timm library that OpenCLIP's published models name, as timm 1.0 builds them
/// (vision_transformer.py). The name fixes everything but the image size.
struct TimmTower {
    std::string_view name; ///< without the image size
    int width, layers, heads;
    double mlpRatio;
    bool clip; ///< a class token and a first LayerNorm, as CLIP has them; otherwise SigLIP's form
};
constexpr TimmTower kTimmTowers[] = {
    {"vit_base_patch32_siglip", 768, 12, 12, 4, false},
    {"vit_base_patch16_siglip", 768, 12, 12, 4, false},
    {"vit_large_patch16_siglip", 1024, 24, 16, 4, false},
    {"vit_so400m_patch14_siglip", 1152, 27, 16, 3.7362, false},
    {"vit_so400m_patch16_siglip", 1152, 27, 16, 3.7362, false},
    {"vit_giantopt_patch16_siglip", 1536, 40, 16, 4, false},
    {"vit_large_patch14_clip", 1024, 24, 16, 4, true},
};
/// Of those, the ones that timm builds with GELU's tanh form.
constexpr std::string_view kTimmTanh[] = {"vit_base_patch32_siglip_256",    "vit_large_patch16_siglip_512",
                                          "vit_so400m_patch16_siglip_256",  "vit_so400m_patch16_siglip_384",
                                          "vit_so400m_patch16_siglip_512",  "vit_giantopt_patch16_siglip_256",
                                          "vit_giantopt_patch16_siglip_384"};

/// The number after "patch".
int timmPatch(std::string_view name) {
    const std::size_t at = name.find("patch") + 5;
    return name.substr(at, 2) == "32" ? 32 : name.substr(at, 2) == "14" ? 14 : 16;
}

void readTimmTower(const Fields& vision, ModelConfig& config, Problems& problems) {
    const Sourced<std::string> name = vision.word("timm_model_name", "");
    const std::size_t size = name.value.rfind('_');
    const auto* tower = std::find_if(std::begin(kTimmTowers), std::end(kTimmTowers), [&](const TimmTower& t) {
        return size != std::string::npos && t.name == name.value.substr(0, size) &&
               name.value.find_first_not_of("0123456789", size + 1) == std::string::npos;
    });
    if (tower == std::end(kTimmTowers)) {
        problems.unsupported("the timm image tower " + shown(name.value));
        return;
    }
    checkOptions(vision, {"image_size", "timm_model_name", "timm_pool", "timm_proj", "timm_proj_bias"},
                 {"timm_model_pretrained", "timm_drop", "timm_drop_path", "patch_dropout", "layers", "width",
                  "patch_size", "head_width", "mlp_ratio"},
                 {{"output_tokens", false}});
    const std::string source = name.source + " = " + name.value;
    VisionConfig& v = config.vision;
    config.timm = true;
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = {timmPatch(name.value), source};
    v.width = {tower->width, source};
    v.layers = {tower->layers, source};
    v.heads = {tower->heads, source};
    v.mlpWidth = {static_cast<int>(tower->width * tower->mlpRatio), source};
    v.layerNormEps = {tower->clip ? 1e-5 : 1e-6, source};
    const bool tanh = std::find(std::begin(kTimmTanh), std::end(kTimmTanh), name.value) != std::end(kTimmTanh);
    v.activation = {tanh ? Activation::GeluTanh : Activation::Gelu, source}; // quick_gelu does not reach timm
    v.classToken = v.firstNorm = tower->clip;
    v.patchBias = !tower->clip;

    const Sourced<std::string> pool = vision.word("timm_pool", "avg");
    if (pool.value != (tower->clip ? "token" : "map"))
        problems.unsupported("the pooling " + vision.field("timm_pool") + " = " + shown(pool.value) + " of " +
                             name.value);
    v.pooling = {tower->clip ? ImagePooling::ClassToken : ImagePooling::AttentionProbe, pool.source};
    // A null is a choice here: the trunk's own classifier is the projection then.
    const auto projection = vision.object().find("timm_proj");
    const std::string proj = projection == vision.object().end() ? "linear"
                             : projection->is_string()           ? projection->get<std::string>()
                                                                 : "";
    if (proj == "none") {
        v.projection = false;
        if (config.embedDim.value != v.width.value)
            problems.invalid("model_cfg.embed_dim", "is " + std::to_string(config.embedDim.value) +
                                                        ", but an image tower without a projection gives " +
                                                        std::to_string(v.width.value) + " numbers");
    } else if (proj.empty()) {
        v.projectionBias = true;
    } else {
        problems.unsupported("the projection " + vision.field("timm_proj") + " = " + shown(proj));
    }
}

void readOpenClipResNet(const Fields& vision, ModelConfig& config, Problems& problems) {
    checkOptions(vision, {"image_size", "width", "layers", "head_width"}, {"patch_size", "mlp_ratio", "patch_dropout"},
                 {{"output_tokens", false}});
    VisionConfig& v = config.vision;
    v.tower = ImageTower::ResNet;
    const json& layers = vision.object().at("layers");
    int blocks = 0;
    for (std::size_t i = 0; i < v.stages.size(); ++i) {
        if (layers.size() != v.stages.size() || !layers[i].is_number_integer() || layers[i] < 1 ||
            layers[i] > kMaxLayers) {
            problems.invalid(vision.field("layers"), "is " + shown(layers) + ", not the blocks of four stages");
            return;
        }
        blocks += v.stages[i] = layers[i].get<int>();
    }
    v.layers = {blocks, vision.source("layers")};
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = {32, "the stride of a ResNet's five halvings"};
    v.width = vision.integer("width", 64, 2, kMaxWidth / 32);
    const Sourced<int> headWidth = vision.integer("head_width", 64, 1, kMaxWidth);
    v.heads = {std::max(1, v.width.value * 32 / headWidth.value), "width * 32 / head_width, " + headWidth.source};
    v.mlpWidth = {0, "a ResNet has none"};
    v.layerNormEps = {1e-5, "default of torch.nn.BatchNorm2d"};
    v.activation = {Activation::Gelu, "not used: a ResNet's activation is ReLU"};
    v.pooling = {ImagePooling::AttentionMean, "ModifiedResNet: attention pooling"};
    v.classToken = false;
    if (v.width.value % 2 != 0)
        problems.invalid(vision.field("width"), "is odd");
    if (v.width.value * 32 % v.heads.value != 0)
        problems.invalid(vision.field("head_width"), "gives heads that do not divide the width");
}

void readOpenClipViT(const Fields& vision, const Sourced<Activation>& activation, ModelConfig& config,
                     Problems& problems) {
    checkOptions(vision,
                 {"image_size", "patch_size", "width", "layers", "head_width", "mlp_ratio", "norm_kwargs", "act_kwargs",
                  "ls_init_value", "no_ln_pre", "final_ln_after_pool", "pool_type", "attentional_pool",
                  "attn_pooler_queries", "attn_pooler_heads"},
                 {"patch_dropout", "output_tokens", "pos_embed_type"}, // positions are stored, however they were made
                 customAttention());
    VisionConfig& v = config.vision;
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = vision.side("patch_size", 16, 1, kMaxImageSize);
    v.width = vision.integer("width", 768, 1, kMaxWidth);
    v.layers = vision.integer("layers", 12, 1, kMaxLayers);
    const Sourced<int> headWidth = vision.integer("head_width", 64, 1, kMaxWidth);
    v.heads = {std::max(1, v.width.value / headWidth.value), "width / head_width, " + headWidth.source};
    v.mlpWidth = openClipMlpWidth(vision, v.width.value);
    v.layerNormEps = openClipEps(vision);
    v.activation = openClipActivation(vision, activation);
    v.layerScale = layerScale(vision);
    v.firstNorm = !vision.flag("no_ln_pre", false).value;

    const json* attentional = vision.find("attentional_pool");
    if (attentional && attentional->is_string())
        problems.unsupported("the pooling " + vision.field("attentional_pool") + " = " + shown(*attentional));
    const Sourced<std::string> pool = vision.word("pool_type", "tok");
    if (pool.value != "tok" && pool.value != "avg")
        problems.unsupported("the pooling " + vision.field("pool_type") + " = " + shown(pool.value));
    if (attentional && !attentional->is_string() && vision.flag("attentional_pool", false).value) {
        if (pool.value != "tok")
            problems.unsupported("the pooling " + vision.field("pool_type") + " = " + shown(pool.value) +
                                 " behind an attentional pooler");
        v.pooling = {ImagePooling::AttentionQuery, vision.source("attentional_pool")};
        v.poolerHeads = vision.integer("attn_pooler_heads", 8, 1, kMaxWidth).value;
        v.poolerQueries = vision.integer("attn_pooler_queries", 256, 1, kMaxWidth).value;
        if (config.embedDim.value % v.poolerHeads != 0)
            problems.invalid(vision.field("attn_pooler_heads"),
                             "gives " + std::to_string(v.poolerHeads) + " heads, which do not divide the embedding");
        return; // which overrides final_ln_after_pool
    }
    v.pooling = {pool.value == "tok" ? ImagePooling::ClassToken : ImagePooling::Average, pool.source};
    v.finalNormAfterPool = vision.flag("final_ln_after_pool", false).value;
}

void readOpenClipText(const Fields& text, const Sourced<Activation>& activation, ModelConfig& config,
                      Problems& problems) {
    checkOptions(text,
                 {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "norm_kwargs", "act_kwargs",
                  "ls_init_value", "embed_cls", "no_causal_mask", "pool_type", "proj_type", "proj_bias", "eos_id",
                  "pad_id", "hf_tokenizer_name", "tokenizer_kwargs"},
                 {"hf_model_pretrained", "hf_proj_type", "hf_pooler_type", "output_tokens", "final_ln_after_pool"},
                 customAttention({{"tokenizer_mode", nullptr}, {"use_pad_mask", false}, {"correct_cls_mask", false}}));
    TextConfig& t = config.text;
    t.contextLength = text.integer("context_length", 77, 2, kMaxContext);
    t.vocabSize = text.integer("vocab_size", 49408, 1, kMaxVocabulary);
    t.width = text.integer("width", 512, 1, kMaxWidth);
    t.heads = text.integer("heads", 8, 1, kMaxWidth);
    t.layers = text.integer("layers", 12, 1, kMaxLayers);
    t.mlpWidth = openClipMlpWidth(text, t.width.value);
    t.layerNormEps = openClipEps(text);
    t.activation = openClipActivation(text, activation);
    t.layerScale = layerScale(text);
    t.causal = !text.flag("no_causal_mask", false).value;
    const Sourced<std::string> projection = text.word("proj_type", "linear");
    if (projection.value != "linear" && projection.value != "none")
        problems.unsupported("the projection " + text.field("proj_type") + " = " + shown(projection.value));
    t.projection = projection.value == "linear";
    t.projectionBias = t.projection && text.flag("proj_bias", false).value;
    if (!t.projection && t.width.value != config.embedDim.value)
        problems.invalid("model_cfg.embed_dim", "is " + std::to_string(config.embedDim.value) +
                                                    ", but a text tower without a projection gives " +
                                                    std::to_string(t.width.value) + " numbers");
    t.eosId = {t.vocabSize.value - 1, "the largest id of the vocabulary"};
    t.padId = text.integer("pad_id", 0, 0, kMaxVocabulary).value;

    const Sourced<std::string> pool = text.word("pool_type", "argmax");
    if (text.flag("embed_cls", false).value) {
        if (!t.causal)
            problems.unsupported("a class token of texts (" + text.field("embed_cls") + ") without a causal mask");
        t.pooling = {TextPooling::ClassToken, text.source("embed_cls")};
    } else if (pool.value == "argmax") {
        t.pooling = {TextPooling::ArgMax, pool.source};
    } else if (pool.value == "last") {
        t.pooling = {TextPooling::Last, pool.source};
    } else if (pool.value == "eos") {
        t.pooling = {TextPooling::FirstEos, pool.source};
        t.eosId = text.integer("eos_id", 2, 0, kMaxVocabulary);
    } else {
        problems.unsupported("the pooling " + text.field("pool_type") + " = " + shown(pool.value));
    }

    if (text.find("hf_tokenizer_name")) {
        config.clipTokenizer = false;
        config.tokenizerName = text.word("hf_tokenizer_name", "").value;
        config.cleaning = TextCleaning::Whitespace; // HFTokenizer's own default
    }
    if (const json* kwargs = text.find("tokenizer_kwargs"); kwargs && !(kwargs->is_object() && kwargs->empty())) {
        const Fields inner(*kwargs, kOpenClipConfig, text.field("tokenizer_kwargs"), "HFTokenizer", problems);
        checkOptions(inner, {"clean", "strip_sep_token"}, {}, {});
        if (config.clipTokenizer)
            problems.unsupported("other rules for CLIP's own tokenizer (" + text.field("tokenizer_kwargs") + " = " +
                                 shown(*kwargs) + ")");
        const Sourced<std::string> clean = inner.word("clean", "whitespace");
        if (clean.value == "canonicalize")
            config.cleaning = TextCleaning::Canonicalize;
        else if (clean.value == "lower")
            config.cleaning = TextCleaning::Lower;
        else if (clean.value != "whitespace")
            problems.unsupported("the text cleaning " + inner.field("clean") + " = " + shown(clean.value));
        config.stripSeparator = inner.flag("strip_sep_token", false).value;
    }
}

void readOpenClipTowers(const json& model, ModelConfig& config, Problems& problems) {
    const Fields top(model, kOpenClipConfig, "model_cfg", "CLIP", problems);
    const json* visionJson = top.find("vision_cfg");
    const json* textJson = top.find("text_cfg");
    if (!visionJson || !textJson) {
        problems.invalid(top.field(visionJson ? "text_cfg" : "vision_cfg"), "is missing");
        return;
    }
    const Fields vision(*visionJson, kOpenClipConfig, "model_cfg.vision_cfg", "CLIPVisionCfg", problems);
    const Fields text(*textJson, kOpenClipConfig, "model_cfg.text_cfg", "CLIPTextCfg", problems);

    // The part that is foreign is named first: its other options are of no interest then.
    if (text.find("hf_model_name"))
        problems.unsupported("the Hugging Face text tower " + shown(*text.find("hf_model_name")));
    checkOptions(top,
                 {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg", "custom_text", "init_logit_bias",
                  "multimodal_cfg", "nonscalar_logit_scale"},
                 {"init_logit_scale", "cast_dtype", "output_dict"}, {});
    config.embedDim = top.integer("embed_dim", std::nullopt, 1, kMaxWidth);
    config.sigmoidLoss = top.find("init_logit_bias") != nullptr;
    config.captioner = top.find("multimodal_cfg") != nullptr;
    const Sourced<bool> quick = top.flag("quick_gelu", false);
    const Sourced<Activation> activation = {quick.value ? Activation::QuickGelu : Activation::Gelu,
                                            top.find("quick_gelu") ? quick.source
                                                                   : "model_cfg.quick_gelu is missing: GELU"};
    if (vision.find("timm_model_name"))
        readTimmTower(vision, config, problems);
    else if (const json* layers = vision.find("layers"); layers && layers->is_array())
        readOpenClipResNet(vision, config, problems);
    else
        readOpenClipViT(vision, activation, config, problems);
    readOpenClipText(text, activation, config, problems);
    if (!problems.first())
        checkTowers(config, vision.field("head_width"), text.field("heads"), vision.field("patch_size"), problems);
}

void readOpenClipPreprocessing(const json* object, ModelConfig& config, Problems& problems) {
    if (!object)
        config.warnings.push_back("open_clip_config.json has no preprocess_cfg: the mean and standard deviation of "
                                  "OpenAI's CLIP are assumed.");
    const Fields fields(object ? *object : emptyObject(), kOpenClipConfig, "preprocess_cfg", "PreprocessCfg", problems);
    checkOptions(fields, {"size", "mean", "std", "interpolation", "resize_mode"}, {"fill_color"}, {{"mode", "RGB"}});
    Preprocessing& p = config.preprocessing;
    p.size = fields.side("size", config.vision.imageSize.value, 1, kMaxImageSize);
    if (!fields.find("size"))
        p.size.source = config.vision.imageSize.source;
    p.mean = fields.triple("mean", kOpenAiMean, false);
    p.std = fields.triple("std", kOpenAiStd, true);
    const Sourced<std::string> resize = fields.word("resize_mode", "shortest");
    p.resize = {resize.value == "squash" ? Preprocessing::Resize::Stretch : Preprocessing::Resize::ShorterSide,
                resize.source};
    if (resize.value != "squash" && resize.value != "shortest")
        problems.unsupported("the resize " + shown(resize.value) + " (preprocess_cfg.resize_mode)");
    // image_transform: bilinear if it says so, bicubic for everything else that it allows ("random" is for training).
    const Sourced<std::string> interpolation = fields.word("interpolation", "bicubic");
    if (interpolation.value == "bilinear")
        p.interpolation = {Interpolation::Bilinear, interpolation.source};
    else if (interpolation.value == "bicubic" || interpolation.value == "random")
        p.interpolation = {Interpolation::Bicubic, interpolation.source};
    else
        problems.unsupported("the interpolation " + shown(interpolation.value) + " (preprocess_cfg.interpolation)");
}

} // namespace

Result<ConfigFiles> readOpenClipConfig(const fs::path& file) {
    ConfigFiles result;
    ModelConfig& config = result.config;
    config.container = Container::OpenClip;
    config.names = TensorNames::OpenClip;
    config.name = modelName(file.filename() == kOpenClipConfig ? file.parent_path() : file);
    config.tokenizer = TokenizerRules::OpenClip;
    result.files.push_back(file);
    PLUMBLINE_TRY(const json object, readJsonObject(file));

    Problems problems(file.parent_path());
    const Fields top(object, kOpenClipConfig, "", "open_clip", problems);
    // One of the configurations that the package itself holds is the object alone.
    const json* model = top.find("model_cfg");
    if (!model && top.find("vision_cfg") && top.find("text_cfg"))
        model = &object;
    if (!model)
        return fail(ErrorCode::NotAModel, {{"path", encodePath(file.parent_path())},
                                           {"expected", "its " + encodePath(file.filename()) + " has no model_cfg"}});
    readOpenClipTowers(*model, config, problems);
    if (problems.first())
        return tl::unexpected(*problems.first());

    Preprocessing& p = config.preprocessing;
    p.order = {Preprocessing::Order::ResizeThenRgb, "OpenCLIP resizes before it converts to RGB"};
    p.cropOffset = {Preprocessing::CropOffset::RoundHalfEven, "torchvision rounds crop offsets half to even"};
    readOpenClipPreprocessing(top.find("preprocess_cfg"), config, problems);
    checkImageSize(config, "preprocess_cfg.size", problems);
    if (problems.first())
        return tl::unexpected(*problems.first());
    return result;
}

} // namespace plumbline::formats
