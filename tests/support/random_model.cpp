// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/random_model.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/formats/byte_alphabet.h"
#include "core/formats/model_config.h"
#include "core/formats/model_tensors.h"
#include "tests/support/test_support.h"

namespace plumbline::test {

namespace {

namespace fs = std::filesystem;
using formats::DType;
using nlohmann::json;
using Shape = std::vector<std::int64_t>;

constexpr std::array<std::array<const char*, 2>, 14> kMerges = {{{"t", "h"},
                                                                 {"th", "e</w>"},
                                                                 {"p", "h"},
                                                                 {"o", "t"},
                                                                 {"ph", "ot"},
                                                                 {"phot", "o</w>"},
                                                                 {"o", "f</w>"},
                                                                 {"a", "n</w>"},
                                                                 {"m", "an</w>"},
                                                                 {"w", "o"},
                                                                 {"wo", "man</w>"},
                                                                 {"d", "o"},
                                                                 {"do", "c"},
                                                                 {"c", "t"}}};

/// Round to nearest, ties to even; values below the smallest normal half become 0.
std::uint16_t toHalf(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude < (113U << 23U))
        return static_cast<std::uint16_t>(sign);
    const std::uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13U) & 1U) - (112U << 23U);
    return static_cast<std::uint16_t>(sign | (rounded >> 13U));
}

std::uint16_t toBfloat(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

float rounded(float value, DType dtype) {
    if (dtype == DType::BF16)
        return std::bit_cast<float>(static_cast<std::uint32_t>(toBfloat(value)) << 16U);
    if (dtype == DType::F16) {
        const std::uint16_t half = toHalf(value);
        const float magnitude = std::bit_cast<float>((half & 0x7FFFU) << 13U) * 0x1p112F;
        return (half & 0x8000U) ? -magnitude : magnitude;
    }
    return value;
}

/// What the values of a tensor are spread around, by its canonical name: weights keep the size of what they multiply.
struct Draw {
    double centre = 0, spread = 0;
};
Draw drawOf(const std::string& name, const Shape& shape) {
    const auto ends = [&name](std::string_view end) { return name.ends_with(end); };
    const auto has = [&name](std::string_view part) { return name.find(part) != std::string::npos; };
    const auto perInput = [](std::int64_t inputs) { return 1.0 / std::sqrt(static_cast<double>(inputs)); };
    if (name == "logit_scale")
        return {2.6592, 0};
    if (name == "logit_bias")
        return {-9.5, 0};
    if (ends("running_var"))
        return {1.0, 0.1};
    if (ends("running_mean"))
        return {0, 0.1};
    if (ends(".gamma"))
        return {0.7, 0.3};
    const bool norm = has("ln_") || has(".ln.") || has(".bn") || has("downsample.1.");
    if (norm)
        return {ends(".weight") ? 1.0 : 0.0, 0.1};
    if (ends("in_proj_bias"))
        return {0, 1.5 * 0.05};
    if (ends("bias"))
        return {0, 0.05};
    if (ends("positional_embedding"))
        return {0, 0.2};
    if (ends("class_embedding") || ends("token_embedding.weight") || ends("cls_emb") || ends("probe") || ends("query"))
        return {0, 0.5};
    if (ends("in_proj_weight"))
        return {0, 1.5 * perInput(shape[1])};
    if (name == "visual.proj" || name == "text_projection")
        return {0, perInput(shape[0])};
    std::int64_t inputs = 1;
    for (std::size_t i = 1; i < shape.size(); ++i)
        inputs *= shape[i];
    return {0, perInput(inputs)};
}

std::vector<std::byte> stored(std::span<const float> values, DType dtype, std::optional<DType> roundTo) {
    std::vector<std::byte> bytes(values.size() * formats::dtypeSize(dtype));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float value = roundTo ? rounded(values[i], *roundTo) : values[i];
        if (dtype == DType::F32) {
            std::memcpy(bytes.data() + 4 * i, &value, 4);
        } else {
            const std::uint16_t small = dtype == DType::F16 ? toHalf(value) : toBfloat(value);
            std::memcpy(bytes.data() + 2 * i, &small, 2);
        }
    }
    return bytes;
}

const json kMean = {0.48145466, 0.4578275, 0.40821073};
const json kStd = {0.26862954, 0.26130258, 0.27577711};

std::map<std::string, std::string> huggingFaceFiles(const RandomClip& clip, int vocabSize) {
    const char* activation = clip.activation == Activation::QuickGelu ? "quick_gelu" : "gelu";
    const json config = {{"architectures", {"CLIPModel"}},
                         {"model_type", "clip"},
                         {"projection_dim", clip.embedDim},
                         {"vision_config",
                          {{"image_size", clip.imageSize},
                           {"patch_size", clip.patchSize},
                           {"hidden_size", clip.visionWidth},
                           {"num_hidden_layers", clip.visionLayers},
                           {"num_attention_heads", clip.visionHeads},
                           {"intermediate_size", clip.visionMlp},
                           {"hidden_act", activation}}},
                         {"text_config",
                          {{"max_position_embeddings", clip.contextLength},
                           {"vocab_size", vocabSize},
                           {"hidden_size", clip.textWidth},
                           {"num_hidden_layers", clip.textLayers},
                           {"num_attention_heads", clip.textHeads},
                           {"intermediate_size", clip.textMlp},
                           {"hidden_act", activation},
                           {"eos_token_id", 2}}}}; // the old mark: pool at the largest id
    const json processor = {{"image_processor_type", "CLIPImageProcessor"},
                            {"size", {{"shortest_edge", clip.imageSize}}},
                            {"crop_size", {{"height", clip.imageSize}, {"width", clip.imageSize}}},
                            {"image_mean", kMean},
                            {"image_std", kStd},
                            {"resample", 3}};
    return {{"config.json", config.dump(2)}, {"preprocessor_config.json", processor.dump(2)}};
}

std::map<std::string, std::string> openClipFiles(const RandomClip& clip, int vocabSize) {
    const json config = {{"model_cfg",
                          {{"embed_dim", clip.embedDim},
                           {"quick_gelu", clip.activation == Activation::QuickGelu},
                           {"vision_cfg",
                            {{"image_size", clip.imageSize},
                             {"patch_size", clip.patchSize},
                             {"width", clip.visionWidth},
                             {"layers", clip.visionLayers},
                             {"head_width", clip.visionWidth / clip.visionHeads},
                             {"mlp_ratio", static_cast<double>(clip.visionMlp) / clip.visionWidth}}},
                           {"text_cfg",
                            {{"context_length", clip.contextLength},
                             {"vocab_size", vocabSize},
                             {"width", clip.textWidth},
                             {"heads", clip.textHeads},
                             {"layers", clip.textLayers},
                             {"mlp_ratio", static_cast<double>(clip.textMlp) / clip.textWidth}}}}},
                         {"preprocess_cfg",
                          {{"mean", kMean}, {"std", kStd}, {"interpolation", "bicubic"}, {"resize_mode", "shortest"}}}};
    return {{"open_clip_config.json", config.dump(2)}};
}

} // namespace

RandomClip vitB32() {
    RandomClip clip;
    clip.imageSize = 224;
    clip.patchSize = 32;
    clip.visionWidth = 768;
    clip.visionLayers = clip.textLayers = 12;
    clip.visionHeads = 12;
    clip.visionMlp = 3072;
    clip.contextLength = 77;
    clip.textWidth = clip.embedDim = 512;
    clip.textHeads = 8;
    clip.textMlp = 2048;
    clip.vocabSize = 49408;
    return clip;
}

int writeSmallVocabulary(const fs::path& folder) {
    fs::create_directories(folder);
    json ids = json::object();
    int next = 0;
    for (const char* end : {"", "</w>"})
        for (const unsigned char byte : formats::byteOrder())
            ids[formats::byteAlphabet()[byte] + end] = next++;
    std::string merges = "#version: 0.2\n";
    for (const auto& [left, right] : kMerges) {
        ids[std::string(left) + right] = next++;
        merges += std::string(left) + ' ' + right + '\n';
    }
    ids["<|startoftext|>"] = next++;
    ids["<|endoftext|>"] = next++;
    writeText(folder / "vocab.json", ids.dump());
    writeText(folder / "merges.txt", merges);
    return next;
}

std::vector<RandomTensor> randomTensors(const ModelConfig& config, std::uint64_t seed, DType dtype,
                                        std::optional<DType> roundTo) {
    std::vector<RandomTensor> tensors;
    for (const formats::TensorRecipe& recipe : formats::tensorRecipes(config)) {
        std::size_t count = 1;
        for (const std::int64_t size : recipe.shape)
            count *= static_cast<std::size_t>(size);
        std::vector<float> values(count);
        RandomStream random(seed, streamId(recipe.name), 0);
        const Draw draw = drawOf(recipe.name, recipe.shape);
        for (float& value : values) // uniform, with that centre and standard deviation
            value = static_cast<float>(draw.centre + draw.spread * std::sqrt(12.0) *
                                                         (static_cast<double>(random.next32()) / 4294967296.0 - 0.5));
        if (recipe.transposed) {
            std::vector<float> turned(count);
            const auto rows = static_cast<std::size_t>(recipe.shape[0]);
            const auto columns = static_cast<std::size_t>(recipe.shape[1]);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = 0; c < columns; ++c)
                    turned[c * rows + r] = values[r * columns + c];
            values = std::move(turned);
        }
        std::size_t first = 0;
        for (const formats::ExpectedTensor& part : recipe.parts) {
            std::size_t own = 1;
            for (const std::int64_t size : part.shape)
                own *= static_cast<std::size_t>(size);
            tensors.push_back(
                {part.name, dtype, part.shape, stored(std::span(values).subspan(first, own), dtype, roundTo)});
            first += own;
        }
    }
    return tensors;
}

std::vector<formats::TensorToWrite> toWrite(const std::vector<RandomTensor>& tensors) {
    std::vector<formats::TensorToWrite> views;
    for (const RandomTensor& tensor : tensors)
        views.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
    return views;
}

ModelConfig writeRandomModel(const fs::path& folder, const std::map<std::string, std::string>& files,
                             std::uint64_t seed, DType dtype, std::optional<DType> roundTo) {
    fs::create_directories(folder);
    for (const auto& [name, content] : files)
        writeText(folder / name, content);
    const bool openClip = files.contains("open_clip_config.json");
    Result<formats::ConfigFiles> read = openClip ? formats::readOpenClipConfig(folder / "open_clip_config.json")
                                                 : formats::readHuggingFaceConfig(folder);
    if (!read)
        throw std::runtime_error(errorText(read.error()));
    ModelConfig& config = read->config;
    if (openClip && json::parse(files.at("open_clip_config.json"))["model_cfg"].value("custom_text", false))
        config.names = TensorNames::OpenClipCustomText;
    const std::vector<RandomTensor> tensors = randomTensors(config, seed, dtype, roundTo);
    if (const Result<void> written = formats::writeSafetensors(
            folder / (openClip ? "open_clip_model.safetensors" : "model.safetensors"), toWrite(tensors));
        !written)
        throw std::runtime_error(errorText(written.error()));
    return std::move(config);
}

void writeRandomClip(const fs::path& folder, const RandomClip& clip, Container container, std::uint64_t seed) {
    fs::create_directories(folder);
    constexpr int kSmallVocabulary = 2 * 256 + static_cast<int>(kMerges.size()) + 2;
    const int vocabSize = clip.vocabSize.value_or(kSmallVocabulary);
    if (clip.vocabulary)
        writeSmallVocabulary(folder);
    writeRandomModel(folder,
                     container == Container::HuggingFace ? huggingFaceFiles(clip, vocabSize)
                                                         : openClipFiles(clip, vocabSize),
                     seed, clip.dtype, clip.roundTo);
}

void writeRandomPicture(const fs::path& path, int width, int height, std::uint64_t seed) {
    RandomStream random(seed, streamId("picture"), 0);
    std::array<double, 12> wave{};
    for (double& value : wave)
        value = random.uniform();
    const std::size_t row = (static_cast<std::size_t>(width) * 3 + 3) / 4 * 4;
    std::string bmp(54 + row * static_cast<std::size_t>(height), '\0');
    const auto put = [&bmp](std::size_t at, std::uint32_t value, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i)
            bmp[at + i] = static_cast<char>(value >> (8 * i));
    };
    bmp[0] = 'B';
    bmp[1] = 'M';
    put(2, static_cast<std::uint32_t>(bmp.size()), 4);
    put(10, 54, 4);
    put(14, 40, 4);
    put(18, static_cast<std::uint32_t>(width), 4);
    put(22, static_cast<std::uint32_t>(height), 4);
    put(26, 1, 2);
    put(28, 24, 2);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const double phase = 9 * (wave[4 * channel] * x / width + wave[4 * channel + 1] * y / height) +
                                     6 * wave[4 * channel + 2];
                const double level = 127.5 + 127 * std::sin(phase) * (0.3 + 0.7 * wave[4 * channel + 3]);
                bmp[54 + static_cast<std::size_t>(y) * row + static_cast<std::size_t>(x) * 3 + channel] =
                    static_cast<char>(static_cast<unsigned char>(level));
            }
    writeText(path, bmp);
}

} // namespace plumbline::test
