// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/data_table.h"

#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"
#include "core/formats/table_columns.h"

namespace plumbline::formats {

Outcome<DataTable> DataTable::read(const std::filesystem::path& path, std::span<const std::string> columns,
                                   Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const LabelPreset generic, labelPreset("generic"));
    DataTable table;
    std::vector<std::size_t> places;
    for (const std::string& name : columns) {
        if (std::ranges::find(table.m_names, name) != table.m_names.end())
            continue;
        PLUMBLINE_TRY(places.emplace_back(), requireColumn(path, header, name));
        table.m_names.push_back(name);
    }
    table.m_columns.resize(places.size());
    const auto addRow = [&](const CsvHeader& of, std::size_t, const std::vector<std::string>& fields) {
        if (fields.size() != of.columns.size()) {
            ++table.m_invalidRows;
            return;
        }
        ++table.m_rows;
        for (std::size_t c = 0; c < places.size(); ++c) {
            const std::string_view text = trim(fields[places[c]]);
            table.m_columns[c].push_back(isUnknownValue(text, generic.unknownValues) ? std::string()
                                                                                     : encodeName(text));
        }
    };
    PLUMBLINE_TRY([[maybe_unused]] const CsvHeader read, readCsv(path, addRow, &feedback));
    return table;
}

const std::vector<std::string>& DataTable::texts(const std::string& column) const {
    static const std::vector<std::string> none;
    const auto found = std::ranges::find(m_names, column);
    return found == m_names.end() ? none : m_columns[static_cast<std::size_t>(found - m_names.begin())];
}

std::vector<double> DataTable::numbers(const std::string& column, std::int64_t& unreadable) const {
    unreadable = 0;
    std::vector<double> values;
    for (const std::string& text : texts(column)) {
        const std::optional<double> value = parseDouble(text);
        if (!value && !text.empty())
            ++unreadable;
        values.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return values;
}

Attribute DataTable::attribute(const std::string& column) const {
    return makeAttribute(column, texts(column));
}

Result<Embeddings> readEmbeddings(const std::filesystem::path& path) {
    PLUMBLINE_TRY(NpyArray array, readNpy(path));
    if (array.shape.size() != 2)
        return fail(ErrorCode::NpyInvalid,
                    {{"path", encodeName(path.string())},
                     {"reason", "it has " + std::to_string(array.shape.size()) +
                                    " dimensions, a table of embeddings has two (rows, numbers a row)"}});
    Embeddings embeddings;
    embeddings.rows = static_cast<std::size_t>(array.shape[0]);
    embeddings.dim = static_cast<std::size_t>(array.shape[1]);
    embeddings.values = std::move(array.values);
    return embeddings;
}

} // namespace plumbline::formats
