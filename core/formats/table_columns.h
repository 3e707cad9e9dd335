// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/data/labels.h"
#include "core/formats/csv.h"

namespace plumbline::formats {

/// The values of one column: each distinct text once, and its number for each row.
class InternedValues {
public:
    void add(const std::string& text) {
        const auto [entry, isNew] = m_numbers.try_emplace(text, static_cast<std::int32_t>(m_texts.size()));
        if (isNew)
            m_texts.push_back(text);
        m_codes.push_back(entry->second);
    }
    const std::vector<std::string>& texts() const { return m_texts; }
    const std::vector<std::int32_t>& codes() const { return m_codes; }

private:
    std::unordered_map<std::string, std::int32_t> m_numbers;
    std::vector<std::string> m_texts;
    std::vector<std::int32_t> m_codes;
};

/// An attribute from values by number: `meaning` holds the group of each (empty: no value), `codes` the number of each
/// row. Groups that no row has are left out.
Attribute groupValues(std::string name, std::span<const std::string> meaning, std::span<const std::int32_t> codes);

/// The place of a column: by its exact name, otherwise without regard to case.
std::optional<std::size_t> findColumn(const CsvHeader& header, std::string_view name);
/// The same, or LabelColumnMissing with the names that there are.
Result<std::size_t> requireColumn(const std::filesystem::path& path, const CsvHeader& header, std::string_view name);

/// What the column with the image's file is called in the tables that people have.
inline constexpr std::array<std::string_view, 6> kFileColumns = {"file",     "path",     "image",
                                                                 "filename", "filepath", "image_id"};
/// The first of these columns that is there, or LabelColumnMissing for the first name.
Result<std::size_t> requireOneOf(const std::filesystem::path& path, const CsvHeader& header,
                                 std::span<const std::string_view> names);

/// Whether a text stands for "no value": empty, or one of the list in any case.
bool isUnknownValue(std::string_view text, const std::vector<std::string>& unknown);

} // namespace plumbline::formats
