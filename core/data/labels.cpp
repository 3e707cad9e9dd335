// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/labels.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <unordered_map>

#include "core/data/attribute_text.h"

namespace plumbline {

std::vector<std::int64_t> Attribute::counts() const {
    std::vector<std::int64_t> result(groups.size(), 0);
    for (const std::int32_t code : codes)
        if (code != kUnlabelled)
            ++result[static_cast<std::size_t>(code)];
    return result;
}

std::int64_t Attribute::unlabelled() const {
    return std::count(codes.begin(), codes.end(), kUnlabelled);
}

Attribute makeAttribute(std::string name, std::span<const std::string> values) {
    Attribute result{std::move(name), {}, std::vector<std::int32_t>(values.size(), Attribute::kUnlabelled)};

    // Codes by first appearance, then renumbered in byte order of the names.
    std::unordered_map<std::string_view, std::int32_t> seen;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty())
            continue;
        const auto [it, isNew] = seen.try_emplace(values[i], static_cast<std::int32_t>(names.size()));
        if (isNew)
            names.push_back(values[i]);
        result.codes[i] = it->second;
    }
    std::vector<std::int32_t> order(names.size());
    for (std::size_t g = 0; g < order.size(); ++g)
        order[g] = static_cast<std::int32_t>(g);
    std::sort(order.begin(), order.end(), [&](std::int32_t x, std::int32_t y) {
        return names[static_cast<std::size_t>(x)] < names[static_cast<std::size_t>(y)];
    });
    std::vector<std::int32_t> renumbered(names.size());
    for (std::size_t g = 0; g < order.size(); ++g) {
        result.groups.emplace_back(names[static_cast<std::size_t>(order[g])]);
        renumbered[static_cast<std::size_t>(order[g])] = static_cast<std::int32_t>(g);
    }
    for (std::int32_t& code : result.codes)
        if (code != Attribute::kUnlabelled)
            code = renumbered[static_cast<std::size_t>(code)];
    return result;
}

Attribute cross(const Attribute& a, const Attribute& b) {
    assert(a.codes.size() == b.codes.size());
    constexpr std::string_view kTimes = " \u00D7 ";
    const auto joined = [&](const std::string& x, const std::string& y) { return x + std::string(kTimes) + y; };

    // A map by name: combinations that read the same are the same group to the reader.
    std::map<std::string, std::int32_t> byName;
    const std::size_t width = b.groups.size();
    std::vector<std::int32_t*> ofPair(a.groups.size() * width, nullptr);
    const auto pairOf = [&](std::size_t row) {
        return static_cast<std::size_t>(a.codes[row]) * width + static_cast<std::size_t>(b.codes[row]);
    };
    const auto labelled = [&](std::size_t row) {
        return a.codes[row] != Attribute::kUnlabelled && b.codes[row] != Attribute::kUnlabelled;
    };
    for (std::size_t row = 0; row < a.codes.size(); ++row)
        if (labelled(row) && ofPair[pairOf(row)] == nullptr)
            ofPair[pairOf(row)] = &byName[joined(a.groups[static_cast<std::size_t>(a.codes[row])],
                                                 b.groups[static_cast<std::size_t>(b.codes[row])])];

    Attribute result{joined(a.name, b.name), {}, std::vector<std::int32_t>(a.codes.size(), Attribute::kUnlabelled)};
    for (auto& [name, code] : byName) {
        code = static_cast<std::int32_t>(result.groups.size());
        result.groups.push_back(name);
    }
    for (std::size_t row = 0; row < a.codes.size(); ++row)
        if (labelled(row))
            result.codes[row] = *ofPair[pairOf(row)];
    return result;
}

Result<Attribute> mergeGroups(const Attribute& attribute, std::span<const GroupMerge> merges) {
    const auto invalid = [](std::string what, const std::string& value, std::string expected) {
        return fail(ErrorCode::InvalidArgument,
                    {{"name", std::move(what)}, {"value", value}, {"expected", std::move(expected)}});
    };
    std::string available;
    for (const std::string& group : attribute.groups)
        available += (available.empty() ? "" : ", ") + group;

    std::vector<const GroupMerge*> mergeOf(attribute.groups.size(), nullptr);
    for (const GroupMerge& merge : merges) {
        if (merge.name.empty())
            return invalid("the name of a merged group of " + attribute.name, "", "a name");
        if (merge.members.empty())
            return invalid("the members of " + merge.name, "", "at least one of " + available);
        for (const std::string& member : merge.members) {
            const auto found = std::ranges::find(attribute.groups, member);
            if (found == attribute.groups.end())
                return invalid("a group of " + attribute.name, member, "one of " + available);
            const GroupMerge*& place = mergeOf[static_cast<std::size_t>(found - attribute.groups.begin())];
            if (place != nullptr)
                return invalid("a group of " + attribute.name + " to merge", member,
                               "each group in one merge only, but it is in " + place->name +
                                   (place == &merge ? " twice" : " and in " + merge.name));
            place = &merge;
        }
    }
    for (const GroupMerge& merge : merges) {
        for (const GroupMerge& other : merges)
            if (&other != &merge && other.name == merge.name)
                return invalid("the name of a merged group of " + attribute.name, merge.name,
                               "a name that no other merged group has");
        const auto same = std::ranges::find(attribute.groups, merge.name);
        if (same != attribute.groups.end() &&
            mergeOf[static_cast<std::size_t>(same - attribute.groups.begin())] != &merge)
            return invalid("the name of a merged group of " + attribute.name, merge.name,
                           "a name that no other group has (or the group of that name among its members)");
    }

    Attribute result{formatAttribute({{{attribute.name, {merges.begin(), merges.end()}}}}), {}, attribute.codes};
    const auto newName = [&](std::size_t g) -> const std::string& {
        return mergeOf[g] != nullptr ? mergeOf[g]->name : attribute.groups[g];
    };
    std::map<std::string_view, std::int32_t> order; // in byte order
    for (std::size_t g = 0; g < attribute.groups.size(); ++g)
        order.emplace(newName(g), 0);
    for (auto& [name, code] : order) {
        code = static_cast<std::int32_t>(result.groups.size());
        result.groups.emplace_back(name);
    }
    for (std::int32_t& code : result.codes)
        if (code != Attribute::kUnlabelled)
            code = order.at(newName(static_cast<std::size_t>(code)));
    return result;
}

} // namespace plumbline
