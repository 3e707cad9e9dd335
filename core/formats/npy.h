// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/data/embeddings.h"

namespace plumbline::formats {

/// A NumPy array as float32 (float16, float32 and float64 are converted), C order.
struct NpyArray {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};
/// Versions 1 to 3, little-endian, C order. Errors: FileNotFound, FileUnreadable, NpyInvalid.
Result<NpyArray> readNpy(const std::filesystem::path& path);
/// The same without narrowing float64, for arrays that are computed with.
struct NpyDoubles {
    std::vector<std::int64_t> shape;
    std::vector<double> values;
};
Result<NpyDoubles> readNpyDoubles(const std::filesystem::path& path);
/// Writes float64 values; the product of `shape` is their number. The file appears whole under its name or not at all.
/// Errors: FileUnwritable, DiskFull.
Result<void> writeNpyDoubles(const std::filesystem::path& path, std::span<const std::int64_t> shape,
                             std::span<const double> values);

/// The header only: shape and the offset of the data, so that a large [N,3,H,W] file can be read in parts.
struct NpyHeader {
    std::vector<std::int64_t> shape;
    std::string descr; ///< "<f4"
    std::size_t dataOffset = 0;
};
Result<NpyHeader> readNpyHeader(const std::filesystem::path& path);

/// Writes a float32 matrix row by row, so that N need not fit in memory; the header is completed by finish().
/// The file appears under its name only after finish() (written beside it and renamed).
class NpyWriter {
public:
    static Result<NpyWriter> create(const std::filesystem::path& path, std::size_t dim);
    Result<void> append(std::span<const float> rows); ///< a multiple of dim values
    Result<void> finish();
    NpyWriter(NpyWriter&&) = default;
    NpyWriter& operator=(NpyWriter&&) = default;
    ~NpyWriter(); ///< removes the unfinished file

private:
    NpyWriter() = default;
    std::filesystem::path m_path, m_part;
    std::ofstream m_out;
    std::size_t m_dim = 0, m_rows = 0;
};

} // namespace plumbline::formats
