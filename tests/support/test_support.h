// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace plumbline::test {

/// The reference data beside the checkout (../shared); empty where it is missing.
std::filesystem::path shared();
/// The repository and the build folder.
std::filesystem::path sourceFolder();
std::filesystem::path binaryFolder();

/// A folder of its own for a test, removed with the object.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    const std::filesystem::path& path() const { return m_path; }
    std::filesystem::path operator/(std::string_view name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

std::string readText(const std::filesystem::path& path);
void writeText(const std::filesystem::path& path, std::string_view text);

} // namespace plumbline::test

/// Skips the current test function, and says so, where the reference data is missing.
#define PLUMBLINE_NEEDS_SHARED()                                                                                       \
    do {                                                                                                               \
        if (plumbline::test::shared().empty())                                                                         \
            QSKIP("needs the reference data in ../shared, which is not here");                                         \
    } while (false)
