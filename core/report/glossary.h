// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace plumbline::report {

/// A term of audits in a sentence: the reports' last section, and the window's help.
struct GlossaryEntry {
    std::string_view id; ///< its place in a report: "g-ndkl"
    std::string_view term, meaning;
};

/// In the order in which they build on each other.
std::vector<GlossaryEntry> glossary();
/// What a column or chart of this name shows, whatever its capitals; nothing for names that need no explanation.
std::optional<GlossaryEntry> glossaryEntry(std::string_view name);

} // namespace plumbline::report
