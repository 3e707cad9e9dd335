// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "core/base/error.h"

namespace plumbline::ui {

// What the window says, in the user's language.

/// The sentence of an error: its translated pattern with the arguments filled in.
QString errorText(const Error& error);
/// The technical side of an error for "Details": code, arguments, detail.
QString errorDetails(const Error& error);
/// A stage of the engine's progress ("embedding-images") as words.
QString stageText(const QString& stage);
/// "about 3 min left"; empty for a negative number.
QString remainingText(double seconds);
/// A number as people write it: 12,345.
QString countText(qint64 count);

} // namespace plumbline::ui
