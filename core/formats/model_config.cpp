// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_config.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/mapped_file.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Bounds on what a configuration may ask for, several times beyond the largest published models.
constexpr int kMaxWidth = 1 << 16;
constexpr int kMaxMlpWidth = 1 << 18;
constexpr int kMaxLayers = 512;
constexpr int kMaxImageSize = 4096;
constexpr int kMaxContext = 1 << 16;
constexpr int kMaxVocabulary = 1 << 24;
constexpr std::size_t kMaxConfigBytes = 4U << 20U;

constexpr std::array<double, 3> kOpenAiMean = {0.48145466, 0.4578275, 0.40821073};
constexpr std::array<double, 3> kOpenAiStd = {0.26862954, 0.26130258, 0.27577711};

Result<json> readJson(const fs::path& path) {
    PLUMBLINE_TRY(const MappedFile file, MappedFile::open(path));
    const auto bytes = file.bytes();
    if (bytes.size() > kMaxConfigBytes)
        return fail(ErrorCode::JsonInvalid,
                    {{"path", encodePath(path)}, {"reason", "it is larger than a configuration can be"}});
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    PLUMBLINE_TRY(json value, parseJson(text, encodePath(path)));
    if (!value.is_object())
        return fail(ErrorCode::JsonInvalid, {{"path", encodePath(path)}, {"reason", "it is not a JSON object"}});
    return value;
}

/// A value as it may stand in a message.
std::string shown(const json& value) {
    std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    if (text.size() > 80)
        text = text.substr(0, 77) + "...";
    return text;
}

/// The first thing that is wrong with a configuration; later ones are not kept.
class Problems {
public:
    explicit Problems(const fs::path& folder) : m_folder(encodePath(folder)) {}

    void invalid(const std::string& field, const std::string& reason) {
        add({ErrorCode::ModelConfigInvalid, {{"path", m_folder}, {"field", field}, {"reason", reason}}, {}});
    }
    void unsupported(const std::string& what) {
        add({ErrorCode::ModelUnsupported, {{"path", m_folder}, {"what", what}}, {}});
    }
    const std::optional<Error>& first() const { return m_first; }

private:
    void add(Error error) {
        if (!m_first)
            m_first = std::move(error);
    }
    std::string m_folder;
    std::optional<Error> m_first;
};

/// Typed access to one object of a configuration file. What is wrong goes to Problems; the fallback is returned then,
/// so that a reader needs no check after each field. A null counts as missing, as it does for both libraries.
class Fields {
public:
    Fields(const json& object, std::string file, std::string prefix, std::string defaults, Problems& problems)
        : m_object(object), m_file(std::move(file)), m_prefix(std::move(prefix)), m_defaults(std::move(defaults)),
          m_problems(problems) {
        if (!m_object.is_object())
            m_problems.invalid(field(""), "is not an object");
    }

    /// "vision_config.hidden_act" for messages.
    std::string field(const std::string& name) const {
        if (m_prefix.empty() || name.empty())
            return m_prefix + name;
        return m_prefix + "." + name;
    }
    /// "config.json: vision_config.hidden_act" for provenance.
    std::string source(const std::string& name) const { return m_file + ": " + field(name); }
    std::string defaultSource() const { return "default of " + m_defaults; }

    const json* find(const std::string& name) const {
        if (!m_object.is_object())
            return nullptr;
        const auto it = m_object.find(name);
        return it == m_object.end() || it->is_null() ? nullptr : &*it;
    }

    Sourced<int> integer(const std::string& name, std::optional<int> fallback, int low, int high) const {
        const json* value = find(name);
        if (!value)
            return missing(name, fallback);
        return {checkedInteger(*value, name, low, high), source(name)};
    }
    /// An integer, or a list of two equal ones (a square).
    Sourced<int> side(const std::string& name, std::optional<int> fallback, int low, int high) const {
        const json* value = find(name);
        if (!value)
            return missing(name, fallback);
        if (!value->is_array())
            return {checkedInteger(*value, name, low, high), source(name)};
        if (value->size() != 2) {
            m_problems.invalid(field(name), "is " + shown(*value) + ", not one size or two");
            return {low, source(name)};
        }
        if ((*value)[0] != (*value)[1])
            m_problems.unsupported("the size " + shown(*value) + " (" + field(name) + "), which is not square");
        return {checkedInteger((*value)[0], name, low, high), source(name)};
    }
    Sourced<double> number(const std::string& name, double fallback, double low, double high) const {
        const json* value = find(name);
        if (!value)
            return {fallback, defaultSource()};
        if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high)) {
            m_problems.invalid(field(name), "is " + shown(*value) + ", not a number from " + formatDouble(low) +
                                                " to " + formatDouble(high));
            return {fallback, source(name)};
        }
        return {value->get<double>(), source(name)};
    }
    Sourced<bool> flag(const std::string& name, bool fallback) const {
        const json* value = find(name);
        if (!value)
            return {fallback, defaultSource()};
        if (!value->is_boolean()) {
            m_problems.invalid(field(name), "is " + shown(*value) + ", neither true nor false");
            return {fallback, source(name)};
        }
        return {value->get<bool>(), source(name)};
    }
    Sourced<std::string> word(const std::string& name, const std::string& fallback) const {
        const json* value = find(name);
        if (!value)
            return {fallback, defaultSource()};
        if (!value->is_string()) {
            m_problems.invalid(field(name), "is " + shown(*value) + ", not a text");
            return {fallback, source(name)};
        }
        return {value->get<std::string>(), source(name)};
    }
    Sourced<std::array<double, 3>> triple(const std::string& name, const std::array<double, 3>& fallback,
                                          bool positive) const {
        const json* value = find(name);
        if (!value)
            return {fallback, defaultSource()};
        std::array<double, 3> numbers{};
        bool good = value->is_array() && value->size() == 3;
        for (std::size_t i = 0; good && i < 3; ++i) {
            good = (*value)[i].is_number();
            if (good)
                numbers[i] = (*value)[i].get<double>();
            good = good && std::abs(numbers[i]) < 1e6 && (!positive || numbers[i] > 1e-6);
        }
        if (!good) {
            m_problems.invalid(field(name),
                               "is " + shown(*value) + ", not three " + (positive ? "positive " : "") + "numbers");
            return {fallback, source(name)};
        }
        return {numbers, source(name)};
    }
    /// The object in one of the fields, with the same file and defaults.
    Fields inner(const std::string& name, const json& object) const {
        return Fields(object, m_file, field(name), m_defaults, m_problems);
    }
    Problems& problems() const { return m_problems; }
    const json& object() const { return m_object; }

private:
    Sourced<int> missing(const std::string& name, std::optional<int> fallback) const {
        if (!fallback)
            m_problems.invalid(field(name), "is missing");
        return {fallback.value_or(1), defaultSource()};
    }
    int checkedInteger(const json& value, const std::string& name, int low, int high) const {
        // A whole number that was written as 12.0 is meant as 12.
        const bool whole = value.is_number() && value.get<double>() == std::floor(value.get<double>());
        if (!whole || value.get<double>() < low || value.get<double>() > high) {
            m_problems.invalid(field(name), "is " + shown(value) + ", not a whole number from " + std::to_string(low) +
                                                " to " + std::to_string(high));
            return low;
        }
        return static_cast<int>(value.get<double>());
    }

    const json& m_object;
    std::string m_file, m_prefix, m_defaults;
    Problems& m_problems;
};

/// What both containers ask of a tower once its numbers are known.
void checkTowers(const ModelConfig& config, const std::string& visionHeads, const std::string& textHeads,
                 const std::string& patch, Problems& problems) {
    const VisionConfig& vision = config.vision;
    const TextConfig& text = config.text;
    if (vision.width.value % vision.heads.value != 0)
        problems.invalid(visionHeads, "gives " + std::to_string(vision.heads.value) +
                                          " heads, which do not divide the width " +
                                          std::to_string(vision.width.value));
    if (text.width.value % text.heads.value != 0)
        problems.invalid(textHeads, "gives " + std::to_string(text.heads.value) +
                                        " heads, which do not divide the width " + std::to_string(text.width.value));
    if (vision.patchSize.value > vision.imageSize.value)
        problems.invalid(patch, "is larger than the image");
}

std::string folderName(const fs::path& folder) {
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(folder, ignored);
    return encodePath((whole.empty() ? folder : whole).filename());
}

// ---------------------------------------------------------------------------------------------------------------------
// Hugging Face

const json& emptyObject() {
    static const json empty = json::object();
    return empty;
}

Sourced<Activation> huggingFaceActivation(const Fields& fields) {
    const Sourced<std::string> word = fields.word("hidden_act", "quick_gelu");
    if (word.value == "quick_gelu")
        return {Activation::QuickGelu, word.source};
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

void readHuggingFaceTowers(const json& object, ModelConfig& config, Problems& problems) {
    const Fields top(object, kHuggingFaceConfig, "", "CLIPConfig", problems);
    config.embedDim = top.integer("projection_dim", 512, 1, kMaxWidth);

    std::string visionField, textField;
    const json& visionJson = huggingFacePart(object, "vision_config", visionField);
    const json& textJson = huggingFacePart(object, "text_config", textField);

    const Fields vision(visionJson, kHuggingFaceConfig, visionField, "CLIPVisionConfig", problems);
    VisionConfig& v = config.vision;
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = vision.side("patch_size", 32, 1, kMaxImageSize);
    v.width = vision.integer("hidden_size", 768, 1, kMaxWidth);
    v.layers = vision.integer("num_hidden_layers", 12, 1, kMaxLayers);
    v.heads = vision.integer("num_attention_heads", 12, 1, kMaxWidth);
    v.mlpWidth = vision.integer("intermediate_size", 3072, 1, kMaxMlpWidth);
    v.layerNormEps = vision.number("layer_norm_eps", 1e-5, 0, 1);
    v.activation = huggingFaceActivation(vision);
    v.channels = vision.integer("num_channels", 3, 1, 1024).value;
    if (v.channels != 3)
        problems.unsupported("images of " + std::to_string(v.channels) + " channels (" + vision.field("num_channels") +
                             ")");

    const Fields text(textJson, kHuggingFaceConfig, textField, "CLIPTextConfig", problems);
    TextConfig& t = config.text;
    t.contextLength = text.integer("max_position_embeddings", 77, 2, kMaxContext);
    t.vocabSize = text.integer("vocab_size", 49408, 1, kMaxVocabulary);
    t.width = text.integer("hidden_size", 512, 1, kMaxWidth);
    t.layers = text.integer("num_hidden_layers", 12, 1, kMaxLayers);
    t.heads = text.integer("num_attention_heads", 8, 1, kMaxWidth);
    t.mlpWidth = text.integer("intermediate_size", 2048, 1, kMaxMlpWidth);
    t.layerNormEps = text.number("layer_norm_eps", 1e-5, 0, 1);
    t.activation = huggingFaceActivation(text);
    t.eosId = text.integer("eos_token_id", 49407, 0, kMaxVocabulary);
    // CLIPTextTransformer: an end id of 2 is a mistake of older exports and means "the largest id".
    const bool old = t.eosId.value == 2;
    t.pooling = {old ? TextPooling::ArgMax : TextPooling::FirstEos,
                 t.eosId.source + (old ? " is 2, the mark of older exports" : "")};

    checkTowers(config, vision.field("num_attention_heads"), text.field("num_attention_heads"),
                vision.field("patch_size"), problems);
}

/// The shorter side after resizing, from the forms that CLIPImageProcessor and its forerunner write.
std::optional<Sourced<int>> shortestEdge(const Fields& fields) {
    const json* size = fields.find("size");
    if (!size)
        return std::nullopt;
    if (size->is_object()) {
        if (size->contains("shortest_edge"))
            return fields.inner("size", *size).integer("shortest_edge", std::nullopt, 1, kMaxImageSize);
        fields.problems().unsupported("the resize to " + shown(*size) +
                                      " (size), which does not keep the image's proportions");
        return std::nullopt;
    }
    if (size->is_array()) {
        fields.problems().unsupported("the resize to " + shown(*size) +
                                      " (size), which does not keep the image's proportions");
        return std::nullopt;
    }
    return fields.integer("size", std::nullopt, 1, kMaxImageSize);
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
    const Fields fields(object, file, "", "CLIPImageProcessor", problems);
    Preprocessing& p = config.preprocessing;

    for (const char* name : {"image_processor_type", "feature_extractor_type"}) {
        const Sourced<std::string> type = fields.word(name, "CLIPImageProcessor");
        if (type.value == "CLIPImageProcessorFast")
            config.warnings.push_back("The folder names the fast image processor, which resizes with torchvision; "
                                      "Plumbline resizes as CLIPImageProcessor does, with Pillow's rounding.");
        else if (type.value != "CLIPImageProcessor" && type.value != "CLIPFeatureExtractor")
            problems.unsupported("the image processor " + shown(type.value) + " (" + file + ": " + name + ")");
    }

    for (const char* step : {"do_resize", "do_center_crop", "do_rescale"})
        if (!fields.flag(step, true).value)
            problems.unsupported(std::string("a preparation of images without one of its steps (") + step +
                                 " is false)");
    const Sourced<double> factor = fields.number("rescale_factor", 1.0 / 255.0, 0, 1e6);
    if (std::abs(factor.value - 1.0 / 255.0) > 1e-9)
        problems.unsupported("the pixel scale " + formatDouble(factor.value) + " (rescale_factor)");
    if (!fields.flag("do_convert_rgb", true).value)
        config.warnings.push_back("The image processor would not convert images to RGB; Plumbline does.");

    const std::string fallback = "default of CLIPImageProcessor";
    const Sourced<int> resize = shortestEdge(fields).value_or(Sourced<int>{224, fallback});
    p.size = cropSide(fields).value_or(Sourced<int>{224, fallback});
    if (resize.value != p.size.value)
        problems.unsupported("a resize to " + std::to_string(resize.value) + " pixels before a crop of " +
                             std::to_string(p.size.value) + " (size and crop_size)");

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
        p.mean = fields.triple("image_mean", kOpenAiMean, false);
        p.std = fields.triple("image_std", kOpenAiStd, true);
    } else {
        p.mean = {{0, 0, 0}, normalise.source + " is false"};
        p.std = {{1, 1, 1}, normalise.source + " is false"};
    }
}

void checkImageSize(const ModelConfig& config, const std::string& field, Problems& problems) {
    if (config.preprocessing.size.value != config.vision.imageSize.value)
        problems.invalid(field, "is " + std::to_string(config.preprocessing.size.value) +
                                    ", but the network takes images of " +
                                    std::to_string(config.vision.imageSize.value) + " pixels");
}

// ---------------------------------------------------------------------------------------------------------------------
// OpenCLIP

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
        if (it == neutral.end() && name.starts_with("timm_")) // used with timm_model_name only, which is refused
            continue;
        fields.problems().unsupported("the option " + fields.field(shown(name).substr(1, shown(name).size() - 2)) +
                                      " = " + shown(value));
    }
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

Sourced<int> openClipMlpWidth(const Fields& fields, int width) {
    const Sourced<double> ratio = fields.number("mlp_ratio", 4.0, 1e-3, 1e3);
    const double mlp = std::floor(width * ratio.value); // int(width * mlp_ratio)
    if (mlp < 1 || mlp > kMaxMlpWidth) {
        fields.problems().invalid(fields.field("mlp_ratio"), "gives a layer of " + formatDouble(mlp) + " units");
        return {1, ratio.source};
    }
    return {static_cast<int>(mlp), ratio.source};
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
    if (vision.find("timm_model_name"))
        problems.unsupported("the timm image tower " + shown(*vision.find("timm_model_name")));
    if (const json* layers = vision.find("layers"); layers && layers->is_array())
        problems.unsupported("a ResNet image tower (" + vision.field("layers") + " = " + shown(*layers) + ")");
    if (text.find("hf_model_name"))
        problems.unsupported("the Hugging Face text tower " + shown(*text.find("hf_model_name")));
    if (top.find("multimodal_cfg"))
        problems.unsupported("a caption decoder (model_cfg.multimodal_cfg, CoCa)");
    if (text.find("hf_tokenizer_name"))
        problems.unsupported("the tokenizer " + shown(*text.find("hf_tokenizer_name")));
    if (top.find("init_logit_bias"))
        problems.unsupported("a logit bias (model_cfg.init_logit_bias, SigLIP)");
    if (top.flag("custom_text", false).value)
        problems.unsupported("a text tower of its own (model_cfg.custom_text)");

    checkOptions(top, {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"},
                 {"init_logit_scale", "cast_dtype", "output_dict", "multimodal_cfg", "init_logit_bias", "custom_text"},
                 {{"nonscalar_logit_scale", false}});
    checkOptions(vision, {"image_size", "patch_size", "width", "layers", "head_width", "mlp_ratio", "norm_kwargs"},
                 {"patch_dropout", "attn_pooler_queries", "attn_pooler_heads"},
                 {{"ls_init_value", nullptr},
                  {"no_ln_pre", false},
                  {"attentional_pool", false},
                  {"final_ln_after_pool", false},
                  {"pos_embed_type", "learnable"},
                  {"pool_type", "tok"},
                  {"output_tokens", false},
                  {"act_kwargs", json::object()}});
    checkOptions(text, {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "norm_kwargs"},
                 {"pad_id", "eos_id", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type", "hf_tokenizer_name"},
                 {{"ls_init_value", nullptr},
                  {"embed_cls", false},
                  {"no_causal_mask", false},
                  {"final_ln_after_pool", false},
                  {"pool_type", "argmax"},
                  {"proj_bias", false},
                  {"proj_type", "linear"},
                  {"output_tokens", false},
                  {"tokenizer_kwargs", json::object()},
                  {"act_kwargs", json::object()}});
    if (problems.first())
        return;

    config.embedDim = top.integer("embed_dim", std::nullopt, 1, kMaxWidth);
    const Sourced<bool> quick = top.flag("quick_gelu", false);
    const Sourced<Activation> activation = {quick.value ? Activation::QuickGelu : Activation::Gelu,
                                            top.find("quick_gelu") ? quick.source
                                                                   : "model_cfg.quick_gelu is missing: GELU"};

    VisionConfig& v = config.vision;
    v.imageSize = vision.side("image_size", 224, 1, kMaxImageSize);
    v.patchSize = vision.side("patch_size", 16, 1, kMaxImageSize);
    v.width = vision.integer("width", 768, 1, kMaxWidth);
    v.layers = vision.integer("layers", 12, 1, kMaxLayers);
    const Sourced<int> headWidth = vision.integer("head_width", 64, 1, kMaxWidth);
    v.heads = {std::max(1, v.width.value / headWidth.value), "width / head_width, " + headWidth.source};
    v.mlpWidth = openClipMlpWidth(vision, v.width.value);
    v.layerNormEps = openClipEps(vision);
    v.activation = activation;

    TextConfig& t = config.text;
    t.contextLength = text.integer("context_length", 77, 2, kMaxContext);
    t.vocabSize = text.integer("vocab_size", 49408, 1, kMaxVocabulary);
    t.width = text.integer("width", 512, 1, kMaxWidth);
    t.heads = text.integer("heads", 8, 1, kMaxWidth);
    t.layers = text.integer("layers", 12, 1, kMaxLayers);
    t.mlpWidth = openClipMlpWidth(text, t.width.value);
    t.layerNormEps = openClipEps(text);
    t.activation = activation;
    t.pooling = {TextPooling::ArgMax, "pool_type argmax of CLIPTextCfg"};
    t.eosId = {t.vocabSize.value - 1, "the largest id of the vocabulary"};

    checkTowers(config, vision.field("head_width"), text.field("heads"), vision.field("patch_size"), problems);
}

void readOpenClipPreprocessing(const json* object, ModelConfig& config, Problems& problems) {
    if (!object)
        config.warnings.push_back("open_clip_config.json has no preprocess_cfg: the mean and standard deviation of "
                                  "OpenAI's CLIP are assumed.");
    const Fields fields(object ? *object : emptyObject(), kOpenClipConfig, "preprocess_cfg", "PreprocessCfg", problems);
    checkOptions(fields, {"size", "mean", "std", "interpolation"}, {"fill_color"},
                 {{"mode", "RGB"}, {"resize_mode", "shortest"}});
    Preprocessing& p = config.preprocessing;
    p.size = fields.side("size", config.vision.imageSize.value, 1, kMaxImageSize);
    if (!fields.find("size"))
        p.size.source = config.vision.imageSize.source;
    p.mean = fields.triple("mean", kOpenAiMean, false);
    p.std = fields.triple("std", kOpenAiStd, true);
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

Result<ConfigFiles> readHuggingFaceConfig(const fs::path& folder) {
    ConfigFiles result;
    ModelConfig& config = result.config;
    config.container = Container::HuggingFace;
    config.name = folderName(folder);
    config.tokenizer = TokenizerRules::HuggingFace;
    result.files.push_back(folder / kHuggingFaceConfig);
    PLUMBLINE_TRY(const json object, readJson(result.files.back()));

    Problems problems(folder);
    const Fields top(object, kHuggingFaceConfig, "", "CLIPConfig", problems);
    std::string type = top.word("model_type", "").value;
    if (type.empty()) // very old exports name the class only
        if (const json* classes = top.find("architectures"); classes && classes->is_array() && !classes->empty())
            type = (*classes)[0] == "CLIPModel" ? "clip" : shown((*classes)[0]);
    static const std::array<std::string_view, 10> kRelated = {
        "siglip",  "siglip2",    "chinese_clip",    "altclip",           "align",
        "clipseg", "metaclip_2", "clip_text_model", "clip_vision_model", "vision-text-dual-encoder"};
    if (type != "clip") {
        if (std::find(kRelated.begin(), kRelated.end(), type) != kRelated.end())
            return fail(ErrorCode::ModelUnsupported,
                        {{"path", encodePath(folder)}, {"what", "the model type " + type + " (config.json)"}});
        return fail(ErrorCode::NotAModel,
                    {{"path", encodePath(folder)},
                     {"expected", type.empty() ? "its config.json does not name a model type"
                                               : "its config.json describes a model of type " + shown(type) +
                                                     ", and a CLIP model is needed"}});
    }
    readHuggingFaceTowers(object, config, problems);

    Preprocessing& p = config.preprocessing;
    p.order = {Preprocessing::Order::RgbThenResize, "CLIPImageProcessor converts to RGB before it resizes"};
    p.cropOffset = {Preprocessing::CropOffset::Floor, "CLIPImageProcessor rounds crop offsets down"};
    std::error_code ignored;
    std::string sizeField = "crop_size of preprocessor_config.json";
    if (fs::exists(folder / kHuggingFaceProcessor, ignored)) {
        result.files.push_back(folder / kHuggingFaceProcessor);
        PLUMBLINE_TRY(const json processor, readJson(result.files.back()));
        readHuggingFaceProcessor(processor, kHuggingFaceProcessor, config, problems);
    } else if (fs::exists(folder / kHuggingFaceProcessorNested, ignored)) {
        result.files.push_back(folder / kHuggingFaceProcessorNested);
        PLUMBLINE_TRY(const json processor, readJson(result.files.back()));
        const auto inner = processor.find("image_processor");
        sizeField = "image_processor.crop_size of processor_config.json";
        readHuggingFaceProcessor(inner == processor.end() ? emptyObject() : *inner, kHuggingFaceProcessorNested, config,
                                 problems);
    } else {
        config.warnings.push_back(
            "The folder has no preprocessor_config.json: images are prepared as for OpenAI's CLIP, "
            "at the size that the network takes.");
        const std::string reason = "default of CLIPImageProcessor";
        p.size = config.vision.imageSize;
        p.mean = {kOpenAiMean, reason};
        p.std = {kOpenAiStd, reason};
        p.interpolation = {Interpolation::Bicubic, reason};
    }
    checkImageSize(config, sizeField, problems);
    if (problems.first())
        return tl::unexpected(*problems.first());
    return result;
}

Result<ConfigFiles> readOpenClipConfig(const fs::path& folder) {
    ConfigFiles result;
    ModelConfig& config = result.config;
    config.container = Container::OpenClip;
    config.name = folderName(folder);
    config.tokenizer = TokenizerRules::OpenClip;
    result.files.push_back(folder / kOpenClipConfig);
    PLUMBLINE_TRY(const json object, readJson(result.files.back()));

    Problems problems(folder);
    const Fields top(object, kOpenClipConfig, "", "open_clip", problems);
    const json* model = top.find("model_cfg");
    if (!model)
        return fail(ErrorCode::NotAModel,
                    {{"path", encodePath(folder)}, {"expected", "its open_clip_config.json has no model_cfg"}});
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
