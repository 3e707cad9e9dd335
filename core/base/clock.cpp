// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/clock.h"

#include <array>
#include <ctime>
#include <iterator>

namespace plumbline {

std::string utcNow() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
}

void RemainingTime::start() {
    m_count = m_next = 0;
}

std::optional<double> RemainingTime::update(std::int64_t done, std::int64_t total) {
    constexpr int kMarks = std::size(decltype(m_marks){});
    const auto now = std::chrono::steady_clock::now();
    const auto index = [](int i) { return (i + kMarks) % kMarks; };
    const Mark* newest = m_count > 0 ? &m_marks[index(m_next - 1)] : nullptr;
    if (newest && done < newest->done) { // another piece of work
        start();
        newest = nullptr;
    }
    // Marks at least half a second apart, so that sixteen of them span the last eight seconds or more.
    if (!newest || now - newest->at >= std::chrono::milliseconds(500)) {
        m_marks[m_next] = {now, done};
        m_next = index(m_next + 1);
        if (m_count < kMarks)
            ++m_count;
    }
    const Mark& oldest = m_marks[m_count < kMarks ? 0 : m_next];
    const double seconds = std::chrono::duration<double>(now - oldest.at).count();
    const auto advanced = static_cast<double>(done - oldest.done);
    if (seconds < 1.0 || advanced <= 0 || total <= 0)
        return {};
    return static_cast<double>(total - done) * seconds / advanced;
}

} // namespace plumbline
