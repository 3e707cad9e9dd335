// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "core/base/error.h"

namespace plumbline::formats {

/// An entry of a zip archive, where it lies in the archive.
struct ZipEntry {
    std::span<const std::byte> bytes; ///< as stored; the content itself where `stored`
    std::uint32_t crc = 0;            ///< of the content; 0 where the writer did not compute one
    bool stored = false;              ///< not compressed
};
using ZipDirectory = std::map<std::string_view, ZipEntry>; ///< names and contents are views into the archive

/// Reads the central directory, classic or zip64. Refused: encrypted entries, archives in several parts, names that are
/// absolute, lead upwards, occur twice or have more than
/// 4096 bytes, entries that overlap or lie outside the archive, a stored entry of two sizes,
/// more than 50,000 entries, a directory of more than 16 MB. Nothing is decompressed and no checksum is compared.
/// Errors: a sentence part for "{reason}".
tl::expected<ZipDirectory, std::string> readZipDirectory(std::span<const std::byte> archive);

/// CRC-32 as zip uses it.
std::uint32_t zipChecksum(std::span<const std::byte> bytes);

} // namespace plumbline::formats
