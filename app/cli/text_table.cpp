// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_table.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/numbers.h"

namespace plumbline::cli {

namespace {

/// Columns of a text in a terminal: UTF-8 characters, which is right for everything but wide scripts.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

TextTable::TextTable(std::vector<std::string> header, std::size_t leftColumns)
    : m_rows{std::move(header)}, m_left(leftColumns) {
}

void TextTable::add(std::vector<std::string> row) {
    m_rows.push_back(std::move(row));
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths(m_rows.front().size());
    for (const auto& row : m_rows)
        for (std::size_t c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], width(row[c]));
    std::string out;
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string pad(widths[c] - width(row[c]), ' ');
            line += (c ? "  " : "") + (c < m_left ? row[c] + pad : pad + row[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string cell(const std::optional<double>& value, int decimals) {
    if (!value)
        return "–";
    // Differences of cosines are of the order of thousandths: small numbers keep two digits.
    const double size = std::abs(*value), last = std::pow(10.0, 1 - decimals);
    if (size > 0 && size < last && std::isfinite(size))
        return size < 1e-6 ? formatDouble(*value)
                           : formatFixed(*value, 1 - static_cast<int>(std::floor(std::log10(size))));
    return formatFixed(*value, decimals);
}

std::string pCell(const std::optional<double>& p) {
    return p && *p < 0.0005 ? "<0.001" : p ? formatFixed(*p, 3) : "–";
}

std::string exactCell(const std::optional<double>& value) {
    return value ? formatDouble(*value) : "";
}

} // namespace plumbline::cli
