// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_config.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/config_fields.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5}; ///< SigLIP's mean and deviation

Sourced<Activation> huggingFaceActivation(const Fields& fields, const char* fallback) {
    const Sourced<std::string> word = fields.word("hidden_act", fallback);
    if (word.value == "quick_gelu")
        return {Activation::QuickGelu, word.source};
    if (word.value == "gelu_pytorch_tanh" || word.value == "gelu_new") // two names of one formula
        return {Activation::GeluTanh, word.source};
    if (word.value != "gelu")
        fields.problems().unsupported("the activation " + shown(word.value) + " (" + fields.field("hidden_act") + ")");
    return {Activation::Gelu, word.source};
}

/// text_config_dict and vision_config_dict of older exports replace text_config and vision_config (CLIPConfig).
const json& huggingFacePart(const json& config, const std::string& name, std::string& field) {
    for (const char* suffix : {"_dict", ""}) {
        const auto it = config.find(name + suffix);
        if (it != config.end() && !it->is_null()) {
            field = name + suffix;
            return *it;
        }
    }
    field = name;
    return emptyObject();
}

/// What CLIPConfig and SiglipConfig leave out when it has its usual value.
struct Defaults {
    const char *model, *vision, *text, *activation;
    double eps;
    int patchSize, textWidth, textHeads, textMlp, vocabSize, contextLength;
};
constexpr Defaults kClip = {
    "CLIPConfig", "CLIPVisionConfig", "CLIPTextConfig", "quick_gelu", 1e-5, 32, 512, 8, 2048, 49408, 77};
constexpr Defaults kSiglip = {
    "SiglipConfig", "SiglipVisionConfig", "SiglipTextConfig", "gelu_pytorch_tanh", 1e-6, 16, 768, 12, 3072, 32000, 64};

void readHuggingFaceTowers(const json& object, bool siglip, ModelConfig& config, Problems& problems) {
    const Defaults& defaults = siglip ? kSiglip : kClip;
    const Fields top(object, kHuggingFaceConfig, "", defaults.model, problems);

    std::string visionField, textField;
    const json& visionJson = huggingFacePart(object, "vision_config", visionField);
    const json& textJson = huggingFacePart(object, "text_config", textField);

    const Fields vision(visionJson, kHuggingFaceConfig, visionField, defaults.vision, problems);
    VisionConfig& v = config.vision;
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = vision.side("patch_size", defaults.patchSize, 1, kMaxImageSize);
    v.width = vision.integer("hidden_size", 768, 1, kMaxWidth);
    v.layers = vision.integer("num_hidden_layers", 12, 1, kMaxLayers);
    v.heads = vision.integer("num_attention_heads", 12, 1, kMaxWidth);
    v.mlpWidth = vision.integer("intermediate_size", 3072, 1, kMaxMlpWidth);
    v.layerNormEps = vision.number("layer_norm_eps", defaults.eps, 0, 1);
    v.activation = huggingFaceActivation(vision, defaults.activation);
    v.channels = vision.integer("num_channels", 3, 1, 1024).value;
    if (v.channels != 3)
        problems.unsupported("images of " + std::to_string(v.channels) + " channels (" + vision.field("num_channels") +
                             ")");

    const Fields text(textJson, kHuggingFaceConfig, textField, defaults.text, problems);
    TextConfig& t = config.text;
    t.contextLength = text.integer("max_position_embeddings", defaults.contextLength, 2, kMaxContext);
    t.vocabSize = text.integer("vocab_size", defaults.vocabSize, 1, kMaxVocabulary);
    t.width = text.integer("hidden_size", defaults.textWidth, 1, kMaxWidth);
    t.layers = text.integer("num_hidden_layers", 12, 1, kMaxLayers);
    t.heads = text.integer("num_attention_heads", defaults.textHeads, 1, kMaxWidth);
    t.mlpWidth = text.integer("intermediate_size", defaults.textMlp, 1, kMaxMlpWidth);
    t.layerNormEps = text.number("layer_norm_eps", defaults.eps, 0, 1);
    t.activation = huggingFaceActivation(text, defaults.activation);
    t.eosId = text.integer("eos_token_id", 49407, 0, kMaxVocabulary);

    if (siglip) {
        v.pooling = {ImagePooling::AttentionProbe, "SiglipVisionModel: a learned query"};
        v.classToken = v.firstNorm = v.projection = false;
        v.patchBias = true;
        if (!vision.flag("vision_use_head", true).value)
            problems.unsupported("an image tower without its head (" + vision.field("vision_use_head") + " is false)");
        t.pooling = {TextPooling::Last, "SiglipTextModel: the last position"};
        t.causal = false;
        t.projectionBias = true;
        config.embedDim = text.integer("projection_size", t.width.value, 1, kMaxWidth);
        if (config.embedDim.value != v.width.value)
            problems.invalid(text.field("projection_size"), "is " + std::to_string(config.embedDim.value) +
                                                                ", but the image tower gives embeddings of " +
                                                                std::to_string(v.width.value) + " numbers");
        config.sigmoidLoss = true;
        config.clipTokenizer = false;
    } else {
        config.embedDim = top.integer("projection_dim", 512, 1, kMaxWidth);
        v.pooling = {ImagePooling::ClassToken, "CLIPVisionModel: the class token"};
        // CLIPTextTransformer: an end id of 2 is a mistake of older exports and means "the largest id".
        const bool old = t.eosId.value == 2;
        t.pooling = {old ? TextPooling::ArgMax : TextPooling::FirstEos,
                     t.eosId.source + (old ? " is 2, the mark of older exports" : "")};
    }
    checkTowers(config, vision.field("num_attention_heads"), text.field("num_attention_heads"),
                vision.field("patch_size"), problems);
}

/// The size after resizing, from the forms that the image processors and their forerunner write: a shorter side, or a
/// height and a width, which do not keep the proportions.
struct ResizedTo {
    Sourced<int> side;
    Preprocessing::Resize resize = Preprocessing::Resize::ShorterSide;
};
std::optional<ResizedTo> resizedTo(const Fields& fields, bool siglip) {
    const auto stretch = Preprocessing::Resize::Stretch;
    const json* size = fields.find("size");
    if (!size)
        return std::nullopt;
    if (size->is_object()) {
        const Fields inner = fields.inner("size", *size);
        if (size->contains("shortest_edge"))
            return ResizedTo{inner.integer("shortest_edge", std::nullopt, 1, kMaxImageSize)};
        const Sourced<int> height = inner.integer("height", std::nullopt, 1, kMaxImageSize);
        if (height.value != inner.integer("width", std::nullopt, 1, kMaxImageSize).value)
            fields.problems().unsupported("the resize to " + shown(*size) + " (size), which is not square");
        return ResizedTo{height, stretch};
    }
    if (size->is_array())
        return ResizedTo{fields.side("size", std::nullopt, 1, kMaxImageSize), stretch};
    return ResizedTo{fields.integer("size", std::nullopt, 1, kMaxImageSize),
                     siglip ? stretch : Preprocessing::Resize::ShorterSide};
}

std::optional<Sourced<int>> cropSide(const Fields& fields) {
    const json* crop = fields.find("crop_size");
    if (!crop)
        return std::nullopt;
    if (!crop->is_object())
        return fields.side("crop_size", std::nullopt, 1, kMaxImageSize);
    const Fields inner = fields.inner("crop_size", *crop);
    if (crop->contains("shortest_edge") && !crop->contains("height"))
        return inner.integer("shortest_edge", std::nullopt, 1, kMaxImageSize);
    const Sourced<int> height = inner.integer("height", std::nullopt, 1, kMaxImageSize);
    const Sourced<int> width = inner.integer("width", std::nullopt, 1, kMaxImageSize);
    if (height.value != width.value)
        fields.problems().unsupported("the crop " + shown(*crop) + " (crop_size), which is not square");
    return height;
}

void readHuggingFaceProcessor(const json& object, const std::string& file, ModelConfig& config, Problems& problems) {
    const bool siglip = config.sigmoidLoss;
    const std::string processor = siglip ? "SiglipImageProcessor" : "CLIPImageProcessor";
    const Fields fields(object, file, "", processor, problems);
    Preprocessing& p = config.preprocessing;

    for (const char* name : {"image_processor_type", "feature_extractor_type"}) {
        const Sourced<std::string> type = fields.word(name, processor);
        static const std::array<std::string_view, 4> kKnown = {"CLIPImageProcessor", "CLIPFeatureExtractor",
                                                               "SiglipImageProcessor", "SiglipFeatureExtractor"};
        if (type.value == "CLIPImageProcessorFast" || type.value == "SiglipImageProcessorFast")
            config.warnings.push_back("The folder names the fast image processor, which resizes with torchvision; "
                                      "Plumbline resizes as " +
                                      type.value.substr(0, type.value.size() - 4) + " does, with Pillow's rounding.");
        else if (std::find(kKnown.begin(), kKnown.end(), type.value) == kKnown.end())
            problems.unsupported("the image processor " + shown(type.value) + " (" + file + ": " + name + ")");
    }

    for (const char* step : {"do_resize", "do_rescale"})
        if (!fields.flag(step, true).value)
            problems.unsupported(std::string("a preparation of images without one of its steps (") + step +
                                 " is false)");
    const Sourced<double> factor = fields.number("rescale_factor", 1.0 / 255.0, 0, 1e6);
    if (std::abs(factor.value - 1.0 / 255.0) > 1e-9)
        problems.unsupported("the pixel scale " + formatDouble(factor.value) + " (rescale_factor)");
    if (!fields.flag("do_convert_rgb", true).value)
        config.warnings.push_back("The image processor would not convert images to RGB; Plumbline does.");

    const std::string fallback = "default of " + processor;
    const ResizedTo resize =
        resizedTo(fields, siglip)
            .value_or(ResizedTo{{224, fallback},
                                siglip ? Preprocessing::Resize::Stretch : Preprocessing::Resize::ShorterSide});
    p.size = resize.side;
    p.resize = {resize.resize, resize.side.source};
    const Sourced<bool> cropped = fields.flag("do_center_crop", !siglip);
    if (cropped.value) {
        p.size = cropSide(fields).value_or(Sourced<int>{224, fallback});
        if (resize.side.value != p.size.value)
            problems.unsupported("a resize to " + std::to_string(resize.side.value) + " pixels before a crop of " +
                                 std::to_string(p.size.value) + " (size and crop_size)");
    } else if (resize.resize == Preprocessing::Resize::ShorterSide) {
        problems.unsupported("a preparation that leaves images oblong (do_center_crop is false)");
    }

    const Sourced<int> resample = fields.integer("resample", 3, 0, 5);
    switch (resample.value) {
    case 0:
        p.interpolation = {Interpolation::Nearest, resample.source};
        break;
    case 2:
        p.interpolation = {Interpolation::Bilinear, resample.source};
        break;
    case 3:
        p.interpolation = {Interpolation::Bicubic, resample.source};
        break;
    default:
        problems.unsupported("Pillow's resampling filter " + std::to_string(resample.value) + " (resample)");
    }

    const Sourced<bool> normalise = fields.flag("do_normalize", true);
    if (normalise.value) {
        p.mean = fields.triple("image_mean", siglip ? kHalf : kOpenAiMean, false);
        p.std = fields.triple("image_std", siglip ? kHalf : kOpenAiStd, true);
    } else {
        p.mean = {{0, 0, 0}, normalise.source + " is false"};
        p.std = {{1, 1, 1}, normalise.source + " is false"};
    }
}

} // namespace

Result<ConfigFiles> readHuggingFaceConfig(const fs::path& folder) {
    ConfigFiles result;
    ModelConfig& config = result.config;
    config.container = Container::HuggingFace;
    config.name = modelName(folder);
    config.tokenizer = TokenizerRules::HuggingFace;
    result.files.push_back(folder / kHuggingFaceConfig);
    PLUMBLINE_TRY(const json object, readJsonObject(result.files.back()));

    Problems problems(folder);
    const Fields top(object, kHuggingFaceConfig, "", "CLIPConfig", problems);
    std::string type = top.word("model_type", "").value;
    if (type.empty()) // very old exports name the class only
        if (const json* classes = top.find("architectures"); classes && classes->is_array() && !classes->empty())
            type = (*classes)[0] == "CLIPModel"     ? "clip"
                   : (*classes)[0] == "SiglipModel" ? "siglip"
                                                    : shown((*classes)[0]);
    static const std::array<std::string_view, 11> kRelated = {"chinese_clip",
                                                              "altclip",
                                                              "align",
                                                              "clipseg",
                                                              "metaclip_2",
                                                              "clip_text_model",
                                                              "clip_vision_model",
                                                              "blip-2",
                                                              "siglip_text_model",
                                                              "siglip_vision_model",
                                                              "vision-text-dual-encoder"};
    if (type == "siglip2")
        return fail(ErrorCode::ModelUnsupported,
                    {{"path", encodePath(folder)},
                     {"what", "the image tower of SigLIP 2 NaFlex, which takes images of any proportions (model type "
                              "siglip2 in config.json; SigLIP 2 at a fixed size has the type siglip)"}});
    const bool siglip = type == "siglip";
    if (type != "clip" && !siglip) {
        if (std::find(kRelated.begin(), kRelated.end(), type) != kRelated.end())
            return fail(ErrorCode::ModelUnsupported,
                        {{"path", encodePath(folder)}, {"what", "the model type " + type + " (config.json)"}});
        return fail(ErrorCode::NotAModel,
                    {{"path", encodePath(folder)},
                     {"expected", type.empty() ? "its config.json does not name a model type"
                                               : "its config.json describes a model of type " + shown(type) +
                                                     ", and a CLIP model is needed"}});
    }
    readHuggingFaceTowers(object, siglip, config, problems);

    Preprocessing& p = config.preprocessing;
    const std::string processorClass = siglip ? "SiglipImageProcessor" : "CLIPImageProcessor";
    p.order = {Preprocessing::Order::RgbThenResize, processorClass + " converts to RGB before it resizes"};
    p.cropOffset = {Preprocessing::CropOffset::Floor, "CLIPImageProcessor rounds crop offsets down"};
    std::error_code ignored;
    std::string sizeField = siglip ? "size of preprocessor_config.json" : "crop_size of preprocessor_config.json";
    if (fs::exists(folder / kHuggingFaceProcessor, ignored)) {
        result.files.push_back(folder / kHuggingFaceProcessor);
        PLUMBLINE_TRY(const json processor, readJsonObject(result.files.back()));
        readHuggingFaceProcessor(processor, kHuggingFaceProcessor, config, problems);
    } else if (fs::exists(folder / kHuggingFaceProcessorNested, ignored)) {
        result.files.push_back(folder / kHuggingFaceProcessorNested);
        PLUMBLINE_TRY(const json processor, readJsonObject(result.files.back()));
        const auto inner = processor.find("image_processor");
        sizeField = "image_processor.crop_size of processor_config.json";
        readHuggingFaceProcessor(inner == processor.end() ? emptyObject() : *inner, kHuggingFaceProcessorNested, config,
                                 problems);
    } else {
        config.warnings.push_back(
            std::string("The folder has no preprocessor_config.json: images are prepared as for ") +
            (siglip ? "SigLIP" : "OpenAI's CLIP") + ", at the size that the network takes.");
        const std::string reason = "default of " + processorClass;
        p.size = config.vision.imageSize;
        p.mean = {siglip ? kHalf : kOpenAiMean, reason};
        p.std = {siglip ? kHalf : kOpenAiStd, reason};
        p.interpolation = {Interpolation::Bicubic, reason};
        p.resize = {siglip ? Preprocessing::Resize::Stretch : Preprocessing::Resize::ShorterSide, reason};
    }
    checkImageSize(config, sizeField, problems);
    if (problems.first())
        return tl::unexpected(*problems.first());
    return result;
}

} // namespace plumbline::formats
