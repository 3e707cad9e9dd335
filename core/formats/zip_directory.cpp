// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/zip_directory.h"

#include <algorithm>
#include <string>
#include <vector>

#include <zlib.h>

#include "core/formats/little_endian.h"
#include "core/formats/weights.h"

namespace plumbline::formats {

namespace {

// APPNOTE.TXT of PKWARE, 4.3 and 4.5.3.
constexpr std::uint32_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50, kLocatorSignature = 0x07064b50;
constexpr std::uint32_t kCentralSignature = 0x02014b50, kLocalSignature = 0x04034b50;
constexpr std::uint64_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kCentralBytes = 46, kLocalBytes = 30;
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint64_t kMostEntries = 50'000;
constexpr std::uint64_t kLargestDirectory = 16'000'000;
constexpr std::size_t kLongestName = 4096;  ///< names are compared often
constexpr std::uint32_t kIn64 = 0xFFFFFFFF; ///< "the true value is in the zip64 field"
constexpr std::uint16_t kIn64Short = 0xFFFF;

tl::unexpected<std::string> problem(std::string reason) {
    return tl::unexpected<std::string>(std::move(reason));
}

/// Fields of a record whose whole length has been checked to lie in the archive.
template <class Number>
Number field(std::span<const std::byte> record, std::uint64_t offset) {
    return numberAt<Number>(record, offset).value();
}

std::string_view textOf(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct DirectoryPlace {
    std::uint64_t offset = 0, bytes = 0, entries = 0;
};

/// The end record stands at the end of the archive, before a comment of the length that it names.
std::optional<std::uint64_t> findEnd(std::span<const std::byte> archive) {
    if (archive.size() < kEndBytes)
        return std::nullopt;
    const std::uint64_t last = archive.size() - kEndBytes;
    const std::uint64_t first = last > kLongestComment ? last - kLongestComment : 0;
    for (std::uint64_t at = last + 1; at-- > first;)
        if (field<std::uint32_t>(archive, at) == kEndSignature && field<std::uint16_t>(archive, at + 20) == last - at)
            return at;
    return std::nullopt;
}

tl::expected<DirectoryPlace, std::string> findDirectory(std::span<const std::byte> archive) {
    const std::optional<std::uint64_t> end = findEnd(archive);
    if (!end)
        return problem("it has no zip directory, so it may be cut short");
    DirectoryPlace place{field<std::uint32_t>(archive, *end + 16), field<std::uint32_t>(archive, *end + 12),
                         field<std::uint16_t>(archive, *end + 10)};
    std::uint64_t limit = *end;
    std::uint32_t disk = field<std::uint16_t>(archive, *end + 4);
    std::uint32_t directoryDisk = field<std::uint16_t>(archive, *end + 6);
    std::uint64_t entriesHere = field<std::uint16_t>(archive, *end + 8);
    const bool has64 =
        *end >= kLocatorBytes && field<std::uint32_t>(archive, *end - kLocatorBytes) == kLocatorSignature;
    if (has64) {
        const std::uint64_t at = field<std::uint64_t>(archive, *end - kLocatorBytes + 8);
        if (field<std::uint32_t>(archive, *end - kLocatorBytes + 16) > 1)
            return problem("it is one part of a zip archive in several files");
        if (at > *end - kLocatorBytes || *end - kLocatorBytes - at < kEnd64Bytes ||
            field<std::uint32_t>(archive, at) != kEnd64Signature)
            return problem("its zip64 end record is not where it should be");
        limit = at;
        disk = field<std::uint32_t>(archive, at + 16);
        directoryDisk = field<std::uint32_t>(archive, at + 20);
        entriesHere = field<std::uint64_t>(archive, at + 24);
        place = {field<std::uint64_t>(archive, at + 48), field<std::uint64_t>(archive, at + 40),
                 field<std::uint64_t>(archive, at + 32)};
    } else if (place.offset == kIn64 || place.bytes == kIn64 || place.entries == kIn64Short) {
        return problem("it has no zip64 end record, although it needs one");
    }
    if (disk != 0 || directoryDisk != 0 || entriesHere != place.entries)
        return problem("it is one part of a zip archive in several files");
    if (place.offset > limit || place.bytes > limit - place.offset)
        return problem("its zip directory would end beyond the file");
    if (place.entries > kMostEntries)
        return problem("it has more than " + std::to_string(kMostEntries) + " entries");
    if (place.bytes > kLargestDirectory)
        return problem("its zip directory is larger than 16 MB");
    return place;
}

/// A name that could only be meant for unpacking it to somewhere else.
bool leadsElsewhere(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.find('\\') != name.npos || name.find('\0') != name.npos ||
        (name.size() >= 2 && name[1] == ':'))
        return true;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        if (name.substr(begin, end - begin) == "..")
            return true;
        begin = end + 1;
    }
    return false;
}

struct CentralEntry {
    std::string_view name;
    std::uint64_t packedBytes = 0, bytes = 0, offset = 0;
    std::uint32_t disk = 0, crc = 0;
    std::uint16_t flags = 0, method = 0;
};

/// Puts the sizes and the offset from the zip64 extra field (id 1) in the place of those that say they are there.
bool read64(CentralEntry& entry, std::span<const std::byte> extra) {
    bool needed = entry.bytes == kIn64 || entry.packedBytes == kIn64 || entry.offset == kIn64;
    while (needed && extra.size() >= 4) {
        const std::uint16_t id = field<std::uint16_t>(extra, 0);
        const std::uint16_t length = field<std::uint16_t>(extra, 2);
        extra = extra.subspan(4);
        if (length > extra.size())
            return false;
        if (id == 1) {
            std::uint64_t at = 0;
            for (std::uint64_t* value : {&entry.bytes, &entry.packedBytes, &entry.offset}) {
                if (*value != kIn64)
                    continue;
                const std::optional<std::uint64_t> wide = numberAt<std::uint64_t>(extra.first(length), at);
                if (!wide)
                    return false;
                *value = *wide;
                at += sizeof *wide;
            }
            needed = false;
        }
        extra = extra.subspan(length);
    }
    return !needed;
}

} // namespace

tl::expected<ZipDirectory, std::string> readZipDirectory(std::span<const std::byte> archive) {
    const auto place = findDirectory(archive);
    if (!place)
        return problem(place.error());

    ZipDirectory directory;
    struct Range {
        std::uint64_t begin, end;
        std::string_view name;
    };
    std::vector<Range> ranges;
    std::span<const std::byte> central = archive.subspan(place->offset, place->bytes);
    for (std::uint64_t i = 0; i < place->entries; ++i) {
        if (central.size() < kCentralBytes || field<std::uint32_t>(central, 0) != kCentralSignature)
            return problem("its zip directory is shorter than it says");
        const std::uint64_t nameBytes = field<std::uint16_t>(central, 28);
        const std::uint64_t extraBytes = field<std::uint16_t>(central, 30);
        const std::uint64_t commentBytes = field<std::uint16_t>(central, 32);
        if (central.size() - kCentralBytes < nameBytes + extraBytes + commentBytes)
            return problem("its zip directory is shorter than it says");
        CentralEntry entry;
        entry.name = textOf(central.subspan(kCentralBytes, nameBytes));
        entry.flags = field<std::uint16_t>(central, 8);
        entry.method = field<std::uint16_t>(central, 10);
        entry.crc = field<std::uint32_t>(central, 16);
        entry.packedBytes = field<std::uint32_t>(central, 20);
        entry.bytes = field<std::uint32_t>(central, 24);
        entry.disk = field<std::uint16_t>(central, 34);
        entry.offset = field<std::uint32_t>(central, 42);
        const std::string shown = shownName(entry.name);
        if (!read64(entry, central.subspan(kCentralBytes + nameBytes, extraBytes)))
            return problem("the zip64 field of its entry " + shown + " is too short");
        central = central.subspan(kCentralBytes + nameBytes + extraBytes + commentBytes);

        if (entry.name.size() > kLongestName)
            return problem("the name of its entry " + shown + " is too long");
        if (leadsElsewhere(entry.name))
            return problem("the name of its entry " + shown + " leads outside the archive");
        if (entry.flags & 0x2041U) // encrypted, strongly encrypted, directory encrypted
            return problem("its entry " + shown + " is encrypted");
        if (entry.disk != 0)
            return problem("it is one part of a zip archive in several files");
        if (entry.method == 0 && entry.bytes != entry.packedBytes)
            return problem("its entry " + shown + " has two different sizes");

        // The local header decides only where the content begins: torch leaves its sizes to the directory.
        if (entry.offset > place->offset || place->offset - entry.offset < kLocalBytes ||
            field<std::uint32_t>(archive, entry.offset) != kLocalSignature)
            return problem("its entry " + shown + " is not where the directory says");
        const std::uint64_t begin = entry.offset + kLocalBytes + field<std::uint16_t>(archive, entry.offset + 26) +
                                    field<std::uint16_t>(archive, entry.offset + 28);
        if (begin > place->offset || entry.packedBytes > place->offset - begin)
            return problem("its entry " + shown + " ends beyond the file");
        if (textOf(archive.subspan(entry.offset + kLocalBytes, field<std::uint16_t>(archive, entry.offset + 26))) !=
            entry.name)
            return problem("its entry " + shown + " has another name in its own header");
        const ZipEntry found{archive.subspan(begin, entry.packedBytes), entry.crc, entry.method == 0};
        if (!directory.emplace(entry.name, found).second)
            return problem("its entry " + shown + " occurs twice");
        ranges.push_back({entry.offset, begin + entry.packedBytes, entry.name});
    }

    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges.size(); ++i)
        if (ranges[i].begin < ranges[i - 1].end)
            return problem("its entries " + shownName(ranges[i - 1].name) + " and " + shownName(ranges[i].name) +
                           " overlap");
    return directory;
}

std::uint32_t zipChecksum(std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

} // namespace plumbline::formats
