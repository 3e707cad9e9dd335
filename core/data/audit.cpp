// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/audit.h"

namespace plumbline {

std::string_view runStateName(RunState state) {
    switch (state) {
    case RunState::Running:
        return "running";
    case RunState::Cancelled:
        return "cancelled";
    case RunState::Failed:
        return "failed";
    case RunState::Done:
        return "done";
    }
    return {};
}

} // namespace plumbline
