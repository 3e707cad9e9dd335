// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/text_file.h"

#include <array>
#include <cerrno>
#include <system_error>

#include "core/base/path.h"

namespace plumbline::formats {

tl::unexpected<Error> unreadable(const std::filesystem::path& path, int errnoValue) {
    return fail(ErrorCode::FileUnreadable,
                {{"path", encodePath(path)}, {"reason", std::generic_category().message(errnoValue)}});
}

Result<FileHandle> openFile(const std::filesystem::path& path) {
    FileHandle file(std::fopen(path.c_str(), "rb"));
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
        return unreadable(path, errno);
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) // fopen opens folders, too
        return unreadable(path, EISDIR);
    return file;
}

Result<std::string> readFile(const std::filesystem::path& path, std::size_t limit) {
    PLUMBLINE_TRY(const FileHandle file, openFile(path));
    std::string text;
    std::array<char, 1 << 16> piece;
    while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
        if (text.size() + n > limit)
            return fail(
                ErrorCode::FileUnreadable,
                {{"path", encodePath(path)}, {"reason", "it is larger than " + std::to_string(limit >> 20) + " MiB"}});
        text.append(piece.data(), n);
    }
    if (std::ferror(file.get()))
        return unreadable(path, errno);
    return text;
}

Result<void> makeFolder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(ErrorCode::FileUnwritable, {{"path", encodePath(folder)}, {"reason", error.message()}});
    return {};
}

Result<void> writeFile(const std::filesystem::path& path, std::string_view bytes) {
    std::filesystem::path part = path;
    part += ".part";
    const auto failed = [&](int code) {
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
        if (code == ENOSPC)
            return fail(ErrorCode::DiskFull, {{"path", encodePath(path)}});
        return fail(ErrorCode::FileUnwritable,
                    {{"path", encodePath(path)}, {"reason", std::generic_category().message(code)}});
    };
    FileHandle file(std::fopen(part.c_str(), "wb"));
    if (!file)
        return failed(errno);
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fclose(file.release()) != 0)
        return failed(errno);
    std::error_code error;
    std::filesystem::rename(part, path, error);
    if (error)
        return failed(error.value());
    return {};
}

} // namespace plumbline::formats
