// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/base/error.h"

namespace plumbline {

class Feedback;

/// SHA-256 piece by piece (OpenSSL).
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void add(const void* data, std::size_t bytes);
    void add(std::string_view text) { add(text.data(), text.size()); }
    /// 64 lower-case hexadecimal digits; the object is spent afterwards.
    std::string hex();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

std::string sha256(std::span<const std::byte> bytes);
std::string sha256(std::string_view text);
/// Reads the file in pieces. Errors: FileNotFound, FileUnreadable; cancelled through feedback (may be null).
Outcome<std::string> sha256File(const std::filesystem::path& path, Feedback* feedback = nullptr);

} // namespace plumbline
