// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/base/numbers.h"

namespace plumbline::cli {

namespace {

std::atomic<Feedback*> g_feedback = nullptr; // read by the signal handler; lock-free

void onSignal(int signal) {
    Feedback* feedback = g_feedback.load();
    if (!feedback || feedback->cancelled()) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
        return;
    }
    feedback->cancel();
}

std::string inWords(double seconds) {
    const auto total = static_cast<std::int64_t>(seconds + 0.5);
    if (total < 60)
        return std::to_string(total) + " s";
    if (total < 3600)
        return std::to_string(total / 60) + " min " + std::to_string(total % 60) + " s";
    return std::to_string(total / 3600) + " h " + std::to_string(total % 3600 / 60) + " min";
}

} // namespace

int report(const Stop& stop) {
    if (stop.cancelled()) {
        note("cancelled; what was finished is kept where there is a project or a cache");
        return kCancelled;
    }
    const Error& error = stop.error();
    note(errorText(error));
    if (!error.detail.empty())
        std::fprintf(stderr, "       (%s)\n", error.detail.c_str());
    return error.code == ErrorCode::Internal ? kInternal : kBadInput;
}

void note(std::string_view text) {
    std::fprintf(stderr, "plumb: %.*s\n", static_cast<int>(text.size()), text.data());
}

Result<void> writeOut(const std::string& fileOrDash, std::string_view text) {
    const bool standard = fileOrDash == "-";
    const auto failed = [&](int code) {
        const std::string name = standard ? "standard output" : fileOrDash;
        return code == ENOSPC ? fail(ErrorCode::DiskFull, {{"path", name}})
                              : fail(ErrorCode::FileUnwritable, {{"path", name}, {"reason", std::strerror(code)}});
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> owned(
        standard ? nullptr : std::fopen(fileOrDash.c_str(), "wb"), &std::fclose);
    std::FILE* file = standard ? stdout : owned.get();
    if (!file)
        return failed(errno);
    if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0)
        return failed(errno);
    return {};
}

Result<void> checkWritable(const std::string& fileOrDash, bool folder) {
    namespace fs = std::filesystem;
    if (fileOrDash.empty() || fileOrDash == "-")
        return {};
    const auto failed = [&](int code) {
        return fail(ErrorCode::FileUnwritable, {{"path", fileOrDash}, {"reason", std::strerror(code)}});
    };
    std::error_code ignored;
    fs::path place = fs::absolute(fileOrDash, ignored).lexically_normal();
    if (!folder) {
        if (fs::is_directory(place, ignored))
            return failed(EISDIR);
        if (fs::exists(place, ignored))
            return ::access(place.c_str(), W_OK) == 0 ? Result<void>() : failed(errno);
        place = place.parent_path();
        if (!fs::exists(place, ignored))
            return failed(ENOENT);
    }
    while (!fs::exists(place, ignored) && place.has_parent_path() && place != place.parent_path())
        place = place.parent_path(); // folders are made as they are needed
    if (!fs::is_directory(place, ignored))
        return failed(ENOTDIR);
    return ::access(place.c_str(), W_OK | X_OK) == 0 ? Result<void>() : failed(errno);
}

Result<void> writeJson(const std::string& fileOrDash, const nlohmann::json& json) {
    // Texts given on the command line may be anything: what is not UTF-8 becomes U+FFFD instead of an exception.
    return writeOut(fileOrDash, json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

struct ConsoleFeedback::Painter {
    std::mutex mutex;
    std::string stage;
    RemainingTime remaining;
    std::chrono::steady_clock::time_point painted;
    bool lineOpen = false;

    void clearLine() {
        if (lineOpen)
            std::fputs("\r\033[K", stderr);
        lineOpen = false;
    }
};

ConsoleFeedback::ConsoleFeedback() : m_terminal(isatty(STDERR_FILENO) == 1), m_painter(new Painter) {
    g_feedback = this;
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
}

ConsoleFeedback::~ConsoleFeedback() {
    g_feedback = nullptr;
    m_painter->clearLine();
    delete m_painter;
}

void ConsoleFeedback::progress(std::string_view stage, std::int64_t done, std::int64_t total) {
    if (!m_terminal)
        return;
    const std::lock_guard lock(m_painter->mutex);
    const auto now = std::chrono::steady_clock::now();
    const bool newStage = m_painter->stage != stage;
    if (newStage) {
        m_painter->stage = stage;
        m_painter->remaining.start();
    }
    const std::optional<double> left = m_painter->remaining.update(done, total);
    if (!newStage && now - m_painter->painted < std::chrono::milliseconds(100) && done != total)
        return;
    m_painter->painted = now;
    m_painter->clearLine();
    std::string line(stage);
    for (char& c : line)
        if (c == '-')
            c = ' ';
    if (total > 0)
        line += ": " + std::to_string(done) + " of " + std::to_string(total);
    if (left && *left > 1)
        line += ", " + inWords(*left) + " left";
    std::fputs(line.c_str(), stderr);
    m_painter->lineOpen = true;
    std::fflush(stderr);
}

void ConsoleFeedback::log(std::string_view message) {
    const std::lock_guard lock(m_painter->mutex);
    m_painter->clearLine();
    note(message);
}

} // namespace plumbline::cli
