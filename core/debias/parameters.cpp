// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/fit.h"

#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"

namespace plumbline::debias {
namespace {

tl::unexpected<Error> wrong(std::string_view name, std::string_view value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::string(name)}, {"value", std::string(value)}, {"expected", std::move(expected)}});
}

/// The pieces between commas, trimmed, without empty ones.
std::vector<std::string_view> pieces(std::string_view text) {
    std::vector<std::string_view> result;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        if (const std::string_view piece = trim(text.substr(begin, comma - begin)); !piece.empty())
            result.push_back(piece);
        begin = comma + 1;
    }
    return result;
}

/// "3" is (3, 3), "0-5" is (0, 5).
std::optional<std::pair<std::size_t, std::size_t>> twoRows(std::string_view piece) {
    const std::size_t dash = piece.find('-');
    const auto first = parseInteger(trim(piece.substr(0, dash)));
    const auto second = dash == std::string_view::npos ? first : parseInteger(trim(piece.substr(dash + 1)));
    if (!first || !second || *first < 0 || *second < 0)
        return std::nullopt;
    return std::pair{static_cast<std::size_t>(*first), static_cast<std::size_t>(*second)};
}

std::string belowRows(std::size_t rows) {
    return rows == 0 ? std::string("texts, of which none were given")
                     : "row numbers of the texts from 0 to " + std::to_string(rows - 1);
}

} // namespace

Result<double> Parameters::number(std::string_view name, double least, double most) const {
    const auto value = parseDouble(trim(text(name)));
    if (!value || !std::isfinite(*value) || *value < least || *value > most)
        return wrong(name, text(name), "a number from " + formatDouble(least) + " to " + formatDouble(most));
    return *value;
}

Result<std::int64_t> Parameters::integer(std::string_view name, std::int64_t least, std::int64_t most) const {
    const auto value = parseInteger(trim(text(name)));
    if (!value || *value < least || *value > most)
        return wrong(name, text(name), "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return *value;
}

Result<bool> Parameters::flag(std::string_view name) const {
    const std::string value = toLowerAscii(trim(text(name)));
    if (value == "1" || value == "true" || value == "yes" || value == "on")
        return true;
    if (value == "0" || value == "false" || value == "no" || value == "off")
        return false;
    return wrong(name, text(name), "on or off");
}

Result<std::string> Parameters::choice(std::string_view name, std::initializer_list<std::string_view> choices) const {
    const std::string value = toLowerAscii(trim(text(name)));
    std::string expected = "one of";
    for (const std::string_view choice : choices) {
        if (value == choice)
            return value;
        expected += (choice == *choices.begin() ? " " : ", ") + std::string(choice);
    }
    return wrong(name, text(name), expected);
}

Result<std::vector<std::size_t>> Parameters::rows(std::string_view name, std::size_t rows) const {
    std::vector<std::size_t> result;
    for (const std::string_view piece : pieces(text(name))) {
        const auto range = twoRows(piece);
        if (!range || range->first > range->second || range->second >= rows)
            return wrong(name, piece, belowRows(rows));
        for (std::size_t row = range->first; row <= range->second; ++row)
            if (std::ranges::find(result, row) == result.end())
                result.push_back(row);
    }
    return result;
}

Result<std::vector<std::pair<std::size_t, std::size_t>>> Parameters::pairs(std::string_view name,
                                                                           std::size_t rows) const {
    std::vector<std::pair<std::size_t, std::size_t>> result;
    for (const std::string_view piece : pieces(text(name))) {
        const auto pair = twoRows(piece);
        if (!pair || piece.find('-') == std::string_view::npos || pair->first >= rows || pair->second >= rows ||
            pair->first == pair->second)
            return wrong(name, piece, "pairs such as 0-1, both " + belowRows(rows));
        result.push_back(*pair);
    }
    return result;
}

Result<std::vector<std::pair<std::string, double>>> Parameters::weights(std::string_view name) const {
    std::vector<std::pair<std::string, double>> result;
    for (const std::string_view piece : pieces(text(name))) {
        const std::size_t colon = piece.rfind(':');
        const auto number = colon == std::string_view::npos ? std::nullopt : parseDouble(trim(piece.substr(colon + 1)));
        const std::string_view what = colon == std::string_view::npos ? piece : trim(piece.substr(0, colon));
        if (!number || !std::isfinite(*number) || what.empty())
            return wrong(name, piece, "names with a number, such as woman:0.5,man:0.5");
        if (std::ranges::find(result, what, &std::pair<std::string, double>::first) != result.end())
            return wrong(name, piece, "each name once");
        result.emplace_back(what, *number);
    }
    return result;
}

bool Parameters::given(std::string_view name) const {
    return std::ranges::find(m_config.parameters, name, &std::pair<std::string, std::string>::first) !=
           m_config.parameters.end();
}

} // namespace plumbline::debias
