// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/mapped_file.h"

namespace plumbline::formats {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };
std::size_t dtypeSize(DType dtype);
std::string_view dtypeName(DType dtype); ///< "float16", ...

/// A tensor inside a mapped file or a buffer: shape in elements, bytes little-endian, row-major, not necessarily
/// aligned.
struct TensorView {
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
    std::int64_t elements() const;
};

/// Elements first..first+to.size() of a float32, float16 or bfloat16 tensor as float32; exact. Other types give zeros.
void widen(const TensorView& view, std::size_t first, std::span<float> to);

/// A tensor that does not lie in one piece, and has no bytes before it is gathered: where its numbers lie in a storage.
/// Counted in elements; every number lies within the storage.
struct ScatteredTensor {
    std::string name;
    std::span<const std::byte> storage;
    std::uint64_t offset = 0;
    std::vector<std::uint64_t> strides;
};

/// Named tensors and what keeps their bytes in memory.
struct Weights {
    std::map<std::string, TensorView> tensors;
    std::vector<ScatteredTensor> scattered; ///< until `gather` was called
    std::vector<MappedFile> files;
    std::vector<std::filesystem::path> paths;
    std::vector<std::shared_ptr<const std::vector<std::byte>>> buffers; ///< tensors that no file holds in one piece
};

constexpr std::size_t kRankLimit = 16; ///< dimensions of a tensor, in any format

/// The bytes of a tensor of that shape, or nothing where it leaves int64 (tensor arithmetic everywhere else is signed).
std::optional<std::uint64_t> tensorBytes(std::span<const std::uint64_t> shape, std::size_t elementSize);

/// Copies the tensors that do not lie in one piece. Apart from reading, so that gigabytes are copied only once the
/// names and shapes of a file are known to be those of a model. Errors: OutOfMemory.
Result<void> gather(Weights& weights);

/// A name from a file as it may stand in a message: UTF-8 without control characters, and cut where it is long, since a
/// hostile one can be as long as the file.
std::string shownName(std::string_view name);

} // namespace plumbline::formats
