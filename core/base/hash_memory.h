// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace plumbline {

class Feedback;

/// Hashes that took long to compute, kept in a text file of the user's cache so that the same gigabytes are read once.
/// A file counts as the same while its path, size, and times of change (of content and of status) are the same. What
/// cannot be read or written is computed again; nothing fails for it. Two processes may share the file: the last one to
/// write wins, and the other's work is done again some day.
class HashMemory {
public:
    /// An empty path: nothing is remembered.
    explicit HashMemory(std::filesystem::path file = {});

    /// SHA-256 of a file, remembered or computed. Errors: FileNotFound, FileUnreadable; Cancelled.
    Outcome<std::string> ofFile(const std::filesystem::path& file, Feedback& feedback);

    /// What was remembered under a key of one line, and what to remember.
    std::optional<std::string> find(const std::string& key) const;
    void remember(const std::string& key, const std::string& value);

    /// Writes what was added since the last time.
    void save();

private:
    std::filesystem::path m_file;
    std::map<std::string, std::string> m_values;
    std::vector<std::string> m_order; ///< keys, oldest first
    bool m_changed = false;
};

} // namespace plumbline
