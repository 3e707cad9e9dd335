// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/audit.h"

#include <algorithm>
#include <atomic>

#include <tbb/parallel_for.h>

#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/image/decode.h"

namespace plumbline::audit {

Outcome<void> inspectImages(ImageSet& set, Feedback& feedback) {
    const auto total = static_cast<std::int64_t>(set.size());
    std::vector<std::optional<Error>> failures(set.size());
    std::atomic<std::int64_t> done = 0, oriented = 0;
    tbb::parallel_for(std::size_t(0), set.size(), [&](std::size_t i) {
        if (feedback.cancelled())
            return;
        const Result<image::Inspected> inspected = image::inspectFile(set.root / set.files[i]);
        if (!inspected)
            failures[i] = inspected.error();
        else if (inspected->exifOrientation != 1)
            ++oriented;
        if (const std::int64_t now = ++done; now % 256 == 0)
            feedback.progress("looking-at-images", now, total);
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    set.report.exifOriented = oriented;
    set.report.unreadable = 0;
    set.report.unreadableExamples.clear();
    for (std::size_t i = 0; i < set.size(); ++i)
        if (failures[i] && ++set.report.unreadable <= static_cast<std::int64_t>(MatchReport::kExamples))
            set.report.unreadableExamples.push_back({encodeName(set.files[i]), errorText(*failures[i])});
    return {};
}

} // namespace plumbline::audit
