// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/frame_reader.h"

#include <algorithm>

namespace plumbline::ui {

namespace {
const QByteArray kHeader = QByteArrayLiteral("Content-Length:");
const QByteArray kEnd = QByteArrayLiteral("\r\n\r\n");
/// Stray bytes are for the log; more than this of them says nothing more.
constexpr qsizetype kMaxStray = 4096;
} // namespace

void FrameReader::append(const QByteArray& bytes) {
    if (!m_broken)
        m_buffer += bytes;
}

void FrameReader::skipToHeader() {
    const qsizetype at = m_buffer.indexOf(kHeader);
    qsizetype stray = at;
    if (at < 0) { // keep the beginning of a header that may still be coming
        stray = m_buffer.size();
        for (qsizetype length = std::min(kHeader.size() - 1, m_buffer.size()); length > 0; --length)
            if (m_buffer.endsWith(kHeader.first(length))) {
                stray = m_buffer.size() - length;
                break;
            }
    }
    if (stray > 0) {
        m_stray += m_buffer.first(std::min(stray, std::max<qsizetype>(0, kMaxStray - m_stray.size())));
        m_buffer.remove(0, stray);
    }
}

std::optional<QByteArray> FrameReader::next() {
    while (!m_broken) {
        skipToHeader();
        const qsizetype end = m_buffer.indexOf(kEnd);
        if (end < 0 || end > kMaxHeader) {
            m_broken = m_buffer.size() > kMaxHeader;
            return {};
        }
        const qsizetype lineEnd = m_buffer.indexOf("\r\n");
        bool isNumber = false;
        const qint64 length = m_buffer.mid(kHeader.size(), lineEnd - kHeader.size()).trimmed().toLongLong(&isNumber);
        if (!isNumber) { // not a header after all
            m_stray += m_buffer.first(kHeader.size());
            m_buffer.remove(0, kHeader.size());
            continue;
        }
        if (length < 0 || length > kMaxFrame) {
            m_broken = true;
            return {};
        }
        const qsizetype from = end + kEnd.size();
        if (m_buffer.size() - from < length)
            return {};
        QByteArray body = m_buffer.mid(from, length);
        m_buffer.remove(0, from + length);
        return body;
    }
    return {};
}

QByteArray FrameReader::takeStrayBytes() { return std::exchange(m_stray, {}); }

void FrameReader::clear() { *this = {}; }

QByteArray FrameReader::frame(const QByteArray& body) {
    return kHeader + ' ' + QByteArray::number(body.size()) + kEnd + body;
}

} // namespace plumbline::ui
