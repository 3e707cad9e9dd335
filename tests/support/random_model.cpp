// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/random_model.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/formats/byte_alphabet.h"
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

/// Draws each tensor under its OpenCLIP name and keeps it under the container's.
class ModelWriter {
public:
    ModelWriter(const RandomClip& clip, Container container, std::uint64_t seed)
        : m_clip(clip), m_huggingFace(container == Container::HuggingFace), m_seed(seed) {}

    /// Uniform values around `centre` with standard deviation `spread`.
    void add(const std::string& name, const std::vector<std::string>& huggingFace, Shape shape, double centre,
             double spread, bool transposed = false) {
        std::size_t count = 1;
        for (const std::int64_t size : shape)
            count *= static_cast<std::size_t>(size);
        std::vector<float> values(count);
        RandomStream random(m_seed, streamId(name), 0);
        for (float& value : values)
            value = static_cast<float>(centre + spread * std::sqrt(12.0) *
                                                    (static_cast<double>(random.next32()) / 4294967296.0 - 0.5));
        if (!m_huggingFace) {
            keep(name, std::move(shape), values);
            return;
        }
        if (transposed) {
            std::vector<float> turned(count);
            const auto rows = static_cast<std::size_t>(shape[0]), columns = static_cast<std::size_t>(shape[1]);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = 0; c < columns; ++c)
                    turned[c * rows + r] = values[r * columns + c];
            keep(huggingFace.front(), {shape[1], shape[0]}, turned);
            return;
        }
        // q, k and v are thirds of one tensor in OpenCLIP.
        if (!shape.empty())
            shape.front() /= static_cast<std::int64_t>(huggingFace.size());
        const std::size_t part = count / huggingFace.size();
        for (std::size_t i = 0; i < huggingFace.size(); ++i)
            keep(huggingFace[i], shape, std::span(values).subspan(i * part, part));
    }

    void addTower(const std::string& name, const std::string& huggingFace, int layers, std::int64_t width,
                  std::int64_t mlp) {
        const auto perInput = [](std::int64_t inputs) { return 1.0 / std::sqrt(static_cast<double>(inputs)); };
        for (int i = 0; i < layers; ++i) {
            const std::string a = name + std::to_string(i), b = huggingFace + std::to_string(i);
            for (const char* kind : {"weight", "bias"}) {
                const bool weight = kind[0] == 'w';
                const std::string dot = std::string(".") + kind;
                const auto linear = [&](std::int64_t out, std::int64_t in) {
                    return weight ? Shape{out, in} : Shape{out};
                };
                const double spread = weight ? perInput(width) : 0.05;
                add(a + ".attn.in_proj_" + kind,
                    {b + ".self_attn.q_proj" + dot, b + ".self_attn.k_proj" + dot, b + ".self_attn.v_proj" + dot},
                    linear(3 * width, width), 0, 1.5 * spread);
                add(a + ".attn.out_proj" + dot, {b + ".self_attn.out_proj" + dot}, linear(width, width), 0, spread);
                add(a + ".mlp.c_fc" + dot, {b + ".mlp.fc1" + dot}, linear(mlp, width), 0, spread);
                add(a + ".mlp.c_proj" + dot, {b + ".mlp.fc2" + dot}, linear(width, mlp), 0,
                    weight ? perInput(mlp) : 0.05);
                addNorm(a + ".ln_1", b + ".layer_norm1", dot, width);
                addNorm(a + ".ln_2", b + ".layer_norm2", dot, width);
            }
        }
    }
    void addNorm(const std::string& name, const std::string& huggingFace, const std::string& dot, std::int64_t width) {
        add(name + dot, {huggingFace + dot}, {width}, dot == ".weight" ? 1.0 : 0.0, 0.1);
    }
    void addNorm(const std::string& name, const std::string& huggingFace, std::int64_t width) {
        addNorm(name, huggingFace, ".weight", width);
        addNorm(name, huggingFace, ".bias", width);
    }

    void write(const fs::path& path) const {
        std::vector<formats::TensorToWrite> tensors;
        for (const Kept& kept : m_kept)
            tensors.push_back({kept.name, m_clip.dtype, kept.shape, kept.bytes});
        if (const Result<void> written = formats::writeSafetensors(path, tensors); !written)
            throw std::runtime_error(errorText(written.error()));
    }

private:
    struct Kept {
        std::string name;
        Shape shape;
        std::vector<std::byte> bytes;
    };

    void keep(const std::string& name, Shape shape, std::span<const float> values) {
        Kept kept{name, std::move(shape), std::vector<std::byte>(values.size() * formats::dtypeSize(m_clip.dtype))};
        for (std::size_t i = 0; i < values.size(); ++i) {
            const float value = m_clip.roundTo ? rounded(values[i], *m_clip.roundTo) : values[i];
            if (m_clip.dtype == DType::F32) {
                std::memcpy(kept.bytes.data() + 4 * i, &value, 4);
            } else {
                const std::uint16_t small = m_clip.dtype == DType::F16 ? toHalf(value) : toBfloat(value);
                std::memcpy(kept.bytes.data() + 2 * i, &small, 2);
            }
        }
        m_kept.push_back(std::move(kept));
    }

    const RandomClip& m_clip;
    bool m_huggingFace;
    std::uint64_t m_seed;
    std::deque<Kept> m_kept;
};

const json kMean = {0.48145466, 0.4578275, 0.40821073};
const json kStd = {0.26862954, 0.26130258, 0.27577711};

void writeHuggingFaceConfig(const fs::path& folder, const RandomClip& clip, int vocabSize) {
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
    writeText(folder / "config.json", config.dump(2));
    const json processor = {{"image_processor_type", "CLIPImageProcessor"},
                            {"size", {{"shortest_edge", clip.imageSize}}},
                            {"crop_size", {{"height", clip.imageSize}, {"width", clip.imageSize}}},
                            {"image_mean", kMean},
                            {"image_std", kStd},
                            {"resample", 3}};
    writeText(folder / "preprocessor_config.json", processor.dump(2));
}

void writeOpenClipConfig(const fs::path& folder, const RandomClip& clip, int vocabSize) {
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
    writeText(folder / "open_clip_config.json", config.dump(2));
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

void writeRandomClip(const fs::path& folder, const RandomClip& clip, Container container, std::uint64_t seed) {
    fs::create_directories(folder);
    constexpr int kSmallVocabulary = 2 * 256 + static_cast<int>(kMerges.size()) + 2;
    const int vocabSize = clip.vocabSize.value_or(kSmallVocabulary);
    if (clip.vocabulary)
        writeSmallVocabulary(folder);

    const std::int64_t vision = clip.visionWidth, text = clip.textWidth, patch = clip.patchSize;
    const std::int64_t grid = clip.imageSize / clip.patchSize;
    ModelWriter writer(clip, container, seed);
    writer.add("logit_scale", {"logit_scale"}, {}, 2.6592, 0);
    writer.add("visual.class_embedding", {"vision_model.embeddings.class_embedding"}, {vision}, 0, 0.5);
    writer.add("visual.conv1.weight", {"vision_model.embeddings.patch_embedding.weight"}, {vision, 3, patch, patch}, 0,
               1.0 / std::sqrt(3.0 * static_cast<double>(patch * patch)));
    writer.add("visual.positional_embedding", {"vision_model.embeddings.position_embedding.weight"},
               {grid * grid + 1, vision}, 0, 0.2);
    writer.addNorm("visual.ln_pre", "vision_model.pre_layrnorm", vision);
    writer.addNorm("visual.ln_post", "vision_model.post_layernorm", vision);
    writer.add("visual.proj", {"visual_projection.weight"}, {vision, clip.embedDim}, 0,
               1.0 / std::sqrt(static_cast<double>(vision)), true);
    writer.add("token_embedding.weight", {"text_model.embeddings.token_embedding.weight"}, {vocabSize, text}, 0, 0.5);
    writer.add("positional_embedding", {"text_model.embeddings.position_embedding.weight"}, {clip.contextLength, text},
               0, 0.2);
    writer.addNorm("ln_final", "text_model.final_layer_norm", text);
    writer.add("text_projection", {"text_projection.weight"}, {text, clip.embedDim}, 0,
               1.0 / std::sqrt(static_cast<double>(text)), true);
    writer.addTower("visual.transformer.resblocks.", "vision_model.encoder.layers.", clip.visionLayers, vision,
                    clip.visionMlp);
    writer.addTower("transformer.resblocks.", "text_model.encoder.layers.", clip.textLayers, text, clip.textMlp);

    if (container == Container::HuggingFace) {
        writeHuggingFaceConfig(folder, clip, vocabSize);
        writer.write(folder / "model.safetensors");
    } else {
        writeOpenClipConfig(folder, clip, vocabSize);
        writer.write(folder / "open_clip_model.safetensors");
    }
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
