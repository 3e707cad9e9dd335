// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace plumbline {

/// Handed down into every algorithm that can take long: asks whether to stop, tells how far it is.
/// The algorithm knows neither threads nor windows. All members may be called from any thread.
class Feedback {
public:
    Feedback() = default;
    virtual ~Feedback() = default;
    Feedback(const Feedback&) = delete;
    Feedback& operator=(const Feedback&) = delete;

    void cancel() { m_cancelled.store(true, std::memory_order_relaxed); }
    bool cancelled() const {
        return m_cancelled.load(std::memory_order_relaxed) || (m_parent && m_parent->cancelled());
    }

    /// `stage` is a short stable word ("embedding-images"); done of total items; total 0 = unknown.
    virtual void progress(std::string_view stage, std::int64_t done, std::int64_t total);
    /// A line for the log pane (UTF-8).
    virtual void log(std::string_view message);

protected:
    /// For a feedback that stands before another: also cancelled when `parent` is, which must outlive it.
    explicit Feedback(const Feedback* parent) : m_parent(parent) {}

private:
    std::atomic<bool> m_cancelled = false;
    const Feedback* m_parent = nullptr;
};

} // namespace plumbline
