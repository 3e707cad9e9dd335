// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/decode.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/path.h"
#include "core/image/source.h"

namespace plumbline::image {

namespace {

/// No photograph is larger; keeps a mislabelled archive of many gigabytes from being read into memory.
constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 30;
constexpr std::size_t kSniffBytes = 16;

using DecodeFunction = Result<Decoded> (*)(const Source&);

/// By content: extensions lie.
DecodeFunction sniff(std::span<const std::uint8_t> bytes) {
    const auto at = [&](std::size_t offset, std::string_view magic) {
        return bytes.size() >= offset + magic.size() &&
               std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
    };
    if (at(0, "\xFF\xD8\xFF"))
        return decodeJpeg;
    if (at(0, "\x89PNG\r\n\x1A\n"))
        return decodePng;
    if (at(0, "RIFF") && at(8, "WEBP"))
        return decodeWebp;
    if (at(0, "GIF87a") || at(0, "GIF89a"))
        return decodeGif;
    if (at(0, {"II*\0", 4}) || at(0, {"MM\0*", 4}) || at(0, {"II+\0", 4}) || at(0, {"MM\0+", 4}))
        return decodeTiff;
    if (at(0, "BM"))
        return decodeBmp;
    return nullptr;
}

class File {
public:
    explicit File(const std::filesystem::path& path)
        // Non-blocking, so that a named pipe without a writer does not hang us before fstat sees what it is.
        : m_descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor() const { return m_descriptor; }

    /// Fills `into` from the current position; the number of bytes read, less at the end of the file, -1 on an error.
    std::int64_t read(std::span<std::uint8_t> into) {
        std::size_t done = 0;
        while (done < into.size()) {
            const ssize_t got = ::read(m_descriptor, into.data() + done, into.size() - done);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return -1;
            if (got == 0)
                break;
            done += static_cast<std::size_t>(got);
        }
        return static_cast<std::int64_t>(done);
    }

private:
    int m_descriptor;
};

tl::unexpected<Error> unreadableFile(const std::string& name, int error) {
    if (error == ENOENT || error == ENOTDIR)
        return fail(ErrorCode::FileNotFound, {{"path", name}});
    return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", std::generic_category().message(error)}});
}

Result<Decoded> decodeSniffed(const Source& source) {
    if (source.bytes.empty())
        return source.unreadable("the file is empty");
    const DecodeFunction decoder = sniff(source.bytes);
    if (!decoder)
        return fail(ErrorCode::ImageFormatUnknown, {{"path", source.name}});
    try {
        return decoder(source);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", source.name}, {"bytes", std::to_string(source.bytes.size())}});
    }
}

} // namespace

Result<Decoded> decode(std::span<const std::byte> bytes, const std::filesystem::path& name) {
    return decodeSniffed({{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, encodePath(name)});
}

Result<Decoded> decodeFile(const std::filesystem::path& path) {
    const std::string name = encodePath(path);
    File file(path);
    struct stat status {};
    if (file.descriptor() < 0 || ::fstat(file.descriptor(), &status) != 0)
        return unreadableFile(name, errno);
    if (S_ISDIR(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", "it is a folder"}});
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", "it is not a regular file"}});

    std::uint8_t head[kSniffBytes];
    const std::int64_t headBytes = file.read(head);
    if (headBytes < 0)
        return unreadableFile(name, errno);
    // Only what looks like a picture is read further.
    if (headBytes > 0 && !sniff({head, static_cast<std::size_t>(headBytes)}))
        return fail(ErrorCode::ImageFormatUnknown, {{"path", name}});
    if (status.st_size > kMaxFileBytes)
        return fail(ErrorCode::ImageUnreadable, {{"path", name}, {"reason", "the file is larger than 1 GiB"}});

    std::vector<std::uint8_t> bytes;
    try {
        bytes.resize(static_cast<std::size_t>(std::max<std::int64_t>(status.st_size, headBytes)));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", name}, {"bytes", std::to_string(status.st_size)}});
    }
    std::copy_n(head, headBytes, bytes.begin());
    const std::int64_t rest = file.read(std::span(bytes).subspan(static_cast<std::size_t>(headBytes)));
    if (rest < 0)
        return unreadableFile(name, errno);
    bytes.resize(static_cast<std::size_t>(headBytes + rest)); // shorter if the file shrank meanwhile
    return decodeSniffed({bytes, name});
}

} // namespace plumbline::image
