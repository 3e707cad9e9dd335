// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/painting.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>

#include <tbb/parallel_for.h>

#include "core/formats/text_file.h"

namespace plumbline::sample {

namespace {

namespace fs = std::filesystem;

Result<void> paintFile(const fs::path& folder, const PortraitFile& file) {
    PLUMBLINE_TRY(const Picture picture, paint(file.portrait, kPortraitSide));
    PLUMBLINE_TRY(const std::vector<std::uint8_t> png, encodePng(picture));
    return formats::writeFile(folder / file.name, {reinterpret_cast<const char*>(png.data()), png.size()});
}

} // namespace

Outcome<void> paintFiles(const fs::path& folder, std::span<const PortraitFile> files, Feedback& feedback) {
    std::set<fs::path> folders;
    for (const PortraitFile& file : files)
        folders.insert((folder / file.name).parent_path());
    for (const fs::path& needed : folders)
        PLUMBLINE_CHECK(formats::makeFolder(needed));
    std::mutex mutex;
    std::optional<Stop> stop;
    std::atomic<bool> stopped = false;
    std::atomic<std::int64_t> done = 0;
    tbb::parallel_for(std::size_t{0}, files.size(), [&](std::size_t i) {
        if (stopped)
            return;
        Outcome<void> painted;
        if (feedback.cancelled())
            painted = tl::unexpected<Stop>(Cancelled{});
        else if (Result<void> written = paintFile(folder, files[i]); !written)
            painted = tl::unexpected<Stop>(written.error());
        if (!painted) {
            stopped = true;
            const std::lock_guard lock(mutex);
            if (!stop)
                stop = painted.error();
        }
        if (const std::int64_t count = ++done; count % 20 == 0)
            feedback.progress("painting-portraits", count, static_cast<std::int64_t>(files.size()));
    });
    if (stop)
        return tl::unexpected(*stop);
    return {};
}

} // namespace plumbline::sample
