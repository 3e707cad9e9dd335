// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/target_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/table_columns.h"
#include "embedded/target_presets.h"

namespace plumbline::formats {
namespace {

using Shares = std::vector<std::pair<std::string, double>>;

tl::unexpected<Error> invalid(std::string reason) {
    return fail(ErrorCode::TargetInvalid, {{"reason", std::move(reason)}});
}

/// Where the shares stand, and what they add up to.
struct ShareColumn {
    std::size_t at = 0;
    double whole = 1;
};

Result<ShareColumn> shareColumn(const std::filesystem::path& path, const CsvHeader& header) {
    if (const auto column = findColumn(header, "share"))
        return ShareColumn{*column};
    if (const auto proportion = findColumn(header, "proportion"))
        return ShareColumn{*proportion};
    if (const auto percent = findColumn(header, "percent"))
        return ShareColumn{*percent, 100};
    PLUMBLINE_TRY(const std::size_t missing, requireColumn(path, header, "share"));
    return ShareColumn{missing};
}

/// Scales the shares to sum 1, or says why they cannot be one whole.
std::optional<std::string> complete(const std::string& concept_, double whole, Shares& shares) {
    constexpr double kRounding = 0.01; // published percentages are rounded
    double sum = 0;
    for (const auto& [name, value] : shares)
        sum += value;
    if (std::abs(sum - 1) > kRounding)
        return "the shares " + (concept_.empty() ? std::string() : "of “" + concept_ + "” ") + "add up to " +
               formatDouble(sum * whole) + ", not to " + formatDouble(whole);
    for (auto& [name, value] : shares)
        value /= sum;
    return std::nullopt;
}

} // namespace

Result<Target> readTargetTable(const std::filesystem::path& path) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const std::size_t group, requireColumn(path, header, "group"));
    PLUMBLINE_TRY(const ShareColumn share, shareColumn(path, header));
    const std::optional<std::size_t> concept_ = findColumn(header, "concept");

    Target target;
    target.kind = Target::Kind::Custom;
    std::map<std::string, std::size_t> places; // of a concept in lower case
    std::set<std::pair<std::string, std::string>> seen;
    std::string reason;
    const auto addRow = [&](const CsvHeader& columns, std::size_t line, const std::vector<std::string>& fields) {
        if (!reason.empty())
            return;
        const std::string where = "line " + std::to_string(line) + ": ";
        if (fields.size() != columns.columns.size()) {
            reason = where + std::to_string(fields.size()) + " fields instead of " +
                     std::to_string(columns.columns.size());
            return;
        }
        std::string name = encodeName(trim(fields[group]));
        std::string about = concept_ ? encodeName(trim(fields[*concept_])) : std::string();
        if (about == "*")
            about.clear();
        const auto value = parseDouble(fields[share.at]);
        if (name.empty())
            reason = where + "no group";
        else if (!value || !std::isfinite(*value) || *value < 0)
            reason = where + "“" + encodeName(fields[share.at]) + "” is not a share";
        else if (!seen.insert({toLowerAscii(about), name}).second)
            reason = where + "the group “" + name + "” is there twice";
        if (!reason.empty())
            return;
        Shares* shares = &target.shares;
        if (!about.empty()) {
            const auto [place, isNew] = places.try_emplace(toLowerAscii(about), target.byConcept.size());
            if (isNew)
                target.byConcept.push_back({std::move(about), {}});
            shares = &target.byConcept[place->second].shares;
        }
        shares->emplace_back(std::move(name), *value / share.whole);
    };
    const auto read = readCsv(path, addRow);
    if (!read)
        return tl::unexpected<Error>(read.error().error());
    if (!reason.empty())
        return invalid(std::move(reason));
    if (!target.shares.empty() || target.byConcept.empty())
        if (auto wrong = complete({}, share.whole, target.shares))
            return invalid(std::move(*wrong));
    for (ConceptShares& entry : target.byConcept)
        if (auto wrong = complete(entry.concept_, share.whole, entry.shares))
            return invalid(std::move(*wrong));
    return target;
}

Result<std::vector<std::pair<std::string, double>>> readTargetShares(const std::filesystem::path& path) {
    PLUMBLINE_TRY(Target target, readTargetTable(path));
    if (!target.byConcept.empty())
        return invalid("the table has shares for single concepts");
    return std::move(target.shares);
}

const std::vector<TargetPreset>& targetPresets() {
    // Our own files: a fault in one is a bug that the tests find, and the preset is then not there.
    static const std::vector<TargetPreset> presets = [] {
        std::vector<TargetPreset> all;
        for (const std::string_view text : embedded::target_presets) {
            const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
            if (json.is_discarded())
                continue;
            TargetPreset preset{json.value("name", ""), json.value("title", ""), json.value("citation", ""), {}};
            for (const nlohmann::json& entry : json.value("concepts", nlohmann::json::array())) {
                ConceptShares& shares = preset.concepts.emplace_back();
                shares.concept_ = entry.value("concept", "");
                const nlohmann::json own = entry.value("shares", nlohmann::json::object()); // items() looks at what it is of
                for (const auto& [group, share] : own.items())
                    if (share.is_number())
                        shares.shares.emplace_back(group, share.get<double>());
            }
            all.push_back(std::move(preset));
        }
        return all;
    }();
    return presets;
}

Result<Target> readTarget(const std::string& text) {
    for (const auto& [name, kind] : {std::pair{"pool", Target::Kind::Pool}, {"uniform", Target::Kind::Uniform},
                                     {"conditional", Target::Kind::Conditional}})
        if (text == name)
            return Target{kind, {}, {}};
    for (const TargetPreset& preset : targetPresets()) {
        Target target{Target::Kind::Custom, {}, preset.concepts};
        if (text == preset.name)
            return target;
        if (!text.starts_with(preset.name + ":"))
            continue;
        const std::string wanted = text.substr(preset.name.size() + 1);
        Target one = target.of(wanted);
        if (one.kind == Target::Kind::Custom)
            return one;
        std::string known;
        for (const ConceptShares& entry : preset.concepts)
            known += (known.empty() ? "" : ", ") + entry.concept_;
        return invalid(preset.name + " has no shares for “" + encodeName(wanted) + "”, only for " + known);
    }
    return readTargetTable(text);
}

} // namespace plumbline::formats
