// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>
#include <string>

#include "core/base/error.h"

namespace plumbline::clip {

/// The failure that the exception being handled stands for; to be called in a catch (...). LibTorch's allocator
/// reports a lack of memory with an exception of its own, which names the size.
Stop stopFromException(const std::string& what);

} // namespace plumbline::clip
