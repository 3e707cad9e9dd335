// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/model_writer.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/formats/model_config.h"
#include "core/formats/text_file.h"

namespace plumbline::clip {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const char* nameOf(Activation activation) {
    switch (activation) {
    case Activation::QuickGelu:
        return "quick_gelu";
    case Activation::Gelu:
        return "gelu";
    case Activation::GeluTanh:
        return "gelu_pytorch_tanh";
    }
    return "";
}

int pillowFilter(Interpolation interpolation) {
    switch (interpolation) {
    case Interpolation::Nearest:
        return 0;
    case Interpolation::Bilinear:
        return 2;
    case Interpolation::Bicubic:
        return 3;
    }
    return 3;
}

} // namespace

Result<void> copyCompanions(const formats::ModelFolder& model, const fs::path& out) {
    std::vector<fs::path> files = model.files;
    for (const char* name :
         {"vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz", "tokenizer_config.json",
          "special_tokens_map.json", "tokenizer.json", "added_tokens.json", "spiece.model", "tokenizer.model"})
        if (std::error_code ignored; fs::exists(model.folder / name, ignored))
            files.push_back(model.folder / name);
    const std::vector<fs::path>& weights = model.weights.paths;
    for (const fs::path& file : files) {
        if (file.string().ends_with(".index.json") || std::find(weights.begin(), weights.end(), file) != weights.end())
            continue; // the weights are written anew, as one file
        std::error_code error;
        fs::copy_file(file, out / file.filename(), fs::copy_options::overwrite_existing, error);
        if (error)
            return fail(ErrorCode::FileUnwritable,
                        {{"path", encodePath(out / file.filename())}, {"reason", error.message()}});
    }
    return {};
}

Result<void> writeProcessor(const fs::path& folder, const Preprocessing& preprocessing) {
    const int size = preprocessing.size.value;
    const json processor = {{"image_processor_type", "CLIPImageProcessor"},
                            {"do_convert_rgb", true},
                            {"do_resize", true},
                            {"size", {{"shortest_edge", size}}},
                            {"resample", pillowFilter(preprocessing.interpolation.value)},
                            {"do_center_crop", true},
                            {"crop_size", {{"height", size}, {"width", size}}},
                            {"do_rescale", true},
                            {"rescale_factor", 1.0 / 255},
                            {"do_normalize", true},
                            {"image_mean", preprocessing.mean.value},
                            {"image_std", preprocessing.std.value}};
    return formats::writeFile(folder / formats::kHuggingFaceProcessor, processor.dump(2) + "\n");
}

Result<void> writeTokenizer(const fs::path& folder, const formats::Vocabulary& vocabulary, int contextLength) {
    const json tokenizer = {
        {"tokenizer_class", "CLIPTokenizer"}, {"model_max_length", contextLength}, {"do_lower_case", true},
        {"bos_token", "<|startoftext|>"},     {"eos_token", "<|endoftext|>"},      {"pad_token", "<|endoftext|>"},
        {"unk_token", "<|endoftext|>"}};
    PLUMBLINE_CHECK(formats::writeFile(folder / "tokenizer_config.json", tokenizer.dump(2) + "\n"));
    return formats::writeVocabulary(folder, vocabulary);
}

std::string foreignToClipModel(const ModelConfig& config) {
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    if (v.tower == ImageTower::ResNet)
        return "a ResNet image tower";
    if (config.sigmoidLoss)
        return "the sigmoid loss of SigLIP";
    if (config.captioner)
        return "a caption decoder";
    if (v.pooling.value != ImagePooling::ClassToken || !v.classToken)
        return "an image tower whose feature is not that of a class token";
    if (!t.causal || (t.pooling.value != TextPooling::ArgMax && t.pooling.value != TextPooling::FirstEos))
        return "a text tower whose feature is not that of the text's end";
    if (v.layerScale || t.layerScale)
        return "layer scales";
    if (!v.firstNorm || v.patchBias || !v.projection || v.projectionBias || !t.projection || t.projectionBias)
        return "norms, projections or biases that CLIP does not have";
    if (!config.clipTokenizer)
        return "a tokenizer that is not CLIP's";
    if (config.preprocessing.resize.value != Preprocessing::Resize::ShorterSide)
        return "images that are stretched to a square";
    return {};
}

Result<void> writeClipConfig(const fs::path& folder, const ModelConfig& config, const formats::Vocabulary& vocabulary,
                             bool half) {
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    const int embed = config.embedDim.value;
    const json written = {{"architectures", {"CLIPModel"}},
                          {"model_type", "clip"},
                          {"projection_dim", embed},
                          {"logit_scale_init_value", 2.6592},
                          {"torch_dtype", half ? "float16" : "float32"},
                          {"text_config",
                           {{"model_type", "clip_text_model"},
                            {"hidden_act", nameOf(t.activation.value)},
                            {"hidden_size", t.width.value},
                            {"intermediate_size", t.mlpWidth.value},
                            {"layer_norm_eps", t.layerNormEps.value},
                            {"max_position_embeddings", t.contextLength.value},
                            {"num_attention_heads", t.heads.value},
                            {"num_hidden_layers", t.layers.value},
                            {"projection_dim", embed},
                            {"vocab_size", t.vocabSize.value},
                            {"bos_token_id", vocabulary.bos},
                            {"eos_token_id", vocabulary.eos},
                            {"pad_token_id", vocabulary.eos}}},
                          {"vision_config",
                           {{"model_type", "clip_vision_model"},
                            {"hidden_act", nameOf(v.activation.value)},
                            {"hidden_size", v.width.value},
                            {"image_size", v.imageSize.value},
                            {"intermediate_size", v.mlpWidth.value},
                            {"layer_norm_eps", v.layerNormEps.value},
                            {"num_attention_heads", v.heads.value},
                            {"num_channels", v.channels},
                            {"num_hidden_layers", v.layers.value},
                            {"patch_size", v.patchSize.value},
                            {"projection_dim", embed}}}};
    return formats::writeFile(folder / formats::kHuggingFaceConfig, written.dump(2) + "\n");
}

} // namespace plumbline::clip
