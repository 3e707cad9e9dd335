// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace plumbline::cli {

/// `Content-Length` framing as language servers use it. One reader thread, any number of writers.
class FrameReader {
public:
    explicit FrameReader(int descriptor) : m_descriptor(descriptor) {}
    /// The next body; nothing at the end of the stream. ProtocolError when the stream cannot be followed any more.
    Result<std::optional<std::string>> next();

    static constexpr std::size_t kMaxBody = 64U << 20;

private:
    bool fill(); ///< false at the end
    int m_descriptor;
    std::string m_buffer;
};

class FrameWriter {
public:
    explicit FrameWriter(int descriptor) : m_descriptor(descriptor) {}
    /// Written whole or not at all; a reader that went away is ignored (the end of our input follows).
    void write(std::string_view body);

private:
    int m_descriptor;
    std::mutex m_mutex;
};

} // namespace plumbline::cli
