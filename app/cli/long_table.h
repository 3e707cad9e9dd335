// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/formats/data_table.h"

namespace plumbline::cli {

/// Numbers texts in the order of their first appearance.
class Names {
public:
    std::size_t of(const std::string& text);
    std::optional<std::size_t> find(const std::string& text) const;
    const std::vector<std::string>& texts() const { return m_texts; }

private:
    std::unordered_map<std::string, std::size_t> m_numbers;
    std::vector<std::string> m_texts;
};

/// A table with a row for each image and prompt, as the matrix that it stands for. Without a column of images every row
/// is an image of its own, without one of prompts there is one prompt, without one of concepts every prompt is its own.
struct LongTable {
    struct Columns {
        std::string image, prompt, concept_;
        std::vector<std::string> ofImages; ///< that say the same in every row of an image: groups
    };
    Names images, prompts, concepts;
    std::vector<std::int32_t> conceptOf;                     ///< one a prompt
    std::vector<std::vector<std::string>> imageValues;       ///< of each column of `ofImages` one an image
    std::vector<std::pair<std::size_t, std::size_t>> cellOf; ///< of each row: image, prompt

    /// Errors: InvalidArgument (an image with two values in a column that is about images).
    static Result<LongTable> of(const formats::DataTable& table, const Columns& columns);
    std::size_t size() const { return images.texts().size() * prompts.texts().size(); }
    /// Where a pair stands in prompts x images.
    std::size_t place(std::size_t image, std::size_t prompt) const { return prompt * images.texts().size() + image; }
};

/// Writes numbers, one a row, into prompts x images (NaN where there is none); the first of several counts. Returns how
/// many rows gave a number again.
std::int64_t fillMatrix(const LongTable& cells, const std::vector<double>& numbers, std::vector<float>& matrix);

} // namespace plumbline::cli
