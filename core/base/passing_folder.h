// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/error.h"

namespace plumbline {

/// A new folder among the system's temporary files that is gone again, with all that is in it, with the object.
class PassingFolder {
public:
    /// Error: FileUnwritable.
    static Result<PassingFolder> create();
    PassingFolder(PassingFolder&& other) noexcept;
    PassingFolder& operator=(PassingFolder&& other) noexcept;
    ~PassingFolder();

    const std::filesystem::path& path() const { return m_path; }

private:
    PassingFolder() = default;
    std::filesystem::path m_path; ///< empty: moved from
};

} // namespace plumbline
