// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/audit/mitigation.h"
#include "core/store/embedding_cache.h"
#include "core/store/project.h"

namespace plumbline::audit {

/// Keeps a transform in the project as the files of its folder; `study` 0: of none.
Result<std::int64_t> storeTransform(store::Project& project, std::int64_t study, const debias::Transform& transform);
/// It back, every part dialled by `strength` on top of its own. Errors: RecordUnknown, those of readTransform.
Result<debias::Transform> transformIn(store::Project& project, std::int64_t id, double strength);

/// Runs what a begun study of the project asks and stores everything with it; its row says how it ended: done,
/// cancelled, or failed with the error.
Outcome<DebiasStudy> studyInProject(store::Project& project, std::int64_t study, const clip::Encoder& encoder,
                                    store::EmbeddingCache* cache, Feedback& feedback);

} // namespace plumbline::audit
