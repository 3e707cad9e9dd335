// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace plumbline {

/// One attribute of the images: for each row the index of its group, or kUnlabelled.
struct Attribute {
    static constexpr std::int32_t kUnlabelled = -1;

    std::string name;                ///< e.g. "gender"; of a crossing "gender × race"
    std::vector<std::string> groups; ///< in byte order, without duplicates
    std::vector<std::int32_t> codes; ///< one a row: index into groups, or kUnlabelled

    /// Rows of each group, in the order of `groups`.
    std::vector<std::int64_t> counts() const;
    std::int64_t unlabelled() const;
};

/// Builds an attribute from one text a row. An empty text is unlabelled; the reader of a table empties the texts that
/// its preset takes for "no value".
Attribute makeAttribute(std::string name, std::span<const std::string> values);

/// The crossed attribute: a group for each combination that occurs ("Female × White"); a row that lacks one of the two
/// is unlabelled. Both must have the same number of rows.
Attribute cross(const Attribute& a, const Attribute& b);

/// Several groups that are to be one: "young" from "0-2" and "3-9".
struct GroupMerge {
    std::string name;
    std::vector<std::string> members;
    bool operator==(const GroupMerge&) const = default;
};

/// The attribute with these groups merged; groups that no merge names stay. The result's name says what was merged
/// (attribute_text.h). InvalidArgument, with the names that there are, for a member that is not a group, that two merges
/// (or one twice) name, a merge without a name or a member, and a name that another group has.
Result<Attribute> mergeGroups(const Attribute& attribute, std::span<const GroupMerge> merges);

} // namespace plumbline
