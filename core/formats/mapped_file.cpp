// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/path.h"

namespace plumbline::formats {

namespace {

tl::unexpected<Error> failure(const std::filesystem::path& path, int error) {
    if (error == ENOENT || error == ENOTDIR)
        return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
    return fail(ErrorCode::FileUnreadable, {{"path", encodePath(path)}, {"reason", std::strerror(error)}});
}

class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    ~Descriptor() {
        if (m_number >= 0)
            ::close(m_number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return m_number; }

private:
    int m_number;
};

} // namespace

struct MappedFile::Mapping {
    void* address = nullptr;
    std::size_t size = 0;

    Mapping() = default;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (address)
            ::munmap(address, size);
    }
};

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    // O_NONBLOCK: a named pipe in a hostile folder must not hang us; the check for a regular file follows.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0)
        return failure(path, errno);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0)
        return failure(path, errno);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::FileUnreadable, {{"path", encodePath(path)}, {"reason", "it is not a regular file"}});

    auto mapping = std::make_shared<Mapping>();
    if (status.st_size > 0) {
        const auto size = static_cast<std::size_t>(status.st_size);
        void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
        if (address == MAP_FAILED)
            return failure(path, errno);
        mapping->address = address;
        mapping->size = size;
    }
    MappedFile mapped;
    mapped.m_mapping = std::move(mapping);
    return mapped;
}

std::span<const std::byte> MappedFile::bytes() const {
    if (!m_mapping)
        return {};
    return {static_cast<const std::byte*>(m_mapping->address), m_mapping->size};
}

void MappedFile::release(std::span<const std::byte> part) const {
    const std::span<const std::byte> all = bytes();
    if (part.data() < all.data() || part.data() + part.size() > all.data() + all.size())
        return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
    if (begin < end)
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

} // namespace plumbline::formats
