// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <malloc.h>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/clip/canonical.h"
#include "core/clip/kernels.h"
#include "core/clip/torch_errors.h"
#include "core/clip/towers.h"

namespace plumbline::clip {

namespace {

/// Thrown out of a forward pass that was cancelled; caught in guarded().
struct CancelledForward {};

/// Runs LibTorch code: its exceptions end here.
template <class Work>
Outcome<void> guarded(Work&& work) {
    try {
        const c10::InferenceMode inference;
        work();
        return {};
    } catch (const CancelledForward&) {
        return tl::unexpected<Stop>(Cancelled{});
    } catch (...) {
        return tl::unexpected(stopFromException("this model"));
    }
}

void askWhetherToStop(const Feedback& feedback) {
    if (feedback.cancelled())
        throw CancelledForward{};
}

at::Tensor activated(at::Tensor x, Activation activation) {
    if (activation != Activation::QuickGelu)
        return plainActivation(x, activation);
    if (x.scalar_type() == at::kFloat) {
        quickGelu(x.data_ptr<float>(), static_cast<std::size_t>(x.numel()));
        return x;
    }
    at::Tensor wide = x.to(at::kFloat);
    quickGelu(wide.data_ptr<float>(), static_cast<std::size_t>(wide.numel()));
    return wide.to(x.scalar_type());
}

/// The forward pass that is used: one Transformer of the towers, without what nobody reads.
struct FastPass {
    const Transformer& tower;
    std::int64_t width = tower.width, heads = tower.heads;

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
        head.causal = tower.causal && !seen;
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
        x.add_(block.down(activated(block.up(block.norm2(x)), tower.activation)));
    }

    /// The first `count` blocks at every position: x [items * length, width], in place.
    void blocks(std::size_t count, at::Tensor& x, std::int64_t items, std::int64_t length,
                const Feedback& feedback) const {
        for (std::size_t i = 0; i < count; ++i) {
            askWhetherToStop(feedback);
            const Block& block = tower.blocks[i];
            const at::Tensor qkv = block.qkv(block.norm1(x));
            x.add_(block.out(
                attention(qkv.narrow(1, 0, width), length, qkv.narrow(1, width, 2 * width), items, length, nullptr)));
            mlp(block, x);
        }
    }

    /// All blocks at every position.
    at::Tensor all(at::Tensor x, std::int64_t items, std::int64_t length, const Feedback& feedback) const {
        blocks(tower.blocks.size(), x, items, length, feedback);
        return x;
    }

    /// x [items * length, width] -> the features [items, width] at one position of each item, before the final
    /// LayerNorm. Nothing else of the last block is computed.
    at::Tensor pooled(at::Tensor x, std::int64_t items, std::int64_t length, const std::vector<std::int64_t>& positions,
                      const Feedback& feedback) const {
        blocks(tower.blocks.size() - 1, x, items, length, feedback);
        askWhetherToStop(feedback);
        const Block& last = tower.blocks.back();
        const at::Tensor rows = at::empty({items}, at::kLong);
        for (std::int64_t item = 0; item < items; ++item)
            rows.data_ptr<std::int64_t>()[item] = item * length + positions[static_cast<std::size_t>(item)];
        const at::Tensor normed = last.norm1(x);
        const Linear query = {last.qkv.weight.narrow(0, 0, width), last.qkv.bias.narrow(0, 0, width)};
        const Linear keyValue = {last.qkv.weight.narrow(0, width, 2 * width),
                                 last.qkv.bias.narrow(0, width, 2 * width)};
        std::vector<std::int64_t> seen(positions.size(), length);
        if (tower.causal)
            std::transform(positions.begin(), positions.end(), seen.begin(), [](std::int64_t p) { return p + 1; });
        at::Tensor feature = x.index_select(0, rows);
        feature.add_(
            last.out(attention(query(normed.index_select(0, rows)), 1, keyValue(normed), items, length, &seen)));
        mlp(last, feature);
        return feature;
    }
};

/// Whether the file's own bytes are the tensor: float32, and aligned for it.
bool usedInPlace(const formats::TensorView& source) {
    return source.dtype == formats::DType::F32 &&
           reinterpret_cast<std::uintptr_t>(source.bytes.data()) % alignof(float) == 0;
}

/// A tensor of the file. The network never writes to a weight.
at::Tensor fromFile(const formats::TensorView& source) {
    if (usedInPlace(source))
        return at::from_blob(const_cast<std::byte*>(source.bytes.data()), source.shape, at::kFloat);
    at::Tensor result = at::empty(source.shape, at::kFloat);
    widen(source, 0, {result.data_ptr<float>(), static_cast<std::size_t>(result.numel())});
    return result;
}

} // namespace

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

void useOneThread() {
    at::set_num_threads(1);
}

bool readsWholeContext(const TextConfig& config) {
    return !config.causal || config.pooling.value == TextPooling::Last ||
           config.pooling.value == TextPooling::ClassToken;
}

std::size_t pooledPosition(const TextConfig& config, std::span<const int> ids) {
    if (config.pooling.value == TextPooling::Last || config.pooling.value == TextPooling::ClassToken)
        return ids.size() - 1;
    if (config.pooling.value == TextPooling::ArgMax)
        return static_cast<std::size_t>(std::max_element(ids.begin(), ids.end()) - ids.begin());
    const auto eos = std::find(ids.begin(), ids.end(), config.eosId.value);
    return eos == ids.end() ? 0 : static_cast<std::size_t>(eos - ids.begin()); // argmax of all false, as transformers
}

struct Network::Impl {
    formats::ModelFolder folder;
    at::ScalarType type = at::kFloat;

    Towers towers;
    formats::TensorView tokens; ///< widened row by row when needed: most of a small model, hardly used

    /// Gives back the pages of the mapped file whose values now lie elsewhere: joined, or in another type.
    void releaseCopied(Precision precision) const {
        const std::string table = formats::tokenTableName(folder.config);
        for (const formats::TensorRecipe& recipe : formats::tensorRecipes(folder.config))
            for (const formats::ExpectedTensor& part : recipe.parts) {
                const formats::TensorView& view = folder.weights.tensors.at(part.name);
                const bool copied = recipe.parts.size() > 1 || precision == Precision::Bf16 || !usedInPlace(view);
                if (copied && part.name != table)
                    release(view, folder.weights);
            }
    }

    /// Patches as rows [count * tokens, 3 * patch * patch], channel by channel as the convolution's weights lie. With a
    /// class token the first row of an image is zero: the position table brings it.
    at::Tensor patchRows(std::span<const float> pixels, std::size_t count) const {
        const auto size = static_cast<std::size_t>(folder.config.vision.imageSize.value);
        const auto patch = static_cast<std::size_t>(folder.config.vision.patchSize.value);
        const std::size_t grid = size / patch, rowSize = 3 * patch * patch, first = towers.classToken ? 1 : 0;
        const at::Tensor rows = at::empty(
            {static_cast<std::int64_t>(count * (first + grid * grid)), static_cast<std::int64_t>(rowSize)}, at::kFloat);
        float* to = rows.data_ptr<float>();
        for (std::size_t image = 0; image < count; ++image) {
            std::fill_n(to, first * rowSize, 0.0F);
            to += first * rowSize;
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

    /// The caller's pixels, where they lie.
    at::Tensor imageTensor(std::span<const float> pixels, std::size_t count) const {
        const std::int64_t size = folder.config.vision.imageSize.value;
        return at::from_blob(const_cast<float*>(pixels.data()), {static_cast<std::int64_t>(count), 3, size, size},
                             at::kFloat)
            .to(type);
    }

    /// A class token behind the text is computed as the papers state it: one text costs little, and its mask is one of
    /// a kind.
    at::Tensor classTokenTexts(std::span<const std::span<const int>> items) const {
        const auto context = static_cast<std::size_t>(folder.config.text.contextLength.value);
        const at::Tensor real =
            at::zeros({static_cast<std::int64_t>(items.size()), static_cast<std::int64_t>(context)}, at::kBool);
        for (std::size_t item = 0; item < items.size(); ++item)
            for (std::size_t i = 0; i < std::min(context, items[item].size()); ++i)
                real.data_ptr<bool>()[item * context + i] = items[item][i] != folder.config.text.padId;
        return towers.classTokenTexts(tokenRows(items, context), real);
    }

    struct Mlp {
        Linear first, second;
        at::Tensor operator()(const at::Tensor& x) const {
            return at::relu(at::linear(at::relu(at::linear(x, first.weight, first.bias)), second.weight, second.bias));
        }
        static Mlp of(const formats::ResidualMlp& mlp) {
            const auto copy = [](const std::vector<float>& values, const std::vector<std::int64_t>& shape) {
                return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone();
            };
            return {{copy(mlp.first, {mlp.hidden, mlp.dim}), copy(mlp.firstBias, {mlp.hidden})},
                    {copy(mlp.second, {mlp.dim, mlp.hidden}), copy(mlp.secondBias, {mlp.dim})}};
        }
    };
    at::Tensor prompts;                      ///< [count, width] or undefined
    std::optional<std::pair<Mlp, Mlp>> head; ///< of images, shared

    void storeImages(const at::Tensor& features, std::span<float> out) const {
        const at::Tensor x = features.to(at::kFloat);
        store(head ? x + head->second(head->first(x) + x) : x, out);
    }
    void storeTexts(const at::Tensor& features, std::span<float> out) const {
        const at::Tensor t = features.to(at::kFloat);
        store(head ? t + head->second(t) : t, out);
    }

    /// Token rows [items, length, width] with their positions, learned tokens before them, cut to the context; `pooled`
    /// moves along.
    at::Tensor withPrompts(const at::Tensor& rows, std::vector<std::int64_t>& pooled) const {
        if (!prompts.defined())
            return rows;
        const std::int64_t count = prompts.size(0), context = folder.config.text.contextLength.value;
        for (std::int64_t& position : pooled)
            position = std::min(position + count, context - 1);
        return at::cat({prompts.unsqueeze(0).expand({rows.size(0), count, rows.size(2)}), rows}, 1)
            .narrow(1, 0, std::min(context, count + rows.size(1)))
            .contiguous();
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
        impl.towers = Towers::build(config, [&impl](const std::string& name) {
            const formats::TensorView& view = impl.folder.weights.tensors.at(name);
            at::Tensor tensor = fromFile(view).to(impl.type);
            if (!usedInPlace(view)) // at once: the file and its copy must not lie in memory together
                release(view, impl.folder.weights);
            return tensor;
        });
        impl.tokens = impl.folder.weights.tensors.at(formats::tokenTableName(config));
        impl.releaseCopied(precision);
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
        const Towers& towers = impl.towers;
        const auto items = static_cast<std::int64_t>(count);
        if (towers.resnet) {
            impl.storeImages(
                towers.resnet->images(impl.imageTensor(pixels, count), [&] { askWhetherToStop(feedback); }), out);
            return;
        }
        const std::int64_t length = towers.visionPositions.size(0);
        at::Tensor x = towers.patches(impl.patchRows(pixels, count).to(impl.type));
        x.view({items, length, -1}).add_(towers.visionPositions);
        if (towers.visionPre.weight.defined())
            x = towers.visionPre(x);
        const FastPass pass{towers.vision};
        if (towers.pooling == ImagePooling::ClassToken)
            x = pass.pooled(x, items, length, std::vector<std::int64_t>(count, 0), feedback);
        else
            x = pass.all(x, items, length, feedback);
        impl.storeImages(towers.embedTokens(x, items), out);
    });
}

Outcome<void> Network::texts(std::span<const std::span<const int>> items, std::span<float> out,
                             const Feedback& feedback) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        askWhetherToStop(feedback);
        const TextConfig& config = impl.folder.config.text;
        if (config.pooling.value == TextPooling::ClassToken) {
            impl.storeTexts(impl.classTokenTexts(items), out);
            return;
        }
        std::vector<std::int64_t> positions;
        for (const std::span<const int> ids : items)
            positions.push_back(static_cast<std::int64_t>(pooledPosition(config, ids)));
        // Where attention is causal nothing behind the pooled position can change the feature.
        std::int64_t length = readsWholeContext(config) ? config.contextLength.value
                                                        : *std::max_element(positions.begin(), positions.end()) + 1;
        const auto count = static_cast<std::int64_t>(items.size());
        at::Tensor x = impl.tokenRows(items, static_cast<std::size_t>(length));
        x.add_(impl.towers.textPositions.narrow(0, 0, length));
        x = impl.withPrompts(x, positions);
        length = x.size(1);
        x = FastPass{impl.towers.text}.pooled(x.view({count * length, -1}), count, length, positions, feedback);
        impl.storeTexts(impl.towers.embedText(impl.towers.textFinal(x)), out);
    });
}

Outcome<void> Network::plainImages(std::span<const float> pixels, std::size_t count, std::span<float> out) const {
    const Impl& impl = *m_impl;
    return guarded([&] { impl.storeImages(impl.towers.plainImages(impl.imageTensor(pixels, count)), out); });
}

Outcome<void> Network::plainTexts(std::span<const std::span<const int>> items, std::span<float> out) const {
    const Impl& impl = *m_impl;
    return guarded([&] {
        const TextConfig& config = impl.folder.config.text;
        if (config.pooling.value == TextPooling::ClassToken) {
            impl.storeTexts(impl.classTokenTexts(items), out);
            return;
        }
        std::vector<std::int64_t> pooled;
        for (const std::span<const int> ids : items)
            pooled.push_back(static_cast<std::int64_t>(pooledPosition(config, ids)));
        const auto context = static_cast<std::size_t>(config.contextLength.value);
        const at::Tensor rows = impl.withPrompts(impl.tokenRows(items, context) + impl.towers.textPositions, pooled);
        impl.storeTexts(impl.towers.plainPlacedTexts(rows, at::tensor(pooled)), out);
    });
}

Result<void> Network::usePromptArray(const formats::PromptArray& prompts) {
    const TextConfig& config = m_impl->folder.config.text;
    const auto wrong = [](std::string value, std::string expected) {
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the prompt array"}, {"value", std::move(value)}, {"expected", std::move(expected)}});
    };
    if (prompts.width != config.width.value)
        return wrong(std::to_string(prompts.width) + " numbers a token",
                     std::to_string(config.width.value) + ", the width of this text tower");
    if (readsWholeContext(config))
        return wrong("learned tokens", "a text tower whose feature is that of the text's end");
    if (prompts.count >= config.contextLength.value)
        return wrong(std::to_string(prompts.count) + " tokens",
                     "fewer than the context of " + std::to_string(config.contextLength.value));
    m_impl->prompts =
        at::from_blob(const_cast<float*>(prompts.values.data()), {prompts.count, prompts.width}, at::kFloat)
            .to(m_impl->type, false, true);
    return {};
}

Result<void> Network::useResidualHead(const formats::ResidualHead& head) {
    if (static_cast<std::size_t>(head.shared.dim) != dim())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the residual head"},
                     {"value", "embeddings of " + std::to_string(head.shared.dim) + " numbers"},
                     {"expected", std::to_string(dim()) + ", as this model gives them"}});
    m_impl->head.emplace(Impl::Mlp::of(head.image), Impl::Mlp::of(head.shared));
    return {};
}

} // namespace plumbline::clip
