// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace plumbline {

/// What a note is about: a finding of a run (prompt and attribute), one of its images, or, with none of these, the run.
struct NoteSubject {
    std::string prompt, attribute;     ///< of a finding; both or none
    std::optional<std::int64_t> image; ///< row of the run's image set
    auto operator<=>(const NoteSubject&) const = default;
};

/// What an auditor says of it; it goes into the run's report.
struct Note {
    std::int64_t run = 0; ///< in the project
    NoteSubject about;
    bool flagged = false; ///< to be looked at
    std::string text;     ///< plain, of any number of lines
    std::string changed;  ///< UTC
    std::int64_t id = 0;  ///< of its record; not looked at when it is set
    bool empty() const { return !flagged && text.empty(); }
    bool operator==(const Note&) const = default;
};

/// Bytes of a note's text; nobody reads more.
inline constexpr std::size_t kLongestNote = 32'768;

} // namespace plumbline
