// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/hash_memory.h"

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/path.h"

namespace plumbline {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kHashLength = 64;

/// What tells one state of a file from another; empty if it cannot be asked.
std::string stamp(const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return {};
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(file, ignored);
    const auto time = [](const timespec& t) { return std::to_string(t.tv_sec) + '.' + std::to_string(t.tv_nsec); };
    return "file " + std::to_string(status.st_size) + ' ' + time(status.st_mtim) + ' ' + time(status.st_ctim) + ' ' +
           encodePath(whole.empty() ? file : whole);
}

bool isHash(const std::string& text) {
    return text.size() == kHashLength && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

HashMemory::HashMemory(fs::path file) : m_file(std::move(file)) {
    if (m_file.empty())
        return;
    std::ifstream in(m_file);
    std::string line;
    while (m_order.size() < kMostEntries && std::getline(in, line))
        if (line.size() > kHashLength + 1 && line[kHashLength] == ' ' && isHash(line.substr(0, kHashLength)))
            remember(line.substr(kHashLength + 1), line.substr(0, kHashLength));
    m_changed = false;
}

Outcome<std::string> HashMemory::ofFile(const fs::path& file, Feedback& feedback) {
    const std::string before = stamp(file);
    if (const std::optional<std::string> known = find(before))
        return *known;
    PLUMBLINE_TRY(std::string hash, sha256File(file, &feedback));
    if (!before.empty() && stamp(file) == before) // it may have been written to meanwhile
        remember(before, hash);
    return hash;
}

std::optional<std::string> HashMemory::find(const std::string& key) const {
    const auto it = m_values.find(key);
    return it == m_values.end() ? std::nullopt : std::optional(it->second);
}

void HashMemory::remember(const std::string& key, const std::string& value) {
    if (m_file.empty() || key.empty() || key.find('\n') != std::string::npos || !isHash(value))
        return;
    if (m_values.insert_or_assign(key, value).second)
        m_order.push_back(key);
    if (m_order.size() > kMostEntries) {
        m_values.erase(m_order.front());
        m_order.erase(m_order.begin());
    }
    m_changed = true;
}

void HashMemory::save() {
    if (!m_changed)
        return;
    std::error_code ignored;
    fs::create_directories(m_file.parent_path(), ignored);
    fs::path part = m_file;
    part += ".part" + std::to_string(::getpid());
    {
        std::ofstream out(part);
        for (const std::string& key : m_order)
            out << m_values.at(key) << ' ' << key << '\n';
        out.close();
        if (!out) {
            fs::remove(part, ignored);
            return;
        }
    }
    fs::rename(part, m_file, ignored);
    m_changed = false;
}

} // namespace plumbline
