// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_support.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace plumbline::test {

namespace fs = std::filesystem;

fs::path sourceFolder() { return PLUMBLINE_SOURCE_DIR; }
fs::path binaryFolder() { return PLUMBLINE_BINARY_DIR; }

fs::path shared() {
    const fs::path folder = sourceFolder().parent_path() / "shared";
    std::error_code ignored;
    return fs::exists(folder / "fixtures" / "README.md", ignored) ? folder : fs::path();
}

TempFolder::TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "plumbline-test-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("cannot create a temporary folder");
    m_path = pattern;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

std::string readText(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error("cannot read " + path.string());
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
}

void writeText(const fs::path& path, std::string_view text) {
    std::ofstream out(path, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!out)
        throw std::runtime_error("cannot write " + path.string());
}

} // namespace plumbline::test
