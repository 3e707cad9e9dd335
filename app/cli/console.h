// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::cli {

/// Exit codes (DESIGN section 5).
enum Exit { kDone = 0, kLimitExceeded = 1, kBadInput = 2, kInternal = 3, kCancelled = 130 };

/// Prints why on stderr and gives the exit code.
int report(const Stop& stop);

/// A note on stderr, "plumb: ...".
void note(std::string_view text);

/// Writes `text` to a file, or to stdout for "-". Errors: FileUnwritable, DiskFull.
Result<void> writeOut(const std::string& fileOrDash, std::string_view text);
/// Whether a file (or with `folder` a folder) could be made there, before the work that is to be written begins: "-" and
/// an empty name can. Error: FileUnwritable.
Result<void> checkWritable(const std::string& fileOrDash, bool folder = false);
Result<void> writeJson(const std::string& fileOrDash, const nlohmann::json& json);

/// Progress on stderr when that is a terminal, cancelled by Ctrl+C (SIGINT) or SIGTERM.
/// One object at a time; a second signal ends the process at once.
class ConsoleFeedback : public Feedback {
public:
    ConsoleFeedback();
    ~ConsoleFeedback() override;
    void progress(std::string_view stage, std::int64_t done, std::int64_t total) override;
    void log(std::string_view message) override;

private:
    bool m_terminal = false;
    struct Painter;
    Painter* m_painter = nullptr;
};

} // namespace plumbline::cli
