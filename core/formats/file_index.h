// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plumbline::formats {

/// Which files exist under a folder, asked by relative path. Each folder is listed once, when it is first asked about,
/// so that a million questions cost no million system calls.
class FileIndex {
public:
    explicit FileIndex(std::filesystem::path root) : m_root(std::move(root)) {}
    /// Of a list of relative paths instead of the disk.
    explicit FileIndex(const std::vector<std::string>& files);

    /// True if the path names a file (or a link to one).
    bool exists(const std::string& relative) { return find(relative) != nullptr; }
    /// Marks an existing file as taken; false if it was taken before.
    bool take(const std::string& relative);
    bool taken(const std::string& relative);

private:
    using Folder = std::unordered_map<std::string, bool>; ///< name -> taken

    bool* find(const std::string& relative);
    Folder& folder(std::string_view relative);

    std::filesystem::path m_root; ///< empty: what is not in m_folders does not exist
    std::unordered_map<std::string, Folder> m_folders;
};

} // namespace plumbline::formats
