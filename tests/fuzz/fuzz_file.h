// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace plumbline::fuzz {

/// A file for readers that take a path: the same one in a folder of this process, written anew for each input.
/// Not inline: where several targets are in one program, each has its own folder.
static std::filesystem::path inputFile(const char* name, const std::uint8_t* data, std::size_t size) {
    struct Folder {
        Folder() {
            std::string pattern = (std::filesystem::temp_directory_path() / "plumbline-fuzz-XXXXXX").string();
            if (!mkdtemp(pattern.data()))
                std::abort();
            path = pattern;
        }
        ~Folder() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
        Folder(const Folder&) = delete;
        Folder& operator=(const Folder&) = delete;
        std::filesystem::path path;
    };
    static const Folder folder;
    std::ofstream(folder.path / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    return folder.path / name;
}

} // namespace plumbline::fuzz
