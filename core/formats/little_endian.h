// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace plumbline::formats {

/// The little-endian number at `offset`, or nothing where it would end beyond the bytes.
template <class Number>
std::optional<Number> numberAt(std::span<const std::byte> bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(Number))
        return std::nullopt;
    Number number{};
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
}

} // namespace plumbline::formats
