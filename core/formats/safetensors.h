// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/formats/mapped_file.h"

namespace plumbline::formats {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };
std::size_t dtypeSize(DType dtype);
std::string_view dtypeName(DType dtype); ///< "float16", ...

/// A tensor inside a mapped file: shape in elements, bytes little-endian, row-major.
struct TensorView {
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
    std::int64_t elements() const;
};

/// Named tensors and what keeps their bytes mapped.
struct Weights {
    std::map<std::string, TensorView> tensors;
    std::vector<MappedFile> files;
    std::vector<std::filesystem::path> paths;
};

/// Reads a .safetensors file: header length, JSON, dtypes, shapes and offsets are checked with overflow-safe
/// arithmetic; names must be unique, ranges must not overlap and must cover the data exactly (the format's rule).
/// Header limit 100 MB. Errors: FileNotFound, FileUnreadable, WeightsInvalid.
Result<Weights> readSafetensors(const std::filesystem::path& path);

/// Writes float32 tensors (tests, later exports). Errors: FileUnwritable, DiskFull.
struct TensorToWrite {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
};
Result<void> writeSafetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors);

} // namespace plumbline::formats
