// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/canonical.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/hash.h"
#include "core/formats/model_tensors.h"

namespace plumbline::clip {

namespace {

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

void release(const formats::TensorView& view, const formats::Weights& weights) {
    for (const formats::MappedFile& file : weights.files)
        file.release(view.bytes);
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
                std::vector<float> all(count);
                widen(view, 0, all);
                const auto rows = static_cast<std::size_t>(tensor.shape[0]);
                const auto columns = static_cast<std::size_t>(tensor.shape[1]);
                values.resize(count);
                for (std::size_t r = 0; r < rows; ++r)
                    for (std::size_t c = 0; c < columns; ++c)
                        values[r * columns + c] = all[c * rows + r];
                hash.add(values.data(), count * sizeof(float));
                release(view, weights);
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
