// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/table_columns.h"

#include <algorithm>
#include <map>

#include "core/base/numbers.h"
#include "core/base/path.h"

namespace plumbline::formats {

Attribute groupValues(std::string name, std::span<const std::string> meaning, std::span<const std::int32_t> codes) {
    std::vector<bool> used(meaning.size(), false);
    for (const std::int32_t code : codes)
        used[static_cast<std::size_t>(code)] = true;
    std::map<std::string_view, std::int32_t> groups; // in byte order; values that mean the same share a group
    for (std::size_t v = 0; v < meaning.size(); ++v)
        if (used[v] && !meaning[v].empty())
            groups.emplace(meaning[v], 0);
    Attribute attribute;
    attribute.name = std::move(name);
    for (auto& [group, index] : groups) {
        index = static_cast<std::int32_t>(attribute.groups.size());
        attribute.groups.emplace_back(group);
    }
    std::vector<std::int32_t> groupOf(meaning.size(), Attribute::kUnlabelled);
    for (std::size_t v = 0; v < meaning.size(); ++v)
        if (const auto found = groups.find(meaning[v]); found != groups.end())
            groupOf[v] = found->second;
    attribute.codes.reserve(codes.size());
    for (const std::int32_t code : codes)
        attribute.codes.push_back(groupOf[static_cast<std::size_t>(code)]);
    return attribute;
}

std::optional<std::size_t> findColumn(const CsvHeader& header, std::string_view name) {
    const auto& columns = header.columns;
    auto found = std::find(columns.begin(), columns.end(), trim(name));
    if (found == columns.end())
        found = std::find_if(columns.begin(), columns.end(), [wanted = toLowerAscii(trim(name))](const std::string& c) {
            return toLowerAscii(c) == wanted;
        });
    if (found == columns.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

Result<std::size_t> requireColumn(const std::filesystem::path& path, const CsvHeader& header, std::string_view name) {
    if (const auto column = findColumn(header, name))
        return *column;
    std::string available;
    for (const std::string& column : header.columns)
        available += (available.empty() ? "" : ", ") + column;
    return fail(ErrorCode::LabelColumnMissing,
                {{"path", encodePath(path)}, {"column", encodeName(name)}, {"available", available}});
}

Result<std::size_t> requireOneOf(const std::filesystem::path& path, const CsvHeader& header,
                                 std::span<const std::string_view> names) {
    for (const std::string_view name : names)
        if (const std::optional<std::size_t> found = findColumn(header, name))
            return *found;
    return requireColumn(path, header, names.front());
}

bool isUnknownValue(std::string_view text, const std::vector<std::string>& unknown) {
    const std::string lower = toLowerAscii(trim(text));
    return lower.empty() || std::any_of(unknown.begin(), unknown.end(),
                                        [&](const std::string& u) { return toLowerAscii(u) == lower; });
}

} // namespace plumbline::formats
