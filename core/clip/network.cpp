// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include <malloc.h>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/clip/canonical.h"
#include "core/clip/kernels.h"
#include "core/clip/linear.h"

namespace plumbline::clip {

namespace {

/// Thrown out of a forward pass that was cancelled; caught in guarded().
struct CancelledForward {};

/// Keeps freed activations in the heap. By default glibc gives blocks of this size back to the kernel at once, and
/// the next layer waits for the same pages to be zeroed again: a tenth of the time of a ViT-B/32.
void keepFreedMemory() {
#ifdef __GLIBC__
    static const bool once = [] {
        mallopt(M_MMAP_THRESHOLD, 32 << 20); // the most that glibc allows
        mallopt(M_TRIM_THRESHOLD, 512 << 20);
        return true;
    }();
    static_cast<void>(once);
#endif
}

/// LibTorch tells the size in its text: "you tried to allocate 1234 bytes".
Error outOfMemory(const std::string& what) {
    const std::size_t digits = what.find_first_of("0123456789", std::min(what.size(), what.find("tried to allocate")));
    std::string bytes = "unknown";
    if (digits != std::string::npos)
        bytes = what.substr(digits, what.find_first_not_of("0123456789", digits) - digits);
    return {ErrorCode::OutOfMemory, {{"what", "this model"}, {"bytes", bytes}}, what};
}

/// Runs LibTorch code: its exceptions end here.
template <class Work>
Outcome<void> guarded(Work&& work) {
    try {
        const c10::InferenceMode inference;
        work();
        return {};
    } catch (const CancelledForward&) {
        return tl::unexpected<Stop>(Cancelled{});
    } catch (const std::bad_alloc& error) {
        return tl::unexpected<Stop>(outOfMemory(error.what()));
    } catch (const c10::Error& error) {
        const std::string what = error.what_without_backtrace();
        if (what.find("allocate memory") != std::string::npos)
            return tl::unexpected<Stop>(outOfMemory(what));
        return tl::unexpected<Stop>(Error{ErrorCode::Internal, {}, what});
    } catch (const std::exception& error) {
        return tl::unexpected<Stop>(Error{ErrorCode::Internal, {}, error.what()});
    }
}

void askWhetherToStop(const Feedback& feedback) {
    if (feedback.cancelled())
        throw CancelledForward{};
}

struct Norm {
    at::Tensor weight, bias;
    double eps = 1e-5;
    at::Tensor operator()(const at::Tensor& x) const { return at::layer_norm(x, {x.size(-1)}, weight, bias, eps); }
};

struct Block {
    Norm norm1, norm2;
    Linear qkv, out, up, down;
};

at::Tensor activated(at::Tensor x, Activation activation) {
    if (activation == Activation::Gelu)
        return at::gelu(x);
    if (x.scalar_type() == at::kFloat) {
        quickGelu(x.data_ptr<float>(), static_cast<std::size_t>(x.numel()));
        return x;
    }
    at::Tensor wide = x.to(at::kFloat);
    quickGelu(wide.data_ptr<float>(), static_cast<std::size_t>(wide.numel()));
    return wide.to(x.scalar_type());
}

/// A stack of pre-LayerNorm blocks.
struct Transformer {
    std::vector<Block> blocks;
    std::int64_t width = 0, heads = 0;
    Activation activation = Activation::Gelu;
    bool causal = false;

    /// Attention of all heads of `items` items. q [items * queries, width], kv [items * keys, 2 width] (keys, then
    /// values); `seen`, if given, is how many keys each item's only query sees.
    at::Tensor attention(const at::Tensor& q, std::int64_t queries, const at::Tensor& kv, std::int64_t items,
                         std::int64_t keys, const std::vector<std::int64_t>* seen) const {
        const at::Tensor wideQ = q.to(at::kFloat), wideKv = kv.to(at::kFloat); // the same tensors unless bfloat16
        const at::Tensor result = at::empty({items * queries, width}, wideQ.options());
        const std::int64_t headWidth = width / heads;
        Attention head{};
        head.qStride = static_cast<std::size_t>(wideQ.stride(0));
        head.kvStride = static_cast<std::size_t>(wideKv.stride(0));
        head.outStride = static_cast<std::size_t>(width);
        head.queries = static_cast<std::size_t>(queries);
        head.headWidth = static_cast<std::size_t>(headWidth);
        head.scale = 1.0F / std::sqrt(static_cast<float>(headWidth));
        head.causal = causal && !seen;
        for (std::int64_t item = 0; item < items; ++item) {
            head.keys = static_cast<std::size_t>(seen ? (*seen)[static_cast<std::size_t>(item)] : keys);
            for (std::int64_t h = 0; h < heads; ++h) {
                head.q = wideQ.data_ptr<float>() + item * queries * wideQ.stride(0) + h * headWidth;
                head.k = wideKv.data_ptr<float>() + item * keys * wideKv.stride(0) + h * headWidth;
                head.v = head.k + width;
                head.out = result.data_ptr<float>() + item * queries * width + h * headWidth;
                attend(head);
            }
        }
        return result.to(q.scalar_type());
    }

    void mlp(const Block& block, at::Tensor& x) const {
        x.add_(block.down(activated(block.up(block.norm2(x)), activation)));
    }

    /// x [items * length, width] -> the features [items, width] at one position of each item, before the final
    /// LayerNorm. Nothing else of the last block is computed.
    at::Tensor run(at::Tensor x, std::int64_t items, std::int64_t length, const std::vector<std::int64_t>& positions,
                   const Feedback& feedback) const {
        for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
            askWhetherToStop(feedback);
            const Block& block = blocks[i];
            const at::Tensor qkv = block.qkv(block.norm1(x));
            x.add_(block.out(
                attention(qkv.narrow(1, 0, width), length, qkv.narrow(1, width, 2 * width), items, length, nullptr)));
            mlp(block, x);
        }
        askWhetherToStop(feedback);
        const Block& last = blocks.back();
        const at::Tensor rows = at::empty({items}, at::kLong);
        for (std::int64_t item = 0; item < items; ++item)
            rows.data_ptr<std::int64_t>()[item] = item * length + positions[static_cast<std::size_t>(item)];
        const at::Tensor normed = last.norm1(x);
        const Linear query = {last.qkv.weight.narrow(0, 0, width), last.qkv.bias.narrow(0, 0, width)};
        const Linear keyValue = {last.qkv.weight.narrow(0, width, 2 * width),
                                 last.qkv.bias.narrow(0, width, 2 * width)};
        std::vector<std::int64_t> seen(positions.size(), length);
        if (causal)
            std::transform(positions.begin(), positions.end(), seen.begin(), [](std::int64_t p) { return p + 1; });
        at::Tensor pooled = x.index_select(0, rows);
        pooled.add_(
            last.out(attention(query(normed.index_select(0, rows)), 1, keyValue(normed), items, length, &seen)));
        mlp(last, pooled);
        return pooled;
    }

    /// The same for every position, in LibTorch's own operations: x [items, length, width].
    at::Tensor plain(at::Tensor x) const {
        const std::int64_t items = x.size(0), length = x.size(1), headWidth = width / heads;
        for (const Block& block : blocks) {
            const at::Tensor qkv = at::linear(block.norm1(x), block.qkv.weight, block.qkv.bias)
                                       .view({items, length, 3, heads, headWidth})
                                       .permute({2, 0, 3, 1, 4});
            at::Tensor scores =
                at::matmul(qkv[0], qkv[1].transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
            if (causal)
                scores = scores + at::full({length, length}, -1e30, scores.options()).triu(1);
            const at::Tensor mixed =
                at::matmul(at::softmax(scores, -1), qkv[2]).transpose(1, 2).reshape({items, length, width});
            x = x + at::linear(mixed, block.out.weight, block.out.bias);
            at::Tensor inner = at::linear(block.norm2(x), block.up.weight, block.up.bias);
            inner = activation == Activation::Gelu ? at::gelu(inner) : inner * at::sigmoid(1.702 * inner);
            x = x + at::linear(inner, block.down.weight, block.down.bias);
        }
        return x;
    }
};

/// Makes network tensors from the file's.
class Loader {
public:
    Loader(const formats::ModelFolder& folder, at::ScalarType type) : m_weights(folder.weights), m_type(type) {
        for (CanonicalTensor& tensor : canonicalTensors(folder.config)) {
            std::string name = tensor.name;
            m_tensors.emplace(std::move(name), std::move(tensor));
        }
    }

    /// In canonical shape, or transposed to [out, in] for a projection.
    at::Tensor get(const std::string& name) const {
        const CanonicalTensor& tensor = m_tensors.at(name);
        std::vector<at::Tensor> parts;
        for (const std::string& part : tensor.parts)
            parts.push_back(view(m_weights.tensors.at(part)));
        const at::Tensor whole = parts.size() == 1 ? parts.front() : at::cat(parts, 0);
        return whole.to(m_type);
    }
    at::Tensor projection(const std::string& name) const {
        const at::Tensor tensor = get(name);
        return m_tensors.at(name).transposed ? tensor : tensor.t().contiguous();
    }
    Norm norm(const std::string& name, double eps) const { return {get(name + ".weight"), get(name + ".bias"), eps}; }
    Linear linear(const std::string& weight, const std::string& bias) const { return {get(weight), get(bias)}; }

    Transformer transformer(const std::string& prefix, int layers, int width, int heads, double eps,
                            Activation activation, bool causal) const {
        Transformer result;
        result.width = width;
        result.heads = heads;
        result.activation = activation;
        result.causal = causal;
        for (int i = 0; i < layers; ++i) {
            const std::string p = prefix + std::to_string(i);
            result.blocks.push_back({norm(p + ".ln_1", eps), norm(p + ".ln_2", eps),
                                     linear(p + ".attn.in_proj_weight", p + ".attn.in_proj_bias"),
                                     linear(p + ".attn.out_proj.weight", p + ".attn.out_proj.bias"),
                                     linear(p + ".mlp.c_fc.weight", p + ".mlp.c_fc.bias"),
                                     linear(p + ".mlp.c_proj.weight", p + ".mlp.c_proj.bias")});
        }
        return result;
    }

private:
    /// Float32: the mapped bytes themselves, where they are aligned for it. The network never writes to a weight.
    at::Tensor view(const formats::TensorView& source) const {
        const bool aligned = reinterpret_cast<std::uintptr_t>(source.bytes.data()) % alignof(float) == 0;
        if (source.dtype == formats::DType::F32 && aligned)
            return at::from_blob(const_cast<std::byte*>(source.bytes.data()), source.shape, at::kFloat);
        at::Tensor result = at::empty(source.shape, at::kFloat);
        widen(source, 0, {result.data_ptr<float>(), static_cast<std::size_t>(result.numel())});
        return result;
    }

    const formats::Weights& m_weights;
    at::ScalarType m_type;
    std::map<std::string, CanonicalTensor> m_tensors;
};

} // namespace

void useOneThread() {
    at::set_num_threads(1);
}

std::size_t pooledPosition(const TextConfig& config, std::span<const int> ids) {
    if (config.pooling.value == TextPooling::ArgMax)
        return static_cast<std::size_t>(std::max_element(ids.begin(), ids.end()) - ids.begin());
    const auto eos = std::find(ids.begin(), ids.end(), config.eosId.value);
    return eos == ids.end() ? 0 : static_cast<std::size_t>(eos - ids.begin()); // argmax of all false, as transformers
}

struct Network::Impl {
    formats::ModelFolder folder;
    at::ScalarType type = at::kFloat;

    Linear patches;             ///< [width, 3 * patch * patch], no bias
    at::Tensor visionPositions; ///< [1 + grid * grid, width], the class embedding added to the first
    Norm visionPre, visionPost;
    Transformer vision;
    Linear visionProjection;

    formats::TensorView tokens; ///< widened row by row when needed: most of a small model, hardly used
    at::Tensor textPositions;
    Norm textFinal;
    Transformer text;
    Linear textProjection;

    /// Patches as rows [count * (1 + grid * grid), 3 * patch * patch], channel by channel as the convolution's weights
    /// lie. The first row of an image is zero: the class token, which the position table brings.
    at::Tensor patchRows(std::span<const float> pixels, std::size_t count) const {
        const auto size = static_cast<std::size_t>(folder.config.vision.imageSize.value);
        const auto patch = static_cast<std::size_t>(folder.config.vision.patchSize.value);
        const std::size_t grid = size / patch, rowSize = 3 * patch * patch;
        const at::Tensor rows = at::empty(
            {static_cast<std::int64_t>(count * (1 + grid * grid)), static_cast<std::int64_t>(rowSize)}, at::kFloat);
        float* to = rows.data_ptr<float>();
        for (std::size_t image = 0; image < count; ++image) {
            std::fill_n(to, rowSize, 0.0F);
            to += rowSize;
            for (std::size_t y = 0; y < grid; ++y)
                for (std::size_t x = 0; x < grid; ++x)
                    for (std::size_t channel = 0; channel < 3; ++channel)
                        for (std::size_t line = 0; line < patch; ++line, to += patch)
                            std::memcpy(to,
                                        pixels.data() + ((image * 3 + channel) * size + y * patch + line) * size +
                                            x * patch,
                                        patch * sizeof(float));
        }
        return rows;
    }

    void store(const at::Tensor& features, std::span<float> out) const {
        const at::Tensor wide = features.to(at::kFloat).contiguous();
        std::memcpy(out.data(), wide.data_ptr<float>(), out.size_bytes());
    }

    /// [texts, length, width] before the positions are added, padded with zeros.
    at::Tensor tokenRows(std::span<const std::span<const int>> items, std::size_t length) const {
        const auto width = static_cast<std::size_t>(folder.config.text.width.value);
        const at::Tensor rows = at::zeros({static_cast<std::int64_t>(items.size()), static_cast<std::int64_t>(length),
                                           static_cast<std::int64_t>(width)},
                                          at::kFloat);
        for (std::size_t item = 0; item < items.size(); ++item)
            for (std::size_t i = 0; i < std::min(length, items[item].size()); ++i)
                widen(tokens, static_cast<std::size_t>(items[item][i]) * width,
                      {rows.data_ptr<float>() + (item * length + i) * width, width});
        return rows.to(type);
    }
};

Network::Network() : m_impl(std::make_unique<Impl>()) {
}
Network::~Network() = default;

Result<std::unique_ptr<Network>> Network::build(formats::ModelFolder folder, Precision precision) {
    std::unique_ptr<Network> network(new Network);
    Impl& impl = *network->m_impl;
    impl.folder = std::move(folder);
    const ModelConfig& config = impl.folder.config;
    keepFreedMemory();
    const auto loaded = guarded([&] {
        impl.type = precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
        const Loader loader(impl.folder, impl.type);
        const VisionConfig& v = config.vision;
        impl.patches = {loader.get("visual.conv1.weight").reshape({v.width.value, -1}), {}};
        impl.visionPositions = loader.get("visual.positional_embedding").clone();
        impl.visionPositions[0].add_(loader.get("visual.class_embedding"));
        impl.visionPre = loader.norm("visual.ln_pre", v.layerNormEps.value);
        impl.visionPost = loader.norm("visual.ln_post", v.layerNormEps.value);
        impl.vision = loader.transformer("visual.transformer.resblocks.", v.layers.value, v.width.value, v.heads.value,
                                         v.layerNormEps.value, v.activation.value, false);
        impl.visionProjection = {loader.projection("visual.proj"), {}};

        const TextConfig& t = config.text;
        const bool huggingFace = config.container == Container::HuggingFace;
        impl.tokens = impl.folder.weights.tensors.at(huggingFace ? "text_model.embeddings.token_embedding.weight"
                                                                 : "token_embedding.weight");
        impl.textPositions = loader.get("positional_embedding");
        impl.textFinal = loader.norm("ln_final", t.layerNormEps.value);
        impl.text = loader.transformer("transformer.resblocks.", t.layers.value, t.width.value, t.heads.value,
                                       t.layerNormEps.value, t.activation.value, true);
        impl.textProjection = {loader.projection("text_projection"), {}};
    });
    if (!loaded)
        return tl::unexpected(loaded.error().error());
    return network;
}

const formats::ModelFolder& Network::folder() const {
    return m_impl->folder;
}
std::size_t Network::dim() const {
    return static_cast<std::size_t>(m_impl->folder.config.embedDim.value);
}

Outcome<void> Network::images(std::span<const float> pixels, std::size_t count, std::span<float> out,
                              const Feedback& feedback) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        askWhetherToStop(feedback);
        const auto items = static_cast<std::int64_t>(count);
        const std::int64_t length = impl.visionPositions.size(0);
        at::Tensor x = impl.patches(impl.patchRows(pixels, count).to(impl.type));
        x.view({items, length, -1}).add_(impl.visionPositions);
        x = impl.visionPre(x);
        x = impl.vision.run(x, items, length, std::vector<std::int64_t>(count, 0), feedback);
        impl.store(impl.visionProjection(impl.visionPost(x)), out);
    });
}

Outcome<void> Network::texts(std::span<const std::span<const int>> items, std::span<float> out,
                             const Feedback& feedback) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        askWhetherToStop(feedback);
        // Attention is causal: nothing behind the pooled position can change the feature.
        std::vector<std::int64_t> positions;
        for (const std::span<const int> ids : items)
            positions.push_back(static_cast<std::int64_t>(pooledPosition(impl.folder.config.text, ids)));
        const std::int64_t length = *std::max_element(positions.begin(), positions.end()) + 1;
        const auto count = static_cast<std::int64_t>(items.size());
        at::Tensor x = impl.tokenRows(items, static_cast<std::size_t>(length));
        x.add_(impl.textPositions.narrow(0, 0, length));
        x = impl.text.run(x.view({count * length, -1}), count, length, positions, feedback);
        impl.store(impl.textProjection(impl.textFinal(x)), out);
    });
}

Outcome<void> Network::plainImages(std::span<const float> pixels, std::size_t count, std::span<float> out) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        const std::int64_t size = impl.folder.config.vision.imageSize.value;
        const std::int64_t patch = impl.folder.config.vision.patchSize.value;
        const std::int64_t width = impl.folder.config.vision.width.value;
        const at::Tensor input = at::from_blob(const_cast<float*>(pixels.data()),
                                               {static_cast<std::int64_t>(count), 3, size, size}, at::kFloat);
        const at::Tensor kernel = impl.patches.weight.view({width, 3, patch, patch});
        const at::Tensor grid = at::conv2d(input.to(impl.type), kernel, {}, patch).flatten(2).transpose(1, 2);
        const at::Tensor first = at::zeros({static_cast<std::int64_t>(count), 1, width}, grid.options());
        const at::Tensor x = impl.visionPre(at::cat({first, grid}, 1) + impl.visionPositions);
        const at::Tensor pooled = impl.visionPost(impl.vision.plain(x).select(1, 0));
        impl.store(at::matmul(pooled, impl.visionProjection.weight.t()), out);
    });
}

Outcome<void> Network::plainTexts(std::span<const std::span<const int>> items, std::span<float> out) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        const std::int64_t context = impl.folder.config.text.contextLength.value;
        const at::Tensor x = impl.textFinal(
            impl.text.plain(impl.tokenRows(items, static_cast<std::size_t>(context)) + impl.textPositions));
        std::vector<at::Tensor> pooled;
        for (std::size_t i = 0; i < items.size(); ++i)
            pooled.push_back(x[static_cast<std::int64_t>(i)]
                              [static_cast<std::int64_t>(pooledPosition(impl.folder.config.text, items[i]))]);
        impl.store(at::matmul(at::stack(pooled), impl.textProjection.weight.t()), out);
    });
}

} // namespace plumbline::clip
