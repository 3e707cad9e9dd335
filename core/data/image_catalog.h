// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/image_check.h"
#include "core/data/labels.h"

namespace plumbline {

/// Many names in one piece of memory: a million of 30 bytes take 38 MB, as strings they would take 62 and more.
class PackedNames {
public:
    void reserve(std::size_t names, std::size_t bytes);
    void add(std::string_view name);
    std::size_t size() const { return m_ends.size(); }
    std::string_view operator[](std::size_t i) const {
        const std::uint64_t begin = i == 0 ? 0 : m_ends[i - 1];
        return std::string_view(m_bytes).substr(begin, m_ends[i] - begin);
    }

private:
    std::string m_bytes;
    std::vector<std::uint64_t> m_ends;
};

/// An image set as browsing wants it: packed, with what a check of its pictures found.
struct ImageCatalog {
    std::filesystem::path root;
    PackedNames files; ///< relative to root, raw bytes
    std::vector<Attribute> attributes;
    std::optional<ImageCheck> check;
    std::vector<std::uint8_t> flaws; ///< bits (flawBit) of each image; empty without a check

    std::size_t size() const { return files.size(); }
    std::uint8_t flawsOf(std::size_t row) const { return flaws.empty() ? std::uint8_t(0) : flaws[row]; }
    /// Fills `flaws` from `check`. Rows beyond the set are passed over.
    void markFlaws();
};

/// Which images are wanted.
struct ImageFilter {
    std::vector<std::optional<std::int32_t>> groups; ///< one an attribute: absent is any; a code, or kUnlabelled
    std::string text;                                ///< within the file's name, in any case of the letters A to Z
    std::uint8_t flaws = 0;                          ///< any of these bits; 0: whatever they have
    bool operator==(const ImageFilter&) const = default;
    bool isEmpty() const;
};

/// In which order; images that are equal keep the order of the set.
struct ImageOrder {
    enum class By { Row, File, Attribute, Flaws };
    By by = By::Row;
    std::size_t attribute = 0; ///< for By::Attribute; unlabelled images come last, in either direction
    bool descending = false;
    bool operator==(const ImageOrder&) const = default;
};

/// The rows that the filter lets through, ordered. Absent when it was cancelled.
std::optional<std::vector<std::uint32_t>> arrange(const ImageCatalog& catalog, const ImageFilter& filter,
                                                  const ImageOrder& order, const Feedback& feedback);

/// Images by the groups of two attributes: (groups of a + 1) x (groups of b + 1), row-major; the last row and column
/// count images without a label.
std::vector<std::int64_t> crossCounts(const Attribute& a, const Attribute& b);

/// Whether two of these images have different labels in an attribute (having none is no label).
bool labelsDiffer(const std::vector<Attribute>& attributes, const DuplicateGroup& group);

} // namespace plumbline
