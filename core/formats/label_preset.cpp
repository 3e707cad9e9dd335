// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <regex>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/label_table.h"
#include "core/formats/text_file.h"
#include "embedded/label_presets.h"

namespace plumbline::formats {

namespace {

constexpr std::size_t kLargestPreset = std::size_t{4} << 20;
constexpr int kLargestBand = 1000; // a band is written out as one code a whole number

LabelPreset::Column parseColumn(const nlohmann::json& json) {
    LabelPreset::Column column;
    column.column = json.value("column", "");
    column.attribute = json.value("attribute", "");
    const nlohmann::json none = nlohmann::json::object();
    const auto object = [&](const char* key) -> const nlohmann::json& { return json.contains(key) ? json.at(key) : none; };
    for (const auto& [meant, found] : object("repairs").items())
        for (const auto& text : found)
            column.repairs.emplace_back(text.get<std::string>(), meant);
    for (const auto& [code, group] : object("names").items())
        column.names.emplace_back(code, group.get<std::string>());
    for (const auto& [group, limits] : object("bands").items()) {
        const int first = limits.at(0).get<int>(), last = std::min(limits.at(1).get<int>(), kLargestBand);
        for (int code = first; code <= last; ++code)
            column.names.emplace_back(std::to_string(code), group);
    }
    return column;
}

Result<LabelPreset> parsePreset(std::string_view text, const std::string& path) {
    PLUMBLINE_TRY(const nlohmann::json json, parseJson(text, path));
    const auto invalid = [&path](std::string reason) {
        return fail(ErrorCode::JsonInvalid, {{"path", path}, {"reason", std::move(reason)}});
    };
    LabelPreset preset;
    try {
        preset.name = json.at("name").get<std::string>();
        preset.title = json.value("title", preset.name);
        preset.licence = json.value("licence", "");
        preset.citation = json.value("citation", "");
        preset.fileColumn = json.value("fileColumn", "");
        preset.filePattern = json.value("filePattern", "");
        preset.unknownValues = json.value("unknownValues", std::vector<std::string>());
        for (const auto& column : json.value("columns", nlohmann::json::array()))
            preset.columns.push_back(parseColumn(column));
    } catch (const nlohmann::json::exception& e) {
        return invalid(e.what());
    }
    if (!preset.filePattern.empty()) {
        try {
            const std::regex pattern(preset.filePattern);
            if (pattern.mark_count() != preset.columns.size())
                return invalid("filePattern must have one group for each of its columns");
        } catch (const std::regex_error&) {
            return invalid("filePattern is not a regular expression of the ECMAScript kind");
        }
    }
    return preset;
}

/// Presets are small and asked for rarely: parsed on first use, kept. The files are ours, so a fault in one is a bug
/// that the tests find; a preset that cannot be parsed is simply not there.
const std::vector<LabelPreset>& builtIn() {
    static const std::vector<LabelPreset> presets = [] {
        std::vector<LabelPreset> all;
        for (const std::string_view text : embedded::label_presets)
            if (auto preset = parsePreset(text, "built-in"))
                all.push_back(std::move(*preset));
        for (LabelPreset& preset : all)
            if (preset.unknownValues.empty())
                preset.unknownValues = all.front().unknownValues;
        return all;
    }();
    return presets;
}

} // namespace

std::vector<std::string> labelPresetNames() {
    std::vector<std::string> names;
    for (const LabelPreset& preset : builtIn())
        names.push_back(preset.name);
    return names;
}

Result<LabelPreset> labelPreset(const std::string& nameOrFile) {
    std::string available;
    for (const LabelPreset& preset : builtIn()) {
        if (preset.name == nameOrFile)
            return preset;
        available += (available.empty() ? "" : ", ") + preset.name;
    }
    if (!nameOrFile.ends_with(".json"))
        return fail(ErrorCode::LabelPresetUnknown, {{"name", encodeName(nameOrFile)}, {"available", available}});
    PLUMBLINE_TRY(const std::string text, readFile(nameOrFile, kLargestPreset));
    PLUMBLINE_TRY(LabelPreset preset, parsePreset(text, encodePath(nameOrFile)));
    if (preset.unknownValues.empty())
        preset.unknownValues = builtIn().front().unknownValues;
    return preset;
}

std::string guessPreset(const std::vector<std::string>& header) {
    const auto has = [&header](const std::string& column) {
        return std::any_of(header.begin(), header.end(),
                           [&](const std::string& h) { return toLowerAscii(h) == toLowerAscii(column); });
    };
    for (const LabelPreset& preset : builtIn())
        if (!preset.columns.empty() && has(preset.fileColumn) &&
            std::all_of(preset.columns.begin(), preset.columns.end(),
                        [&](const LabelPreset::Column& c) { return has(c.column); }))
            return preset.name;
    return builtIn().front().name;
}

} // namespace plumbline::formats
