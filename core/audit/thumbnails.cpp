// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/audit.h"

#include <mutex>

#include <tbb/parallel_for.h>

#include "core/image/decode.h"
#include "core/image/preprocess.h"

namespace plumbline::audit {

namespace {
constexpr int kThumbnailSide = 160; // shown at up to 80 logical pixels on a screen of scale 2
}

Outcome<void> ensureThumbnails(store::Project& project, std::int64_t imageSetId, std::span<const std::int64_t> rows,
                               Feedback& feedback) {
    std::vector<std::int64_t> missing;
    for (const std::int64_t row : rows) {
        PLUMBLINE_TRY(const auto stored, project.thumbnail(imageSetId, row));
        if (!stored)
            missing.push_back(row);
    }
    PLUMBLINE_TRY(const std::vector<std::filesystem::path> paths, project.imagePaths(imageSetId, missing));
    constexpr std::size_t kChunk = 64;
    for (std::size_t begin = 0; begin < missing.size(); begin += kChunk) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        const std::size_t end = std::min(begin + kChunk, missing.size());
        std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> made(end - begin);
        tbb::parallel_for(begin, end, [&](std::size_t m) {
            const Result<image::Decoded> decoded = image::decodeFile(paths[m]);
            if (!decoded)
                return;
            if (Result<std::vector<std::uint8_t>> jpeg = image::thumbnail(*decoded, kThumbnailSide))
                made[m - begin] = {missing[m], std::move(*jpeg)};
        });
        std::erase_if(made, [](const auto& row) { return row.second.empty(); });
        PLUMBLINE_CHECK(project.putThumbnails(imageSetId, made));
        feedback.progress("thumbnails", static_cast<std::int64_t>(end), static_cast<std::int64_t>(missing.size()));
    }
    return {};
}

} // namespace plumbline::audit
