// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plumbline::cli {

/// Columns for a terminal: the first `leftColumns` left-aligned, the others right-aligned.
class TextTable {
public:
    TextTable(std::vector<std::string> header, std::size_t leftColumns);
    void add(std::vector<std::string> row);
    std::string text() const;

private:
    std::vector<std::vector<std::string>> m_rows;
    std::size_t m_left;
};

/// A number with some decimals (a small one with two digits), "–" where it is undefined.
std::string cell(const std::optional<double>& value, int decimals = 3);
/// A p-value: "<0.001" where it is so small, since no p is 0.
std::string pCell(const std::optional<double>& p);
/// A number in full for a CSV, empty where it is undefined.
std::string exactCell(const std::optional<double>& value);

} // namespace plumbline::cli
