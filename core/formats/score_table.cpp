// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/table_columns.h"

namespace plumbline::formats {

namespace {

/// The gain of a row: a number of at least 0, or a word for yes or no; no value is no gain.
std::optional<double> gainOf(const std::string& text) {
    const std::string word = toLowerAscii(std::string(trim(text)));
    for (const char* yes : {"true", "yes", "relevant"})
        if (word == yes)
            return 1.0;
    for (const char* no : {"", "false", "no", "irrelevant"})
        if (word == no)
            return 0.0;
    const std::optional<double> number = parseDouble(word);
    return number && std::isfinite(*number) && *number >= 0 ? number : std::nullopt;
}

} // namespace

Outcome<ScoreTable> readScoreTable(const std::filesystem::path& path, const std::string& scoreColumn,
                                   const std::string& attributeColumn, Feedback& feedback) {
    return readScoreTable(path, ScoreColumns{scoreColumn, attributeColumn, {}, {}}, feedback);
}

Outcome<ScoreTable> readScoreTable(const std::filesystem::path& path, const ScoreColumns& names, Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const std::size_t score, requireColumn(path, header, names.score));
    PLUMBLINE_TRY(const std::size_t attribute, requireColumn(path, header, names.attribute));
    std::optional<std::size_t> relevance, reference;
    if (!names.relevance.empty()) {
        PLUMBLINE_TRY(relevance, requireColumn(path, header, names.relevance));
    }
    if (!names.reference.empty()) {
        PLUMBLINE_TRY(reference, requireColumn(path, header, names.reference));
    }
    PLUMBLINE_TRY(const LabelPreset generic, labelPreset("generic"));
    ScoreTable table;
    InternedValues values;
    const auto addRow = [&](const CsvHeader& columns, std::size_t, const std::vector<std::string>& fields) {
        if (fields.size() != columns.columns.size()) {
            ++table.invalidRows;
            return;
        }
        const auto number = parseDouble(fields[score]);
        table.unreadable += !number;
        table.scores.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
        values.add(fields[attribute]);
        if (relevance) {
            const std::optional<double> gain = gainOf(fields[*relevance]);
            table.invalidRelevance += !gain;
            table.relevance.push_back(gain.value_or(0.0));
        }
        if (reference)
            table.reference.push_back(
                parseDouble(fields[*reference]).value_or(std::numeric_limits<double>::quiet_NaN()));
    };
    PLUMBLINE_TRY([[maybe_unused]] const CsvHeader read, readCsv(path, addRow, &feedback));
    std::vector<std::string> meaning;
    for (const std::string& text : values.texts())
        meaning.push_back(isUnknownValue(text, generic.unknownValues) ? std::string() : encodeName(trim(text)));
    table.attribute = groupValues(header.columns[attribute], meaning, values.codes());
    return table;
}

} // namespace plumbline::formats
