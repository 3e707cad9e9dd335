// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/data/audit.h"
#include "core/data/image_set.h"

namespace plumbline::report {

/// The call of `plumb audit` that repeats an audit.
struct AuditCommand {
    std::vector<std::string> arguments;                     ///< raw bytes, the program first
    std::vector<std::pair<std::string, std::string>> files; ///< name and content of what must lie beside it
    std::vector<std::string> notes;                         ///< what the call cannot say, in sentences
    /// For a POSIX shell.
    std::string line() const;
};

/// `images`: the set of the run; without it the call names places to fill in. `builtInProbe`: the probe's name is
/// enough. `after`: what is measured after it in the same call.
AuditCommand auditCommand(const AuditConfig& config, const ImageSet* images, bool builtInProbe,
                          const std::vector<AppliedDebias>& after = {});

} // namespace plumbline::report
