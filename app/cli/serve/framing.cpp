// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/serve/framing.h"

#include <array>
#include <cerrno>

#include <unistd.h>

#include "core/base/numbers.h"

namespace plumbline::cli {

bool FrameReader::fill() {
    std::array<char, 65536> chunk{};
    ssize_t got = 0;
    do {
        got = ::read(m_descriptor, chunk.data(), chunk.size());
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    m_buffer.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

Result<std::optional<std::string>> FrameReader::next() {
    constexpr std::size_t kMaxHeader = 8192;
    std::size_t headerEnd = std::string::npos;
    while ((headerEnd = m_buffer.find("\r\n\r\n")) == std::string::npos) {
        if (m_buffer.size() > kMaxHeader)
            return fail(ErrorCode::ProtocolError, {{"reason", "a message without a Content-Length header"}});
        if (!fill())
            return std::optional<std::string>();
    }
    std::optional<std::int64_t> length;
    std::string_view header(m_buffer.data(), headerEnd);
    while (!header.empty()) {
        const std::size_t end = header.find("\r\n");
        const std::string_view line = header.substr(0, end);
        if (const std::size_t colon = line.find(':');
            colon != std::string_view::npos && toLowerAscii(trim(line.substr(0, colon))) == "content-length")
            length = parseInteger(line.substr(colon + 1));
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
    }
    if (!length || *length < 0 || *length > static_cast<std::int64_t>(kMaxBody))
        return fail(ErrorCode::ProtocolError, {{"reason", "a message without a usable Content-Length header"}});
    const std::size_t begin = headerEnd + 4, size = static_cast<std::size_t>(*length);
    while (m_buffer.size() < begin + size)
        if (!fill())
            return std::optional<std::string>();
    std::string body = m_buffer.substr(begin, size);
    m_buffer.erase(0, begin + size);
    return std::optional(std::move(body));
}

void FrameWriter::write(std::string_view body) {
    std::string frame = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    frame += body;
    const std::lock_guard lock(m_mutex);
    for (std::size_t at = 0; at < frame.size();) {
        const ssize_t put = ::write(m_descriptor, frame.data() + at, frame.size() - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return;
        at += static_cast<std::size_t>(put);
    }
}

} // namespace plumbline::cli
