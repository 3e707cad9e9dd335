// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/store/embedding_cache.h"

namespace plumbline::sample {

struct OpenedSample {
    std::filesystem::path project;
    std::int64_t run = 0; ///< of the planted model; that of the fair model stands beside it
};

/// The finished sample project `folder`/sample.plumb: writes the sample (writeSample), makes the project unless it is
/// there, adds both models, the audit pool and the probe set, and audits both models by gender and skin tone. What is
/// there already is kept, so a second call returns at once and an interrupted one is completed. `cache` may be null.
/// Errors: those of writeSample, store::Project, clip::Encoder and audit::runInProject; Cancelled.
Outcome<OpenedSample> openSample(const std::filesystem::path& folder, store::EmbeddingCache* cache, Feedback& feedback);

} // namespace plumbline::sample
