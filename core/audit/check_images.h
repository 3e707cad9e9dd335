// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/image_check.h"
#include "core/data/image_set.h"

namespace plumbline::audit {

/// Looks at every picture of a set: whether it can be decoded, is the same file as another (SHA-256) or looks like
/// another (image::nearHashes), is too dark, too bright or too small; and whether pictures that are the same or look
/// the same have different labels. Unreadable pictures have no other flaw. A flat picture (no contrast) looks like no
/// other. Errors: InvalidArgument for options that mean nothing; Cancelled.
Outcome<ImageCheck> checkImages(const ImageSet& set, const ImageCheckOptions& options, Feedback& feedback);

} // namespace plumbline::audit
