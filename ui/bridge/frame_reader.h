// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QByteArray>

namespace plumbline::ui {

/// Cuts the byte stream of the engine into frames: `Content-Length: N`, an empty line, N bytes. Bytes between frames
/// that are no header (a library that prints on stdout) are set aside, not fatal; a frame that is longer than kMaxFrame
/// is, because what follows it cannot be trusted.
class FrameReader {
public:
    static constexpr qint64 kMaxFrame = 64 * 1024 * 1024;
    static constexpr qint64 kMaxHeader = 8 * 1024;

    void append(const QByteArray& bytes);
    /// The next whole frame, or nothing until more bytes came (or for ever, when broken()).
    std::optional<QByteArray> next();
    /// True after a header that cannot be believed.
    bool broken() const { return m_broken; }
    /// What stood between the frames since the last call.
    QByteArray takeStrayBytes();
    void clear();

    /// `body` with its header.
    static QByteArray frame(const QByteArray& body);

private:
    void skipToHeader();
    QByteArray m_buffer;
    QByteArray m_stray;
    bool m_broken = false;
};

} // namespace plumbline::ui
