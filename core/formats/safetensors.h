// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/formats/weights.h"

namespace plumbline::formats {

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
