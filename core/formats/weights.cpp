// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <new>

#include "core/base/path.h"

namespace plumbline::formats {

static_assert(std::endian::native == std::endian::little, "tensors are used in place, as little-endian values");

namespace {

struct TypeEntry {
    DType dtype;
    std::string_view name;
    std::size_t size;
};
constexpr std::array kTypes = {
    TypeEntry{DType::F64, "float64", 8},   TypeEntry{DType::F32, "float32", 4}, TypeEntry{DType::F16, "float16", 2},
    TypeEntry{DType::BF16, "bfloat16", 2}, TypeEntry{DType::I64, "int64", 8},   TypeEntry{DType::I32, "int32", 4},
    TypeEntry{DType::I16, "int16", 2},     TypeEntry{DType::I8, "int8", 1},     TypeEntry{DType::U8, "uint8", 1},
    TypeEntry{DType::Bool, "bool", 1},
};

const TypeEntry& entryOf(DType dtype) {
    return *std::find_if(kTypes.begin(), kTypes.end(), [dtype](const TypeEntry& e) { return e.dtype == dtype; });
}

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

void copyRowMajor(const ScatteredTensor& from, std::span<const std::uint64_t> shape, std::size_t elementSize,
                  std::span<std::byte> to) {
    std::vector<std::uint64_t> place(shape.size());
    std::uint64_t source = from.offset;
    for (std::size_t written = 0; written < to.size(); written += elementSize) {
        std::memcpy(to.data() + written, from.storage.data() + source * elementSize, elementSize);
        for (std::size_t d = place.size(); d-- > 0;) {
            source += from.strides[d];
            if (++place[d] < shape[d])
                break;
            source -= shape[d] * from.strides[d];
            place[d] = 0;
        }
    }
}

} // namespace

std::size_t dtypeSize(DType dtype) {
    return entryOf(dtype).size;
}
std::string_view dtypeName(DType dtype) {
    return entryOf(dtype).name;
}

std::int64_t TensorView::elements() const {
    return static_cast<std::int64_t>(bytes.size() / dtypeSize(dtype));
}

std::optional<std::uint64_t> tensorBytes(std::span<const std::uint64_t> shape, std::size_t elementSize) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    std::uint64_t bytes = elementSize;
    // Zero first: an empty tensor may have any other sizes, but each must still be a size.
    const bool empty = std::find(shape.begin(), shape.end(), 0U) != shape.end();
    for (const std::uint64_t size : shape) {
        if (size > kMost)
            return std::nullopt;
        if (!empty && size > kMost / bytes)
            return std::nullopt;
        if (!empty)
            bytes *= size;
    }
    return empty ? 0 : bytes;
}

Result<void> gather(Weights& weights) {
    for (const ScatteredTensor& tensor : weights.scattered) {
        TensorView& view = weights.tensors.at(tensor.name);
        const std::vector<std::uint64_t> shape(view.shape.begin(), view.shape.end());
        const std::size_t elementSize = dtypeSize(view.dtype);
        const std::uint64_t bytes = tensorBytes(shape, elementSize).value();
        try {
            auto buffer = std::make_shared<std::vector<std::byte>>(bytes);
            copyRowMajor(tensor, shape, elementSize, *buffer);
            view.bytes = *buffer;
            weights.buffers.push_back(std::move(buffer));
        } catch (const std::bad_alloc&) {
            return fail(ErrorCode::OutOfMemory, {{"what", "the weights"}, {"bytes", std::to_string(bytes)}});
        }
    }
    weights.scattered.clear();
    return {};
}

std::string shownName(std::string_view name) {
    constexpr std::size_t kLongest = 200;
    std::size_t end = std::min(kLongest, name.size());
    while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U)
        --end; // not inside a UTF-8 character
    std::string text;
    for (const char letter : encodeName(name.substr(0, end)))
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) // would steer a terminal
            text += "\uFFFD";
        else
            text += letter;
    return end < name.size() ? text + "…" : text;
}

void widen(const TensorView& view, std::size_t first, std::span<float> to) {
    const std::byte* from = view.bytes.data() + first * dtypeSize(view.dtype);
    switch (view.dtype) {
    case DType::F32:
        std::memcpy(to.data(), from, to.size_bytes());
        return;
    case DType::F16:
        widen16(from, to, fromHalf);
        return;
    case DType::BF16:
        widen16(from, to, fromBfloat);
        return;
    default:
        std::fill(to.begin(), to.end(), 0.0F);
        return; // refused by readModelFolder
    }
}

} // namespace plumbline::formats
