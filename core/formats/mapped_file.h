// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/error.h"

namespace plumbline::formats {

/// A whole file as read-only memory, unmapped with the last copy. Errors: FileNotFound, FileUnreadable.
class MappedFile {
public:
    static Result<MappedFile> open(const std::filesystem::path& path);
    std::span<const std::byte> bytes() const;
    /// Gives back the memory of those pages that lie wholly within the part, if it is one of this file's. They are read
    /// from the disk again when they are looked at again.
    void release(std::span<const std::byte> part) const;

private:
    struct Mapping;
    std::shared_ptr<const Mapping> m_mapping;
};

} // namespace plumbline::formats
