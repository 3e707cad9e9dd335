// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace plumbline {

/// Now in UTC as ISO 8601 with seconds: 2026-11-22T08:15:30Z.
std::string utcNow();

/// Remaining time of a counted piece of work from its recent speed (a window of the last reports), so that a resumed
/// or slowing run is not judged by its start.
class RemainingTime {
public:
    void start();
    /// Seconds left, or nothing while too little is known.
    std::optional<double> update(std::int64_t done, std::int64_t total);

private:
    struct Mark {
        std::chrono::steady_clock::time_point at;
        std::int64_t done;
    };
    Mark m_marks[16]{};
    int m_count = 0;
    int m_next = 0;
};

} // namespace plumbline
