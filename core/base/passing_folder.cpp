// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/passing_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace plumbline {

Result<PassingFolder> PassingFolder::create() {
    std::string name = (std::filesystem::temp_directory_path() / "plumbline-XXXXXX").string();
    if (!::mkdtemp(name.data()))
        return fail(ErrorCode::FileUnwritable, {{"path", name}, {"reason", std::strerror(errno)}});
    PassingFolder folder;
    folder.m_path = name;
    return folder;
}

PassingFolder::PassingFolder(PassingFolder&& other) noexcept : m_path(std::exchange(other.m_path, {})) {
}

PassingFolder& PassingFolder::operator=(PassingFolder&& other) noexcept {
    std::swap(m_path, other.m_path);
    return *this;
}

PassingFolder::~PassingFolder() {
    std::error_code ignored;
    if (!m_path.empty())
        std::filesystem::remove_all(m_path, ignored);
}

} // namespace plumbline
