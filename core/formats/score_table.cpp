// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>
#include <set>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/table_columns.h"

namespace plumbline::formats {

Outcome<ScoreTable> readScoreTable(const std::filesystem::path& path, const std::string& scoreColumn,
                                   const std::string& attributeColumn, Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const std::size_t score, requireColumn(path, header, scoreColumn));
    PLUMBLINE_TRY(const std::size_t attribute, requireColumn(path, header, attributeColumn));
    PLUMBLINE_TRY(const LabelPreset generic, labelPreset("generic"));
    ScoreTable table;
    InternedValues values;
    const auto addRow = [&](const CsvHeader& columns, std::size_t, const std::vector<std::string>& fields) {
        if (fields.size() != columns.columns.size()) {
            ++table.invalidRows;
            return;
        }
        const auto number = parseDouble(fields[score]);
        if (!number)
            ++table.invalidRows;
        table.scores.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
        values.add(fields[attribute]);
    };
    PLUMBLINE_TRY([[maybe_unused]] const CsvHeader read, readCsv(path, addRow, &feedback));
    std::vector<std::string> meaning;
    for (const std::string& text : values.texts())
        meaning.push_back(isUnknownValue(text, generic.unknownValues) ? std::string() : encodeName(trim(text)));
    table.attribute = groupValues(header.columns[attribute], meaning, values.codes());
    return table;
}

Result<std::vector<std::pair<std::string, double>>> readTargetShares(const std::filesystem::path& path) {
    const auto invalid = [](std::string reason) { return fail(ErrorCode::TargetInvalid, {{"reason", std::move(reason)}}); };
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const std::size_t group, requireColumn(path, header, "group"));
    std::size_t share = 0;
    double whole = 1;
    if (const auto column = findColumn(header, "share"))
        share = *column;
    else if (const auto proportion = findColumn(header, "proportion"))
        share = *proportion;
    else if (const auto percent = findColumn(header, "percent")) {
        share = *percent;
        whole = 100;
    } else {
        PLUMBLINE_TRY(share, requireColumn(path, header, "share"));
    }

    std::vector<std::pair<std::string, double>> shares;
    std::set<std::string> seen;
    std::string reason;
    double sum = 0;
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
        const auto value = parseDouble(fields[share]);
        if (name.empty())
            reason = where + "no group";
        else if (!value || !std::isfinite(*value) || *value < 0)
            reason = where + "“" + encodeName(fields[share]) + "” is not a share";
        else if (!seen.insert(name).second)
            reason = where + "the group “" + name + "” is there twice";
        else {
            sum += *value / whole;
            shares.emplace_back(std::move(name), *value / whole);
        }
    };
    const auto read = readCsv(path, addRow);
    if (!read)
        return tl::unexpected<Error>(read.error().error());
    if (!reason.empty())
        return invalid(std::move(reason));
    constexpr double kRounding = 0.01; // published percentages are rounded
    if (std::abs(sum - 1) > kRounding)
        return invalid("the shares add up to " + formatDouble(sum * whole) + ", not to " + formatDouble(whole));
    for (auto& [name, value] : shares)
        value /= sum;
    return shares;
}

} // namespace plumbline::formats
