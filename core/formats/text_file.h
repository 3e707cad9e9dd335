// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace plumbline::formats {

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, FileCloser>;

/// Opens a regular file to read its bytes. Errors: FileNotFound, FileUnreadable (also for a folder).
Result<FileHandle> openFile(const std::filesystem::path& path);

/// All bytes of a file of at most `limit` bytes. Errors: FileNotFound, FileUnreadable.
Result<std::string> readFile(const std::filesystem::path& path, std::size_t limit);

/// Writes a whole file under another name and renames it, so that a stop leaves the old one or the new one.
/// Errors: FileUnwritable, DiskFull.
Result<void> writeFile(const std::filesystem::path& path, std::string_view bytes);

/// Makes a folder and what leads to it; one that is there is fine. Errors: FileUnwritable.
Result<void> makeFolder(const std::filesystem::path& folder);

/// FileUnreadable with the system's reason.
tl::unexpected<Error> unreadable(const std::filesystem::path& path, int errnoValue);

} // namespace plumbline::formats
