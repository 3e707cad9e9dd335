// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/attribute_text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/data/json.h"
#include "embedded/band_presets.h"

namespace plumbline {

namespace {

constexpr std::string_view kTimes = " \u00D7 ", kTimesSign = "\u00D7";
constexpr std::string_view kReserved = "[]=+;,:\"\\";

bool isBare(std::string_view name) {
    return !name.empty() && trim(name).size() == name.size() &&
           name.find_first_of(kReserved) == std::string_view::npos && name.find(kTimesSign) == std::string_view::npos &&
           name.find_first_of("\n\r\t") == std::string_view::npos;
}

std::string withQuotes(std::string_view name) {
    if (isBare(name))
        return std::string(name);
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + '"';
}

/// Reads names and signs from a text.
class Reader {
public:
    explicit Reader(std::string_view text) : m_all(text), m_rest(text) {}

    bool atEnd() {
        skipBlanks();
        return m_rest.empty();
    }
    bool take(std::string_view sign) {
        skipBlanks();
        if (!m_rest.starts_with(sign))
            return false;
        m_rest.remove_prefix(sign.size());
        return true;
    }
    /// A quoted name, or what comes before the next reserved sign.
    std::optional<std::string> name() {
        skipBlanks();
        if (m_rest.starts_with('"'))
            return quotedName();
        std::size_t end = std::min(m_rest.find_first_of(kReserved), m_rest.find(kTimesSign));
        end = std::min(end, m_rest.size());
        const std::string_view name = trim(m_rest.substr(0, end));
        m_rest.remove_prefix(end);
        return name.empty() ? std::nullopt : std::optional(std::string(name));
    }
    tl::unexpected<Error> expected(std::string_view what) const {
        const std::size_t at = m_all.size() - m_rest.size();
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "an attribute"},
                     {"value", std::string(m_all)},
                     {"expected",
                      std::string(what) + (m_rest.empty() ? " at its end" : " before “" + std::string(m_rest) + "”")}},
                    "at byte " + std::to_string(at));
    }

private:
    void skipBlanks() {
        while (!m_rest.empty() &&
               (m_rest.front() == ' ' || m_rest.front() == '\t' || m_rest.front() == '\n' || m_rest.front() == '\r'))
            m_rest.remove_prefix(1);
    }
    std::optional<std::string> quotedName() {
        std::string name;
        for (std::size_t i = 1; i < m_rest.size(); ++i) {
            if (m_rest[i] == '"') {
                m_rest.remove_prefix(i + 1);
                return name;
            }
            if (m_rest[i] == '\\' && ++i == m_rest.size())
                break;
            name += m_rest[i];
        }
        return std::nullopt;
    }

    std::string_view m_all, m_rest;
};

/// NAME = MEMBER + MEMBER
Result<GroupMerge> readMerge(Reader& reader) {
    GroupMerge merge;
    std::optional<std::string> name = reader.name();
    if (!name)
        return reader.expected("the name of a merged group");
    merge.name = std::move(*name);
    if (!reader.take("="))
        return reader.expected("= and the groups to merge");
    do {
        std::optional<std::string> member = reader.name();
        if (!member)
            return reader.expected("the name of a group");
        merge.members.push_back(std::move(*member));
    } while (reader.take("+"));
    return merge;
}

std::string mergesText(const std::vector<GroupMerge>& merges, std::string_view between) {
    std::string text;
    for (const GroupMerge& merge : merges) {
        text += (text.empty() ? "" : std::string(between)) + withQuotes(merge.name) + " = ";
        for (std::size_t m = 0; m < merge.members.size(); ++m)
            text += (m == 0 ? "" : " + ") + withQuotes(merge.members[m]);
    }
    return text;
}

struct Band {
    std::string name;
    std::vector<std::string> members;
    std::optional<std::pair<std::int64_t, std::int64_t>> range; ///< whole numbers that belong to it
};
struct Bands {
    std::string title, source;
    std::vector<std::string> words; ///< an attribute whose name holds one of them
    std::vector<Band> bands;
};

/// The file is ours, so a fault in it is a bug that the tests find; bands that cannot be read are not there.
const std::vector<Bands>& builtInBands() {
    static const std::vector<Bands> all = [] {
        std::vector<Bands> result;
        const Result<nlohmann::json> json = parseJson(embedded::band_presets[0], "bands.json");
        if (!json)
            return result;
        try {
            for (const nlohmann::json& preset : *json) {
                Bands bands{preset.at("title"), preset.at("source"), preset.at("attributes"), {}};
                for (const nlohmann::json& one : preset.at("bands")) {
                    Band band{one.at("name"), one.value("members", std::vector<std::string>()), {}};
                    if (one.contains("range"))
                        band.range = {one.at("range").at(0).get<std::int64_t>(),
                                      one.at("range").at(1).get<std::int64_t>()};
                    bands.bands.push_back(std::move(band));
                }
                result.push_back(std::move(bands));
            }
        } catch (const nlohmann::json::exception&) {
            return result;
        }
        return result;
    }();
    return all;
}

tl::unexpected<Error> unknownAttribute(const ImageSet& set, const std::string& name) {
    std::string available;
    for (const Attribute& attribute : set.attributes)
        available += (available.empty() ? "" : ", ") + attribute.name;
    return fail(ErrorCode::AttributeUnknown, {{"name", name}, {"available", available.empty() ? "none" : available}});
}

bool belongs(const Band& band, const std::string& group) {
    if (std::ranges::find(band.members, group) != band.members.end())
        return true;
    const std::optional<std::int64_t> number = parseInteger(group);
    return band.range && number && *number >= band.range->first && *number <= band.range->second;
}

} // namespace

std::string formatAttribute(const std::vector<AttributePart>& parts) {
    std::string text;
    for (const AttributePart& part : parts) {
        text += text.empty() ? "" : std::string(kTimes);
        if (parts.size() == 1 && part.merges.empty())
            return part.name;
        text += withQuotes(part.name);
        if (part.merges.empty())
            continue;
        text += " [" + mergesText(part.merges, "; ") + "]";
    }
    return text;
}

std::string formatMerge(const AttributePart& part) {
    return withQuotes(part.name) + ": " + mergesText(part.merges, ", ");
}

Result<std::vector<AttributePart>> parseAttribute(std::string_view text) {
    Reader reader(text);
    std::vector<AttributePart> parts;
    do {
        AttributePart part;
        std::optional<std::string> name = reader.name();
        if (!name)
            return reader.expected("the name of an attribute");
        part.name = std::move(*name);
        if (reader.take("[")) {
            do {
                PLUMBLINE_TRY(GroupMerge merge, readMerge(reader));
                part.merges.push_back(std::move(merge));
            } while (reader.take(";"));
            if (!reader.take("]"))
                return reader.expected("] or another merge");
        }
        parts.push_back(std::move(part));
    } while (reader.take(kTimesSign));
    if (!reader.atEnd())
        return reader.expected("nothing more, or \u00D7 and another attribute,");
    return parts;
}

Result<AttributePart> parseMerge(std::string_view text) {
    Reader reader(text);
    AttributePart part;
    std::optional<std::string> name = reader.name();
    if (!name)
        return reader.expected("the name of an attribute");
    part.name = std::move(*name);
    if (!reader.take(":"))
        return reader.expected(": and what is merged, as in age: young = 0-2 + 3-9,");
    do {
        PLUMBLINE_TRY(GroupMerge merge, readMerge(reader));
        part.merges.push_back(std::move(merge));
    } while (reader.take(",") || reader.take(";"));
    if (!reader.atEnd())
        return reader.expected("a comma or nothing more");
    return part;
}

Result<Attribute> resolveAttribute(const ImageSet& set, const std::string& text) {
    if (const Attribute* plain = set.attribute(text))
        return *plain;
    // Names that stand as they are: of a crossing without merged groups.
    std::vector<AttributePart> plain;
    std::optional<std::string> missing;
    for (std::string_view rest = text;;) {
        const std::size_t at = rest.find(kTimes);
        plain.push_back({std::string(rest.substr(0, at)), {}});
        if (!missing && set.attribute(plain.back().name) == nullptr)
            missing = plain.back().name;
        if (at == std::string_view::npos)
            break;
        rest.remove_prefix(at + kTimes.size());
    }
    std::vector<AttributePart> parts = std::move(plain);
    if (missing) {
        Result<std::vector<AttributePart>> parsed = parseAttribute(text);
        if (!parsed) {
            if (text.find('[') == std::string::npos && text.find('"') == std::string::npos)
                return unknownAttribute(set, *missing);
            return tl::unexpected(parsed.error());
        }
        parts = std::move(*parsed);
    }
    std::optional<Attribute> result;
    for (const AttributePart& part : parts) {
        const Attribute* found = set.attribute(part.name);
        if (found == nullptr)
            return unknownAttribute(set, part.name);
        PLUMBLINE_TRY(const Attribute merged,
                      part.merges.empty() ? Result<Attribute>(*found) : mergeGroups(*found, part.merges));
        result = result ? cross(*result, merged) : merged;
    }
    result->name = text;
    return std::move(*result);
}

std::vector<MatchReport::Repair> mergedOf(const AttributePart& part,
                                          const std::vector<std::pair<std::string, std::int64_t>>& groups) {
    std::vector<MatchReport::Repair> merged;
    for (const GroupMerge& merge : part.merges)
        for (const std::string& member : merge.members) {
            const auto group = std::ranges::find(groups, member, &std::pair<std::string, std::int64_t>::first);
            merged.push_back({part.name, member, merge.name, group == groups.end() ? 0 : group->second});
        }
    return merged;
}

std::vector<AttributePart> readAs(const MatchReport& report) {
    std::vector<AttributePart> parts;
    for (const MatchReport::Repair& one : report.merged) {
        auto part = std::ranges::find(parts, one.column, &AttributePart::name);
        if (part == parts.end())
            part = parts.insert(part, AttributePart{one.column, {}});
        auto merge = std::ranges::find(part->merges, one.to, &GroupMerge::name);
        if (merge == part->merges.end())
            merge = part->merges.insert(merge, GroupMerge{one.to, {}});
        merge->members.push_back(one.from);
    }
    return parts;
}

Result<void> readGroupsAs(ImageSet& set, std::span<const AttributePart> parts) {
    std::vector<Attribute> attributes = set.attributes;
    MatchReport report = set.report;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const AttributePart& part = parts[p];
        if (std::ranges::find(parts.first(p), part.name, &AttributePart::name) != parts.begin() + std::ptrdiff_t(p))
            return fail(ErrorCode::InvalidArgument, {{"name", "what is read as another group"},
                                                     {"value", formatMerge(part)},
                                                     {"expected", "each attribute once"}});
        const auto attribute = std::ranges::find(attributes, part.name, &Attribute::name);
        if (attribute == attributes.end())
            return unknownAttribute(set, part.name);
        std::vector<std::pair<std::string, std::int64_t>> groups;
        const std::vector<std::int64_t> counts = attribute->counts();
        for (std::size_t g = 0; g < counts.size(); ++g)
            groups.emplace_back(attribute->groups[g], counts[g]);
        PLUMBLINE_TRY(Attribute merged, mergeGroups(*attribute, part.merges));
        merged.name = part.name;
        *attribute = std::move(merged);
        std::ranges::move(mergedOf(part, groups), std::back_inserter(report.merged));
    }
    set.attributes = std::move(attributes);
    set.report = std::move(report);
    return {};
}

std::vector<BandPreset> bandPresets(std::string_view attribute, const std::vector<std::string>& groups) {
    const std::string name = toLowerAscii(attribute);
    std::vector<BandPreset> result;
    for (const Bands& bands : builtInBands()) {
        if (std::ranges::none_of(bands.words,
                                 [&](const std::string& word) { return name.find(word) != std::string::npos; }))
            continue;
        BandPreset preset{bands.title, bands.source, {}};
        std::size_t placed = 0;
        for (const Band& band : bands.bands) {
            GroupMerge merge{band.name, {}};
            for (const std::string& group : groups)
                if (belongs(band, group))
                    merge.members.push_back(group);
            placed += merge.members.size();
            if (!merge.members.empty())
                preset.merges.push_back(std::move(merge));
        }
        if (placed == groups.size() && preset.merges.size() > 1 && preset.merges.size() < groups.size())
            result.push_back(std::move(preset));
    }
    return result;
}

} // namespace plumbline
