// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/canonical.h"

#include <algorithm>

#include "core/base/hash.h"

namespace plumbline::clip {

namespace {

/// The numbers of a tensor's only part in the order of its canonical shape.
std::vector<float> transposed(const std::vector<float>& stored, const formats::TensorRecipe& tensor) {
    const auto rows = static_cast<std::size_t>(tensor.shape[0]);
    const auto columns = static_cast<std::size_t>(tensor.shape[1]);
    std::vector<float> values(stored.size());
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
            values[r * columns + c] = stored[c * rows + r];
    return values;
}

} // namespace

void release(const formats::TensorView& view, const formats::Weights& weights) {
    for (const formats::MappedFile& file : weights.files)
        file.release(view.bytes);
}

std::vector<float> canonicalValues(const formats::TensorRecipe& tensor, const formats::Weights& weights) {
    std::vector<float> values;
    for (const formats::ExpectedTensor& part : tensor.parts) {
        const formats::TensorView& view = weights.tensors.at(part.name);
        const std::size_t at = values.size();
        values.resize(at + static_cast<std::size_t>(view.elements()));
        widen(view, 0, std::span(values).subspan(at));
        release(view, weights);
    }
    return tensor.transposed ? transposed(values, tensor) : values;
}

Outcome<std::string> tensorsSha256(const ModelConfig& config, const formats::Weights& weights, Feedback& feedback) {
    constexpr std::size_t kChunk = std::size_t{1} << 20U;
    Sha256 hash;
    std::vector<float> values;
    for (const formats::TensorRecipe& tensor : formats::tensorRecipes(config)) {
        std::string head = tensor.name;
        for (const std::int64_t size : tensor.shape)
            head += ' ' + std::to_string(size);
        hash.add(head + '\n');
        for (const formats::ExpectedTensor& part : tensor.parts) {
            const formats::TensorView& view = weights.tensors.at(part.name);
            const auto count = static_cast<std::size_t>(view.elements());
            if (tensor.transposed) {
                values = canonicalValues(tensor, weights);
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
            release(view, weights);
        }
    }
    return hash.hex();
}

} // namespace plumbline::clip
