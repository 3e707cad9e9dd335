// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QString>

#include "core/data/probe.h"

namespace plumbline::ui {

// A probe set as people type it.

/// One template or prompt a line; blank lines are left out.
std::vector<std::string> linesOf(const QString& text);
QString textOf(const std::vector<std::string>& lines);

/// One concept a line. A line "# occupation" puts the concepts under it into that group, "#" alone into none; a concept
/// that begins with # is written "\#".
std::vector<Concept> conceptsOf(const QString& text);
QString textOf(const std::vector<Concept>& concepts);

/// What the second set asks that the first does not (+), the other way round (-), and what both have otherwise (~). Of
/// many lines the first 2,000 of each sign. On any thread.
QString differenceText(const ProbeSet& first, const ProbeSet& second);

} // namespace plumbline::ui
