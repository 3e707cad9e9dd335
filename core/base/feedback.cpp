// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/feedback.h"

namespace plumbline {

void Feedback::progress(std::string_view, std::int64_t, std::int64_t) {}
void Feedback::log(std::string_view) {}

} // namespace plumbline
