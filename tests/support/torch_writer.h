// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/safetensors.h"

namespace plumbline::test {

/// How a state dict lies in the file that torch.save writes.
struct TorchLayout {
    bool parameters = false;           ///< each tensor is an nn.Parameter
    std::vector<std::string> wrappers; ///< keys around it, outermost first, with the rest of a training's state beside
    std::string prefix;                ///< before each name, e.g. "module."
};

/// What PyTorch's own functions write, as PyTorch reads it. Throw std::runtime_error where the file cannot be written.
void writeTorchZip(const std::filesystem::path& path, std::span<const formats::TensorToWrite> tensors,
                   const TorchLayout& layout = {});
void writeTorchLegacy(const std::filesystem::path& path, std::span<const formats::TensorToWrite> tensors,
                      const TorchLayout& layout = {});
/// A module tree by the dots of the names; integer tensors are buffers.
void writeTorchScript(const std::filesystem::path& path, std::span<const formats::TensorToWrite> tensors);

/// A pickle, instruction by instruction, for files that PyTorch would not write.
class PickleText {
public:
    /// In the legacy form a persistent id also says whether its storage is a part of another.
    explicit PickleText(bool legacy = false) : m_legacy(legacy), m_bytes("\x80\x02") {}
    PickleText& raw(std::string_view instructions);
    PickleText& text(std::string_view value);
    PickleText& integer(std::int64_t value);
    PickleText& global(std::string_view module, std::string_view name);
    PickleText& sizes(std::span<const std::int64_t> values); ///< a tuple
    /// A contiguous tensor from the first number of a storage, or a view of any kind.
    PickleText& tensor(std::string_view key, formats::DType dtype, std::int64_t stored,
                       std::span<const std::int64_t> shape);
    PickleText& tensor(std::string_view key, formats::DType dtype, std::int64_t stored, std::int64_t offset,
                       std::span<const std::int64_t> shape, std::span<const std::int64_t> strides);
    std::string done() const { return m_bytes + '.'; }

private:
    bool m_legacy;
    std::string m_bytes;
};

/// An entry of a zip archive; what is set differs from what the bytes would have.
struct ZipPart {
    std::string name, bytes;
    std::uint16_t method = 0, flags = 0;
    std::optional<std::uint32_t> crc;
    std::optional<std::uint64_t> offset, size; ///< of the directory
    std::optional<std::string> localName;
};
/// Stored, each content at a multiple of 64 as torch does it.
std::string zipArchive(std::span<const ZipPart> parts, bool zip64 = false);

} // namespace plumbline::test
