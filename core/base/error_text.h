// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

namespace plumbline {

/// The sentence pattern of a code in plain English: what happened and what to do, with `{name}` for an argument.
std::string_view errorPattern(ErrorCode code);

/// The pattern with its arguments filled in; the command line prints it, the window translates the pattern first.
std::string errorText(const Error& error);

/// Fills `{name}` in any (translated) pattern from the error's arguments; an unknown name stays empty.
std::string fillPattern(std::string_view pattern, const Error& error);

} // namespace plumbline
