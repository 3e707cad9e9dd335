// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/decode.h"

#include <algorithm>
#include <array>
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

/// The first bytes of a regular file that looks like a picture.
struct Beginning {
    std::array<std::uint8_t, kSniffBytes> head{};
    std::int64_t headBytes = 0, size = 0;
};

Result<Beginning> beginningOf(File& file, const std::string& name) {
    struct stat status {};
    if (file.descriptor() < 0 || ::fstat(file.descriptor(), &status) != 0)
        return unreadableFile(name, errno);
    if (S_ISDIR(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", "it is a folder"}});
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", name}, {"reason", "it is not a regular file"}});
    Beginning beginning;
    beginning.size = status.st_size;
    beginning.headBytes = file.read(beginning.head);
    if (beginning.headBytes < 0)
        return unreadableFile(name, errno);
    if (beginning.headBytes == 0)
        return fail(ErrorCode::ImageUnreadable, {{"path", name}, {"reason", "the file is empty"}});
    // Only what looks like a picture is read further.
    if (!sniff(std::span(beginning.head).first(static_cast<std::size_t>(beginning.headBytes))))
        return fail(ErrorCode::ImageFormatUnknown, {{"path", name}});
    return beginning;
}

constexpr std::string_view kExifPrefix("Exif\0\0", 6);

/// The orientation in an EXIF block that may begin with JPEG's prefix.
int orientationOfBlock(std::span<const std::uint8_t> block) {
    if (block.size() > kExifPrefix.size() && std::equal(kExifPrefix.begin(), kExifPrefix.end(), block.begin()))
        block = block.subspan(kExifPrefix.size());
    return orientationOfExif(block);
}

int jpegOrientation(std::span<const std::uint8_t> bytes) {
    for (std::size_t at = 2; at + 4 <= bytes.size() && bytes[at] == 0xFF;) {
        const std::uint8_t marker = bytes[at + 1];
        if (marker == 0xFF) { // fill byte
            ++at;
            continue;
        }
        const std::size_t length = bytes[at + 2] * 256U + bytes[at + 3];
        if (marker == 0xDA || length < 2 || at + 2 + length > bytes.size()) // the pixels begin
            break;
        const auto content = bytes.subspan(at + 4, length - 2);
        if (marker == 0xE1 && content.size() > kExifPrefix.size() &&
            std::equal(kExifPrefix.begin(), kExifPrefix.end(), content.begin()))
            return orientationOfBlock(content);
        at += 2 + length;
    }
    return 1;
}

int pngOrientation(std::span<const std::uint8_t> bytes) {
    for (std::size_t at = 8; at + 12 <= bytes.size();) {
        const std::size_t length = bytes[at] * 16777216U + bytes[at + 1] * 65536U + bytes[at + 2] * 256U + bytes[at + 3];
        if (length > bytes.size() - at - 12)
            break;
        if (std::memcmp(bytes.data() + at + 4, "eXIf", 4) == 0)
            return orientationOfBlock(bytes.subspan(at + 8, length));
        at += 12 + length;
    }
    return 1;
}

int webpOrientation(std::span<const std::uint8_t> bytes) {
    for (std::size_t at = 12; at + 8 <= bytes.size();) {
        const std::size_t length = bytes[at + 4] + bytes[at + 5] * 256U + bytes[at + 6] * 65536U + bytes[at + 7] * 16777216U;
        if (length > bytes.size() - at - 8)
            break;
        if (std::memcmp(bytes.data() + at, "EXIF", 4) == 0)
            return orientationOfBlock(bytes.subspan(at + 8, length));
        at += 8 + length + length % 2;
    }
    return 1;
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
    PLUMBLINE_TRY(const Beginning beginning, beginningOf(file, name));
    const auto& [head, headBytes, size] = beginning;
    if (size > kMaxFileBytes)
        return fail(ErrorCode::ImageUnreadable, {{"path", name}, {"reason", "the file is larger than 1 GiB"}});

    std::vector<std::uint8_t> bytes;
    try {
        bytes.resize(static_cast<std::size_t>(std::max(size, headBytes)));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", name}, {"bytes", std::to_string(size)}});
    }
    std::copy_n(head.begin(), headBytes, bytes.begin());
    const std::int64_t rest = file.read(std::span(bytes).subspan(static_cast<std::size_t>(headBytes)));
    if (rest < 0)
        return unreadableFile(name, errno);
    bytes.resize(static_cast<std::size_t>(headBytes + rest)); // shorter if the file shrank meanwhile
    return decodeSniffed({bytes, name});
}

Result<Inspected> inspectFile(const std::filesystem::path& path) {
    // JPEG and PNG have their EXIF block before the pixels, WebP behind them.
    constexpr std::int64_t kFront = 256 << 10, kWhole = 16 << 20;
    const std::string name = encodePath(path);
    File file(path);
    PLUMBLINE_TRY(const Beginning beginning, beginningOf(file, name));
    const auto& [head, headBytes, size] = beginning;
    const bool webp = head[0] == 'R';
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::clamp(size, headBytes, webp ? kWhole : kFront)));
    std::copy_n(head.begin(), headBytes, bytes.begin());
    const std::int64_t rest = file.read(std::span(bytes).subspan(static_cast<std::size_t>(headBytes)));
    if (rest < 0)
        return unreadableFile(name, errno);
    bytes.resize(static_cast<std::size_t>(headBytes + rest));
    return Inspected{head[0] == 0xFF ? jpegOrientation(bytes) : head[0] == 0x89 ? pngOrientation(bytes) : webp ? webpOrientation(bytes) : 1};
}

} // namespace plumbline::image
