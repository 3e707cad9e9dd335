// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/text_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "core/base/path.h"

namespace plumbline::formats {

tl::unexpected<Error> unreadable(const std::filesystem::path& path, int errnoValue) {
    return fail(ErrorCode::FileUnreadable,
                {{"path", encodePath(path)}, {"reason", std::generic_category().message(errnoValue)}});
}

Result<FileHandle> openFile(const std::filesystem::path& path) {
    // O_NONBLOCK: a named pipe in a hostile folder must not hang us; the check for a regular file follows.
    const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FileHandle file(number < 0 ? nullptr : ::fdopen(number, "rb"));
    if (!file) {
        const int error = errno;
        if (number >= 0)
            ::close(number);
        if (error == ENOENT || error == ENOTDIR)
            return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
        return unreadable(path, error);
    }
    struct stat status {};
    if (::fstat(number, &status) != 0)
        return unreadable(path, errno);
    if (S_ISDIR(status.st_mode))
        return unreadable(path, EISDIR);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", encodePath(path)}, {"reason", "it is not a regular file"}});
    return file;
}

Result<std::string> readFile(const std::filesystem::path& path, std::size_t limit) {
    PLUMBLINE_TRY(const FileHandle file, openFile(path));
    const auto tooLarge = [&] {
        return fail(
            ErrorCode::FileUnreadable,
            {{"path", encodePath(path)}, {"reason", "it is larger than " + std::to_string(limit >> 20) + " MiB"}});
    };
    std::string text;
    // The size that the system tells saves reading what would be refused, and growing; files of /proc have none.
    if (struct stat status{}; ::fstat(::fileno(file.get()), &status) == 0 && status.st_size > 0) {
        if (static_cast<std::uint64_t>(status.st_size) > limit)
            return tooLarge();
        text.reserve(static_cast<std::size_t>(status.st_size));
    }
    std::array<char, 1 << 16> piece;
    while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
        if (text.size() + n > limit)
            return tooLarge();
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
