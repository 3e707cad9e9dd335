// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/file_index.h"

#include <system_error>
#include <utility>

namespace plumbline::formats {

namespace fs = std::filesystem;

namespace {

/// The folder part (without its last '/') and the name.
std::pair<std::string_view, std::string_view> split(std::string_view relative) {
    const std::size_t slash = relative.rfind('/');
    if (slash == std::string_view::npos)
        return {{}, relative};
    return {relative.substr(0, slash), relative.substr(slash + 1)};
}

} // namespace

FileIndex::FileIndex(const std::vector<std::string>& files) {
    for (const std::string& file : files) {
        const auto [folder, name] = split(file);
        m_folders[std::string(folder)].emplace(name, false);
    }
}

FileIndex::Folder& FileIndex::folder(std::string_view relative) {
    const auto [entry, isNew] = m_folders.try_emplace(std::string(relative));
    if (isNew && !m_root.empty()) {
        std::error_code error;
        for (fs::directory_iterator it(m_root / relative, error), end; !error && it != end; it.increment(error)) {
            std::error_code unknown;
            if (it->is_regular_file(unknown))
                entry->second.emplace(it->path().filename().native(), false);
        }
    }
    return entry->second;
}

bool* FileIndex::find(const std::string& relative) {
    const auto [in, name] = split(relative);
    Folder& files = folder(in);
    const auto found = files.find(std::string(name));
    return found == files.end() ? nullptr : &found->second;
}

bool FileIndex::take(const std::string& relative) {
    bool* taken = find(relative);
    return taken && !std::exchange(*taken, true);
}

bool FileIndex::taken(const std::string& relative) {
    const bool* taken = find(relative);
    return taken && *taken;
}

} // namespace plumbline::formats
