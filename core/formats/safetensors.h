// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/formats/weights.h"

namespace plumbline::formats {

/// True if the file begins as a safetensors file does: a length, then the brace of its header.
bool looksLikeSafetensors(const std::filesystem::path& path);

/// Reads a .safetensors file: header length, JSON, dtypes, shapes and offsets are checked with overflow-safe
/// arithmetic; names must be unique, ranges must not overlap and must cover the data exactly (the format's rule).
/// Limits: a header of 16 MB, 50,000 tensors. Errors: FileNotFound, FileUnreadable, WeightsInvalid.
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
