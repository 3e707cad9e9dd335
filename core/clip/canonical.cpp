// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/canonical.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/hash.h"
#include "core/formats/model_folder.h"

namespace plumbline::clip {

namespace {

/// The parts of a block: OpenCLIP's name, Hugging Face's names.
struct BlockPart {
    const char* name;
    std::vector<const char*> parts;
};
const std::vector<BlockPart>& blockParts() {
    static const std::vector<BlockPart> parts = {
        {".attn.in_proj_weight", {".self_attn.q_proj.weight", ".self_attn.k_proj.weight", ".self_attn.v_proj.weight"}},
        {".attn.in_proj_bias", {".self_attn.q_proj.bias", ".self_attn.k_proj.bias", ".self_attn.v_proj.bias"}},
        {".attn.out_proj.weight", {".self_attn.out_proj.weight"}},
        {".attn.out_proj.bias", {".self_attn.out_proj.bias"}},
        {".ln_1.weight", {".layer_norm1.weight"}},
        {".ln_1.bias", {".layer_norm1.bias"}},
        {".ln_2.weight", {".layer_norm2.weight"}},
        {".ln_2.bias", {".layer_norm2.bias"}},
        {".mlp.c_fc.weight", {".mlp.fc1.weight"}},
        {".mlp.c_fc.bias", {".mlp.fc1.bias"}},
        {".mlp.c_proj.weight", {".mlp.fc2.weight"}},
        {".mlp.c_proj.bias", {".mlp.fc2.bias"}},
    };
    return parts;
}

/// The tensors outside the blocks.
struct SinglePart {
    const char* name;
    const char* huggingFace;
    bool transposed;
};
constexpr SinglePart kSingles[] = {
    {"logit_scale", "logit_scale", false},
    {"visual.class_embedding", "vision_model.embeddings.class_embedding", false},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight", false},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight", false},
    {"visual.ln_pre.weight", "vision_model.pre_layrnorm.weight", false},
    {"visual.ln_pre.bias", "vision_model.pre_layrnorm.bias", false},
    {"visual.ln_post.weight", "vision_model.post_layernorm.weight", false},
    {"visual.ln_post.bias", "vision_model.post_layernorm.bias", false},
    {"visual.proj", "visual_projection.weight", true},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight", false},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight", false},
    {"ln_final.weight", "text_model.final_layer_norm.weight", false},
    {"ln_final.bias", "text_model.final_layer_norm.bias", false},
    {"text_projection", "text_projection.weight", true},
};

/// IEEE half to single: the exponent is moved by a multiplication, which also turns subnormal halves into normal
/// floats; infinities and NaNs keep their exponent of ones.
float fromHalf(std::uint16_t half) {
    const std::uint32_t magnitude = (half & 0x7FFFU) << 13U;
    const std::uint32_t sign = (half & 0x8000U) << 16U;
    std::uint32_t bits = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112F);
    if ((half & 0x7C00U) == 0x7C00U)
        bits = magnitude | 0x7F800000U;
    return std::bit_cast<float>(bits | sign);
}

float fromBfloat(std::uint16_t value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U);
}

template <class Convert>
void widen16(const std::byte* from, std::span<float> to, Convert convert) {
    for (std::size_t i = 0; i < to.size(); ++i) {
        std::uint16_t value;
        std::memcpy(&value, from + 2 * i, 2); // the file promises no alignment
        to[i] = convert(value);
    }
}

} // namespace

std::vector<CanonicalTensor> canonicalTensors(const ModelConfig& config) {
    ModelConfig asOpenClip = config;
    asOpenClip.container = Container::OpenClip;
    const bool huggingFace = config.container == Container::HuggingFace;

    std::vector<CanonicalTensor> tensors;
    for (formats::ExpectedTensor& expected : formats::expectedTensors(asOpenClip))
        tensors.push_back({expected.name, std::move(expected.shape), {expected.name}, false});
    std::sort(tensors.begin(), tensors.end(),
              [](const CanonicalTensor& a, const CanonicalTensor& b) { return a.name < b.name; });
    if (!huggingFace)
        return tensors;

    for (CanonicalTensor& tensor : tensors) {
        constexpr std::string_view kBlocks = "transformer.resblocks.";
        const std::size_t at = tensor.name.find(kBlocks);
        if (at == std::string::npos) {
            const auto* single = std::find_if(std::begin(kSingles), std::end(kSingles),
                                              [&tensor](const SinglePart& part) { return part.name == tensor.name; });
            tensor.parts = {single->huggingFace};
            tensor.transposed = single->transposed;
            continue;
        }
        const std::size_t number = at + kBlocks.size();
        const std::size_t dot = tensor.name.find('.', number);
        const std::string block = (at == 0 ? "text_model.encoder.layers." : "vision_model.encoder.layers.") +
                                  tensor.name.substr(number, dot - number);
        const auto part = std::find_if(blockParts().begin(), blockParts().end(), [&](const BlockPart& candidate) {
            return candidate.name == tensor.name.substr(dot);
        });
        tensor.parts.clear();
        for (const char* name : part->parts)
            tensor.parts.push_back(block + name);
    }
    return tensors;
}

void widen(const formats::TensorView& view, std::size_t first, std::span<float> to) {
    const std::byte* from = view.bytes.data() + first * formats::dtypeSize(view.dtype);
    switch (view.dtype) {
    case formats::DType::F32:
        std::memcpy(to.data(), from, to.size_bytes());
        return;
    case formats::DType::F16:
        widen16(from, to, fromHalf);
        return;
    case formats::DType::BF16:
        widen16(from, to, fromBfloat);
        return;
    default:
        std::fill(to.begin(), to.end(), 0.0F);
        return; // refused by readModelFolder
    }
}

Outcome<std::string> tensorsSha256(const ModelConfig& config, const formats::Weights& weights, Feedback& feedback) {
    constexpr std::size_t kChunk = std::size_t{1} << 20U;
    Sha256 hash;
    std::vector<float> values;
    for (const CanonicalTensor& tensor : canonicalTensors(config)) {
        std::string head = tensor.name;
        for (const std::int64_t size : tensor.shape)
            head += ' ' + std::to_string(size);
        hash.add(head + '\n');
        for (const std::string& part : tensor.parts) {
            const formats::TensorView& view = weights.tensors.at(part);
            const auto count = static_cast<std::size_t>(view.elements());
            if (tensor.transposed) {
                std::vector<float> all(count);
                widen(view, 0, all);
                const auto rows = static_cast<std::size_t>(tensor.shape[0]);
                const auto columns = static_cast<std::size_t>(tensor.shape[1]);
                values.resize(count);
                for (std::size_t r = 0; r < rows; ++r)
                    for (std::size_t c = 0; c < columns; ++c)
                        values[r * columns + c] = all[c * rows + r];
                hash.add(values.data(), count * sizeof(float));
                continue;
            }
            for (std::size_t done = 0; done < count; done += kChunk) {
                if (feedback.cancelled())
                    return tl::unexpected<Stop>(Cancelled{});
                values.resize(std::min(kChunk, count - done));
                widen(view, done, values);
                hash.add(values.data(), values.size() * sizeof(float));
            }
        }
    }
    return hash.hex();
}

} // namespace plumbline::clip
