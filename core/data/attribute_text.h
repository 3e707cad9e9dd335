// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/image_set.h"
#include "core/data/labels.h"

namespace plumbline {

/// The text by which an audit names what it measures against (AuditConfig::attributes): an attribute of the image set,
/// with groups merged or not, or a crossing of several.
///
///   gender
///   gender × race
///   age [young = 0-2 + 3-9; "60+" = 60-69 + more than 70] × gender
///
/// A name may hold any character: where one of [ ] = + ; , : × " or a backslash is in it, or a blank at its ends, or
/// nothing at all, it stands in double quotes, within which a quote and a backslash have a backslash before them.
/// A plain attribute's name, and the names of a crossing without merged groups, may also stand as they are.
struct AttributePart {
    std::string name;
    std::vector<GroupMerge> merges;
    bool operator==(const AttributePart&) const = default;
};

/// The text of a crossing of these parts (one part: of that attribute). parseAttribute gives the parts back; a single
/// attribute without merges is its name alone.
std::string formatAttribute(const std::vector<AttributePart>& parts);
/// InvalidArgument with what was expected.
Result<std::vector<AttributePart>> parseAttribute(std::string_view text);

/// The short form of the command line: `age: young = 0-2 + 3-9, old = 60-69 + more than 70` (a comma or a semicolon
/// between merges; quotes as above). InvalidArgument.
Result<AttributePart> parseMerge(std::string_view text);
/// The short form again.
std::string formatMerge(const AttributePart& part);

/// The attribute that a text names. Errors: AttributeUnknown, InvalidArgument (the text, or groups that cannot be
/// merged).
Result<Attribute> resolveAttribute(const ImageSet& set, const std::string& text);

/// Reads groups of the set as if its table had the merged ones: "Female" for "F" and "female". The attributes keep their
/// names; the report says what was read as what. Errors: AttributeUnknown, those of mergeGroups, InvalidArgument for an
/// attribute named twice; the set is then as it was.
Result<void> readGroupsAs(ImageSet& set, std::span<const AttributePart> parts);
/// What readGroupsAs() notes in the report of a merge of these groups (name, rows).
std::vector<MatchReport::Repair> mergedOf(const AttributePart& part,
                                          const std::vector<std::pair<std::string, std::int64_t>>& groups);
/// The merges again that a report notes, an attribute each.
std::vector<AttributePart> readAs(const MatchReport& report);

/// Merged groups that are usual in the field for an attribute of this kind (resources/labels/bands.json): three age
/// bands, light and dark Monk tones. Only the members that the attribute has; a preset is offered where every group of
/// the attribute has a place in it, and more than one group is left.
struct BandPreset {
    std::string title, source;
    std::vector<GroupMerge> merges;
};
std::vector<BandPreset> bandPresets(std::string_view attribute, const std::vector<std::string>& groups);

} // namespace plumbline
