// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/resnet.h"

#include <cmath>

namespace plumbline::clip {

at::Tensor ResNet::Convolution::operator()(const at::Tensor& x) const {
    return at::addcmul(shift, at::conv2d(x, weight, {}, stride, padding), scale);
}

ResNet ResNet::build(const VisionConfig& config, const std::function<at::Tensor(const std::string&)>& tensor) {
    const auto convolution = [&](const std::string& name, const std::string& norm, std::int64_t stride,
                                 std::int64_t padding) {
        const auto part = [&](const char* of) { return tensor(norm + of).to(at::kDouble); };
        const at::Tensor scale = part(".weight") / at::sqrt(part(".running_var") + config.layerNormEps.value);
        const at::Tensor shift = part(".bias") - part(".running_mean") * scale;
        const at::Tensor weight = tensor(name + ".weight");
        const auto channels = [&](const at::Tensor& values) {
            return values.to(weight.scalar_type()).view({-1, 1, 1});
        };
        return Convolution{weight, channels(scale), channels(shift), stride, padding};
    };
    ResNet net;
    for (std::size_t i = 0; i < net.stem.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        net.stem[i] = convolution("visual.conv" + number, "visual.bn" + number, i == 0 ? 2 : 1, 1);
    }
    for (std::size_t stage = 0; stage < config.stages.size(); ++stage)
        for (int i = 0; i < config.stages[stage]; ++i) {
            const std::string name = "visual.layer" + std::to_string(stage + 1) + "." + std::to_string(i);
            Bottleneck block;
            block.first = convolution(name + ".conv1", name + ".bn1", 1, 0);
            block.second = convolution(name + ".conv2", name + ".bn2", 1, 1);
            block.third = convolution(name + ".conv3", name + ".bn3", 1, 0);
            block.stride = stage > 0 && i == 0 ? 2 : 1;
            if (i == 0)
                block.shortcut = convolution(name + ".downsample.0", name + ".downsample.1", 1, 0);
            net.blocks.push_back(std::move(block));
        }
    const std::string pool = "visual.attnpool.";
    const auto linear = [&](const char* name) {
        return Linear{tensor(pool + name + ".weight"), tensor(pool + name + ".bias")};
    };
    net.positions = tensor(pool + "positional_embedding");
    net.query = linear("q_proj");
    net.key = linear("k_proj");
    net.value = linear("v_proj");
    net.out = linear("c_proj");
    net.heads = config.heads.value;
    return net;
}

at::Tensor ResNet::images(const at::Tensor& pixels, const std::function<void()>& ask) const {
    at::Tensor x = pixels;
    for (const Convolution& convolution : stem)
        x = at::relu(convolution(x));
    x = at::avg_pool2d(x, 2);
    for (const Bottleneck& block : blocks) {
        ask();
        at::Tensor y = at::relu(block.first(x));
        y = at::relu(block.second(y));
        if (block.stride > 1)
            y = at::avg_pool2d(y, block.stride);
        y = block.third(y);
        if (block.shortcut.weight.defined())
            x = block.shortcut(block.stride > 1 ? at::avg_pool2d(x, block.stride) : x);
        x = at::relu(y + x);
    }
    const std::int64_t items = x.size(0), channels = x.size(1), headWidth = channels / heads;
    x = x.flatten(2).transpose(1, 2); // [items, grid * grid, channels]
    x = at::cat({x.mean(1, true), x}, 1) + positions;
    const auto split = [&](const at::Tensor& rows) { // [items, heads, length, headWidth]
        return rows.view({items, -1, heads, headWidth}).transpose(1, 2);
    };
    const at::Tensor q = split(at::linear(x.narrow(1, 0, 1), query.weight, query.bias));
    const at::Tensor k = split(at::linear(x, key.weight, key.bias));
    const at::Tensor v = split(at::linear(x, value.weight, value.bias));
    const at::Tensor scores = at::matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
    const at::Tensor mixed = at::matmul(at::softmax(scores, -1), v).transpose(1, 2).reshape({items, channels});
    return at::linear(mixed, out.weight, out.bias);
}

} // namespace plumbline::clip
