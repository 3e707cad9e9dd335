// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/clip: shows LibTorch.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/clip/linear.h"
#include "core/data/model_info.h"

namespace plumbline::clip {

/// CLIP's modified ResNet (Radford et al. 2021, appendix; openai/CLIP, model.py: ModifiedResNet): a stem of three
/// convolutions, average pooling before every stride, and attention pooling with the mean as its query.
struct ResNet {
    /// A convolution without bias and its batch normalisation, which is a scale and a shift a channel once trained.
    struct Convolution {
        at::Tensor weight;       ///< [out, in, kernel, kernel]
        at::Tensor scale, shift; ///< [out, 1, 1]
        std::int64_t stride = 1, padding = 0;
        at::Tensor operator()(const at::Tensor& x) const;
    };
    struct Bottleneck {
        Convolution first, second, third;
        Convolution shortcut;    ///< undefined weight: the input itself
        std::int64_t stride = 1; ///< of an average pooling before the third convolution and the shortcut
    };

    std::array<Convolution, 3> stem;
    std::vector<Bottleneck> blocks;
    at::Tensor positions; ///< [1 + grid * grid, channels]
    Linear query, key, value, out;
    std::int64_t heads = 1;

    /// `tensor` gives a tensor by its canonical name.
    static ResNet build(const VisionConfig& config, const std::function<at::Tensor(const std::string&)>& tensor);

    /// pixels [n, 3, size, size] -> raw embeddings [n, dim]; `ask` is called between blocks and may throw.
    at::Tensor images(const at::Tensor& pixels, const std::function<void()>& ask) const;
};

} // namespace plumbline::clip
