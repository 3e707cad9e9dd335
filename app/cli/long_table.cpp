// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/long_table.h"

#include <cmath>
#include <limits>

namespace plumbline::cli {

std::size_t Names::of(const std::string& text) {
    const auto [at, isNew] = m_numbers.try_emplace(text, m_texts.size());
    if (isNew)
        m_texts.push_back(text);
    return at->second;
}

std::optional<std::size_t> Names::find(const std::string& text) const {
    const auto at = m_numbers.find(text);
    return at == m_numbers.end() ? std::nullopt : std::optional(at->second);
}

Result<LongTable> LongTable::of(const formats::DataTable& table, const Columns& columns) {
    LongTable result;
    result.imageValues.resize(columns.ofImages.size());
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const std::size_t image =
            result.images.of(columns.image.empty() ? std::to_string(row) : table.texts(columns.image)[row]);
        const std::size_t prompt = result.prompts.of(columns.prompt.empty() ? "all" : table.texts(columns.prompt)[row]);
        for (std::size_t c = 0; c < columns.ofImages.size(); ++c) {
            const std::string& value = table.texts(columns.ofImages[c])[row];
            std::vector<std::string>& values = result.imageValues[c];
            if (image == values.size())
                values.push_back(value);
            else if (values[image] != value)
                return fail(ErrorCode::InvalidArgument,
                            {{"name", columns.ofImages[c] + " of the image “" + result.images.texts()[image] + "”"},
                             {"value", value},
                             {"expected", "the same in each of its rows (it was “" + values[image] + "”)"}});
        }
        const std::size_t about =
            columns.concept_.empty() ? prompt : result.concepts.of(table.texts(columns.concept_)[row]);
        if (prompt == result.conceptOf.size())
            result.conceptOf.push_back(static_cast<std::int32_t>(about));
        result.cellOf.emplace_back(image, prompt);
    }
    return result;
}

std::int64_t fillMatrix(const LongTable& cells, const std::vector<double>& numbers, std::vector<float>& matrix) {
    matrix.assign(cells.size(), std::numeric_limits<float>::quiet_NaN());
    std::int64_t twice = 0;
    for (std::size_t row = 0; row < cells.cellOf.size(); ++row) {
        float& cell = matrix[cells.place(cells.cellOf[row].first, cells.cellOf[row].second)];
        if (std::isnan(cell))
            cell = static_cast<float>(numbers[row]);
        else
            ++twice;
    }
    return twice;
}

} // namespace plumbline::cli
