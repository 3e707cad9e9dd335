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

private:
    struct Mapping;
    std::shared_ptr<const Mapping> m_mapping;
};

} // namespace plumbline::formats
