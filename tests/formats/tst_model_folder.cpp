// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/formats/model_folder.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

using Edit = std::function<void(json&)>;

/// A change to one JSON file of a good folder, and what must become of it.
struct Case {
    const char* name;
    Container container;
    const char* file;
    Edit edit;
    ErrorCode code = ErrorCode::Internal; ///< Internal: the folder stays good
    const char* mentions = "";
};

constexpr auto kGood = ErrorCode::Internal;
constexpr auto HF = Container::HuggingFace;
constexpr auto OC = Container::OpenClip;
constexpr const char* kConfig = "config.json";
constexpr const char* kProcessor = "preprocessor_config.json";
constexpr const char* kOpenClip = "open_clip_config.json";

json& vision(json& config) {
    return config["model_cfg"]["vision_cfg"];
}
json& text(json& config) {
    return config["model_cfg"]["text_cfg"];
}

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        // Hugging Face: network
        {"unknown field", HF, kConfig, [](json& c) { c["vision_config"]["dropout"] = 0.1; }, kGood},
        {"null is missing", HF, kConfig, [](json& c) { c["text_config"]["layer_norm_eps"] = nullptr; }, kGood},
        {"whole number as a float", HF, kConfig, [](json& c) { c["projection_dim"] = 20.0; }, kGood},
        {"class name only", HF, kConfig, [](json& c) { c.erase("model_type"); }, kGood},
        {"bert", HF, kConfig, [](json& c) { c["model_type"] = "bert"; }, ErrorCode::NotAModel, "bert"},
        {"no type", HF, kConfig,
         [](json& c) {
             c.erase("model_type");
             c.erase("architectures");
         },
         ErrorCode::NotAModel, "type"},
        {"siglip over CLIP's weights", HF, kConfig, [](json& c) { c["model_type"] = "siglip"; },
         ErrorCode::ModelConfigInvalid, "projection_size"},
        {"naflex", HF, kConfig, [](json& c) { c["model_type"] = "siglip2"; }, ErrorCode::ModelUnsupported, "NaFlex"},
        {"chinese", HF, kConfig, [](json& c) { c["model_type"] = "chinese_clip"; }, ErrorCode::ModelUnsupported,
         "chinese_clip"},
        {"one tower", HF, kConfig, [](json& c) { c["model_type"] = "clip_vision_model"; }, ErrorCode::ModelUnsupported,
         "clip_vision_model"},
        {"activation", HF, kConfig, [](json& c) { c["vision_config"]["hidden_act"] = "relu"; },
         ErrorCode::ModelUnsupported, "relu"},
        {"tanh form", HF, kConfig, [](json& c) { c["vision_config"]["hidden_act"] = "gelu_pytorch_tanh"; }, kGood},
        {"grey images", HF, kConfig, [](json& c) { c["vision_config"]["num_channels"] = 1; },
         ErrorCode::ModelUnsupported, "num_channels"},
        {"heads do not divide", HF, kConfig, [](json& c) { c["text_config"]["num_attention_heads"] = 5; },
         ErrorCode::ModelConfigInvalid, "text_config.num_attention_heads"},
        {"no heads", HF, kConfig, [](json& c) { c["vision_config"]["num_attention_heads"] = 0; },
         ErrorCode::ModelConfigInvalid, "vision_config.num_attention_heads"},
        {"patch 0", HF, kConfig, [](json& c) { c["vision_config"]["patch_size"] = 0; }, ErrorCode::ModelConfigInvalid,
         "patch_size"},
        {"patch beyond the image", HF, kConfig, [](json& c) { c["vision_config"]["patch_size"] = 64; },
         ErrorCode::ModelConfigInvalid, "patch_size"},
        {"width as text", HF, kConfig, [](json& c) { c["vision_config"]["hidden_size"] = "32"; },
         ErrorCode::ModelConfigInvalid, "vision_config.hidden_size"},
        {"huge width", HF, kConfig, [](json& c) { c["vision_config"]["hidden_size"] = 1e18; },
         ErrorCode::ModelConfigInvalid, "vision_config.hidden_size"},
        {"huge depth", HF, kConfig, [](json& c) { c["text_config"]["num_hidden_layers"] = 2000000000; },
         ErrorCode::ModelConfigInvalid, "num_hidden_layers"},
        {"towers not objects", HF, kConfig, [](json& c) { c["text_config"] = json::array(); },
         ErrorCode::ModelConfigInvalid, "text_config"},
        {"text is an object", HF, kConfig, [](json& c) { c["vision_config"]["hidden_act"] = json::object(); },
         ErrorCode::ModelConfigInvalid, "hidden_act"},
        {"not an object", HF, kConfig, [](json& c) { c = json::array({1}); }, ErrorCode::JsonInvalid, "object"},
        // Hugging Face: against the weights
        {"other width", HF, kConfig, [](json& c) { c["vision_config"]["hidden_size"] = 64; },
         ErrorCode::ModelConfigConflict, "width of the image tower"},
        {"other depth", HF, kConfig, [](json& c) { c["text_config"]["num_hidden_layers"] = 3; },
         ErrorCode::ModelConfigConflict, "layers of the text tower"},
        {"other vocabulary", HF, kConfig, [](json& c) { c["text_config"]["vocab_size"] = 49408; },
         ErrorCode::ModelConfigConflict, "vocabulary"},
        {"other context", HF, kConfig, [](json& c) { c["text_config"]["max_position_embeddings"] = 77; },
         ErrorCode::ModelConfigConflict, "context"},
        {"other patch", HF, kConfig, [](json& c) { c["vision_config"]["patch_size"] = 16; },
         ErrorCode::ModelConfigConflict, "patch"},
        {"other mlp", HF, kConfig, [](json& c) { c["vision_config"]["intermediate_size"] = 64; },
         ErrorCode::ModelConfigConflict, "inner layers"},
        {"other embedding", HF, kConfig, [](json& c) { c["projection_dim"] = 512; }, ErrorCode::ModelConfigConflict,
         "embedding"},
        {"the old dict wins", HF, kConfig,
         [](json& c) {
             c["vision_config_dict"] = c["vision_config"];
             c["vision_config"]["hidden_size"] = 999;
         },
         kGood},
        {"the old dict wins, wrongly", HF, kConfig,
         [](json& c) {
             c["vision_config_dict"] = {{"hidden_size", 64}};
         },
         ErrorCode::ModelConfigInvalid, ""},
        // Hugging Face: preprocessing
        {"old sizes", HF, kProcessor, [](json& p) { p["size"] = p["crop_size"] = 32; }, kGood},
        {"other processor", HF, kProcessor, [](json& p) { p["image_processor_type"] = "ViTImageProcessor"; },
         ErrorCode::ModelUnsupported, "ViTImageProcessor"},
        {"no resize", HF, kProcessor, [](json& p) { p["do_resize"] = false; }, ErrorCode::ModelUnsupported,
         "do_resize"},
        {"no crop", HF, kProcessor, [](json& p) { p["do_center_crop"] = false; }, ErrorCode::ModelUnsupported,
         "do_center_crop"},
        {"no rescale", HF, kProcessor, [](json& p) { p["do_rescale"] = false; }, ErrorCode::ModelUnsupported,
         "do_rescale"},
        {"other rescale", HF, kProcessor, [](json& p) { p["rescale_factor"] = 0.0078; }, ErrorCode::ModelUnsupported,
         "rescale_factor"},
        {"stretched", HF, kProcessor,
         [](json& p) {
             p["size"] = {{"height", 32}, {"width", 32}};
         },
         kGood},
        {"stretched without a crop", HF, kProcessor,
         [](json& p) {
             p["size"] = {{"height", 32}, {"width", 32}};
             p["do_center_crop"] = false;
         },
         kGood},
        {"stretched to an oblong", HF, kProcessor,
         [](json& p) {
             p["size"] = {{"height", 32}, {"width", 48}};
         },
         ErrorCode::ModelUnsupported, "square"},
        {"resize beyond the crop", HF, kProcessor,
         [](json& p) {
             p["size"] = {{"shortest_edge", 40}};
         },
         ErrorCode::ModelUnsupported, "40"},
        {"oblong crop", HF, kProcessor,
         [](json& p) {
             p["crop_size"] = {{"height", 32}, {"width", 40}};
         },
         ErrorCode::ModelUnsupported, "square"},
        {"lanczos", HF, kProcessor, [](json& p) { p["resample"] = 1; }, ErrorCode::ModelUnsupported, "resample"},
        {"other size", HF, kProcessor, [](json& p) { p["size"] = p["crop_size"] = 48; }, ErrorCode::ModelConfigInvalid,
         "48"},
        {"size left to the default", HF, kProcessor,
         [](json& p) {
             p.erase("size");
             p.erase("crop_size");
         },
         ErrorCode::ModelConfigInvalid, "224"},
        {"std 0", HF, kProcessor,
         [](json& p) {
             p["image_std"] = {0.2, 0, 0.2};
         },
         ErrorCode::ModelConfigInvalid, "image_std"},
        {"two means", HF, kProcessor,
         [](json& p) {
             p["image_mean"] = {0.2, 0.1};
         },
         ErrorCode::ModelConfigInvalid, "image_mean"},
        // OpenCLIP
        {"training options", OC, kOpenClip,
         [](json& c) {
             vision(c)["patch_dropout"] = 0.5;
             c["model_cfg"]["init_logit_scale"] = 2;
             text(c)["pad_id"] = 0;
         },
         kGood},
        {"options at rest", OC, kOpenClip,
         [](json& c) {
             vision(c)["ls_init_value"] = nullptr;
             vision(c)["attentional_pool"] = false;
             text(c)["pool_type"] = "argmax";
             vision(c)["timm_model_name"] = nullptr;
             c["model_cfg"]["custom_text"] = false;
         },
         kGood},
        {"unknown option", OC, kOpenClip, [](json& c) { vision(c)["rotary"] = true; }, ErrorCode::ModelUnsupported,
         "model_cfg.vision_cfg.rotary"},
        {"unknown option of the model", OC, kOpenClip, [](json& c) { c["model_cfg"]["gated"] = 1; },
         ErrorCode::ModelUnsupported, "model_cfg.gated"},
        {"unknown preparation", OC, kOpenClip, [](json& c) { c["preprocess_cfg"]["sharpen"] = 1; },
         ErrorCode::ModelUnsupported, "sharpen"},
        {"layer scale without its tensors", OC, kOpenClip, [](json& c) { vision(c)["ls_init_value"] = 1e-4; },
         ErrorCode::TensorMissing, "ls_1.gamma"},
        {"layer scale as a text", OC, kOpenClip, [](json& c) { vision(c)["ls_init_value"] = "small"; },
         ErrorCode::ModelConfigInvalid, "ls_init_value"},
        {"a first norm that should not be there", OC, kOpenClip, [](json& c) { vision(c)["no_ln_pre"] = true; },
         ErrorCode::TensorUnexpected, "visual.ln_pre"},
        {"pooling of CLIPA", OC, kOpenClip,
         [](json& c) {
             vision(c)["pool_type"] = "avg";
             vision(c)["final_ln_after_pool"] = true;
             text(c)["pool_type"] = "last";
             text(c)["no_causal_mask"] = true;
         },
         kGood},
        {"pooling at an id", OC, kOpenClip,
         [](json& c) {
             text(c)["pool_type"] = "eos";
             text(c)["eos_id"] = 3;
         },
         kGood},
        {"text pooling", OC, kOpenClip, [](json& c) { text(c)["pool_type"] = "first"; }, ErrorCode::ModelUnsupported,
         "pool_type"},
        {"no pooling", OC, kOpenClip, [](json& c) { vision(c)["pool_type"] = "none"; }, ErrorCode::ModelUnsupported,
         "pool_type"},
        {"pooling in parallel", OC, kOpenClip, [](json& c) { vision(c)["attentional_pool"] = "parallel"; },
         ErrorCode::ModelUnsupported, "attentional_pool"},
        {"norms of queries and keys", OC, kOpenClip, [](json& c) { vision(c)["qk_norm"] = true; },
         ErrorCode::ModelUnsupported, "qk_norm"},
        {"tanh gelu", OC, kOpenClip,
         [](json& c) {
             text(c)["act_kwargs"] = {{"approximate", "tanh"}};
         },
         ErrorCode::ModelConfigInvalid, "quick_gelu"},
        {"tanh gelu alone", OC, kOpenClip,
         [](json& c) {
             c["model_cfg"].erase("quick_gelu");
             text(c)["act_kwargs"] = {{"approximate", "tanh"}};
         },
         kGood},
        {"gelu of a later version", OC, kOpenClip,
         [](json& c) {
             c["model_cfg"].erase("quick_gelu");
             text(c)["act_kwargs"] = {{"approximate", "sigmoid"}};
         },
         ErrorCode::ModelUnsupported, "sigmoid"},
        {"custom text", OC, kOpenClip, [](json& c) { c["model_cfg"]["custom_text"] = true; }, kGood},
        {"rules for CLIP's tokenizer", OC, kOpenClip,
         [](json& c) {
             text(c)["tokenizer_kwargs"] = {{"clean", "lower"}};
         },
         ErrorCode::ModelUnsupported, "tokenizer_kwargs"},
        {"foreign tokenizer", OC, kOpenClip,
         [](json& c) {
             text(c)["hf_tokenizer_name"] = "bert-base-uncased";
             text(c)["tokenizer_kwargs"] = {{"strip_sep_token", true}};
         },
         kGood},
        {"unknown cleaning", OC, kOpenClip,
         [](json& c) {
             text(c)["hf_tokenizer_name"] = "bert-base-uncased";
             text(c)["tokenizer_kwargs"] = {{"clean", "polish"}};
         },
         ErrorCode::ModelUnsupported, "polish"},
        {"timm", OC, kOpenClip,
         [](json& c) {
             vision(c) = {{"timm_model_name", "convnext_base"}, {"image_size", 32}};
         },
         ErrorCode::ModelUnsupported, "convnext_base"},
        {"hf tower", OC, kOpenClip,
         [](json& c) {
             text(c) = {{"hf_model_name", "roberta-base"}};
         },
         ErrorCode::ModelUnsupported, "roberta-base"},
        {"resnet over another's weights", OC, kOpenClip,
         [](json& c) {
             vision(c) = {{"layers", {3, 4, 6, 3}}, {"width", 64}, {"image_size", 32}};
         },
         ErrorCode::TensorMissing, "visual.attnpool"},
        {"resnet of three stages", OC, kOpenClip,
         [](json& c) {
             vision(c) = {{"layers", {3, 4, 6}}, {"width", 64}, {"image_size", 32}};
         },
         ErrorCode::ModelConfigInvalid, "layers"},
        {"a decoder that is not there", OC, kOpenClip,
         [](json& c) {
             c["model_cfg"]["multimodal_cfg"] = {{"width", 8}};
         },
         kGood},
        {"squash", OC, kOpenClip, [](json& c) { c["preprocess_cfg"]["resize_mode"] = "squash"; }, kGood},
        {"longest", OC, kOpenClip, [](json& c) { c["preprocess_cfg"]["resize_mode"] = "longest"; },
         ErrorCode::ModelUnsupported, "resize_mode"},
        {"nearest", OC, kOpenClip, [](json& c) { c["preprocess_cfg"]["interpolation"] = "nearest"; },
         ErrorCode::ModelUnsupported, "nearest"},
        {"size as a pair", OC, kOpenClip,
         [](json& c) {
             vision(c)["image_size"] = {32, 32};
             c["preprocess_cfg"]["size"] = {32, 32};
         },
         kGood},
        {"oblong", OC, kOpenClip,
         [](json& c) {
             vision(c)["image_size"] = {32, 64};
         },
         ErrorCode::ModelUnsupported, "square"},
        {"other size of images", OC, kOpenClip, [](json& c) { c["preprocess_cfg"]["size"] = 64; },
         ErrorCode::ModelConfigInvalid, "64"},
        {"no model_cfg", OC, kOpenClip, [](json& c) { c.erase("model_cfg"); }, ErrorCode::NotAModel, "model_cfg"},
        {"no tower", OC, kOpenClip, [](json& c) { c["model_cfg"].erase("text_cfg"); }, ErrorCode::ModelConfigInvalid,
         "text_cfg"},
        {"no embedding length", OC, kOpenClip, [](json& c) { c["model_cfg"].erase("embed_dim"); },
         ErrorCode::ModelConfigInvalid, "embed_dim"},
        {"other mlp ratio", OC, kOpenClip, [](json& c) { vision(c)["mlp_ratio"] = 2; }, ErrorCode::ModelConfigConflict,
         "inner layers"},
        {"ratio of 0", OC, kOpenClip, [](json& c) { vision(c)["mlp_ratio"] = 0; }, ErrorCode::ModelConfigInvalid,
         "mlp_ratio"},
        {"head width by default", OC, kOpenClip, [](json& c) { vision(c).erase("head_width"); }, kGood},
        {"head width that does not divide", OC, kOpenClip, [](json& c) { vision(c)["head_width"] = 10; },
         ErrorCode::ModelConfigInvalid, "head_width"},
    };
    return all;
}

std::string say(const Error& error) {
    return std::string(errorName(error.code)) + ": " + errorText(error);
}

void editJson(const fs::path& file, const Edit& edit) {
    json value = json::parse(readText(file));
    edit(value);
    writeText(file, value.dump());
}

/// Rewrites a weights file with changed tensors.
void editTensors(const fs::path& file, const std::function<void(std::map<std::string, formats::TensorView>&)>& edit) {
    auto weights = formats::readSafetensors(file);
    if (!weights)
        throw std::runtime_error(say(weights.error()));
    edit(weights->tensors);
    std::vector<formats::TensorToWrite> tensors;
    for (const auto& [name, view] : weights->tensors)
        tensors.push_back({name, view.dtype, view.shape, view.bytes});
    if (const auto written = formats::writeSafetensors(file, tensors); !written)
        throw std::runtime_error(say(written.error()));
}

} // namespace

class TestModelFolder : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void huggingFace() {
        TempFolder temp;
        writeRandomClip(temp / "tiny");
        const auto folder = formats::readModelFolder(temp / "tiny");
        QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        const ModelConfig& config = folder->config;
        QCOMPARE(config.container, Container::HuggingFace);
        QCOMPARE(config.tokenizer, TokenizerRules::HuggingFace);
        QCOMPARE(config.name, std::string("tiny"));
        QCOMPARE(config.vision.imageSize.value, 32);
        QCOMPARE(config.vision.imageSize.source, std::string("config.json: vision_config.image_size"));
        QCOMPARE(config.vision.heads.value, 2);
        QCOMPARE(config.vision.layerNormEps.value, 1e-5);
        QCOMPARE(config.vision.layerNormEps.source, std::string("default of CLIPVisionConfig"));
        QCOMPARE(config.text.mlpWidth.value, 96);
        QCOMPARE(config.text.pooling.value, TextPooling::ArgMax); // its eos_token_id is 2
        QCOMPARE(config.vision.activation.value, Activation::QuickGelu);
        QCOMPARE(config.preprocessing.size.value, 32);
        QCOMPARE(config.preprocessing.order.value, Preprocessing::Order::RgbThenResize);
        QCOMPARE(config.preprocessing.cropOffset.value, Preprocessing::CropOffset::Floor);
        QCOMPARE(config.preprocessing.interpolation.value, Interpolation::Bicubic);
        QVERIFY(config.warnings.empty());
        QCOMPARE(folder->files.size(), 3U);
        QCOMPARE(folder->weights.tensors.size(), formats::expectedTensors(config).size());
    }

    void openClip() {
        TempFolder temp;
        writeRandomClip(temp / "tiny", {}, Container::OpenClip);
        const auto folder = formats::readModelFolder(temp / "tiny");
        QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        const ModelConfig& config = folder->config;
        QCOMPARE(config.container, Container::OpenClip);
        QCOMPARE(config.tokenizer, TokenizerRules::OpenClip);
        QCOMPARE(config.vision.heads.value, 2);
        QCOMPARE(config.vision.mlpWidth.value, 128);
        QCOMPARE(config.text.contextLength.value, 16);
        QCOMPARE(config.text.pooling.value, TextPooling::ArgMax);
        QCOMPARE(config.preprocessing.size.value, 32);
        QCOMPARE(config.preprocessing.order.value, Preprocessing::Order::ResizeThenRgb);
        QCOMPARE(config.preprocessing.cropOffset.value, Preprocessing::CropOffset::RoundHalfEven);
        QCOMPARE(folder->files.size(), 2U);
    }

    void defaultsOfOpenClip() {
        TempFolder temp;
        RandomClip clip;
        clip.activation = Activation::Gelu;
        writeRandomClip(temp / "m", clip, Container::OpenClip);
        editJson(temp / "m/open_clip_config.json", [](json& c) {
            c.erase("preprocess_cfg");
            c["model_cfg"].erase("quick_gelu");
            c["model_cfg"]["vision_cfg"].erase("mlp_ratio");
        });
        const auto folder = formats::readModelFolder(temp / "m");
        QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        QCOMPARE(folder->config.vision.activation.value, Activation::Gelu);
        QVERIFY(folder->config.vision.activation.source.find("missing") != std::string::npos);
        QCOMPARE(folder->config.preprocessing.mean.value[0], 0.48145466);
        QCOMPARE(folder->config.preprocessing.std.value[2], 0.27577711);
        QCOMPARE(folder->config.warnings.size(), 1U);
    }

    void normKwargs() {
        TempFolder temp;
        writeRandomClip(temp / "m", {}, Container::OpenClip);
        editJson(temp / "m/open_clip_config.json", [](json& c) { text(c)["norm_kwargs"] = {{"eps", 1e-6}}; });
        const auto folder = formats::readModelFolder(temp / "m");
        QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        QCOMPARE(folder->config.text.layerNormEps.value, 1e-6);
        QCOMPARE(folder->config.vision.layerNormEps.value, 1e-5);
        editJson(temp / "m/open_clip_config.json",
                 [](json& c) { text(c)["norm_kwargs"]["elementwise_affine"] = false; });
        const auto refused = formats::readModelFolder(temp / "m");
        QVERIFY(!refused);
        QVERIFY(refused.error().arg("what").find("elementwise_affine") != std::string_view::npos);
    }

    void variantsOfTheProcessor() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        editJson(temp / "m/preprocessor_config.json", [](json& p) {
            p["do_normalize"] = false;
            p["image_processor_type"] = "CLIPImageProcessorFast";
            p["resample"] = 2;
        });
        auto folder = formats::readModelFolder(temp / "m");
        QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        QCOMPARE(folder->config.preprocessing.mean.value, (std::array<double, 3>{0, 0, 0}));
        QCOMPARE(folder->config.preprocessing.std.value, (std::array<double, 3>{1, 1, 1}));
        QCOMPARE(folder->config.preprocessing.interpolation.value, Interpolation::Bilinear);
        QCOMPARE(folder->config.warnings.size(), 1U);

        // transformers 5 keeps it inside processor_config.json
        const json processor = json::parse(readText(temp / "m/preprocessor_config.json"));
        writeText(temp / "m/processor_config.json", json{{"image_processor", processor}}.dump());
        fs::remove(temp / "m/preprocessor_config.json");
        folder = formats::readModelFolder(temp / "m");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->config.preprocessing.interpolation.value, Interpolation::Bilinear);
        QCOMPARE(folder->config.preprocessing.size.source, std::string("processor_config.json: crop_size.height"));

        fs::remove(temp / "m/processor_config.json");
        folder = formats::readModelFolder(temp / "m");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->config.preprocessing.size.value, 32);
        QCOMPARE(folder->config.preprocessing.interpolation.value, Interpolation::Bicubic);
        QCOMPARE(folder->config.warnings.size(), 1U);
    }

    void eosOfHuggingFace() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        editJson(temp / "m/config.json", [](json& c) { c["text_config"]["eos_token_id"] = 527; });
        const auto folder = formats::readModelFolder(temp / "m");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->config.text.pooling.value, TextPooling::FirstEos);
        QCOMPARE(folder->config.text.eosId.value, 527);
    }

    void changedConfigurations_data() {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < cases().size(); ++i)
            QTest::addRow("%s: %s", cases()[i].container == HF ? "hf" : "openclip", cases()[i].name)
                << static_cast<int>(i);
    }
    void changedConfigurations() {
        QFETCH(int, index);
        const Case& one = cases()[static_cast<std::size_t>(index)];
        TempFolder temp;
        RandomClip clip;
        if (std::string_view(one.name) == "head width by default") {
            clip.visionWidth = 64;
            clip.visionHeads = 1;
        }
        writeRandomClip(temp / "m", clip, one.container);
        editJson(temp / "m" / one.file, one.edit);
        const auto folder = formats::readModelFolder(temp / "m");
        if (one.code == kGood) {
            QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
            return;
        }
        QVERIFY(!folder);
        QVERIFY2(folder.error().code == one.code, say(folder.error()).c_str());
        QVERIFY2(errorText(folder.error()).find(one.mentions) != std::string::npos, say(folder.error()).c_str());
    }

    void tensors() {
        struct Change {
            Container container;
            std::function<void(std::map<std::string, formats::TensorView>&)> edit;
            ErrorCode code;
            const char* tensor;
        };
        const std::vector<std::byte> bytes(4 * 32 * 32);
        const std::vector<Change> changes = {
            {HF, [](auto& t) { t.erase("vision_model.post_layernorm.bias"); }, ErrorCode::TensorMissing,
             "vision_model.post_layernorm.bias"},
            {OC,
             [](auto& t) {
                 t.erase("visual.proj");
                 t.erase("logit_scale");
             },
             ErrorCode::TensorMissing, "logit_scale and 1 more"},
            {HF,
             [&](auto& t) {
                 t["text_model.extra"] = {formats::DType::F32, {1}, std::span(bytes).subspan(0, 4)};
             },
             ErrorCode::TensorUnexpected, "text_model.extra"},
            {OC,
             [&](auto& t) {
                 t["text_model.embeddings.position_ids"] = {formats::DType::F32, {1}, std::span(bytes).subspan(0, 4)};
             },
             ErrorCode::TensorUnexpected, "position_ids"}, // allowed in Hugging Face exports only
            {HF,
             [](auto& t) {
                 t["vision_model.encoder.layers.1.mlp.fc1.weight"].shape = {32, 128};
             },
             ErrorCode::TensorShape, "vision_model.encoder.layers.1.mlp.fc1.weight"},
            {OC,
             [](auto& t) {
                 t["ln_final.bias"].shape = {24, 1};
             },
             ErrorCode::TensorShape, "[24, 1]"},
            {OC,
             [](auto& t) {
                 t["logit_scale"].shape = {2, 0}, t["logit_scale"].bytes = {};
             },
             ErrorCode::TensorShape, "logit_scale"},
            {HF, [](auto& t) { t["logit_scale"].dtype = formats::DType::I32; }, ErrorCode::TensorType, "int32"},
        };
        for (const Change& change : changes) {
            TempFolder temp;
            writeRandomClip(temp / "m", {}, change.container);
            editTensors(temp / "m" / (change.container == HF ? "model.safetensors" : "open_clip_model.safetensors"),
                        change.edit);
            const auto folder = formats::readModelFolder(temp / "m");
            QVERIFY2(!folder, change.tensor);
            QVERIFY2(folder.error().code == change.code, say(folder.error()).c_str());
            QVERIFY2(errorText(folder.error()).find(change.tensor) != std::string::npos, say(folder.error()).c_str());
        }
    }

    void positionIdsOfOldExports() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const std::vector<std::int64_t> ids(17);
        editTensors(temp / "m/model.safetensors", [&ids](auto& t) {
            t["vision_model.embeddings.position_ids"] = {formats::DType::I64, {1, 17}, std::as_bytes(std::span(ids))};
        });
        QVERIFY(formats::readModelFolder(temp / "m").has_value());
    }

    void foldersThatAreNoModels() {
        TempFolder temp;
        const auto code = [](const fs::path& path) {
            const auto folder = formats::readModelFolder(path);
            return folder ? ErrorCode::Internal : folder.error().code;
        };
        QCOMPARE(code(temp / "nowhere"), ErrorCode::FileNotFound);
        fs::create_directories(temp / "empty");
        QCOMPARE(code(temp / "empty"), ErrorCode::NotAModel);
        writeText(temp / "file", "x");
        QCOMPARE(code(temp / "file"), ErrorCode::NotAModel);

        writeRandomClip(temp / "m");
        writeText(temp / "m/config.json", "{");
        QCOMPARE(code(temp / "m"), ErrorCode::JsonInvalid);
        writeText(temp / "m/config.json", std::string(100000, '['));
        QCOMPARE(code(temp / "m"), ErrorCode::JsonInvalid);
        writeText(temp / "m/config.json", std::string(5'000'000, ' '));
        QCOMPARE(code(temp / "m"), ErrorCode::JsonInvalid);

        writeRandomClip(temp / "w");
        fs::remove(temp / "w/model.safetensors");
        QCOMPARE(code(temp / "w"), ErrorCode::NotAModel);
        writeText(temp / "w/tf_model.h5", "x");
        QCOMPARE(code(temp / "w"), ErrorCode::ModelUnsupported);
    }

    /// What a training wraps around a model: a prefix, and tensors of its own without it.
    void prefixes() {
        for (const char* prefix : {"clip.", "model.clip_model.", "module."}) {
            TempFolder temp;
            writeRandomClip(temp / "m", {}, OC);
            auto weights = formats::readSafetensors(temp / "m/open_clip_model.safetensors");
            QVERIFY(weights.has_value());
            std::map<std::string, formats::TensorView> wrapped;
            for (const auto& [name, view] : weights->tensors)
                wrapped.emplace(prefix + name, view);
            wrapped.emplace("loss.weight", weights->tensors.at("ln_final.bias"));
            editTensors(temp / "m/open_clip_model.safetensors", [&](auto& t) { t = wrapped; });
            const auto folder = formats::readModelFolder(temp / "m");
            QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
            QVERIFY(folder->config.warnings.back().find(prefix) != std::string::npos);
            QVERIFY(folder->config.warnings.back().find("1 tensors without it") != std::string::npos);
            QCOMPARE(folder->weights.tensors.size(), weights->tensors.size());
        }
    }

    void whatIsNoWeights() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto says = [&temp](const char* part) {
            const auto folder = formats::readModelFolder(temp / "m");
            return !folder && folder.error().code == ErrorCode::WeightsInvalid &&
                   errorText(folder.error()).find(part) != std::string::npos;
        };
        writeText(temp / "m/model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n");
        QVERIFY(says("git lfs pull"));
        writeText(temp / "m/model.safetensors", "\n <!DOCTYPE html><html>404</html>");
        QVERIFY(says("web page"));
        fs::remove(temp / "m/model.safetensors");
        writeText(temp / "m/epoch_1.pt", "x");
        writeText(temp / "m/epoch_2.pt", "x");
        const auto folder = formats::readModelFolder(temp / "m");
        QVERIFY(!folder);
        QVERIFY2(errorText(folder.error()).find("several files of weights (epoch_1.pt, epoch_2.pt)") !=
                     std::string::npos,
                 say(folder.error()).c_str());
    }

    /// A state dict with OpenAI's names needs no configuration; what is assumed then is said.
    void weightsAlone() {
        TempFolder temp;
        RandomClip clip;
        clip.visionWidth = clip.textWidth = 64; // heads of 64, as build_model has them
        clip.visionHeads = clip.textHeads = 1;
        writeRandomClip(temp / "m", clip, OC);
        fs::rename(temp / "m/open_clip_model.safetensors", temp / "weights.safetensors");
        auto alone = formats::readModelFolder(temp / "weights.safetensors");
        QVERIFY2(alone.has_value(), alone ? "" : say(alone.error()).c_str());
        QCOMPARE(alone->config.container, Container::OpenAi);
        QCOMPARE(alone->config.tokenizer, TokenizerRules::OpenAi);
        QCOMPARE(alone->config.name, std::string("weights"));
        QCOMPARE(alone->config.vision.imageSize.value, 32);
        QCOMPARE(alone->config.vision.layers.value, 2);
        QCOMPARE(alone->config.text.contextLength.value, 16);
        QCOMPARE(alone->config.embedDim.value, 20);
        QCOMPARE(alone->config.vision.activation.value, Activation::QuickGelu);
        QCOMPARE(alone->config.warnings.size(), 1U);
        QVERIFY(alone->config.warnings[0].find("QuickGELU") != std::string::npos);

        // OpenAI's own numbers beside the weights make it certain.
        const std::vector<std::int64_t> number = {32};
        editTensors(temp / "weights.safetensors", [&number](auto& t) {
            for (const char* name : {"input_resolution", "context_length", "vocab_size"})
                t[name] = {formats::DType::I64, {}, std::as_bytes(std::span(number))};
        });
        alone = formats::readModelFolder(temp / "weights.safetensors");
        QVERIFY2(alone.has_value(), alone ? "" : say(alone.error()).c_str());
        QVERIFY(alone->config.warnings.empty());

        // Beside its configuration the same file is what that says.
        fs::rename(temp / "weights.safetensors", temp / "m/of_my_own.safetensors");
        const auto beside = formats::readModelFolder(temp / "m/of_my_own.safetensors");
        QVERIFY2(beside.has_value(), beside ? "" : say(beside.error()).c_str());
        QCOMPARE(beside->config.container, OC);
        const auto sentence = [&temp](const std::function<void(std::map<std::string, formats::TensorView>&)>& edit) {
            fs::copy_file(temp / "m/of_my_own.safetensors", temp / "other.safetensors",
                          fs::copy_options::overwrite_existing);
            editTensors(temp / "other.safetensors", edit);
            const auto read = formats::readModelFolder(temp / "other.safetensors");
            return read ? std::string() : errorText(read.error());
        };
        QVERIFY(sentence([](auto& t) { t["mlp1.network.0.weight"] = t["ln_final.weight"]; }).find("--residual-head") !=
                std::string::npos);
        QVERIFY(sentence([](auto& t) {
                    const formats::TensorView matrix = t["text_projection"];
                    t = {{"tokens", matrix}};
                }).find("--prompt-array") != std::string::npos);
        QVERIFY(sentence([](auto& t) { t.erase("positional_embedding"); }).find("positional_embedding") !=
                std::string::npos);
    }

    void shards() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto whole = formats::readSafetensors(temp / "m/model.safetensors");
        QVERIFY(whole.has_value());
        std::vector<formats::TensorToWrite> first, second;
        json map;
        for (const auto& [name, view] : whole->tensors) {
            auto& part = first.size() <= second.size() ? first : second;
            map[name] = &part == &first ? "a.safetensors" : "b.safetensors";
            part.push_back({name, view.dtype, view.shape, view.bytes});
        }
        QVERIFY(formats::writeSafetensors(temp / "m/a.safetensors", first).has_value());
        QVERIFY(formats::writeSafetensors(temp / "m/b.safetensors", second).has_value());
        fs::rename(temp / "m/model.safetensors", temp / "whole");
        const auto write = [&](const json& index) {
            writeText(temp / "m/model.safetensors.index.json", json{{"weight_map", index}}.dump());
            return formats::readModelFolder(temp / "m");
        };
        const auto read = write(map);
        QVERIFY2(read.has_value(), read ? "" : say(read.error()).c_str());
        QCOMPARE(read->storage, std::string("safetensors in 2 files"));
        QCOMPARE(read->weights.tensors.size(), whole->tensors.size());
        for (const auto& [name, view] : whole->tensors)
            QVERIFY(std::equal(view.bytes.begin(), view.bytes.end(), read->weights.tensors.at(name).bytes.begin()));

        json wrong = map;
        wrong["a_tensor_too_many"] = "a.safetensors";
        QVERIFY(errorText(write(wrong).error()).find("lacks the tensor a_tensor_too_many") != std::string::npos);
        wrong = map;
        wrong.erase(second[0].name);
        QVERIFY(errorText(write(wrong).error()).find("does not expect") != std::string::npos);
        fs::remove(temp / "m/b.safetensors"); // half a download
        QVERIFY(errorText(write(map).error()).find("b.safetensors, which it names, is not there") != std::string::npos);
    }

    /// The commit that "main" means, among several; its name is the repository's.
    void huggingFaceCache() {
        TempFolder temp;
        const fs::path repository = temp / "hub/models--org--name";
        writeRandomClip(repository / "snapshots/aaaa");
        RandomClip other;
        other.embedDim = 28;
        writeRandomClip(repository / "snapshots/bbbb", other);
        fs::create_directories(repository / "blobs");
        fs::rename(repository / "snapshots/bbbb/model.safetensors", repository / "blobs/1234");
        fs::create_symlink("../../blobs/1234", repository / "snapshots/bbbb/model.safetensors");
        QCOMPARE(formats::readModelFolder(repository).error().code, ErrorCode::NotAModel); // which one?
        fs::create_directories(repository / "refs");
        writeText(repository / "refs/main", "bbbb\n");
        for (const fs::path& named : {repository, temp / "hub", repository / "snapshots/bbbb"}) {
            const auto read = formats::readModelFolder(named);
            QVERIFY2(read.has_value(), read ? "" : say(read.error()).c_str());
            QCOMPARE(read->config.embedDim.value, 28);
            QCOMPARE(read->config.name, std::string("org/name"));
        }
    }

    void licences() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        writeText(temp / "m/README.md", "---\ntags:\n- clip\nlicense: mit\n---\n# A model\n");
        QCOMPARE(formats::readModelFolder(temp / "m")->licence, std::string("mit (README.md)"));
        writeText(temp / "m/LICENSE.txt", "All of it is yours.");
        QCOMPARE(formats::readModelFolder(temp / "m")->licence, std::string("All of it is yours."));
    }

    void activationsOfKnownFamilies() {
        TempFolder temp;
        const auto warned = [&temp](const char* name, Activation activation) {
            RandomClip clip;
            clip.activation = activation;
            writeRandomClip(temp / name, clip);
            const auto read = formats::readModelFolder(temp / name);
            return read && !read->config.warnings.empty() &&
                   read->config.warnings.back().find("embeddings may be wrong") != std::string::npos;
        };
        QVERIFY(warned("openai-clip-b32", Activation::Gelu));
        QVERIFY(warned("MetaCLIP-400m", Activation::Gelu));
        QVERIFY(warned("CLIP-laion2B-s34B", Activation::QuickGelu));
        QVERIFY(!warned("openai-clip-l14", Activation::QuickGelu));
        QVERIFY(!warned("CLIP-datacomp", Activation::Gelu));
        QVERIFY(!warned("my-own", Activation::Gelu));
    }

    /// What was given back is read again from the file, and nothing of another file is touched.
    void releasedPages() {
        TempFolder temp;
        writeText(temp / "file", std::string(100'000, 'a'));
        const auto file = formats::MappedFile::open(temp / "file");
        QVERIFY(file.has_value());
        std::vector<std::byte> own(100'000, std::byte{1});
        file->release(file->bytes());
        file->release(file->bytes().subspan(5000, 10));
        file->release(own);
        QVERIFY(
            std::all_of(file->bytes().begin(), file->bytes().end(), [](std::byte b) { return b == std::byte{'a'}; }));
        QVERIFY(std::all_of(own.begin(), own.end(), [](std::byte b) { return b == std::byte{1}; }));
    }

    void bothContainersInOneFolder() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        writeRandomClip(temp / "m", {}, Container::OpenClip);
        auto folder = formats::readModelFolder(temp / "m");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->config.container, Container::HuggingFace);
        QCOMPARE(folder->config.warnings.size(), 1U);
        fs::remove(temp / "m/model.safetensors");
        folder = formats::readModelFolder(temp / "m");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->config.container, Container::OpenClip);
    }

    void brokenFixtures() {
        PLUMBLINE_NEEDS_SHARED();
        const fs::path broken = shared() / "fixtures/models/_broken";
        const std::vector<std::pair<const char*, ErrorCode>> expected = {
            {"hf_missing_shard", ErrorCode::WeightsInvalid}, {"hf_wrong_type", ErrorCode::NotAModel},
            {"hf_bad_heads", ErrorCode::ModelConfigInvalid}, {"hf_index_path_escape", ErrorCode::WeightsInvalid},
            {"empty_folder", ErrorCode::NotAModel},          {"text.pt", ErrorCode::WeightsInvalid},
        };
        for (const auto& [name, code] : expected) {
            const auto folder = formats::readModelFolder(broken / name);
            QVERIFY2(!folder, name);
            QVERIFY2(folder.error().code == code, say(folder.error()).c_str());
        }
    }

    void goodFixtures() {
        PLUMBLINE_NEEDS_SHARED();
        for (const char* name :
             {"models/vit-quickgelu/huggingface", "models/vit-quickgelu/openclip", "models/vit-gelu/huggingface",
              "models/vit-gelu/openclip", "models/vit-gelu/huggingface_sharded", "models/resnet/openclip",
              "models/resnet/openai_torchscript_mixed_fp16.pt", "models/vit-quickgelu/openai_torchscript_mixed_fp16.pt",
              "models/vit-quickgelu/open_clip_pytorch_model.bin", "faceclip-a", "faceclip-a-openclip", "faceclip-b"}) {
            const auto folder = formats::readModelFolder(shared() / "fixtures" / name);
            QVERIFY2(folder.has_value(), folder ? "" : say(folder.error()).c_str());
        }
    }

    /// Every configuration that OpenCLIP ships: either its shapes are known, or the part that is foreign is named.
    void publishedOpenClipConfigurations() {
        PLUMBLINE_NEEDS_SHARED();
        int supported = 0, foreign = 0;
        TempFolder temp;
        for (const auto& item : fs::directory_iterator(shared() / "fixtures/configs/openclip")) {
            const json model = json::parse(readText(item.path()));
            writeText(temp / "open_clip_config.json", json{{"model_cfg", model}}.dump());
            const auto folder = formats::readModelFolder(temp.path());
            QVERIFY(!folder); // there are no weights
            if (folder.error().code == ErrorCode::ModelUnsupported) {
                ++foreign;
                QVERIFY(!folder.error().arg("what").empty());
                continue;
            }
            QVERIFY2(folder.error().code == ErrorCode::NotAModel, (item.path().string() + say(folder.error())).c_str());
            QVERIFY(errorText(folder.error()).find("open_clip_model.safetensors") != std::string::npos);
            ++supported;
        }
        qInfo("%d of OpenCLIP's configurations are read, %d are refused by name", supported, foreign);
        QVERIFY(supported >= 20);
    }
};

QTEST_APPLESS_MAIN(TestModelFolder)
#include "tst_model_folder.moc"
