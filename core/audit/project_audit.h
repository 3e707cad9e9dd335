// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>

#include "core/audit/audit.h"

namespace plumbline::audit {

/// The number of this very set in the project, which is added under `name` unless it is there already.
Result<std::int64_t> imageSetIn(store::Project& project, const ImageSet& set, const std::string& name);

/// The model that a run names, with the run's options. Errors: those of Encoder::load.
Outcome<std::unique_ptr<clip::Encoder>> loadModelOf(const AuditConfig& config, Feedback& feedback);

/// What a run of the project asks, done (again); nothing is stored. `scores`: see runAudit.
Outcome<AuditResult> repeatRun(store::Project& project, const store::RunRecord& record, const ImageSet& set,
                               const clip::Encoder& encoder, store::EmbeddingCache* cache, std::vector<float>& scores,
                               Feedback& feedback);

/// Runs what a begun run of the project asks, or goes on with one that was stopped, and stores everything with it.
/// Whatever happens, the run's row says so: done, cancelled (it can go on), or failed with the error. Images that
/// turned out unreadable are added to the image set's match report. Progress is written to the row about once a second.
Outcome<AuditResult> runInProject(store::Project& project, std::int64_t run, const clip::Encoder& encoder,
                                  store::EmbeddingCache* cache, Feedback& feedback);

} // namespace plumbline::audit
